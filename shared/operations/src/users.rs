//! Profiles and follows.

mod follow;
mod get_me;
mod get_user;
mod list_followers;
mod unfollow;
mod update_me;

pub use follow::follow;
pub use get_me::get_me;
pub use get_user::{UserProfile, get_user};
pub use list_followers::{list_followers, list_following};
pub use unfollow::unfollow;
pub use update_me::{ProfileChange, update_me};
