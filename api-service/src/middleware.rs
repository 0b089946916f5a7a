//! What surrounds every handler, from the outside in.

mod outermost;
mod problems;
mod security_headers;
mod strict_query;

pub(crate) use outermost::Outermost;
pub(crate) use problems::Problems;
pub(crate) use strict_query::StrictQuery;
