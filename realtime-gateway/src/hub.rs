//! Who is connected here, and what they get. Synchronous: no I/O, so that its rules can be tried by the thousand.
//!
//! Everything about one person is in one partition: their events, their sockets, the sessions of theirs that ended. One
//! lock a partition, and one writer, the tail: a socket that joins sees either an event itself or its position.

mod queue;
mod ring;

use std::array;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use domain::events::{Audience, LoggedEvent, PARTITIONS, Partition};
use domain::ids::{ConnectionId, SessionId, UserId};
use stream::Positions;
use tokio_tungstenite::tungstenite::Utf8Bytes;

pub(crate) use self::queue::{SendQueue, Taken};
use self::ring::Ring;
use crate::Limits;
use crate::protocol::{Close, ServerFrame, with_position};

/// The kind of the event that ends a session.
const SESSION_REVOKED: &str = "session.revoked";
/// How long an ended session is remembered, for sockets that were let in just before.
const ENDED_FOR: Duration = Duration::from_mins(10);

/// One open socket, as the hub knows it.
pub(crate) struct Outlet {
    pub(crate) id: ConnectionId,
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) queue: SendQueue,
}

/// A socket that wants to join.
pub(crate) struct Joining {
    pub(crate) id: ConnectionId,
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    /// The earlier socket whose place it takes.
    pub(crate) supersedes: Option<ConnectionId>,
    /// The last position the client knows in its person's partition, where it resumes.
    pub(crate) after: Option<i64>,
}

/// A socket that joined.
pub(crate) struct Joined {
    pub(crate) outlet: Arc<Outlet>,
    /// The last position before it joined: everything after that, and after what the client has, will be in its queue.
    pub(crate) last: i64,
    pub(crate) missed: Missed,
}

/// What a socket missed before it joined.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// These frames, maybe none.
    Frames(Vec<Utf8Bytes>),
    /// What the log has for its person after the first position, up to the second.
    InLog(i64, i64),
    /// More than is sent again.
    TooMuch,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    /// It was passed on.
    New,
    /// It had been before.
    Known,
    /// Events before it are missing.
    Hole,
}

/// A socket and the position after which it gets events.
struct Seat {
    outlet: Arc<Outlet>,
    after: i64,
}

struct Part {
    ring: Ring,
    seats: HashMap<UserId, Vec<Seat>>,
    ended: HashMap<SessionId, Timestamp>,
}

/// All sockets of this gateway and the latest events, by partition.
pub(crate) struct Hub {
    /// By the partition's number.
    parts: [Mutex<Part>; 32],
    /// The kinds of events for unknown audiences that were told of in the log of this process.
    unknown_kinds: Mutex<HashSet<String>>,
    limits: Limits,
}

impl Hub {
    pub(crate) fn new(limits: Limits) -> Self {
        let part = |_| {
            let ring = Ring::new(limits.ring_events, limits.ring_bytes / usize::from(PARTITIONS));
            Mutex::new(Part { ring, seats: HashMap::new(), ended: HashMap::new() })
        };
        Self { parts: array::from_fn(part), unknown_kinds: Mutex::default(), limits }
    }

    fn part(&self, partition: Partition) -> MutexGuard<'_, Part> {
        // A partition's number is smaller than how many there are.
        let part = self.parts.get(partition.index()).unwrap_or(&self.parts[0]);
        part.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how far each partition's events were passed on.
    pub(crate) fn positions(&self) -> Positions {
        let mut positions = Positions::default();
        for partition in Partition::all() {
            positions.set(partition, self.part(partition).ring.last());
        }
        positions
    }

    /// Passes an event on, if it is the next one.
    pub(crate) fn apply(&self, event: &LoggedEvent) -> Applied {
        let audience = event.audience.known();
        let frame = match audience {
            Some(Audience::User(_)) => recorded_frame(event),
            Some(Audience::Session(..)) if event.kind != SESSION_REVOKED => recorded_frame(event),
            // Nobody watches what another person publishes yet.
            Some(_) => None,
            None => {
                self.warn_of_unknown(&event.kind);
                None
            }
        };
        let mut part = self.part(event.partition);
        let last = part.ring.last();
        if event.position <= last {
            return Applied::Known;
        }
        if event.position > last.saturating_add(1) {
            return Applied::Hole;
        }
        if let Some(Audience::Session(user, session)) = audience
            && event.kind == SESSION_REVOKED
        {
            part.ended.insert(session, event.recorded_at);
            part.close(user, Close::Revoked, |outlet| outlet.session == session);
        }
        if let (Some(audience), Some(frame)) = (audience, &frame) {
            part.deliver(audience, event.position, frame);
        }
        part.ring.push(audience, frame, event.recorded_at);
        Applied::New
    }

    /// Nobody here gets an event whose audience only a newer version knows; its kind is told of once.
    fn warn_of_unknown(&self, kind: &str) {
        let mut kinds = self.unknown_kinds.lock().unwrap_or_else(PoisonError::into_inner);
        if kinds.insert(kind.to_owned()) {
            tracing::warn!(kind, "events for an audience unknown to this version are passed over");
        }
    }

