use domain::Timestamp;
use domain::ids::UserId;
use domain::notifications::Occasion;
use store::{UnitOfWork, notifications};

use super::notify::record_counts;
use crate::OperationError;

/// Removes `actor` from the notification of an action that `actor` withdrew. A notification without other actors is no
/// longer shown (decision D19).
pub(crate) async fn withdraw(
    unit: &mut UnitOfWork,
    recipient: UserId,
    occasion: Occasion,
    actor: UserId,
) -> Result<(), OperationError> {
    if recipient == actor {
        return Ok(());
    }
    let (head, state) = notifications::advance_for(unit, recipient, occasion, actor, Timestamp(0)).await?;
    let Some(earlier) = state.earlier.filter(|earlier| !earlier.is_retracted) else {
        notifications::give_back(unit, recipient);
        return Ok(());
    };
    let change = notifications::retract_actor(unit, recipient, &earlier, actor);
    record_counts(unit, recipient, head, change);
    Ok(())
}
