//! Problem details in Korean and English. Each one names the cause and, where possible, how the client can fix it.

use domain::ProblemCode;
use domain::problem::{FieldFault, FieldProblem};
use domain::users::Locale;
use platform::listener::Refusal;

/// A sentence in Korean and English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    /// Korean
    pub korean: &'static str,
    /// English
    pub english: &'static str,
}

impl Detail {
    /// Returns the sentence in a language.
    pub fn text(self, locale: Locale) -> &'static str {
        match locale {
            Locale::Korean => self.korean,
            Locale::English => self.english,
        }
    }
}

const fn detail(korean: &'static str, english: &'static str) -> Detail {
    Detail { korean, english }
}

/// Detail of a request that comes from a page of an origin that is not allowed.
pub const ORIGIN_NOT_ALLOWED: Detail = detail(
    "이 출처의 페이지는 이 서버를 호출할 수 없습니다. 운영자가 ORGO_ALLOWED_ORIGINS 설정으로 허용할 수 있습니다.",
    "Pages of this origin may not call this server. Its operator can allow the origin with ORGO_ALLOWED_ORIGINS.",
);

/// Returns the detail of a problem.
#[expect(clippy::too_many_lines, reason = "a table with one row per code")]
pub fn of_code(code: ProblemCode) -> Detail {
    use ProblemCode as P;
    match code {
        P::MalformedRequest => detail("요청을 읽을 수 없습니다.", "The request could not be read."),
        P::UnknownParameter => {
            detail("알 수 없는 쿼리 매개변수가 있습니다.", "The query has an unknown parameter.")
        }
        P::InvalidCursor => {
            detail("이 목록에서 쓸 수 없는 커서입니다.", "The cursor does not belong to this list.")
        }
        P::IdempotencyKeyInvalid => detail(
            "Idempotency-Key 헤더는 공백 없는 ASCII 문자 1~255자여야 합니다.",
            "The Idempotency-Key header must be 1 to 255 visible ASCII characters, with or without quotes.",
        ),
        P::IdempotencyInProgress => detail(
            "같은 멱등 키로 보낸 첫 요청이 아직 처리 중입니다. 잠시 후 다시 보내 주세요.",
            "The first request with this idempotency key has not ended. Send it again a little later.",
        ),
        P::IdempotencyKeyReused => detail(
            "이 멱등 키는 내용이 다른 요청에 이미 쓰였습니다. 새 키를 사용해 주세요.",
            "The idempotency key was used for a request with other content. Use a new key.",
        ),
        P::RequestTimeout => {
            detail("요청이 제시간에 도착하지 않았습니다.", "The request did not arrive in time.")
        }
        P::HeadersTooLarge => {
            detail("요청 헤더가 너무 큽니다.", "The request line and the headers are too large.")
        }
        P::Unauthenticated => detail("로그인이 필요합니다.", "Log in first."),
        P::TokenExpired => detail(
            "액세스 토큰이 만료되었습니다. 토큰을 갱신해 주세요.",
            "The access token has expired. Refresh it.",
        ),
        P::SessionRevoked => {
            detail("세션이 종료되었습니다. 다시 로그인해 주세요.", "The session has ended. Log in again.")
        }
        P::InvalidCredentials => detail(
            "이메일 또는 비밀번호가 올바르지 않습니다.",
            "The e-mail address or the password is wrong.",
        ),
        P::RefreshTokenInvalid => {
            detail("리프레시 토큰이 유효하지 않습니다.", "The refresh token is not valid. Log in again.")
        }
        P::RefreshTokenReused => detail(
            "이미 사용된 리프레시 토큰이어서 세션을 종료했습니다.",
            "The refresh token had been used before, so the session was ended. Log in again.",
        ),
        P::Forbidden => detail("허용되지 않은 요청입니다.", "You are not allowed to do this."),
        P::NotAuthor => detail("작성자만 할 수 있습니다.", "Only the author may do this."),
        P::InteractionUnavailable => {
            detail("지금은 할 수 없는 상호작용입니다.", "This interaction is not available.")
        }
        P::NotFound => detail("찾을 수 없습니다.", "The requested resource was not found."),
        P::MethodNotAllowed => {
            detail("이 주소에서 쓸 수 없는 메서드입니다.", "This address does not support the method.")
        }
        P::NotAcceptable => {
            detail("응답은 JSON만 제공합니다.", "Answers are application/json or application/problem+json.")
        }
        P::EmailTaken => detail("이미 가입된 이메일입니다.", "The e-mail address already has an account."),
        P::VersionMismatch => detail(
            "그 사이에 내용이 바뀌었습니다. 새로 불러온 뒤 다시 시도해 주세요.",
            "The resource was changed in the meantime. Load it again and retry.",
        ),
        P::PayloadTooLarge => detail("본문이 너무 큽니다.", "The body is too large."),
        P::UnsupportedMediaType => {
            detail("본문은 application/json이어야 합니다.", "The body must be application/json.")
        }
        P::ValidationFailed => detail("입력값을 확인해 주세요.", "Check the values you have entered."),
        P::CodeInvalid => detail("인증 코드가 틀렸거나 만료되었습니다.", "The code is wrong or has expired."),
        P::PasswordWeak => detail("추측하기 쉬운 비밀번호입니다.", "The password is too easy to guess."),
        P::PasswordUnchanged => {
            detail("지금 쓰는 비밀번호와 같습니다.", "The new password is the same as the present one.")
        }
        P::SelfFollow => detail("자기 자신은 팔로우할 수 없습니다.", "You cannot follow yourself."),
        P::RestoreWindowPassed => detail(
            "삭제한 지 30일이 지나 복원할 수 없습니다.",
            "It was deleted more than 30 days ago and cannot be restored.",
        ),
        P::ParentMismatch => {
            detail("이 글의 댓글이 아닙니다.", "The parent is not an existing comment of this post.")
        }
        P::RateLimited => detail(
            "요청이 너무 많습니다. 잠시 후 다시 시도해 주세요.",
            "Too many requests. Try again a little later.",
        ),
        P::CodeCooldown => detail(
            "방금 코드를 보냈습니다. 잠시 후 다시 요청해 주세요.",
            "A code was sent a moment ago. Wait before you request another one.",
        ),
        P::CodeAttemptsExhausted => detail(
            "코드를 너무 많이 틀렸습니다. 새 코드를 요청해 주세요.",
            "Too many wrong codes. Request a new one.",
        ),
        P::Internal => detail(
            "서버에 문제가 생겼습니다.",
            "The server failed. If this happens again, report the request_id.",
        ),
        P::Unavailable => detail(
            "지금은 이용할 수 없습니다. 잠시 후 다시 시도해 주세요.",
            "The service is not available at the moment. Try again shortly.",
        ),
    }
}

