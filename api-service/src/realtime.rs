//! Getting a socket.

use operations::realtime::create_ticket;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi, Tags};

use crate::Service;
use crate::caller::Caller;
use crate::instant::Instant;
use crate::problem::ApiProblem;

#[derive(Tags)]
enum Tag {
    /// Getting a socket
    Realtime,
}

/// A ticket for one socket
#[derive(Object)]
#[oai(rename = "RealtimeTicket")]
pub(crate) struct RealtimeTicketBody {
    /// For the hello frame; good once
    ticket: String,
    /// Where to open the socket, with the subprotocol orgo.v1
    url: String,
    /// When it is no longer good
    expires_at: Instant,
}

#[derive(ApiResponse)]
enum TicketCreated {
    /// The ticket
    #[oai(status = 201)]
    Created(Json<RealtimeTicketBody>),
}

pub(crate) struct RealtimeApi(pub(crate) Service);

#[OpenApi(prefix_path = "/api/v1/realtime", tag = "Tag::Realtime")]
impl RealtimeApi {
    /// Gives you a ticket for one socket, good once, for half a minute
    #[oai(path = "/tickets", method = "post", operation_id = "createRealtimeTicket")]
    async fn create_realtime_ticket(&self, caller: Caller) -> Result<TicketCreated, ApiProblem> {
        let issued = create_ticket(self.0.app(), &caller.0).await?;
        // http becomes ws, https becomes wss.
        let url = format!("{}/ws", self.0.public_url().replacen("http", "ws", 1));
        let ticket = issued.ticket.expose().to_owned();
        Ok(TicketCreated::Created(Json(RealtimeTicketBody {
            ticket,
            url,
            expires_at: issued.expires_at.into(),
        })))
    }
}
