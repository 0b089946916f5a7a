use domain::auth::{CodeFlow, CodePurpose};
use domain::ids::CodeFlowId;
use domain::users::{Locale, UserState};
use identity::codes::Code;
use serde::{Deserialize, Serialize};
use store::{email_codes, users};

use super::code_mails::{self, Answer};
use super::{Job, Mail};
use crate::{App, Credentials, OperationError};

/// Input of the job that mails a code, or a notice where a code would be of no use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendEmailCode {
    /// The flow that the code belongs to.
    pub flow_id: CodeFlowId,
    /// Language of the mail.
    pub locale: String,
}

impl Job for SendEmailCode {
    const KIND: &'static str = "send_email_code";
}

/// Generates a code, stores its hash, and writes the mail. The code itself is not stored: another attempt generates
/// another code. Returns `None` if no code of the flow can be tried any more.
pub(super) async fn prepare(
    app: &App,
    credentials: &Credentials,
    work: &SendEmailCode,
) -> Result<Option<Mail>, OperationError> {
    let locale = Locale::from_name(&work.locale).unwrap_or(Locale::Korean);
    let flow = email_codes::find(app.store.reader(), work.flow_id).await?;
    let Some(flow) = flow.filter(|flow| flow.refusal(app.clock.now()).is_none()) else { return Ok(None) };
    if let Some(notice) = find_notice(app, &flow).await? {
        return Ok(Some(code_mails::write(flow.email, locale, flow.purpose, notice)));
    }
    let code = Code::generate(&*app.random);
    let (purpose, email) = (flow.purpose.as_str(), flow.email.as_str());
    let hash = credentials.codes.hash(flow.id, purpose, email, &code).to_text();
    let unit = app.store.begin(app.clock.now()).await?;
    let set = email_codes::set_hash(&unit, flow.id, &hash).await?;
    unit.commit().await?;
    let answer = Answer::Code(code.expose());
    Ok(set.then(|| code_mails::write(flow.email.clone(), locale, flow.purpose, answer)))
}

/// Returns what is mailed instead of a code: a new account or address needs an address without an account, a new password
/// an address with one.
async fn find_notice(app: &App, flow: &CodeFlow) -> Result<Option<Answer<'static>>, OperationError> {
    let account = users::find_by_email(app.store.reader(), &flow.email).await?;
    Ok(match flow.purpose {
        CodePurpose::SignUp | CodePurpose::EmailChange => account.map(|_account| Answer::AccountExists),
        CodePurpose::PasswordReset => match account {
            Some(account) if account.state == UserState::Active => None,
            _ => Some(Answer::NoAccount),
        },
    })
}
