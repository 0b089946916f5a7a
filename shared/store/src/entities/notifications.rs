use domain::Timestamp;
use domain::ids::{NotificationId, PostId, UserId};
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notifications")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: NotificationId,
    pub(crate) user_id: UserId,
    #[sea_orm(column_name = "type", column_type = "Text")]
    pub(crate) kind: String,
    #[sea_orm(column_type = "Text")]
    pub(crate) group_key: String,
    #[sea_orm(column_type = "Text")]
    pub(crate) target_type: String,
    pub(crate) target_id: Uuid,
    pub(crate) post_id: Option<PostId>,
    pub(crate) actor_count: i64,
    pub(crate) seen_at: Option<Timestamp>,
    pub(crate) read_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