    /// Goes on at a position without the events before it: everybody is told that they may have missed something.
    pub(crate) fn jump(&self, partition: Partition, to: i64) {
        let gap = ServerFrame::Gap { all: true }.text();
        let mut part = self.part(partition);
        part.ring.restart(to);
        for seat in part.seats.values_mut().flatten() {
            seat.after = to;
            seat.outlet.queue.push(gap.clone());
        }
    }

    /// Sets where a partition begins.
    pub(crate) fn start(&self, positions: &Positions) {
        for (partition, position) in positions.iter() {
            self.part(partition).ring.restart(position);
        }
    }

    /// Lets a socket in. From here on its queue gets everything new.
    pub(crate) fn join(&self, joining: &Joining) -> Result<Joined, Close> {
        let mut part = self.part(Audience::User(joining.user).partition());
        if part.ended.contains_key(&joining.session) {
            return Err(Close::TicketInvalid);
        }
        if let Some(earlier) = joining.supersedes {
            part.close(joining.user, Close::Superseded, |outlet| outlet.id == earlier);
        }
        let last = part.ring.last();
        // Another gateway may have been ahead of this one: what the client has is not sent again.
        let has = joining.after.unwrap_or(last);
        let missed = part.ring.missed(joining.user, has, self.limits.replay);
        let outlet = Arc::new(Outlet {
            id: joining.id,
            user: joining.user,
            session: joining.session,
            queue: SendQueue::new(self.limits.queue_frames, self.limits.queue_bytes),
        });
        let seats = part.seats.entry(joining.user).or_default();
        seats.push(Seat { outlet: Arc::clone(&outlet), after: has.max(last) });
        while seats.len() > self.limits.connections_per_user.max(1) {
            seats.remove(0).outlet.queue.close(Close::TooManyConnections);
        }
        Ok(Joined { outlet, last, missed })
    }

    /// Forgets a socket.
    pub(crate) fn leave(&self, outlet: &Outlet) {
        self.part(Audience::User(outlet.user).partition())
            .remove(outlet.user, |seated| seated.id == outlet.id);
    }

    /// Returns the sessions that have sockets here.
    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        let mut sessions = Vec::new();
        for partition in Partition::all() {
            let part = self.part(partition);
            sessions.extend(part.seats.values().flatten().map(|seat| seat.outlet.session));
        }
        sessions.sort_unstable();
        sessions.dedup();
        sessions
    }

    /// Returns how many sockets there are.
    pub(crate) fn count(&self) -> usize {
        Partition::all()
            .map(|partition| self.part(partition).seats.values().map(Vec::len).sum::<usize>())
            .sum()
    }

    /// Closes the sockets of sessions that ended.
    pub(crate) fn end_sessions(&self, ended: &[SessionId]) {
        for partition in Partition::all() {
            let mut part = self.part(partition);
            let users: Vec<UserId> = part.seats.keys().copied().collect();
            for user in users {
                part.close(user, Close::Revoked, |outlet| ended.contains(&outlet.session));
            }
        }
    }

    /// Forgets events recorded before an instant, and sessions that ended long ago.
    pub(crate) fn forget(&self, before: Timestamp, now: Timestamp) {
        for partition in Partition::all() {
            let mut part = self.part(partition);
            part.ring.forget(before);
            part.ended.retain(|_, ended_at| now.since(*ended_at) < ENDED_FOR);
        }
    }
}

impl Part {
    fn deliver(&self, audience: Audience, position: i64, frame: &Utf8Bytes) {
        let (Audience::User(user) | Audience::Session(user, _)) = audience else { return };
        for seat in self.seats.get(&user).into_iter().flatten() {
            let is_for = match audience {
                Audience::User(_) => true,
                Audience::Session(_, session) => seat.outlet.session == session,
                _ => false,
            };
            if is_for && position > seat.after {
                seat.outlet.queue.push(frame.clone());
            }
        }
    }

    fn close(&mut self, user: UserId, close: Close, is_meant: impl Fn(&Outlet) -> bool) {
        for outlet in self.remove(user, is_meant) {
            outlet.queue.close(close);
        }
    }

    fn remove(&mut self, user: UserId, is_meant: impl Fn(&Outlet) -> bool) -> Vec<Arc<Outlet>> {
        let Some(seats) = self.seats.get_mut(&user) else { return Vec::new() };
        let removed = seats.extract_if(.., |seat| is_meant(&seat.outlet)).map(|seat| seat.outlet).collect();
        if seats.is_empty() {
            self.seats.remove(&user);
        }
        removed
    }
}

fn recorded_frame(event: &LoggedEvent) -> Option<Utf8Bytes> {
    let frame = with_position(event);
    if frame.is_none() {
        tracing::error!(
            partition = event.partition.number(),
            position = event.position,
            "the log has a frame that is no JSON object"
        );
    }
    frame
}

#[cfg(test)]
mod tests;
