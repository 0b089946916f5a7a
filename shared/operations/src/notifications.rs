//! Telling people, and what they do with what they were told.

mod get_unread;
mod list_notifications;
mod mark_notifications;
mod take_back;
mod tell;

pub use get_unread::get_unread;
pub use list_notifications::list_notifications;
pub use mark_notifications::mark_notifications;
pub use store::notifications::{Mark, Marked, Wanted};

pub(crate) use take_back::take_back;
pub(crate) use tell::tell;
