//! Tests of the hub.

mod random_histories;

use std::time::Duration;

use domain::ids::PostId;
use uuid::Uuid;

use super::*;

const PEOPLE: u128 = 6;

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn session(number: u128) -> SessionId {
    SessionId(Uuid::from_u128(1000 + number))
}

fn own(person: u128) -> Audience {
    Audience::User(user(person))
}

fn post_of(person: u128, number: u128) -> Audience {
    Audience::Post { author: user(person), post: PostId(Uuid::from_u128(number)) }
}

fn joining(id: u128, person: u128, topics: &[(Audience, i64)]) -> Joining {
    Joining {
        id: ConnectionId(Uuid::from_u128(id)),
        user: user(person),
        session: session(person),
        supersedes: None,
        subscriptions: topics
            .iter()
            .map(|(topic, since)| Subscription { topic: *topic, since: *since })
            .collect(),
    }
}

fn event(audience: Audience, position: i64) -> LoggedEvent {
    let is_revocation = matches!(audience, Audience::Session(..));
    let kind = if is_revocation { EventKind::SessionRevoked } else { EventKind::Notification };
    LoggedEvent {
        partition: audience.partition(),
        position,
        mark: position * 7,
        audience: audience.into(),
        kind: kind.as_str().into(),
        frame: format!(r#"{{"t":"nt","n":{position}}}"#),
        recorded_at: Timestamp(position),
    }
}

impl Hub {
    /// Adds a socket that wants only new events of its person.
    fn join_now(&self, id: u128, person: u128) -> Arc<Outlet> {
        let since = self.last(own(person).partition());
        self.join(joining(id, person, &[(own(person), since)]), Timestamp(0)).unwrap()
    }

    fn next(&self, audience: Audience) -> LoggedEvent {
        event(audience, self.last(audience.partition()) + 1)
    }

    fn publish(&self, audience: Audience) -> LoggedEvent {
        let event = self.next(audience);
        assert_eq!(self.apply(std::slice::from_ref(&event)), 1);
        event
    }

    /// Applies events of one partition together.
    fn publish_together(&self, audiences: &[Audience]) -> Vec<LoggedEvent> {
        let positions = audiences.iter().zip(1..);
        let event =
            |(audience, place): (&Audience, i64)| event(*audience, self.last(audience.partition()) + place);
        let events: Vec<_> = positions.map(event).collect();
        assert_eq!(self.apply(&events), events.len());
        events
    }

    fn check_invariants(&self) {
        self.registry.check_invariants(self.limits.connections_per_user);
        for partition in Partition::all() {
            let state = self.partition(partition);
            state.ring.check_invariants();
            assert_eq!(state.ring.last(), self.last(partition));
            state.check_invariants();
            for (topic, listener) in state.topics() {
                assert_eq!(topic.partition(), partition);
                assert!(
                    listener.outlet.subscriptions().iter().any(|subscription| subscription.topic == topic)
                );
            }
        }
    }

    /// Takes the frames that a socket's task would send: queued frames, and replays of lagging partitions from the
    /// ring. Events that the ring no longer holds are read from `log`, which stands for the outbox.
    fn drain(&self, outlet: &Outlet, log: &[LoggedEvent]) -> Vec<Utf8Bytes> {
        let mut sent = Vec::new();
        loop {
            match outlet.queue.take(100) {
                Taken::Frames(frames) => sent.extend(frames),
                Taken::Replay(partition, after) => match self.replay(outlet, partition, after, 100) {
                    Replay::Frames { frames, next } => {
                        sent.extend(frames);
                        if let Some(next) = next {
                            outlet.queue.advance(partition, after, next);
                        }
                    }
                    Replay::InOutbox { subscriptions, up_to } => {
                        let events = log.iter().filter(|event| event.partition == partition);
                        let events = events.filter(|event| event.position > after && event.position <= up_to);
                        let wanted = events.filter(|event| {
                            subscriptions.iter().any(|subscription| {
                                event.audience == subscription.topic && event.position > subscription.since
                            })
                        });
                        sent.extend(wanted.map(frame));
                        outlet.queue.advance(partition, after, up_to);
                    }
                },
                Taken::Idle => return sent,
                other => panic!("unexpected: {other:?}"),
            }
        }
    }
}

fn frame(event: &LoggedEvent) -> Utf8Bytes {
    with_position(event).unwrap()
}

fn frames<'a>(events: impl IntoIterator<Item = &'a LoggedEvent>) -> Vec<Utf8Bytes> {
    events.into_iter().map(frame).collect()
}

