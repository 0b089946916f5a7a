//! Operations on real databases: results, rows and recorded events.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod auth;
mod comment_likes;
mod comment_notifications;
mod comments;
mod fixtures;
mod following_feed;
mod follows;
mod hot_posts;
mod jobs;
mod like_notifications;
mod likes;
mod notification_numbers;
mod notifications;
mod plans;
mod popular_posts;
mod posts;
mod profiles;
mod reconciled_counters;
mod restored_posts;
mod statement_counts;
mod tickets;
mod views;
mod without_shared_state;
