//! Mails stored for the local mail page, used when no mail server is configured.

use domain::Timestamp;
use domain::ids::CapturedMailId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::entities::captured_mails;
use crate::{StoreError, UnitOfWork};

/// A mail that was stored instead of sent.
#[derive(Clone, PartialEq, Eq)]
pub struct CapturedMail {
    /// Address of the recipient.
    pub to: String,
    /// Subject line.
    pub subject: String,
    /// Body, plain text.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
}

/// Stores a mail.
pub async fn insert(unit: &UnitOfWork, id: CapturedMailId, mail: &CapturedMail) -> Result<(), StoreError> {
    let row = captured_mails::ActiveModel {
        id: Set(id),
        recipient: Set(mail.to.clone()),
        subject: Set(mail.subject.clone()),
        body: Set(mail.text.clone()),
        sent_at: Set(mail.at),
    };
    captured_mails::Entity::insert(row).exec_without_returning(unit.connection().await?).await?;
    Ok(())
}

/// Returns the latest mails, the latest first.
pub async fn latest(connection: &impl ConnectionTrait, limit: u64) -> Result<Vec<CapturedMail>, StoreError> {
    let rows = captured_mails::Entity::find()
        .order_by_desc(captured_mails::Column::Id)
        .limit(limit)
        .all(connection)
        .await?;
    let mail = |row: captured_mails::Model| CapturedMail {
        to: row.recipient,
        subject: row.subject,
        text: row.body,
        at: row.sent_at,
    };
    Ok(rows.into_iter().map(mail).collect())
}

/// Deletes mails written before an instant. Returns their number.
pub async fn prune(unit: &UnitOfWork, before: Timestamp) -> Result<u64, StoreError> {
    let pruned = captured_mails::Entity::delete_many()
        .filter(captured_mails::Column::SentAt.lt(before))
        .exec(unit.connection().await?)
        .await?;
    Ok(pruned.rows_affected)
}
