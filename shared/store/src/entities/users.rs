use domain::Timestamp;
use domain::ids::UserId;
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: UserId,
    #[sea_orm(column_type = "Text")]
    pub(crate) email: String,
    pub(crate) email_verified_at: Timestamp,
    #[sea_orm(column_type = "Text")]
    pub(crate) nickname: String,
    #[sea_orm(column_type = "Text")]
    pub(crate) about: String,
    #[sea_orm(column_type = "Text")]
    pub(crate) locale: String,
    #[sea_orm(column_type = "Text")]
    pub(crate) role: String,
    #[sea_orm(column_type = "Text")]
    pub(crate) state: String,
    pub(crate) posts_count: i64,
    pub(crate) followers_count: i64,
    pub(crate) following_count: i64,
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
