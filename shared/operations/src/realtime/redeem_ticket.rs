use domain::ProblemCode;
use domain::ids::{SessionId, UserId};
use identity::tickets::Ticket;
use serde::{Deserialize, Serialize};

use super::confirm_session;
use crate::{App, OperationError};

/// Whose socket it will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketHolder {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
}

/// Takes a ticket, which is gone then, and returns whose it was, if their session still lives.
#[tracing::instrument(name = "op.redeem_ticket", skip_all)]
pub async fn redeem_ticket(app: &App, ticket: &str) -> Result<TicketHolder, OperationError> {
    let ticket = Ticket::parse(ticket).map_err(|_fault| ProblemCode::Unauthenticated)?;
    let stored = app.ephemeral.take(&ticket.storage_key()).await?.ok_or(ProblemCode::Unauthenticated)?;
    let holder: TicketHolder = serde_json::from_str(&stored)?;
    confirm_session(app, holder.user, holder.session).await?;
    Ok(holder)
}
