//! Refresh tokens (rule ID7).

use std::time::Duration;

use domain::ProblemCode;
use domain::auth::{SESSION_ABSOLUTE, SESSION_IDLE};
use domain::events::Audience;
use operations::auth::{authenticate, refresh_tokens};
use serde_json::{Value, json};
use testkit::{Person, TestApp, TestDatabase};

use super::{log_in, refresh};
use crate::fixtures::{at_once, code, events_for};

const GRACE: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_hours(24);

async fn generation(app: &TestApp) -> i64 {
    app.database.number("SELECT generation FROM sessions").await
}

/// Asserts that the session has ended, and that its end was recorded as one event.
async fn assert_revoked(app: &TestApp, mina: &Person, current: &str) {
    assert_eq!(code(refresh(app, current).await), ProblemCode::RefreshTokenInvalid);
    let refused = authenticate(&app.app, &app.credentials, &mina.tokens.access_token).await;
    assert_eq!(code(refused), ProblemCode::SessionRevoked);
    let session = mina.tokens.session_id;
    let events = events_for(app, Audience::Session(mina.user().id, session)).await;
    assert_eq!(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["session.revoked"]);
    let frame: Value = serde_json::from_str(&events[0].frame).unwrap();
    let at = events[0].recorded_at.to_string();
    assert_eq!(frame, json!({"t": "ev", "k": "session.revoked", "at": at, "d": {"session_id": session}}));
}

#[testkit::both_databases]
async fn a_refresh_returns_the_next_pair_of_the_same_session(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    app.clock.advance(DAY);
    let next = refresh(&app, &mina.tokens.refresh_token).await.unwrap();
    assert_eq!((next.session_id, next.user.id), (mina.tokens.session_id, mina.user().id));
    assert_ne!(next.refresh_token, mina.tokens.refresh_token);
    authenticate(&app.app, &app.credentials, &next.access_token).await.unwrap();
    app.clock.advance(DAY);
    refresh(&app, &next.refresh_token).await.unwrap();
    assert_eq!(generation(&app).await, 2);
}

#[testkit::both_databases]
async fn the_previous_token_returns_the_same_pair_within_30_seconds(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let next = refresh(&app, &mina.tokens.refresh_token).await.unwrap();
    app.clock.advance(GRACE);
    let again = refresh(&app, &mina.tokens.refresh_token).await.unwrap();
    assert_eq!(again.refresh_token, next.refresh_token);
    assert_eq!(generation(&app).await, 1);
    refresh(&app, &next.refresh_token).await.unwrap();
}

#[testkit::both_databases]
async fn twenty_concurrent_refreshes_create_one_generation(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let (parts, keys) = (&app.app, &app.credentials);
    let next = at_once(20, |_| {
        let (parts, keys, visitor) = (parts.clone(), keys.clone(), app.visitor("tabs"));
        let token = mina.tokens.refresh_token.clone();
        async move { refresh_tokens(&parts, &keys, &visitor, &token).await.unwrap().refresh_token }
    })
    .await;
    assert!(next.iter().all(|token| *token == next[0]));
    assert_eq!(generation(&app).await, 1);
}

#[testkit::both_databases]
async fn the_previous_token_ends_the_session_after_30_seconds(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let next = refresh(&app, &mina.tokens.refresh_token).await.unwrap();
    app.clock.advance(GRACE + Duration::from_millis(1));
    let reused = refresh(&app, &mina.tokens.refresh_token).await;
    assert_eq!(code(reused), ProblemCode::RefreshTokenReused);
    assert_revoked(&app, &mina, &next.refresh_token).await;
}

#[testkit::both_databases]
async fn an_older_token_ends_the_session_at_once(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let second = refresh(&app, &mina.tokens.refresh_token).await.unwrap();
    let third = refresh(&app, &second.refresh_token).await.unwrap();
    let reused = refresh(&app, &mina.tokens.refresh_token).await;
    assert_eq!(code(reused), ProblemCode::RefreshTokenReused);
    assert_revoked(&app, &mina, &third.refresh_token).await;
    let known = refresh(&app, &mina.tokens.refresh_token).await;
    assert_eq!(code(known), ProblemCode::RefreshTokenInvalid, "the event is recorded once");
}

#[testkit::both_databases]
async fn ending_a_session_leaves_other_sessions_of_the_person(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let other = log_in(&app, "mina@example.com", &mina.password).await.unwrap();
    let second = refresh(&app, &mina.tokens.refresh_token).await.unwrap();
    refresh(&app, &second.refresh_token).await.unwrap();
    refresh(&app, &mina.tokens.refresh_token).await.map(drop).unwrap_err();
    authenticate(&app.app, &app.credentials, &other.access_token).await.unwrap();
    refresh(&app, &other.refresh_token).await.unwrap();
}

#[testkit::both_databases]
async fn an_invalid_refresh_token_is_refused_and_ends_no_session(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let token = &mina.tokens.refresh_token;
    let another_session = token.replace(&mina.tokens.session_id.to_string(), &mina.user().id.to_string());
    let next_generation = token.replace(".0.", ".1.");
    let (front, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{front}.AAAAAAAAAAAAAAAAAAAAAA");
    for wrong in ["", "x", &another_session, &next_generation, &forged, &mina.tokens.access_token] {
        assert_eq!(code(refresh(&app, wrong).await), ProblemCode::RefreshTokenInvalid, "{wrong}");
    }
    refresh(&app, token).await.unwrap();
}

#[testkit::both_databases]
async fn a_session_expires_after_thirty_idle_days(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    app.clock.advance(SESSION_IDLE.saturating_sub(Duration::from_secs(1)));
    let next = refresh(&app, &mina.tokens.refresh_token).await.unwrap();
    app.clock.advance(SESSION_IDLE);
    assert_eq!(code(refresh(&app, &next.refresh_token).await), ProblemCode::RefreshTokenInvalid);
    let access = authenticate(&app.app, &app.credentials, &next.access_token).await;
    assert_eq!(code(access), ProblemCode::TokenExpired);
}

#[testkit::both_databases]
async fn a_session_expires_after_half_a_year_of_use(database: TestDatabase) {
    let app = TestApp::new(database);
    let mut token = app.person("mina").await.tokens.refresh_token;
    let began = app.now();
    while app.now() < began.plus(SESSION_ABSOLUTE.saturating_sub(20 * DAY)) {
        app.clock.advance(20 * DAY);
        token = refresh(&app, &token).await.unwrap().refresh_token;
    }
    app.clock.advance(20 * DAY);
    assert_eq!(code(refresh(&app, &token).await), ProblemCode::RefreshTokenInvalid);
}
