//! One entity a table, without logic.

pub(crate) mod captured_mails;
pub(crate) mod comments;
pub(crate) mod email_codes;
pub(crate) mod follows;
pub(crate) mod jobs;
pub(crate) mod log_epochs;
pub(crate) mod notification_actors;
pub(crate) mod notification_heads;
pub(crate) mod notifications;
pub(crate) mod outbox;
pub(crate) mod post_likes;
pub(crate) mod posts;
pub(crate) mod relay_leases;
pub(crate) mod sessions;
pub(crate) mod stream_heads;
pub(crate) mod user_passwords;
pub(crate) mod users;
