use domain::ProblemCode;
use domain::ids::{SessionId, UserId};
use identity::tickets::Ticket;
use serde::{Deserialize, Serialize};

use super::confirm_session;
use crate::{App, OperationError};

/// The person and the session that a ticket belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketHolder {
    /// The person.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
}

/// Redeems a ticket, which deletes it, and returns its holder if the session is live.
#[tracing::instrument(name = "op.redeem_ticket", skip_all)]
pub async fn redeem_ticket(app: &App, ticket: &str) -> Result<TicketHolder, OperationError> {
    let ticket = Ticket::parse(ticket).map_err(|_fault| ProblemCode::Unauthenticated)?;
    let stored = app.ephemeral.take(&ticket.storage_key()).await?.ok_or(ProblemCode::Unauthenticated)?;
    let holder: TicketHolder = serde_json::from_str(&stored)?;
    confirm_session(app, holder.user, holder.session).await?;
    Ok(holder)
}
