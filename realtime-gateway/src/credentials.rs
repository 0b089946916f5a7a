//! Who a socket belongs to.

use domain::ids::{ConnectionId, SessionId, UserId};
use domain::{Problem, ProblemKind, Timestamp};
use operations::OperationError;
use operations::realtime::{confirm_session, redeem_ticket};

use crate::Gateway;
use crate::protocol::{Close, Credential};

/// Somebody who proved who they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    /// The earlier socket, where a resume token was shown.
    pub(crate) earlier: Option<ConnectionId>,
    /// When the socket needs a new ticket. A resume token does not move it.
    pub(crate) grant_ends: Timestamp,
}

/// Finds out whose a credential is. A ticket is gone after this.
pub(crate) async fn check(gateway: &Gateway, credential: &Credential) -> Result<Holder, Close> {
    match credential {
        Credential::Ticket(ticket) => redeem(gateway, ticket).await,
        Credential::ResumeToken(token) => {
            let claims = gateway
                .resume_tokens
                .verify(token, gateway.app.clock.now())
                .map_err(|_fault| Close::TicketInvalid)?;
            confirm_session(&gateway.app, claims.user, claims.session)
                .await
                .map_err(|error| close(&error))?;
            Ok(Holder {
                user: claims.user,
                session: claims.session,
                earlier: Some(claims.connection),
                grant_ends: claims.grant_ends,
            })
        }
    }
}

/// Takes a ticket.
pub(crate) async fn redeem(gateway: &Gateway, ticket: &str) -> Result<Holder, Close> {
    let holder = redeem_ticket(&gateway.app, ticket).await.map_err(|error| close(&error))?;
    let grant_ends = gateway.app.clock.now().plus(gateway.settings.timing.grant);
    Ok(Holder { user: holder.user, session: holder.session, earlier: None, grant_ends })
}

/// The only place where a failed operation becomes the close of a socket.
fn close(error: &OperationError) -> Close {
    let Problem { code, .. } = error.problem();
    match code.kind() {
        ProblemKind::Unavailable => {
            tracing::warn!(%error, "a credential cannot be checked");
            Close::TryLater
        }
        ProblemKind::Internal => {
            tracing::error!(%error, "a credential cannot be checked");
            Close::Internal
        }
        _ => Close::TicketInvalid,
    }
}
