//! Adds a socket so that it misses no event and gets none twice.
//!
//! The hub subscribes the socket under the lock of each partition: every later event goes to its queue. Events that the
//! client missed before make the partition lag; the socket's task replays them.

use std::sync::Arc;

use domain::Timestamp;
use domain::events::{Audience, Partition};
use domain::ids::{ConnectionId, UserId};
use operations::realtime::{WatchTarget, find_watchable};
use store::outbox;
use stream::Positions;
use uuid::Uuid;

use crate::Gateway;
use crate::credentials::Holder;
use crate::hub::{Joining, Outlet, Subscription, partitions_of};
use crate::protocol::{Close, PositionMap, ResumePoint};

/// A socket's place in the hub. Dropping it removes the socket.
pub(crate) struct Seat {
    gateway: Arc<Gateway>,
    pub(crate) outlet: Arc<Outlet>,
    /// End of the grant.
    pub(crate) grant_ends: Timestamp,
}

impl Seat {
    /// Returns, for every partition that concerns the socket, the position up to which all frames are sent or queued.
    pub(crate) fn positions(&self) -> PositionMap {
        let complete = |partition| (partition, self.gateway.hub.complete_up_to(&self.outlet, partition));
        self.outlet.partitions().into_iter().map(complete).collect()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.gateway.hub.leave(&self.outlet);
    }
}

/// The start of a socket.
pub(crate) struct Start {
    pub(crate) epoch: Uuid,
    pub(crate) seat: Seat,
    /// Every event after these positions will be sent.
    pub(crate) positions: PositionMap,
    pub(crate) resumed: bool,
    /// Targets of the hello that are not watched.
    pub(crate) unwatched: Vec<WatchTarget>,
}

/// Adds a socket.
pub(crate) async fn start(
    gateway: &Arc<Gateway>,
    id: ConnectionId,
    holder: Holder,
    resume: Option<&ResumePoint>,
    watch: &[WatchTarget],
) -> Result<Start, Close> {
    let restarts = gateway.hub.restarts().ok_or(Close::TryLater)?;
    let epoch = gateway.epoch().map_err(|_not_open| Close::TryLater)?;
    // Read before any lookup: an event in between is sent, and the client may get it twice at most.
    let now_at = gateway.hub.positions();
    let audiences = find_watchable(&gateway.app, watch).await.map_err(|error| {
        tracing::warn!(%error, "posts and people to watch cannot be looked up");
        Close::TryLater
    })?;
    let unwatched = watch.iter().zip(&audiences).filter(|(_, audience)| audience.is_none());
    let unwatched = unwatched.map(|(target, _)| *target).collect();
    let mut topics = vec![Audience::User(holder.user)];
    for topic in audiences.into_iter().flatten() {
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    let partitions = partitions_of(topics.iter().copied());
    let resumed = match resume {
        Some(point) => may_resume(gateway, (holder.user, epoch), point, &partitions, &now_at).await?,
        None => false,
    };
    let from = |partition: Partition| match resume.filter(|_| resumed) {
        Some(point) => point.positions.get(partition).unwrap_or_else(|| now_at.get(partition)),
        None => now_at.get(partition),
    };
    let subscription = |topic: Audience| Subscription { topic, since: from(topic.partition()) };
    let joining = Joining {
        id,
        user: holder.user,
        session: holder.session,
        supersedes: holder.earlier,
        subscriptions: topics.into_iter().map(subscription).collect(),
    };
    let outlet = gateway.hub.join(joining, gateway.app.clock.now())?;
    let seat = Seat { gateway: Arc::clone(gateway), outlet, grant_ends: holder.grant_ends };
    if gateway.hub.restarts() != Some(restarts) {
        // The log was restarted meanwhile: positions that were read before are of no use.
        return Err(Close::TryLater);
    }
    if resume.is_some() && !resumed {
        seat.outlet.queue.owe_gap();
    }
    let positions = partitions.into_iter().map(|partition| (partition, from(partition))).collect();
    Ok(Start { epoch, seat, positions, resumed, unwatched })
}

/// Returns whether all events after the client's positions can be sent: the positions belong to this epoch, are not
/// ahead of the event log, and are not too old.
async fn may_resume(
    gateway: &Gateway,
    (user, epoch): (UserId, Uuid),
    point: &ResumePoint,
    partitions: &[Partition],
    now_at: &Positions,
) -> Result<bool, Close> {
    if point.epoch != epoch.to_string() {
        return Ok(false);
    }
    // Without the position of the person's own events it is unknown which of them were missed.
    let own = Audience::User(user).partition();
    if point.positions.get(own).is_none() {
        return Ok(false);
    }
    let given =
        partitions.iter().filter_map(|partition| Some((*partition, point.positions.get(*partition)?)));
    let given: Vec<_> = given.collect();
    if given.iter().any(|(partition, position)| *position > now_at.get(*partition)) {
        // Another gateway may be ahead of this one. No gateway is ahead of the log.
        let heads = outbox::heads(gateway.app.store.reader()).await.map_err(|error| unreadable(&error))?;
        let heads = Positions::from(heads);
        if given.iter().any(|(partition, position)| *position > heads.get(*partition)) {
            return Ok(false);
        }
    }
    if given.iter().all(|(partition, position)| gateway.hub.ring_covers(*partition, *position)) {
        return Ok(true);
    }
    let _place = gateway.replays.acquire().await;
    for (partition, position) in given {
        if !is_kept(gateway, partition, position).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns whether all events of a partition after a position can be replayed, from the ring or from the outbox. The
/// number of positions read from the outbox is bounded, because a client can name any position at no cost.
pub(crate) async fn is_kept(gateway: &Gateway, partition: Partition, after: i64) -> Result<bool, Close> {
    if gateway.hub.ring_covers(partition, after) {
        return Ok(true);
    }
    if gateway.hub.last(partition).saturating_sub(after) > gateway.settings.limits.replay_span {
        return Ok(false);
    }
    let oldest = outbox::oldest(gateway.app.store.reader(), partition).await;
    let oldest = oldest.map_err(|error| unreadable(&error))?;
    Ok(oldest.is_some_and(|oldest| oldest <= after.saturating_add(1)))
}

pub(crate) fn unreadable(error: &store::StoreError) -> Close {
    tracing::warn!(%error, "missed events cannot be read");
    Close::TryLater
}
