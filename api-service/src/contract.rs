//! The facts about every operation that its handler's signature does not contain.
//!
//! Each feature lists its operations next to its handlers ([`Operation`]); they are collected in one place, `features`.
//! The OpenAPI document takes failures, rate limits and example bodies from the list, and the tests take the
//! authorisation matrix and the bodies that they send.

mod access;

use domain::ProblemCode;
use ephemeral::RateLimit;
use serde_json::Value;

pub use crate::features::operations;
pub use access::{Access, Actor};

/// One operation of the API. Its method and path stand in the attribute of its handler.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The `operationId`, unique in the API.
    pub id: &'static str,
    /// The status by actor.
    pub access: Access,
    /// The failures beside those that follow from the parameters, the body and the authentication.
    pub failures: &'static [ProblemCode],
    /// The rate limits that count calls of this operation.
    pub rate_limits: &'static [RateLimit],
    /// How its requests are counted.
    pub counting: Counting,
    /// Whether a request may name its attempt with `Idempotency-Key`. The operation must commit one unit of work at most.
    pub takes_idempotency_key: bool,
    /// Returns an example of the request body; `None` for an operation without a body.
    pub example_body: Option<fn() -> Value>,
}

/// How the requests of an operation are counted against the rate budgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// By method and caller.
    Standard,
    /// As a like or a follow.
    Reaction,
    /// Not at all: health checks.
    None,
}

impl Operation {
    /// Describes an operation without failures, rate limits and a body of its own.
    pub(crate) const fn new(id: &'static str, access: Access) -> Self {
        Self {
            id,
            access,
            failures: &[],
            rate_limits: &[],
            counting: Counting::Standard,
            takes_idempotency_key: false,
            example_body: None,
        }
    }

    /// Sets the failures.
    pub(crate) const fn failures(self, failures: &'static [ProblemCode]) -> Self {
        Self { failures, ..self }
    }

    /// Sets the rate limits.
    pub(crate) const fn rate_limits(self, rate_limits: &'static [RateLimit]) -> Self {
        Self { rate_limits, ..self }
    }

    /// Sets how its requests are counted.
    pub(crate) const fn counting(self, counting: Counting) -> Self {
        Self { counting, ..self }
    }

    /// Accepts `Idempotency-Key`.
    pub(crate) const fn takes_idempotency_key(self) -> Self {
        Self { takes_idempotency_key: true, ..self }
    }

    /// Sets the example of the request body.
    pub(crate) const fn example_body(self, example: fn() -> Value) -> Self {
        Self { example_body: Some(example), ..self }
    }
}

/// Returns the operation with that `operationId`.
pub fn operation(id: &str) -> Option<&'static Operation> {
    operations().find(|operation| operation.id == id)
}

/// A group of operations with one tag: an API of poem-openapi and the list of its operations.
pub(crate) trait Feature {
    /// The operations, in the order of the handlers.
    const OPERATIONS: &'static [Operation];
}
