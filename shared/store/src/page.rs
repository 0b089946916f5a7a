//! Keyset pages: turns a cursor into `WHERE`, `ORDER BY` and a `LIMIT` of one row more than requested.

use domain::page::{Cursor, Direction, Page, PageRequest, SortKey};
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, Order, SimpleExpr};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

/// Order of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sorting {
    Ascending,
    Descending,
}

/// The columns that a list is sorted by: a value and the id, or the id alone.
pub(crate) struct Keyset<I, V> {
    pub(crate) id: I,
    pub(crate) value: Option<V>,
    pub(crate) sorting: Sorting,
}

impl<I: IntoColumnRef + Copy, V: IntoColumnRef + Copy> Keyset<I, V> {
    /// Restricts a selection to the requested page and one more row, which shows whether more rows follow.
    pub(crate) fn narrow<E: EntityTrait>(&self, select: Select<E>, request: &PageRequest) -> Select<E> {
        let backwards = request.cursor.is_some_and(|cursor| cursor.direction == Direction::Previous);
        let descending = (self.sorting == Sorting::Descending) != backwards;
        let order = if descending { Order::Desc } else { Order::Asc };
        let mut select = select;
        if let Some(cursor) = request.cursor {
            select = select.filter(self.beyond(cursor.key, descending));
        }
        if let Some(value) = self.value {
            select = select.order_by(Expr::col(value), order.clone());
        }
        select.order_by(Expr::col(self.id), order).limit(request.limit.get() + 1)
    }

    fn beyond(&self, key: SortKey, descending: bool) -> SimpleExpr {
        let Some(value) = self.value else {
            let id = Expr::col(self.id);
            return if descending { id.lt(key.id) } else { id.gt(key.id) };
        };
        let place = Expr::tuple([Expr::col(value), Expr::col(self.id)]);
        let edge = Expr::tuple([Expr::val(key.value), Expr::val(key.id)]);
        if descending { place.lt(edge) } else { place.gt(edge) }
    }
}

/// Makes a page from the rows that a [`Keyset`] selected.
pub(crate) fn assemble<T>(
    mut rows: Vec<T>,
    request: &PageRequest,
    key_of: impl Fn(&T) -> SortKey,
) -> Page<T> {
    let limit = usize::try_from(request.limit.get()).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let direction = request.cursor.map(|cursor| cursor.direction);
    if direction == Some(Direction::Previous) {
        rows.reverse();
    }
    let edge = |row: Option<&T>, direction| {
        // The opposite cursor of an empty page starts at the requested place.
        let key = row.map(&key_of).or(request.cursor.map(|cursor| cursor.key));
        key.map(|key| Cursor { key, direction })
    };
    let (has_next, has_previous) = match direction {
        None => (more, false),
        Some(Direction::Next) => (more, true),
        Some(Direction::Previous) => (true, more),
    };
    let next = has_next.then(|| edge(rows.last(), Direction::Next)).flatten();
    let previous = has_previous.then(|| edge(rows.first(), Direction::Previous)).flatten();
    Page { items: rows, next, previous }
}

#[cfg(test)]
mod tests {
    use domain::page::Limit;
    use uuid::Uuid;

    use super::*;

    fn page(rows: &[u128], limit: u32, cursor: Option<(u128, Direction)>) -> Page<u128> {
        let cursor =
            cursor.map(|(id, direction)| Cursor { key: SortKey::of_id(Uuid::from_u128(id)), direction });
        let request = PageRequest { limit: Limit::new(limit).unwrap(), cursor };
        assemble(rows.to_vec(), &request, |id| SortKey::of_id(Uuid::from_u128(*id)))
    }

    fn edges(page: &Page<u128>) -> (Option<u128>, Option<u128>) {
        (page.next.map(|c| c.key.id.as_u128()), page.previous.map(|c| c.key.id.as_u128()))
    }

    #[test]
    fn the_extra_row_only_shows_that_more_rows_follow() {
        let first = page(&[9, 8, 7], 2, None);
        assert_eq!((first.items.clone(), edges(&first)), (vec![9, 8], (Some(8), None)));
        let last = page(&[7, 6], 2, Some((8, Direction::Next)));
        assert_eq!((last.items.clone(), edges(&last)), (vec![7, 6], (None, Some(7))));
    }

    #[test]
    fn going_back_keeps_the_order_of_the_list() {
        let back = page(&[8, 9], 2, Some((7, Direction::Previous)));
        assert_eq!((back.items.clone(), edges(&back)), (vec![9, 8], (Some(8), None)));
        let middle = page(&[7, 8, 9], 2, Some((6, Direction::Previous)));
        assert_eq!((middle.items.clone(), edges(&middle)), (vec![8, 7], (Some(7), Some(8))));
    }

    #[test]
    fn the_opposite_cursor_of_an_empty_page_starts_at_its_place() {
        let empty = page(&[], 2, Some((5, Direction::Next)));
        assert_eq!(edges(&empty), (None, Some(5)));
        assert_eq!(edges(&page(&[], 2, None)), (None, None));
    }
}
