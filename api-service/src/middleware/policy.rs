use std::sync::Arc;

use domain::Problem;
use edge::{PathHeaders, ServicePolicy};

use crate::openapi::OperationTable;
use crate::problem::problem_of_error;
use crate::request_body::MAX_BODY_BYTES;

/// The documentation is one page with its own script and style. It calls only this service.
const DOCUMENTATION: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The parts of the edge that are specific to this service.
pub(crate) struct ApiPolicy(pub(crate) Arc<OperationTable>);

impl ServicePolicy for ApiPolicy {
    fn problem_of(&self, error: &poem::Error) -> Option<Problem> {
        problem_of_error(error)
    }

    fn allowed_methods(&self, path: &str) -> Option<String> {
        self.0.allowed(path)
    }

    fn headers(&self, path: &str) -> PathHeaders {
        let usual = PathHeaders::default();
        if path == "/docs" {
            PathHeaders { content_security_policy: DOCUMENTATION, ..usual }
        } else if path.starts_with("/api/v1/auth/") || path.starts_with("/api/v1/realtime/") {
            // The answer may contain tokens (RFC 6749 section 5.1).
            PathHeaders { cache_control: "no-store", ..usual }
        } else {
            usual
        }
    }

    fn buffered_body(&self) -> usize {
        MAX_BODY_BYTES
    }
}
