//! Admission of sockets: the API issues a ticket, a gateway redeems it.

mod confirm_session;
mod create_ticket;
mod redeem_ticket;

pub use confirm_session::confirm_session;
pub use create_ticket::{IssuedTicket, create_ticket};
pub use redeem_ticket::{TicketHolder, redeem_ticket};
