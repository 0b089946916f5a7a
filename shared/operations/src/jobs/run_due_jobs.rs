use std::time::Duration;

use domain::Timestamp;
use store::jobs;

use super::{Job, MailFault, Mailer, SendEmailCode, send_email_code};
use crate::{App, Credentials, OperationError};

/// How long one worker may take before another tries.
const HOLD: Duration = Duration::from_mins(1);
/// How many pieces of work are taken at once: what waits for the one before it would outlive its hold.
const BATCH: u64 = 1;
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How a round of follow-up work went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobsDone {
    /// How many pieces were done.
    pub done: usize,
    /// How many failed and will be tried again.
    pub put_off: usize,
    /// How many were given up: too late, or not readable.
    pub given_up: usize,
}

impl JobsDone {
    /// Tells whether there was nothing to do.
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }
}

/// Does the work that is due. Several instances may do so at once: each piece is held by one.
#[tracing::instrument(name = "op.run_due_jobs", skip_all)]
pub async fn run_due_jobs(
    app: &App,
    credentials: &Credentials,
    mailer: &dyn Mailer,
) -> Result<JobsDone, OperationError> {
    let unit = app.store.begin(app.clock.now()).await?;
    let claimed = jobs::claim(&unit, BATCH, HOLD).await?;
    if claimed.is_empty() {
        unit.rollback().await?;
        return Ok(JobsDone::default());
    }
    unit.commit().await?;
    let mut summary = JobsDone::default();
    for job in claimed {
        let outcome = if app.clock.now() >= job.expires_at {
            Err(Failure::GivenUp("too late".into()))
        } else {
            run(app, credentials, mailer, &job).await
        };
        let unit = app.store.begin(app.clock.now()).await?;
        match outcome {
            Ok(()) => {
                jobs::finish(&unit, job.id).await?;
                summary.done += 1;
            }
            Err(Failure::GivenUp(why)) => {
                tracing::warn!(job.id = %job.id, job.kind = job.kind, why, "follow-up work given up");
                jobs::finish(&unit, job.id).await?;
                summary.given_up += 1;
            }
            Err(Failure::TryAgain(why)) => {
                tracing::warn!(job.id = %job.id, job.kind = job.kind, why, "follow-up work put off");
                jobs::put_off(&unit, job.id, next_try(unit.now(), job.attempts), &why).await?;
                summary.put_off += 1;
            }
        }
        unit.commit().await?;
    }
    Ok(summary)
}

enum Failure {
    TryAgain(String),
    GivenUp(String),
}

impl From<OperationError> for Failure {
    fn from(error: OperationError) -> Self {
        Self::TryAgain(error.to_string())
    }
}

impl From<MailFault> for Failure {
    fn from(fault: MailFault) -> Self {
        Self::TryAgain(fault.to_string())
    }
}

async fn run(
    app: &App,
    credentials: &Credentials,
    mailer: &dyn Mailer,
    job: &jobs::Job,
) -> Result<(), Failure> {
    match job.kind.as_str() {
        SendEmailCode::KIND => {
            let work: SendEmailCode =
                serde_json::from_str(&job.payload).map_err(|fault| Failure::GivenUp(fault.to_string()))?;
            let mail = send_email_code::prepare(app, credentials, &work).await?;
            match mail {
                Some(mail) => Ok(mailer.send(mail).await?),
                None => Ok(()),
            }
        }
        unknown => Err(Failure::GivenUp(format!("nobody knows how to do {unknown}"))),
    }
}

/// Twice as long after every try, up to a minute.
fn next_try(now: Timestamp, attempts: i32) -> Timestamp {
    let doublings = u32::try_from(attempts.clamp(1, 7) - 1).unwrap_or(0);
    now.plus(Duration::from_secs(1 << doublings).min(LONGEST_WAIT))
}
