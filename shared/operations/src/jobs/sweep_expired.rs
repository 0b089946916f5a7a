use std::time::Duration;

use domain::auth::{CODE_LIFETIME, SESSION_IDLE};
use store::{captured_mails, email_codes, outbox, sessions};

use crate::{App, OperationError};

/// For how long the log keeps events: whoever was away longer starts from the lists.
const LOG_KEPT: Duration = Duration::from_hours(24);
/// For how long an ended or unused session is remembered, so that its tokens are told apart from made-up ones.
const SESSION_KEPT: Duration = Duration::from_hours(7 * 24);
/// For how long a code is remembered: the limits on asking again need it no longer.
const CODE_KEPT: Duration = Duration::from_hours(24);

/// For how long the local mail page shows a mail.
const MAIL_SHOWN: Duration = Duration::from_hours(24);

/// Forgets what has expired: events of the log, codes, sessions, mails kept for the local page. Returns how many rows.
#[tracing::instrument(name = "op.sweep_expired", skip_all)]
pub async fn sweep_expired(app: &App) -> Result<u64, OperationError> {
    let unit = app.store.begin(app.clock.now()).await?;
    let now = unit.now();
    let events = outbox::prune(&unit, now.minus(LOG_KEPT)).await?;
    let codes = email_codes::prune(&unit, now.minus(CODE_LIFETIME + CODE_KEPT)).await?;
    let sessions = sessions::prune(&unit, now.minus(SESSION_IDLE + SESSION_KEPT)).await?;
    let mails = captured_mails::prune(&unit, now.minus(MAIL_SHOWN)).await?;
    unit.commit().await?;
    Ok(events + codes + sessions + mails)
}
