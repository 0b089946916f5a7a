use std::time::Duration;

use domain::Timestamp;
use domain::events::{Event, Numbered, payload};
use domain::ids::{NotificationId, UserId};
use domain::notifications::{NotificationView, Occasion, UnreadCounts};
use domain::users::UserSummary;
use store::UnitOfWork;
use store::notifications::{self, Group, Head, State};

use crate::{App, OperationError};

/// Repeating a withdrawn like or follow within this period sends no new notification (rule PF4).
const SILENCE: Duration = Duration::from_hours(24);

/// Notifies `recipient` of an action of `actor`, in the same commit: creates a notification, or adds the actor to an
/// unread one. Does nothing if the recipient is the actor (rule NO1).
pub(crate) async fn notify(
    app: &App,
    unit: &mut UnitOfWork,
    recipient: UserId,
    occasion: Occasion,
    actor: UserSummary,
) -> Result<(), OperationError> {
    if recipient == actor.id {
        return Ok(());
    }
    let silent_since = unit.now().minus(SILENCE);
    let (head, State { group, earlier }) =
        notifications::advance_for(unit, recipient, occasion, actor.id, silent_since).await?;
    if let Some(earlier) = earlier.filter(|earlier| earlier.added_at > silent_since) {
        if !earlier.is_retracted {
            notifications::give_back(unit, recipient);
            return Ok(());
        }
        let change = notifications::restore_actor(unit, recipient, &earlier, actor.id);
        record_counts(unit, recipient, head, change);
        return Ok(());
    }
    let (notification, change) = if let Some(group) = group {
        let change = notifications::add_actor(unit, recipient, &group, actor.id, head.at);
        (grown(occasion, group, actor, head.at), change)
    } else {
        let id = NotificationId::new(&*app.ids);
        let change = notifications::create(unit, id, recipient, occasion, actor.id, head.at);
        (view(id, occasion, vec![actor], 1, (head.at, head.at)), change)
    };
    let payload = payload::Notification { notification, unread: sum(head.unread, change) };
    let event = Numbered { recipient, number: head.number, at: head.at, payload };
    unit.record(Event::Notification(event));
    Ok(())
}

/// Records the recipient's counters after a change, for their other devices.
pub(super) fn record_counts(unit: &mut UnitOfWork, recipient: UserId, head: Head, change: UnreadCounts) {
    let payload = payload::NotificationCounts { unread: sum(head.unread, change) };
    let event = Numbered { recipient, number: head.number, at: head.at, payload };
    unit.record(Event::NotificationCounts(event));
}

pub(super) fn sum(counts: UnreadCounts, change: UnreadCounts) -> UnreadCounts {
    UnreadCounts { unseen: counts.unseen + change.unseen, unread: counts.unread + change.unread }
}

fn grown(occasion: Occasion, group: Group, actor: UserSummary, at: Timestamp) -> NotificationView {
    let mut actors = vec![actor];
    actors.extend(group.others);
    view(group.id, occasion, actors, group.actor_count + 1, (group.created_at, at))
}

/// Returns a new or grown notification as the list shows it: unseen and unread.
fn view(
    id: NotificationId,
    occasion: Occasion,
    actors: Vec<UserSummary>,
    actor_count: i64,
    (created_at, updated_at): (Timestamp, Timestamp),
) -> NotificationView {
    NotificationView {
        id,
        kind: occasion.kind(),
        group_key: occasion.group_key(),
        actors,
        actor_count,
        target: occasion.target(),
        seen_at: None,
        read_at: None,
        created_at,
        updated_at,
    }
}
