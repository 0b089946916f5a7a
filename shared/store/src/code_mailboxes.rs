//! Counters of the mails with codes to one mailbox.

use domain::Timestamp;
use domain::auth::{CODE_COOLDOWN, CODE_MAILS, CODE_MAILS_WINDOW, CodeMailbox};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::backend::statement;
use crate::entities::code_mailboxes;
use crate::{StoreError, UnitOfWork};

/// The conditions are those of [`CodeMailbox::refusal`]. `$2` is now, `$3` the latest start of a window that is over,
/// `$4` the latest previous request.
const COUNT: &str = "
    INSERT INTO code_mailboxes (mailbox, window_started_at, mails, requested_at) VALUES ($1, $2, 1, $2)
    ON CONFLICT (mailbox) DO UPDATE SET
        mails = CASE WHEN code_mailboxes.window_started_at <= $3 THEN 1 ELSE code_mailboxes.mails + 1 END,
        window_started_at =
            CASE WHEN code_mailboxes.window_started_at <= $3 THEN $2 ELSE code_mailboxes.window_started_at END,
        requested_at = $2
    WHERE code_mailboxes.requested_at <= $4
          AND (code_mailboxes.window_started_at <= $3 OR code_mailboxes.mails < $5)";

/// Counts a mail to a mailbox, if one is allowed. Returns whether it is. Of concurrent calls no more are counted than
/// allowed.
pub async fn count_mail(unit: &UnitOfWork, mailbox: &str) -> Result<bool, StoreError> {
    let connection = unit.connection().await?;
    let now = unit.now();
    let values = [
        mailbox.into(),
        now.0.into(),
        now.minus(CODE_MAILS_WINDOW).0.into(),
        now.minus(CODE_COOLDOWN).0.into(),
        i32::try_from(CODE_MAILS).unwrap_or(i32::MAX).into(),
    ];
    let counted = connection.execute_raw(statement(connection, COUNT, values)).await?;
    Ok(counted.rows_affected() == 1)
}

/// Finds the counter of a mailbox.
pub async fn find(
    connection: &impl ConnectionTrait,
    mailbox: &str,
) -> Result<Option<CodeMailbox>, StoreError> {
    let row = code_mailboxes::Entity::find_by_id(mailbox.to_owned()).one(connection).await?;
    Ok(row.map(|row| CodeMailbox {
        window_started_at: row.window_started_at,
        mails: u32::try_from(row.mails).unwrap_or(0),
        requested_at: row.requested_at,
    }))
}

/// Deletes the counters of mailboxes for which nobody has requested a code since an instant. Returns their number.
pub async fn prune(unit: &UnitOfWork, before: Timestamp) -> Result<u64, StoreError> {
    let pruned = code_mailboxes::Entity::delete_many()
        .filter(code_mailboxes::Column::RequestedAt.lt(before))
        .exec(unit.connection().await?)
        .await?;
    Ok(pruned.rows_affected)
}
