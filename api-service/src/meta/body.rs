use domain::comments::CommentContent;
use domain::page::Limit;
use domain::posts::{PostContent, PostTitle};
use domain::text::Text;
use domain::users::{About, Nickname};
use identity::passwords::Password;
use poem_openapi::Object;

use crate::request_body::MAX_BODY_BYTES;
use crate::users::body::LocaleBody;

/// Bounds of texts in characters (Unicode scalar values after normalisation), of pages in items and of bodies in bytes.
#[derive(Object)]
#[oai(rename = "Limits")]
pub(crate) struct LimitsBody {
    /// Maximum length of a nickname.
    nickname: i32,
    /// Maximum length of the text about a person.
    about: i32,
    /// Maximum length of the title of a post.
    post_title: i32,
    /// Maximum length of the content of a post.
    post_content: i32,
    /// Maximum length of a comment.
    comment_content: i32,
    /// Minimum length of a password.
    password_shortest: i32,
    /// Maximum length of a password.
    password_longest: i32,
    /// Maximum page size of a list.
    page: i32,
    /// Maximum size of a request body.
    body_bytes: i32,
}

/// The service's version and limits.
#[derive(Object)]
#[oai(rename = "Meta")]
pub(crate) struct MetaBody {
    /// Name of the service.
    name: String,
    /// Version of the service (Semantic Versioning).
    version: String,
    /// Languages of mails and texts. The first one is the default.
    locales: Vec<LocaleBody>,
    /// Bounds of texts, pages and bodies.
    limits: LimitsBody,
}

impl MetaBody {
    /// Describes this build.
    pub(crate) fn current() -> Self {
        let number = |limit: usize| i32::try_from(limit).unwrap_or(i32::MAX);
        Self {
            name: "OrGo".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            locales: vec![LocaleBody::Korean, LocaleBody::English],
            limits: LimitsBody {
                nickname: number(Nickname::MAX),
                about: number(About::MAX),
                post_title: number(PostTitle::MAX),
                post_content: number(PostContent::MAX),
                comment_content: number(CommentContent::MAX),
                password_shortest: number(Password::MIN),
                password_longest: number(Password::MAX),
                page: Limit::MAX.into(),
                body_bytes: number(MAX_BODY_BYTES),
            },
        }
    }
}

/// A public key (RFC 7517, RFC 8037).
#[derive(Object)]
#[oai(rename = "Jwk")]
pub(crate) struct JwkBody {
    /// Key type. `OKP` for Ed25519.
    kty: String,
    /// Curve. `Ed25519`.
    crv: String,
    /// Public key, base64url without padding.
    x: String,
    /// Use of the key. `sig`.
    r#use: String,
    /// Signature algorithm. `EdDSA`.
    alg: String,
    /// Id of the key.
    kid: String,
}

/// A JSON Web Key Set (RFC 7517 section 5).
#[derive(Object)]
#[oai(rename = "Jwks")]
pub(crate) struct JwksBody {
    /// The current key, then previous keys that still verify tokens.
    keys: Vec<JwkBody>,
}
