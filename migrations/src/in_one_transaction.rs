use sea_orm_migration::prelude::*;

/// A migration that runs in one transaction with its record, on SQLite too. A process that is killed during its first
/// start leaves a database that the next start can migrate.
pub(crate) struct InOneTransaction(Box<dyn MigrationTrait>);

impl InOneTransaction {
    pub(crate) fn boxed(step: Box<dyn MigrationTrait>) -> Box<dyn MigrationTrait> {
        Box::new(Self(step))
    }
}

impl MigrationName for InOneTransaction {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[async_trait::async_trait]
impl MigrationTrait for InOneTransaction {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.down(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
