use std::collections::BTreeMap;

use domain::Timestamp;
use domain::events::{NewEvent, Partition};
use sea_orm::{DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use tokio::sync::watch;

use crate::{StoreError, outbox};

/// One transaction: everything in it happens, or nothing. Dropped without [`commit`](Self::commit), nothing.
pub struct UnitOfWork {
    transaction: DatabaseTransaction,
    events: Vec<NewEvent>,
    commits: watch::Sender<u64>,
    now: Timestamp,
}

impl UnitOfWork {
    /// Opens the transaction in a task of its own. The driver marks a connection as being in a transaction only
    /// after the server answered `BEGIN`; a caller dropped in between would return it to the pool with the
    /// transaction open. The task finishes in any case, and its unclaimed result rolls back.
    pub(crate) async fn begin(
        database: DatabaseConnection,
        commits: watch::Sender<u64>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        // A deferred transaction of SQLite that reads and then writes fails at once when another wrote in
        // between; an immediate one waits its turn. PostgreSQL passes over the setting.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let begun = tokio::spawn(async move { database.begin_with_options(options).await });
        let transaction = begun.await.map_err(StoreError::Died)??;
        Ok(Self { transaction, events: Vec::new(), commits, now })
    }

    /// Returns the instant at which all of it takes place.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the connection, for finders whose answers guard a write.
    pub fn connection(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// Remembers an event; the commit writes it to the log.
    pub fn record(&mut self, event: NewEvent) {
        self.events.push(event);
    }

    /// Writes the recorded events with their positions, and commits, in a task of its own: a caller that goes away
    /// does not leave it half done.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Self { transaction, events, commits, now } = self;
        let committed = tokio::spawn(async move {
            let mut by_partition: BTreeMap<Partition, Vec<NewEvent>> = BTreeMap::new();
            for event in events {
                by_partition.entry(event.audience.partition()).or_default().push(event);
            }
            // In ascending order, always: two commits that need the same heads cannot wait for each other.
            for (partition, events) in by_partition {
                outbox::append(&transaction, partition, events, now).await?;
            }
            transaction.commit().await?;
            commits.send_modify(|count| *count = count.wrapping_add(1));
            Ok(())
        });
        committed.await.map_err(StoreError::Died)?
    }

    /// Undoes everything.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.transaction.rollback().await?)
    }
}
