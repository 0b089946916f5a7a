use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use identity::resume_tokens::ResumeClaims;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::clocks::{Clocks, Due};
use super::closing::end_after;
use super::{End, Socket};
use crate::hub::Taken;
use crate::protocol::{ClientFrame, Close, FrameError, FrameFault, Known, ServerFrame, parse};
use crate::resume::{Seat, Start};
use crate::{Gateway, credentials};

/// How many bytes are handed to the socket before it is flushed: its buffer never shrinks.
const PORTION: usize = 4 * 1024;

/// A socket that was let in.
pub(super) struct Live<'a> {
    gateway: &'a Arc<Gateway>,
    socket: &'a mut Socket,
    seat: Seat,
    clocks: Clocks<'a>,
    second: Second,
    bad_frames: u32,
}

/// How many messages came in the present second.
struct Second {
    began: Instant,
    messages: u32,
}

impl<'a> Live<'a> {
    pub(super) fn new(gateway: &'a Arc<Gateway>, socket: &'a mut Socket, seat: Seat) -> Self {
        let now = Instant::now();
        let mut byte = [0];
        gateway.app.random.fill(&mut byte);
        let clocks = Clocks::new(&gateway.settings.timing, f64::from(byte[0]) / f64::from(u8::MAX), now);
        Self { gateway, socket, seat, clocks, second: Second { began: now, messages: 0 }, bad_frames: 0 }
    }

    /// Serves the socket to its end.
    pub(super) async fn run(mut self, opening: Vec<Utf8Bytes>) -> End {
        let mut ended = self.open(opening).await;
        while ended.is_ok() {
            ended = self.step().await;
        }
        ended.err().unwrap_or(End::Gone)
    }

    /// Sends what comes first, in portions.
    async fn open(&mut self, opening: Vec<Utf8Bytes>) -> Result<(), End> {
        let mut portion = Vec::new();
        let mut bytes = 0;
        for frame in opening {
            bytes += frame.len();
            portion.push(frame);
            if bytes >= PORTION {
                self.write(std::mem::take(&mut portion)).await?;
                bytes = 0;
            }
        }
        self.write(portion).await
    }

    async fn step(&mut self) -> Result<(), End> {
        tokio::select! {
            biased;
            () = self.gateway.draining.triggered() => {
                self.write_queue().await?;
                Err(End::Close(Close::Restart))
            }
            message = self.socket.next() => self.read(message).await,
            () = self.seat.outlet.queue.filled() => self.write_queue().await,
            () = sleep_until(self.clocks.next()) => self.be_on_time().await,
        }
    }

    async fn read(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        let now = Instant::now();
        self.clocks.heard(now);
        self.count(now)?;
        match message {
            Some(Ok(Message::Text(text))) => self.answer(&text).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => Err(End::Close(Close::Protocol)),
            // The library has queued the answer to the close.
            Some(Ok(Message::Close(_))) => {
                self.flush().await?;
                Err(End::Gone)
            }
            Some(Err(error)) => Err(end_after(&error)),
            None => Err(End::Gone),
        }
    }

    fn count(&mut self, now: Instant) -> Result<(), End> {
        if now.duration_since(self.second.began) >= Duration::from_secs(1) {
            self.second = Second { began: now, messages: 0 };
        }
        self.second.messages += 1;
        if self.second.messages > self.gateway.settings.limits.messages_per_second {
            return Err(End::Close(Close::Rate));
        }
        Ok(())
    }

    async fn answer(&mut self, text: &str) -> Result<(), End> {
        match parse(text) {
            Ok(ClientFrame::Heartbeat) => Ok(()),
            Ok(ClientFrame::Auth { id, ticket }) => self.renew(&id, &ticket).await,
            Err(FrameFault { id, known: Known::NotOffered }) => {
                self.write([FrameError::NotFound.frame(id.as_deref(), None)]).await
            }
            Err(FrameFault { id, known: Known::No }) => {
                self.bad_frames += 1;
                if self.bad_frames > self.gateway.settings.limits.bad_frames {
                    return Err(End::Close(Close::Protocol));
                }
                self.write([FrameError::BadFrame.frame(id.as_deref(), None)]).await
            }
        }
    }

