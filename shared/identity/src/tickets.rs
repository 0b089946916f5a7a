//! Single-use tickets. A page exchanges its access token for a ticket and opens a socket with it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::digest::sha256;
use crate::random::{RandomSource, bytes};

/// 256 random bits in base64url. Deliberately without `Debug` and `Display`.
pub struct Ticket(String);

/// Error: the text does not have the form of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a ticket")]
pub struct NotATicket;

impl Ticket {
    /// Draws a ticket.
    pub fn generate(random: &dyn RandomSource) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes::<32>(random)))
    }

    /// Parses a ticket that a client sent.
    pub fn parse(text: &str) -> Result<Self, NotATicket> {
        // 43 characters are 32 bytes. Longer texts are not decoded.
        let is_ticket = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok();
        if is_ticket { Ok(Self(text.to_owned())) } else { Err(NotATicket) }
    }

    /// Returns the text, for the client only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the key under which the ticket's contents are stored: a SHA-256 hash, so that a list of keys contains no
    /// ticket.
    pub fn storage_key(&self) -> String {
        format!("ticket:{}", sha256(self.0.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::string_slice, reason = "the texts cut here are ASCII")]

    use super::*;
    use crate::random::{OsRandom, Repeating};

    #[test]
    fn a_ticket_reads_back_and_is_kept_under_a_hash() {
        let ticket = Ticket::generate(&OsRandom);
        let read = Ticket::parse(ticket.expose()).unwrap();
        assert_eq!(read.storage_key(), ticket.storage_key());
        assert!(!ticket.storage_key().contains(ticket.expose()));
        assert_ne!(Ticket::generate(&OsRandom).storage_key(), ticket.storage_key());
        assert_eq!(Ticket::generate(&Repeating::new(&[0])).expose(), "A".repeat(43));
    }

    #[test]
    fn other_texts_are_not_tickets() {
        let ticket = Ticket::generate(&OsRandom);
        let text = ticket.expose();
        for wrong in ["", &text[1..], &format!("{text}A"), &format!("{text}="), &"*".repeat(43), "가나다"]
        {
            assert_eq!(Ticket::parse(wrong).err(), Some(NotATicket), "{wrong}");
        }
    }
}
