use serde_json::{Value, json};

use crate::fixture::{Changes, Client, Form, Server};

/// The state that a client keeps from its last socket.
fn resume(welcome: &Value, positions: &Value) -> Value {
    json!({"t": "hello", "v": 1, "resume": {"rt": welcome["rt"], "epoch": welcome["epoch"], "pos": positions}})
}

/// Records ten events, of which a socket gets the first four; then resumes it. Returns the new socket.
async fn resumed(server: &Server, forget: impl AsyncFnOnce(&Server)) -> (Client, Value) {
    let (person, other) = (server.test.person("first").await, server.test.person("second").await);
    let (mut client, welcome) = server.welcomed(&person).await;
    for number in 1..=4 {
        server.notify(&person, number).await;
    }
    let mut positions = welcome["pos"].clone();
    for _ in 1..=4 {
        let frame = client.news().await;
        positions[frame["p"].to_string()] = frame["o"].clone();
    }
    drop(client);
    for number in 5..=10 {
        server.notify(&person, number).await;
        server.notify(&other, number).await;
    }
    // Another socket has received all of them, so the gateway has them too.
    let (mut witness, _) = server.welcomed(&person).await;
    server.notify(&person, 11).await;
    while witness.numbers(1).await != [11] {}
    forget(server).await;
    let mut client = Client::open(server.address).await;
    client.send(&resume(&welcome, &positions)).await;
    let again = client.frame().await;
    assert_eq!(again["t"], "welcome");
    server.notify(&person, 12).await;
    (client, again)
}

async fn check_replay(form: Form, changes: Changes) {
    let server = Server::start_with(form, changes).await;
    let (mut client, welcome) = resumed(&server, async |_| {}).await;
    assert_eq!(welcome["resumed"], true);
    assert_eq!(client.numbers(8).await, (5..=12).collect::<Vec<i64>>());
    server.stop().await;
}

async fn check_gap(mut client: Client, welcome: Value) {
    assert_eq!(welcome["resumed"], false);
    let gap = client.news().await;
    assert_eq!((&gap["t"], &gap["all"], &gap["epoch"]), (&json!("gap"), &json!(true), &welcome["epoch"]));
}

#[testkit::both_forms]
async fn missed_events_are_sent_again_from_the_ring(form: Form) {
    check_replay(form, Changes::default()).await;
}

#[testkit::both_forms]
async fn missed_events_are_sent_again_from_the_outbox(form: Form) {
    let mut changes = Changes::default();
    changes.limits.ring_events = 1;
    check_replay(form, changes).await;
}

#[testkit::both_forms]
async fn events_that_are_no_longer_kept_are_a_gap(form: Form) {
    let mut changes = Changes::default();
    changes.limits.ring_events = 1;
    let server = Server::start_with(form, changes).await;
    let (mut client, welcome) = resumed(&server, async |server| {
        server.test.database.execute("DELETE FROM outbox").await;
    })
    .await;
    assert_eq!((&welcome["resumed"], &client.news().await["t"]), (&json!(false), &json!("gap")));
    assert_eq!(client.numbers(1).await, [12]);
    server.stop().await;
}

#[testkit::both_forms]
async fn a_position_too_far_back_is_a_gap(form: Form) {
    let mut changes = Changes::default();
    (changes.limits.ring_events, changes.limits.replay_span) = (1, 6);
    let server = Server::start_with(form, changes).await;
    let (client, welcome) = resumed(&server, async |_| {}).await;
    check_gap(client, welcome).await;
    server.stop().await;
}

#[testkit::both_forms]
async fn positions_of_another_epoch_missing_ones_and_those_ahead_of_the_outbox_are_a_gap(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let (_client, welcome) = server.welcomed(&person).await;
    let mut of_another = welcome.clone();
    of_another["epoch"] = json!("01890a5d-ac96-774b-bcce-b302099a8057");
    let mut ahead = welcome["pos"].clone();
    for position in ahead.as_object_mut().unwrap().values_mut() {
        *position = json!(1_000_000);
    }
    let none = json!({});
    for hello in [resume(&of_another, &welcome["pos"]), resume(&welcome, &ahead), resume(&welcome, &none)] {
        let mut client = Client::open(server.address).await;
        client.send(&hello).await;
        let again = client.frame().await;
        assert_eq!(again["pos"], welcome["pos"]);
        check_gap(client, again).await;
    }
    server.stop().await;
}

