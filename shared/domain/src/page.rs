//! Pages of lists: what is asked for, where it goes on, what comes back.

use uuid::Uuid;

/// How many items a page holds: 1 to 100, 20 where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The most items a page may hold; more is brought down to it.
    pub const MAX: u16 = 100;
    /// How many a page holds where nothing is said.
    pub const DEFAULT: u16 = 20;

    /// Returns the limit for the number asked for, nothing for zero.
    pub fn new(asked: u32) -> Option<Self> {
        let limit = u16::try_from(asked).unwrap_or(Self::MAX).min(Self::MAX);
        (limit > 0).then_some(Self(limit))
    }

    /// Returns it as a number.
    pub fn get(self) -> u64 {
        u64::from(self.0)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

/// Which way a walk goes on from a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Towards the end of the list.
    Next,
    /// Back towards its start.
    Previous,
}

/// The place of one item in a list: its sort value, and its id where values are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey {
    /// The value the list is sorted by; 0 in lists sorted by id alone.
    pub value: i64,
    /// The id that makes the order total.
    pub id: Uuid,
}

impl SortKey {
    /// Returns the key of an item in a list sorted by id alone.
    pub fn of_id(id: Uuid) -> Self {
        Self { value: 0, id }
    }
}

/// Where a walk through a list goes on. It names an item's place, not the item: that may be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The place of the item at the edge of the page before.
    pub key: SortKey,
    /// Which way to go from it.
    pub direction: Direction,
}

/// What page is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageRequest {
    /// How many items at the most.
    pub limit: Limit,
    /// Where to go on; the start of the list where there is none.
    pub cursor: Option<Cursor>,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items in the order of the list.
    pub items: Vec<T>,
    /// Where the next page starts, if there is one.
    pub next: Option<Cursor>,
    /// Where the page before starts, if there may be one.
    pub previous: Option<Cursor>,
}

impl<T> Page<T> {
    /// Returns the page with every item changed by `change`, its edges as they are.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next, previous: self.previous }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_limit_is_brought_down_and_zero_is_none() {
        assert_eq!(Limit::new(0), None);
        assert_eq!(Limit::new(1).map(Limit::get), Some(1));
        assert_eq!(Limit::new(1000).map(Limit::get), Some(100));
        assert_eq!(Limit::new(u32::MAX).map(Limit::get), Some(100));
        assert_eq!(Limit::default().get(), 20);
    }
}
