//! Counting views (rule PO6).

use std::time::Duration;

use domain::ids::PostId;
use operations::posts::{self, ViewCollector, ViewSource, count_views, view_of};
use operations::{Caller, jobs};
use testkit::{TestApp, TestDatabase};

use crate::fixtures::{at_once, people, post};

const DAY: Duration = Duration::from_hours(24);

fn source(address: &str) -> ViewSource {
    ViewSource { address: address.to_owned(), user_agent: "Firefox".to_owned() }
}

/// Lets a person or an anonymous client read a post.
async fn read(app: &TestApp, collector: &ViewCollector, id: PostId, caller: Option<&Caller>, address: &str) {
    let read = posts::get_post(&app.app, caller, id).await.unwrap();
    let view = view_of(&app.app, &app.credentials, &read.post, caller, &source(address));
    if let Some(view) = view {
        collector.add(view);
    }
}

async fn views_count(app: &TestApp, id: PostId) -> i64 {
    posts::get_post(&app.app, None, id).await.unwrap().post.views_count
}

#[testkit::both_databases]
async fn a_person_is_counted_again_after_24_hours_and_a_visitor_on_the_next_day(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    let collector = ViewCollector::default();
    for (pause, person, visitor) in [
        (Duration::ZERO, 1, 1),
        (Duration::from_millis(86_399_999), 0, 1),
        (Duration::from_millis(1), 1, 0),
        (Duration::from_millis(1), 0, 0),
        (DAY, 1, 1),
    ] {
        app.clock.advance(pause);
        read(&app, &collector, id, Some(&mina), "192.0.2.1").await;
        read(&app, &collector, id, Some(&jun), "192.0.2.1").await;
        assert_eq!(count_views(&app.app, &collector).await.unwrap(), person, "{pause:?}");
        read(&app, &collector, id, None, "192.0.2.1").await;
        assert_eq!(count_views(&app.app, &collector).await.unwrap(), visitor, "{pause:?}");
    }
    assert_eq!(views_count(&app, id).await, 6);
    jobs::sweep_expired(&app.app).await.unwrap();
    assert_eq!(app.database.number("SELECT COUNT(*) FROM post_views").await, 2, "of the last day");
}

/// Four processes count the same viewers of the same posts at once.
#[testkit::both_databases]
async fn several_processes_count_a_viewer_once(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let ids = [post(&app, &mina).await, post(&app, &mina).await, post(&app, &mina).await];
    let gone = post(&app, &mina).await;
    let mut views = Vec::new();
    for id in ids.into_iter().chain([gone]) {
        let read = posts::get_post(&app.app, None, id).await.unwrap();
        for number in 0..1_000 {
            let source = source(&format!("198.51.{}.{}", number / 250, number % 250));
            views.extend(view_of(&app.app, &app.credentials, &read.post, None, &source));
        }
    }
    posts::delete_post(&app.app, &mina, gone, None).await.unwrap();
    let counted = at_once(4, |_| {
        let (app, views) = (app.app.clone(), views.clone());
        async move {
            let collector = ViewCollector::default();
            for view in views {
                collector.add(view);
            }
            count_views(&app, &collector).await.unwrap()
        }
    })
    .await;
    assert_eq!(counted.iter().sum::<i64>(), 3_000, "the deleted post has no views");
    for id in ids {
        assert_eq!(views_count(&app, id).await, 1_000);
    }
}
