//! Open sockets, their topics, and the newest events. Synchronous and without I/O, so that its rules can be tested with
//! thousands of random histories.
//!
//! There is one lock per partition and one writer, the tail. A socket subscribes under the lock: either the event's
//! position is at most the position it starts from, or it gets the event. While a partition's lock is held, only leaf
//! locks are taken: a socket's queue, its subscriptions, a shard of the registry.

mod outlet;
mod partition_state;
mod queue;
mod registry;
mod replay;
mod ring;

use std::array;
use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Timestamp;
use domain::events::{Audience, EventKind, LoggedEvent, PARTITIONS, Partition};
use domain::ids::{ConnectionId, SessionId, UserId};
use stream::{Cursor, Positions};
use tokio_tungstenite::tungstenite::Utf8Bytes;

pub(crate) use self::outlet::{Outlet, Subscription, partitions_of};
use self::partition_state::{NewFrame, PartitionState};
pub(crate) use self::queue::{SendQueue, Taken};
use self::registry::Registry;
pub(crate) use self::replay::{Replay, topics};
use self::ring::Ring;
use crate::Limits;
use crate::protocol::{Close, with_position};

/// Number of partitions, as an array's length.
#[expect(clippy::as_conversions, reason = "`usize::from` is not for constants")]
const ALL: usize = PARTITIONS as usize;

/// A socket that joins the hub.
pub(crate) struct Joining {
    pub(crate) id: ConnectionId,
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    /// The socket named by its resume token.
    pub(crate) supersedes: Option<ConnectionId>,
    /// Its own topic and those that it watches, each with the position after which it wants events. All topics of one
    /// partition have the same position.
    pub(crate) subscriptions: Vec<Subscription>,
}

/// Error: the socket already watches the largest number of posts and people.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooManyWatched;

/// All sockets of this gateway and the newest events, by partition.
pub(crate) struct Hub {
    /// Indexed by the partition's number.
    partitions: [Mutex<PartitionState>; ALL],
    /// The position of the newest event of every partition, written after its frames were queued. Read without a lock.
    last: [AtomicI64; ALL],
    /// The largest position of every partition that may be reported to clients as complete. An event for an audience
    /// that this version does not know was sent to no socket, so that its position and later ones are not reported.
    claimable: [AtomicI64; ALL],
    /// Kinds of events for unknown audiences that were logged.
    unknown_kinds: Mutex<HashSet<String>>,
    /// Number of restarts that began and ended: odd while one is under way. A socket that joins meanwhile has read
    /// positions of two epochs.
    restarts: AtomicU64,
    registry: Registry,
    limits: Limits,
}

impl Hub {
    pub(crate) fn new(limits: Limits) -> Self {
        let state = |_| {
            PartitionState::new(Ring::new(limits.ring_events, limits.ring_bytes / usize::from(PARTITIONS)))
        };
        Self {
            partitions: array::from_fn(|number| Mutex::new(state(number))),
            last: array::from_fn(|_| AtomicI64::new(0)),
            claimable: array::from_fn(|_| AtomicI64::new(i64::MAX)),
            unknown_kinds: Mutex::default(),
            restarts: AtomicU64::new(0),
            registry: Registry::new(),
            limits,
        }
    }

    fn partition(&self, partition: Partition) -> MutexGuard<'_, PartitionState> {
        // A partition's number is smaller than the number of partitions.
        let [first, ..] = &self.partitions;
        let state = self.partitions.get(partition.index()).unwrap_or(first);
        state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the position of the newest event of a partition.
    pub(crate) fn last(&self, partition: Partition) -> i64 {
        self.last.get(partition.index()).map_or(0, |last| last.load(Ordering::Acquire))
    }

    fn set_last(&self, partition: Partition, position: i64) {
        if let Some(last) = self.last.get(partition.index()) {
            last.store(position, Ordering::Release);
        }
    }

    /// Returns the position of the newest event of every partition.
    pub(crate) fn positions(&self) -> Positions {
        let mut positions = Positions::default();
        for partition in Partition::all() {
            positions.set(partition, self.last(partition));
        }
        positions
    }

    /// Returns position and mark of the newest event of every partition.
    pub(crate) fn cursor(&self) -> Cursor {
        let mut cursor = Cursor::default();
        for partition in Partition::all() {
            let state = self.partition(partition);
            cursor.set(partition, state.ring.last(), state.ring.last_mark());
        }
        cursor
    }

