//! Listing and marking notifications (rule NO5): seen and read are different marks, and listing changes nothing.

use std::time::Duration;

use domain::ids::NotificationId;
use domain::notifications::{NotificationView, UnreadCounts};
use domain::page::PageRequest;
use operations::notifications::{self, Mark, Marked, Wanted};
use operations::{Caller, posts};
use serde_json::json;
use testkit::{TestApp, TestDatabase};
use uuid::Uuid;

use crate::fixtures::{
    assert_numbered_without_holes, at_once, events_logged, first, frames_for, people, post,
};

const SECOND: Duration = Duration::from_secs(1);

async fn entries(app: &TestApp, person: &Caller, wanted: Wanted) -> Vec<NotificationView> {
    notifications::list_notifications(&app.app, person, wanted, &first(100)).await.unwrap().items
}

async fn unread(app: &TestApp, person: &Caller) -> (i64, i64) {
    let UnreadCounts { unseen, unread } = notifications::get_unread(&app.app, person).await.unwrap();
    (unseen, unread)
}

async fn mark(app: &TestApp, person: &Caller, marked: Marked, mark: Mark) -> (i64, i64) {
    let counts = notifications::mark_notifications(&app.app, person, &marked, mark).await.unwrap();
    (counts.unseen, counts.unread)
}

/// Lets `by` like `times` posts of `author`, one per second. Returns the notifications, the earliest first.
async fn told(app: &TestApp, author: &Caller, by: &Caller, times: usize) -> Vec<NotificationView> {
    for _ in 0..times {
        app.clock.advance(SECOND);
        let id = post(app, author).await;
        posts::like_post(&app.app, by, id).await.unwrap();
    }
    let mut entries = entries(app, author, Wanted::All).await;
    entries.reverse();
    entries
}

#[testkit::both_databases]
async fn opening_the_list_marks_seen_and_opening_a_notification_marks_read(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let told = told(&app, &mina, &jun, 3).await;
    app.clock.advance(SECOND);
    assert_eq!(mark(&app, &mina, Marked::UpTo(app.now()), Mark::Seen).await, (0, 3));
    let seen = entries(&app, &mina, Wanted::All).await;
    assert!(seen.iter().all(|entry| entry.seen_at == Some(app.now()) && entry.read_at.is_none()));
    assert_eq!(mark(&app, &mina, Marked::Ids(vec![told[1].id]), Mark::Read).await, (0, 2));
    let left: Vec<_> = entries(&app, &mina, Wanted::Unread).await.iter().map(|entry| entry.id).collect();
    assert_eq!(left, [told[2].id, told[0].id]);
    assert_eq!(entries(&app, &mina, Wanted::All).await.len(), 3);
}

#[testkit::both_databases]
async fn reading_an_unseen_notification_marks_it_seen(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let told = told(&app, &mina, &jun, 2).await;
    assert_eq!(mark(&app, &mina, Marked::Ids(vec![told[0].id]), Mark::Read).await, (1, 1));
    let read = entries(&app, &mina, Wanted::All).await.pop().unwrap();
    assert_eq!((read.id, read.seen_at, read.read_at), (told[0].id, Some(app.now()), Some(app.now())));
}

#[testkit::both_databases]
async fn marking_up_to_an_instant_leaves_later_notifications_unmarked(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let told = told(&app, &mina, &jun, 4).await;
    assert_eq!(mark(&app, &mina, Marked::UpTo(told[1].updated_at), Mark::Read).await, (2, 2));
    let left: Vec<_> = entries(&app, &mina, Wanted::Unread).await.iter().map(|entry| entry.id).collect();
    assert_eq!(left, [told[3].id, told[2].id]);
    assert!(entries(&app, &mina, Wanted::Unread).await.iter().all(|entry| entry.seen_at.is_none()));
    let before_all = told[0].created_at.minus(SECOND);
    assert_eq!(mark(&app, &mina, Marked::UpTo(before_all), Mark::Read).await, (2, 2));
}

#[testkit::both_databases]
async fn reading_lists_and_counts_changes_nothing(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    told(&app, &mina, &jun, 3).await;
    let (stored, before) = (app.database.checksum().await, entries(&app, &mina, Wanted::All).await);
    app.clock.advance(SECOND);
    for wanted in [Wanted::All, Wanted::Unread] {
        assert_eq!(entries(&app, &mina, wanted).await, before);
    }
    assert_eq!(unread(&app, &mina).await, (3, 3));
    assert_eq!(app.database.checksum().await, stored);
}

