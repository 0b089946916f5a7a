//! Leases: decide which one of several processes does a task. A lease saves work; correctness must not depend on it.

use std::time::Duration;

use domain::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::backend::Dialects;
use crate::entities::relay_leases;
use crate::{StoreError, UnitOfWork};

/// Takes the lease if `holder` has it already, if it has expired, or if it expires later than a lease of this period
/// can, which no process with the same period could have written. Instants are those of the database's clock, in
/// milliseconds since 1970, so that the clocks of the processes do not matter.
macro_rules! acquire {
    ($now:literal) => {
        concat!(
            "INSERT INTO relay_leases (name, holder, expires_at) VALUES ($1, $2, ",
            $now,
            " + $3)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
             WHERE relay_leases.holder = excluded.holder
                OR relay_leases.expires_at <= ",
            $now,
            " OR relay_leases.expires_at > ",
            $now,
            " + $3"
        )
    };
}

const ACQUIRE: Dialects = Dialects {
    postgres: acquire!("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS bigint)"),
    sqlite: acquire!("CAST(unixepoch('subsec') * 1000 AS INTEGER)"),
};

/// Takes or renews a lease for `duration` on the database's clock. Returns whether `holder` has it now. One statement.
pub async fn acquire(
    unit: &UnitOfWork,
    name: &str,
    holder: &str,
    duration: Duration,
) -> Result<bool, StoreError> {
    let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2);
    let values = [name.into(), holder.into(), milliseconds.into()];
    let connection = unit.connection().await?;
    let taken = connection.execute_raw(ACQUIRE.statement(connection, values)).await?;
    Ok(taken.rows_affected() == 1)
}

/// Ends a lease before it expires. Changes nothing if another process holds it.
pub async fn release(unit: &UnitOfWork, name: &str, holder: &str) -> Result<(), StoreError> {
    relay_leases::Entity::update_many()
        .col_expr(relay_leases::Column::ExpiresAt, Expr::value(Timestamp(0)))
        .filter(relay_leases::Column::Name.eq(name))
        .filter(relay_leases::Column::Holder.eq(holder))
        .exec(unit.connection().await?)
        .await?;
    Ok(())
}
