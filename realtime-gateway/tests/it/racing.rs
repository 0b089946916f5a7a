use serde_json::{Value, json};

use crate::fixture::{Changes, Client, Form, Server, notify};

const TOLD: i64 = 240;

/// Records events for a person while the client drops its socket and resumes repeatedly, alternately on two gateways.
async fn drop_and_resume(form: Form, changes: Changes) {
    let server = Server::start_with(form, changes).await;
    let addresses = [server.address, server.second_gateway().await];
    let person = server.test.person("first").await;
    let (mut client, welcome) = server.welcomed(&person).await;
    let (store, clock, user) =
        (server.app().store.clone(), server.test.clock.clone(), person.caller().user_id);
    let writer = tokio::spawn(async move {
        for number in 1..=TOLD {
            notify(&store, &clock, user, number).await;
        }
    });
    let mut positions = welcome["pos"].clone();
    let mut token = welcome["rt"].clone();
    let mut got = Vec::new();
    for address in addresses.into_iter().cycle() {
        for _ in 0..7 {
            if got.len() == usize::try_from(TOLD).unwrap() {
                break;
            }
            let frame = client.news().await;
            assert_eq!(frame["t"], "nt", "{frame}");
            advance(&mut positions, &frame);
            got.push(frame["n"].as_i64().unwrap());
        }
        if got.len() == usize::try_from(TOLD).unwrap() {
            break;
        }
        client = Client::open(address).await;
        let point = json!({"rt": token, "epoch": welcome["epoch"], "pos": positions});
        client.send(&json!({"t": "hello", "v": 1, "resume": point})).await;
        let again = client.frame().await;
        assert_eq!(again["resumed"], true, "{again}");
        token = again["rt"].clone();
    }
    assert_eq!(got, (1..=TOLD).collect::<Vec<i64>>());
    writer.await.unwrap();
    server.stop().await;
}

fn advance(positions: &mut Value, frame: &Value) {
    let partition = frame["p"].to_string();
    assert!(frame["o"].as_i64() > positions[&partition].as_i64(), "an event was sent twice");
    positions[partition] = frame["o"].clone();
}

#[testkit::both_forms]
async fn resuming_from_the_ring_loses_and_repeats_no_event(form: Form) {
    drop_and_resume(form, Changes::default()).await;
}

#[testkit::both_forms]
async fn resuming_from_the_outbox_loses_and_repeats_no_event(form: Form) {
    let mut changes = Changes::default();
    changes.limits.ring_events = 1;
    drop_and_resume(form, changes).await;
}
