//! The texts of the mails that answer a request for a code.

use domain::auth::{CODE_LIFETIME, CodePurpose};
use domain::users::{EmailAddress, Locale};

use super::Mail;

/// What the owner of the address is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer<'a> {
    /// The code.
    Code(&'a str),
    /// The address has an account.
    AccountExists,
    /// The address has no account.
    NoAccount,
}

/// Writes the mail.
pub(super) fn write(to: EmailAddress, locale: Locale, purpose: CodePurpose, answer: Answer<'_>) -> Mail {
    let (subject, first, rest) = match answer {
        Answer::Code(code) => {
            let (subject, place) = of_code(locale, purpose);
            let minutes = CODE_LIFETIME.as_secs() / 60;
            match locale {
                Locale::Korean => (
                    subject,
                    format!("인증 코드: {code}"),
                    format!(
                        "{place} {minutes}분 동안 한 번만 쓸 수 있습니다. 다른 사람에게 알려 주지 마세요."
                    ),
                ),
                Locale::English => (
                    subject,
                    format!("Your code: {code}"),
                    format!("{place} It works once, within {minutes} minutes. Do not tell it to anybody."),
                ),
            }
        }
        Answer::AccountExists => of_known_address(locale, purpose),
        Answer::NoAccount => of_unknown_address(locale),
    };
    let ignore = match locale {
        Locale::Korean => "요청하지 않으셨다면 이 메일을 무시하셔도 됩니다.",
        Locale::English => "If you did not ask for it, ignore this mail.",
    };
    Mail::of_paragraphs(to, locale, subject, &[first.as_str(), rest.as_str(), ignore])
}

/// Returns the subject of a mail with a code, and where to type the code.
fn of_code(locale: Locale, purpose: CodePurpose) -> (&'static str, &'static str) {
    match (locale, purpose) {
        (Locale::Korean, CodePurpose::SignUp) => ("OrGo 가입 인증 코드", "가입 화면에 입력해 주세요."),
        (Locale::English, CodePurpose::SignUp) => ("Your OrGo sign-up code", "Type it where you sign up."),
        (Locale::Korean, CodePurpose::PasswordReset) => {
            ("OrGo 비밀번호 재설정 코드", "비밀번호를 다시 정하는 화면에 입력해 주세요.")
        }
        (Locale::English, CodePurpose::PasswordReset) => {
            ("Your OrGo password reset code", "Type it where you choose a new password.")
        }
        (Locale::Korean, CodePurpose::EmailChange) => {
            ("OrGo 이메일 변경 코드", "이메일 주소를 바꾸는 화면에 입력해 주세요.")
        }
        (Locale::English, CodePurpose::EmailChange) => {
            ("Your OrGo address change code", "Type it where you change your e-mail address.")
        }
    }
}

fn of_known_address(locale: Locale, purpose: CodePurpose) -> (&'static str, String, String) {
    match (locale, purpose) {
        (Locale::Korean, CodePurpose::EmailChange) => (
            "이미 쓰이고 있는 이메일입니다",
            "다른 계정의 이메일을 이 주소로 바꾸려는 요청이 있었지만, 이 주소에는 이미 계정이 있습니다."
                .into(),
            "바뀐 것은 없습니다.".into(),
        ),
        (Locale::English, CodePurpose::EmailChange) => (
            "This address already has an OrGo account",
            "Somebody asked to change the address of an account to this one, which has an account already."
                .into(),
            "Nothing was changed.".into(),
        ),
        (Locale::Korean, _) => (
            "이미 가입된 이메일입니다",
            "이 주소로 가입하려는 요청이 있었지만 이미 계정이 있습니다.".into(),
            "로그인해 주세요.".into(),
        ),
        (Locale::English, _) => (
            "You already have an OrGo account",
            "Somebody asked to sign up with this address, which has an account already.".into(),
            "Log in instead.".into(),
        ),
    }
}

fn of_unknown_address(locale: Locale) -> (&'static str, String, String) {
    match locale {
        Locale::Korean => (
            "가입되지 않은 이메일입니다",
            "이 주소의 비밀번호를 재설정하려는 요청이 있었지만, 이 주소로 가입한 계정이 없습니다.".into(),
            "다른 주소로 가입하셨는지 확인해 주세요.".into(),
        ),
        Locale::English => (
            "No OrGo account with this address",
            "Somebody asked to reset the password of this address, which has no account.".into(),
            "Perhaps you signed up with another address.".into(),
        ),
    }
}
