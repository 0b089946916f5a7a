//! Middleware of this service, inside the edge that all services share.

mod count_views;
mod policy;
mod strict_query;

pub(crate) use count_views::{CountViews, Viewing, user_agent};
pub(crate) use policy::ApiPolicy;
pub(crate) use strict_query::StrictQuery;
