use super::prelude::*;

/// Creates the tables of jobs and of the mails that are kept for the mail page.
#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let jobs = Table::create()
            .table("jobs")
            .col(uuid("id").primary_key())
            .col(text("kind"))
            .col(text("payload"))
            .col(big_integer("run_at"))
            .col(big_integer("expires_at"))
            .col(integer("attempts"))
            .col(text_null("last_fault"))
            .to_owned();
        let mails = Table::create()
            .table("captured_mails")
            .col(uuid("id").primary_key())
            .col(text("recipient"))
            .col(text("subject"))
            .col(text("body"))
            .col(big_integer("sent_at"))
            .to_owned();
        create(manager, vec![jobs, mails], vec![index("jobs_run_at", "jobs", &["run_at"])]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["captured_mails", "jobs"]).await
    }
}
