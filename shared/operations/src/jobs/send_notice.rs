use std::time::Duration;

use domain::Timestamp;
use domain::auth::ClientOrigin;
use domain::ids::JobId;
use domain::users::{EmailAddress, Locale, User};
use serde::{Deserialize, Serialize};
use store::{UnitOfWork, jobs};

use super::{Job, Mail};
use crate::{App, OperationError};

/// Time after which a notice that could not be delivered is given up.
const LIFETIME: Duration = Duration::from_hours(7 * 24);

/// Something that the owner of an account should know, because it may have been somebody else (rule ID15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityEvent {
    /// A refresh token was used again, and its session was ended.
    RefreshTokenReused,
    /// A log-in from a device without a device token.
    NewDevice,
    /// The password was replaced.
    PasswordChanged,
    /// The address was replaced. The old one is told.
    EmailChanged,
}

/// Input of the job that mails a notice to the owner of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendNotice {
    /// What happened.
    pub event: SecurityEvent,
    /// Address of the recipient, as it was when it happened.
    pub email: String,
    /// Language of the mail.
    pub locale: String,
    /// When it happened, in milliseconds since 1970.
    pub at: i64,
    /// Program of the request.
    pub client: String,
    /// Network of the request.
    pub ip_prefix: String,
}

impl Job for SendNotice {
    const KIND: &'static str = "send_notice";
}

/// Enqueues a notice in the unit of what it is about: neither happens without the other.
pub(crate) async fn notify_owner(
    app: &App,
    unit: &UnitOfWork,
    owner: &User,
    event: SecurityEvent,
    origin: &ClientOrigin,
) -> Result<(), OperationError> {
    let work = SendNotice {
        event,
        email: owner.email.as_str().to_owned(),
        locale: owner.locale.as_str().to_owned(),
        at: unit.now().0,
        client: origin.client.clone(),
        ip_prefix: origin.ip_prefix.clone(),
    };
    let payload = serde_json::to_string(&work)?;
    jobs::enqueue(unit, JobId::new(&*app.ids), SendNotice::KIND, payload, LIFETIME).await?;
    Ok(())
}

/// Writes the mail.
pub(super) fn write(work: SendNotice) -> Mail {
    let locale = Locale::from_name(&work.locale).unwrap_or(Locale::Korean);
    let (subject, what, advice) = texts(locale, work.event);
    let at = Timestamp(work.at);
    let shown = |text: String, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text };
    let details = match locale {
        Locale::Korean => {
            let (client, network) = (shown(work.client, "알 수 없음"), shown(work.ip_prefix, "알 수 없음"));
            format!("시각(UTC): {at}, 프로그램: {client}, 네트워크: {network}")
        }
        Locale::English => {
            let (client, network) = (shown(work.client, "unknown"), shown(work.ip_prefix, "unknown"));
            format!("Time (UTC): {at}, program: {client}, network: {network}")
        }
    };
    let to = EmailAddress::from_stored(work.email);
    Mail::of_paragraphs(to, locale, subject, &[what, details.as_str(), advice])
}

fn texts(locale: Locale, event: SecurityEvent) -> (&'static str, &'static str, &'static str) {
    use SecurityEvent as E;
    const RESET_KO: &str = "본인이 아니라면 바로 비밀번호를 재설정해 주세요.";
    const RESET_EN: &str = "If it was not you, reset your password at once.";
    match (locale, event) {
        (Locale::Korean, E::RefreshTokenReused) => (
            "OrGo 세션을 종료했습니다",
            "이미 사용된 리프레시 토큰이 다시 사용되었습니다. 누군가 복사했을 수 있어 그 세션을 종료했습니다. 다시 로그인해 주세요.",
            RESET_KO,
        ),
        (Locale::English, E::RefreshTokenReused) => (
            "One of your OrGo sessions was ended",
            "A refresh token of your account was used a second time. It may have been copied, so its session was ended. \
             Log in again.",
            RESET_EN,
        ),
        (Locale::Korean, E::NewDevice) => {
            ("OrGo 새 기기 로그인", "처음 보는 기기에서 계정에 로그인했습니다.", RESET_KO)
        }
        (Locale::English, E::NewDevice) => (
            "Log-in to OrGo from a new device",
            "There was a log-in to your account from a device that is not known yet.",
            RESET_EN,
        ),
        (Locale::Korean, E::PasswordChanged) => {
            ("OrGo 비밀번호가 변경되었습니다", "계정의 비밀번호가 변경되었습니다.", RESET_KO)
        }
        (Locale::English, E::PasswordChanged) => {
            ("Your OrGo password was changed", "The password of your account was changed.", RESET_EN)
        }
        (Locale::Korean, E::EmailChanged) => (
            "OrGo 이메일 주소가 변경되었습니다",
            "계정의 이메일 주소가 다른 주소로 변경되었습니다. 앞으로는 새 주소로 로그인합니다.",
            "본인이 아니라면 바로 운영자에게 알려 주세요.",
        ),
        (Locale::English, E::EmailChanged) => (
            "Your OrGo e-mail address was changed",
            "The e-mail address of your account was replaced by another one, which is used to log in from now on.",
            "If it was not you, tell the operator of this service at once.",
        ),
    }
}
