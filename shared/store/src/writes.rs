//! Several writes in one round trip.

use sea_orm::sea_query::{
    CommonTableExpression, Expr, InsertStatement, Query, SubQueryStatement, UpdateStatement, WithClause,
    WithQuery,
};
use sea_orm::{ConnectionTrait, DbErr};

use crate::backend::has_data_modifying_with;

/// A write that neither reads nor changes rows that another write of the same [`run_together`] changes.
pub(crate) enum Write {
    Insert(InsertStatement),
    Update(UpdateStatement),
}

/// Runs independent writes and returns the number of rows that each changed. Uses one statement on PostgreSQL
/// (data-modifying `WITH`); runs them one after another on SQLite, which needs no round trips.
pub(crate) async fn run_together<const COUNT: usize>(
    connection: &impl ConnectionTrait,
    writes: [Write; COUNT],
) -> Result<[u64; COUNT], DbErr> {
    let mut touched = [0; COUNT];
    if has_data_modifying_with(connection) {
        let statement = combined(writes);
        let row = connection.query_one(&statement).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the counts of combined writes".to_owned()))?;
        for (place, touched) in touched.iter_mut().enumerate() {
            let rows: i64 = row.try_get_by_index(place)?;
            *touched = rows.unsigned_abs();
        }
    } else {
        for (write, touched) in writes.into_iter().zip(&mut touched) {
            let done = match write {
                Write::Insert(insert) => connection.execute(&insert).await?,
                Write::Update(update) => connection.execute(&update).await?,
            };
            *touched = done.rows_affected();
        }
    }
    Ok(touched)
}

/// Builds `WITH write_0 AS (… RETURNING 1), … SELECT (SELECT COUNT(*) FROM write_0), …`.
fn combined<const COUNT: usize>(writes: [Write; COUNT]) -> WithQuery {
    let mut with = WithClause::new();
    let mut counts = Query::select();
    for (place, write) in writes.into_iter().enumerate() {
        let name = format!("write_{place}");
        let one = Query::returning().expr(Expr::cust("1"));
        let write: SubQueryStatement = match write {
            Write::Insert(mut insert) => insert.returning(one).to_owned().into(),
            Write::Update(mut update) => update.returning(one).to_owned().into(),
        };
        with.cte(CommonTableExpression::new().table_name(name.clone()).query(write).to_owned());
        counts.expr(Expr::cust(format!("(SELECT COUNT(*) FROM {name})")));
    }
    counts.take().with(with)
}
