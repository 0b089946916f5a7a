use super::prelude::*;

/// Notes who deleted a post: only its author restores what the author deleted.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let deleted_by = text_null("deleted_by");
        manager.alter_table(Table::alter().table("posts").add_column(deleted_by).to_owned()).await?;
        // Until now only authors deleted posts. A previous release that still runs writes no `deleted_by`; such a post
        // counts as deleted by its author too.
        let backfill = "UPDATE posts SET deleted_by = 'author' WHERE deleted_at IS NOT NULL";
        manager.get_connection().execute_unprepared(backfill).await.map(|_rows| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("posts").drop_column("deleted_by").to_owned()).await
    }
}
