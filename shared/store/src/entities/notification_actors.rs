use domain::Timestamp;
use domain::ids::{NotificationId, UserId};
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification_actors")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) notification_id: NotificationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) actor_id: UserId,
    pub(crate) created_at: Timestamp,
    pub(crate) retracted_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
