//! What the pages of problems say beside the detail: the values that belong to a code, and what a client can do.

use domain::{ProblemCode, ProblemKind};

/// A text in both languages.
pub(super) struct Text {
    pub(super) english: &'static str,
    pub(super) korean: &'static str,
}

/// A member of `params`.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) meaning: Text,
}

const fn text(english: &'static str, korean: &'static str) -> Text {
    Text { english, korean }
}

const fn parameter(name: &'static str, english: &'static str, korean: &'static str) -> Parameter {
    Parameter { name, meaning: text(english, korean) }
}

const CURRENT_VERSION: &[Parameter] =
    &[parameter("current_version", "The version that the thing has now.", "현재 버전입니다.")];
const ATTEMPTS_LEFT: &[Parameter] = &[parameter(
    "attempts_left",
    "How often this code may still be tried.",
    "이 코드를 더 시도할 수 있는 횟수입니다.",
)];
const BUDGET: &[Parameter] = &[
    parameter(
        "policy",
        "Name of the rate budget, as in RateLimit-Policy.",
        "RateLimit-Policy에 나오는 한도의 이름입니다.",
    ),
    parameter("quota", "Size of the budget in requests.", "한도의 크기(요청 수)입니다."),
    parameter(
        "window_seconds",
        "Seconds after which the whole budget is available again.",
        "한도가 모두 회복되는 시간(초)입니다.",
    ),
];

const ALLOWED: &[Parameter] = &[parameter(
    "allowed",
    "The allowed combinations, where single values are right and their combination is not.",
    "값은 맞지만 함께 쓸 수 없을 때, 쓸 수 있는 조합입니다.",
)];

/// Returns the members of `params` that a problem may have.
pub(super) fn parameters(code: ProblemCode) -> &'static [Parameter] {
    match code {
        ProblemCode::VersionMismatch => CURRENT_VERSION,
        ProblemCode::CodeInvalid => ATTEMPTS_LEFT,
        ProblemCode::RateLimited => BUDGET,
        ProblemCode::ValidationFailed => ALLOWED,
        _ => &[],
    }
}

/// Returns the names of the members of `params` that a problem with this code may have; `None` for an unknown code.
pub fn problem_parameters(code: &str) -> Option<Vec<&'static str>> {
    let code = ProblemCode::ALL.iter().find(|known| known.as_str() == code)?;
    Some(parameters(*code).iter().map(|parameter| parameter.name).collect())
}

/// Returns what a client can do.
pub(super) fn advice(code: ProblemCode) -> Text {
    match code {
        ProblemCode::TokenExpired => text(
            "Exchange the refresh token for a new access token, and repeat the request.",
            "리프레시 토큰으로 새 액세스 토큰을 받은 뒤 요청을 다시 보내세요.",
        ),
        ProblemCode::InvalidCursor => text(
            "Begin again with the first page, without cursor.",
            "커서 없이 첫 페이지부터 다시 불러오세요.",
        ),
        ProblemCode::IdempotencyKeyReused => text(
            "Make a new key for each attempt, and keep it for the repetitions of that attempt only.",
            "시도마다 새 키를 만들고, 같은 시도를 반복할 때만 같은 키를 쓰세요.",
        ),
        ProblemCode::IdempotencyInProgress => text(
            "Wait for the seconds of Retry-After, and send the same request with the same key again.",
            "Retry-After의 시간만큼 기다린 뒤 같은 키로 같은 요청을 다시 보내세요.",
        ),
        ProblemCode::VersionMismatch => text(
            "Read the thing again, apply the edit to it, and send the new ETag in If-Match.",
            "다시 불러와 수정한 뒤 새 ETag를 If-Match로 보내세요.",
        ),
        ProblemCode::ValidationFailed => text(
            "Correct the fields that errors names by pointer; code and params say what is wrong with each.",
            "errors의 pointer가 가리키는 항목을 고치세요. code와 params가 이유를 알려 줍니다.",
        ),
        _ => advice_of_kind(code.kind()),
    }
}

fn advice_of_kind(kind: ProblemKind) -> Text {
    match kind {
        ProblemKind::Malformed
        | ProblemKind::Invalid
        | ProblemKind::TooLarge
        | ProblemKind::HeadersTooLarge => text(
            "Correct the request. The same request fails again.",
            "요청을 고쳐서 보내세요. 같은 요청은 다시 실패합니다.",
        ),
        ProblemKind::Unauthenticated => {
            text("Log in, and send the access token.", "로그인한 뒤 액세스 토큰을 보내세요.")
        }
        ProblemKind::Forbidden => {
            text("The caller may not do this. Another caller may.", "이 사용자는 할 수 없는 요청입니다.")
        }
        ProblemKind::NotFound => text(
            "Check the address. The thing may have been deleted.",
            "주소를 확인하세요. 삭제되었을 수 있습니다.",
        ),
        ProblemKind::Gone => text(
            "Nothing can be done any more. The time for it has passed.",
            "기한이 지나 더 이상 할 수 없습니다.",
        ),
        ProblemKind::NotAllowed => {
            text("Use a method that the Allow header lists.", "Allow 헤더에 있는 메서드를 쓰세요.")
        }
        ProblemKind::NotAcceptable => text(
            "Accept application/json, or leave Accept out.",
            "Accept에 application/json을 넣거나 빼고 보내세요.",
        ),
        ProblemKind::Unsupported => {
            text("Send application/json in UTF-8.", "UTF-8로 된 application/json을 보내세요.")
        }
        ProblemKind::Conflict | ProblemKind::PreconditionFailed => {
            text("Read the present state, and decide again.", "현재 상태를 다시 불러온 뒤 결정하세요.")
        }
        ProblemKind::TooMany => text(
            "Wait for the seconds of Retry-After before the next request.",
            "Retry-After의 시간만큼 기다린 뒤 요청하세요.",
        ),
        ProblemKind::TooSlow | ProblemKind::Unavailable => text(
            "Repeat the request after the seconds of Retry-After, or after a second, with growing pauses.",
            "Retry-After의 시간이나 1초 뒤에, 간격을 늘려 가며 다시 보내세요.",
        ),
        ProblemKind::Internal => text(
            "Report the request_id to the operator. A repetition may succeed.",
            "운영자에게 request_id를 알려 주세요. 다시 보내면 성공할 수도 있습니다.",
        ),
    }
}
