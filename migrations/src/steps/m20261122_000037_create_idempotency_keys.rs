use super::prelude::*;

/// Creates the table of the answers to requests with an idempotency key.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let keys = Table::create()
            .table("idempotency_keys")
            .col(uuid("user_id"))
            .col(text("operation"))
            .col(text("key"))
            .col(text("fingerprint"))
            .col(integer("status"))
            .col(text("headers"))
            .col(text("body"))
            .col(big_integer("created_at"))
            .primary_key(Index::create().col("user_id").col("operation").col("key"))
            .foreign_key(&mut belongs_to("idempotency_keys", "user_id", "users"))
            .to_owned();
        let by_age = index("idempotency_keys_created_at", "idempotency_keys", &["created_at"]);
        create(manager, vec![keys], vec![by_age]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["idempotency_keys"]).await
    }
}
