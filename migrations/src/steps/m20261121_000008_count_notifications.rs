use super::prelude::*;

/// Unseen and unread counters of every recipient, and indexes for the latest actors of a notification and for looking up
/// the notifications about one target.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

/// A notification without actors is not shown and not counted.
const BACKFILL: &str = "UPDATE notification_heads SET
    unseen = (SELECT COUNT(*) FROM notifications
              WHERE notifications.user_id = notification_heads.user_id AND actor_count > 0 AND seen_at IS NULL),
    unread = (SELECT COUNT(*) FROM notifications
              WHERE notifications.user_id = notification_heads.user_id AND actor_count > 0 AND read_at IS NULL)";

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["unseen", "unread"] {
            let counter = big_integer(column).default(0).to_owned();
            manager
                .alter_table(Table::alter().table("notification_heads").add_column(counter).to_owned())
                .await?;
        }
        manager.get_connection().execute_unprepared(BACKFILL).await?;
        let indexes = vec![
            index(
                "notification_actors_latest",
                "notification_actors",
                &["notification_id", "created_at", "actor_id"],
            )
            .and_where(Expr::col("retracted_at").is_null())
            .to_owned(),
            index("notifications_target", "notifications", &["user_id", "type", "target_id", "updated_at"]),
        ];
        create(manager, Vec::new(), indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table) in
            [("notifications_target", "notifications"), ("notification_actors_latest", "notification_actors")]
        {
            manager.drop_index(Index::drop().name(name).table(table).to_owned()).await?;
        }
        for column in ["unread", "unseen"] {
            manager
                .alter_table(Table::alter().table("notification_heads").drop_column(column).to_owned())
                .await?;
        }
        Ok(())
    }
}
