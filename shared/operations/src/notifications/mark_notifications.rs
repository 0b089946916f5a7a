use domain::events::{Event, Numbered, payload};
use domain::notifications::UnreadCounts;
use store::notifications::{self, Mark, Marked};

use crate::{App, Caller, OperationError};

/// Marks entries of the caller as seen or read; entries of others are left alone whatever is asked. Other devices
/// of the caller are told the new counts.
#[tracing::instrument(name = "op.mark_notifications", skip_all)]
pub async fn mark_notifications(
    app: &App,
    caller: &Caller,
    marked: &Marked,
    mark: Mark,
) -> Result<UnreadCounts, OperationError> {
    let person = caller.user_id;
    let mut unit = app.store.begin(app.clock.now()).await?;
    let turn = notifications::next_seq(&unit, person).await?;
    let before = notifications::unread(unit.connection(), person).await?;
    notifications::mark(&unit, person, marked, mark).await?;
    let unread = notifications::unread(unit.connection(), person).await?;
    if unread == before {
        // Nothing was left to mark: the number goes to whoever tells this person something next.
        unit.rollback().await?;
        return Ok(unread);
    }
    let payload = payload::NotificationCounts { unread };
    let event = Numbered { recipient: person, number: turn.number, at: turn.at, payload };
    unit.record(Event::NotificationCounts(event));
    unit.commit().await?;
    Ok(unread)
}
