//! Follow-up work: left as rows by operations, done here, more than once if need be.

mod mail;
mod run_due_jobs;
mod send_email_code;
mod sweep_expired;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use mail::{Mail, MailFault, Mailer};
pub use run_due_jobs::{JobsDone, claim_due_jobs, run_due_jobs, run_job};
pub use send_email_code::SendEmailCode;
pub use store::jobs::Job as ClaimedJob;
pub use sweep_expired::sweep_expired;

/// A kind of follow-up work and what it needs to be done.
pub trait Job: Serialize + DeserializeOwned {
    /// Its name in the store.
    const KIND: &'static str;
}
