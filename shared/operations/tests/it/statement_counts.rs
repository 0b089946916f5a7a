//! No list asks once an item (decision D12): five statements at the most, and one more tells who asks.

use domain::comments::{Comment, CommentContent, CommentState};
use domain::ids::{CommentId, FollowId, LikeId, NotificationId, PostId};
use domain::notifications::Occasion;
use domain::page::PageRequest;
use domain::posts::{Post, PostContent, PostTitle};
use domain::text::Text;
use operations::notifications::{Wanted, list_notifications};
use operations::{Caller, comments, posts, users};
use store::UnitOfWork;
use testkit::{TestApp, TestDatabase};

use crate::fixtures::first;

const MOST: usize = 5;
const ITEMS: usize = 100;

/// A community in which every list holds more than a page: everybody writes, comments, likes and follows.
struct Community {
    mina: Caller,
    post: PostId,
    comment: CommentId,
}

async fn insert_post(app: &TestApp, unit: &UnitOfWork, author: &Caller) -> PostId {
    let post = Post {
        id: PostId::new(&*app.app.ids),
        author_id: author.user_id,
        title: PostTitle::from_stored("title".into()),
        content: PostContent::from_stored("content".into()),
        likes_count: 0,
        comments_count: 0,
        version: 1,
        created_at: unit.now(),
        edited_at: None,
    };
    store::posts::insert(unit, &post).await.unwrap();
    post.id
}

async fn insert_comment(
    app: &TestApp,
    unit: &UnitOfWork,
    author: &Caller,
    post_id: PostId,
    parent: Option<(CommentId, &Caller)>,
) -> CommentId {
    let comment = Comment {
        id: CommentId::new(&*app.app.ids),
        post_id,
        parent_id: parent.map(|(parent, _)| parent),
        reply_to: parent.map(|(_, answered)| answered.user_id),
        author_id: author.user_id,
        content: CommentContent::from_stored("content".into()),
        state: CommentState::Active,
        replies_count: 0,
        created_at: unit.now(),
    };
    store::comments::insert(unit, &comment).await.unwrap();
    comment.id
}

async fn community(app: &TestApp) -> Community {
    let unit = app.app.store.begin(app.now()).await.unwrap();
    let ids = &*app.app.ids;
    let mina = app.insert_caller(&unit, "mina").await;
    let post = insert_post(app, &unit, &mina).await;
    let comment = insert_comment(app, &unit, &mina, post, None).await;
    for number in 0..=ITEMS {
        let who = app.insert_caller(&unit, &format!("person {number}")).await;
        let liked = insert_post(app, &unit, &who).await;
        insert_comment(app, &unit, &who, post, None).await;
        insert_comment(app, &unit, &who, post, Some((comment, &mina))).await;
        store::likes::insert(&unit, LikeId::new(ids), post, who.user_id).await.unwrap();
        store::likes::insert(&unit, LikeId::new(ids), liked, mina.user_id).await.unwrap();
        store::follows::insert(&unit, FollowId::new(ids), who.user_id, mina.user_id).await.unwrap();
        store::follows::insert(&unit, FollowId::new(ids), mina.user_id, who.user_id).await.unwrap();
        let entry = NotificationId::new(ids);
        store::notifications::insert(&unit, entry, mina.user_id, Occasion::PostLiked(liked), unit.now())
            .await
            .unwrap();
        store::notifications::add_actor(&unit, entry, who.user_id, unit.now()).await.unwrap();
    }
    unit.commit().await.unwrap();
    Community { mina, post, comment }
}

/// Asserts how many statements a list runs: no more for a hundred items than for one.
async fn assert_few<T, E: std::fmt::Debug>(
    app: &TestApp,
    list: &str,
    page: impl AsyncFn(PageRequest) -> Result<domain::page::Page<T>, E>,
) {
    let mut ran = Vec::new();
    for items in [1, ITEMS] {
        let before = app.database.statements();
        let page = page(first(u32::try_from(items).unwrap())).await.unwrap();
        ran.push(app.database.statements() - before);
        assert_eq!(page.items.len(), items, "{list}");
        assert!(page.next.is_some(), "{list}");
    }
    assert_eq!(ran[0], ran[1], "{list}");
    assert!(ran[0] <= MOST, "{list} ran {} statements", ran[0]);
}

#[testkit::both_databases]
async fn a_list_runs_five_statements_at_the_most_whatever_its_page_holds(database: TestDatabase) {
    let app = TestApp::new(database);
    let Community { mina, post, comment } = community(&app).await;
    let (parts, asks) = (&app.app, Some(&mina));
    assert_few(&app, "posts", async |page| posts::list_posts(parts, asks, None, &page).await).await;
    assert_few(&app, "likes", async |page| posts::list_post_likes(parts, post, &page).await).await;
    assert_few(&app, "comments", async |page| comments::list_comments(parts, asks, post, &page).await).await;
    assert_few(&app, "replies", async |page| comments::list_replies(parts, asks, comment, &page).await).await;
    assert_few(&app, "followers", async |page| users::list_followers(parts, mina.user_id, &page).await).await;
    assert_few(&app, "following", async |page| users::list_following(parts, mina.user_id, &page).await).await;
    for wanted in [Wanted::All, Wanted::Unread] {
        let list = async |page| list_notifications(parts, &mina, wanted, &page).await;
        assert_few(&app, "notifications", list).await;
    }
}

#[testkit::both_databases]
async fn the_posts_of_a_page_say_who_wrote_them_and_how_the_reader_stands_to_them(database: TestDatabase) {
    let app = TestApp::new(database);
    let Community { mina, post, .. } = community(&app).await;
    let page = posts::list_posts(&app.app, Some(&mina), None, &first(100)).await.unwrap();
    assert!(page.items.iter().all(|view| view.author.id == view.post.author_id));
    assert!(
        page.items
            .iter()
            .all(|view| view.viewer.is_some_and(|viewer| viewer.liked && viewer.following_author))
    );
    let own = posts::get_post(&app.app, Some(&mina), post).await.unwrap();
    assert!(own.viewer.is_some_and(|viewer| viewer.is_author && !viewer.liked && !viewer.following_author));
}

#[testkit::both_databases]
async fn telling_who_asks_is_one_statement(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let before = app.database.statements();
    operations::auth::authenticate(&app.app, &app.credentials, &mina.tokens.access_token).await.unwrap();
    assert_eq!(app.database.statements() - before, 1);
}
