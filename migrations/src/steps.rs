//! One module per migration.

mod prelude;

pub(crate) mod m20261121_000001_create_log;
pub(crate) mod m20261121_000002_create_users;
pub(crate) mod m20261121_000003_create_sessions;
pub(crate) mod m20261121_000004_create_posts;
pub(crate) mod m20261121_000005_create_comments;
pub(crate) mod m20261121_000006_create_notifications;
pub(crate) mod m20261121_000007_create_jobs;
pub(crate) mod m20261121_000008_count_notifications;
pub(crate) mod m20261121_000009_mark_events;
pub(crate) mod m20261122_000023_describe_sessions;
pub(crate) mod m20261122_000024_bind_codes_to_flows;
pub(crate) mod m20261122_000025_count_failed_log_ins;
pub(crate) mod m20261122_000030_rank_posts;
pub(crate) mod m20261122_000031_restore_posts;
pub(crate) mod m20261122_000032_like_comments;
pub(crate) mod m20261122_000033_count_views;
pub(crate) mod m20261122_000037_create_idempotency_keys;
