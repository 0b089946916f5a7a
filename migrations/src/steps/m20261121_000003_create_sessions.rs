use super::prelude::*;

/// Creates the tables of e-mailed codes and sessions.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One row per address and purpose: a new code replaces the previous one.
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
        let sessions = Table::create()
            .table("sessions")
            .col(uuid("id").primary_key())
            .col(uuid("user_id"))
            .col(big_integer("generation"))
            .col(text("refresh_salt"))
            .col(big_integer("rotated_at"))
            .col(big_integer("created_at"))
            .col(big_integer_null("revoked_at"))
            .foreign_key(&mut belongs_to("sessions", "user_id", "users"))
            .to_owned();
        let indexes = vec![
            index("email_codes_created_at", "email_codes", &["created_at"]),
            index("sessions_user", "sessions", &["user_id", "id"]),
            index("sessions_rotated_at", "sessions", &["rotated_at"]),
        ];
        create(manager, vec![codes, sessions], indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["sessions", "email_codes"]).await
    }
}
