use std::time::Duration;

use domain::Timestamp;
use domain::events::{Audience, LoggedEvent};
use domain::ids::UserId;
use serde_json::json;
use stream::Positions;
use uuid::Uuid;

use super::client::Known;
use super::*;

const ZEROS: [i64; 16] = [0; 16];

#[test]
fn a_hello_holds_exactly_one_credential() {
    let ticket = json!({"t": "hello", "v": 1, "ticket": "abc", "caps": ["batch"], "client": {"name": "web"}});
    let hello = parse_hello(&ticket.to_string()).unwrap();
    assert_eq!(hello, Hello { credential: Credential::Ticket("abc".into()), resume: None });

    let resume = json!({"t": "hello", "v": 1, "resume": {"rt": "abc", "epoch": "e", "pos": ZEROS}});
    let point = ResumePoint { epoch: "e".into(), positions: Positions(ZEROS) };
    let hello = parse_hello(&resume.to_string()).unwrap();
    assert_eq!(
        hello,
        Hello { credential: Credential::ResumeToken("abc".into()), resume: Some(point.clone()) }
    );

    let both = json!({"t": "hello", "v": 1, "ticket": "abc", "resume": {"epoch": "e", "pos": ZEROS}});
    let hello = parse_hello(&both.to_string()).unwrap();
    assert_eq!(hello, Hello { credential: Credential::Ticket("abc".into()), resume: Some(point) });
}

#[test]
fn a_hello_that_breaks_the_protocol_is_refused() {
    let long = "x".repeat(600);
    let many = vec!["c"; 17];
    for wrong in [
        json!({"t": "hello", "v": 1}),
        json!({"t": "hello", "v": 1, "ticket": null}),
        json!({"t": "hello", "v": 1, "ticket": 5}),
        json!({"t": "hello", "v": 1, "ticket": long}),
        json!({"t": "hello", "v": "1", "ticket": "abc"}),
        json!({"t": "hello", "ticket": "abc"}),
        json!({"t": "hi", "v": 1, "ticket": "abc"}),
        json!({"v": 1, "ticket": "abc"}),
        json!({"t": "hello", "v": 1, "ticket": "abc", "extra": 1}),
        json!({"t": "hello", "v": 1, "ticket": "abc", "caps": "batch"}),
        json!({"t": "hello", "v": 1, "ticket": "abc", "caps": many}),
        json!({"t": "hello", "v": 1, "ticket": "abc", "client": {"name": long}}),
        json!({"t": "hello", "v": 1, "ticket": "abc", "client": {"os": "x"}}),
        json!({"t": "hello", "v": 1, "ticket": "abc", "resume": {"rt": "abc", "epoch": "e", "pos": ZEROS}}),
        json!({"t": "hello", "v": 1, "resume": {"epoch": "e", "pos": ZEROS}}),
        json!({"t": "hello", "v": 1, "resume": {"rt": "abc", "epoch": "e", "pos": [1, 2]}}),
        json!({"t": "hello", "v": 1, "resume": {"rt": "abc", "epoch": "e", "pos": ([-1; 16])}}),
        json!({"t": "hello", "v": 1, "resume": {"rt": "abc", "epoch": "e", "pos": ([1.5; 16])}}),
        json!({"t": "hello", "v": 1, "resume": {"rt": "abc", "epoch": "e", "pos": ([1_i64 << 60; 16])}}),
        json!({"t": "hello", "v": 1, "resume": {"rt": "abc", "epoch": long, "pos": ZEROS}}),
        json!({"t": "hb"}),
        json!([]),
        json!("hello"),
        json!(null),
    ] {
        assert_eq!(parse_hello(&wrong.to_string()), Err(Close::Protocol), "{wrong}");
    }
    for wrong in ["", "{", "hello", r#"{"t":"hello","v":1,"ticket":"a","ticket":"b"}"#, &"[".repeat(10_000)] {
        assert_eq!(parse_hello(wrong), Err(Close::Protocol), "{wrong}");
    }
    for other in [json!({"t": "hello", "v": 2, "ticket": "abc"}), json!({"t": "hello", "v": 9, "new": {}})] {
        assert_eq!(parse_hello(&other.to_string()), Err(Close::Version), "{other}");
    }
}

