/// The caller of an operation in the authorisation matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// No access token.
    Anonymous,
    /// A person who does not own the resource.
    Other,
    /// The person who owns the resource.
    Owner,
    /// The owner, with the access token of a session that has ended.
    LoggedOut,
}

impl Actor {
    /// Every actor.
    pub const ALL: [Self; 4] = [Self::Anonymous, Self::Other, Self::Owner, Self::LoggedOut];
}

/// The status with which an operation answers a correct request of each actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    anonymous: u16,
    other: u16,
    owner: u16,
    logged_out: u16,
}

impl Access {
    /// An operation without authentication: an access token is not read.
    pub(crate) const fn public(success: u16) -> Self {
        Self { anonymous: success, other: success, owner: success, logged_out: success }
    }

    /// An operation that needs no access token. It reads an access token if there is one, and refuses an invalid one.
    pub(crate) const fn optional(success: u16) -> Self {
        Self { logged_out: 401, ..Self::public(success) }
    }

    /// An operation for logged-in people.
    pub(crate) const fn required(success: u16) -> Self {
        Self { anonymous: 401, ..Self::optional(success) }
    }

    /// An operation for the owner of the resource; other people get 403.
    pub(crate) const fn owner_only(success: u16) -> Self {
        Self { other: 403, ..Self::required(success) }
    }

    /// Sets the status for the owner of the resource, where it differs from that of other people.
    pub(crate) const fn owner(self, owner: u16) -> Self {
        Self { owner, ..self }
    }

    /// Returns whether the operation reads no access token.
    pub(crate) fn is_public(self) -> bool {
        self.logged_out != 401
    }

    /// Returns the status that an actor gets.
    pub fn status(&self, actor: Actor) -> u16 {
        match actor {
            Actor::Anonymous => self.anonymous,
            Actor::Other => self.other,
            Actor::Owner => self.owner,
            Actor::LoggedOut => self.logged_out,
        }
    }
}
