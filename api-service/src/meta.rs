//! What this service is, and the keys its tokens are checked with.

use domain::comments::CommentContent;
use domain::page::Limit;
use domain::posts::{PostContent, PostTitle};
use domain::text::Text;
use domain::users::{About, Nickname};
use identity::passwords::Password;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Object, OpenApi, Tags};
use serde_json::Value;

use crate::Service;
use crate::request_body::LARGEST;

#[derive(Tags)]
enum Tag {
    /// What this service is
    Meta,
}

/// The longest a text may be, in characters, and the largest a body, in bytes
#[derive(Object)]
#[oai(rename = "Limits")]
pub(crate) struct LimitsBody {
    nickname: usize,
    about: usize,
    post_title: usize,
    post_content: usize,
    comment_content: usize,
    password_shortest: usize,
    password_longest: usize,
    page: u16,
    body_bytes: usize,
}

/// What this service is
#[derive(Object)]
#[oai(rename = "Meta")]
pub(crate) struct MetaBody {
    name: String,
    version: String,
    /// The languages of texts that people read; the first is the default
    locales: Vec<String>,
    limits: LimitsBody,
}

#[derive(ApiResponse)]
enum Keys {
    /// The public keys (RFC 7517)
    #[oai(status = 200)]
    Ok(
        Json<Any<Value>>,
        /// For how long they may be kept
        #[oai(header = "Cache-Control")]
        String,
    ),
}

pub(crate) struct MetaApi(pub(crate) Service);

#[OpenApi(tag = "Tag::Meta")]
impl MetaApi {
    /// Returns what this service is and what its limits are
    #[oai(path = "/api/v1/meta", method = "get", operation_id = "getMeta")]
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    async fn get_meta(&self) -> Json<MetaBody> {
        Json(MetaBody {
            name: "OrGo".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            locales: domain::users::Locale::NAMES.iter().map(|&name| name.to_owned()).collect(),
            limits: LimitsBody {
                nickname: Nickname::MAX,
                about: About::MAX,
                post_title: PostTitle::MAX,
                post_content: PostContent::MAX,
                comment_content: CommentContent::MAX,
                password_shortest: Password::MIN,
                password_longest: Password::MAX,
                page: Limit::MAX,
                body_bytes: LARGEST,
            },
        })
    }

    /// Returns the keys access tokens are checked with
    #[oai(path = "/.well-known/jwks.json", method = "get", operation_id = "getKeys")]
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    async fn get_keys(&self) -> Keys {
        Keys::Ok(Json(Any(self.0.credentials().access_tokens.jwks())), "public, max-age=300".into())
    }
}
