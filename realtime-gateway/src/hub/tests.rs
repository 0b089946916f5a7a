//! The rules of the hub, by example and by long random histories that are compared with a plain model.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

use super::*;

const PEOPLE: u128 = 6;

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn session(number: u128) -> SessionId {
    SessionId(Uuid::from_u128(1000 + number))
}

fn joining(id: u128, person: u128, after: Option<i64>) -> Joining {
    let id = ConnectionId(Uuid::from_u128(id));
    Joining { id, user: user(person), session: session(person), supersedes: None, after }
}

fn event(audience: Audience, position: i64) -> LoggedEvent {
    let kind = if matches!(audience, Audience::Session(..)) { SESSION_REVOKED } else { "notification" };
    LoggedEvent {
        partition: audience.partition(),
        position,
        audience: audience.into(),
        kind: kind.into(),
        frame: format!(r#"{{"t":"nt","n":{position}}}"#),
        recorded_at: Timestamp(position),
    }
}

impl Hub {
    fn next(&self, audience: Audience) -> LoggedEvent {
        event(audience, self.positions().get(audience.partition()) + 1)
    }

    fn tell(&self, person: u128) -> LoggedEvent {
        let event = self.next(Audience::User(user(person)));
        assert_eq!(self.apply(&event), Applied::New);
        event
    }

    fn check_invariants(&self) {
        let mut ids = std::collections::HashSet::new();
        for (index, part) in self.parts.iter().enumerate() {
            let part = part.lock().unwrap();
            part.ring.check_invariants();
            for (user, seats) in &part.seats {
                assert_eq!(Audience::User(*user).partition().index(), index, "everybody in their partition");
                assert!(!seats.is_empty() && seats.len() <= self.limits.connections_per_user);
                for seat in seats {
                    assert_eq!(seat.outlet.user, *user);
                    assert!(ids.insert(seat.outlet.id), "nobody sits twice");
                    seat.outlet.queue.check_invariants();
                }
            }
        }
    }
}

fn frame(event: &LoggedEvent) -> Utf8Bytes {
    with_position(event).unwrap()
}

fn waiting(outlet: &Outlet) -> Taken {
    outlet.queue.take(usize::MAX)
}

#[test]
fn an_event_reaches_every_socket_of_its_person_and_no_other() {
    let hub = Hub::new(Limits::default());
    let [one, two, other] =
        [(1, 1), (2, 1), (3, 2)].map(|(id, person)| hub.join(&joining(id, person, None)).unwrap().outlet);
    let event = hub.tell(1);
    assert_eq!(waiting(&one), Taken::Frames(vec![frame(&event)]));
    assert_eq!(waiting(&two), Taken::Frames(vec![frame(&event)]));
    assert_eq!(waiting(&other), Taken::Frames(vec![]));
    let feed = hub.next(Audience::FeedOf(user(1)));
    assert_eq!(hub.apply(&feed), Applied::New);
    assert_eq!(waiting(&one), Taken::Frames(vec![]));
}

#[test]
fn an_event_is_applied_once_and_only_as_the_next_one() {
    let hub = Hub::new(Limits::default());
    let outlet = hub.join(&joining(1, 1, None)).unwrap().outlet;
    let first = hub.tell(1);
    assert_eq!(hub.apply(&first), Applied::Known);
    assert_eq!(hub.apply(&event(Audience::User(user(1)), 3)), Applied::Hole);
    assert_eq!(waiting(&outlet), Taken::Frames(vec![frame(&first)]));
    assert_eq!(hub.positions().get(first.partition), 1);
}

#[test]
fn an_event_for_an_unknown_audience_reaches_nobody_and_holds_up_nothing() {
    let hub = Hub::new(Limits::default());
    let outlet = hub.join(&joining(1, 1, None)).unwrap().outlet;
    let first = hub.tell(1);
    let unknown = LoggedEvent { audience: "room:7".to_owned().into(), ..hub.next(Audience::User(user(1))) };
    assert_eq!(hub.apply(&unknown), Applied::New);
    let third = hub.tell(1);
    assert_eq!(third.position, 3);
    let expected = vec![frame(&first), frame(&third)];
    assert_eq!(waiting(&outlet), Taken::Frames(expected.clone()));
    assert_eq!(hub.join(&joining(2, 1, Some(0))).unwrap().missed, Missed::Frames(expected));
}

#[test]
fn what_was_missed_comes_from_memory_or_is_left_to_the_log() {
    let limits = Limits { ring_events: 4, replay: 3, ..Limits::default() };
    let hub = Hub::new(limits);
    let told: Vec<LoggedEvent> = (0..6).map(|_| hub.tell(1)).collect();
    let missed = |after| hub.join(&joining(90, 1, Some(after))).unwrap().missed;
    let frames = |from: usize| Missed::Frames(told[from..].iter().map(frame).collect());
    assert_eq!(missed(6), frames(6));
    assert_eq!(missed(3), frames(3));
    assert_eq!(missed(2), Missed::TooMuch);
    assert_eq!(missed(1), Missed::InLog(1, 6));
    assert_eq!(missed(8), frames(6));
}

#[test]
fn what_a_client_has_from_a_gateway_ahead_of_this_one_is_not_sent_again() {
    let hub = Hub::new(Limits::default());
    hub.tell(1);
    let joined = hub.join(&joining(1, 1, Some(3))).unwrap();
    assert_eq!((joined.last, joined.missed), (1, Missed::Frames(vec![])));
    let [_, _, fourth] = [hub.tell(1), hub.tell(1), hub.tell(1)];
    assert_eq!(waiting(&joined.outlet), Taken::Frames(vec![frame(&fourth)]));
}

#[test]
fn an_ended_session_is_closed_and_let_in_no_more() {
    let hub = Hub::new(Limits::default());
    let outlet = hub.join(&joining(1, 1, None)).unwrap().outlet;
    let other = Joining { session: session(77), ..joining(2, 1, None) };
    let other = hub.join(&other).unwrap().outlet;
    hub.tell(1);
    let revoked = hub.next(Audience::Session(user(1), session(1)));
    assert_eq!(hub.apply(&revoked), Applied::New);
    assert_eq!(waiting(&outlet), Taken::Close(Close::Revoked));
    assert!(matches!(waiting(&other), Taken::Frames(frames) if frames.len() == 1));
    assert_eq!(hub.join(&joining(3, 1, None)).err(), Some(Close::TicketInvalid));
    hub.check_invariants();
    hub.end_sessions(&[session(77)]);
    assert_eq!(waiting(&other), Taken::Close(Close::Revoked));
    assert_eq!(hub.sessions(), []);
}

#[test]
fn one_socket_too_many_closes_the_oldest_and_a_resumed_one_takes_the_place_of_its_own() {
    let hub = Hub::new(Limits { connections_per_user: 2, ..Limits::default() });
    let [one, two, three] = [1, 2, 3].map(|id| hub.join(&joining(id, 1, None)).unwrap().outlet);
    assert_eq!(waiting(&one), Taken::Close(Close::TooManyConnections));
    let resumed = Joining { supersedes: Some(two.id), ..joining(4, 1, None) };
    let four = hub.join(&resumed).unwrap().outlet;
    assert_eq!(waiting(&two), Taken::Close(Close::Superseded));
    for kept in [three, four] {
        assert_eq!(waiting(&kept), Taken::Frames(vec![]));
        hub.leave(&kept);
    }
    assert_eq!(hub.sessions(), []);
}

#[test]
fn a_jump_tells_everybody_of_the_partition_and_goes_on_from_there() {
    let hub = Hub::new(Limits::default());
    let outlet = hub.join(&joining(1, 1, None)).unwrap().outlet;
    for to in [100, 40] {
        hub.jump(Audience::User(user(1)).partition(), to);
        let event = hub.tell(1);
        assert_eq!(event.position, to + 1);
        let gap = ServerFrame::Gap { all: true }.text();
        assert_eq!(waiting(&outlet), Taken::Frames(vec![gap, frame(&event)]));
        assert_eq!(hub.join(&joining(9, 1, Some(30))).unwrap().missed, Missed::InLog(30, to + 1));
    }
}

#[test]
fn old_events_and_old_ends_are_forgotten() {
    let hub = Hub::new(Limits::default());
    let told: Vec<LoggedEvent> = (0..6).map(|_| hub.tell(1)).collect();
    hub.apply(&hub.next(Audience::Session(user(1), session(1))));
    let now = Timestamp(7).plus(ENDED_FOR);
    hub.forget(Timestamp(4), now.minus(Duration::from_millis(1)));
    assert_eq!(hub.join(&joining(1, 1, None)).err(), Some(Close::TicketInvalid));
    hub.forget(Timestamp(4), now);
    assert_eq!(hub.join(&joining(1, 1, Some(2))).unwrap().missed, Missed::InLog(2, 7));
    let kept = told[3..].iter().map(frame).collect();
    assert_eq!(hub.join(&joining(2, 1, Some(3))).unwrap().missed, Missed::Frames(kept));
}

/// One socket of the model: what it must have got.
struct Listener {
    joined: Joined,
    expected: Vec<Utf8Bytes>,
    got: Vec<Utf8Bytes>,
    person: u128,
}

impl Listener {
    /// Empties the queue. Tells whether the socket was closed.
    fn drain(&mut self) -> Option<Close> {
        match waiting(&self.joined.outlet) {
            Taken::Frames(frames) => {
                self.got.extend(frames);
                assert_eq!(self.got, self.expected);
                None
            }
            Taken::Close(close) => Some(close),
        }
    }
}

#[test]
fn long_random_histories_lose_nothing_and_repeat_nothing() {
    for seed in 0..40 {
        let mut random = StdRng::seed_from_u64(seed);
        let limits = Limits {
            ring_events: 30,
            queue_frames: 12,
            connections_per_user: 3,
            replay: 1000,
            ..Limits::default()
        };
        let hub = Hub::new(limits);
        let mut log: Vec<LoggedEvent> = Vec::new();
        let mut listeners: Vec<Listener> = Vec::new();
        for step in 0..600_u32 {
            let person = random.random_range(0..PEOPLE);
            match random.random_range(0..10) {
                0..=5 => {
                    let event = hub.tell(person);
                    for listener in listeners.iter_mut().filter(|listener| listener.person == person) {
                        listener.expected.push(frame(&event));
                    }
                    log.push(event);
                }
                6 | 7 => {
                    let partition = Audience::User(user(person)).partition();
                    let last = hub.positions().get(partition);
                    let after = random.random_bool(0.7).then(|| random.random_range(0..=last));
                    let joined = hub.join(&joining(u128::from(step), person, after)).unwrap();
                    let of_person = log.iter().filter(|event| event.audience == Audience::User(user(person)));
                    let missed = of_person.filter(|event| event.position > after.unwrap_or(last)).map(frame);
                    let expected: Vec<Utf8Bytes> = missed.collect();
                    let got = match &joined.missed {
                        Missed::Frames(frames) => frames.clone(),
                        Missed::InLog(..) => expected.clone(),
                        Missed::TooMuch => panic!("the replay is not limited here"),
                    };
                    listeners.push(Listener { joined, expected, got, person });
                }
                8 if !listeners.is_empty() => {
                    let leaving = random.random_range(0..listeners.len());
                    hub.leave(&listeners.swap_remove(leaving).joined.outlet);
                }
                _ => listeners.retain_mut(|listener| {
                    let close = listener.drain();
                    if let Some(close) = close {
                        assert!([Close::Slow, Close::TooManyConnections].contains(&close), "{close:?}");
                        hub.leave(&listener.joined.outlet);
                    }
                    close.is_none()
                }),
            }
            hub.check_invariants();
        }
        assert!(log.len() > 200, "seed {seed}");
    }
}
