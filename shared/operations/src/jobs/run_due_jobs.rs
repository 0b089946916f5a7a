use std::time::Duration;

use domain::Timestamp;
use store::jobs;

use super::{Job, MailFault, Mailer, SendEmailCode, SendNotice, send_email_code, send_notice};
use crate::{App, Credentials, OperationError};

/// Time for which a claimed job is reserved for its worker. Then another process may claim it.
const HOLD: Duration = Duration::from_mins(1);
/// Longest delay between two attempts.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Counts of finished and failed jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobsDone {
    /// Number of jobs done.
    pub done: usize,
    /// Number of jobs that failed and will be tried again.
    pub put_off: usize,
    /// Number of jobs given up: expired, or of unreadable input.
    pub given_up: usize,
}

impl JobsDone {
    /// Returns whether no job was run.
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }
}

/// Claims at most `limit` due jobs. No other process claims them within a minute. Opens no transaction if no job is
/// due.
#[tracing::instrument(name = "op.claim_due_jobs", skip_all)]
pub async fn claim_due_jobs(app: &App, limit: u64) -> Result<Vec<jobs::Job>, OperationError> {
    let now = app.clock.now();
    if !jobs::any_due(app.store.reader(), now).await? {
        return Ok(Vec::new());
    }
    let unit = app.store.begin(now).await?;
    let claimed = jobs::claim(&unit, limit, HOLD).await?;
    unit.commit().await?;
    Ok(claimed)
}

/// Runs a claimed job, and deletes or postpones it.
#[tracing::instrument(name = "op.run_job", skip_all, fields(job.id = %job.id, job.kind = job.kind))]
pub async fn run_job(
    app: &App,
    credentials: &Credentials,
    mailer: &dyn Mailer,
    job: &jobs::Job,
) -> Result<JobsDone, OperationError> {
    let outcome = if app.clock.now() >= job.expires_at {
        Err(Failure::GivenUp("too late".into()))
    } else {
        run(app, credentials, mailer, job).await
    };
    let mut summary = JobsDone::default();
    let unit = app.store.begin(app.clock.now()).await?;
    match outcome {
        Ok(()) => {
            jobs::finish(&unit, job.id).await?;
            summary.done += 1;
        }
        Err(Failure::GivenUp(reason)) => {
            tracing::warn!(reason, "job given up");
            jobs::finish(&unit, job.id).await?;
            summary.given_up += 1;
        }
        Err(Failure::TryAgain(reason)) => {
            tracing::warn!(reason, "job postponed");
            jobs::put_off(&unit, job.id, next_try(unit.now(), job.attempts), &reason).await?;
            summary.put_off += 1;
        }
    }
    unit.commit().await?;
    Ok(summary)
}

/// Claims and runs one due job, if there is one.
pub async fn run_due_jobs(
    app: &App,
    credentials: &Credentials,
    mailer: &dyn Mailer,
) -> Result<JobsDone, OperationError> {
    match claim_due_jobs(app, 1).await?.first() {
        Some(job) => run_job(app, credentials, mailer, job).await,
        None => Ok(JobsDone::default()),
    }
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
            let work: SendEmailCode = read(job)?;
            let mail = send_email_code::prepare(app, credentials, &work).await?;
            match mail {
                Some(mail) => Ok(mailer.send(mail).await?),
                None => Ok(()),
            }
        }
        SendNotice::KIND => Ok(mailer.send(send_notice::write(read(job)?)).await?),
        unknown => Err(Failure::GivenUp(format!("unknown kind {unknown}"))),
    }
}

fn read<J: Job>(job: &jobs::Job) -> Result<J, Failure> {
    serde_json::from_str(&job.payload).map_err(|fault| Failure::GivenUp(fault.to_string()))
}

/// Returns when to run the job again: the delay doubles with every attempt, from one second to one minute.
fn next_try(now: Timestamp, attempts: i32) -> Timestamp {
    let doublings = u32::try_from(attempts.clamp(1, 7) - 1).unwrap_or(0);
    now.plus(Duration::from_secs(1 << doublings).min(LONGEST_WAIT))
}
