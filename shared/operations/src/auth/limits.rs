//! The rate limits of authentication.

use std::time::Duration;

use domain::auth::{CODE_MAILS, CODE_MAILS_WINDOW};
use domain::{Problem, ProblemCode};
use ephemeral::{Allowance, RateLimit};

use crate::{App, Credentials, OperationError};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// Log-ins per client address, apart from those of devices that logged in to the account before.
pub const LOG_IN_ADDRESS: RateLimit = RateLimit { name: "log_in_address", quota: 60, per: MINUTE };
/// Codes per mailbox. Counted in the database, in windows of one hour that begin with the first mail.
pub const CODE_MAILBOX: RateLimit =
    RateLimit { name: "code_mailbox", quota: CODE_MAILS, per: CODE_MAILS_WINDOW };
/// Requests for codes per client address.
pub const CODE_ADDRESS: RateLimit = RateLimit { name: "code_address", quota: 30, per: HOUR };
/// Sign-ups per client address.
pub const SIGN_UP_ADDRESS: RateLimit = RateLimit { name: "sign_up_address", quota: 60, per: MINUTE };
/// Password resets per client address.
pub const PASSWORD_RESET_ADDRESS: RateLimit =
    RateLimit { name: "password_reset_address", quota: 60, per: MINUTE };
/// Confirmations of a password per session.
pub const CONFIRM_PASSWORD: RateLimit = RateLimit { name: "confirm_password", quota: 10, per: MINUTE };
/// Refreshes per client address. High, because a whole classroom may share one address.
pub const REFRESH_ADDRESS: RateLimit = RateLimit { name: "refresh_address", quota: 300, per: MINUTE };

/// Counts one attempt. While the shared counters cannot be reached, this process counts alone, so that guessing stays
/// limited.
pub(super) async fn count(
    app: &App,
    credentials: &Credentials,
    limit: &RateLimit,
    key: &str,
) -> Result<(), OperationError> {
    let allowance = match app.ephemeral.check(limit, key).await {
        Ok(allowance) => allowance,
        Err(fault) => {
            tracing::warn!(limit = limit.name, %fault, "counting tries in this process alone");
            credentials.local_limits.check(limit, key).await?
        }
    };
    match allowance {
        Allowance::Granted { .. } => Ok(()),
        Allowance::Refused { retry_after } => {
            Err(Problem::new(ProblemCode::RateLimited).retry_after(retry_after).into())
        }
    }
}
