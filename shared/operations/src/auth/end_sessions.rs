use domain::events::{Event, payload};
use domain::ids::UserId;
use store::UnitOfWork;
use store::sessions::{self, Ending};

use crate::OperationError;

/// Ends live sessions of a person in the unit, which holds the lock of the person: their tokens stop working and their
/// sockets are closed (rule ID8).
pub(super) async fn end_sessions(
    unit: &mut UnitOfWork,
    user_id: UserId,
    ending: Ending,
) -> Result<(), OperationError> {
    for session_id in sessions::revoke_live(unit, user_id, ending).await? {
        unit.record(Event::SessionRevoked(payload::SessionRevoked { user_id, session_id }));
    }
    Ok(())
}
