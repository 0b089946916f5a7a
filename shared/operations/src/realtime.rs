//! Getting a socket: a ticket from the API, redeemed at a gateway.

mod confirm_session;
mod create_ticket;
mod redeem_ticket;

pub use confirm_session::confirm_session;
pub use create_ticket::{IssuedTicket, TICKETS, create_ticket};
pub use redeem_ticket::{TicketHolder, redeem_ticket};
