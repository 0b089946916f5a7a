use domain::events::{Event, Numbered, payload};
use domain::ids::UserId;
use domain::notifications::Occasion;
use store::{UnitOfWork, notifications};

use crate::OperationError;

/// Takes `actor` out of what `person` was told; an entry that named nobody else disappears (decision D19).
pub(crate) async fn take_back(
    unit: &mut UnitOfWork,
    person: UserId,
    occasion: Occasion,
    actor: UserId,
) -> Result<(), OperationError> {
    if person == actor {
        return Ok(());
    }
    let turn = notifications::next_seq(unit, person).await?;
    let telling = notifications::find_telling(unit, person, occasion, actor).await?;
    let Some(telling) = telling.filter(|telling| !telling.is_retracted) else {
        return Ok(notifications::give_back_seq(unit, person).await?);
    };
    notifications::retract_actor(unit, telling.notification, actor).await?;
    let unread = notifications::unread(unit.connection(), person).await?;
    let payload = payload::NotificationCounts { unread };
    let event = Numbered { recipient: person, number: turn.number, at: turn.at, payload };
    unit.record(Event::NotificationCounts(event));
    Ok(())
}