#[testkit::both_databases]
async fn notifications_of_other_people_are_never_marked(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun, sora] = people(&app).await;
    let minas = told(&app, &mina, &jun, 2).await;
    told(&app, &sora, &jun, 1).await;
    let unknown = NotificationId(Uuid::from_u128(1));
    let ids: Vec<_> = minas.iter().map(|entry| entry.id).chain([unknown]).collect();
    let logged = events_logged(&app).await;
    assert_eq!(mark(&app, &sora, Marked::Ids(ids), Mark::Read).await, (1, 1));
    assert_eq!(events_logged(&app).await, logged);
    assert_eq!(mark(&app, &sora, Marked::UpTo(app.now()), Mark::Read).await, (0, 0));
    assert_eq!(unread(&app, &mina).await, (2, 2));
    assert_eq!(entries(&app, &mina, Wanted::Unread).await.len(), 2);
}

#[testkit::both_databases]
async fn other_devices_receive_the_counts_only_if_they_changed(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let told = told(&app, &mina, &jun, 2).await;
    mark(&app, &mina, Marked::Ids(vec![told[0].id]), Mark::Read).await;
    let frames = frames_for(&app, &mina).await;
    // One millisecond after the notification of the same instant.
    let at = app.now().plus(Duration::from_millis(1)).to_string();
    let counts = json!({"unread": {"unseen": 1, "unread": 1}});
    let expected =
        json!({"t": "nt", "uid": mina.user_id, "n": 3, "k": "notification.counts", "at": at, "d": counts});
    assert_eq!(frames.last(), Some(&expected));
    for marked in [Marked::Ids(vec![told[0].id]), Marked::Ids(Vec::new())] {
        mark(&app, &mina, marked, Mark::Read).await;
    }
    assert_eq!(frames_for(&app, &mina).await.len(), frames.len());
    // The next notification takes the next number.
    posts::like_post(&app.app, &jun, post(&app, &mina).await).await.unwrap();
    assert_numbered_without_holes(&app, &mina).await;
}

#[testkit::both_databases]
async fn a_notification_without_actors_is_not_marked(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let id = post(&app, &mina).await;
    posts::like_post(&app.app, &jun, id).await.unwrap();
    posts::unlike_post(&app.app, &jun, id).await.unwrap();
    assert_eq!(mark(&app, &mina, Marked::UpTo(app.now()), Mark::Read).await, (0, 0));
    posts::like_post(&app.app, &jun, id).await.unwrap();
    assert_eq!(unread(&app, &mina).await, (1, 1), "it came back, and was never read");
    assert_numbered_without_holes(&app, &mina).await;
}

#[testkit::both_databases]
async fn a_list_is_walked_page_by_page_the_latest_first(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let mut expected: Vec<_> = told(&app, &mina, &jun, 5).await.iter().map(|entry| entry.id).collect();
    expected.reverse();
    let mut request = first(2);
    let mut seen = Vec::new();
    loop {
        let page = notifications::list_notifications(&app.app, &mina, Wanted::All, &request).await.unwrap();
        seen.extend(page.items.iter().map(|entry| entry.id));
        if page.next.is_none() {
            break;
        }
        request = PageRequest { cursor: page.next, ..request };
    }
    assert_eq!(seen, expected);
}

#[testkit::both_databases]
async fn counters_equal_rows_after_any_interleaving_of_notifying_and_marking(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<9>(&app).await;
    let mina = everybody[8].clone();
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(post(&app, &mina).await);
    }
    at_once(16, |number| {
        let (app, who, id) = (app.app.clone(), everybody[number % 8].clone(), ids[number % 4]);
        let mina = mina.clone();
        async move {
            for turn in 0..4 {
                match (number + turn) % 4 {
                    0 | 1 => drop(posts::like_post(&app, &who, id).await.unwrap()),
                    2 => drop(posts::unlike_post(&app, &who, id).await.unwrap()),
                    _ => {
                        let mark = if number % 2 == 0 { Mark::Seen } else { Mark::Read };
                        let marked = Marked::UpTo(app.clock.now());
                        notifications::mark_notifications(&app, &mina, &marked, mark).await.unwrap();
                    }
                }
            }
        }
    })
    .await;
    let all = entries(&app, &mina, Wanted::All).await;
    let unseen = all.iter().filter(|entry| entry.seen_at.is_none()).count();
    let open = all.iter().filter(|entry| entry.read_at.is_none()).count();
    assert_eq!(unread(&app, &mina).await, (i64::try_from(unseen).unwrap(), i64::try_from(open).unwrap()));
    assert_eq!(entries(&app, &mina, Wanted::Unread).await.len(), open);
    assert_numbered_without_holes(&app, &mina).await;
    let last = frames_for(&app, &mina).await.pop().unwrap();
    assert_eq!(
        last["d"]["unread"],
        json!({"unseen": unseen, "unread": open}),
        "the last word is the present"
    );
    let actors =
        "SELECT COUNT(*) FROM notifications WHERE actor_count <> (SELECT COUNT(*) FROM notification_actors
                      WHERE notification_id = notifications.id AND retracted_at IS NULL)";
    assert_eq!(app.database.number(actors).await, 0);
}
