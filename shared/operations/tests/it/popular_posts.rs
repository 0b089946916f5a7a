//! Popular posts (rule PO7): by likes, then comments, then recency; the same posts during one walk.

use std::time::Duration;

use domain::ProblemCode;
use domain::ids::PostId;
use domain::page::PageRequest;
use domain::posts::{PopularWindow, PostList};
use operations::{Caller, comments, posts};
use testkit::{TestApp, TestDatabase};

use crate::fixtures::{at_once, code, first, new_comment, people, post};

const DAY: Duration = Duration::from_hours(24);

async fn page(app: &TestApp, window: PopularWindow, request: &PageRequest) -> (Vec<PostId>, PageRequest) {
    let page = posts::list_posts(&app.app, None, PostList::Popular(window), request).await.unwrap();
    let ids = page.items.iter().map(|view| view.post.id).collect();
    (ids, PageRequest { cursor: page.next, ..*request })
}

async fn popular(app: &TestApp, window: PopularWindow) -> Vec<PostId> {
    page(app, window, &first(100)).await.0
}

async fn like(app: &TestApp, people: &[Caller], id: PostId) {
    for person in people {
        posts::like_post(&app.app, person, id).await.unwrap();
    }
}

#[testkit::both_databases]
async fn posts_with_most_likes_of_all_time_come_first_then_the_latest(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<3>(&app).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(post(&app, &everybody[0]).await);
    }
    like(&app, &everybody, ids[1]).await;
    like(&app, &everybody[..1], ids[2]).await;
    assert_eq!(popular(&app, PopularWindow::All).await, [ids[1], ids[2], ids[3], ids[0]]);
    posts::delete_post(&app.app, &everybody[0], ids[1], None).await.unwrap();
    assert_eq!(popular(&app, PopularWindow::All).await, [ids[2], ids[3], ids[0]]);
}

#[testkit::both_databases]
async fn a_window_counts_its_own_likes_then_comments_then_recency(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<4>(&app).await;
    let author = &everybody[0];
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(post(&app, author).await);
    }
    let [old, liked, commented, recent, plain, unliked] = ids[..] else { panic!() };
    like(&app, &everybody, old).await;
    app.clock.advance(8 * DAY);
    like(&app, &everybody[..2], liked).await;
    like(&app, &everybody[..3], unliked).await;
    for person in &everybody[..3] {
        posts::unlike_post(&app.app, person, unliked).await.unwrap();
    }
    app.clock.advance(2 * DAY);
    for id in [commented, recent, plain] {
        like(&app, &everybody[..1], id).await;
    }
    comments::create_comment(&app.app, author, commented, new_comment(None)).await.unwrap();
    assert_eq!(posts::rank_posts(&app.app).await.unwrap(), 3);
    assert_eq!(popular(&app, PopularWindow::Day).await, [commented, plain, recent]);
    assert_eq!(popular(&app, PopularWindow::Week).await, [liked, commented, plain, recent]);
    assert_eq!(popular(&app, PopularWindow::Month).await, [old, liked, commented, plain, recent]);
    // Deleted posts are not shown, also while the ranking that has them is current.
    posts::delete_post(&app.app, author, liked, None).await.unwrap();
    assert_eq!(popular(&app, PopularWindow::Week).await, [commented, plain, recent]);
    app.clock.advance(DAY);
    posts::rank_posts(&app.app).await.unwrap();
    assert!(popular(&app, PopularWindow::Day).await.is_empty(), "the likes left the window");
}

#[testkit::both_databases]
async fn a_walk_stays_in_the_ranking_that_it_began_with(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<5>(&app).await;
    let mut ids = Vec::new();
    for count in [5, 4, 3, 2, 1] {
        let id = post(&app, &everybody[0]).await;
        like(&app, &everybody[..count], id).await;
        ids.push(id);
    }
    posts::rank_posts(&app.app).await.unwrap();
    let (begun, next) = page(&app, PopularWindow::Week, &first(2)).await;
    // Everything is turned around meanwhile.
    for (id, count) in ids.iter().zip([5, 4, 3, 2]) {
        for person in &everybody[..count] {
            posts::unlike_post(&app.app, person, *id).await.unwrap();
        }
    }
    app.clock.advance(Duration::from_mins(2));
    posts::rank_posts(&app.app).await.unwrap();
    assert_eq!(popular(&app, PopularWindow::Week).await, [ids[4]]);
    let (middle, last) = page(&app, PopularWindow::Week, &next).await;
    let (end, _) = page(&app, PopularWindow::Week, &last).await;
    assert_eq!([begun, middle, end].concat(), ids);
    app.clock.advance(Duration::from_mins(20));
    posts::rank_posts(&app.app).await.unwrap();
    let outlived = posts::list_posts(&app.app, None, PostList::Popular(PopularWindow::Week), &last).await;
    assert_eq!(code(outlived), ProblemCode::InvalidCursor);
}

#[testkit::both_databases]
async fn of_several_processes_one_takes_a_ranking(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<2>(&app).await;
    let id = post(&app, &everybody[0]).await;
    like(&app, &everybody, id).await;
    let taken = at_once(8, |_| {
        let app = app.app.clone();
        async move { posts::rank_posts(&app).await.unwrap() }
    })
    .await;
    assert_eq!(taken.iter().sum::<usize>(), 3);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM popularity_ranks").await, 3);
    assert_eq!(popular(&app, PopularWindow::Day).await, [id]);
}
