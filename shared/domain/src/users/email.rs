use std::fmt;

use crate::problem::{FieldFault, FieldProblem};

/// An e-mail address in the form in which addresses are compared: lower case, domain in ASCII (RFC 5890).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Maximum length in octets (RFC 5321, section 4.5.3.1).
    pub const MAX: usize = 254;
    const LOCAL_MAX: usize = 64;

    /// Parses the address at the JSON Pointer `pointer` of a body: the unquoted form of RFC 5321, with a domain of at
    /// least two labels.
    pub fn parse(pointer: &str, input: &str) -> Result<Self, FieldProblem> {
        let fault = |fault| FieldProblem::at(pointer, fault);
        let input = input.trim();
        if input.is_empty() {
            return Err(fault(FieldFault::Required));
        }
        // Checked first because it is cheap: no domain becomes four times shorter in ASCII.
        if input.len() > 4 * Self::MAX {
            return Err(fault(FieldFault::TooLong).with("max", Self::MAX));
        }
        let (local, host) = input.rsplit_once('@').ok_or_else(|| fault(FieldFault::BadFormat))?;
        if !is_dot_atom(local) {
            return Err(fault(FieldFault::BadFormat));
        }
        let host =
            idna::domain_to_ascii_strict(host).map_err(|_not_a_domain| fault(FieldFault::BadFormat))?;
        let host_is_good = host.contains('.')
            && host.split('.').all(|label| !label.is_empty())
            && host.rsplit('.').next().is_some_and(|top| !top.bytes().all(|b| b.is_ascii_digit()));
        if !host_is_good {
            return Err(fault(FieldFault::BadFormat));
        }
        let address = format!("{}@{host}", local.to_ascii_lowercase());
        if local.len() > Self::LOCAL_MAX || address.len() > Self::MAX {
            return Err(fault(FieldFault::TooLong).with("max", Self::MAX));
        }
        Ok(Self(address))
    }

    /// Wraps an address that was parsed before or comes from the store. Does not check it.
    pub fn from_stored(address: String) -> Self {
        Self(address)
    }

    /// Returns the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the mailbox that mails to the address are counted by. A tag after a plus sign is left out, because many
    /// servers deliver such an address to the mailbox without the tag (RFC 5233).
    pub fn mailbox(&self) -> String {
        match self.0.rsplit_once('@') {
            Some((local, host)) => {
                let name = local.split_once('+').map_or(local, |(name, _tag)| name);
                format!("{}@{host}", if name.is_empty() { local } else { name })
            }
            None => self.0.clone(),
        }
    }

    /// Returns the part before the at sign.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(self.0.as_str(), |(local, _)| local)
    }
}

/// Prints a placeholder: addresses are personal and must not get into a log by accident.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

/// Returns whether the text is a dot-atom of ASCII (RFC 5322 section 3.2.3).
fn is_dot_atom(local: &str) -> bool {
    let atom = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    local.split('.').all(atom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised() {
        for (input, stored) in [
            ("Mina@Example.COM", "mina@example.com"),
            ("  a.b+c@example.co.kr ", "a.b+c@example.co.kr"),
            ("mina@예시.kr", "mina@xn--vv4b11d.kr"),
        ] {
            assert_eq!(EmailAddress::parse("/email", input).unwrap().as_str(), stored);
        }
    }

    #[test]
    fn malformed_addresses_are_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for input in [
            "",
            "mina",
            "@example.com",
            "mina@",
            "mina@localhost",
            "mina@example..com",
            ".mina@example.com",
            "mi na@example.com",
            "mina@exam ple.com",
            "mina@example.com\r\nBcc: all@example.com",
            "mina\r\n@example.com",
            "\"mina\"@example.com",
            "mina@127.0.0.1",
            "mina@[127.0.0.1]",
            "mina@exa_mple.com",
            long.as_str(),
        ] {
            assert!(EmailAddress::parse("/email", input).is_err(), "{input:?}");
        }
    }

    #[test]
    fn addresses_that_differ_in_their_tag_share_a_mailbox() {
        for (address, mailbox) in [
            ("mina@example.com", "mina@example.com"),
            ("mina+orgo@example.com", "mina@example.com"),
            ("mina+a+b@example.com", "mina@example.com"),
            ("+mina@example.com", "+mina@example.com"),
        ] {
            assert_eq!(EmailAddress::parse("/email", address).unwrap().mailbox(), mailbox);
        }
    }

    #[test]
    fn an_address_is_not_printed_by_accident() {
        let address = EmailAddress::parse("/email", "mina@example.com").unwrap();
        assert!(!format!("{address:?}").contains("mina"));
        assert_eq!(address.local_part(), "mina");
    }
}
