//! Health checks for load balancers.

use poem_openapi::{Object, OpenApi, Tags};

use crate::Service;
use crate::contract::{Access, Counting, Feature, Operation};
use crate::json::Json;
use crate::problem::ApiProblem;

#[derive(Tags)]
enum Tag {
    /// Health checks.
    Health,
}

/// The result of a health check.
#[derive(Object)]
#[oai(rename = "Health")]
pub(crate) struct HealthBody {
    /// `ok` for liveness, `ready` for readiness.
    status: String,
}

pub(crate) struct HealthApi(pub(crate) Service);

impl Feature for HealthApi {
    const OPERATIONS: &'static [Operation] = &[
        Operation::new("getHealth", Access::public(200)).counting(Counting::None),
        Operation::new("getReadiness", Access::public(200)).counting(Counting::None),
    ];
}

#[OpenApi(tag = "Tag::Health")]
impl HealthApi {
    /// Checks that the process runs
    ///
    /// For liveness probes. It does not touch the database.
    #[oai(path = "/healthz", method = "get", operation_id = "getHealth")]
    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    async fn get_health(&self) -> Json<HealthBody> {
        Json(HealthBody { status: "ok".into() })
    }

    /// Checks that the service can answer requests
    ///
    /// For load balancers. It fails while the database does not answer and while the service is shutting down.
    // Redis does not count: without it people can do everything but open new sockets.
    #[oai(path = "/readyz", method = "get", operation_id = "getReadiness")]
    async fn get_readiness(&self) -> Result<Json<HealthBody>, ApiProblem> {
        self.0.readiness().check().await?;
        Ok(Json(HealthBody { status: "ready".into() }))
    }
}
