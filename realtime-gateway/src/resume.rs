//! Letting a socket in so that it loses nothing and gets nothing twice.
//!
//! The hub lets it in under the lock of its person's partition: what comes after goes to its queue, what came before is
//! in memory or in the log. The socket's task sends the one and then the other.

use std::sync::Arc;

use domain::Timestamp;
use domain::events::{Audience, LoggedEvent, Partition};
use domain::ids::{ConnectionId, UserId};
use store::{StoreError, outbox};
use stream::Positions;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use uuid::Uuid;

use crate::Gateway;
use crate::credentials::Holder;
use crate::hub::{Joined, Joining, Missed, Outlet};
use crate::protocol::{Close, ResumePoint, with_position};

/// A socket's place in the hub, left when it is dropped.
pub(crate) struct Seat {
    gateway: Arc<Gateway>,
    pub(crate) outlet: Arc<Outlet>,
    /// What the client has of its person's partition.
    from: i64,
    /// When the socket needs a new ticket.
    pub(crate) grant_ends: Timestamp,
}

impl Seat {
    /// Returns how far everything was queued for this socket.
    pub(crate) fn positions(&self) -> Positions {
        let mut positions = self.gateway.hub.positions();
        positions.advance(Audience::User(self.outlet.user).partition(), self.from);
        positions
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.gateway.hub.leave(&self.outlet);
    }
}

/// How a socket begins.
pub(crate) struct Start {
    pub(crate) epoch: Uuid,
    pub(crate) seat: Seat,
    /// Everything after these will be sent.
    pub(crate) positions: Positions,
    pub(crate) resumed: bool,
    pub(crate) gap: bool,
    pub(crate) missed: Vec<Utf8Bytes>,
}

/// Lets a socket in.
pub(crate) async fn start(
    gateway: &Arc<Gateway>,
    id: ConnectionId,
    epoch: Uuid,
    holder: Holder,
    resume: Option<&ResumePoint>,
) -> Result<Start, Close> {
    let partition = Audience::User(holder.user).partition();
    let after = match resume {
        Some(point) if is_of_this_log(gateway, epoch, point).await? => Some(point.positions.get(partition)),
        _ => None,
    };
    // Before joining: what is passed on in between is queued too, and then the client knows less than it has.
    let mut positions = gateway.hub.positions();
    let joining =
        Joining { id, user: holder.user, session: holder.session, supersedes: holder.earlier, after };
    let Joined { outlet, last, missed } = gateway.hub.join(&joining)?;
    let mut seat = Seat { gateway: Arc::clone(gateway), outlet, from: last, grant_ends: holder.grant_ends };
    let missed = match missed {
        Missed::Frames(frames) => Some(frames),
        Missed::InLog(after, up_to) => read_missed(gateway, holder.user, (after, up_to)).await?,
        Missed::TooMuch => None,
    };
    let resumed = after.is_some() && missed.is_some();
    if let Some(after) = after.filter(|_| resumed) {
        seat.from = after;
    }
    positions.set(partition, seat.from);
    Ok(Start {
        epoch,
        positions,
        resumed,
        gap: resume.is_some() && !resumed,
        missed: missed.unwrap_or_default(),
        seat,
    })
}

/// Tells whether the client's positions can be compared with ours.
async fn is_of_this_log(gateway: &Gateway, epoch: Uuid, point: &ResumePoint) -> Result<bool, Close> {
    if point.epoch != epoch.to_string() {
        return Ok(false);
    }
    let is_within =
        |ours: Positions| point.positions.iter().all(|(part, position)| position <= ours.get(part));
    if is_within(gateway.hub.positions()) {
        return Ok(true);
    }
    // Another gateway may be ahead of this one; nobody is ahead of the log.
    match outbox::heads(gateway.app.store.reader()).await {
        Ok(heads) => Ok(is_within(heads.into())),
        Err(error) => Err(unreadable(&error)),
    }
}

/// Reads what a person missed, if the log still has all of it and it is not too much. A position costs the client
/// nothing to make up: what is too old for a replay is not looked for.
async fn read_missed(
    gateway: &Gateway,
    user: UserId,
    (after, up_to): (i64, i64),
) -> Result<Option<Vec<Utf8Bytes>>, Close> {
    let most = gateway.settings.limits.replay;
    if up_to.saturating_sub(after) > gateway.settings.limits.replay_span {
        return Ok(None);
    }
    let audience = Audience::User(user);
    let partition = audience.partition();
    let reader = gateway.app.store.reader();
    if !covers(gateway, partition, after).await? {
        return Ok(None);
    }
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let events = outbox::read_for(reader, partition, (after, up_to), &[audience], limit)
        .await
        .map_err(|error| unreadable(&error))?;
    // Once more after reading: what is still there now was there then.
    let is_complete = covers(gateway, partition, after).await?;
    let frames: Vec<Utf8Bytes> = events.iter().filter_map(frame).collect();
    Ok((is_complete && events.len() <= most).then_some(frames))
}

fn frame(event: &LoggedEvent) -> Option<Utf8Bytes> {
    with_position(event)
}

async fn covers(gateway: &Gateway, partition: Partition, after: i64) -> Result<bool, Close> {
    let oldest = outbox::oldest(gateway.app.store.reader(), partition).await;
    let oldest = oldest.map_err(|error| unreadable(&error))?;
    Ok(oldest.is_some_and(|oldest| oldest <= after.saturating_add(1)))
}

fn unreadable(error: &StoreError) -> Close {
    tracing::warn!(%error, "what a client missed cannot be read");
    Close::TryLater
}
