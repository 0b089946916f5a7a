//! Reads bodies before the handler starts, so that a slow client holds no transaction and does not consume the deadline
//! of its request.

use std::io::{self, Cursor};
use std::time::Duration;

use poem::Body;
use poem::error::ReadBodyError;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// Reason why a body was not read.
pub(crate) enum BodyFault {
    /// The body did not arrive in time.
    TooSlow,
    /// The body breaks the grammar of HTTP, or the client has disconnected.
    Unreadable(ReadBodyError),
}

impl From<Elapsed> for BodyFault {
    fn from(_: Elapsed) -> Self {
        Self::TooSlow
    }
}

impl From<io::Error> for BodyFault {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(ReadBodyError::Io(error))
    }
}

/// Reads a body of up to `limit` bytes. The rest of a longer body stays unread: the handler decides whether its length
/// is a fault.
pub(crate) async fn buffer(body: Body, limit: usize, deadline: Duration) -> Result<Body, BodyFault> {
    if body.is_empty() || limit == 0 {
        return Ok(body);
    }
    let mut reader = body.into_async_read();
    let (bytes, is_complete) = timeout(deadline, read_to(&mut reader, limit)).await??;
    if is_complete {
        return Ok(Body::from_vec(bytes));
    }
    Ok(Body::from_async_read(Cursor::new(bytes).chain(reader)))
}

/// Reads until the end, or until more than `limit` bytes have arrived. Returns whether the end was reached.
async fn read_to(reader: &mut (impl AsyncRead + Unpin), limit: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    while bytes.len() <= limit {
        if reader.read_buf(&mut bytes).await? == 0 {
            return Ok((bytes, true));
        }
    }
    Ok((bytes, false))
}
