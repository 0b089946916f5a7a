use std::sync::Arc;

use domain::auth::ClientOrigin;
use domain::ids::{SessionId, UserId};
use domain::users::{Locale, Role, UserState, UserSummary};
use domain::{Clock, IdSource};
use ephemeral::Ephemeral;
use identity::access_tokens::AccessTokens;
use identity::codes::CodeHasher;
use identity::device_tokens::DeviceTokens;
use identity::passwords::PasswordHasher;
use identity::random::RandomSource;
use identity::refresh_tokens::RefreshTokens;
use identity::viewer_keys::ViewerKeys;
use store::Store;

/// The long-lived parts that operations use.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// Short-lived state: tickets and rate limits.
    pub ephemeral: Ephemeral,
    /// Source of the time.
    pub clock: Arc<dyn Clock>,
    /// Source of identifiers.
    pub ids: Arc<dyn IdSource>,
    /// Source of secrets.
    pub random: Arc<dyn RandomSource>,
}

/// Keys and hashers that only the api-service holds.
#[derive(Clone)]
pub struct Credentials {
    /// Issues and verifies access tokens.
    pub access_tokens: Arc<AccessTokens>,
    /// Issues and verifies refresh tokens.
    pub refresh_tokens: Arc<RefreshTokens>,
    /// Issues and verifies device tokens.
    pub device_tokens: Arc<DeviceTokens>,
    /// Hashes codes.
    pub codes: Arc<CodeHasher>,
    /// Hashes passwords.
    pub passwords: PasswordHasher,
    /// Makes the keys of viewers of posts.
    pub viewers: ViewerKeys,
    /// Rate limits of this process, used while the shared ones cannot be reached.
    pub local_limits: Ephemeral,
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The person.
    pub user_id: UserId,
    /// Session of the access token.
    pub session_id: SessionId,
    /// Role of the person.
    pub role: Role,
    /// Nickname of the person.
    pub nickname: String,
}

impl Caller {
    /// Returns the person as others see them.
    pub(crate) fn summary(&self) -> UserSummary {
        UserSummary {
            id: self.user_id,
            nickname: self.nickname.clone(),
            // Nobody else is authenticated.
            state: UserState::Active,
            role: self.role,
        }
    }
}

/// An anonymous caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Client address or its network, the key of rate limits.
    pub address: String,
    /// Program and network, as the owner of an account sees them.
    pub origin: ClientOrigin,
    /// Preferred language.
    pub locale: Locale,
}
