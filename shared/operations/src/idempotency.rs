//! Requests with an idempotency key: their effect takes place once, and repeating them returns the stored answer.

use domain::idempotency::ANSWER_KEPT;
use domain::{Problem, ProblemCode, Timestamp};
use store::idempotency_keys;
use store::{StoreError, UnitOfWork, hold_commit};

use crate::{App, OperationError};

pub use store::idempotency_keys::{Scope, StoredAnswer};

/// Time after which a client may ask for the answer to an attempt that is still running.
const STILL_RUNNING: std::time::Duration = std::time::Duration::from_secs(1);

/// Result of an attempt.
#[derive(Debug)]
pub enum Attempt<A> {
    /// The work was done now.
    Done(A),
    /// The work had been done before: its stored answer.
    Repeated(StoredAnswer),
}

/// Returns the stored answer to a key, if there is one. Another request with the same key is refused with
/// `idempotency_key_reused` (rule AP3).
pub async fn find_answer(
    app: &App,
    scope: &Scope,
    fingerprint: &str,
) -> Result<Option<StoredAnswer>, OperationError> {
    match idempotency_keys::find(app.store.reader(), scope, oldest(app)).await? {
        Some(answer) if answer.fingerprint != fingerprint => Err(ProblemCode::IdempotencyKeyReused.into()),
        found => Ok(found),
    }
}

/// Runs `work`, which commits one unit of work, and stores the answer that `describe` makes of its output in the same
/// transaction (rule AP3). Without an answer to store, only commits.
///
/// A process that stored another answer to the key in the meantime wins: this work is rolled back, and the stored answer is
/// returned.
pub async fn answer_once<A, F>(
    app: &App,
    scope: &Scope,
    fingerprint: &str,
    work: impl Future<Output = A>,
    describe: impl FnOnce(A) -> F,
) -> Result<Attempt<A>, OperationError>
where
    F: Future<Output = (A, Option<StoredAnswer>)>,
{
    let (output, unit) = hold_commit(work).await;
    let (output, answer) = describe(output).await;
    let Some(answer) = answer else {
        if let Some(unit) = unit {
            unit.commit().await?;
        }
        return Ok(Attempt::Done(output));
    };
    let unit = match unit {
        Some(unit) => unit,
        // The work changed nothing.
        None => app.store.begin(app.clock.now()).await?,
    };
    if store(&unit, scope, &answer, oldest(app)).await? {
        unit.commit().await?;
        return Ok(Attempt::Done(output));
    }
    unit.rollback().await?;
    let stored = find_answer(app, scope, fingerprint).await?;
    stored.map(Attempt::Repeated).ok_or_else(still_running)
}

/// Returns the refusal of a request whose first attempt has not ended.
pub fn still_running() -> OperationError {
    Problem::new(ProblemCode::IdempotencyInProgress).retry_after(STILL_RUNNING).into()
}

async fn store(
    unit: &UnitOfWork,
    scope: &Scope,
    answer: &StoredAnswer,
    after: Timestamp,
) -> Result<bool, OperationError> {
    match idempotency_keys::insert(unit, scope, answer, after).await {
        // Another process holds the key for longer than a lock is waited for.
        Err(StoreError::Contention(_)) => Err(still_running()),
        stored => Ok(stored?),
    }
}

/// Returns the instant before which answers are no longer valid.
fn oldest(app: &App) -> Timestamp {
    app.clock.now().minus(ANSWER_KEPT)
}