#[test]
fn an_event_reaches_every_socket_that_listens_to_its_topic_and_no_other() {
    let hub = Hub::new(Limits::default());
    let [one, two, other] = [(1, 1), (2, 1), (3, 2)].map(|(id, person)| hub.join_now(id, person));
    let post = post_of(1, 50);
    hub.watch(&other, post).unwrap();
    let (for_one, for_watchers) = (hub.publish(own(1)), hub.publish(post));
    assert_eq!(hub.drain(&one, &[]), frames([&for_one]));
    assert_eq!(hub.drain(&two, &[]), frames([&for_one]));
    assert_eq!(hub.drain(&other, &[]), frames([&for_watchers]));
    hub.unwatch(&other, |topic| topic == post);
    hub.publish(post);
    hub.publish(Audience::Feed(user(2)));
    assert_eq!(hub.drain(&other, &[]), frames([]));
    hub.check_invariants();
}

#[test]
fn watching_is_limited_and_idempotent_and_the_own_topic_stays() {
    let hub = Hub::new(Limits { watched: 2, ..Limits::default() });
    let outlet = hub.join_now(1, 1);
    hub.publish(own(1));
    for number in [50, 51, 50] {
        assert_eq!(hub.watch(&outlet, post_of(1, number)), Ok(1));
    }
    assert_eq!(hub.watch(&outlet, post_of(1, 52)), Err(TooManyWatched));
    hub.unwatch(&outlet, |_| true);
    assert_eq!(hub.watch(&outlet, post_of(1, 52)), Ok(1));
    hub.drain(&outlet, &[]);
    let event = hub.publish(own(1));
    assert_eq!(hub.drain(&outlet, &[]), frames([&event]));
}

#[test]
fn an_event_is_applied_once_and_only_as_the_next_one() {
    let hub = Hub::new(Limits::default());
    let outlet = hub.join_now(1, 1);
    let first = hub.publish(own(1));
    assert_eq!(hub.apply(&[first.clone(), event(own(1), 3)]), 1);
    assert_eq!(hub.apply(&[event(own(1), 3)]), 0);
    assert_eq!(hub.drain(&outlet, &[]), frames([&first]));
    assert_eq!(hub.last(first.partition), 1);
    let cursor = hub.cursor();
    assert_eq!((cursor.positions.get(first.partition), cursor.mark(first.partition)), (1, Some(7)));
}

#[test]
fn an_event_for_an_unknown_audience_delays_no_other_and_is_never_claimed() {
    let hub = Hub::new(Limits::default());
    let outlet = hub.join_now(1, 1);
    let first = hub.publish(own(1));
    let unknown = LoggedEvent { audience: "planet:7".to_owned().into(), ..hub.next(own(1)) };
    assert_eq!(hub.complete_up_to(&outlet, first.partition), 1);
    assert_eq!(hub.apply(&[unknown]), 1);
    let third = hub.publish(own(1));
    assert_eq!(third.position, 3);
    assert_eq!(hub.drain(&outlet, &[]), frames([&first, &third]));
    // A newer gateway sends the second event to a client that returns with this position.
    assert_eq!(hub.complete_up_to(&outlet, first.partition), 1);
    assert!(hub.is_claim_limited(&outlet));
    let elsewhere = hub.join_now(2, 2);
    assert!(!hub.is_claim_limited(&elsewhere));
}

#[test]
fn events_that_are_applied_together_keep_their_order_on_a_socket_with_several_topics() {
    let hub = Hub::new(Limits::default());
    let [author, watcher, both] = [(1, 1), (2, 2), (3, 1)].map(|(id, person)| hub.join_now(id, person));
    let post = post_of(1, 50);
    for outlet in [&watcher, &both] {
        hub.watch(outlet, post).unwrap();
    }
    let events = hub.publish_together(&[own(1), post, post_of(1, 51), own(1), post]);
    let [first, second, _, fourth, fifth] = events.as_slice() else { panic!("five events") };
    assert_eq!(hub.drain(&author, &[]), frames([first, fourth]));
    assert_eq!(hub.drain(&watcher, &[]), frames([second, fifth]));
    assert_eq!(hub.drain(&both, &[]), frames([first, second, fourth, fifth]));
    hub.publish_together(&[own(1), Audience::Session(user(1), session(1)), own(1)]);
    assert_eq!(both.queue.take(100), Taken::Close(Close::Revoked));
    hub.check_invariants();
}

