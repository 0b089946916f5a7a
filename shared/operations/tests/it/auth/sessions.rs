//! Sessions and access tokens (rule ID8).

use std::time::Duration;

use domain::ProblemCode;
use domain::events::Audience;
use operations::auth::{authenticate, log_out};
use testkit::{TestApp, TestDatabase};

use super::{log_in, refresh};
use crate::fixtures::{at_once, code, events_for, events_logged};

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
