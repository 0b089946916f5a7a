use serde_json::{Value, json};

use crate::both_forms;
use crate::fixture::{Changes, Client, Form, Server};

/// What a client remembers of its last socket.
fn resume(welcome: &Value, positions: &Value) -> Value {
    json!({"t": "hello", "v": 1, "resume": {"rt": welcome["rt"], "epoch": welcome["epoch"], "pos": positions}})
}

/// Tells somebody ten things, of which a socket gets the first four; then resumes it. Returns the new socket.
async fn resumed(server: &Server, forget: impl AsyncFnOnce(&Server)) -> (Client, Value) {
    let (person, other) = (server.test.person("first").await, server.test.person("second").await);
    let (mut client, welcome) = server.welcomed(&person).await;
    for number in 1..=4 {
        server.tell(&person, number).await;
    }
    let mut positions = welcome["pos"].clone();
    for _ in 1..=4 {
        let frame = client.news().await;
        let partition = usize::try_from(frame["p"].as_u64().unwrap()).unwrap();
        positions[partition] = frame["o"].clone();
    }
    drop(client);
    for number in 5..=10 {
        server.tell(&person, number).await;
        server.tell(&other, number).await;
    }
    // Another socket has them all: so the gateway does.
    let (mut witness, _) = server.welcomed(&person).await;
    server.tell(&person, 11).await;
    while witness.numbers(1).await != [11] {}
    forget(server).await;
    let mut client = Client::open(server.address).await;
    client.send(&resume(&welcome, &positions)).await;
    let again = client.frame().await;
    assert_eq!(again["t"], "welcome");
    server.tell(&person, 12).await;
    (client, again)
}

async fn check_replay(form: Form, changes: Changes) {
    let server = Server::start_with(form, changes).await;
    let (mut client, welcome) = resumed(&server, async |_| {}).await;
    assert_eq!((&welcome["resumed"], &welcome["replayed"]), (&json!(true), &json!(7)));
    assert_eq!(client.numbers(8).await, (5..=12).collect::<Vec<i64>>());
    server.stop().await;
}

async fn check_gap(mut client: Client, welcome: Value) {
    assert_eq!((&welcome["resumed"], &welcome["replayed"]), (&json!(false), &json!(0)));
    assert_eq!(client.news().await, json!({"t": "gap", "all": true}));
}

both_forms! {
    async fn exactly_what_was_missed_is_sent_again_from_memory(form) {
        check_replay(form, Changes::default()).await;
    }

    async fn exactly_what_was_missed_is_sent_again_from_the_log(form) {
        let mut changes = Changes::default();
        changes.limits.ring_events = 1;
        check_replay(form, changes).await;
    }

    async fn what_the_log_forgot_is_a_gap(form) {
        let mut changes = Changes::default();
        changes.limits.ring_events = 1;
        let server = Server::start_with(form, changes).await;
        let (mut client, welcome) = resumed(&server, async |server| {
            let unit = server.app().store.begin(server.test.now()).await.unwrap();
            let later = server.test.now().plus(std::time::Duration::from_millis(1));
            assert!(store::outbox::prune(&unit, later).await.unwrap() > 0);
            unit.commit().await.unwrap();
        })
        .await;
        assert_eq!(client.news().await, json!({"t": "gap", "all": true}));
        assert_eq!(client.numbers(1).await, [12]);
        check_welcome_without_replay(&welcome);
        server.stop().await;
    }

    async fn more_than_is_sent_again_is_a_gap(form) {
        for ring_events in [1, 1000] {
            let mut changes = Changes::default();
            (changes.limits.ring_events, changes.limits.replay) = (ring_events, 6);
            let server = Server::start_with(form, changes).await;
            let (client, welcome) = resumed(&server, async |_| {}).await;
            check_gap(client, welcome).await;
            server.stop().await;
        }
    }

    async fn a_position_too_far_back_is_a_gap_however_little_was_missed(form) {
        let mut changes = Changes::default();
        (changes.limits.ring_events, changes.limits.replay_span) = (1, 6);
        let server = Server::start_with(form, changes).await;
        let (client, welcome) = resumed(&server, async |_| {}).await;
        check_gap(client, welcome).await;
        server.stop().await;
    }

    async fn positions_of_another_log_or_beyond_this_one_are_a_gap(form) {
        let server = Server::start(form).await;
        let person = server.test.person("first").await;
        let (_client, welcome) = server.welcomed(&person).await;
        let mut of_another = welcome.clone();
        of_another["epoch"] = json!("01890a5d-ac96-774b-bcce-b302099a8057");
        for hello in [resume(&of_another, &welcome["pos"]), resume(&welcome, &json!(([1_000_000; 16])))] {
            let mut client = Client::open(server.address).await;
            client.send(&hello).await;
            let again = client.frame().await;
            assert_eq!(again["pos"], welcome["pos"]);
            check_gap(client, again).await;
        }
        server.stop().await;
    }

    async fn a_resumed_socket_takes_the_place_of_its_own(form) {
        let server = Server::start(form).await;
        let person = server.test.person("first").await;
        let (mut old, welcome) = server.welcomed(&person).await;
        let mut client = Client::open(server.address).await;
        client.send(&resume(&welcome, &welcome["pos"])).await;
        assert_eq!(client.frame().await["resumed"], true);
        assert_eq!(old.code().await, 4105);
        server.stop().await;
    }

    async fn a_socket_resumes_on_another_gateway(form) {
        let server = Server::start(form).await;
        let person = server.test.person("first").await;
        let (mut old, welcome) = server.welcomed(&person).await;
        let second = server.second_gateway().await;
        for number in 1..=5 {
            server.tell(&person, number).await;
        }
        assert_eq!(old.numbers(5).await, [1, 2, 3, 4, 5]);
        let mut client = Client::open(second).await;
        client.send(&resume(&welcome, &welcome["pos"])).await;
        assert_eq!(client.frame().await["t"], "welcome");
        assert_eq!(client.numbers(5).await, [1, 2, 3, 4, 5]);
        server.stop().await;
    }
}

fn check_welcome_without_replay(welcome: &Value) {
    assert_eq!((&welcome["resumed"], &welcome["replayed"]), (&json!(false), &json!(0)));
}
