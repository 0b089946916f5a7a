//! Pages of lists: the requested page, the cursor it starts at, and the returned page.

use uuid::Uuid;

/// The page size of a list: [`Limit::MIN`] to [`Limit::MAX`] items, [`Limit::DEFAULT`] unless requested otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The smallest page size.
    pub const MIN: u16 = 1;
    /// The largest page size.
    pub const MAX: u16 = 100;
    /// The page size of a request that names none.
    pub const DEFAULT: u16 = 20;

    /// Returns the limit for the requested page size, or `None` if it is out of bounds. It is never coerced.
    pub fn new(requested: u32) -> Option<Self> {
        let limit = u16::try_from(requested).ok()?;
        (Self::MIN..=Self::MAX).contains(&limit).then_some(Self(limit))
    }

    /// Returns the limit as a number.
    pub fn get(self) -> u64 {
        u64::from(self.0)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

/// The direction in which a list is read from a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Towards the end of the list.
    Next,
    /// Towards the start of the list.
    Previous,
}

/// The place of one item in a list: its sort value, then its id.
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

/// The place at which the next read of a list starts. It names the place of an item, so it stays valid when the item
/// is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The place of the item at the edge of the page that gave out this cursor.
    pub key: SortKey,
    /// The direction to read in.
    pub direction: Direction,
}

/// The page that is requested.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageRequest {
    /// The page size.
    pub limit: Limit,
    /// The cursor to start at; `None` is the start of the list.
    pub cursor: Option<Cursor>,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items in the order of the list.
    pub items: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub next: Option<Cursor>,
    /// The cursor of the previous page, if there may be one.
    pub previous: Option<Cursor>,
}

impl<T> Page<T> {
    /// Returns the page with `change` applied to every item.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next, previous: self.previous }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_within_its_bounds_and_not_coerced() {
        assert_eq!(Limit::new(1).map(Limit::get), Some(1));
        assert_eq!(Limit::new(100).map(Limit::get), Some(100));
        for out_of_bounds in [0, 101, 1000, 65_537, u32::MAX] {
            assert_eq!(Limit::new(out_of_bounds), None, "{out_of_bounds}");
        }
        assert_eq!(Limit::default().get(), 20);
    }
}
