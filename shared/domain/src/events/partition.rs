use uuid::Uuid;

use crate::ids::{RoomId, UserId};

/// Number of partitions of the event log. Fixed by the migrations.
pub const PARTITIONS: u8 = 32;
/// Number of partitions for people: 0 to 15. The others, 16 to 31, are for rooms, so that a like never waits for the
/// commit of a chat message.
pub const PERSON_PARTITIONS: u8 = 16;

/// One of the [`PARTITIONS`] independently ordered parts of the event log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(u8);

impl Partition {
    /// Returns the partition of everything that is ordered by a person.
    pub fn of_person(person: UserId) -> Self {
        Self(hash(person.0) % PERSON_PARTITIONS)
    }

    /// Returns the partition of everything that is ordered by a room.
    pub fn of_room(room: RoomId) -> Self {
        Self(PERSON_PARTITIONS + hash(room.0) % (PARTITIONS - PERSON_PARTITIONS))
    }

    /// Returns the partition with this number, if it exists.
    pub fn from_number(number: i64) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| *number < PARTITIONS).map(Self)
    }

    /// Returns the partition's number, 0 to 31.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Returns the partition's number as an index.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Returns all partitions in ascending order.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        (0..PARTITIONS).map(Self)
    }
}

/// FNV-1a, 32 bits, over the 16 bytes of the id (draft-eastlake-fnv), folded to its lowest byte: both numbers of
/// partitions are powers of two.
fn hash(id: Uuid) -> u8 {
    let hash = id
        .as_bytes()
        .iter()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    let [.., lowest] = hash.to_be_bytes();
    lowest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn people_and_rooms_use_separate_partitions_and_use_all_of_them() {
        let ids = || (0..400_u128).map(Uuid::from_u128);
        let people: BTreeSet<_> = ids().map(|id| Partition::of_person(UserId(id)).number()).collect();
        let rooms: BTreeSet<_> = ids().map(|id| Partition::of_room(RoomId(id)).number()).collect();
        assert_eq!(people, (0..16).collect());
        assert_eq!(rooms, (16..32).collect());
        assert_eq!(Partition::from_number(32), None);
    }

    #[test]
    fn the_partition_of_an_id_never_changes() {
        // Another hash would move people between the partitions of an existing log.
        let id = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
        assert_eq!(Partition::of_person(UserId(id)).number(), 3);
        assert_eq!(Partition::of_room(RoomId(id)).number(), 19);
    }
}