    /// Returns the position up to which a socket's frames of a partition are sent or queued.
    pub(crate) fn complete_up_to(&self, outlet: &Outlet, partition: Partition) -> i64 {
        // The order of the reads matters: an event that makes the partition lag in between has a position larger than
        // `last`.
        let last = self.last(partition);
        let claimable = self.claimable.get(partition.index()).map_or(0, |most| most.load(Ordering::Acquire));
        let lagging = outlet.queue.lagging_after(partition).unwrap_or(i64::MAX);
        last.min(claimable).min(lagging)
    }

    /// Returns whether an event for an unknown audience limits the reported positions of a socket.
    pub(crate) fn is_claim_limited(&self, outlet: &Outlet) -> bool {
        let claimable = |partition: Partition| self.claimable.get(partition.index());
        let is_limited = |partition: &Partition| {
            claimable(*partition).is_some_and(|most| most.load(Ordering::Acquire) != i64::MAX)
        };
        outlet.partitions().iter().any(is_limited)
    }

    /// Applies events of one partition, in the order of their positions. Known ones are skipped. Returns how many were
    /// applied or known: fewer than all if events are missing before the next one.
    ///
    /// Each socket gets the frames of all these events at once, which costs a fraction of one frame after another.
    pub(crate) fn apply(&self, events: &[LoggedEvent]) -> usize {
        let Some(partition) = events.first().map(|event| event.partition) else { return 0 };
        let mut deliveries: Vec<_> = events.iter().map(|event| self.delivery(event)).collect();
        let mut state = self.partition(partition);
        let mut new = Vec::new();
        let mut taken = 0;
        for (event, delivery) in events.iter().zip(&mut deliveries) {
            let last = state.ring.last();
            if event.partition != partition || event.position > last.saturating_add(1) {
                break;
            }
            taken += 1;
            if event.position <= last {
                continue;
            }
            self.note(event, last);
            let delivery = delivery.take();
            new.extend(delivery.clone().map(|(topic, frame)| NewFrame {
                topic,
                position: event.position,
                frame,
            }));
            state.ring.push(delivery, event.mark, event.recorded_at);
        }
        state.deliver(partition, &new);
        self.set_last(partition, state.ring.last());
        taken
    }

    /// Acts on an event that concerns more than the subscribers of its topic. `last` is the position before it.
    fn note(&self, event: &LoggedEvent, last: i64) {
        match event.audience.known() {
            Some(Audience::Session(user, session)) if event.kind == EventKind::SessionRevoked.as_str() => {
                self.registry.end_session(user, session, event.recorded_at);
            }
            Some(_) => {}
            None => {
                if let Some(claimable) = self.claimable.get(event.partition.index()) {
                    claimable.fetch_min(last, Ordering::AcqRel);
                }
            }
        }
    }

    /// Returns the topic and the frame of an event, or `None` if it is sent to no socket.
    fn delivery(&self, event: &LoggedEvent) -> Option<(Audience, Utf8Bytes)> {
        match event.audience.known() {
            // The sockets of ended sessions are closed and get no frames.
            Some(Audience::Session(..)) => None,
            Some(topic) => {
                let frame = with_position(event);
                if frame.is_none() {
                    let (partition, position) = (event.partition.number(), event.position);
                    tracing::error!(partition, position, "an event's frame is not a JSON object");
                }
                Some((topic, frame?))
            }
            None => {
                self.warn_of_unknown(&event.kind);
                None
            }
        }
    }

    /// Logs once per kind that events for an unknown audience are not delivered.
    fn warn_of_unknown(&self, kind: &str) {
        /// A newer version of OrGo may write new kinds. The bound protects against a table that other software wrote
        /// to.
        const MOST_KINDS: usize = 100;
        let mut kinds = self.unknown_kinds.lock().unwrap_or_else(PoisonError::into_inner);
        if kinds.len() < MOST_KINDS && kinds.insert(kind.to_owned()) {
            tracing::warn!(kind, "events for an audience that this version does not know are not delivered");
        }
    }

    /// Continues a partition at a position without the events before it. Each socket with a topic there is owed a gap.
    pub(crate) fn jump(&self, partition: Partition, to: i64) {
        let mut state = self.partition(partition);
        state.ring.restart(to, None);
        state.for_each_listener(|listener| listener.outlet.queue.owe_gap());
        self.set_last(partition, to);
        self.set_claimable(partition);
    }

