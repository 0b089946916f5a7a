use operations::posts::like_post;
use serde_json::json;

use crate::fixture::{Changes, Form, Server};

#[testkit::both_forms]
async fn events_of_a_person_reach_every_socket_of_the_person_and_no_other(form: Form) {
    let server = Server::start(form).await;
    let (person, other) = (server.test.person("first").await, server.test.person("second").await);
    let (mut one, welcome) = server.welcomed(&person).await;
    let (mut two, _) = server.welcomed(&person).await;
    let (mut stranger, _) = server.welcomed(&other).await;
    for number in 1..=20 {
        server.notify(&person, number).await;
    }
    server.notify(&other, 77).await;
    let first = one.news().await;
    let start = welcome["pos"][first["p"].to_string()].as_i64();
    assert_eq!(first["o"].as_i64(), start.map(|position| position + 1));
    assert_eq!((&first["n"], &first["d"]["unread"]["unread"]), (&json!(1), &json!(1)));
    let positions = welcome["pos"].as_object().unwrap();
    assert_eq!(positions.len(), 1, "only partitions that concern the connection: {welcome}");
    assert_eq!(one.numbers(19).await, (2..=20).collect::<Vec<i64>>());
    assert_eq!(two.numbers(20).await, (1..=20).collect::<Vec<i64>>());
    assert_eq!(stranger.numbers(1).await, [77]);
    server.stop().await;
}

#[testkit::both_forms]
async fn an_event_for_an_unknown_audience_delays_no_other(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let (mut client, _) = server.welcomed(&person).await;
    server.notify(&person, 1).await;
    let first = client.news().await;
    server.notify_unknown(&person).await;
    server.notify(&person, 2).await;
    let second = client.news().await;
    assert_eq!((&first["n"], &second["n"]), (&json!(1), &json!(2)));
    assert_eq!(second["o"].as_i64(), first["o"].as_i64().map(|position| position + 2));
    server.stop().await;
}

#[testkit::both_forms]
async fn the_author_of_a_post_is_notified_of_a_like(form: Form) {
    let server = Server::start(form).await;
    let (author, fan) = (server.test.person("author").await, server.test.person("fan").await);
    let (mut client, _) = server.welcomed(&author).await;
    let post = server.post(&author).await;
    like_post(server.app(), &fan.caller(), post).await.unwrap();
    let frame = client.news().await;
    assert_eq!((&frame["t"], &frame["k"]), (&json!("nt"), &json!("notification")));
    assert_eq!(frame["uid"], json!(author.caller().user_id));
    assert_eq!(frame["d"]["notification"]["actors"][0]["id"], json!(fan.caller().user_id));
    server.stop().await;
}

#[testkit::both_forms]
async fn a_burst_larger_than_the_send_queue_reaches_a_reading_client_completely(form: Form) {
    for ring_events in [20_000, 100] {
        let mut changes = Changes::default();
        changes.limits.ring_events = ring_events;
        let server = Server::start_with(form, changes).await;
        let person = server.test.person("first").await;
        let (mut client, _) = server.welcomed(&person).await;
        server.notify_at_once(&person, 1..=2_000).await;
        assert_eq!(client.numbers(2_000).await, (1..=2_000).collect::<Vec<i64>>());
        server.notify(&person, 2_001).await;
        assert_eq!(client.numbers(1).await, [2_001]);
        server.stop().await;
    }
}

#[testkit::both_forms]
async fn a_client_that_does_not_read_is_closed_and_others_get_their_events(form: Form) {
    let mut changes = Changes::default();
    changes.timing.write = std::time::Duration::from_millis(200);
    let server = Server::start_with(form, changes).await;
    let (person, other) = (server.test.person("first").await, server.test.person("second").await);
    let (slow, _) = server.welcomed(&person).await;
    let (mut reader, _) = server.welcomed(&person).await;
    let (mut bystander, _) = server.welcomed(&other).await;
    let open = || server.gateway.open_sockets();
    assert_eq!(open(), 3);
    let mut told = 0;
    // Until the buffers of the operating system are full too, whatever their size.
    while open() == 3 {
        server.notify_at_length(&person, told + 1).await;
        told += 1;
        assert_eq!(reader.numbers(1).await, [told]);
        assert!(told < 20_000, "a socket that is not read stays open");
    }
    server.notify(&other, 5).await;
    assert_eq!(bystander.numbers(1).await, [5]);
    server.notify(&person, told + 1).await;
    assert_eq!(reader.numbers(1).await, [told + 1]);
    drop(slow);
    server.stop().await;
}