#[test]
fn an_unwatch_waits_until_the_events_of_a_run_are_queued() {
    let hub = Hub::new(Limits::default());
    let outlet = hub.join_now(1, 1);
    let post = post_of(1, 50);
    hub.watch(&outlet, post).unwrap();
    let partition = post.partition();
    let run: Vec<NewFrame> = (1..=6)
        .map(|position| {
            let topic = if position % 2 == 0 { own(1) } else { post };
            NewFrame { topic, position, frame: frame(&event(topic, position)) }
        })
        .collect();
    std::thread::scope(|scope| {
        let state = hub.partition(partition);
        let unwatching = scope.spawn(|| hub.unwatch(&outlet, |topic| topic == post));
        for _ in 0..10_000 {
            std::thread::yield_now();
        }
        assert_eq!(outlet.watched(), 1, "the subscription ends under the partition's lock");
        state.deliver(partition, &run);
        drop(state);
        unwatching.join().unwrap();
    });
    let expected: Vec<Utf8Bytes> = run.into_iter().map(|event| event.frame).collect();
    assert_eq!(outlet.queue.take(10_000), Taken::Frames(expected));
    assert_eq!(outlet.watched(), 0);
    hub.check_invariants();
}

#[test]
fn missed_events_come_from_the_ring_or_from_the_outbox() {
    let hub = Hub::new(Limits { ring_events: 4, ..Limits::default() });
    let log: Vec<LoggedEvent> = (0..6).map(|_| hub.publish(own(1))).collect();
    for since in 0..=6 {
        let id = u128::try_from(since).unwrap() + 1;
        let outlet = hub.join(joining(id, 1, &[(own(1), since)]), Timestamp(0)).unwrap();
        let partition = own(1).partition();
        assert_eq!(hub.ring_covers(partition, since), since >= 2);
        assert_eq!(hub.complete_up_to(&outlet, partition), since);
        assert_eq!(hub.drain(&outlet, &log), frames(&log[usize::try_from(since).unwrap()..]));
        assert_eq!(hub.complete_up_to(&outlet, partition), 6);
    }
    hub.check_invariants();
}

#[test]
fn events_that_a_client_has_from_a_gateway_ahead_of_this_one_are_not_sent_again() {
    let hub = Hub::new(Limits::default());
    hub.publish(own(1));
    let outlet = hub.join(joining(1, 1, &[(own(1), 3)]), Timestamp(0)).unwrap();
    let [_, _, fourth] = [hub.publish(own(1)), hub.publish(own(1)), hub.publish(own(1))];
    assert_eq!(hub.drain(&outlet, &[]), frames([&fourth]));
}

#[test]
fn a_burst_larger_than_the_queue_closes_no_socket_and_loses_no_event() {
    let hub = Hub::new(Limits { queue_frames: 8, ring_events: 1000, ..Limits::default() });
    let outlet = hub.join_now(1, 1);
    let post = post_of(1, 50);
    hub.watch(&outlet, post).unwrap();
    let burst: Vec<LoggedEvent> =
        (0..300).map(|number| hub.publish(if number % 3 == 0 { post } else { own(1) })).collect();
    // The rest of the burst arrives while the socket catches up.
    let Taken::Replay(partition, after) = outlet.queue.take(100) else { panic!("the socket lags") };
    let Replay::Frames { frames: first, next: Some(next) } = hub.replay(&outlet, partition, after, 100)
    else {
        panic!("the ring holds everything")
    };
    outlet.queue.advance(partition, after, next);
    let later: Vec<LoggedEvent> = (0..300).map(|_| hub.publish(own(1))).collect();
    let sent = [first, hub.drain(&outlet, &[])].concat();
    assert_eq!(sent, frames(burst.iter().chain(&later)));
    let live = hub.publish(own(1));
    assert_eq!(outlet.queue.take(100), Taken::Frames(frames([&live])));
}

