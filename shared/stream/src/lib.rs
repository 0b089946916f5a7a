#![doc = include_str!("../README.md")]

mod log;
mod positions;
mod redis_stream;
mod relay;
mod sources;

pub use log::{Cursor, LogState, compare, open_log};
pub use positions::Positions;
pub use redis_stream::PREFIX;
pub use relay::Relay;
pub use sources::{EventSource, OutboxSource, RedisSource, SourceFault};
