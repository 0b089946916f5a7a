//! Rankings of posts by the likes that they gained in a period (rule PO7). A ranking does not change after it was taken,
//! so that a client that walks it meets every post once.

use domain::Timestamp;
use domain::ids::PostId;
use domain::page::{Direction, Page, PageRequest, SortKey};
use domain::posts::{PopularWindow, Post};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Value};
use uuid::Uuid;

use crate::backend::statement;
use crate::entities::{popularity_ranks, popularity_snapshots};
use crate::page::assemble;
use crate::{StoreError, UnitOfWork, posts};

/// Largest number of likes that a ranking counts: the latest ones of its period. It bounds the work.
const LIKES: i64 = 200_000;
/// Largest number of posts whose comments are compared: those with most likes. It bounds the join.
const CANDIDATES: i64 = 5_000;
/// Largest number of posts of a ranking.
const POSTS: i64 = 1_000;

/// Parameters: window, instant of the ranking, start of the period, number of likes, of candidates, of posts.
const RANK: &str = r#"
    INSERT INTO popularity_ranks ("window", taken_at, rank, post_id)
    SELECT $1, $2, ROW_NUMBER() OVER (ORDER BY gained.likes DESC, posts.comments_count DESC, posts.id DESC) AS rank, posts.id
    FROM (
        SELECT newest.post_id, COUNT(*) AS likes
        FROM (SELECT post_id FROM post_likes WHERE created_at > $3 ORDER BY created_at DESC LIMIT $4) AS newest
        GROUP BY newest.post_id
        ORDER BY likes DESC, newest.post_id DESC LIMIT $5
    ) AS gained
    JOIN posts ON posts.id = gained.post_id
    WHERE posts.deleted_at IS NULL
    ORDER BY gained.likes DESC, posts.comments_count DESC, posts.id DESC LIMIT $6"#;

/// Takes the ranking of `taken_at` by the likes since `since`. Returns whether it was not taken before; of several
/// processes one takes it.
pub async fn take(
    unit: &UnitOfWork,
    window: PopularWindow,
    taken_at: Timestamp,
    since: Timestamp,
) -> Result<bool, StoreError> {
    use popularity_snapshots::Column;
    let row = popularity_snapshots::ActiveModel {
        window: Set(window.as_str().to_owned()),
        taken_at: Set(taken_at),
    };
    let connection = unit.connection().await?;
    let inserted = popularity_snapshots::Entity::insert_many([row])
        .on_conflict(OnConflict::columns([Column::Window, Column::TakenAt]).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    if inserted == 0 {
        return Ok(false);
    }
    let values: [Value; 6] = [
        window.as_str().into(),
        taken_at.0.into(),
        since.0.into(),
        LIKES.into(),
        CANDIDATES.into(),
        POSTS.into(),
    ];
    connection.execute_raw(statement(connection, RANK, values)).await?;
    Ok(true)
}

/// Returns whether the ranking of that instant was taken and is still kept.
pub async fn is_taken(
    connection: &impl ConnectionTrait,
    window: PopularWindow,
    taken_at: Timestamp,
) -> Result<bool, StoreError> {
    let key = (window.as_str().to_owned(), taken_at);
    Ok(popularity_snapshots::Entity::find_by_id(key).one(connection).await?.is_some())
}

/// Deletes the rankings that were taken before `before`. Returns their number of rows.
pub async fn prune(unit: &UnitOfWork, before: Timestamp) -> Result<u64, StoreError> {
    let connection = unit.connection().await?;
    let ranks = popularity_ranks::Entity::delete_many()
        .filter(popularity_ranks::Column::Window.is_in(PopularWindow::NAMES.iter().copied()))
        .filter(popularity_ranks::Column::TakenAt.lt(before))
        .exec(connection)
        .await?;
    let snapshots = popularity_snapshots::Entity::delete_many()
        .filter(popularity_snapshots::Column::Window.is_in(PopularWindow::NAMES.iter().copied()))
        .filter(popularity_snapshots::Column::TakenAt.lt(before))
        .exec(connection)
        .await?;
    Ok(ranks.rows_affected + snapshots.rows_affected)
}

/// Returns a page of the live posts of a ranking, the first rank first: of the newest ranking without a cursor, otherwise
/// of the ranking of the cursor. `None` if that ranking is no longer kept.
pub async fn list(
    connection: &impl ConnectionTrait,
    window: PopularWindow,
    request: &PageRequest,
) -> Result<Option<Page<Post>>, StoreError> {
    let rows = i64::try_from(request.limit.get()).unwrap_or(i64::MAX).saturating_add(1);
    let mut values: Vec<Value> = vec![window.as_str().into(), rows.into()];
    let newest = r#"(SELECT MAX(taken_at) FROM popularity_snapshots WHERE "window" = $1)"#;
    let (taken_at, beyond, order) = match request.cursor.map(|cursor| cursor.direction) {
        None => (newest, "", "ASC"),
        Some(Direction::Next) => ("$3", "AND ranks.rank > $4", "ASC"),
        Some(Direction::Previous) => ("$3", "AND ranks.rank < $4", "DESC"),
    };
    if let Some(cursor) = request.cursor {
        values.extend([cursor.key.value.into(), rank_of(cursor.key).into()]);
    }
    let sql = format!(
        r#"SELECT ranks.taken_at, ranks.rank, ranks.post_id FROM popularity_ranks AS ranks
           WHERE ranks."window" = $1 AND ranks.taken_at = {taken_at} {beyond}
               AND EXISTS (SELECT 1 FROM posts WHERE posts.id = ranks.post_id AND posts.deleted_at IS NULL)
           ORDER BY ranks.rank {order} LIMIT $2"#
    );
    let mut places = Vec::new();
    for row in connection.query_all_raw(statement(connection, &sql, values)).await? {
        let (taken_at, rank): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        places.push((key(taken_at, rank), row.try_get_by_index::<PostId>(2)?));
    }
    if let (Some(cursor), true) = (request.cursor, places.is_empty())
        && !is_taken(connection, window, Timestamp(cursor.key.value)).await?
    {
        return Ok(None);
    }
    let page = assemble(places, request, |(key, _)| *key);
    let items = posts::find_among(connection, page.items.iter().map(|(_, post)| *post)).await?;
    Ok(Some(Page { items, next: page.next, previous: page.previous }))
}

/// Returns the place of a rank: the instant of the ranking, and the rank in place of the id.
fn key(taken_at: i64, rank: i64) -> SortKey {
    SortKey { value: taken_at, id: Uuid::from_u128(u128::from(rank.unsigned_abs())) }
}

fn rank_of(key: SortKey) -> i64 {
    i64::try_from(key.id.as_u128()).unwrap_or(i64::MAX)
}
