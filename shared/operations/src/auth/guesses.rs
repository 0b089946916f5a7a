use store::log_in_failures::{self, Key};

use crate::{App, OperationError};

/// Counts an attempt at a password before it is verified (rule ID14). A success forgets it.
pub(super) async fn count_guess(app: &App, key: Key<'_>) -> Result<(), OperationError> {
    let unit = app.store.begin(app.clock.now()).await?;
    let failures = log_in_failures::lock(&unit, key).await?;
    let counted = failures.with_attempt(unit.now()).inspect_err(|_refused| {
        tracing::warn!(
            account = key.account,
            source = key.source,
            failures = failures.count,
            "guessing is delayed"
        );
    })?;
    log_in_failures::store(&unit, key, counted).await?;
    Ok(unit.commit().await?)
}
