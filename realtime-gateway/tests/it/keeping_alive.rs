use std::time::Duration;

use serde_json::json;

use crate::fixture::{Changes, Form, Server};

#[testkit::both_forms]
async fn heartbeats_give_the_positions_up_to_which_everything_was_sent(form: Form) {
    let mut changes = Changes::default();
    changes.timing.heartbeat = Duration::from_millis(30);
    changes.timing.resume_token = Duration::ZERO;
    let server = Server::start_with(form, changes).await;
    let person = server.test.person("first").await;
    let (mut client, welcome) = server.welcomed(&person).await;
    let beat = client.frame().await;
    assert_eq!((&beat["t"], &beat["now"]), (&json!("hb"), &json!(server.test.now())));
    assert_eq!(beat["pos"], welcome["pos"]);
    assert!(beat["rt"].is_string());
    client.send(&json!({"t": "hb"})).await;
    server.notify(&person, 1).await;
    let told = client.news().await;
    let partition = told["p"].to_string();
    // A heartbeat that was being sent when the event came may not include it yet; the next one does.
    let counted = [client.frame().await, client.frame().await].map(|beat| beat["pos"][&partition].clone());
    assert_eq!(counted[1], told["o"]);
    assert!(counted[0].as_i64() <= told["o"].as_i64());
    server.stop().await;
}

#[testkit::both_forms]
async fn a_silent_client_is_closed(form: Form) {
    let mut changes = Changes::default();
    changes.timing.silence = Duration::from_millis(50);
    let server = Server::start_with(form, changes).await;
    let person = server.test.person("first").await;
    let (mut client, _) = server.welcomed(&person).await;
    assert_eq!(client.code().await, 4102);
    server.stop().await;
}

#[testkit::both_forms]
async fn a_grant_that_is_not_renewed_ends_after_a_reminder(form: Form) {
    let mut changes = Changes::default();
    changes.timing.grant = Duration::from_millis(40);
    changes.timing.due = Duration::from_millis(20);
    changes.timing.overdue = Duration::from_millis(20);
    let server = Server::start_with(form, changes).await;
    let person = server.test.person("first").await;
    let (mut client, _) = server.welcomed(&person).await;
    assert_eq!(client.news().await["t"], "auth.due");
    let (code, reason) = client.close().await;
    assert_eq!((code, &reason["code"]), (4201, &json!("auth_expired")));
    server.stop().await;
}
