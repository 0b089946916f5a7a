use domain::Timestamp;
use domain::ids::JobId;
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: JobId,
    #[sea_orm(column_type = "Text")]
    pub(crate) kind: String,
    #[sea_orm(column_type = "Text")]
    pub(crate) payload: String,
    pub(crate) run_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) attempts: i32,
    #[sea_orm(column_type = "Text")]
    pub(crate) last_fault: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
