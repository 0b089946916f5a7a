//! Notifications: creating, withdrawing, listing and marking them.

mod get_unread;
mod list_notifications;
mod mark_notifications;
mod notify;
mod withdraw;

pub use get_unread::get_unread;
pub use list_notifications::list_notifications;
pub use mark_notifications::mark_notifications;
pub use store::notifications::{Mark, Marked, Wanted};

pub(crate) use notify::notify;
pub(crate) use withdraw::withdraw;
