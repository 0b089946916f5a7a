use domain::Timestamp;
use domain::ids::CapturedMailId;
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "captured_mails")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: CapturedMailId,
    #[sea_orm(column_type = "Text")]
    pub(crate) recipient: String,
    #[sea_orm(column_type = "Text")]
    pub(crate) subject: String,
    #[sea_orm(column_type = "Text")]
    pub(crate) body: String,
    pub(crate) sent_at: Timestamp,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
