//! The service's version and limits, and the keys that verify access tokens.

mod body;
mod enums_body;
mod limits_body;

use domain::ProblemCode;
use poem_openapi::types::ParseFromJSON as _;
use poem_openapi::{ApiResponse, OpenApi, Tags};

use crate::Service;
use crate::contract::{Access, Feature, Operation};
use crate::json::Json;
use crate::problem::ApiProblem;
use body::{JwksBody, MetaBody};
use enums_body::EnumerationsBody;
use limits_body::ServiceLimitsBody;

#[derive(Tags)]
enum Tag {
    /// Version, limits and public keys.
    Meta,
}

#[derive(ApiResponse)]
enum Keys {
    /// The public keys.
    #[oai(status = 200)]
    Ok(
        Json<JwksBody>,
        /// Time for which the keys may be cached.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

pub(crate) struct MetaApi(pub(crate) Service);

impl Feature for MetaApi {
    const OPERATIONS: &'static [Operation] = &[
        Operation::new("getMeta", Access::public(200)),
        Operation::new("getEnums", Access::public(200)),
        Operation::new("getLimits", Access::public(200)),
        Operation::new("getKeys", Access::public(200)),
    ];
}

#[OpenApi(tag = "Tag::Meta")]
impl MetaApi {
    /// Returns the service's version and limits
    ///
    /// The limits are the bounds that the schemas of this document state.
    #[oai(path = "/api/v1/meta", method = "get", operation_id = "getMeta")]
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    async fn get_meta(&self) -> Json<MetaBody> {
        Json(MetaBody::current())
    }

    /// Returns the enumerations with labels
    ///
    /// Labels for people, in Korean and English, of every value that requests and answers of this API contain.
    #[oai(path = "/api/v1/meta/enums", method = "get", operation_id = "getEnums")]
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    async fn get_enums(&self) -> Json<EnumerationsBody> {
        Json(EnumerationsBody::current())
    }

    /// Returns the limits
    ///
    /// Bounds of texts, pages and bodies, and the rate budgets as this service is configured.
    #[oai(path = "/api/v1/meta/limits", method = "get", operation_id = "getLimits")]
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    async fn get_limits(&self) -> Json<ServiceLimitsBody> {
        Json(ServiceLimitsBody::of(self.0.rate_budgets()))
    }

    /// Returns the public keys of access tokens
    ///
    /// A JSON Web Key Set (RFC 7517). The header of an access token names its key in `kid`. Other services can verify
    /// access tokens with it.
    #[oai(path = "/.well-known/jwks.json", method = "get", operation_id = "getKeys")]
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    async fn get_keys(&self) -> Result<Keys, ApiProblem> {
        let keys = JwksBody::parse_from_json(Some(self.0.credentials().access_tokens.jwks()));
        let keys = keys.map_err(|_not_a_key_set| ProblemCode::Internal)?;
        Ok(Keys::Ok(Json(keys), "public, max-age=300".into()))
    }
}
