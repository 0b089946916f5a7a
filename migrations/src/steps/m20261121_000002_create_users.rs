use super::prelude::*;

/// Creates the tables of people, passwords and follows.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let users = Table::create()
            .table("users")
            .col(uuid("id").primary_key())
            .col(text("email"))
            .col(big_integer("email_verified_at"))
            .col(text("nickname"))
            .col(text("about"))
            .col(text("locale"))
            .col(text("role"))
            .col(text("state"))
            .col(big_integer("posts_count"))
            .col(big_integer("followers_count"))
            .col(big_integer("following_count"))
            .col(big_integer("version"))
            .col(big_integer("created_at"))
            .to_owned();
        // A table of its own, so that no query of profiles reads it.
        let passwords = Table::create()
            .table("user_passwords")
            .col(uuid("user_id").primary_key())
            .col(text("password_hash"))
            .col(big_integer("changed_at"))
            .foreign_key(&mut belongs_to("user_passwords", "user_id", "users"))
            .to_owned();
        let follows = Table::create()
            .table("follows")
            .col(uuid("id").primary_key())
            .col(uuid("follower_id"))
            .col(uuid("followee_id"))
            .col(big_integer("created_at"))
            .foreign_key(&mut belongs_to("follows", "follower_id", "users"))
            .foreign_key(&mut belongs_to("follows", "followee_id", "users"))
            .to_owned();
        let indexes = vec![
            index("users_email", "users", &["email"]).unique().to_owned(),
            index("follows_edge", "follows", &["follower_id", "followee_id"]).unique().to_owned(),
            index("follows_follower", "follows", &["follower_id", "id"]),
            index("follows_followee", "follows", &["followee_id", "id"]),
        ];
        create(manager, vec![users, passwords, follows], indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["follows", "user_passwords", "users"]).await
    }
}