    /// A new ticket, of the same session: the grant begins anew.
    async fn renew(&mut self, id: &str, ticket: &str) -> Result<(), End> {
        match Box::pin(credentials::redeem(self.gateway, ticket)).await {
            Ok(holder)
                if holder.user == self.seat.outlet.user && holder.session == self.seat.outlet.session =>
            {
                self.clocks.granted(Instant::now());
                self.seat.grant_ends = holder.grant_ends;
                let frame = ServerFrame::AuthOk { id, exp: holder.grant_ends };
                self.write([frame.text()]).await
            }
            Ok(_) => Err(End::Close(Close::TicketInvalid)),
            // The grant still lasts; the client tries again.
            Err(Close::TryLater) => {
                self.write([FrameError::Busy.frame(Some(id), Some(crate::gateway::RETRY_AFTER))]).await
            }
            Err(close) => Err(End::Close(close)),
        }
    }

    async fn be_on_time(&mut self) -> Result<(), End> {
        let now = Instant::now();
        match self.clocks.take_due(now) {
            None => Ok(()),
            Some(Due::Silent) => Err(End::Close(Close::Silent)),
            Some(Due::Expired) => Err(End::Close(Close::AuthExpired)),
            Some(Due::Reminder) => {
                let in_s = self.gateway.settings.timing.due.as_secs();
                self.write([ServerFrame::AuthDue { in_s }.text()]).await
            }
            Some(Due::Heartbeat) => {
                // In this order: everything up to the positions is in the queue by now.
                let pos = self.seat.positions();
                self.write_queue().await?;
                let token = self.clocks.take_token_due(now).then(|| resume_token(self.gateway, &self.seat));
                let beat =
                    ServerFrame::Heartbeat { now: self.gateway.app.clock.now(), pos, rt: token.as_deref() };
                self.write([beat.text()]).await
            }
        }
    }

    async fn write_queue(&mut self) -> Result<(), End> {
        loop {
            match self.seat.outlet.queue.take(PORTION) {
                Taken::Close(close) => return Err(End::Close(close)),
                Taken::Frames(frames) if frames.is_empty() => return Ok(()),
                Taken::Frames(frames) => self.write(frames).await?,
            }
        }
    }

    /// Writes frames, unless the socket is to be closed meanwhile, or the client takes too long.
    async fn write(&mut self, frames: impl IntoIterator<Item = Utf8Bytes>) -> Result<(), End> {
        let socket = &mut *self.socket;
        let written = async {
            for frame in frames {
                socket.feed(Message::Text(frame)).await?;
            }
            socket.flush().await
        };
        tokio::select! {
            biased;
            written = timeout(self.gateway.settings.timing.write, written) => match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_gone)) => Err(End::Gone),
                Err(_elapsed) => Err(End::Close(Close::Slow)),
            },
            close = self.seat.outlet.queue.closed() => Err(End::Close(close)),
        }
    }

    async fn flush(&mut self) -> Result<(), End> {
        self.write([]).await
    }
}

/// Returns the frames a socket begins with: the welcome, then what was missed, or that it is too much.
pub(super) fn opening(gateway: &Gateway, start: &mut Start) -> Vec<Utf8Bytes> {
    let token = resume_token(gateway, &start.seat);
    let welcome = ServerFrame::Welcome {
        conn: start.seat.outlet.id,
        uid: start.seat.outlet.user,
        exp: start.seat.grant_ends,
        hb: u64::try_from(gateway.settings.timing.heartbeat.as_millis()).unwrap_or(u64::MAX),
        max: gateway.settings.limits.message_bytes,
        epoch: start.epoch,
        resumed: start.resumed,
        replayed: start.missed.len(),
        pos: start.positions,
        rt: &token,
    };
    let mut opening = vec![welcome.text()];
    if start.gap {
        opening.push(ServerFrame::Gap { all: true }.text());
    }
    opening.append(&mut start.missed);
    opening
}

fn resume_token(gateway: &Gateway, seat: &Seat) -> String {
    let outlet = &seat.outlet;
    let claims = ResumeClaims {
        user: outlet.user,
        session: outlet.session,
        connection: outlet.id,
        grant_ends: seat.grant_ends,
    };
    gateway.resume_tokens.issue(&claims, gateway.app.clock.now())
}
