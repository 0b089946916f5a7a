//! What a person reads of a problem, in their language. Written for the one who has to do something about it.

use domain::ProblemCode;
use domain::problem::{FieldFault, FieldProblem};
use domain::users::Locale;

/// Returns the sentence that explains a problem.
pub(crate) fn detail(code: ProblemCode, locale: Locale) -> &'static str {
    let (korean, english) = both(code);
    match locale {
        Locale::Korean => korean,
        Locale::English => english,
    }
}

fn both(code: ProblemCode) -> (&'static str, &'static str) {
    use ProblemCode as P;
    match code {
        P::MalformedRequest => ("요청을 읽을 수 없습니다.", "The request could not be read."),
        P::UnknownParameter => {
            ("알 수 없는 쿼리 매개변수가 있습니다.", "There is a query parameter nobody knows.")
        }
        P::InvalidCursor => {
            ("이 목록에서 쓸 수 없는 커서입니다.", "The cursor does not belong to this list.")
        }
        P::Unauthenticated => ("로그인이 필요합니다.", "Log in first."),
        P::TokenExpired => (
            "액세스 토큰이 만료되었습니다. 토큰을 갱신해 주세요.",
            "The access token has expired. Refresh it.",
        ),
        P::SessionRevoked => {
            ("세션이 종료되었습니다. 다시 로그인해 주세요.", "The session has ended. Log in again.")
        }
        P::InvalidCredentials => {
            ("이메일 또는 비밀번호가 올바르지 않습니다.", "The e-mail address or the password is wrong.")
        }
        P::RefreshTokenInvalid => {
            ("리프레시 토큰이 유효하지 않습니다.", "The refresh token is not valid. Log in again.")
        }
        P::RefreshTokenReused => (
            "이미 사용된 리프레시 토큰이어서 세션을 종료했습니다.",
            "The refresh token had been used before, so the session was ended.",
        ),
        P::Forbidden => ("허용되지 않은 요청입니다.", "This is not allowed."),
        P::NotAuthor => ("작성자만 할 수 있습니다.", "Only the author may do this."),
        P::InteractionUnavailable => {
            ("지금은 할 수 없는 상호작용입니다.", "This interaction is not available.")
        }
        P::NotFound => ("찾을 수 없습니다.", "There is no such thing."),
        P::MethodNotAllowed => {
            ("이 주소에서 쓸 수 없는 메서드입니다.", "The method is not offered at this address.")
        }
        P::EmailTaken => ("이미 가입된 이메일입니다.", "The e-mail address already has an account."),
        P::VersionMismatch => (
            "그 사이에 내용이 바뀌었습니다. 새로 불러온 뒤 다시 시도해 주세요.",
            "It was changed in the meantime. Load it again and retry.",
        ),
        P::PayloadTooLarge => ("본문이 너무 큽니다.", "The body is too large."),
        P::UnsupportedMediaType => {
            ("본문은 application/json이어야 합니다.", "The body must be application/json.")
        }
        P::ValidationFailed => ("입력값을 확인해 주세요.", "Check what you have entered."),
        P::CodeInvalid => ("인증 코드가 틀렸거나 만료되었습니다.", "The code is wrong or has expired."),
        P::PasswordWeak => ("추측하기 쉬운 비밀번호입니다.", "The password is too easy to guess."),
        P::SelfFollow => ("자기 자신은 팔로우할 수 없습니다.", "You cannot follow yourself."),
        P::ParentMismatch => ("이 글의 댓글이 아닙니다.", "The parent is not a live comment of this post."),
        P::RateLimited => (
            "요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.",
            "Too many requests. Try again a little later.",
        ),
        P::CodeCooldown => (
            "방금 코드를 보냈습니다. 잠시 후 다시 요청해 주세요.",
            "A code was sent a moment ago. Wait before asking again.",
        ),
        P::CodeAttemptsExhausted => (
            "코드를 너무 많이 틀렸습니다. 새 코드를 요청해 주세요.",
            "Too many wrong tries. Ask for a new code.",
        ),
        P::Internal => ("서버에 문제가 생겼습니다.", "Something went wrong on our side."),
        P::Unavailable => ("잠시 후 다시 시도해 주세요.", "Not available at the moment. Try again shortly."),
    }
}

/// Returns the sentence that explains what is wrong with a field.
pub(crate) fn field_detail(field: &FieldProblem, locale: Locale) -> String {
    let number = |name: &str| field.params.get(name).map(ToString::to_string).unwrap_or_default();
    let korean = locale == Locale::Korean;
    match field.fault {
        FieldFault::Required if korean => "필수 항목입니다.".into(),
        FieldFault::Required => "It is required.".into(),
        FieldFault::TooShort if korean => format!("{}자 이상이어야 합니다.", number("min")),
        FieldFault::TooShort => format!("It must have at least {} characters.", number("min")),
        FieldFault::TooLong if korean => format!("{}자 이하여야 합니다.", number("max")),
        FieldFault::TooLong => format!("It must have at most {} characters.", number("max")),
        FieldFault::OutOfRange if korean => {
            format!("{} 이상 {} 이하여야 합니다.", number("min"), number("max"))
        }
        FieldFault::OutOfRange => format!("It must be between {} and {}.", number("min"), number("max")),
        FieldFault::BadFormat if korean => "형식이 올바르지 않습니다.".into(),
        FieldFault::BadFormat => "It does not have the right form.".into(),
        FieldFault::NotAllowed if korean => "허용되지 않은 값이나 문자가 있습니다.".into(),
        FieldFault::NotAllowed => "It is, or holds, something that is not allowed.".into(),
        FieldFault::Duplicate if korean => "중복되었습니다.".into(),
        FieldFault::Duplicate => "It is there twice.".into(),
        FieldFault::UnknownField if korean => "알 수 없는 항목입니다.".into(),
        FieldFault::UnknownField => "Nobody knows this field.".into(),
    }
}
