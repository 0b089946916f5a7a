use super::*;
use domain::events::Audience;
use domain::ids::UserId;

fn bulk(text: &str) -> Value {
    Value::BulkString(text.into())
}

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(items.into_iter().collect())
}

fn third() -> Partition {
    Partition::from_number(3).unwrap()
}

fn sample() -> LoggedEvent {
    LoggedEvent {
        partition: third(),
        position: 17,
        audience: Audience::User(UserId(Uuid::from_u128(1))).into(),
        kind: "notification".into(),
        frame: r#"{"t":"nt"}"#.into(),
        recorded_at: Timestamp(1_767_323_045_678),
    }
}

fn fields() -> Vec<Value> {
    let event = sample();
    ["u", &event.audience.to_string(), "k", &event.kind, "t", "1767323045678", "d", &event.frame]
        .map(bulk)
        .into()
}

fn only_third(name: &[u8]) -> Option<Partition> {
    (name == b"key").then(third)
}

#[test]
fn both_versions_of_the_protocol_are_read() {
    let rows = || list([list([bulk("17-0"), list(fields())])]);
    let second = list([list([bulk("key"), rows()])]);
    let third = Value::Map(vec![(bulk("key"), rows())]);
    assert_eq!(parse_read(second, only_third), [Entry::Event(sample())]);
    assert_eq!(parse_read(third, only_third), [Entry::Event(sample())]);
    assert_eq!(parse_read(Value::Nil, only_third), []);
}

#[test]
fn an_unknown_audience_is_read_and_written_as_it_is() {
    let mut fields = fields();
    fields[1] = bulk("room:7");
    let reply = list([list([bulk("key"), list([list([bulk("17-0"), list(fields)])])])]);
    let event = LoggedEvent { audience: "room:7".to_owned().into(), ..sample() };
    let written = append("key", &event).get_packed_command();
    assert!(written.windows(6).any(|text| text == b"room:7"));
    assert_eq!(parse_read(reply, only_third), [Entry::Event(event)]);
}

#[test]
fn entries_no_relay_wrote_are_told_apart() {
    let mut without_frame = fields();
    without_frame.truncate(6);
    let mut with_other = fields();
    with_other.extend(["x", "1"].map(bulk));
    let mut wrong_utf8 = fields();
    wrong_utf8[7] = Value::BulkString(vec![0xff]);
    let mut odd = fields();
    odd.push(bulk("u"));
    for broken in [without_frame, with_other, wrong_utf8, odd, vec![]] {
        let reply = list([list([bulk("key"), list([list([bulk("17-0"), list(broken)])])])]);
        assert_eq!(parse_read(reply, only_third), [Entry::Malformed(third(), Some(EntryId(17, 0)))]);
    }
    for (id, parsed) in
        [("17-1", Some(EntryId(17, 1))), ("0-0", Some(EntryId(0, 0))), ("17", None), ("x-0", None)]
    {
        let reply = list([list([bulk("key"), list([list([bulk(id), list(fields())])])])]);
        assert_eq!(parse_read(reply, only_third), [Entry::Malformed(third(), parsed)], "{id}");
    }
    let foreign = list([list([bulk("other"), list([Value::Nil])]), bulk("nonsense")]);
    assert_eq!(parse_read(foreign, only_third), []);
}

#[test]
fn the_last_id_is_found_in_both_versions() {
    let second = list([bulk("length"), Value::Int(0), bulk("last-generated-id"), bulk("9-0")]);
    let third = Value::Map(vec![(bulk("last-generated-id"), bulk("9-0"))]);
    assert_eq!(parse_last_id(second), Some(EntryId(9, 0)));
    assert_eq!(parse_last_id(third), Some(EntryId(9, 0)));
    assert_eq!(parse_last_id(list([bulk("length"), Value::Int(0)])), None);
}
