use std::time::Duration;

use domain::auth::TICKET_LIFETIME;
use domain::{Problem, ProblemCode, Timestamp};
use ephemeral::{Allowance, RateLimit, Stored};
use identity::tickets::Ticket;

use super::redeem_ticket::TicketHolder;
use crate::{App, Caller, OperationError};

/// A single-use ticket for one socket.
pub struct IssuedTicket {
    /// The ticket, a secret.
    pub ticket: Ticket,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Tickets per person: enough for all tabs to reconnect at once, too few to fill the ticket store.
pub const TICKETS: RateLimit = RateLimit { name: "tickets", quota: 60, per: Duration::from_mins(1) };

/// Issues a ticket for one socket to the caller.
#[tracing::instrument(name = "op.create_ticket", skip_all, fields(user.id = %caller.user_id))]
pub async fn create_ticket(app: &App, caller: &Caller) -> Result<IssuedTicket, OperationError> {
    if let Allowance::Refused { retry_after } =
        app.ephemeral.check(&TICKETS, &caller.user_id.to_string()).await?
    {
        return Err(Problem::new(ProblemCode::RateLimited).retry_after(retry_after).into());
    }
    let ticket = Ticket::generate(&*app.random);
    let holder = TicketHolder { user: caller.user_id, session: caller.session_id };
    let value = serde_json::to_string(&holder)?;
    match app.ephemeral.put_new(&ticket.storage_key(), &value, TICKET_LIFETIME).await? {
        Stored::New => Ok(IssuedTicket { ticket, expires_at: app.clock.now().plus(TICKET_LIFETIME) }),
        // 256 random bits collided: the source of secrets is broken.
        Stored::Existed => Err(ProblemCode::Internal.into()),
    }
}
