use domain::auth::CodePurpose;
use domain::problem::{FieldFault, FieldProblem};
use domain::text::Fields;
use domain::users::{EmailAddress, Nickname};
use domain::{Problem, Timestamp};
use identity::passwords::Password;
use operations::auth::{CodeRequested, LogIn, SessionTokens, SignUp};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::instant::Instant;
use crate::text_field::TextField;
use crate::users::body::{LocaleBody, MeBody};

/// What a code is for
#[derive(Enum, Clone, Copy)]
#[oai(rename = "CodePurpose")]
enum CodePurposeBody {
    /// Making an account
    #[oai(rename = "signup")]
    SignUp,
}

/// For which address a code is wanted
#[derive(Object)]
#[oai(rename = "RequestEmailCode")]
pub(crate) struct RequestEmailCodeBody {
    email: String,
    purpose: CodePurposeBody,
}

impl RequestEmailCodeBody {
    pub(crate) fn into_input(self) -> Result<(EmailAddress, CodePurpose), Problem> {
        let mut fields = Fields::default();
        let email = fields.take(EmailAddress::parse("/email", &self.email));
        let CodePurposeBody::SignUp = self.purpose;
        fields.finish(email.map(|email| (email, CodePurpose::SignUp)))
    }
}

/// That a code is on its way
#[derive(Object)]
#[oai(rename = "EmailCodeRequested")]
pub(crate) struct EmailCodeRequestedBody {
    /// When the code is no longer good
    expires_at: Instant,
    /// When another may be asked for
    resend_at: Instant,
}

impl From<CodeRequested> for EmailCodeRequestedBody {
    fn from(requested: CodeRequested) -> Self {
        Self { expires_at: requested.expires_at.into(), resend_at: requested.resend_at.into() }
    }
}

/// What it takes to sign up
#[derive(Object)]
#[oai(rename = "SignUp")]
pub(crate) struct SignUpBody {
    email: String,
    /// The six digits of the mail
    code: String,
    /// 8 to 128 characters, not easy to guess
    password: String,
    /// The name you show; one is made up where it is absent
    nickname: Option<TextField<Nickname>>,
    /// Your language; that of your browser where it is absent
    locale: Option<LocaleBody>,
}

impl SignUpBody {
    pub(crate) fn into_input(self) -> Result<SignUp, Problem> {
        let mut fields = Fields::default();
        let email = fields.take(EmailAddress::parse("/email", &self.email));
        let password = fields.take(Password::parse(&self.password).map_err(|fault| {
            FieldProblem::at("/password", fault.field_fault())
                .with("min", Password::MIN)
                .with("max", Password::MAX)
        }));
        let nickname = self.nickname.and_then(|field| fields.take(field.parse("/nickname")));
        let (code, locale) = (self.code, self.locale.map(Into::into));
        let input =
            email.zip(password).map(|(email, password)| SignUp { email, code, password, nickname, locale });
        fields.finish(input)
    }
}

/// What it takes to log in
#[derive(Object)]
#[oai(rename = "LogIn")]
pub(crate) struct LogInBody {
    email: String,
    password: String,
}

impl LogInBody {
    pub(crate) fn into_input(self) -> Result<LogIn, Problem> {
        let mut fields = Fields::default();
        let email = fields.take(EmailAddress::parse("/email", &self.email));
        if self.password.is_empty() {
            fields.push(FieldProblem::at("/password", FieldFault::Required));
        } else if self.password.chars().count() > Password::MAX {
            // Nobody has one that long; hashing it would only cost time.
            fields.push(FieldProblem::at("/password", FieldFault::TooLong).with("max", Password::MAX));
        }
        fields.finish(email.map(|email| LogIn { email, password: self.password }))
    }
}

/// The refresh token held
#[derive(Object)]
#[oai(rename = "RefreshTokens")]
pub(crate) struct RefreshTokensBody {
    pub(crate) refresh_token: String,
}

/// What you hold while logged in
#[derive(Object)]
#[oai(rename = "SessionTokens")]
pub(crate) struct SessionTokensBody {
    /// For the Authorization header
    access_token: String,
    /// Always Bearer
    token_type: String,
    /// For how many seconds the access token is good
    expires_in: u32,
    /// Gets the next pair, once
    refresh_token: String,
    session_id: Uuid,
    user: MeBody,
}

impl SessionTokensBody {
    pub(crate) fn of(tokens: SessionTokens, now: Timestamp) -> Self {
        Self {
            access_token: tokens.access_token,
            token_type: "Bearer".into(),
            expires_in: u32::try_from(tokens.access_expires_at.since(now).as_secs()).unwrap_or(u32::MAX),
            refresh_token: tokens.refresh_token,
            session_id: tokens.session_id.0,
            user: tokens.user.into(),
        }
    }
}
