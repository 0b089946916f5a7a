//! Operations of sockets: creating and redeeming tickets, finding the posts and people that a socket may watch.

mod confirm_session;
mod create_ticket;
mod find_watchable;
mod redeem_ticket;

pub use confirm_session::confirm_session;
pub use create_ticket::{IssuedTicket, TICKETS, create_ticket};
pub use find_watchable::{WatchTarget, find_watchable};
pub use redeem_ticket::{TicketHolder, redeem_ticket};
