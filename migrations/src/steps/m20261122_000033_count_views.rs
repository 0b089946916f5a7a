use super::prelude::*;

/// Views of posts: a counter, and who was counted within the last day.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let counter = big_integer("views_count").default(0).to_owned();
        manager.alter_table(Table::alter().table("posts").add_column(counter).to_owned()).await?;
        let views = Table::create()
            .table("post_views")
            .col(uuid("post_id"))
            .col(uuid("viewer"))
            .col(big_integer("counted_at"))
            .primary_key(Index::create().col("post_id").col("viewer"))
            .foreign_key(&mut belongs_to("post_views", "post_id", "posts"))
            .to_owned();
        create(manager, vec![views], vec![index("post_views_counted", "post_views", &["counted_at"])]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["post_views"]).await?;
        manager.alter_table(Table::alter().table("posts").drop_column("views_count").to_owned()).await
    }
}
