//! Keys of the viewers of posts, from which nobody can be recognised without the secret of the installation.

use domain::ids::UserId;
use uuid::Uuid;

use crate::secrets::{DerivedKey, MasterSecret};

/// Makes the keys of viewers.
#[derive(Clone)]
pub struct ViewerKeys(DerivedKey);

impl ViewerKeys {
    /// Derives the keys from the secret of the installation.
    pub fn new(secret: &MasterSecret) -> Self {
        Self(secret.derive("viewer v1"))
    }

    /// Returns the key of a person. It is the same every day.
    pub fn of_person(&self, person: UserId) -> Uuid {
        Uuid::from_bytes(self.0.short_mac(&[b"person", person.0.as_bytes()]))
    }

    /// Returns the key of an anonymous viewer on a day: of a network address and a user agent.
    pub fn of_visitor(&self, day: i64, address: &str, user_agent: &str) -> Uuid {
        let parts: [&[u8]; 4] = [b"visitor", &day.to_be_bytes(), address.as_bytes(), user_agent.as_bytes()];
        Uuid::from_bytes(self.0.short_mac(&parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::test_secret;

    #[test]
    fn a_visitor_has_another_key_every_day_and_a_person_always_the_same() {
        let keys = ViewerKeys::new(&test_secret());
        let visitor = keys.of_visitor(1, "192.0.2.1", "browser");
        assert_eq!(visitor, keys.of_visitor(1, "192.0.2.1", "browser"));
        for other in [
            keys.of_visitor(2, "192.0.2.1", "browser"),
            keys.of_visitor(1, "192.0.2.2", "browser"),
            keys.of_visitor(1, "192.0.2.1", "other"),
        ] {
            assert_ne!(visitor, other);
        }
        let (mina, jun) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        assert_eq!(keys.of_person(mina), keys.of_person(mina));
        assert_ne!(keys.of_person(mina), keys.of_person(jun));
    }
}
