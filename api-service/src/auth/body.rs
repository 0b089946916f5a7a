use domain::auth::CodePurpose;
use domain::ids::{CodeFlowId, SessionId};
use domain::text::Fields;
use domain::users::{EmailAddress, Nickname};
use domain::{Problem, Timestamp};
use operations::auth::{CodeRequested, LogIn, ResetPassword, SessionTokens, SessionView, SignUp, TypedCode};
use poem_openapi::{Enum, Object};

use super::fields::{
    CodeField, DeviceTokenField, EmailField, NewPasswordField, PasswordField, RefreshTokenField,
};
use crate::id::Id;
use crate::instant::Instant;
use crate::request_body::IntoInput;
use crate::text_field::TextField;
use crate::users::body::{LocaleBody, MeBody};

/// The purpose of a mailed code: `signup` creates an account, `password_reset` replaces a forgotten password,
/// `email_change` changes the address of an account.
#[derive(Enum, Clone, Copy)]
#[oai(rename = "CodePurpose")]
enum CodePurposeBody {
    /// Create an account.
    #[oai(rename = "signup")]
    SignUp,
    /// Replace a forgotten password.
    #[oai(rename = "password_reset")]
    PasswordReset,
    /// Change the address of an account. The code is mailed to the new address.
    #[oai(rename = "email_change")]
    EmailChange,
}

/// A request for a mailed code.
#[derive(Object)]
#[oai(rename = "RequestEmailCode")]
pub(crate) struct RequestEmailCodeBody {
    /// E-mail address that the code is mailed to.
    email: TextField<EmailField>,
    /// Purpose of the code.
    purpose: CodePurposeBody,
}

impl IntoInput for RequestEmailCodeBody {
    type Input = (EmailAddress, CodePurpose);

    fn into_input(self) -> Result<Self::Input, Problem> {
        let mut fields = Fields::default();
        let email = fields.take(self.email.parse("/email"));
        let purpose = match self.purpose {
            CodePurposeBody::SignUp => CodePurpose::SignUp,
            CodePurposeBody::PasswordReset => CodePurpose::PasswordReset,
            CodePurposeBody::EmailChange => CodePurpose::EmailChange,
        };
        fields.finish(email.map(|email| (email, purpose)))
    }
}

/// The flow and the lifetime of a requested code.
#[derive(Object)]
#[oai(rename = "EmailCodeRequested")]
pub(crate) struct EmailCodeRequestedBody {
    /// Secret id of the flow that the code belongs to. The operations that take the code need it too.
    flow_id: Id<CodeFlowId>,
    /// Time at which the code expires.
    expires_at: Instant,
    /// Earliest time of the next request for the same address.
    resend_at: Instant,
}

impl From<CodeRequested> for EmailCodeRequestedBody {
    fn from(requested: CodeRequested) -> Self {
        Self {
            flow_id: requested.flow_id.into(),
            expires_at: requested.expires_at.into(),
            resend_at: requested.resend_at.into(),
        }
    }
}

/// An account to create.
#[derive(Object)]
#[oai(rename = "SignUp")]
pub(crate) struct SignUpBody {
    /// E-mail address that the code was mailed to.
    email: TextField<EmailField>,
    /// Id of the flow, from `requestEmailCode`.
    flow_id: Id<CodeFlowId>,
    /// Six digits from the mail.
    code: TextField<CodeField>,
    /// New password. Passwords that are easy to guess are refused.
    password: TextField<NewPasswordField>,
    /// Name that the person shows. One line. Generated if absent.
    nickname: Option<TextField<Nickname>>,
    /// Language of mails and texts. If absent, it is taken from `Accept-Language`.
    locale: Option<LocaleBody>,
}

impl IntoInput for SignUpBody {
    type Input = SignUp;

    fn into_input(self) -> Result<SignUp, Problem> {
        let mut fields = Fields::default();
        let email = fields.take(self.email.parse("/email"));
        let code = fields.take(self.code.parse("/code"));
        let password = fields.take(self.password.parse("/password"));
        let nickname = self.nickname.and_then(|field| fields.take(field.parse("/nickname")));
        let locale = self.locale.map(Into::into);
        let flow_id = self.flow_id.0;
        let required = email.zip(code).zip(password);
        let input = required.map(|((email, code), password)| {
            let proof = TypedCode { flow_id, code };
            SignUp { email, proof, password, nickname, locale }
        });
        fields.finish(input)
    }
}

/// A new password for an account whose password is forgotten.
#[derive(Object)]
#[oai(rename = "ResetPassword")]
pub(crate) struct ResetPasswordBody {
    /// Id of the flow, from `requestEmailCode`.
    flow_id: Id<CodeFlowId>,
    /// Six digits from the mail.
    code: TextField<CodeField>,
    /// New password. Passwords that are easy to guess are refused.
    new_password: TextField<NewPasswordField>,
}

