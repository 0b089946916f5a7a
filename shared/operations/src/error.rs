use domain::{Problem, ProblemCode};
use identity::access_tokens::SigningFault;
use identity::passwords::HashFault;
use store::StoreError;

/// Error of an operation.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// A rule refused the call. The problem has the code of the rule.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store of short-lived state failed.
    #[error(transparent)]
    Ephemeral(#[from] ephemeral::EphemeralError),
    /// A password could not be hashed, or all hashers are busy.
    #[error(transparent)]
    Hash(#[from] HashFault),
    /// A token could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningFault),
    /// A value could not be written as JSON.
    #[error("not writable as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl OperationError {
    /// Returns the problem to answer with: the problem of a refusal unchanged, `unavailable` with `Retry-After` for a
    /// temporary fault, `internal` for any other fault.
    pub fn problem(&self) -> Problem {
        let code = match self {
            Self::Problem(problem) => return problem.clone(),
            Self::Store(StoreError::Unavailable(_) | StoreError::Contention(_))
            | Self::Ephemeral(ephemeral::EphemeralError::Unavailable(_))
            | Self::Hash(HashFault::Busy) => ProblemCode::Unavailable,
            _ => ProblemCode::Internal,
        };
        match code {
            ProblemCode::Unavailable => Problem::new(code).retry_after(std::time::Duration::from_secs(1)),
            code => Problem::new(code),
        }
    }
}

impl From<ProblemCode> for OperationError {
    fn from(code: ProblemCode) -> Self {
        Self::Problem(code.into())
    }
}
