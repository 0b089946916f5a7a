//! What can go wrong, in words every edge can translate.

mod code;

use std::time::Duration;

use serde_json::{Map, Value};

pub use code::ProblemCode;

/// The class of a problem. Closed: an edge that matches on it handles every problem there will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// It could not be read at all.
    Malformed,
    /// It was read, and breaks a rule.
    Invalid,
    /// Nobody, or nobody we can tell, asks.
    Unauthenticated,
    /// The one who asks may not.
    Forbidden,
    /// There is no such thing, or none the one who asks may know of.
    NotFound,
    /// This way of asking is not offered.
    NotAllowed,
    /// The request did not arrive in time.
    TooSlow,
    /// It stands against what is stored.
    Conflict,
    /// It was changed in the meantime.
    PreconditionFailed,
    /// It is larger than accepted.
    TooLarge,
    /// The request line and the headers are larger than accepted.
    HeadersTooLarge,
    /// It is in a form we do not read.
    Unsupported,
    /// Too many, too soon.
    TooMany,
    /// Not now; later it will do.
    Unavailable,
    /// Our own fault.
    Internal,
}

/// Which part of the input a field problem is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldPlace {
    /// A place in the body, as a JSON Pointer (RFC 6901): `/title`.
    Pointer(String),
    /// A parameter of the path or the query, by name.
    Parameter(String),
    /// A header, by name.
    Header(String),
}

/// What is wrong with a field. The names are part of the public contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldFault {
    /// It is missing.
    Required,
    /// It is shorter than allowed.
    TooShort,
    /// It is longer than allowed.
    TooLong,
    /// It is too small or too large a number.
    OutOfRange,
    /// It is not of the form or the type wanted.
    BadFormat,
    /// It is not one of the values, or holds a character, that is allowed.
    NotAllowed,
    /// It is there twice.
    Duplicate,
    /// Nobody knows it.
    UnknownField,
}

impl FieldFault {
    /// Returns its name on the wire.
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

/// One thing wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Where it is.
    pub place: FieldPlace,
    /// What it is.
    pub fault: FieldFault,
    /// The numbers and names in it (`max`, `min`), so that a client can say it in its own words.
    pub params: Map<String, Value>,
}

impl FieldProblem {
    /// Describes a fault of the body's field at `pointer`.
    pub fn at(pointer: impl Into<String>, fault: FieldFault) -> Self {
        Self { place: FieldPlace::Pointer(pointer.into()), fault, params: Map::new() }
    }

    /// Describes a fault of the parameter `name`.
    pub fn parameter(name: impl Into<String>, fault: FieldFault) -> Self {
        Self { place: FieldPlace::Parameter(name.into()), fault, params: Map::new() }
    }

    /// Describes a fault of the header `name`.
    pub fn header(name: impl Into<String>, fault: FieldFault) -> Self {
        Self { place: FieldPlace::Header(name.into()), fault, params: Map::new() }
    }

    /// Adds a number or a name that belongs to it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }
}

/// A problem: what an operation answers instead of a result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", code.as_str())]
pub struct Problem {
    /// Which problem it is.
    pub code: ProblemCode,
    /// The fields it is about, where it is about fields.
    pub fields: Vec<FieldProblem>,
    /// The numbers and names that belong to it (`current_version`, `attempts_left`).
    pub params: Map<String, Value>,
    /// How long to wait before the next try, where waiting helps.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// Describes a problem by its code alone.
    pub fn new(code: ProblemCode) -> Self {
        Self { code, fields: Vec::new(), params: Map::new(), retry_after: None }
    }

    /// Describes input that was read and breaks rules, one entry a broken rule.
    pub fn invalid(fields: Vec<FieldProblem>) -> Self {
        Self { fields, ..Self::new(ProblemCode::ValidationFailed) }
    }

    /// Adds a number or a name that belongs to it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// Adds how long to wait before the next try.
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
