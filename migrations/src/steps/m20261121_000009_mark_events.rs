use super::prelude::*;

/// First partition that this step adds, and the number of partitions after it. The latter is
/// `domain::events::PARTITIONS`.
const PARTITIONS: std::ops::Range<i64> = 16..32;

/// Marks of events, partitions for rooms, and epochs ordered by a number. Rows that exist get mark 0: unknown.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let added = [("outbox", "mark"), ("stream_heads", "mark"), ("log_epochs", "number")];
        for (table, column) in added {
            let column = big_integer(column).default(0).to_owned();
            manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        let database = manager.get_connection();
        let rows: Vec<_> = PARTITIONS.map(|part| format!("({part}, 0)")).collect();
        database
            .execute_unprepared(&format!("INSERT INTO stream_heads (part, pos) VALUES {}", rows.join(", ")))
            .await?;
        database
            .execute_unprepared(
                "UPDATE log_epochs SET number = (
                     SELECT COUNT(*) FROM log_epochs AS other
                     WHERE (other.started_at, other.epoch) <= (log_epochs.started_at, log_epochs.epoch))",
            )
            .await?;
        let mut by_number = index("log_epochs_number", "log_epochs", &["number"]);
        manager.create_index(by_number.unique().to_owned()).await?;
        // Events are pruned by position.
        manager.drop_index(Index::drop().name("outbox_recorded_at").table("outbox").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(index("outbox_recorded_at", "outbox", &["recorded_at"])).await?;
        manager.drop_index(Index::drop().name("log_epochs_number").table("log_epochs").to_owned()).await?;
        let database = manager.get_connection();
        for table in ["outbox", "stream_heads"] {
            database
                .execute_unprepared(&format!("DELETE FROM {table} WHERE part >= {}", PARTITIONS.start))
                .await?;
        }
        for (table, column) in [("log_epochs", "number"), ("stream_heads", "mark"), ("outbox", "mark")] {
            manager.alter_table(Table::alter().table(table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
