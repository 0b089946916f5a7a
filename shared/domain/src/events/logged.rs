use super::{LoggedAudience, Partition};
use crate::clock::Timestamp;

/// An event as it is stored, with its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// The partition that holds it.
    pub partition: Partition,
    /// Its position there: 1, 2, 3 … without gaps, in the order of the commits.
    pub position: i64,
    /// A random number. Two events with the same partition and position but different marks belong to different
    /// histories: the database lost its newest commits and gave the position again.
    pub mark: i64,
    /// To whom it is delivered.
    pub audience: LoggedAudience,
    /// Kind of the event. A newer version may have written kinds that this version does not know.
    pub kind: String,
    /// The JSON object that clients receive, without partition and position.
    pub frame: String,
    /// Instant of the unit of work that recorded it.
    pub recorded_at: Timestamp,
}
