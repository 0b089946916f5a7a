use domain::Timestamp;
use domain::ids::{SessionId, UserId};
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) generation: i64,
    #[sea_orm(column_type = "Text")]
    pub(crate) refresh_salt: String,
    pub(crate) rotated_at: Timestamp,
    pub(crate) created_at: Timestamp,
    pub(crate) revoked_at: Option<Timestamp>,
    #[sea_orm(column_type = "Text")]
    pub(crate) client: String,
    #[sea_orm(column_type = "Text")]
    pub(crate) ip_prefix: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
