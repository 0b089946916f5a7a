use std::array;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use domain::events::{PERSON_PARTITIONS, Partition};
use domain::ids::{ConnectionId, SessionId, UserId};

use super::Outlet;
use crate::protocol::Close;

/// Period for which an ended session is remembered, for sockets that were added just before.
const ENDED_FOR: Duration = Duration::from_mins(10);
/// Period for which a superseded socket is remembered: the lifetime of a resume token.
const SUPERSEDED_FOR: Duration = Duration::from_mins(5);

/// Longest chain of superseded sockets that is followed.
const LONGEST_LINE: usize = 1_000;

/// The open sockets of every person, their sessions, and the ended sessions. Sharded by person. Its locks are leaf
/// locks: no other lock is taken while one is held.
pub(super) struct Registry {
    shards: [Mutex<Shard>; 16],
    open: AtomicUsize,
}

#[derive(Default)]
struct Shard {
    people: HashMap<UserId, Vec<Arc<Outlet>>>,
    ended: HashMap<SessionId, Timestamp>,
    /// Superseded sockets, each with the socket that superseded it.
    superseded: HashMap<ConnectionId, (ConnectionId, Timestamp)>,
}

impl Registry {
    pub(super) fn new() -> Self {
        Self { shards: array::from_fn(|_| Mutex::default()), open: AtomicUsize::new(0) }
    }

    fn shard(&self, person: UserId) -> MutexGuard<'_, Shard> {
        let index = Partition::of_person(person).index() % usize::from(PERSON_PARTITIONS);
        let [first, ..] = &self.shards;
        lock(self.shards.get(index).unwrap_or(first))
    }

    fn all(&self) -> impl Iterator<Item = MutexGuard<'_, Shard>> {
        self.shards.iter().map(lock)
    }

    /// Adds a socket, unless its session has ended. Closes the socket that it supersedes, directly or through a chain
    /// of superseded sockets, and the person's oldest socket if there are more than `limit`.
    pub(super) fn enter(
        &self,
        outlet: &Arc<Outlet>,
        supersedes: Option<ConnectionId>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(), Close> {
        let mut shard = self.shard(outlet.user);
        if shard.ended.contains_key(&outlet.session) {
            return Err(Close::TicketInvalid);
        }
        let mut closed = 0;
        if let Some(named) = supersedes {
            let newest = shard.newest_of_line(named);
            closed += shard.close(outlet.user, Close::Superseded, |other| other.id == newest);
            shard.superseded.insert(newest, (outlet.id, now));
        }
        let outlets = shard.people.entry(outlet.user).or_default();
        outlets.push(Arc::clone(outlet));
        while outlets.len() > limit.max(1) {
            outlets.remove(0).queue.close(Close::TooManyConnections);
            closed += 1;
        }
        drop(shard);
        self.open.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_sub(closed, Ordering::Relaxed);
        Ok(())
    }

    /// Removes a socket. Idempotent.
    pub(super) fn leave(&self, outlet: &Outlet) {
        let removed = self.shard(outlet.user).remove(outlet.user, |other| other.id == outlet.id).len();
        self.open.fetch_sub(removed, Ordering::Relaxed);
    }

    /// Closes the sockets of a session and refuses further sockets of it.
    pub(super) fn end_session(&self, person: UserId, session: SessionId, at: Timestamp) {
        let mut shard = self.shard(person);
        shard.ended.insert(session, at);
        let closed = shard.close(person, Close::Revoked, |outlet| outlet.session == session);
        drop(shard);
        self.open.fetch_sub(closed, Ordering::Relaxed);
    }

    /// Closes the sockets of ended sessions.
    pub(super) fn end_sessions(&self, ended: &[SessionId]) {
        for mut shard in self.all() {
            let people: Vec<UserId> = shard.people.keys().copied().collect();
            let close =
                |person| shard.close(person, Close::Revoked, |outlet| ended.contains(&outlet.session));
            let closed: usize = people.into_iter().map(close).sum();
            self.open.fetch_sub(closed, Ordering::Relaxed);
        }
    }

    /// Returns the sessions that have sockets on this gateway, each once.
    pub(super) fn sessions(&self) -> Vec<SessionId> {
        let mut sessions: Vec<_> = self
            .all()
            .flat_map(|shard| {
                shard.people.values().flatten().map(|outlet| outlet.session).collect::<Vec<_>>()
            })
            .collect();
        sessions.sort_unstable();
        sessions.dedup();
        sessions
    }

    /// Calls a function for every socket.
    pub(super) fn for_each(&self, mut call: impl FnMut(&Arc<Outlet>)) {
        for shard in self.all() {
            shard.people.values().flatten().for_each(&mut call);
        }
    }

    /// Returns the number of sockets.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Removes sessions that ended and sockets that were superseded long ago.
    pub(super) fn forget(&self, now: Timestamp) {
        for mut shard in self.all() {
            shard.ended.retain(|_, ended_at| now.since(*ended_at) < ENDED_FOR);
            shard.superseded.retain(|_, (_, at)| now.since(*at) < SUPERSEDED_FOR);
        }
    }

    #[cfg(test)]
    pub(super) fn is_open(&self, outlet: &Outlet) -> bool {
        let shard = self.shard(outlet.user);
        shard
            .people
            .get(&outlet.user)
            .is_some_and(|outlets| outlets.iter().any(|other| other.id == outlet.id))
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self, limit: usize) {
        let mut ids = std::collections::HashSet::new();
        for shard in self.all() {
            for (person, outlets) in &shard.people {
                assert!(!outlets.is_empty() && outlets.len() <= limit);
                for outlet in outlets {
                    assert_eq!(outlet.user, *person);
                    assert!(ids.insert(outlet.id), "a socket is registered twice");
                    outlet.queue.check_invariants();
                }
            }
        }
        assert_eq!(ids.len(), self.open());
    }
}

impl Shard {
    /// Returns the last socket of the chain that superseded a socket: a resume token that is used twice still leaves
    /// one socket.
    fn newest_of_line(&self, named: ConnectionId) -> ConnectionId {
        let mut line =
            std::iter::successors(Some(named), |id| self.superseded.get(id).map(|(next, _)| *next));
        // Ids are never reused, so that a chain has no cycle. The bound is for a client that resumes in a loop.
        line.by_ref().take(LONGEST_LINE).last().unwrap_or(named)
    }

    /// Removes sockets of a person and closes them. Returns their number.
    fn close(&mut self, person: UserId, close: Close, is_meant: impl Fn(&Outlet) -> bool) -> usize {
        let removed = self.remove(person, is_meant);
        for outlet in &removed {
            outlet.queue.close(close);
        }
        removed.len()
    }

    fn remove(&mut self, person: UserId, is_meant: impl Fn(&Outlet) -> bool) -> Vec<Arc<Outlet>> {
        let Some(outlets) = self.people.get_mut(&person) else { return Vec::new() };
        let removed = outlets.extract_if(.., |outlet| is_meant(outlet)).collect();
        if outlets.is_empty() {
            self.people.remove(&person);
        }
        removed
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
