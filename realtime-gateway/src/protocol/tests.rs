use std::time::Duration;

use domain::Timestamp;
use domain::events::{Audience, LoggedEvent, Partition};
use domain::ids::{PostId, UserId};
use operations::realtime::WatchTarget;
use serde_json::json;
use uuid::Uuid;

use super::*;

const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[test]
fn a_hello_holds_exactly_one_credential() {
    let ticket = json!({"t": "hello", "v": 1, "ticket": "abc", "caps": ["batch"], "client": {"name": "web"}});
    let hello = parse_hello(&ticket.to_string()).unwrap();
    assert_eq!(hello, Hello { credential: Credential::Ticket("abc".into()), resume: None, watch: vec![] });

    let resume = json!({"t": "hello", "v": 1, "resume": {"rt": "abc", "epoch": "e", "pos": {"3": 7}}});
    let positions = [(Partition::from_number(3).unwrap(), 7)].into_iter().collect();
    let point = ResumePoint { epoch: "e".into(), positions };
    let hello = parse_hello(&resume.to_string()).unwrap();
    let credential = Credential::ResumeToken("abc".into());
    assert_eq!(hello, Hello { credential, resume: Some(point.clone()), watch: vec![] });

    let watch = json!([{"post": ID}, {"user": ID}]);
    let resume = json!({"epoch": "e", "pos": {"3": 7}});
    let both = json!({"t": "hello", "v": 1, "ticket": "abc", "resume": resume, "watch": watch});
    let hello = parse_hello(&both.to_string()).unwrap();
    let id: Uuid = ID.parse().unwrap();
    let watch = vec![WatchTarget::Post(PostId(id)), WatchTarget::User(UserId(id))];
    assert_eq!(hello, Hello { credential: Credential::Ticket("abc".into()), resume: Some(point), watch });
}

#[test]
fn the_length_of_a_text_is_counted_in_characters() {
    let name = "가".repeat(64);
    let hello = json!({"t": "hello", "v": 1, "ticket": "abc", "client": {"name": name}});
    assert!(parse_hello(&hello.to_string()).is_ok());
    let id = "😀".repeat(64);
    let watch = json!({"t": "watch", "id": id, "post": ID.to_uppercase()}).to_string();
    let watched = WatchTarget::Post(PostId(ID.parse().unwrap()));
    assert_eq!(parse(&watch), Ok(ClientFrame::Watch { id, watched }));
}

#[test]
fn a_hello_that_breaks_the_protocol_is_refused_with_a_reason() {
    let long = "x".repeat(1_100);
    let many = vec!["c"; 17];
    let resume = |resume| json!({"t": "hello", "v": 1, "resume": resume});
    let ticket = |name: &str, value| {
        let mut hello = json!({"t": "hello", "v": 1, "ticket": "abc"});
        hello[name] = value;
        hello
    };
    for (wrong, reason) in [
        (json!({"t": "hello", "v": 1}), "exactly one of ticket and resume.rt"),
        (ticket("ticket", json!(null)), "invalid type: null"),
        (ticket("client", json!(null)), "invalid type: null, expected an object"),
        (ticket("client", json!({"name": null})), "invalid type: null"),
        (ticket("client", json!(["web", "1", "UTC"])), "invalid type: sequence, expected an object"),
        (ticket("client", json!({"name": "가".repeat(65)})), "a text is too long"),
        (ticket("resume", json!(null)), "invalid type: null, expected an object"),
        (ticket("ticket", json!(5)), "invalid type"),
        (ticket("ticket", json!(long)), "the credential is too long"),
        (ticket("v", json!("1")), "invalid type"),
        (json!({"t": "hello", "ticket": "abc"}), "missing field `v`"),
        (ticket("t", json!("hi")), "the first message must be hello"),
        (json!({"v": 1, "ticket": "abc"}), "missing field `t`"),
        (ticket("extra", json!(1)), "unknown field `extra`"),
        (ticket("caps", json!("batch")), "invalid type"),
        (ticket("caps", json!(many)), "too many caps"),
        (ticket("client", json!({"name": long})), "a text is too long"),
        (ticket("client", json!({"os": "x"})), "unknown field `os`"),
        (ticket("watch", json!([{"post": "1"}])), "watch has a malformed id"),
        (ticket("watch", json!([{"room": ID}])), "unknown variant `room`"),
        (ticket("watch", json!([{"post": ID, "user": ID}])), "expected value"),
        (ticket("watch", json!(vec![json!({"post": ID}); 21])), "too many to watch"),
        (
            ticket("resume", json!({"rt": "abc", "epoch": "e", "pos": {}})),
            "exactly one of ticket and resume.rt",
        ),
        (resume(json!({"epoch": "e", "pos": {}})), "exactly one of ticket and resume.rt"),
        (resume(json!({"rt": "abc", "epoch": "e", "pos": [1, 2]})), "invalid type"),
        (resume(json!({"rt": "abc", "epoch": "e", "pos": {"32": 1}})), "no such partition"),
        (resume(json!({"rt": "abc", "epoch": long, "pos": {}})), "epoch is too long"),
        (json!({"t": "hb"}), "missing field `v`"),
        (json!([]), "invalid type: sequence, expected an object"),
        (json!(["hello", 1, "abc", null, [], null, []]), "invalid type: sequence, expected an object"),
        (json!("hello"), "invalid type"),
        (json!(null), "invalid type"),
    ] {
        let closing = parse_hello(&wrong.to_string()).unwrap_err();
        assert_eq!(closing.close, Close::Protocol, "{wrong}");
        let detail = closing.detail.unwrap();
        assert!(detail.contains(reason), "{wrong}: {detail}");
    }
    for wrong in ["", "{", "hello", r#"{"t":"hello","v":1,"ticket":"a","ticket":"b"}"#, &"[".repeat(10_000)] {
        assert_eq!(parse_hello(wrong).map_err(|closing| closing.close), Err(Close::Protocol), "{wrong}");
    }
    for other in [json!({"t": "hello", "v": 2, "ticket": "abc"}), json!({"t": "hello", "v": 9, "new": {}})] {
        assert_eq!(parse_hello(&other.to_string()), Err(Close::Version.into()), "{other}");
    }
}

