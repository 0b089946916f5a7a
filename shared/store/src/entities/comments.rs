use domain::Timestamp;
use domain::ids::{CommentId, PostId, UserId};
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "comments")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: CommentId,
    pub(crate) post_id: PostId,
    pub(crate) parent_id: Option<CommentId>,
    pub(crate) reply_to_id: Option<UserId>,
    pub(crate) author_id: UserId,
    #[sea_orm(column_type = "Text")]
    pub(crate) content: String,
    #[sea_orm(column_type = "Text")]
    pub(crate) state: String,
    pub(crate) replies_count: i64,
    pub(crate) likes_count: i64,
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) edited_at: Option<Timestamp>,
    pub(crate) deleted_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
