use std::time::Duration;

use domain::auth::{CODE_LIFETIME, CODE_MAILS_WINDOW, FAILURES_KEPT, SESSION_IDLE};
use domain::events::Partition;
use domain::idempotency::ANSWER_KEPT;
use domain::posts::VIEW_WINDOW;
use store::{
    StoreError, UnitOfWork, captured_mails, code_mailboxes, email_codes, idempotency_keys, log_in_failures,
    outbox, post_views, sessions,
};

use crate::{App, OperationError};

/// Period for which the outbox keeps events. Clients that were disconnected for longer load the lists again.
const EVENTS_KEPT: Duration = Duration::from_hours(24);
/// Largest number of events that one transaction deletes, so that it holds its locks for milliseconds.
const EVENTS_AT_ONCE: u16 = 5_000;
/// Largest number of answers to idempotency keys that one transaction deletes.
const ANSWERS_AT_ONCE: u16 = 1_000;
/// Largest number of viewers that one transaction forgets.
const VIEWERS_AT_ONCE: u16 = 5_000;
/// Period for which an ended or unused session is kept, so that its tokens can be distinguished from invented ones.
const SESSION_KEPT: Duration = Duration::from_hours(7 * 24);
/// Period for which an expired code is kept, for questions about mails that did not arrive.
const CODE_KEPT: Duration = Duration::from_hours(24);
/// Period for which the local mail page shows a mail.
const MAIL_SHOWN: Duration = Duration::from_hours(24);

/// Deletes expired rows: events, answers to idempotency keys, viewers who may be counted again, codes, sessions, mails of the
/// local page. Returns their number.
#[tracing::instrument(name = "op.sweep_expired", skip_all)]
pub async fn sweep_expired(app: &App) -> Result<u64, OperationError> {
    let events = prune_events(app).await?;
    let answers = prune_in_chunks(app, Expired::Answers).await?;
    let viewers = prune_in_chunks(app, Expired::Viewers).await?;
    let unit = app.store.begin(app.clock.now()).await?;
    let now = unit.now();
    let codes = email_codes::prune(&unit, now.minus(CODE_LIFETIME + CODE_KEPT)).await?;
    let mailboxes = code_mailboxes::prune(&unit, now.minus(CODE_MAILS_WINDOW)).await?;
    let failures = log_in_failures::prune(&unit, now.minus(FAILURES_KEPT)).await?;
    let sessions = sessions::prune(&unit, now.minus(SESSION_IDLE + SESSION_KEPT)).await?;
    let mails = captured_mails::prune(&unit, now.minus(MAIL_SHOWN)).await?;
    unit.commit().await?;
    Ok(events + answers + viewers + codes + mailboxes + failures + sessions + mails)
}

/// Deletes old events, partition by partition.
async fn prune_events(app: &App) -> Result<u64, OperationError> {
    let before = app.clock.now().minus(EVENTS_KEPT);
    let mut total = 0;
    for partition in outbox::prunable(app.store.reader(), before).await? {
        total += prune_in_chunks(app, Expired::Events(partition)).await?;
    }
    Ok(total)
}

/// Rows of which there may be many, so that they are deleted in transactions of limited size.
#[derive(Clone, Copy)]
enum Expired {
    /// Events of a partition.
    Events(Partition),
    /// Answers to idempotency keys.
    Answers,
    /// Viewers who would be counted again.
    Viewers,
}

impl Expired {
    /// Returns the largest number of rows that one transaction deletes.
    fn at_once(self) -> u16 {
        match self {
            Self::Events(_) => EVENTS_AT_ONCE,
            Self::Answers => ANSWERS_AT_ONCE,
            Self::Viewers => VIEWERS_AT_ONCE,
        }
    }

    /// Deletes the rows of one transaction. Returns their number.
    async fn prune(self, unit: &UnitOfWork) -> Result<u64, StoreError> {
        let (now, at_once) = (unit.now(), self.at_once());
        match self {
            Self::Events(partition) => outbox::prune(unit, partition, now.minus(EVENTS_KEPT), at_once).await,
            Self::Answers => idempotency_keys::prune(unit, now.minus(ANSWER_KEPT), at_once).await,
            Self::Viewers => post_views::prune(unit, now.minus(VIEW_WINDOW), at_once).await,
        }
    }
}

/// Deletes expired rows until none is left. Returns their number.
async fn prune_in_chunks(app: &App, expired: Expired) -> Result<u64, OperationError> {
    let now = app.clock.now();
    let mut total = 0;
    loop {
        let unit = app.store.begin(now).await?;
        let pruned = expired.prune(&unit).await?;
        unit.commit().await?;
        total += pruned;
        if pruned < u64::from(expired.at_once()) {
            return Ok(total);
        }
    }
}
