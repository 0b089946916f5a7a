//! Who does a thing only one process should do. A convenience, not a lock: what it guards stays right without it.

use std::time::Duration;

use domain::Timestamp;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter};

use crate::entities::relay_leases;
use crate::{StoreError, UnitOfWork};

/// Takes or renews a lease for `duration`. Returns whether `holder` has it now.
pub async fn acquire(
    unit: &UnitOfWork,
    name: &str,
    holder: &str,
    duration: Duration,
) -> Result<bool, StoreError> {
    let expires_at = unit.now().plus(duration);
    let row = relay_leases::ActiveModel {
        name: Set(name.to_owned()),
        holder: Set(holder.to_owned()),
        expires_at: Set(Timestamp(0)),
    };
    relay_leases::Entity::insert_many([row])
        .on_conflict(OnConflict::column(relay_leases::Column::Name).do_nothing().to_owned())
        .exec_without_returning(unit.connection())
        .await?;
    let free = Condition::any()
        .add(relay_leases::Column::Holder.eq(holder))
        .add(relay_leases::Column::ExpiresAt.lte(unit.now()));
    let taken = relay_leases::Entity::update_many()
        .col_expr(relay_leases::Column::Holder, Expr::value(holder))
        .col_expr(relay_leases::Column::ExpiresAt, Expr::value(expires_at))
        .filter(relay_leases::Column::Name.eq(name))
        .filter(free)
        .exec(unit.connection())
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Gives a lease back before its time.
pub async fn release(unit: &UnitOfWork, name: &str, holder: &str) -> Result<(), StoreError> {
    relay_leases::Entity::update_many()
        .col_expr(relay_leases::Column::ExpiresAt, Expr::value(Timestamp(0)))
        .filter(relay_leases::Column::Name.eq(name))
        .filter(relay_leases::Column::Holder.eq(holder))
        .exec(unit.connection())
        .await?;
    Ok(())
}
