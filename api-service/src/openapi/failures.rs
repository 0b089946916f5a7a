use std::collections::BTreeMap;

use domain::ProblemCode;
use edge::status_of;
use serde_json::{Value, json};

/// Returns the failures that are an operation's own, beside those that follow from its shape; nothing for an
/// operation nobody has thought about.
fn own_failures(operation_id: &str) -> Option<&'static [ProblemCode]> {
    use ProblemCode as P;
    Some(match operation_id {
        "requestEmailCode" => &[P::CodeCooldown, P::RateLimited],
        "signUp" => {
            &[P::CodeInvalid, P::CodeAttemptsExhausted, P::PasswordWeak, P::EmailTaken, P::RateLimited]
        }
        "logIn" => &[P::InvalidCredentials, P::RateLimited],
        "refreshTokens" => &[P::RefreshTokenInvalid, P::RefreshTokenReused, P::RateLimited],
        "createRealtimeTicket" => &[P::RateLimited],
        "updateMe" => &[P::VersionMismatch],
        "updatePost" | "deletePost" => &[P::NotAuthor, P::VersionMismatch],
        "deleteComment" => &[P::NotAuthor],
        "createComment" => &[P::ParentMismatch],
        "follow" | "unfollow" => &[P::SelfFollow],
        "logOut" | "getMe" | "getUser" | "listFollowers" | "listFollowing" | "listPosts" | "createPost"
        | "getPost" | "likePost" | "unlikePost" | "listPostLikes" | "listComments" | "listReplies"
        | "listNotifications" | "readNotifications" | "seeNotifications" | "getUnread" | "getMeta"
        | "getKeys" | "getHealth" | "getReadiness" => &[],
        _ => return None,
    })
}

/// Writes down every way in which an operation can fail.
pub(super) fn describe(operation: &mut Value) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut codes = failures_of_shape(operation);
    codes.extend(own_failures(&id).unwrap_or_default());
    let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
    for code in codes {
        let of_status = by_status.entry(status_of(code.kind()).as_u16()).or_default();
        if !of_status.contains(&code) {
            of_status.push(code);
        }
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for response in responses.values_mut().filter(|response| response.get("description") == Some(&json!("")))
    {
        // It has to be described (OpenAPI 3.0 section 4.7.17.1), and what it is the summary says.
        response["description"] = json!("What was asked for");
    }
    for (status, codes) in by_status {
        let lines: Vec<_> =
            codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.title())).collect();
        let response = json!({
            "description": lines.join("\n\n"),
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            "x-codes": codes.iter().map(|code| code.as_str()).collect::<Vec<_>>(),
        });
        responses.insert(status.to_string(), response);
    }
}

/// Returns the failures that follow from what an operation takes and who may call it.
fn failures_of_shape(operation: &Value) -> Vec<ProblemCode> {
    use ProblemCode as P;
    // Forbidden: a page of an origin that is not allowed asks.
    let mut codes = vec![P::UnknownParameter, P::MalformedRequest, P::Forbidden, P::Internal, P::Unavailable];
    if operation.get("security").is_some() {
        codes.extend([P::Unauthenticated, P::TokenExpired, P::SessionRevoked]);
    }
    if operation.get("requestBody").is_some() {
        codes.extend([P::RequestTimeout, P::PayloadTooLarge, P::UnsupportedMediaType, P::ValidationFailed]);
    }
    let parameters = operation.get("parameters").and_then(Value::as_array);
    for parameter in parameters.into_iter().flatten() {
        let place = parameter.get("in").and_then(Value::as_str);
        let name = parameter.get("name").and_then(Value::as_str);
        match (place, name) {
            (Some("path"), _) => codes.push(P::NotFound),
            (Some("query"), Some("cursor")) => codes.push(P::InvalidCursor),
            _ => {}
        }
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::tests::service;

    #[tokio::test]
    async fn somebody_has_thought_about_the_failures_of_every_operation() {
        assert!(own_failures("unheardOf").is_none());
        let document = crate::openapi::document(&service().await);
        let paths = document["paths"].as_object().unwrap().values();
        for operation in paths.flat_map(|path| path.as_object().unwrap().values()) {
            let id = operation["operationId"].as_str().unwrap();
            assert!(own_failures(id).is_some(), "nobody has thought about {id}");
        }
    }
}
