use domain::Timestamp;
use domain::auth::{CODE_LIFETIME, CodePurpose};
use domain::users::{EmailAddress, Locale};
use identity::codes::Code;
use serde::{Deserialize, Serialize};
use store::{email_codes, users};

use super::{Job, Mail};
use crate::{App, Credentials, OperationError};

/// Input of the job that mails a code, or, to an address with an account, a notice that the account exists.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendEmailCode {
    /// Address of the recipient.
    pub email: String,
    /// Purpose of the code.
    pub purpose: String,
    /// Language of the mail.
    pub locale: String,
    /// When the code was requested, in milliseconds since 1970. A later request invalidates this one.
    pub requested_at: i64,
}

impl Job for SendEmailCode {
    const KIND: &'static str = "send_email_code";
}

/// Generates a code, stores its hash, and writes the mail. The code itself is not stored: another attempt generates
/// another code. Returns `None` if a later request invalidated this one.
pub(super) async fn prepare(
    app: &App,
    credentials: &Credentials,
    work: &SendEmailCode,
) -> Result<Option<Mail>, OperationError> {
    let (Some(purpose), Some(locale)) =
        (CodePurpose::from_name(&work.purpose), Locale::from_name(&work.locale))
    else {
        return Ok(None);
    };
    let email = EmailAddress::from_stored(work.email.clone());
    if users::find_by_email(app.store.reader(), &email).await?.is_some() {
        let (subject, text) = account_exists(locale);
        return Ok(Some(Mail { to: email, subject, text }));
    }
    let code = Code::generate(&*app.random);
    let hash = credentials.codes.hash(purpose.as_str(), email.as_str(), &code).to_text();
    let unit = app.store.begin(app.clock.now()).await?;
    let requested_at = Timestamp(work.requested_at);
    let set = email_codes::set_hash(&unit, &email, purpose, &hash, requested_at).await?;
    unit.commit().await?;
    if !set {
        return Ok(None);
    }
    let (subject, text) = code_text(locale, code.expose());
    Ok(Some(Mail { to: email, subject, text }))
}

fn code_text(locale: Locale, code: &str) -> (String, String) {
    let minutes = CODE_LIFETIME.as_secs() / 60;
    match locale {
        Locale::Korean => (
            "OrGo 가입 인증 코드".into(),
            format!(
                "인증 코드: {code}\n\n가입 화면에 입력해 주세요. {minutes}분 동안 한 번만 쓸 수 있습니다.\n\
                 요청하지 않으셨다면 이 메일을 무시하셔도 됩니다.\n"
            ),
        ),
        Locale::English => (
            "Your OrGo sign-up code".into(),
            format!(
                "Your code: {code}\n\nType it where you sign up. It works once, within {minutes} minutes.\n\
                 If you did not ask for it, ignore this mail.\n"
            ),
        ),
    }
}

fn account_exists(locale: Locale) -> (String, String) {
    match locale {
        Locale::Korean => (
            "이미 가입된 이메일입니다".into(),
            "이 주소로 가입하려는 요청이 있었지만 이미 계정이 있습니다. 로그인해 주세요.\n\
             요청하지 않으셨다면 이 메일을 무시하셔도 됩니다.\n"
                .into(),
        ),
        Locale::English => (
            "You already have an OrGo account".into(),
            "Somebody asked to sign up with this address, which has an account already. Log in instead.\n\
             If it was not you, ignore this mail.\n"
                .into(),
        ),
    }
}
