use domain::Timestamp;
use domain::auth::TICKET_LIFETIME;
use ephemeral::Stored;
use identity::tickets::Ticket;

use super::redeem_ticket::TicketHolder;
use crate::{App, Caller, OperationError};

/// A ticket for one socket, to be used once and soon.
pub struct IssuedTicket {
    /// The ticket: a secret.
    pub ticket: Ticket,
    /// When it is no longer good.
    pub expires_at: Timestamp,
}

/// Gives the caller a ticket for one socket.
#[tracing::instrument(name = "op.create_ticket", skip_all)]
pub async fn create_ticket(app: &App, caller: &Caller) -> Result<IssuedTicket, OperationError> {
    let ticket = Ticket::generate(&*app.random);
    let holder = TicketHolder { user: caller.user_id, session: caller.session_id };
    let value = serde_json::to_string(&holder)?;
    match app.ephemeral.put_new(&ticket.storage_key(), &value, TICKET_LIFETIME).await? {
        Stored::New => Ok(IssuedTicket { ticket, expires_at: app.clock.now().plus(TICKET_LIFETIME) }),
        // 256 random bits met twice: something is wrong with the source of secrets.
        Stored::Existed => Err(domain::ProblemCode::Internal.into()),
    }
}
