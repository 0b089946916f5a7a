//! Posts and likes.

mod count_views;
mod create_post;
mod delete_post;
mod get_post;
mod like_post;
mod list_post_likes;
mod list_posts;
mod rank_posts;
mod restore_post;
mod unlike_post;
mod update_post;

pub use count_views::{View, ViewCollector, ViewSource, count_views, view_of};
pub use create_post::create_post;
pub use delete_post::delete_post;
pub use get_post::get_post;
pub use like_post::like_post;
pub use list_post_likes::list_post_likes;
pub use list_posts::list_posts;
pub use rank_posts::{RANKING_INTERVAL, rank_posts};
pub use restore_post::restore_post;
pub use unlike_post::unlike_post;
pub use update_post::update_post;
