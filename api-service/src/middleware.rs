//! Middleware of this service, inside the edge that all services share.

mod acceptable;
mod budgets;
mod conditional;
mod count_views;
mod idempotent;
mod keys_in_flight;
mod policy;
mod strict_query;

pub(crate) use acceptable::Acceptable;
pub(crate) use budgets::Budgets;
pub(crate) use conditional::Conditional;
pub(crate) use count_views::{CountViews, Viewing, user_agent};
pub(crate) use idempotent::Idempotent;
pub(crate) use policy::ApiPolicy;
pub(crate) use strict_query::StrictQuery;
