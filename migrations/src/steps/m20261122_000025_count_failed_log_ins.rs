use super::prelude::*;

/// Creates the table that counts failed log-ins by account and source.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let failures = Table::create()
            .table("log_in_failures")
            .col(text("account"))
            .col(text("source"))
            .col(integer("failures"))
            .col(big_integer("last_at"))
            .primary_key(Index::create().col("account").col("source"))
            .to_owned();
        let indexes = vec![index("log_in_failures_last_at", "log_in_failures", &["last_at"])];
        create(manager, vec![failures], indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["log_in_failures"]).await
    }
}
