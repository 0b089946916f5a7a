use serde_json::json;

use crate::fixture::{Client, Form, Server};

/// An empty continuation frame with a mask (RFC 6455 section 5.4).
const EMPTY: [u8; 6] = [0x00, 0x80, 0, 0, 0, 0];
/// The start of a fragmented text message: a frame that is not the last one.
const BEGINNING: [u8; 6] = [0x01, 0x80, 0, 0, 0, 0];

/// Sends fragments of an endless text message, and returns how the socket is closed.
async fn close_after_endless_parts(mut client: Client) -> (u16, serde_json::Value) {
    client.send_bytes(&BEGINNING).await;
    // Far more than the allowed burst, but bounded.
    for _ in 0..20 {
        if client.try_send_bytes(&EMPTY.repeat(100)).await.is_err() {
            break;
        }
    }
    client.close().await
}

#[testkit::both_forms]
async fn endless_parts_of_a_message_close_the_socket(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let (client, _) = server.welcomed(&person).await;
    let (code, reason) = close_after_endless_parts(client).await;
    assert_eq!((code, &reason["code"]), (4104, &json!("rate")));
    server.stop().await;
}

#[testkit::both_forms]
async fn endless_parts_close_a_socket_that_has_not_said_hello(form: Form) {
    let server = Server::start(form).await;
    let (code, reason) = close_after_endless_parts(Client::open(server.address).await).await;
    assert_eq!((code, &reason["code"]), (4104, &json!("rate")));
    server.stop().await;
}

#[testkit::both_forms]
async fn a_message_in_a_few_parts_is_read(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let (mut client, _) = server.welcomed(&person).await;
    client.send_bytes(&BEGINNING).await;
    client.send_bytes(&EMPTY.repeat(20)).await;
    // The last fragment, with a mask of zeros.
    client.send_bytes(&[0x80, 0x88, 0, 0, 0, 0]).await;
    client.send_bytes(br#"{"t":"x""#).await;
    assert_eq!(client.news().await["code"], "bad_frame");
    server.stop().await;
}
