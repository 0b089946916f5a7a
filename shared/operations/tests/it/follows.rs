//! Follows (rules PF2, PF3, PF4).

use std::time::Duration;

use domain::ProblemCode;
use domain::events::Audience;
use domain::ids::UserId;
use domain::users::Relationship;
use operations::notifications::{self, Wanted};
use operations::{Caller, users};
use serde_json::{Value, json};
use testkit::{TestApp, TestDatabase};
use uuid::Uuid;

use crate::fixtures::{
    assert_numbered_without_holes, at_once, code, events_for, events_logged, first, frames_for, kinds_for,
    people,
};

/// Returns the person's numbers of followers and of followed people.
async fn counted(app: &TestApp, person: &Caller) -> (i64, i64) {
    let counts = users::get_me(&app.app, person).await.unwrap().counts;
    (counts.followers, counts.following)
}

async fn assert_counters_equal_edges(app: &TestApp) {
    for (column, end) in [("followers_count", "followee_id"), ("following_count", "follower_id")] {
        let wrong = format!(
            "SELECT COUNT(*) FROM users WHERE {column} <> (SELECT COUNT(*) FROM follows WHERE {end} = users.id)"
        );
        assert_eq!(app.database.number(&wrong).await, 0, "{column}");
    }
}

#[testkit::both_databases]
async fn following_and_unfollowing_are_idempotent(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let stands = |following| Relationship { user_id: mina.user_id, following, followed_by: false };
    for _ in 0..2 {
        assert_eq!(users::follow(&app.app, &jun, mina.user_id).await.unwrap(), stands(true));
    }
    assert_eq!((counted(&app, &mina).await, counted(&app, &jun).await), ((1, 0), (0, 1)));
    for _ in 0..2 {
        assert_eq!(users::unfollow(&app.app, &jun, mina.user_id).await.unwrap(), stands(false));
    }
    assert_eq!((counted(&app, &mina).await, counted(&app, &jun).await), ((0, 0), (0, 0)));
    let events = events_for(&app, Audience::Feed(mina.user_id)).await;
    assert!(events.iter().all(|event| event.kind == "user.followers"));
    let payloads =
        events.iter().map(|event| serde_json::from_str::<Value>(&event.frame).unwrap()["d"].clone());
    let expected = [1, 0].map(|count| json!({"user_id": mina.user_id, "followers_count": count}));
    assert_eq!(payloads.collect::<Vec<_>>(), expected);
}

#[testkit::both_databases]
async fn following_oneself_or_a_missing_person_fails(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, gone] = people(&app).await;
    app.database.execute("UPDATE users SET state = 'deleted' WHERE nickname = 'person 1'").await;
    let unknown = UserId(Uuid::from_u128(1));
    for (whom, problem) in [
        (mina.user_id, ProblemCode::SelfFollow),
        (gone.user_id, ProblemCode::NotFound),
        (unknown, ProblemCode::NotFound),
    ] {
        assert_eq!(code(users::follow(&app.app, &mina, whom).await), problem);
        assert_eq!(code(users::unfollow(&app.app, &mina, whom).await), problem);
    }
    for whom in [gone.user_id, unknown] {
        assert_eq!(code(users::get_user(&app.app, Some(&mina), whom).await), ProblemCode::NotFound);
        assert_eq!(code(users::list_followers(&app.app, whom, &first(10)).await), ProblemCode::NotFound);
        assert_eq!(code(users::list_following(&app.app, whom, &first(10)).await), ProblemCode::NotFound);
    }
    assert_eq!(events_logged(&app).await, 0);
    assert_counters_equal_edges(&app).await;
}

#[testkit::both_databases]
async fn a_profile_shows_the_relation_to_its_viewer(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    users::follow(&app.app, &jun, mina.user_id).await.unwrap();
    let seen_by = async |who: Option<&Caller>, whom: &Caller| {
        users::get_user(&app.app, who, whom.user_id).await.unwrap().viewer
    };
    let stands = |user_id, following, followed_by| Some(Relationship { user_id, following, followed_by });
    assert_eq!(seen_by(Some(&jun), &mina).await, stands(mina.user_id, true, false));
    assert_eq!(seen_by(Some(&mina), &jun).await, stands(jun.user_id, false, true));
    assert_eq!(seen_by(None, &jun).await, None);
}

#[testkit::both_databases]
async fn followers_and_following_are_listed_latest_first(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun, sora] = people(&app).await;
    for (who, whom) in [(&jun, &mina), (&sora, &mina), (&mina, &sora), (&mina, &jun)] {
        users::follow(&app.app, who, whom.user_id).await.unwrap();
    }
    let followers = users::list_followers(&app.app, mina.user_id, &first(10)).await.unwrap();
    let following = users::list_following(&app.app, mina.user_id, &first(10)).await.unwrap();
    let ids = |page: domain::page::Page<domain::users::UserSummary>| {
        page.items.into_iter().map(|person| person.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(followers), [sora.user_id, jun.user_id]);
    assert_eq!(ids(following), [jun.user_id, sora.user_id]);
}

