#![doc = include_str!("../README.md")]

mod epoch;
mod pace;
mod positions;
mod redis_stream;
mod relay;
mod sources;

pub use epoch::{LogState, compare, open_log};
pub use positions::{Cursor, Positions};
pub use redis_stream::PREFIX;
pub use relay::Relay;
pub use sources::{EventSource, OutboxSource, RedisSource, SourceFault};
