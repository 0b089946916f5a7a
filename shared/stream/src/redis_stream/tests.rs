use super::tops::parse_top;
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
        mark: -42,
        audience: Audience::User(UserId(Uuid::from_u128(1))).into(),
        kind: "notification".into(),
        frame: r#"{"t":"nt"}"#.into(),
        recorded_at: Timestamp(1_767_323_045_678),
    }
}

fn fields() -> Vec<Value> {
    let event = sample();
    let audience = event.audience.to_string();
    ["u", &audience, "k", &event.kind, "t", "1767323045678", "d", &event.frame, "m", "-42"].map(bulk).into()
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
    fields[1] = bulk("planet:7");
    let reply = list([list([bulk("key"), list([list([bulk("17-0"), list(fields)])])])]);
    let event = LoggedEvent { audience: "planet:7".to_owned().into(), ..sample() };
    let written = append("key", &event).get_packed_command();
    assert!(written.windows(8).any(|text| text == b"planet:7"));
    assert_eq!(parse_read(reply, only_third), [Entry::Event(event)]);
}

#[test]
fn unknown_fields_of_an_entry_are_ignored() {
    let mut fields = fields();
    fields.extend([bulk("x"), Value::BulkString(vec![0xff])]);
    let reply = list([list([bulk("key"), list([list([bulk("17-0"), list(fields)])])])]);
    assert_eq!(parse_read(reply, only_third), [Entry::Event(sample())]);
}

#[test]
fn an_entry_without_a_mark_has_the_unknown_mark() {
    let mut fields = fields();
    fields.truncate(8);
    let reply = list([list([bulk("key"), list([list([bulk("17-0"), list(fields)])])])]);
    assert_eq!(parse_read(reply, only_third), [Entry::Event(LoggedEvent { mark: 0, ..sample() })]);
}

#[test]
fn an_event_is_written_with_its_mark() {
    let written = append("key", &sample()).get_packed_command();
    assert!(written.windows(14).any(|text| text == b"m\r\n$3\r\n-42\r\n$1"));
}

#[test]
fn entries_not_written_by_a_relay_are_malformed() {
    let mut without_frame = fields();
    without_frame.truncate(6);
    let mut wrong_mark = fields();
    wrong_mark[9] = bulk("many");
    let mut wrong_utf8 = fields();
    wrong_utf8[7] = Value::BulkString(vec![0xff]);
    let mut odd = fields();
    odd.push(bulk("u"));
    for broken in [without_frame, wrong_mark, wrong_utf8, odd, vec![]] {
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
fn the_last_id_of_a_stream_comes_with_the_mark_of_its_entry() {
    let entry_at = |id| list([bulk(id), list(fields())]);
    let info = |id, last| {
        vec![bulk("length"), Value::Int(1), bulk("last-generated-id"), bulk(id), bulk("last-entry"), last]
    };
    let of = |answer| parse_top(third(), answer);
    assert_eq!(of(list(info("17-0", entry_at("17-0")))), Some((EntryId(17, 0), Some(-42))));
    let map =
        Value::Map(vec![(bulk("last-entry"), entry_at("17-0")), (bulk("last-generated-id"), bulk("17-0"))]);
    assert_eq!(of(map), Some((EntryId(17, 0), Some(-42))));
    assert_eq!(of(list(info("18-0", entry_at("17-0")))), Some((EntryId(18, 0), None)), "18 was deleted");
    assert_eq!(of(list(info("18-0", Value::Nil))), Some((EntryId(18, 0), None)), "all were trimmed");
    assert_eq!(of(list([bulk("length"), Value::Int(0)])), None);
}