#[testkit::both_forms]
async fn a_resumed_socket_replaces_the_one_its_token_names(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let (mut old, welcome) = server.welcomed(&person).await;
    let mut client = Client::open(server.address).await;
    client.send(&resume(&welcome, &welcome["pos"])).await;
    assert_eq!(client.frame().await["resumed"], true);
    assert_eq!(old.code().await, 4105);
    server.stop().await;
}

#[testkit::both_forms]
async fn a_socket_resumes_on_another_gateway(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let (mut old, welcome) = server.welcomed(&person).await;
    let second = server.second_gateway().await;
    for number in 1..=5 {
        server.notify(&person, number).await;
    }
    assert_eq!(old.numbers(5).await, [1, 2, 3, 4, 5]);
    let mut client = Client::open(second).await;
    client.send(&resume(&welcome, &welcome["pos"])).await;
    assert_eq!(client.frame().await["t"], "welcome");
    assert_eq!(client.numbers(5).await, [1, 2, 3, 4, 5]);
    server.stop().await;
}

#[testkit::both_forms]
async fn a_resume_token_used_twice_leaves_one_socket(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let (_old, welcome) = server.welcomed(&person).await;
    let mut first = Client::open(server.address).await;
    first.send(&resume(&welcome, &welcome["pos"])).await;
    assert_eq!(first.frame().await["t"], "welcome");
    let mut second = Client::open(server.address).await;
    second.send(&resume(&welcome, &welcome["pos"])).await;
    assert_eq!(second.frame().await["t"], "welcome");
    assert_eq!(first.code().await, 4105);
    assert_eq!(server.gateway.open_sockets(), 1);
    server.stop().await;
}

#[testkit::both_forms]
async fn resuming_never_moves_the_end_of_the_grant(form: Form) {
    let server = Server::start(form).await;
    let person = server.test.person("first").await;
    let (mut client, mut welcome) = server.welcomed(&person).await;
    let ends = welcome["exp"].clone();
    // Every four minutes, shortly before the token expires, until the grant of 15 minutes has ended.
    for _ in 0..3 {
        server.test.clock.advance(std::time::Duration::from_mins(4));
        client = Client::open(server.address).await;
        client.send(&resume(&welcome, &welcome["pos"])).await;
        welcome = client.frame().await;
        assert_eq!((&welcome["t"], &welcome["exp"]), (&json!("welcome"), &ends));
    }
    server.test.clock.advance(std::time::Duration::from_mins(4));
    let mut late = Client::open(server.address).await;
    late.send(&resume(&welcome, &welcome["pos"])).await;
    assert_eq!(late.code().await, 4202);
    drop(client);
    server.stop().await;
}

#[testkit::both_forms]
async fn clients_get_a_gap_and_a_new_epoch_when_the_database_lost_its_newest_commits(form: Form) {
    let mut changes = Changes::default();
    changes.timing.audit = std::time::Duration::from_millis(20);
    let server = Server::start_with(form, changes).await;
    let person = server.test.person("first").await;
    let (mut client, welcome) = server.welcomed(&person).await;
    for number in 1..=3 {
        server.notify(&person, number).await;
    }
    assert_eq!(client.numbers(3).await, [1, 2, 3]);
    let part = welcome["pos"].as_object().unwrap().keys().next().unwrap().clone();
    let database = &server.test.database;
    let (read, delete) = ("SELECT pos FROM stream_heads", "DELETE FROM outbox");
    let last = database.number(&format!("{read} WHERE part = {part}")).await;
    database.execute(&format!("{delete} WHERE part = {part} AND pos > {}", last - 2)).await;
    database.execute(&format!("UPDATE stream_heads SET pos = {} WHERE part = {part}", last - 2)).await;
    // The positions of the lost events are given again, to other events.
    server.notify_at_once(&person, 4..=8).await;
    let gap = loop {
        let frame = client.news().await;
        if frame["t"] == "gap" {
            break frame;
        }
        // Before the gateway noticed, its positions were after those of the lost events.
        assert!(frame["n"].as_i64() > Some(5), "{frame}");
    };
    assert_ne!(gap["epoch"], welcome["epoch"]);
    server.notify(&person, 9).await;
    let next = client.news().await;
    assert_eq!((&next["n"], next["o"].as_i64()), (&json!(9), Some(last + 4)));
    assert!(gap["pos"][&part].as_i64() < next["o"].as_i64());
    // The positions of the old epoch are invalid.
    let mut late = Client::open(server.address).await;
    late.send(&resume(&welcome, &welcome["pos"])).await;
    let again = late.frame().await;
    assert_eq!((&again["resumed"], &again["epoch"]), (&json!(false), &gap["epoch"]));
    server.stop().await;
}
