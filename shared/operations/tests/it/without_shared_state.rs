//! Behaviour while Redis is away: log-ins and codes stay limited, tickets are unavailable, other calls work.

use std::sync::Arc;

use domain::ProblemCode;
use domain::auth::CodePurpose;
use ephemeral::Ephemeral;
use operations::auth::request_email_code;
use operations::realtime::{create_ticket, redeem_ticket};
use testkit::{ManualClock, TestApp, TestDatabase};

use crate::auth::{address, log_in};
use crate::fixtures::code;

/// No server listens on port 1.
const NOWHERE: &str = "redis://127.0.0.1:1";

#[testkit::both_databases]
async fn attempts_are_counted_in_the_process_while_redis_is_away(database: TestDatabase) {
    let away = Ephemeral::redis(NOWHERE, "test:").unwrap();
    let app = TestApp::with_ephemeral(database, away, Arc::new(ManualClock::default()));
    let request = async |number: usize| {
        let (email, purpose) = (address(&format!("person{number}@example.com")), CodePurpose::SignUp);
        request_email_code(&app.app, &app.credentials, &app.visitor("one client"), email, purpose).await
    };
    for number in 0..30 {
        request(number).await.unwrap();
    }
    assert_eq!(code(request(30).await), ProblemCode::RateLimited);
    // Failed log-ins are counted in the database.
    for _ in 0..5 {
        let refused = log_in(&app, "mina@example.com", "not the password").await;
        assert_eq!(code(refused), ProblemCode::InvalidCredentials);
    }
    let refused = log_in(&app, "mina@example.com", "not the password").await;
    assert_eq!(code(refused), ProblemCode::RateLimited);
}

#[testkit::both_databases]
async fn tickets_are_unavailable_while_redis_is_away(database: TestDatabase) {
    let away = Ephemeral::redis(NOWHERE, "test:").unwrap();
    let app = TestApp::with_ephemeral(database, away, Arc::new(ManualClock::default()));
    let mina = app.person("mina").await;
    let fault = create_ticket(&app.app, &mina.caller()).await.map(drop).unwrap_err();
    assert_eq!(fault.problem().code, ProblemCode::Unavailable);
    assert!(fault.problem().retry_after.is_some());
    let fault = redeem_ticket(&app.app, &"A".repeat(43)).await.unwrap_err();
    assert_eq!(fault.problem().code, ProblemCode::Unavailable);
}