#[test]
fn an_ended_session_is_closed_and_not_let_in_again() {
    let hub = Hub::new(Limits::default());
    let outlet = hub.join_now(1, 1);
    let other = Joining { session: session(77), ..joining(2, 1, &[(own(1), 0)]) };
    let other = hub.join(other, Timestamp(0)).unwrap();
    hub.publish(own(1));
    hub.publish(Audience::Session(user(1), session(1)));
    assert_eq!(outlet.queue.take(100), Taken::Close(Close::Revoked));
    assert!(matches!(other.queue.take(100), Taken::Frames(frames) if frames.len() == 1));
    let again = hub.join(joining(3, 1, &[(own(1), 0)]), Timestamp(0));
    assert_eq!(again.err(), Some(Close::TicketInvalid));
    hub.check_invariants();
    hub.end_sessions(&[session(77)]);
    assert_eq!(other.queue.take(100), Taken::Close(Close::Revoked));
    assert_eq!((hub.sessions(), hub.open()), (vec![], 0));
}

#[test]
fn one_socket_too_many_closes_the_oldest() {
    let hub = Hub::new(Limits { connections_per_user: 2, ..Limits::default() });
    let [one, two, three] = [1, 2, 3].map(|id| hub.join_now(id, 1));
    assert_eq!(one.queue.take(100), Taken::Close(Close::TooManyConnections));
    for kept in [two, three] {
        assert_eq!(kept.queue.take(100), Taken::Idle);
        hub.leave(&kept);
    }
    hub.leave(&one);
    assert_eq!((hub.sessions(), hub.open()), (vec![], 0));
}

#[test]
fn a_resume_token_used_twice_leaves_one_socket() {
    let hub = Hub::new(Limits::default());
    let first = hub.join_now(1, 1);
    let resume = |id, named: &Outlet| {
        let joining = Joining { supersedes: Some(named.id), ..joining(id, 1, &[(own(1), 0)]) };
        hub.join(joining, Timestamp(0)).unwrap()
    };
    let second = resume(2, &first);
    assert_eq!(first.queue.take(100), Taken::Close(Close::Superseded));
    let third = resume(3, &first);
    assert_eq!(second.queue.take(100), Taken::Close(Close::Superseded));
    let fourth = resume(4, &second);
    assert_eq!(third.queue.take(100), Taken::Close(Close::Superseded));
    assert_eq!((fourth.queue.take(100), hub.open()), (Taken::Idle, 1));
}

#[test]
fn a_jump_sends_a_gap_to_each_socket_of_the_partition_and_continues_there() {
    let hub = Hub::new(Limits::default());
    let outlet = hub.join_now(1, 1);
    let to = 100;
    hub.jump(own(1).partition(), to);
    let event = hub.publish(own(1));
    assert_eq!(event.position, to + 1);
    assert_eq!(outlet.queue.take(100), Taken::Gap);
    assert_eq!(hub.drain(&outlet, &[]), frames([&event]));
}

#[test]
fn a_restart_drops_waiting_frames_and_continues_at_the_positions_of_the_new_epoch() {
    let hub = Hub::new(Limits::default());
    let outlet = hub.join_now(1, 1);
    let partition = own(1).partition();
    for _ in 0..5 {
        hub.publish(own(1));
    }
    let mut cursor = Cursor::default();
    cursor.set(partition, 2, Some(99));
    hub.restart(&cursor, || ());
    assert_eq!(outlet.queue.take(100), Taken::Gap);
    assert_eq!(hub.complete_up_to(&outlet, partition), 2);
    assert_eq!(hub.cursor().mark(partition), Some(99));
    // The positions 3 to 5 are given again, to other events.
    let again = hub.publish(own(1));
    assert_eq!((again.position, hub.drain(&outlet, &[])), (3, frames([&again])));
    hub.check_invariants();
}

#[test]
fn old_events_and_long_ended_sessions_are_removed() {
    let hub = Hub::new(Limits::default());
    for _ in 0..6 {
        hub.publish(own(1));
    }
    hub.publish(Audience::Session(user(1), session(1)));
    let now = Timestamp(7).plus(Duration::from_mins(10));
    hub.forget(Timestamp(4), now.minus(Duration::from_millis(1)));
    let join = |id| hub.join(joining(id, 1, &[(own(1), 7)]), Timestamp(0));
    assert_eq!(join(1).err(), Some(Close::TicketInvalid));
    hub.forget(Timestamp(4), now);
    assert!(join(1).is_ok());
    let partition = own(1).partition();
    assert_eq!((hub.ring_covers(partition, 2), hub.ring_covers(partition, 3)), (false, true));
}
