use domain::ids::UserId;
use domain::page::{Direction, Page, PageRequest, SortKey};
use domain::posts::Post;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult as _, Value};

use super::post;
use crate::StoreError;
use crate::backend::statement;
use crate::entities::posts;
use crate::page::assemble;

/// Returns a page of the live posts of the people whom a person follows, the latest first.
///
/// A page of n posts contains posts of those n authors at most whose own next post is the latest. The first part of the
/// statement finds them: one probe of an index for each followed person. The second part reads at most n posts of each. So
/// the length of the histories does not matter.
pub async fn list_following(
    connection: &impl ConnectionTrait,
    follower: UserId,
    request: &PageRequest,
) -> Result<Page<Post>, StoreError> {
    // One row more than requested shows whether more follow.
    let rows = i64::try_from(request.limit.get()).unwrap_or(i64::MAX).saturating_add(1);
    let mut values: Vec<Value> = vec![follower.0.into(), rows.into()];
    values.extend(request.cursor.map(|cursor| Value::from(cursor.key.id)));
    let sql = sql(connection.get_database_backend(), request.cursor.map(|cursor| cursor.direction));
    let rows = posts::Model::find_by_statement(statement(connection, &sql, values)).all(connection).await?;
    Ok(assemble(rows, request, |row| SortKey::of_id(row.id.0)).map(post))
}

/// Returns the statement. Its parameters are the follower, the number of rows, and the place of a cursor.
fn sql(backend: DbBackend, direction: Option<Direction>) -> String {
    let (beyond, order) = match direction {
        None => ("", "DESC"),
        Some(Direction::Next) => ("AND mine.id < $3", "DESC"),
        Some(Direction::Previous) => ("AND mine.id > $3", "ASC"),
    };
    let of_author = |columns: &str, author: &str, limit: &str| {
        format!(
            "SELECT {columns} FROM posts AS mine
             WHERE mine.author_id = {author} AND mine.deleted_at IS NULL {beyond}
             ORDER BY mine.id {order} LIMIT {limit}"
        )
    };
    let next_of = of_author("mine.id", "follows.followee_id", "1");
    if backend == DbBackend::Postgres {
        let page = of_author("mine.*", "authors.author_id", "$2");
        format!(
            "WITH authors AS (
                SELECT follows.followee_id AS author_id
                FROM follows CROSS JOIN LATERAL ({next_of}) AS next
                WHERE follows.follower_id = $1 ORDER BY next.id {order} LIMIT $2
             )
             SELECT page.* FROM authors CROSS JOIN LATERAL ({page}) AS page ORDER BY page.id {order} LIMIT $2"
        )
    } else {
        // SQLite has no LATERAL.
        let page = of_author("mine.id", "authors.author_id", "$2");
        format!(
            "WITH authors AS (
                SELECT author_id FROM (
                    SELECT follows.followee_id AS author_id, ({next_of}) AS next
                    FROM follows WHERE follows.follower_id = $1
                ) WHERE next IS NOT NULL ORDER BY next {order} LIMIT $2
             )
             SELECT page.* FROM authors JOIN posts AS page ON page.id IN ({page})
             ORDER BY page.id {order} LIMIT $2"
        )
    }
}
