use domain::Timestamp;
use domain::auth::{CODE_COOLDOWN, CODE_LIFETIME, CodePurpose};
use domain::ids::JobId;
use domain::users::EmailAddress;
use domain::{Problem, ProblemCode};
use store::{email_codes, jobs};

use super::limits;
use crate::jobs::{Job, SendEmailCode};
use crate::{App, Credentials, OperationError, Visitor};

/// A code was requested and will be mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRequested {
    /// When the code expires.
    pub expires_at: Timestamp,
    /// When another code may be requested.
    pub resend_at: Timestamp,
}

/// Placeholder for the hash until the worker has generated the code. No code matches it.
const NOT_YET_MADE: &str = "";

/// Requests a code that proves an address. Does the same, in the same time, for an address with and without an account
/// (rule ID3): the worker decides which mail to send and generates the code.
#[tracing::instrument(name = "op.request_email_code", skip_all)]
pub async fn request_email_code(
    app: &App,
    credentials: &Credentials,
    visitor: &Visitor,
    email: EmailAddress,
    purpose: CodePurpose,
) -> Result<CodeRequested, OperationError> {
    limits::count(app, credentials, &limits::CODE_ADDRESS, &visitor.address).await?;
    let now = app.clock.now();
    if let Some(stored) = email_codes::find(app.store.reader(), &email, purpose).await? {
        stored.code.may_be_replaced(now)?;
    }
    limits::count(app, credentials, &limits::CODE_MAILBOX, email.as_str()).await?;
    let unit = app.store.begin(now).await?;
    // Of two concurrent requests, the second finds that the code of the first is too recent.
    if !email_codes::replace(&unit, &email, purpose, NOT_YET_MADE, now.minus(CODE_COOLDOWN)).await? {
        return Err(Problem::new(ProblemCode::CodeCooldown).retry_after(CODE_COOLDOWN).into());
    }
    let work = SendEmailCode {
        email: email.as_str().to_owned(),
        purpose: purpose.as_str().to_owned(),
        locale: visitor.locale.as_str().to_owned(),
        requested_at: now.0,
    };
    let payload = serde_json::to_string(&work)?;
    jobs::enqueue(&unit, JobId::new(&*app.ids), SendEmailCode::KIND, payload, CODE_LIFETIME).await?;
    unit.commit().await?;
    Ok(CodeRequested { expires_at: now.plus(CODE_LIFETIME), resend_at: now.plus(CODE_COOLDOWN) })
}