impl IntoInput for ResetPasswordBody {
    type Input = ResetPassword;

    fn into_input(self) -> Result<ResetPassword, Problem> {
        let mut fields = Fields::default();
        let code = fields.take(self.code.parse("/code"));
        let password = fields.take(self.new_password.parse("/new_password"));
        let flow_id = self.flow_id.0;
        fields.finish(
            code.zip(password).map(|(code, new_password)| ResetPassword {
                proof: TypedCode { flow_id, code },
                new_password,
            }),
        )
    }
}

/// Credentials of an account.
#[derive(Object)]
#[oai(rename = "LogIn")]
pub(crate) struct LogInBody {
    /// E-mail address of the account.
    email: TextField<EmailField>,
    /// Password of the account.
    password: TextField<PasswordField>,
    /// Device token of an earlier log-in to the account on this device. One that is not valid is ignored.
    device_token: Option<TextField<DeviceTokenField>>,
}

impl IntoInput for LogInBody {
    type Input = LogIn;

    fn into_input(self) -> Result<LogIn, Problem> {
        let mut fields = Fields::default();
        let email = fields.take(self.email.parse("/email"));
        let password = fields.take(self.password.parse("/password"));
        let device_token = self.device_token.and_then(|field| fields.take(field.parse("/device_token")));
        let required = email.zip(password);
        fields.finish(required.map(|(email, password)| LogIn { email, password, device_token }))
    }
}

/// A refresh token to exchange.
#[derive(Object)]
#[oai(rename = "RefreshTokens")]
pub(crate) struct RefreshTokensBody {
    /// The newest refresh token of the session.
    refresh_token: TextField<RefreshTokenField>,
}

impl IntoInput for RefreshTokensBody {
    type Input = String;

    fn into_input(self) -> Result<String, Problem> {
        let mut fields = Fields::default();
        let token = fields.take(self.refresh_token.parse("/refresh_token"));
        fields.finish(token)
    }
}

/// A live session of the caller.
#[derive(Object)]
#[oai(rename = "Session")]
pub(crate) struct SessionBody {
    /// Id of the session.
    id: Id<SessionId>,
    /// Whether it is the session of the access token.
    current: bool,
    /// Program that logged in, as it described itself in `User-Agent`. At most 200 characters; may be empty.
    client: String,
    /// Network that the log-in came from: the /24 of an IPv4 address, the /64 of an IPv6 address. May be empty.
    ip_prefix: String,
    /// Time of the log-in.
    created_at: Instant,
    /// Time of the last refresh, or of the log-in if there was none.
    last_used_at: Instant,
    /// Time at which the session ends unless its tokens are refreshed before.
    expires_at: Instant,
}

impl From<SessionView> for SessionBody {
    fn from(SessionView { session, origin, is_current }: SessionView) -> Self {
        Self {
            id: session.id.into(),
            current: is_current,
            client: origin.client,
            ip_prefix: origin.ip_prefix,
            created_at: session.created_at.into(),
            last_used_at: session.rotated_at.into(),
            expires_at: session.expires_at().into(),
        }
    }
}

/// The live sessions of the caller.
#[derive(Object)]
#[oai(rename = "SessionList")]
pub(crate) struct SessionListBody {
    /// The sessions, the one used last first.
    items: Vec<SessionBody>,
}

impl From<Vec<SessionView>> for SessionListBody {
    fn from(sessions: Vec<SessionView>) -> Self {
        Self { items: sessions.into_iter().map(Into::into).collect() }
    }
}

/// The tokens of a session.
#[derive(Object)]
#[oai(rename = "SessionTokens")]
pub(crate) struct SessionTokensBody {
    /// Access token for the `Authorization` header.
    access_token: String,
    /// Always `Bearer`.
    token_type: String,
    /// Remaining lifetime of the access token, in seconds.
    expires_in: i32,
    /// Refresh token for `refreshTokens`, to be used once.
    refresh_token: String,
    /// Token for `logIn`, which shows that this device has logged in to the account before. To be kept after the log-out.
    /// Absent after a refresh.
    #[oai(skip_serializing_if_is_none)]
    device_token: Option<String>,
    /// Id of the session.
    session_id: Id<SessionId>,
    /// Account of the session.
    user: MeBody,
}

impl SessionTokensBody {
    /// Builds the body of an answer that is sent at `now`.
    pub(crate) fn of(tokens: SessionTokens, now: Timestamp) -> Self {
        Self {
            access_token: tokens.access_token,
            token_type: "Bearer".into(),
            expires_in: i32::try_from(tokens.access_expires_at.since(now).as_secs()).unwrap_or(i32::MAX),
            refresh_token: tokens.refresh_token,
            device_token: tokens.device_token,
            session_id: tokens.session_id.into(),
            user: tokens.user.into(),
        }
    }
}
