use domain::users::User;
use operations::Caller;
use operations::auth::SessionTokens;

/// Somebody who has signed up and logged in.
#[derive(Clone)]
pub struct Person {
    /// Their tokens.
    pub tokens: SessionTokens,
    /// Their password.
    pub password: String,
}

impl Person {
    /// Returns them as the one who asks.
    pub fn caller(&self) -> Caller {
        Caller {
            user_id: self.tokens.user.id,
            session_id: self.tokens.session_id,
            role: self.tokens.user.role,
        }
    }

    /// Returns their account as it was when they signed up.
    pub fn user(&self) -> &User {
        &self.tokens.user
    }
}
