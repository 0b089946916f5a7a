use super::prelude::*;

/// Likes, versions and edits of comments.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            big_integer("likes_count").default(0).to_owned(),
            big_integer("version").default(1).to_owned(),
            big_integer_null("edited_at"),
        ] {
            manager.alter_table(Table::alter().table("comments").add_column(column).to_owned()).await?;
        }
        let likes = Table::create()
            .table("comment_likes")
            .col(uuid("id").primary_key())
            .col(uuid("comment_id"))
            .col(uuid("user_id"))
            .col(big_integer("created_at"))
            .foreign_key(&mut belongs_to("comment_likes", "comment_id", "comments"))
            .foreign_key(&mut belongs_to("comment_likes", "user_id", "users"))
            .to_owned();
        let indexes = vec![
            index("comment_likes_one_a_person", "comment_likes", &["comment_id", "user_id"])
                .unique()
                .to_owned(),
            index("comment_likes_user", "comment_likes", &["user_id"]),
        ];
        create(manager, vec![likes], indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["comment_likes"]).await?;
        for column in ["edited_at", "version", "likes_count"] {
            manager.alter_table(Table::alter().table("comments").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
