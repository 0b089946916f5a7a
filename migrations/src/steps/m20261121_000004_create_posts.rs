use super::prelude::*;

/// Creates the tables of posts and likes.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let posts = Table::create()
            .table("posts")
            .col(uuid("id").primary_key())
            .col(uuid("author_id"))
            .col(text("title"))
            .col(text("content"))
            .col(big_integer("likes_count"))
            .col(big_integer("comments_count"))
            .col(big_integer("version"))
            .col(big_integer("created_at"))
            .col(big_integer_null("edited_at"))
            .col(big_integer_null("deleted_at"))
            .foreign_key(&mut belongs_to("posts", "author_id", "users"))
            .to_owned();
        let likes = Table::create()
            .table("post_likes")
            .col(uuid("id").primary_key())
            .col(uuid("post_id"))
            .col(uuid("user_id"))
            .col(big_integer("created_at"))
            .foreign_key(&mut belongs_to("post_likes", "post_id", "posts"))
            .foreign_key(&mut belongs_to("post_likes", "user_id", "users"))
            .to_owned();
        let indexes = vec![
            index("posts_live", "posts", &["id"]).and_where(Expr::col("deleted_at").is_null()).to_owned(),
            index("posts_author", "posts", &["author_id", "id"])
                .and_where(Expr::col("deleted_at").is_null())
                .to_owned(),
            index("post_likes_one_a_person", "post_likes", &["post_id", "user_id"]).unique().to_owned(),
            index("post_likes_post", "post_likes", &["post_id", "id"]),
            index("post_likes_user", "post_likes", &["user_id"]),
        ];
        create(manager, vec![posts, likes], indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["post_likes", "posts"]).await
    }
}