#[testkit::both_databases]
async fn a_repeated_follow_sends_one_notification_a_day(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    for _ in 0..3 {
        users::follow(&app.app, &jun, mina.user_id).await.unwrap();
        users::unfollow(&app.app, &jun, mina.user_id).await.unwrap();
        app.clock.advance(Duration::from_hours(7));
    }
    users::follow(&app.app, &jun, mina.user_id).await.unwrap();
    let told = async || {
        let kinds = kinds_for(&app, Audience::User(mina.user_id)).await;
        kinds.into_iter().filter(|kind| kind == "notification").count()
    };
    assert_eq!(told().await, 1, "21 hours, and midnight, have passed");
    users::unfollow(&app.app, &jun, mina.user_id).await.unwrap();
    app.clock.advance(Duration::from_hours(3));
    users::follow(&app.app, &jun, mina.user_id).await.unwrap();
    assert_eq!(told().await, 2);
    assert_numbered_without_holes(&app, &mina).await;
}

#[testkit::both_databases]
async fn followers_of_one_day_share_one_notification(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun, sora, later] = people(&app).await;
    users::follow(&app.app, &jun, mina.user_id).await.unwrap();
    users::follow(&app.app, &sora, mina.user_id).await.unwrap();
    app.clock.advance(Duration::from_hours(24));
    users::follow(&app.app, &later, mina.user_id).await.unwrap();
    let page = notifications::list_notifications(&app.app, &mina, Wanted::All, &first(10)).await.unwrap();
    assert_eq!(page.items.iter().map(|entry| entry.actor_count).collect::<Vec<_>>(), [1, 2]);
    let frames = frames_for(&app, &mina).await;
    assert_eq!(frames[0]["d"]["notification"]["type"], "followed");
    assert_eq!(frames[0]["d"]["notification"]["target"], json!({"type": "user", "id": jun.user_id}));
}

#[testkit::both_databases]
async fn a_notification_of_follows_links_to_the_latest_remaining_follower(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun, sora] = people(&app).await;
    let leads_to = async || {
        let page = notifications::list_notifications(&app.app, &mina, Wanted::All, &first(10)).await.unwrap();
        page.items.iter().map(|entry| entry.target.id).collect::<Vec<_>>()
    };
    users::follow(&app.app, &jun, mina.user_id).await.unwrap();
    users::unfollow(&app.app, &jun, mina.user_id).await.unwrap();
    assert!(leads_to().await.is_empty());
    app.clock.advance(Duration::from_secs(1));
    users::follow(&app.app, &sora, mina.user_id).await.unwrap();
    assert_eq!(leads_to().await, [sora.user_id.0]);
}

#[testkit::both_databases]
async fn people_can_follow_each_other_at_the_same_time(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<6>(&app).await;
    at_once(30, |number| {
        let app = app.app.clone();
        let (who, whom) =
            (everybody[number % 6].clone(), everybody[(number % 6 + number / 6 + 1) % 6].user_id);
        async move { users::follow(&app, &who, whom).await.unwrap() }
    })
    .await;
    for person in &everybody {
        assert_eq!(counted(&app, person).await, (5, 5));
        assert_numbered_without_holes(&app, person).await;
    }
    assert_counters_equal_edges(&app).await;
}

#[testkit::both_databases]
async fn counters_equal_rows_after_concurrent_follows_and_unfollows(database: TestDatabase) {
    let app = TestApp::new(database);
    let everybody = people::<4>(&app).await;
    at_once(16, |number| {
        let app = app.app.clone();
        let (who, whom) =
            (everybody[number % 4].clone(), everybody[(number % 4 + number / 4 % 3 + 1) % 4].user_id);
        async move {
            for turn in 0..4 {
                if (number + turn) % 3 == 0 {
                    users::unfollow(&app, &who, whom).await.unwrap();
                } else {
                    users::follow(&app, &who, whom).await.unwrap();
                }
            }
        }
    })
    .await;
    assert_counters_equal_edges(&app).await;
    for person in &everybody {
        assert_numbered_without_holes(&app, person).await;
    }
}

#[testkit::both_databases]
async fn twenty_concurrent_follows_of_one_person_are_one_follow(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    at_once(20, |_| {
        let (app, jun, mina) = (app.app.clone(), jun.clone(), mina.user_id);
        async move { users::follow(&app, &jun, mina).await.unwrap() }
    })
    .await;
    assert_eq!(counted(&app, &mina).await, (1, 0));
    assert_eq!(frames_for(&app, &mina).await.len(), 1);
}
