//! Problems: failures as a client sees them, independent of the protocol.

mod code;

use std::time::Duration;

use serde_json::{Map, Value};

pub use code::ProblemCode;

/// The class of a problem. Each edge maps a class to a status or close code, so new problems need no new mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The input cannot be parsed.
    Malformed,
    /// The input was parsed and violates a rule.
    Invalid,
    /// The caller is not authenticated.
    Unauthenticated,
    /// The caller has no permission.
    Forbidden,
    /// The thing does not exist, or the caller may not know that it does.
    NotFound,
    /// The time in which the call was possible has passed.
    Gone,
    /// The resource does not support the method.
    NotAllowed,
    /// The client accepts no media type that is offered.
    NotAcceptable,
    /// The request did not arrive in time.
    TooSlow,
    /// The request conflicts with the stored state.
    Conflict,
    /// The version of the thing differs from the one that the call expects.
    PreconditionFailed,
    /// The input is too large.
    TooLarge,
    /// The request line and the headers are larger than accepted.
    HeadersTooLarge,
    /// The media type of the body is not supported.
    Unsupported,
    /// A rate limit was exceeded.
    TooMany,
    /// Temporarily not available. Retrying later may succeed.
    Unavailable,
    /// A fault of the service.
    Internal,
}

/// The part of the input that a field problem is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldPlace {
    /// A place in the body as a JSON Pointer (RFC 6901), for example `/title`.
    Pointer(String),
    /// The name of a path or query parameter.
    Parameter(String),
    /// The name of a header.
    Header(String),
}

/// The kind of a field problem. The names are part of the public contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldFault {
    /// The field is missing or empty.
    Required,
    /// The text is too short.
    TooShort,
    /// The text is too long.
    TooLong,
    /// The number is too small or too large.
    OutOfRange,
    /// The value has the wrong format or type.
    BadFormat,
    /// The value, or a character in it, is not one of those allowed.
    NotAllowed,
    /// The field is given more than once.
    Duplicate,
    /// The field is unknown.
    UnknownField,
}

impl FieldFault {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Required,
        Self::TooShort,
        Self::TooLong,
        Self::OutOfRange,
        Self::BadFormat,
        Self::NotAllowed,
        Self::Duplicate,
        Self::UnknownField,
    ];

    /// Returns the name on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::OutOfRange => "out_of_range",
            Self::BadFormat => "bad_format",
            Self::NotAllowed => "not_allowed",
            Self::Duplicate => "duplicate",
            Self::UnknownField => "unknown_field",
        }
    }
}

/// A problem with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field.
    pub place: FieldPlace,
    /// The kind of problem.
    pub fault: FieldFault,
    /// Parameters of the fault (`min`, `max`), from which a client can build its own text.
    pub params: Map<String, Value>,
}

impl FieldProblem {
    /// Creates a problem of the body's field at the JSON Pointer `pointer`.
    pub fn at(pointer: impl Into<String>, fault: FieldFault) -> Self {
        Self { place: FieldPlace::Pointer(pointer.into()), fault, params: Map::new() }
    }

    /// Creates a problem of the parameter `name`.
    pub fn parameter(name: impl Into<String>, fault: FieldFault) -> Self {
        Self { place: FieldPlace::Parameter(name.into()), fault, params: Map::new() }
    }

    /// Creates a problem of the header `name`.
    pub fn header(name: impl Into<String>, fault: FieldFault) -> Self {
        Self { place: FieldPlace::Header(name.into()), fault, params: Map::new() }
    }

    /// Adds a value to `params`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }
}

/// A failure as a client sees it. Operations return it instead of a result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", code.as_str())]
pub struct Problem {
    /// The code.
    pub code: ProblemCode,
    /// The fields that are wrong; empty if the problem is not about fields.
    pub fields: Vec<FieldProblem>,
    /// Parameters of the problem (`current_version`, `attempts_left`).
    pub params: Map<String, Value>,
    /// Time to wait before the next attempt, if waiting helps.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// Creates a problem from its code.
    pub fn new(code: ProblemCode) -> Self {
        Self { code, fields: Vec::new(), params: Map::new(), retry_after: None }
    }

    /// Creates a `validation_failed` problem with one entry per violated rule.
    pub fn invalid(fields: Vec<FieldProblem>) -> Self {
        Self { fields, ..Self::new(ProblemCode::ValidationFailed) }
    }

    /// Adds a value to `params`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// Sets how long to wait before the next attempt.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

impl From<ProblemCode> for Problem {
    fn from(code: ProblemCode) -> Self {
        Self::new(code)
    }
}
