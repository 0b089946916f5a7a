use store::counters::{self, COUNTERS, Counter};
use uuid::Uuid;

use crate::{App, OperationError};

/// Number of rows that one statement compares.
const ROWS_AT_ONCE: u16 = 200;

/// Whether differences are repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// They are only reported.
    No,
    /// Each counter that differs is set to the number of rows.
    Yes,
}

/// What the comparison of one counter found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drift {
    /// Table and column of the counter.
    pub counter: &'static str,
    /// Number of rows compared.
    pub rows: u64,
    /// Number of rows whose counter differs. Expected to be 0.
    pub wrong: u64,
}

/// Compares every stored counter with the rows that it counts, in statements of limited size, and reports the number of
/// differences in the log and as the result.
#[tracing::instrument(name = "op.reconcile_counters", skip_all)]
pub async fn reconcile_counters(app: &App, repair: Repair) -> Result<Vec<Drift>, OperationError> {
    let mut drifts = Vec::new();
    for counter in COUNTERS {
        let drift = reconcile(app, counter, repair).await?;
        let Drift { counter, rows, wrong } = drift;
        if wrong == 0 {
            tracing::info!(counter, rows, drift = wrong, "counter compared with its rows");
        } else {
            let repaired = repair == Repair::Yes;
            tracing::error!(counter, rows, drift = wrong, repaired, "counter differs from its rows");
        }
        drifts.push(drift);
    }
    Ok(drifts)
}

async fn reconcile(app: &App, counter: &Counter, repair: Repair) -> Result<Drift, OperationError> {
    let mut drift = Drift { counter: counter.name, rows: 0, wrong: 0 };
    let mut after = Uuid::nil();
    loop {
        let compared = counters::compare(app.store.reader(), counter, after, ROWS_AT_ONCE).await?;
        let Some(last) = compared.last() else { return Ok(drift) };
        after = last.key;
        for row in compared {
            drift.rows += 1;
            if row.stored == row.actual {
                continue;
            }
            drift.wrong += 1;
            tracing::warn!(counter = counter.name, key = %row.key, row.stored, row.actual, "difference");
            if repair == Repair::Yes {
                let unit = app.store.begin(app.clock.now()).await?;
                counters::repair(&unit, counter, row.key).await?;
                unit.commit().await?;
            }
        }
    }
}
