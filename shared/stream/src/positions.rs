use domain::events::Partition;
use store::outbox::Heads;

/// How far a reader has come: the position of the last event it knows, in every partition. A JSON array of 16 numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Positions(pub Heads);

impl Positions {
    /// Returns the position in a partition.
    pub fn get(&self, partition: Partition) -> i64 {
        self.0.get(partition.index()).copied().unwrap_or_default()
    }

    /// Moves a partition to a position.
    pub fn set(&mut self, partition: Partition, position: i64) {
        if let Some(known) = self.0.get_mut(partition.index()) {
            *known = position;
        }
    }

    /// Moves a partition forward to a position; never back.
    pub fn advance(&mut self, partition: Partition, position: i64) {
        self.set(partition, position.max(self.get(partition)));
    }

    /// Returns every partition with its position, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (Partition, i64)> {
        Partition::all().zip(self.0)
    }
}

impl From<Heads> for Positions {
    fn from(heads: Heads) -> Self {
        Self(heads)
    }
}
