use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use domain::events::Audience;
use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use identity::resume_tokens::ResumeClaims;
use operations::realtime::{WatchTarget, find_watchable};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::catch_up::next_portion;
use super::clocks::{Clocks, Due};
use super::closing::end_after;
use super::{End, Socket};
use crate::credentials::Holder;
use crate::hub::{Taken, TooManyWatched};
use crate::protocol::{
    Ack, AuthDue, AuthOk, ClientFrame, Close, Closing, FaultKind, FrameError, FrameFault, GapFrame,
    Heartbeat, ServerFrame, parse,
};
use crate::resume::Seat;
use crate::{Gateway, credentials};

/// Bytes that are written to the socket before it is flushed. The socket's buffer never shrinks.
const PORTION: usize = 4 * 1024;
/// Number of portions that are sent before the next message of the client is read.
const PORTIONS: usize = 16;
/// Number of commands of one socket that run at the same time.
const RUNNING: usize = 2;
/// Largest number of commands of one socket that wait: enough to watch everything at once.
const WAITING: usize = crate::protocol::WATCHED;

/// A command that waits for the database or Redis. Frames are sent meanwhile.
type Command = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Result of a command.
enum Outcome {
    Renewed { id: String, result: Result<Holder, Closing> },
    Found { id: String, topic: Option<Audience> },
    Busy { id: String },
}

/// A socket that was let in.
pub(super) struct Live<'a> {
    gateway: &'a Arc<Gateway>,
    socket: &'a mut Socket,
    seat: Seat,
    clocks: Clocks<'a>,
    second: Second,
    bad_frames: u32,
    commands: FuturesUnordered<Command>,
    waiting: VecDeque<Command>,
}

/// Number of messages in the current second.
struct Second {
    began: Instant,
    messages: u32,
}

