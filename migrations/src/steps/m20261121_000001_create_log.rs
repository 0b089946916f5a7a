use sea_orm_migration::sea_orm::DbBackend;

use super::prelude::*;

/// Number of partitions. Equals `domain::events::PARTITIONS`.
const PARTITIONS: i64 = 16;

/// Creates the event log: heads, outbox, epochs, and the lease of the relay.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let heads = Table::create()
            .table("stream_heads")
            .col(big_integer("part").primary_key())
            .col(big_integer("pos"))
            .to_owned();
        let outbox = Table::create()
            .table("outbox")
            .col(big_integer("part"))
            .col(big_integer("pos"))
            .col(text("audience"))
            .col(text("kind"))
            .col(text("frame"))
            .col(big_integer("recorded_at"))
            .primary_key(Index::create().col("part").col("pos"))
            .to_owned();
        let epochs = Table::create()
            .table("log_epochs")
            .col(uuid("epoch").primary_key())
            .col(big_integer("started_at"))
            .to_owned();
        let leases = Table::create()
            .table("relay_leases")
            .col(text("name").primary_key())
            .col(text("holder"))
            .col(big_integer("expires_at"))
            .to_owned();
        let by_age = index("outbox_recorded_at", "outbox", &["recorded_at"]);
        let by_audience = index("outbox_part_audience_pos", "outbox", &["part", "audience", "pos"]);
        create(manager, vec![heads, outbox, epochs, leases], vec![by_age, by_audience]).await?;
        let rows: Vec<_> = (0..PARTITIONS).map(|part| format!("({part}, 0)")).collect();
        let database = manager.get_connection();
        database
            .execute_unprepared(&format!("INSERT INTO stream_heads (part, pos) VALUES {}", rows.join(", ")))
            .await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            // Every commit updates a head. Free space keeps the new row version on the same page (a HOT update).
            database.execute_unprepared("ALTER TABLE stream_heads SET (fillfactor = 10)").await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["relay_leases", "log_epochs", "outbox", "stream_heads"]).await
    }
}
