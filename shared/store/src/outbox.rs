//! The outbox: the events of all commits, in partitions. Commits append to it; the relay and the gateways read it.
//!
//! Positions in a partition are 1, 2, 3 … without gaps, in the order of the commits. Every event has a random mark, by
//! which a reader notices that a position was given twice because the database lost its newest commits.

mod append;
mod epochs;
mod prune;
mod read;

use domain::events::PARTITIONS;

pub(crate) use self::append::{Append, append_on_sqlite};
pub use self::epochs::{Comparison, begin_epoch, begin_next_epoch, comparison, earlier_epochs, epoch};
pub use self::prune::{prunable, prune};
pub use self::read::{NewEvents, heads, oldest, read, read_for, read_new};

#[expect(clippy::as_conversions, reason = "`usize::from` is not for constants")]
const PARTITION_COUNT: usize = PARTITIONS as usize;

/// A position in every partition, indexed by the partition's number.
pub type PartitionPositions = [i64; PARTITION_COUNT];

/// A position in every partition, and the mark of the event there, indexed by the partition's number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MarkedPositions {
    /// The positions.
    pub positions: PartitionPositions,
    /// The marks. `None` where there is no event, or one without a mark.
    pub marks: [Option<i64>; PARTITION_COUNT],
}