#[test]
fn later_messages_are_read_or_refused_with_their_id_and_a_reason() {
    assert_eq!(parse(r#"{"t":"hb"}"#), Ok(ClientFrame::Heartbeat));
    let auth = ClientFrame::Auth { id: "1".into(), ticket: "abc".into() };
    assert_eq!(parse(r#"{"t":"auth","id":"1","ticket":"abc"}"#), Ok(auth));
    let watched = WatchTarget::Post(PostId(ID.parse().unwrap()));
    let text = |t: &str| json!({"t": t, "id": "1", "post": ID}).to_string();
    assert_eq!(parse(&text("watch")), Ok(ClientFrame::Watch { id: "1".into(), watched }));
    assert_eq!(parse(&text("unwatch")), Ok(ClientFrame::Unwatch { id: "1".into(), watched }));
    for (text, id) in [(r#"{"t":"send","id":"7","room":"x"}"#, Some("7")), (r#"{"t":"typing"}"#, None)] {
        let id = id.map(str::to_owned);
        assert_eq!(parse(text), Err(FrameFault { id, kind: FaultKind::NotOffered }), "{text}");
    }
    let both = json!({"t": "watch", "id": "7", "post": ID, "user": ID}).to_string();
    for (text, id, reason) in [
        (r#"{"t":"dance","id":"7"}"#, Some("7"), "unknown type"),
        (r#"{"t":"auth","id":"7"}"#, Some("7"), "missing field `ticket`"),
        (r#"{"t":"auth","id":"7","ticket":"a","ticket":"b"}"#, Some("7"), "duplicate field `ticket`"),
        (r#"{"t":"watch","id":"7"}"#, Some("7"), "exactly one of post and user"),
        (&both, Some("7"), "exactly one of post and user"),
        (r#"{"t":"watch","id":"7","post":"x"}"#, Some("7"), "a malformed id"),
        (r#"{"t":"watch","post":"x"}"#, None, "missing field `id`"),
        (r#"{"t":"hb","x":1}"#, None, "unknown field `x`"),
        (r#"{"t":"hb","t":"hb"}"#, None, "duplicate field `t`"),
        (r#"{"t":5}"#, None, "invalid type"),
        ("[]", None, "invalid type: sequence, expected an object"),
        (r#"["hb"]"#, None, "invalid type: sequence, expected an object"),
        (r#"{"t":"watch","id":"7","post":null}"#, Some("7"), "invalid type: null"),
        ("", None, "EOF"),
    ] {
        let fault = parse(text).unwrap_err();
        assert_eq!(fault.id.as_deref(), id, "{text}");
        let FaultKind::Malformed(why) = fault.kind else { panic!("{text}: offered") };
        assert!(why.contains(reason), "{text}: {why}");
    }
}

fn event(frame: &str) -> LoggedEvent {
    let audience = Audience::User(UserId(Uuid::from_u128(1)));
    LoggedEvent {
        partition: audience.partition(),
        position: 17,
        mark: 1,
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
        for detail in [None, Some("short".into()), Some("\"코드\"".repeat(100).into())] {
            let closing = Closing { close: *close, detail: detail.clone() };
            let reason = closing.reason(Duration::from_secs(1_000_000));
            assert!(reason.len() <= 123, "{reason}");
            let reason: serde_json::Value = serde_json::from_str(&reason).unwrap();
            assert_eq!(reason["code"], close.as_str());
            assert_eq!(reason.get("retry_ms").is_some(), close.duty() != Duty::Stop);
            assert_eq!(reason.get("detail").is_some(), detail.is_some());
        }
    }
}
