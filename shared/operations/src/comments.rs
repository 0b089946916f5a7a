//! Comments and replies.

mod create_comment;
mod delete_comment;
mod like_comment;
mod list_comments;
mod list_replies;
mod unlike_comment;
mod update_comment;

pub use create_comment::create_comment;
pub use delete_comment::delete_comment;
pub use like_comment::like_comment;
pub use list_comments::list_comments;
pub use list_replies::list_replies;
pub use unlike_comment::unlike_comment;
pub use update_comment::update_comment;
