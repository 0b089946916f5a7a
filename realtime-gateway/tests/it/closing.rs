use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::fixture::{Changes, Form, Server};

/// Rule ID8.
#[testkit::both_forms]
async fn logging_out_closes_the_sockets_of_that_session(form: Form) {
    let server = Server::start(form).await;
    let (person, other) = (server.test.person("first").await, server.test.person("second").await);
    let (mut one, _) = server.welcomed(&person).await;
    let (mut two, _) = server.welcomed(&person).await;
    let (mut bystander, _) = server.welcomed(&other).await;
    operations::auth::log_out(server.app(), &person.caller()).await.unwrap();
    assert_eq!(one.close().await, (4301, json!({"code": "revoked"})));
    assert_eq!(two.code().await, 4301);
    server.notify(&other, 1).await;
    assert_eq!(bystander.numbers(1).await, [1]);
    server.stop().await;
}

/// Rule ID8.
#[testkit::both_forms]
async fn a_socket_is_closed_if_its_session_ended_without_an_event(form: Form) {
    let mut changes = Changes::default();
    changes.timing.sessions = std::time::Duration::from_millis(20);
    let server = Server::start_with(form, changes).await;
    let person = server.test.person("first").await;
    let (mut client, _) = server.welcomed(&person).await;
    server.revoke_in_silence(person.caller().session_id).await;
    assert_eq!(client.code().await, 4301);
    server.stop().await;
}

#[testkit::both_forms]
async fn one_socket_too_many_closes_the_oldest(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let mut clients = Vec::new();
    for _ in 0..11 {
        clients.push(server.welcomed(&person).await.0);
    }
    assert_eq!(clients.remove(0).code().await, 4303);
    server.notify(&person, 1).await;
    for mut client in clients {
        assert_eq!(client.numbers(1).await, [1]);
    }
    server.stop().await;
}

#[testkit::both_forms]
async fn unusable_messages_are_answered_five_times_before_the_close(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let (mut client, _) = server.welcomed(&person).await;
    client.send(&json!({"t": "send", "id": "7", "room": "x"})).await;
    let answer = client.news().await;
    assert_eq!(
        (&answer["t"], &answer["id"], &answer["code"]),
        (&json!("err"), &json!("7"), &json!("not_found"))
    );
    let broken = ["{", r#"{"t":"dance","id":"8"}"#, r#"{"t":"hb","x":1}"#, "[]", r#"{"t":"auth","id":"9"}"#];
    for text in broken {
        client.send_raw(Message::text(text)).await;
        assert_eq!(client.news().await["code"], "bad_frame", "{text}");
    }
    client.send_raw(Message::text("{")).await;
    assert_eq!(client.code().await, 4300);
    server.stop().await;
}

#[testkit::both_forms]
async fn protocol_violations_close_with_their_code(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    for (message, code) in [(Message::binary("x"), 4300), (Message::text("x".repeat(16 * 1024 + 1)), 1009)] {
        let (mut client, _) = server.welcomed(&person).await;
        client.send_raw(message).await;
        assert_eq!(client.code().await, code);
    }
    let (mut client, _) = server.welcomed(&person).await;
    client.send_bytes(&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xff]).await;
    assert_eq!(client.code().await, 1007);
    server.stop().await;
}

#[testkit::both_forms]
async fn a_client_that_exceeds_the_message_rate_is_closed(form: Form) {
    let mut changes = Changes::default();
    changes.limits.messages_per_second = 0;
    let server = Server::start_with(form, changes).await;
    let person = server.test.person("first").await;
    let (mut client, _) = server.welcomed(&person).await;
    client.try_send(Message::Ping("x".into())).await.unwrap();
    assert_eq!(client.code().await, 4104);
    server.stop().await;
}

#[testkit::both_forms]
async fn shutdown_closes_every_socket_with_a_retry_delay(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let (mut client, _) = server.welcomed(&person).await;
    server.notify(&person, 1).await;
    assert_eq!(client.numbers(1).await, [1]);
    let stopping = tokio::join!(server.stop(), client.close()).1;
    assert_eq!((stopping.0, &stopping.1["code"]), (1012, &json!("restart")));
    assert!((500..=5500).contains(&stopping.1["retry_ms"].as_u64().unwrap()), "{}", stopping.1);
    assert!(server.gateway.check_ready().await.is_err());
}
