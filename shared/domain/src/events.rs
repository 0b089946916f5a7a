//! Domain events: what operations record, to whom each event is delivered, and how it is stored and sent.
//!
//! An operation records an [`Event`]. Its kind, audience and frame follow from the type, so that the outbox, the event
//! stream, the gateways and the protocol description cannot disagree.

mod audience;
mod event;
mod logged;
mod partition;
pub mod payload;
#[cfg(feature = "schema")]
mod schema;

pub use audience::{Audience, LoggedAudience, NotAnAudience};
pub use event::{Event, EventKind, NewEvent, Numbered};
pub use logged::LoggedEvent;
pub use partition::{PARTITIONS, PERSON_PARTITIONS, Partition};
