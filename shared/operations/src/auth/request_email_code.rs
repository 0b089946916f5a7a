use domain::Timestamp;
use domain::auth::{CODE_COOLDOWN, CODE_LIFETIME, CodePurpose};
use domain::ids::{CodeFlowId, JobId};
use domain::users::EmailAddress;
use domain::{Problem, ProblemCode};
use identity::random::unguessable_id;
use store::{code_mailboxes, email_codes, jobs};

use super::limits;
use crate::jobs::{Job, SendEmailCode};
use crate::{App, Credentials, OperationError, Visitor};

/// A code was requested and will be mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRequested {
    /// The flow that the code belongs to.
    pub flow_id: CodeFlowId,
    /// When the code expires.
    pub expires_at: Timestamp,
    /// When another code may be requested.
    pub resend_at: Timestamp,
}

/// Requests a code that proves an address, and begins a flow: only who knows its id can try the code. Does the same, in
/// the same time, for an address with and without an account (rule ID3): the worker decides which mail to send and
/// generates the code.
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
    let mailbox = email.mailbox();
    let unit = app.store.begin(now).await?;
    if !code_mailboxes::count_mail(&unit, &mailbox).await? {
        let counter = code_mailboxes::find(unit.connection().await?, &mailbox).await?;
        let refusal = counter.and_then(|counter| counter.refusal(now));
        let too_soon = || Problem::new(ProblemCode::CodeCooldown).retry_after(CODE_COOLDOWN);
        return Err(refusal.unwrap_or_else(too_soon).into());
    }
    let flow_id = CodeFlowId(unguessable_id(&*app.random));
    email_codes::insert(&unit, flow_id, &email, purpose).await?;
    let work = SendEmailCode { flow_id, locale: visitor.locale.as_str().to_owned() };
    let payload = serde_json::to_string(&work)?;
    jobs::enqueue(&unit, JobId::new(&*app.ids), SendEmailCode::KIND, payload, CODE_LIFETIME).await?;
    unit.commit().await?;
    Ok(CodeRequested { flow_id, expires_at: now.plus(CODE_LIFETIME), resend_at: now.plus(CODE_COOLDOWN) })
}
