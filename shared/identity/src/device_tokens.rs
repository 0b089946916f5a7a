//! Device tokens: proof that a device logged in to an account before. A device that shows one has failed log-ins of its own
//! (rule ID14). A token opens nothing by itself.
//!
//! `d1.<user>.<device>.<mac>`. Tokens are not stored and do not expire.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{DeviceId, UserId};

use crate::secrets::{DerivedKey, MasterSecret, are_equal};

const VERSION: &str = "d1";

/// Issues and verifies device tokens, and gives accounts the names by which failed log-ins are counted.
pub struct DeviceTokens {
    key: DerivedKey,
    accounts: DerivedKey,
}

/// A device that logged in to an account before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDevice {
    /// The account.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
}

impl DeviceTokens {
    /// Creates an issuer with keys derived from `secret`.
    pub fn new(secret: &MasterSecret) -> Self {
        Self { key: secret.derive("device token v1"), accounts: secret.derive("log-in failures v1") }
    }

    /// Returns the token of a device.
    pub fn issue(&self, known: KnownDevice) -> String {
        let KnownDevice { user, device } = known;
        format!("{VERSION}.{user}.{device}.{}", URL_SAFE_NO_PAD.encode(self.mac(known)))
    }

    /// Returns the device of a token, or `None` if this issuer did not issue it.
    pub fn verify(&self, text: &str) -> Option<KnownDevice> {
        let parts: Vec<&str> = text.splitn(5, '.').collect();
        let &[VERSION, user, device, mac] = parts.as_slice() else { return None };
        let known = KnownDevice { user: user.parse().ok()?, device: device.parse().ok()? };
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        are_equal(&mac, &self.mac(known)).then_some(known)
    }

    /// Returns the name of an account in the counts of failed log-ins: they also hold addresses that have no account, and
    /// a stolen table must not show them.
    pub fn account_name(&self, email: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.accounts.mac(&[email.as_bytes()]))
    }

    fn mac(&self, known: KnownDevice) -> [u8; 16] {
        self.key.short_mac(&[known.user.0.as_bytes(), known.device.0.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::secrets::test_secret;

    const KNOWN: KnownDevice =
        KnownDevice { user: UserId(Uuid::from_u128(7)), device: DeviceId(Uuid::from_u128(8)) };

    #[test]
    fn a_token_reads_back_and_every_changed_bit_is_refused() {
        let tokens = DeviceTokens::new(&test_secret());
        let token = tokens.issue(KNOWN);
        assert_eq!(tokens.verify(&token), Some(KNOWN));
        for index in 0..token.len() {
            for bit in 0..8 {
                let mut changed = token.clone().into_bytes();
                changed[index] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(changed) else { continue };
                // Ids are read with letters of either case; the device stays the same.
                let same = changed.eq_ignore_ascii_case(&token);
                assert!(tokens.verify(&changed).is_none_or(|read| same && read == KNOWN), "{changed}");
            }
        }
    }

    #[test]
    fn a_token_of_another_device_account_or_secret_is_refused() {
        let tokens = DeviceTokens::new(&test_secret());
        let mac = tokens.issue(KNOWN).rsplit_once('.').unwrap().1.to_owned();
        for (user, device) in [(KNOWN.user.0, KNOWN.user.0), (KNOWN.device.0, KNOWN.device.0)] {
            assert_eq!(tokens.verify(&format!("d1.{user}.{device}.{mac}")), None);
        }
        let secret = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfefff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
        let other = DeviceTokens::new(&MasterSecret::from_hex(secret).unwrap());
        assert_eq!(other.verify(&tokens.issue(KNOWN)), None);
        for wrong in ["", "d1...", "d1", "가.나.다.라", &format!("{}.", tokens.issue(KNOWN))] {
            assert_eq!(tokens.verify(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_name_of_an_account_does_not_show_its_address() {
        let tokens = DeviceTokens::new(&test_secret());
        let name = tokens.account_name("mina@example.com");
        assert_eq!(name, tokens.account_name("mina@example.com"));
        assert_ne!(name, tokens.account_name("jun@example.com"));
        assert!(!name.contains("mina"));
    }
}
