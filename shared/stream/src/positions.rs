use domain::events::{LoggedEvent, PARTITIONS, Partition};
use store::outbox::{MarkedPositions, PartitionPositions};

#[expect(clippy::as_conversions, reason = "`usize::from` is not for constants")]
const PARTITION_COUNT: usize = PARTITIONS as usize;

/// Position of the last event that a reader has processed, for every partition. 0 before the first event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Positions(pub PartitionPositions);

impl Positions {
    /// Returns the position in a partition.
    pub fn get(&self, partition: Partition) -> i64 {
        self.0.get(partition.index()).copied().unwrap_or_default()
    }

    /// Sets the position in a partition.
    pub fn set(&mut self, partition: Partition, position: i64) {
        if let Some(known) = self.0.get_mut(partition.index()) {
            *known = position;
        }
    }

    /// Sets the position in a partition if it is larger than the present one.
    pub fn advance(&mut self, partition: Partition, position: i64) {
        self.set(partition, position.max(self.get(partition)));
    }

    /// Returns every partition with its position, in ascending order of the partitions.
    pub fn iter(&self) -> impl Iterator<Item = (Partition, i64)> {
        Partition::all().zip(self.0)
    }

    /// Returns whether every position is at least that of `other`.
    pub fn has_reached(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(position, other)| *position >= other)
    }
}

impl From<PartitionPositions> for Positions {
    fn from(positions: PartitionPositions) -> Self {
        Self(positions)
    }
}

/// Position and mark of the last event that a reader has processed, for every partition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The positions.
    pub positions: Positions,
    /// The marks, indexed by the partition's number. `None` where the mark is unknown: before the first event, and for
    /// events of versions without marks.
    pub marks: [Option<i64>; PARTITION_COUNT],
}

impl Cursor {
    /// Returns the mark of the last event processed in a partition.
    pub fn mark(&self, partition: Partition) -> Option<i64> {
        self.marks.get(partition.index()).copied().flatten()
    }

    /// Sets position and mark of a partition.
    pub fn set(&mut self, partition: Partition, position: i64, mark: Option<i64>) {
        self.positions.set(partition, position);
        if let Some(known) = self.marks.get_mut(partition.index()) {
            *known = mark;
        }
    }

    /// Moves to an event, unless the cursor has already passed it.
    pub fn advance(&mut self, event: &LoggedEvent) {
        if event.position > self.positions.get(event.partition) {
            self.set(event.partition, event.position, (event.mark != 0).then_some(event.mark));
        }
    }

    /// Returns position and mark of every partition, as the store reads them.
    pub fn marked(&self) -> MarkedPositions {
        MarkedPositions { positions: self.positions.0, marks: self.marks }
    }

    /// Takes position and mark of every partition in which `other` is ahead.
    pub fn advance_to(&mut self, other: &Self) {
        for (partition, position) in other.positions.iter() {
            if position > self.positions.get(partition) {
                self.set(partition, position, other.mark(partition));
            }
        }
    }
}

impl From<MarkedPositions> for Cursor {
    fn from(heads: MarkedPositions) -> Self {
        Self { positions: Positions(heads.positions), marks: heads.marks }
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    fn third() -> Partition {
        Partition::from_number(3).unwrap()
    }

    fn event(position: i64, mark: i64) -> LoggedEvent {
        LoggedEvent {
            partition: third(),
            position,
            mark,
            audience: "planet:7".to_owned().into(),
            kind: "test".into(),
            frame: "{}".into(),
            recorded_at: Timestamp(0),
        }
    }

    #[test]
    fn positions_only_advance() {
        let mut positions = Positions::default();
        positions.advance(third(), 7);
        positions.advance(third(), 5);
        assert_eq!(positions.get(third()), 7);
        assert!(positions.has_reached(&Positions::default()));
        assert!(!Positions::default().has_reached(&positions));
    }

    #[test]
    fn a_cursor_keeps_the_mark_of_its_last_event_and_never_goes_back() {
        let mut cursor = Cursor::default();
        for event in [event(1, 11), event(2, 22), event(1, 99)] {
            cursor.advance(&event);
        }
        assert_eq!((cursor.positions.get(third()), cursor.mark(third())), (2, Some(22)));
        cursor.advance(&event(3, 0));
        assert_eq!((cursor.positions.get(third()), cursor.mark(third())), (3, None));
        let mut behind = Cursor::default();
        behind.advance(&event(5, 55));
        behind.advance_to(&cursor);
        assert_eq!(behind.mark(third()), Some(55));
        cursor.advance_to(&behind);
        assert_eq!(cursor, behind);
    }
}