/// Returns the detail of a request that was refused before it was parsed.
pub(crate) fn of_refusal(refusal: Refusal) -> Detail {
    match refusal {
        Refusal::Version => detail(
            "이 포트는 HTTP/1.1만 지원합니다.",
            "This port speaks HTTP/1.1 only, without TLS and without HTTP/2.",
        ),
        Refusal::RequestLine => {
            detail("요청 줄을 해석할 수 없습니다.", "The request line does not follow RFC 9112 section 3.")
        }
        Refusal::HeaderLine => {
            detail("헤더 줄을 해석할 수 없습니다.", "A header line does not follow RFC 9112 section 5.")
        }
        Refusal::BareLineFeed => {
            detail("줄은 CRLF로 끝나야 합니다.", "Lines of a request must end in CRLF, not in LF alone.")
        }
        Refusal::Host => {
            detail("Host 헤더가 정확히 하나 있어야 합니다.", "The request must have exactly one Host header.")
        }
        Refusal::BodyLength => detail(
            "본문 길이는 Content-Length 하나 또는 Transfer-Encoding: chunked로 알려야 합니다.",
            "A body needs either one Content-Length or Transfer-Encoding: chunked, not both.",
        ),
        Refusal::HeadersTooLarge => of_code(ProblemCode::HeadersTooLarge),
        Refusal::HeadersTooSlow => of_code(ProblemCode::RequestTimeout),
    }
}

/// Returns the detail of a fault of one field.
pub(crate) fn of_field(field: &FieldProblem, locale: Locale) -> String {
    let number = |name: &str| field.params.get(name).map(ToString::to_string).unwrap_or_default();
    let korean = locale == Locale::Korean;
    match field.fault {
        FieldFault::Required if korean => "필수 항목입니다.".into(),
        FieldFault::Required => "A value is required.".into(),
        FieldFault::TooShort if korean => format!("{}자 이상이어야 합니다.", number("min")),
        FieldFault::TooShort => format!("The value must have at least {} characters.", number("min")),
        FieldFault::TooLong if korean => format!("{}자 이하여야 합니다.", number("max")),
        FieldFault::TooLong => format!("The value must have at most {} characters.", number("max")),
        FieldFault::OutOfRange if korean => {
            format!("{} 이상 {} 이하여야 합니다.", number("min"), number("max"))
        }
        FieldFault::OutOfRange => {
            format!("The value must be between {} and {}.", number("min"), number("max"))
        }
        FieldFault::BadFormat if korean => "형식이 올바르지 않습니다.".into(),
        FieldFault::BadFormat => "The value has the wrong type or format.".into(),
        FieldFault::NotAllowed if korean => "허용되지 않은 값이나 문자가 있습니다.".into(),
        FieldFault::NotAllowed => "The value, or a character in it, is not allowed.".into(),
        FieldFault::Duplicate if korean => "중복되었습니다.".into(),
        FieldFault::Duplicate => "The field is given more than once.".into(),
        FieldFault::UnknownField if korean => "알 수 없는 항목입니다.".into(),
        FieldFault::UnknownField => "The field is unknown.".into(),
    }
}
