//! The posts of followed people: complete, in order, and at a cost that does not depend on the length of histories.

use domain::ProblemCode;
use domain::ids::PostId;
use domain::page::PageRequest;
use domain::posts::PostList;
use operations::{posts, users};
use testkit::{TestApp, TestDatabase};

use crate::fixtures::{code, first, people, post};
use crate::plans::{explain, recorded};

#[testkit::both_databases]
async fn the_feed_has_the_posts_of_followed_people_newest_first(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<5>(&app).await;
    let viewer = &everybody[0];
    for person in &everybody[1..4] {
        users::follow(&app.app, viewer, person.user_id).await.unwrap();
    }
    let mut expected = Vec::new();
    for number in 0..12 {
        let author = &everybody[[1, 4, 2, 0, 2, 1][number % 6]];
        let id = post(&app, author).await;
        if ![0, 4].contains(&[1, 4, 2, 0, 2, 1][number % 6]) {
            expected.push(id);
        }
    }
    let gone = expected.remove(2);
    posts::delete_post(&app.app, &everybody[2], gone, None).await.unwrap();
    expected.reverse();
    for limit in 1..9 {
        let mut request = first(limit);
        let mut seen: Vec<PostId> = Vec::new();
        loop {
            let page =
                posts::list_posts(&app.app, Some(viewer), PostList::Following, &request).await.unwrap();
            seen.extend(page.items.iter().map(|view| view.post.id));
            let Some(next) = page.next else { break };
            request = PageRequest { cursor: Some(next), ..request };
        }
        assert_eq!(seen, expected, "{limit} posts a page");
    }
    let nobody = posts::list_posts(&app.app, Some(&everybody[4]), PostList::Following, &first(5)).await;
    assert!(nobody.unwrap().items.is_empty());
    let anonymous = posts::list_posts(&app.app, None, PostList::Following, &first(5)).await;
    assert_eq!(code(anonymous), ProblemCode::Unauthenticated);
}

/// 1,000 followed people with 20 posts each: one probe for each person, and the posts of one page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_reads_one_row_of_each_followed_person_and_one_page_of_a_few_on_postgres() {
    let app = TestApp::new(testkit::TestDatabase::postgres().await);
    let [viewer] = people(&app).await;
    let series = "generate_series(1, 1000) AS number";
    let person = "('00000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid";
    app.database
        .execute(&format!(
            "INSERT INTO users (id, email, email_verified_at, nickname, about, locale, role, state, posts_count,
                followers_count, following_count, version, created_at)
             SELECT {person}, number || '@example.com', email_verified_at, 'author', about, locale, role, state,
                0, 0, 0, 1, created_at
             FROM {series}, (SELECT * FROM users LIMIT 1) AS template"
        ))
        .await;
    app.database
        .execute(&format!(
            "INSERT INTO follows (id, follower_id, followee_id, created_at)
             SELECT gen_random_uuid(), '{}', {person}, 0 FROM {series}",
            viewer.user_id
        ))
        .await;
    // In parts, because a statement has a deadline.
    for age in 0..20 {
        app.database
            .execute(&format!(
                "INSERT INTO posts (id, author_id, title, content, likes_count, comments_count, version, created_at)
                 SELECT ('00000000-0000-7000-8000-' || lpad(({age} * 1000 + number)::text, 12, '0'))::uuid, {person},
                     'a', 'b', 0, 0, 1, 0
                 FROM {series}"
            ))
            .await;
    }
    app.database.execute("ANALYZE").await;
    let (parts, recorder) = recorded(&app, 4).await;
    let page = posts::list_posts(&parts, Some(&viewer), PostList::Following, &first(20)).await.unwrap();
    assert_eq!((page.items.len(), page.next.is_some()), (20, true));
    let ran = recorder.take();
    let feed = ran.iter().find(|sql| sql.contains("LATERAL")).unwrap();
    let read = explain(&app, feed, &[viewer.user_id.to_string(), "21".into()]).await;
    // The statement may read the 1,000 follows, one post of each followed person, and the 21 posts of the page with their
    // authors, but not the 20,000 posts of the table.
    // A plan may pass the rows of the page through further scans.
    assert!(read <= 1_000.0 + 1_000.0 + 3.0 * 21.0 * 22.0, "{read} rows read");
}
