use std::time::Duration;

use domain::events::{Event, Numbered, payload};
use domain::ids::{NotificationId, UserId};
use domain::notifications::Occasion;
use store::{StoreError, UnitOfWork, notifications};

use crate::{App, OperationError};

/// For how long a like or a follow done again after it was taken back tells nobody anew (rule PF4).
const SILENCE: Duration = Duration::from_hours(24);

/// Tells `person` in the same commit what `actor` did: an entry of its own, or one more in an unread one. Never
/// tells people of their own doings (rule NO1).
pub(crate) async fn tell(
    app: &App,
    unit: &mut UnitOfWork,
    person: UserId,
    occasion: Occasion,
    actor: UserId,
) -> Result<(), OperationError> {
    if person == actor {
        return Ok(());
    }
    // From here on, whoever else tells this person something waits.
    let turn = notifications::next_seq(unit, person).await?;
    let silent_since = unit.now().minus(SILENCE);
    match notifications::find_telling(unit, person, occasion, actor).await? {
        Some(telling) if telling.told_at > silent_since => {
            if !telling.is_retracted {
                return Ok(notifications::give_back_seq(unit, person).await?);
            }
            notifications::restore_actor(unit, telling.notification, actor).await?;
            let unread = notifications::unread(unit.connection(), person).await?;
            let payload = payload::NotificationCounts { unread };
            let event = Numbered { recipient: person, number: turn.number, at: turn.at, payload };
            unit.record(Event::NotificationCounts(event));
            return Ok(());
        }
        _ => {}
    }
    let entry = match notifications::find_unread_group(unit, person, &occasion.group_key()).await? {
        Some(entry) => entry,
        None => {
            notifications::insert(unit, NotificationId::new(&*app.ids), person, occasion, turn.at).await?
        }
    };
    let grown = notifications::add_actor(unit, entry.id(), actor, turn.at).await?;
    let entry = grown.ok_or_else(|| StoreError::Corrupt {
        table: "notifications",
        what: format!("{} vanished", entry.id()),
    })?;
    let notification = notifications::view(unit.connection(), entry).await?;
    let unread = notifications::unread(unit.connection(), person).await?;
    let payload = payload::Notification { notification, unread };
    let event = Numbered { recipient: person, number: turn.number, at: turn.at, payload };
    unit.record(Event::Notification(event));
    Ok(())
}
