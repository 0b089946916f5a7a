//! Signs of life, for whoever sends traffic here.

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi, Tags};

use crate::Service;
use crate::problem::ApiProblem;

#[derive(Tags)]
enum Tag {
    /// Signs of life
    Health,
}

/// A sign of life
#[derive(Object)]
#[oai(rename = "Health")]
pub(crate) struct HealthBody {
    status: String,
}

pub(crate) struct HealthApi(pub(crate) Service);

#[OpenApi(tag = "Tag::Health")]
impl HealthApi {
    /// Tells that the process runs
    #[oai(path = "/healthz", method = "get", operation_id = "getHealth")]
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    async fn get_health(&self) -> Json<HealthBody> {
        Json(HealthBody { status: "ok".into() })
    }

    /// Tells whether requests can be served: the database answers, and the service is not going down
    // Redis does not count: without it everything works but opening new sockets.
    #[oai(path = "/readyz", method = "get", operation_id = "getReadiness")]
    async fn get_readiness(&self) -> Result<Json<HealthBody>, ApiProblem> {
        self.0.readiness().check().await?;
        Ok(Json(HealthBody { status: "ready".into() }))
    }
}