impl<'a> Live<'a> {
    pub(super) fn new(gateway: &'a Arc<Gateway>, socket: &'a mut Socket, seat: Seat) -> Self {
        let now = Instant::now();
        let mut byte = [0];
        gateway.app.random.fill(&mut byte);
        let share = f64::from(byte[0]) / f64::from(u8::MAX);
        let clocks =
            Clocks::new(&gateway.settings.timing, share, now, end_of_grant(gateway, seat.grant_ends, now));
        let second = Second { began: now, messages: 0 };
        Self {
            gateway,
            socket,
            seat,
            clocks,
            second,
            bad_frames: 0,
            commands: FuturesUnordered::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Serves the socket until it ends. Sends `welcome` first.
    pub(super) async fn run(mut self, welcome: Utf8Bytes) -> End {
        let mut ended = self.write([welcome]).await;
        while ended.is_ok() {
            ended = self.step().await;
        }
        ended.err().unwrap_or(End::Gone)
    }

    async fn step(&mut self) -> Result<(), End> {
        tokio::select! {
            biased;
            () = self.gateway.draining.triggered() => {
                self.send_queued().await?;
                Err(End::from(Close::Restart))
            }
            message = self.socket.next() => self.read(message).await,
            Some(outcome) = self.commands.next(), if !self.commands.is_empty() => self.finish(outcome).await,
            () = sleep_until(self.clocks.next()) => self.act_on_schedule().await,
            () = self.seat.outlet.queue.filled() => self.send_queued().await.map(drop),
        }
    }

    async fn read(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        let now = Instant::now();
        self.clocks.heard(now);
        self.count(now)?;
        match message {
            Some(Ok(Message::Text(text))) => self.answer(&text).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => Err(End::Close(Closing {
                close: Close::Protocol,
                detail: Some("messages are text, not binary".into()),
            })),
            // The library has queued the answer to the client's close frame.
            Some(Ok(Message::Close(_))) => {
                self.write([]).await?;
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
            return Err(End::from(Close::Rate));
        }
        Ok(())
    }

    async fn answer(&mut self, text: &str) -> Result<(), End> {
        match parse(text) {
            Ok(ClientFrame::Heartbeat) => Ok(()),
            Ok(ClientFrame::Auth { id, ticket }) => {
                let gateway = Arc::clone(self.gateway);
                let command = async move {
                    let result = credentials::redeem(&gateway, &ticket).await;
                    Outcome::Renewed { id, result }
                };
                self.begin(Box::pin(command))
            }
            Ok(ClientFrame::Watch { id, watched }) => {
                let gateway = Arc::clone(self.gateway);
                let command = async move {
                    match find_watchable(&gateway.app, &[watched]).await {
                        Ok(found) => Outcome::Found { id, topic: found.first().copied().flatten() },
                        Err(error) => {
                            tracing::warn!(%error, "a watch cannot be checked");
                            Outcome::Busy { id }
                        }
                    }
                };
                self.begin(Box::pin(command))
            }
            Ok(ClientFrame::Unwatch { id, watched }) => {
                let is_meant = |topic: Audience| match (watched, topic) {
                    (WatchTarget::Post(post), Audience::Post { post: watched, .. }) => post == watched,
                    (WatchTarget::User(person), Audience::Feed(watched)) => person == watched,
                    _ => false,
                };
                self.gateway.hub.unwatch(&self.seat.outlet, is_meant);
                self.write([ServerFrame::Ack(Ack { id: &id, pos: None }).text()]).await
            }
            Err(FrameFault { id, kind: FaultKind::NotOffered }) => {
                self.write([FrameError::NotFound.frame(id.as_deref(), None)]).await
            }
            Err(FrameFault { id, kind: FaultKind::Malformed(why) }) => {
                self.bad_frames += 1;
                if self.bad_frames > self.gateway.settings.limits.bad_frames {
                    return Err(End::Close(Closing { close: Close::Protocol, detail: Some(why) }));
                }
                self.write([FrameError::BadFrame.explained(id.as_deref(), &why, None)]).await
            }
        }
    }

    /// Starts a command. Closes the socket if too many commands are running: the client is faster than the database.
    fn begin(&mut self, command: Command) -> Result<(), End> {
        if self.commands.len() < RUNNING {
            self.commands.push(command);
        } else if self.waiting.len() < WAITING {
            self.waiting.push_back(command);
        } else {
            return Err(End::from(Close::Rate));
        }
        Ok(())
    }

    async fn finish(&mut self, outcome: Outcome) -> Result<(), End> {
        self.commands.extend(self.waiting.pop_front());
        let busy = |id: &str| FrameError::Busy.frame(Some(id), Some(crate::gateway::RETRY_AFTER));
        let answer = match outcome {
            Outcome::Renewed { id, result } => match result {
                Ok(holder) if (holder.user, holder.session) == self.owner() => {
                    self.renew(&holder);
                    ServerFrame::AuthOk(AuthOk { id: &id, exp: holder.grant_ends }).text()
                }
                Ok(_) => {
                    return Err(End::Close(Closing {
                        close: Close::TicketInvalid,
                        detail: Some("the ticket belongs to another session".into()),
                    }));
                }
                // The old grant is still valid; the client may try again.
                Err(Closing { close: Close::TryLater, .. }) => busy(&id),
                Err(closing) => return Err(End::Close(closing)),
            },
            Outcome::Found { id, topic: Some(topic) } => {
                match self.gateway.hub.watch(&self.seat.outlet, topic) {
                    Ok(since) => {
                        let pos = Some([(topic.partition(), since)].into_iter().collect());
                        ServerFrame::Ack(Ack { id: &id, pos }).text()
                    }
                    Err(TooManyWatched) => FrameError::LimitReached.frame(Some(&id), None),
                }
            }
            Outcome::Found { id, topic: None } => FrameError::NotFound.frame(Some(&id), None),
            Outcome::Busy { id } => busy(&id),
        };
        self.write([answer]).await
    }

    fn owner(&self) -> (domain::ids::UserId, domain::ids::SessionId) {
        (self.seat.outlet.user, self.seat.outlet.session)
    }

    /// Begins a new grant with a new ticket.
    fn renew(&mut self, holder: &Holder) {
        self.seat.grant_ends = holder.grant_ends;
        self.clocks.granted(end_of_grant(self.gateway, holder.grant_ends, Instant::now()));
    }

    async fn act_on_schedule(&mut self) -> Result<(), End> {
        let now = Instant::now();
        match self.clocks.take_due(now) {
            None => Ok(()),
            Some(Due::Silent) => Err(End::from(Close::Silent)),
            Some(Due::Expired) => Err(End::from(Close::AuthExpired)),
            Some(Due::Reminder) => {
                let in_s = self.gateway.settings.timing.due.as_secs();
                self.write([ServerFrame::AuthDue(AuthDue { in_s }).text()]).await
            }
            Some(Due::Heartbeat) => {
                // The order matters: everything up to these positions is sent before them.
                let pos = self.seat.positions();
                let is_complete = self.send_queued().await?;
                let token = self.clocks.take_token_due(now).then(|| resume_token(self.gateway, &self.seat));
                let heartbeat = Heartbeat {
                    now: self.gateway.app.clock.now(),
                    pos: (is_complete == Queued::Sent).then_some(pos),
                    rewind: self.gateway.hub.is_claim_limited(&self.seat.outlet),
                    rt: token.as_deref(),
                };
                self.write([ServerFrame::Heartbeat(heartbeat).text()]).await
            }
        }
    }

    /// Sends the queued frames and replays: all of them, or the first portions.
    async fn send_queued(&mut self) -> Result<Queued, End> {
        for _ in 0..PORTIONS {
            // A slow reader's backlog delays neither heartbeats nor the end of the grant.
            if Instant::now() >= self.clocks.next() {
                break;
            }
            let frames = match self.seat.outlet.queue.take(PORTION) {
                Taken::Idle => return Ok(Queued::Sent),
                Taken::Close(close) => return Err(End::from(close)),
                Taken::Frames(frames) => frames,
                Taken::Replay(partition, after) => {
                    let outlet = &self.seat.outlet;
                    let portion = next_portion(self.gateway, outlet, partition, after, PORTION);
                    Box::pin(portion).await.map_err(End::from)?
                }
                Taken::Gap => {
                    let Some(epoch) = self.gateway.known_epoch() else { continue };
                    let gap = GapFrame { all: true, epoch, pos: self.seat.positions() };
                    vec![ServerFrame::Gap(gap).text()]
                }
            };
            self.write(frames).await?;
        }
        self.seat.outlet.queue.wake();
        Ok(Queued::More)
    }

    /// Writes frames. Stops if the socket is to be closed meanwhile, or the client takes too long.
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
                Err(_elapsed) => Err(End::from(Close::Slow)),
            },
            close = self.seat.outlet.queue.closed() => Err(End::from(close)),
        }
    }
}

/// Whether the queue was sent completely.
#[derive(PartialEq, Eq)]
enum Queued {
    Sent,
    More,
}

fn end_of_grant(gateway: &Gateway, grant_ends: Timestamp, now: Instant) -> Instant {
    now + grant_ends.since(gateway.app.clock.now())
}

pub(super) fn resume_token(gateway: &Gateway, seat: &Seat) -> String {
    let outlet = &seat.outlet;
    let claims = ResumeClaims {
        user: outlet.user,
        session: outlet.session,
        connection: outlet.id,
        grant_ends: seat.grant_ends,
    };
    gateway.resume_tokens.issue(&claims, gateway.app.clock.now())
}
