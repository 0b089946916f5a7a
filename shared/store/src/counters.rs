//! Stored counters and the rows that they count, for finding and repairing differences.

use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use crate::backend::{has_data_modifying_with, statement};
use crate::rows::expect_one;
use crate::{StoreError, UnitOfWork};

/// A stored counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    /// The table and the column.
    pub name: &'static str,
    table: &'static str,
    key: &'static str,
    column: &'static str,
    /// The number of rows, as an expression about the row `counted`.
    actual: &'static str,
}

/// A row whose counter was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// Key of the row.
    pub key: Uuid,
    /// The stored counter.
    pub stored: i64,
    /// The number of rows.
    pub actual: i64,
}

macro_rules! counters {
    ($($table:ident.$key:ident { $($column:ident = $actual:literal,)+ })+) => {
        /// Every stored counter but the views, of which no rows are kept. Each number is found by indexes.
        pub const COUNTERS: &[Counter] = &[$($(Counter {
            name: concat!(stringify!($table), ".", stringify!($column)),
            table: stringify!($table),
            key: stringify!($key),
            column: stringify!($column),
            actual: $actual,
        },)+)+];
    };
}

counters! {
    posts.id {
        likes_count = "(SELECT COUNT(*) FROM post_likes WHERE post_likes.post_id = counted.id)",
        comments_count = "(SELECT COUNT(*) FROM comments AS root
                           WHERE root.post_id = counted.id AND root.parent_id IS NULL AND root.state = 'active')
                        + (SELECT COUNT(*) FROM comments AS root JOIN comments AS reply ON reply.parent_id = root.id
                           WHERE root.post_id = counted.id AND root.parent_id IS NULL AND reply.state = 'active')",
    }
    comments.id {
        likes_count = "(SELECT COUNT(*) FROM comment_likes WHERE comment_likes.comment_id = counted.id)",
        replies_count = "(SELECT COUNT(*) FROM comments AS reply
                          WHERE reply.parent_id = counted.id AND reply.state = 'active')",
    }
    users.id {
        posts_count = "(SELECT COUNT(*) FROM posts WHERE posts.author_id = counted.id AND posts.deleted_at IS NULL)",
        followers_count = "(SELECT COUNT(*) FROM follows WHERE follows.followee_id = counted.id)",
        following_count = "(SELECT COUNT(*) FROM follows WHERE follows.follower_id = counted.id)",
    }
    notification_heads.user_id {
        unseen = "(SELECT COUNT(*) FROM notifications WHERE notifications.user_id = counted.user_id
                       AND notifications.actor_count > 0 AND notifications.seen_at IS NULL)",
        unread = "(SELECT COUNT(*) FROM notifications WHERE notifications.user_id = counted.user_id
                       AND notifications.actor_count > 0 AND notifications.read_at IS NULL)",
    }
}

/// Compares the counters of at most `limit` rows whose keys are larger than `after`, in the order of the keys. A counter
/// changes in the transaction of its row, so a difference is a fault and not a change in progress.
pub async fn compare(
    connection: &impl ConnectionTrait,
    counter: &Counter,
    after: Uuid,
    limit: u16,
) -> Result<Vec<Compared>, StoreError> {
    let Counter { table, key, column, actual, .. } = counter;
    let sql = format!(
        "SELECT counted.{key}, counted.{column}, {actual} AS actual FROM {table} AS counted
         WHERE counted.{key} > $1 ORDER BY counted.{key} LIMIT $2"
    );
    let values: [Value; 2] = [after.into(), i64::from(limit).into()];
    let mut compared = Vec::new();
    for row in connection.query_all_raw(statement(connection, &sql, values)).await? {
        compared.push(Compared {
            key: row.try_get_by_index(0)?,
            stored: row.try_get_by_index(1)?,
            actual: row.try_get_by_index(2)?,
        });
    }
    Ok(compared)
}

/// Sets the counter of a row to the number of rows. The row is locked first, as everything does that changes the counter.
pub async fn repair(unit: &UnitOfWork, counter: &Counter, key: Uuid) -> Result<(), StoreError> {
    let connection = unit.connection().await?;
    let Counter { table, key: key_column, column, actual, .. } = counter;
    if has_data_modifying_with(connection) {
        let lock = format!("SELECT 1 FROM {table} WHERE {key_column} = $1 FOR UPDATE");
        connection.query_one_raw(statement(connection, &lock, [key.into()])).await?;
    }
    let update = format!("UPDATE {table} AS counted SET {column} = {actual} WHERE counted.{key_column} = $1");
    let updated = connection.execute_raw(statement(connection, &update, [key.into()])).await?;
    expect_one(updated.rows_affected(), table, key)
}
