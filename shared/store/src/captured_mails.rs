//! Mails kept for the local mail page, where no mail server is.

use domain::Timestamp;
use domain::ids::CapturedMailId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::entities::captured_mails;
use crate::{StoreError, UnitOfWork};

/// A mail that was not sent anywhere.
#[derive(Clone, PartialEq, Eq)]
pub struct CapturedMail {
    /// Whom it is for.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// When it would have been sent.
    pub at: Timestamp,
}

/// Keeps a mail.
pub async fn insert(unit: &UnitOfWork, id: CapturedMailId, mail: &CapturedMail) -> Result<(), StoreError> {
    let row = captured_mails::ActiveModel {
        id: Set(id),
        recipient: Set(mail.to.clone()),
        subject: Set(mail.subject.clone()),
        body: Set(mail.text.clone()),
        sent_at: Set(mail.at),
    };
    captured_mails::Entity::insert(row).exec_without_returning(unit.connection()).await?;
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

/// Forgets mails kept before an instant. Returns how many.
pub async fn prune(unit: &UnitOfWork, before: Timestamp) -> Result<u64, StoreError> {
    let pruned = captured_mails::Entity::delete_many()
        .filter(captured_mails::Column::SentAt.lt(before))
        .exec(unit.connection())
        .await?;
    Ok(pruned.rows_affected)
}