    /// Continues all partitions at a cursor of a new epoch, or of the first one. Every socket is owed a gap.
    ///
    /// `set_epoch` is called before positions change.
    pub(crate) fn restart(&self, cursor: &Cursor, set_epoch: impl FnOnce()) {
        self.restarts.fetch_add(1, Ordering::SeqCst);
        set_epoch();
        for partition in Partition::all() {
            let mut state = self.partition(partition);
            let last = cursor.positions.get(partition);
            state.ring.restart(last, cursor.mark(partition));
            state.for_each_listener(|listener| listener.since = last);
            self.set_last(partition, last);
            self.set_claimable(partition);
        }
        self.registry.for_each(|outlet| {
            for subscription in &mut *outlet.subscriptions() {
                subscription.since = cursor.positions.get(subscription.topic.partition());
            }
            outlet.queue.restart();
        });
        self.restarts.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns the number of restarts, or `None` while one is under way.
    pub(crate) fn restarts(&self) -> Option<u64> {
        Some(self.restarts.load(Ordering::SeqCst)).filter(|restarts| restarts % 2 == 0)
    }

    /// Allows heartbeats to name every position of a partition again: its clients load their state anew.
    fn set_claimable(&self, partition: Partition) {
        if let Some(claimable) = self.claimable.get(partition.index()) {
            claimable.store(i64::MAX, Ordering::Release);
        }
    }

    /// Adds a socket. From here on its queue gets every new event of its topics; older ones that it asked for are
    /// replayed.
    pub(crate) fn join(&self, joining: Joining, now: Timestamp) -> Result<Arc<Outlet>, Close> {
        let Joining { id, user, session, supersedes, subscriptions } = joining;
        let queue = SendQueue::new(self.limits.queue_frames, self.limits.queue_bytes);
        let outlet = Arc::new(Outlet::new(id, user, session, queue, subscriptions.clone()));
        self.registry.enter(&outlet, supersedes, self.limits.connections_per_user, now)?;
        for Subscription { topic, since } in subscriptions {
            let partition = topic.partition();
            let mut state = self.partition(partition);
            state.subscribe(topic, &outlet, since);
            // Another gateway may have been ahead of this one: the client then has events that arrive here later.
            if since < state.ring.last() {
                outlet.queue.lag(partition, since);
            }
        }
        Ok(outlet)
    }

    /// Removes a socket.
    pub(crate) fn leave(&self, outlet: &Outlet) {
        self.registry.leave(outlet);
        self.unsubscribe(outlet, |_| true);
    }

    /// Subscribes a socket to a topic. Returns the position after which it gets the topic's events.
    pub(crate) fn watch(&self, outlet: &Arc<Outlet>, topic: Audience) -> Result<i64, TooManyWatched> {
        let mut state = self.partition(topic.partition());
        let since = state.ring.last();
        if outlet.subscriptions().iter().any(|subscription| subscription.topic == topic) {
            return Ok(since);
        }
        if outlet.watched() >= self.limits.watched {
            return Err(TooManyWatched);
        }
        outlet.subscriptions().push(Subscription { topic, since });
        state.subscribe(topic, outlet, since);
        Ok(since)
    }

    /// Ends a subscription. The socket's own topic stays.
    pub(crate) fn unwatch(&self, outlet: &Outlet, is_meant: impl Fn(Audience) -> bool) {
        let own = Audience::User(outlet.user);
        self.unsubscribe(outlet, |topic| topic != own && is_meant(topic));
    }

    fn unsubscribe(&self, outlet: &Outlet, is_meant: impl Fn(Audience) -> bool) {
        let topics = outlet.subscriptions().iter().map(|subscription| subscription.topic).collect::<Vec<_>>();
        for topic in topics.into_iter().filter(|topic| is_meant(*topic)) {
            // Both lists change under the partition's lock.
            let mut state = self.partition(topic.partition());
            outlet.subscriptions().retain(|subscription| subscription.topic != topic);
            state.unsubscribe(topic, outlet);
        }
    }

    /// Returns the sessions that have sockets on this gateway, each once.
    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        self.registry.sessions()
    }

    /// Returns the number of open sockets.
    pub(crate) fn open(&self) -> usize {
        self.registry.open()
    }

    /// Closes the sockets of ended sessions.
    pub(crate) fn end_sessions(&self, ended: &[SessionId]) {
        self.registry.end_sessions(ended);
    }

    /// Removes events recorded before an instant, and sessions that ended long ago.
    pub(crate) fn forget(&self, before: Timestamp, now: Timestamp) {
        for partition in Partition::all() {
            self.partition(partition).ring.forget(before);
        }
        self.registry.forget(now);
    }
}

#[cfg(test)]
mod tests;
