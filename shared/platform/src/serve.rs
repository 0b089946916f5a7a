//! The HTTP server that every program runs.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use poem::endpoint::BoxEndpoint;
use poem::{Response, Server};

use crate::listener::GuardedListener;

/// Serves until `stop` completes, then waits at most `drain` for the requests in flight.
///
/// Takes and returns boxed types only, so that the server is compiled once, here, and not in each program.
pub fn serve(
    listener: GuardedListener,
    endpoint: BoxEndpoint<'static, Response>,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
    drain: Duration,
) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send>> {
    Box::pin(Server::new(listener).run_with_graceful_shutdown(endpoint, stop, Some(drain)))
}
