use super::prelude::*;

/// Replaces the codes of addresses by codes of flows, and adds the table that counts the mails to a mailbox. Codes are
/// valid for ten minutes; those that exist are dropped.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["email_codes"]).await?;
        let codes = Table::create()
            .table("email_codes")
            .col(uuid("flow_id").primary_key())
            .col(text("email"))
            .col(text("purpose"))
            .col(text("code_hash"))
            .col(integer("attempts"))
            .col(big_integer("created_at"))
            .col(big_integer_null("used_at"))
            .to_owned();
        let mailboxes = Table::create()
            .table("code_mailboxes")
            .col(text("mailbox").primary_key())
            .col(big_integer("window_started_at"))
            .col(integer("mails"))
            .col(big_integer("requested_at"))
            .to_owned();
        let indexes = vec![
            index("email_codes_created_at", "email_codes", &["created_at"]),
            index("code_mailboxes_requested_at", "code_mailboxes", &["requested_at"]),
        ];
        create(manager, vec![codes, mailboxes], indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["code_mailboxes", "email_codes"]).await?;
        let codes = Table::create()
            .table("email_codes")
            .col(text("email"))
            .col(text("purpose"))
            .col(text("code_hash"))
            .col(integer("attempts"))
            .col(big_integer("created_at"))
            .col(big_integer_null("used_at"))
            .primary_key(Index::create().col("email").col("purpose"))
            .to_owned();
        let indexes = vec![index("email_codes_created_at", "email_codes", &["created_at"])];
        create(manager, vec![codes], indexes).await
    }
}
