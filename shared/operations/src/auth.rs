//! Sign-up, log-in, token refresh, log-out, and authentication.

pub mod limits;

mod authenticate;
mod change_email;
mod change_password;
mod confirm_password;
mod end_sessions;
mod guesses;
mod list_sessions;
mod live_session;
mod log_in;
mod log_out;
mod prove_address;
mod refresh_tokens;
mod request_email_code;
mod reset_password;
mod revoke_other_sessions;
mod revoke_session;
mod session_tokens;
mod sign_up;

pub use authenticate::authenticate;
pub use change_email::{ChangeEmail, change_email};
pub use change_password::{ChangePassword, change_password};
pub use list_sessions::{SessionView, list_sessions};
pub(crate) use live_session::find_live_session;
pub use log_in::{LogIn, log_in};
pub use log_out::log_out;
pub use prove_address::TypedCode;
pub use refresh_tokens::refresh_tokens;
pub use request_email_code::{CodeRequested, request_email_code};
pub use reset_password::{ResetPassword, reset_password};
pub use revoke_other_sessions::revoke_other_sessions;
pub use revoke_session::revoke_session;
pub use session_tokens::SessionTokens;
pub use sign_up::{SignUp, sign_up};
