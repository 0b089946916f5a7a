//! Jobs: rows that operations store in their commit. A worker runs each one later, possibly more than once.

mod code_mails;
mod mail;
mod reconcile_counters;
mod run_due_jobs;
mod send_email_code;
mod send_notice;
mod sweep_expired;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use mail::{Mail, MailFault, Mailer};
pub use reconcile_counters::{Drift, Repair, reconcile_counters};
pub use run_due_jobs::{JobsDone, claim_due_jobs, run_due_jobs, run_job};
pub use send_email_code::SendEmailCode;
pub(crate) use send_notice::notify_owner;
pub use send_notice::{SecurityEvent, SendNotice};
pub use store::jobs::Job as ClaimedJob;
pub use sweep_expired::sweep_expired;

/// Input of one kind of job.
pub trait Job: Serialize + DeserializeOwned {
    /// Name of the kind in the store.
    const KIND: &'static str;
}
