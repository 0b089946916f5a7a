//! Tickets for WebSocket connections.

use operations::realtime::{TICKETS, create_ticket};
use poem_openapi::{ApiResponse, Object, OpenApi, Tags};

use crate::Service;
use crate::caller::Caller;
use crate::contract::{Access, Feature, Operation};
use crate::instant::Instant;
use crate::json::Json;
use crate::problem::ApiProblem;

#[derive(Tags)]
enum Tag {
    /// WebSocket connections.
    Realtime,
}

/// A ticket for one WebSocket connection.
#[derive(Object)]
#[oai(rename = "RealtimeTicket")]
pub(crate) struct RealtimeTicketBody {
    /// Ticket for the `hello` frame, to be used once.
    ticket: String,
    /// URL of the WebSocket. The subprotocol is `orgo.v1`.
    url: String,
    /// Time at which the ticket expires.
    expires_at: Instant,
}

#[derive(ApiResponse)]
enum TicketCreated {
    /// The ticket was created.
    #[oai(status = 201)]
    Created(Json<RealtimeTicketBody>),
}

pub(crate) struct RealtimeApi(pub(crate) Service);

impl Feature for RealtimeApi {
    const OPERATIONS: &'static [Operation] =
        &[Operation::new("createRealtimeTicket", Access::required(201)).rate_limits(&[TICKETS])];
}

#[OpenApi(prefix_path = "/api/v1/realtime", tag = "Tag::Realtime")]
impl RealtimeApi {
    /// Creates a ticket for a WebSocket connection
    ///
    /// The ticket is valid for 30 seconds and for one connection. The client opens `url` and sends the ticket in the
    /// first frame (`hello`), within 5 seconds. The socket protocol is described by
    /// [`/asyncapi.json`](/asyncapi.json) (AsyncAPI 3).
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
