//! Sessions and access tokens (rule ID8).

use std::time::Duration;

use domain::ProblemCode;
use domain::events::Audience;
use operations::auth::{
    authenticate, list_sessions, log_out, refresh_tokens, revoke_other_sessions, revoke_session,
};
use store::ConnectionTrait as _;
use testkit::{TestApp, TestDatabase};

use super::{PASSWORD, log_in, log_in_input, refresh};
use crate::fixtures::{at_once, code, events_for, events_logged, people, until_a_lock_is_waited_for};

const LIVE: &str = "SELECT COUNT(*) FROM sessions WHERE revoked_at IS NULL";

#[testkit::both_databases]
async fn logging_out_ends_the_session_at_once_and_closes_its_sockets(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let other = log_in(&app, "mina@example.com", &mina.password).await.unwrap();
    log_out(&app.app, &mina.caller()).await.unwrap();
    let refused = authenticate(&app.app, &app.credentials, &mina.tokens.access_token).await;
    assert_eq!(code(refused), ProblemCode::SessionRevoked);
    let refused = refresh(&app, &mina.tokens.refresh_token).await;
    assert_eq!(code(refused), ProblemCode::RefreshTokenInvalid);
    let told = events_for(&app, Audience::Session(mina.user().id, mina.tokens.session_id)).await;
    assert_eq!(told.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["session.revoked"]);
    assert_eq!(events_logged(&app).await, 1, "and no other event is recorded");
    authenticate(&app.app, &app.credentials, &other.access_token).await.unwrap();
}

#[testkit::both_databases]
async fn concurrent_log_outs_take_effect_once(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let caller = mina.caller();
    at_once(6, |_| {
        let (app, caller) = (app.app.clone(), caller.clone());
        async move { log_out(&app, &caller).await.unwrap() }
    })
    .await;
    assert_eq!(events_logged(&app).await, 1);
}

#[testkit::both_databases]
async fn an_access_token_is_valid_for_ten_minutes(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    assert_eq!(mina.tokens.access_expires_at.since(app.now()), Duration::from_mins(10));
    app.clock.advance(Duration::from_secs(9 * 60 + 59));
    authenticate(&app.app, &app.credentials, &mina.tokens.access_token).await.unwrap();
    // Clocks may differ by five seconds.
    app.clock.advance(Duration::from_secs(10));
    let refused = authenticate(&app.app, &app.credentials, &mina.tokens.access_token).await;
    assert_eq!(code(refused), ProblemCode::TokenExpired);
}

#[testkit::both_databases]
async fn an_invalid_access_token_is_refused(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let other = TestApp::new(testkit::TestDatabase::sqlite().await).person("mina").await;
    let (front, _) = mina.tokens.access_token.rsplit_once('.').unwrap();
    for wrong in ["", "x", &format!("{front}."), &mina.tokens.refresh_token, &other.tokens.access_token] {
        let refused = authenticate(&app.app, &app.credentials, wrong).await;
        assert_eq!(code(refused), ProblemCode::Unauthenticated, "{wrong}");
    }
}

#[testkit::both_databases]
async fn a_token_of_a_deleted_session_is_refused(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    app.database.execute("DELETE FROM sessions").await;
    let refused = authenticate(&app.app, &app.credentials, &mina.tokens.access_token).await;
    assert_eq!(code(refused), ProblemCode::SessionRevoked);
    assert_eq!(code(refresh(&app, &mina.tokens.refresh_token).await), ProblemCode::RefreshTokenInvalid);
}

/// Rule ID11.
#[testkit::both_databases]
async fn the_eleventh_session_ends_the_oldest_and_closes_its_sockets(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let jun = app.person("jun").await;
    let mut newest = mina.tokens.clone();
    for _ in 0..9 {
        app.clock.advance(Duration::from_mins(1));
        newest = log_in(&app, "mina@example.com", &mina.password).await.unwrap();
    }
    authenticate(&app.app, &app.credentials, &mina.tokens.access_token).await.unwrap();
    app.clock.advance(Duration::from_secs(30));
    log_in(&app, "mina@example.com", &mina.password).await.unwrap();
    let refused = authenticate(&app.app, &app.credentials, &mina.tokens.access_token).await;
    assert_eq!(code(refused), ProblemCode::SessionRevoked);
    let told = events_for(&app, Audience::Session(mina.user().id, mina.tokens.session_id)).await;
    assert_eq!(told.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["session.revoked"]);
    assert_eq!((events_logged(&app).await, app.database.number(LIVE).await), (1, 11));
    authenticate(&app.app, &app.credentials, &newest.access_token).await.unwrap();
    authenticate(&app.app, &app.credentials, &jun.tokens.access_token).await.unwrap();
}

