//! The number of SQL statements of authentication, and the views of a page of posts. The number of statements of every list
//! is tested by `api-service`, which knows all lists.

use domain::ids::{FollowId, LikeId, PostId};
use domain::posts::{Post, PostContent, PostList, PostTitle};
use domain::text::Text;
use operations::{Caller, posts};
use store::UnitOfWork;
use testkit::{TestApp, TestDatabase};

use crate::fixtures::first;

fn insert_post(app: &TestApp, unit: &UnitOfWork, author: &Caller) -> PostId {
    let post = Post {
        id: PostId::new(&*app.app.ids),
        author_id: author.user_id,
        title: PostTitle::from_stored("title".into()),
        content: PostContent::from_stored("content".into()),
        likes_count: 0,
        comments_count: 0,
        views_count: 0,
        version: 1,
        created_at: unit.now(),
        edited_at: None,
    };
    store::posts::insert(unit, &post);
    post.id
}

#[testkit::both_databases]
async fn posts_of_a_page_have_their_author_and_the_relation_of_the_viewer(database: TestDatabase) {
    let app = TestApp::new(database);
    let unit = app.app.store.begin(app.now()).await.unwrap();
    let ids = &*app.app.ids;
    let mina = app.insert_caller(&unit, "mina").await;
    let own = insert_post(&app, &unit, &mina);
    for number in 0..3 {
        let author = app.insert_caller(&unit, &format!("person {number}")).await;
        let liked = insert_post(&app, &unit, &author);
        store::likes::insert(&unit, LikeId::new(ids), liked, mina.user_id).await.unwrap();
        store::follows::insert(&unit, FollowId::new(ids), mina.user_id, author.user_id).await.unwrap();
    }
    unit.commit().await.unwrap();
    let page = posts::list_posts(&app.app, Some(&mina), PostList::Latest, &first(3)).await.unwrap();
    assert_eq!(page.items.len(), 3);
    for view in page.items {
        assert_eq!(view.author.id, view.post.author_id);
        assert!(
            view.viewer.is_some_and(|viewer| viewer.liked && viewer.following_author && !viewer.is_author)
        );
    }
    let view = posts::get_post(&app.app, Some(&mina), own).await.unwrap();
    assert!(view.viewer.is_some_and(|viewer| viewer.is_author && !viewer.liked && !viewer.following_author));
}

#[testkit::both_databases]
async fn authentication_is_one_statement(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let before = app.database.statements();
    operations::auth::authenticate(&app.app, &app.credentials, &mina.tokens.access_token).await.unwrap();
    assert_eq!(app.database.statements() - before, 1);
}
