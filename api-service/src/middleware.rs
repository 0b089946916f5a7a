//! Middleware of this service, inside the edge that all services share.

mod policy;
mod strict_query;

pub(crate) use policy::ApiPolicy;
pub(crate) use strict_query::StrictQuery;