/// Rule ID11. Sessions that expired or ended do not count.
#[testkit::both_databases]
async fn ended_and_expired_sessions_leave_room_for_new_ones(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    for _ in 0..9 {
        log_in(&app, "mina@example.com", &mina.password).await.unwrap();
        app.clock.advance(Duration::from_secs(10));
    }
    app.clock.advance(domain::auth::SESSION_IDLE);
    let kept = log_in(&app, "mina@example.com", &mina.password).await.unwrap();
    assert_eq!(events_logged(&app).await, 0);
    let caller = authenticate(&app.app, &app.credentials, &kept.access_token).await.unwrap();
    assert_eq!(list_sessions(&app.app, &caller).await.unwrap().len(), 1);
}

/// Rule ID11, concurrent calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_log_ins_leave_at_most_ten_live_sessions() {
    let app = TestApp::new(TestDatabase::postgres().await);
    let mina = app.person("mina").await;
    for _ in 0..8 {
        app.clock.advance(Duration::from_mins(1));
        log_in(&app, "mina@example.com", &mina.password).await.unwrap();
    }
    app.clock.advance(Duration::from_mins(10));
    let (parts, keys) = (&app.app, &app.credentials);
    let begun = at_once(8, |number| {
        let (parts, keys, visitor) = (parts.clone(), keys.clone(), app.visitor(&format!("device {number}")));
        let input = log_in_input("mina@example.com", PASSWORD, None);
        async move { operations::auth::log_in(&parts, &keys, &visitor, input).await }
    })
    .await;
    assert!(begun.iter().all(Result::is_ok));
    assert_eq!(app.database.number(LIVE).await, 10);
    assert_eq!(events_logged(&app).await, 7, "one event for each session that ended");
}

/// Rule ID11.
#[testkit::both_databases]
async fn sessions_are_listed_with_origin_and_use_and_the_callers_own_is_marked(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    app.person("jun").await;
    let begun = app.now();
    app.clock.advance(Duration::from_hours(1));
    let other = log_in(&app, "mina@example.com", &mina.password).await.unwrap();
    app.clock.advance(Duration::from_hours(1));
    let visitor = app.visitor("refresher");
    refresh_tokens(&app.app, &app.credentials, &visitor, &mina.tokens.refresh_token).await.unwrap();
    let listed = list_sessions(&app.app, &mina.caller()).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|view| (view.session.id, view.is_current)).collect();
    assert_eq!(ids, [(mina.tokens.session_id, true), (other.session_id, false)], "the one used last first");
    assert_eq!((listed[0].session.created_at, listed[0].session.rotated_at), (begun, app.now()));
    assert_eq!(listed[0].origin, app.visitor("mina").origin);
    assert_eq!(listed[1].origin.ip_prefix, "network of mina@example.com");
}

/// Rule ID11.
#[testkit::both_databases]
async fn only_the_owner_ends_a_session_and_only_once(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    assert_eq!(code(revoke_session(&app.app, &jun, mina.session_id).await), ProblemCode::NotFound);
    assert_eq!(app.database.number(LIVE).await, 2);
    for _ in 0..2 {
        revoke_session(&app.app, &mina, mina.session_id).await.unwrap();
    }
    assert_eq!((app.database.number(LIVE).await, events_logged(&app).await), (1, 1));
}

/// Rule ID11.
#[testkit::both_databases]
async fn ending_the_other_sessions_keeps_the_present_one(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let jun = app.person("jun").await;
    let other = log_in(&app, "mina@example.com", &mina.password).await.unwrap();
    for _ in 0..2 {
        revoke_other_sessions(&app.app, &mina.caller()).await.unwrap();
    }
    let refused = authenticate(&app.app, &app.credentials, &other.access_token).await;
    assert_eq!(code(refused), ProblemCode::SessionRevoked);
    assert_eq!(code(refresh(&app, &other.refresh_token).await), ProblemCode::RefreshTokenInvalid);
    for kept in [&mina, &jun] {
        authenticate(&app.app, &app.credentials, &kept.tokens.access_token).await.unwrap();
    }
    assert_eq!(events_logged(&app).await, 1);
}

/// Rule ID8, concurrent calls: a session must not outlive the password that it was begun with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_with_a_password_that_changes_meanwhile_begins_no_session() {
    let app = TestApp::new(TestDatabase::postgres().await);
    let mina = app.person("mina").await;
    let change = app.app.store.begin(app.now()).await.unwrap();
    store::users::lock(&change, mina.user().id).await.unwrap().unwrap();
    let input = log_in_input("mina@example.com", &mina.password, None);
    let (parts, keys, visitor) = (app.app.clone(), app.credentials.clone(), app.visitor("mina"));
    let running = tokio::spawn(async move { operations::auth::log_in(&parts, &keys, &visitor, input).await });
    until_a_lock_is_waited_for(&app).await;
    let sql = "UPDATE user_passwords SET changed_at = changed_at + 1";
    change.connection().await.unwrap().execute_unprepared(sql).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(code(running.await.unwrap()), ProblemCode::InvalidCredentials);
    assert_eq!(app.database.number(LIVE).await, 1);
}
