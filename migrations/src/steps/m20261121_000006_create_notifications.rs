use super::prelude::*;

/// Creates the tables of notifications, their actors, and the last number per recipient.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let notifications = Table::create()
            .table("notifications")
            .col(uuid("id").primary_key())
            .col(uuid("user_id"))
            .col(text("type"))
            .col(text("group_key"))
            .col(text("target_type"))
            .col(uuid("target_id"))
            .col(uuid_null("post_id"))
            .col(big_integer("actor_count"))
            .col(big_integer_null("seen_at"))
            .col(big_integer_null("read_at"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .foreign_key(&mut belongs_to("notifications", "user_id", "users"))
            .to_owned();
        let actors = Table::create()
            .table("notification_actors")
            .col(uuid("notification_id"))
            .col(uuid("actor_id"))
            .col(big_integer("created_at"))
            .col(big_integer_null("retracted_at"))
            .primary_key(Index::create().col("notification_id").col("actor_id"))
            .foreign_key(&mut belongs_to("notification_actors", "notification_id", "notifications"))
            .foreign_key(&mut belongs_to("notification_actors", "actor_id", "users"))
            .to_owned();
        // One row per recipient. Locking it serialises everything that the recipient is notified of.
        let heads = Table::create()
            .table("notification_heads")
            .col(uuid("user_id").primary_key())
            .col(big_integer("seq"))
            .col(big_integer("told_at"))
            .foreign_key(&mut belongs_to("notification_heads", "user_id", "users"))
            .to_owned();
        let indexes = vec![
            index("notifications_unread_group", "notifications", &["user_id", "group_key"])
                .and_where(Expr::col("read_at").is_null())
                .unique()
                .to_owned(),
            index("notifications_user", "notifications", &["user_id", "updated_at", "id"]),
            index("notifications_unseen", "notifications", &["user_id"])
                .and_where(Expr::col("seen_at").is_null())
                .to_owned(),
            index("notification_actors_actor", "notification_actors", &["actor_id"]),
        ];
        create(manager, vec![notifications, actors, heads], indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["notification_heads", "notification_actors", "notifications"]).await
    }
}
