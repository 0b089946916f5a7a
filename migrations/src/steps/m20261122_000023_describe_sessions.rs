use super::prelude::*;

/// Adds to sessions what the list of sessions shows, and an index for the live sessions of a person.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

const COLUMNS: [&str; 2] = ["client", "ip_prefix"];

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            // Empty for the sessions of earlier versions.
            let column = text(column).default("").to_owned();
            manager.alter_table(Table::alter().table("sessions").add_column(column).to_owned()).await?;
        }
        // An ended session stays in the table for weeks and is not read again.
        let live = index("sessions_live", "sessions", &["user_id", "id"])
            .and_where(Expr::col("revoked_at").is_null())
            .to_owned();
        create(manager, Vec::new(), vec![live]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("sessions_live").table("sessions").to_owned()).await?;
        for column in COLUMNS.into_iter().rev() {
            manager.alter_table(Table::alter().table("sessions").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
