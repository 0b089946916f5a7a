use super::prelude::*;

/// Creates the table of comments and replies. A reply has a parent.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let comments = Table::create()
            .table("comments")
            .col(uuid("id").primary_key())
            .col(uuid("post_id"))
            .col(uuid_null("parent_id"))
            .col(uuid_null("reply_to_id"))
            .col(uuid("author_id"))
            .col(text("content"))
            .col(text("state"))
            .col(big_integer("replies_count"))
            .col(big_integer("created_at"))
            .col(big_integer_null("deleted_at"))
            .foreign_key(&mut belongs_to("comments", "post_id", "posts"))
            .foreign_key(&mut belongs_to("comments", "parent_id", "comments"))
            .foreign_key(&mut belongs_to("comments", "author_id", "users"))
            .to_owned();
        let indexes = vec![
            index("comments_post", "comments", &["post_id", "id"])
                .and_where(Expr::col("parent_id").is_null())
                .to_owned(),
            index("comments_parent", "comments", &["parent_id", "id"]),
            index("comments_author", "comments", &["author_id"]),
        ];
        create(manager, vec![comments], indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["comments"]).await
    }
}
