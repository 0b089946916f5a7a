use domain::Timestamp;
use domain::auth::{ClientOrigin, Session};
use domain::ids::{SessionId, UserId};
use domain::text::Text;
use domain::users::{About, EmailAddress, Locale, Nickname, Role, User, UserCounts, UserState};
use operations::Caller;
use operations::auth::SessionTokens;
use store::{UnitOfWork, sessions, users};

use crate::TestApp;

/// A person who signed up and logged in the whole way, by [`TestApp::person`].
#[derive(Clone)]
pub struct Person {
    /// Their tokens.
    pub tokens: SessionTokens,
    /// Their password.
    pub password: String,
}

impl Person {
    /// Returns the person as the caller of operations.
    pub fn caller(&self) -> Caller {
        Caller {
            user_id: self.tokens.user.id,
            session_id: self.tokens.session_id,
            role: self.tokens.user.role,
            nickname: self.tokens.user.nickname.as_str().to_owned(),
        }
    }

    /// Returns the account as it was after the sign-up.
    pub fn user(&self) -> &User {
        &self.tokens.user
    }
}

/// Returns an active account with the address `{id}@example.com`.
pub fn account(id: UserId, nickname: &str, created_at: Timestamp) -> User {
    User {
        id,
        email: EmailAddress::from_stored(format!("{id}@example.com")),
        email_verified_at: created_at,
        nickname: Nickname::from_stored(nickname.to_owned()),
        about: About::from_stored(String::new()),
        locale: Locale::Korean,
        role: Role::User,
        state: UserState::Active,
        counts: UserCounts::default(),
        version: 1,
        created_at,
    }
}

/// Inserts an active account without a password or a session.
pub async fn insert_account(unit: &UnitOfWork, id: UserId, nickname: &str) -> User {
    let user = account(id, nickname, unit.now());
    users::insert(unit, &user).await.unwrap();
    user
}

impl TestApp {
    /// Inserts an active account with a session, without the sign-up: hashing a password is slow.
    pub async fn insert_caller(&self, unit: &UnitOfWork, nickname: &str) -> Caller {
        let user = insert_account(unit, UserId::new(&*self.app.ids), nickname).await;
        let session = Session {
            id: SessionId::new(&*self.app.ids),
            user_id: user.id,
            generation: 0,
            rotated_at: unit.now(),
            created_at: unit.now(),
            revoked_at: None,
        };
        sessions::insert(unit, &session, "c2FsdA", &ClientOrigin::default()).await.unwrap();
        Caller { user_id: user.id, session_id: session.id, role: user.role, nickname: nickname.to_owned() }
    }
}
