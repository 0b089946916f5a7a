use domain::Timestamp;
use domain::events::Event;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::OwnedSemaphorePermit;

use crate::connect::Signals;
use crate::{StoreError, outbox};

/// One transaction: everything in it happens, or nothing. Dropped without [`commit`](Self::commit), nothing.
pub struct UnitOfWork {
    transaction: DatabaseTransaction,
    events: Vec<Event>,
    signals: Signals,
    now: Timestamp,
    // After the transaction: given back when that is over.
    turn: Option<OwnedSemaphorePermit>,
}

impl UnitOfWork {
    /// Opens the transaction in a task of its own. The driver marks a connection as being in a transaction only
    /// after the server answered `BEGIN`; a caller dropped in between would return it to the pool with the
    /// transaction open. The task finishes in any case, and its unclaimed result rolls back.
    pub(crate) async fn begin(
        database: DatabaseConnection,
        turn: Option<OwnedSemaphorePermit>,
        signals: Signals,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        // A deferred transaction of SQLite that reads and then writes fails at once when another wrote in
        // between; an immediate one waits its turn. PostgreSQL passes over the setting.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let begun = tokio::spawn(async move {
            let transaction = database.begin_with_options(options).await?;
            Ok(Self { transaction, events: Vec::new(), signals, now, turn })
        });
        begun.await.map_err(StoreError::Died)?
    }

    /// Returns the instant at which all of it takes place.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the connection, for finders whose answers guard a write.
    pub fn connection(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// Records an event. The commit appends it to the outbox.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Appends the recorded events to the outbox and commits. Runs in a task of its own: if the caller is cancelled, the
    /// commit still completes.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Self { transaction, events, signals, now, turn } = self;
        let committed = tokio::spawn(async move {
            let has_events = !events.is_empty();
            if has_events {
                let events = events.into_iter().map(|event| event.into_new(now));
                let events = events.collect::<Result<_, _>>().map_err(StoreError::Frame)?;
                outbox::append(&transaction, events, now).await?;
            }
            transaction.commit().await?;
            drop(turn);
            signals.commits.send_modify(one_more);
            if has_events {
                signals.appends.send_modify(one_more);
            }
            Ok(())
        });
        committed.await.map_err(StoreError::Died)?
    }

    /// Undoes everything.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.transaction.rollback().await?)
    }
}

fn one_more(count: &mut u64) {
    *count = count.wrapping_add(1);
}
