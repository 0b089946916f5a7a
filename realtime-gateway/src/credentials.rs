//! Checks the credential that opens a socket.

use domain::ids::{ConnectionId, SessionId, UserId};
use domain::{Problem, ProblemKind, Timestamp};
use identity::credential_kinds::CredentialKind;
use operations::OperationError;
use operations::realtime::{confirm_session, redeem_ticket};

use crate::Gateway;
use crate::protocol::{Close, Closing, Credential};

/// An authenticated person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    /// The socket that the resume token names.
    pub(crate) earlier: Option<ConnectionId>,
    /// End of the grant. A resume token does not move it.
    pub(crate) grant_ends: Timestamp,
}

/// Checks a credential. Uses a ticket up.
pub(crate) async fn check(gateway: &Gateway, credential: &Credential) -> Result<Holder, Closing> {
    match credential {
        Credential::Ticket(ticket) => redeem(gateway, ticket).await,
        Credential::ResumeToken(token) => {
            let claims = gateway
                .resume_tokens
                .verify(token, gateway.app.clock.now())
                .map_err(|fault| invalid(fault.to_string()))?;
            let confirmed = confirm_session(&gateway.app, claims.user, claims.session).await;
            confirmed.map_err(|error| closing(&error, "the session has ended"))?;
            Ok(Holder {
                user: claims.user,
                session: claims.session,
                earlier: Some(claims.connection),
                grant_ends: claims.grant_ends,
            })
        }
    }
}

/// Redeems a ticket: a new grant begins.
pub(crate) async fn redeem(gateway: &Gateway, ticket: &str) -> Result<Holder, Closing> {
    let kind = CredentialKind::of(ticket);
    if kind != CredentialKind::Ticket {
        return Err(invalid(format!("this is {}, not a ticket", kind.as_str())));
    }
    let redeemed = redeem_ticket(&gateway.app, ticket).await;
    let holder =
        redeemed.map_err(|error| closing(&error, "the ticket was used, has expired or is not known"))?;
    let grant_ends = gateway.app.clock.now().plus(gateway.settings.timing.grant);
    Ok(Holder { user: holder.user, session: holder.session, earlier: None, grant_ends })
}

fn invalid(detail: String) -> Closing {
    Closing { close: Close::TicketInvalid, detail: Some(detail.into()) }
}

/// Maps a failed operation to the close of a socket. No other code does.
fn closing(error: &OperationError, detail: &'static str) -> Closing {
    let Problem { code, .. } = error.problem();
    match code.kind() {
        ProblemKind::Unavailable => {
            tracing::warn!(%error, "a credential cannot be checked");
            Close::TryLater.into()
        }
        ProblemKind::Internal => {
            tracing::error!(%error, "a credential cannot be checked");
            Close::Internal.into()
        }
        _ => Closing { close: Close::TicketInvalid, detail: Some(detail.into()) },
    }
}
