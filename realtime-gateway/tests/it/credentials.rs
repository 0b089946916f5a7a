use identity::tickets::Ticket;
use serde_json::json;

use crate::fixture::{Client, Form, Server};

#[testkit::both_forms]
async fn a_ticket_opens_one_socket_only(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let hello = json!({"t": "hello", "v": 1, "ticket": server.ticket(&person).await});
    let mut first = Client::open(server.address).await;
    first.send(&hello).await;
    let welcome = first.frame().await;
    assert_eq!(welcome["t"], "welcome");
    assert_eq!(welcome["uid"], json!(person.caller().user_id));
    assert_eq!(welcome["hb"], 25_000);
    assert_eq!(welcome["max"], 16_384);
    assert_eq!(welcome["exp"], json!(server.test.now().plus(std::time::Duration::from_mins(15))));
    let mut second = Client::open(server.address).await;
    second.send(&hello).await;
    assert_eq!(second.code().await, 4202);
    server.stop().await;
}

#[testkit::both_forms]
async fn a_ticket_or_resume_token_of_an_ended_session_is_refused(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let ticket = server.ticket(&person).await;
    let (_client, welcome) = server.welcomed(&person).await;
    server.revoke_in_silence(person.caller().session_id).await;
    let point = json!({"rt": welcome["rt"], "epoch": welcome["epoch"], "pos": welcome["pos"]});
    for hello in
        [json!({"t": "hello", "v": 1, "ticket": ticket}), json!({"t": "hello", "v": 1, "resume": point})]
    {
        let mut client = Client::open(server.address).await;
        client.send(&hello).await;
        assert_eq!(client.code().await, 4202);
    }
    server.stop().await;
}

#[testkit::both_forms]
async fn an_expired_resume_token_is_refused(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let (_client, welcome) = server.welcomed(&person).await;
    server.test.clock.advance(std::time::Duration::from_mins(6));
    let mut client = Client::open(server.address).await;
    let point = json!({"rt": welcome["rt"], "epoch": welcome["epoch"], "pos": welcome["pos"]});
    client.send(&json!({"t": "hello", "v": 1, "resume": point})).await;
    assert_eq!(client.code().await, 4202);
    server.stop().await;
}

#[testkit::both_forms]
async fn resuming_does_not_extend_the_grant(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let (_client, welcome) = server.welcomed(&person).await;
    server.test.clock.advance(std::time::Duration::from_mins(4));
    let mut client = Client::open(server.address).await;
    let point = json!({"rt": welcome["rt"], "epoch": welcome["epoch"], "pos": welcome["pos"]});
    client.send(&json!({"t": "hello", "v": 1, "resume": point})).await;
    let resumed = client.frame().await;
    assert_eq!((&resumed["t"], &resumed["exp"]), (&json!("welcome"), &welcome["exp"]));
    server.stop().await;
}

#[testkit::both_forms]
async fn a_grant_is_renewed_in_band_by_the_same_session_only(form: Form) {
    let server = Server::start(form).await;
    let (person, other) = (server.test.person("first").await, server.test.person("second").await);
    let (mut client, _) = server.welcomed(&person).await;
    client.send(&json!({"t": "auth", "id": "a1", "ticket": server.ticket(&person).await})).await;
    let renewed = client.news().await;
    assert_eq!((&renewed["t"], &renewed["id"]), (&json!("auth.ok"), &json!("a1")));
    client.send(&json!({"t": "auth", "id": "a2", "ticket": server.ticket(&other).await})).await;
    assert_eq!(client.code().await, 4202);
    server.stop().await;
}

#[testkit::both_forms]
async fn the_close_reason_names_what_is_wrong_with_a_credential(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let used = server.ticket(&person).await;
    let (_client, welcome) = server.welcomed(&person).await;
    let mut first = Client::open(server.address).await;
    first.send(&json!({"t": "hello", "v": 1, "ticket": used})).await;
    assert_eq!(first.frame().await["t"], "welcome");
    let unknown = Ticket::generate(&*server.app().random).expose().to_owned();
    let tokens = &person.tokens;
    for (credential, reason) in [
        (json!(tokens.access_token), "this is an access token, not a ticket"),
        (json!(tokens.refresh_token), "this is a refresh token, not a ticket"),
        (welcome["rt"].clone(), "this is a resume token, not a ticket"),
        (json!("x"), "this is an unknown credential, not a ticket"),
        (json!(used), "the ticket was used, has expired or is not known"),
        (json!(unknown), "the ticket was used, has expired or is not known"),
    ] {
        let mut client = Client::open(server.address).await;
        client.send(&json!({"t": "hello", "v": 1, "ticket": credential})).await;
        let (code, closed) = client.close().await;
        assert_eq!((code, &closed["detail"]), (4202, &json!(reason)));
    }
    server.stop().await;
}
