use std::sync::Arc;

use domain::ids::{SessionId, UserId};
use domain::users::{Locale, Role};
use domain::{Clock, IdSource};
use ephemeral::Ephemeral;
use identity::access_tokens::AccessTokens;
use identity::codes::CodeHasher;
use identity::passwords::PasswordHasher;
use identity::random::RandomSource;
use identity::refresh_tokens::RefreshTokens;
use store::Store;

/// The long-lived parts every operation works with.
#[derive(Clone)]
pub struct App {
    /// The truth.
    pub store: Store,
    /// What may be forgotten: tickets and rate limits.
    pub ephemeral: Ephemeral,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where identifiers come from.
    pub ids: Arc<dyn IdSource>,
    /// Where secrets come from.
    pub random: Arc<dyn RandomSource>,
}

/// What only the service that lets people in holds: keys.
#[derive(Clone)]
pub struct Credentials {
    /// Makes and checks access tokens.
    pub access_tokens: Arc<AccessTokens>,
    /// Makes and checks refresh tokens.
    pub refresh_tokens: Arc<RefreshTokens>,
    /// Hashes codes.
    pub codes: Arc<CodeHasher>,
    /// Hashes passwords.
    pub passwords: PasswordHasher,
    /// Counts tries where the shared counters cannot be reached: closed to guessing, not open.
    pub local_limits: Ephemeral,
}

/// Who asks: somebody logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user_id: UserId,
    /// In which session.
    pub session_id: SessionId,
    /// What they may do beyond their own things.
    pub role: Role,
}

/// Who asks: somebody not logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Their address, or the network of it, as the key of rate limits.
    pub address: String,
    /// The language they read.
    pub locale: Locale,
}
