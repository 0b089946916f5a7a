//! Tickets for sockets: single-use, short-lived, and valid only while the session lives.

use std::time::Duration;

use domain::ProblemCode;
use domain::auth::TICKET_LIFETIME;
use operations::auth::log_out;
use operations::realtime::{TicketHolder, confirm_session, create_ticket, redeem_ticket};
use testkit::{Person, TestApp, TestDatabase};

use crate::fixtures::{at_once, code};

async fn ticket(app: &TestApp, person: &Person) -> String {
    create_ticket(&app.app, &person.caller()).await.unwrap().ticket.expose().to_owned()
}

#[testkit::both_databases]
async fn a_ticket_is_redeemed_once_for_its_holder(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let issued = create_ticket(&app.app, &mina.caller()).await.unwrap();
    assert_eq!(issued.expires_at, app.now().plus(TICKET_LIFETIME));
    let holder = redeem_ticket(&app.app, issued.ticket.expose()).await.unwrap();
    assert_eq!(holder, TicketHolder { user: mina.user().id, session: mina.tokens.session_id });
    let again = redeem_ticket(&app.app, issued.ticket.expose()).await;
    assert_eq!(code(again), ProblemCode::Unauthenticated);
}

#[testkit::both_databases]
async fn one_of_many_concurrent_redemptions_of_a_ticket_succeeds(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let ticket = ticket(&app, &mina).await;
    let redeemed = at_once(10, |_| {
        let (app, ticket) = (app.app.clone(), ticket.clone());
        async move { redeem_ticket(&app, &ticket).await.is_ok() }
    })
    .await;
    assert_eq!(redeemed.into_iter().filter(|redeemed| *redeemed).count(), 1);
}

#[testkit::both_databases]
async fn a_ticket_is_valid_for_30_seconds(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let (early, late) = (ticket(&app, &mina).await, ticket(&app, &mina).await);
    app.clock.advance(TICKET_LIFETIME.saturating_sub(Duration::from_millis(1)));
    redeem_ticket(&app.app, &early).await.unwrap();
    app.clock.advance(Duration::from_millis(1));
    assert_eq!(code(redeem_ticket(&app.app, &late).await), ProblemCode::Unauthenticated);
}

#[testkit::both_databases]
async fn a_ticket_of_an_ended_session_is_refused(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    let ticket = ticket(&app, &mina).await;
    log_out(&app.app, &mina.caller()).await.unwrap();
    assert_eq!(code(redeem_ticket(&app.app, &ticket).await), ProblemCode::SessionRevoked);
}

#[testkit::both_databases]
async fn a_malformed_ticket_is_refused(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    for wrong in ["", "x", &"A".repeat(43), &"A".repeat(100_000), &mina.tokens.access_token] {
        assert_eq!(code(redeem_ticket(&app.app, wrong).await), ProblemCode::Unauthenticated);
    }
}

#[testkit::both_databases]
async fn a_session_is_confirmed_for_its_owner_while_it_lives(database: TestDatabase) {
    let app = TestApp::new(database);
    let (mina, jun) = (app.person("mina").await, app.person("jun").await);
    let (owner, session) = (mina.user().id, mina.tokens.session_id);
    confirm_session(&app.app, owner, session).await.unwrap();
    assert_eq!(code(confirm_session(&app.app, jun.user().id, session).await), ProblemCode::SessionRevoked);
    app.clock.advance(domain::auth::SESSION_IDLE);
    assert_eq!(code(confirm_session(&app.app, owner, session).await), ProblemCode::SessionRevoked);
}
