//! Comments and replies.

mod create_comment;
mod delete_comment;
mod list_comments;
mod list_replies;

pub use create_comment::create_comment;
pub use delete_comment::delete_comment;
pub use list_comments::list_comments;
pub use list_replies::list_replies;