#[test]
fn later_messages_are_read_or_refused_with_their_id() {
    assert_eq!(parse(r#"{"t":"hb"}"#), Ok(ClientFrame::Heartbeat));
    let auth = ClientFrame::Auth { id: "1".into(), ticket: "abc".into() };
    assert_eq!(parse(r#"{"t":"auth","id":"1","ticket":"abc"}"#), Ok(auth));
    let fault = |id: Option<&str>, known| Err(FrameFault { id: id.map(str::to_owned), known });
    for (text, id, known) in [
        (r#"{"t":"send","id":"7","room":"x"}"#, Some("7"), Known::NotOffered),
        (r#"{"t":"typing"}"#, None, Known::NotOffered),
        (r#"{"t":"dance","id":"7"}"#, Some("7"), Known::No),
        (r#"{"t":"auth","id":"7"}"#, Some("7"), Known::No),
        (r#"{"t":"auth","id":"7","ticket":"a","ticket":"b"}"#, Some("7"), Known::No),
        (r#"{"t":"hb","x":1}"#, None, Known::No),
        (r#"{"t":"hb","t":"hb"}"#, None, Known::No),
        (r#"{"t":5}"#, None, Known::No),
        ("[]", None, Known::No),
        ("", None, Known::No),
    ] {
        assert_eq!(parse(text), fault(id, known), "{text}");
    }
}

fn event(frame: &str) -> LoggedEvent {
    let audience = Audience::User(UserId(Uuid::from_u128(1)));
    LoggedEvent {
        partition: audience.partition(),
        position: 17,
        audience: audience.into(),
        kind: "notification".into(),
        frame: frame.into(),
        recorded_at: Timestamp(0),
    }
}

#[test]
fn the_position_is_put_in_front_of_the_recorded_frame() {
    let frame = with_position(&event(r#"{"t":"nt","d":{"a":[1]}}"#)).unwrap();
    let partition = event("").partition.number();
    assert_eq!(frame.as_str(), format!(r#"{{"p":{partition},"o":17,"t":"nt","d":{{"a":[1]}}}}"#));
    for wrong in ["", "{}", "{ }", "[]", "null"] {
        assert_eq!(with_position(&event(wrong)), None, "{wrong}");
    }
}

#[test]
fn close_codes_are_unique_and_their_reasons_fit_a_close_frame() {
    let codes: std::collections::BTreeSet<u16> = Close::ALL.iter().map(|close| close.code()).collect();
    assert_eq!(codes.len(), Close::ALL.len());
    for close in Close::ALL {
        let reason = close.reason(Duration::from_secs(1_000_000));
        assert!(reason.len() <= 123, "{reason}");
        let reason: serde_json::Value = serde_json::from_str(&reason).unwrap();
        assert_eq!(reason["code"], close.as_str());
        assert_eq!(reason.get("retry_ms").is_some(), close.duty() != Duty::Stop);
    }
}

#[test]
fn the_description_names_every_frame_and_close() {
    let described = describe();
    let types = |of: &str| -> Vec<String> {
        let frames = described[of].as_array().unwrap();
        frames.iter().map(|frame| frame["t"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(types("client"), ["hello", "hb", "auth"]);
    assert_eq!(types("server"), ["welcome", "nt", "gap", "hb", "auth.due", "auth.ok", "err"]);
    assert_eq!(described["closes"].as_array().unwrap().len(), Close::ALL.len());
}

#[test]
fn the_committed_description_is_the_present_one() {
    let committed: serde_json::Value = serde_json::from_str(include_str!("../../protocol.json")).unwrap();
    assert_eq!(committed, describe(), "write `realtime-gateway protocol` to realtime-gateway/protocol.json");
}
