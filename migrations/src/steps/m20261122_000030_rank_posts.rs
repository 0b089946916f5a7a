use super::prelude::*;

/// Indexes for lists of popular posts, and the tables of the periodic rankings.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A row says that the ranking was taken, also where it has no posts.
        let snapshots = Table::create()
            .table("popularity_snapshots")
            .col(text("window"))
            .col(big_integer("taken_at"))
            .primary_key(Index::create().col("window").col("taken_at"))
            .to_owned();
        // No foreign key to the posts: it would lock every ranked post, and reading joins them anyway.
        let ranks = Table::create()
            .table("popularity_ranks")
            .col(text("window"))
            .col(big_integer("taken_at"))
            .col(big_integer("rank"))
            .col(uuid("post_id"))
            .primary_key(Index::create().col("window").col("taken_at").col("rank"))
            .to_owned();
        let indexes = vec![
            index("posts_popular", "posts", &["likes_count", "id"])
                .and_where(Expr::col("deleted_at").is_null())
                .to_owned(),
            index("post_likes_created", "post_likes", &["created_at", "post_id"]),
        ];
        create(manager, vec![snapshots, ranks], indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table) in [("post_likes_created", "post_likes"), ("posts_popular", "posts")] {
            manager.drop_index(Index::drop().name(name).table(table).to_owned()).await?;
        }
        drop_tables(manager, &["popularity_ranks", "popularity_snapshots"]).await
    }
}
