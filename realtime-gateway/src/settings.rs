use std::time::Duration;

/// Where a gateway's events come from.
#[derive(Clone)]
pub enum Source {
    /// The cache of the log in Redis Streams; the log itself while Redis is away.
    Redis {
        /// Its address.
        url: String,
        /// How the keys of the log begin.
        prefix: String,
    },
    /// The log itself.
    Outbox {
        /// How often to look for commits of other processes; those of this one wake the gateway.
        poll: Duration,
    },
}

/// How a gateway is set up.
#[derive(Clone)]
pub struct Settings {
    /// Where events come from.
    pub source: Source,
    /// The settings of the HTTP edge. Not used if the gateway is mounted at the port of another service.
    pub edge: edge::Settings,
    /// How much is accepted.
    pub limits: Limits,
    /// How long things take.
    pub timing: Timing,
}

/// How much a gateway accepts.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest message from a client, in bytes.
    pub message_bytes: usize,
    /// How many messages a second from one client.
    pub messages_per_second: u32,
    /// Frames a second from one client on average, those of the protocol itself included (RFC 6455 section 5.5).
    pub frames_per_second: u32,
    /// Frames from one client at once.
    pub frames_burst: u32,
    /// Bytes a second from one client on average.
    pub bytes_per_second: u32,
    /// Bytes from one client at once.
    pub bytes_burst: u32,
    /// How many messages that cannot be read, before the socket is closed.
    pub bad_frames: u32,
    /// How many sockets of one address may not have said hello yet.
    pub waiting_per_address: usize,
    /// How many sockets in all may not have said hello yet.
    pub waiting: usize,
    /// How many sockets one person may have.
    pub connections_per_user: usize,
    /// How many frames may wait for one socket.
    pub queue_frames: usize,
    /// How many bytes of frames may wait for one socket.
    pub queue_bytes: usize,
    /// Largest number of posts and people that one socket watches.
    pub watched: usize,
    /// Largest distance, in positions of a partition, that is replayed from the outbox. A client further behind gets a
    /// gap.
    pub replay_span: i64,
    /// How many events of one partition are kept in memory.
    pub ring_events: usize,
    /// How many bytes of events are kept in memory.
    pub ring_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 16 * 1024,
            messages_per_second: 50,
            frames_per_second: 50,
            frames_burst: 100,
            bytes_per_second: 64 * 1024,
            bytes_burst: 256 * 1024,
            bad_frames: 5,
            waiting_per_address: 20,
            waiting: 2_000,
            connections_per_user: 10,
            queue_frames: 256,
            queue_bytes: 64 * 1024,
            watched: crate::protocol::WATCHED,
            replay_span: 20_000,
            ring_events: 20_000,
            ring_bytes: 64 * 1024 * 1024,
        }
    }
}

/// How long things take in a gateway.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// From the upgrade to a hello.
    pub hello: Duration,
    /// Between two heartbeats.
    pub heartbeat: Duration,
    /// Without a word from the client.
    pub silence: Duration,
    /// From a ticket to the next.
    pub grant: Duration,
    /// How long before the end of the grant the client is reminded.
    pub due: Duration,
    /// How long after the end of the grant the socket is closed.
    pub overdue: Duration,
    /// Between two resume tokens.
    pub resume_token: Duration,
    /// How long the client may take to accept bytes.
    pub write: Duration,
    /// How long the closing of a socket may take.
    pub close: Duration,
    /// How long events are kept in memory.
    pub ring: Duration,
    /// Between two comparisons with the log.
    pub audit: Duration,
    /// How long the gateway may be behind the log and still count as ready.
    pub lag: Duration,
    /// Between two tries to reach Redis.
    pub retry: Duration,
    /// How long one question to Redis blocks.
    pub block: Duration,
    /// How often the log is looked at while Redis is away.
    pub poll: Duration,
    /// Between two looks for sessions that ended.
    pub sessions: Duration,
    /// How long the end of all sockets may take at a shutdown.
    pub drain: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            hello: Duration::from_secs(5),
            heartbeat: Duration::from_secs(25),
            silence: Duration::from_mins(1),
            grant: Duration::from_mins(15),
            due: Duration::from_mins(1),
            overdue: Duration::from_secs(30),
            resume_token: Duration::from_mins(2),
            write: Duration::from_secs(10),
            close: Duration::from_secs(2),
            ring: Duration::from_mins(5),
            audit: Duration::from_secs(2),
            lag: Duration::from_secs(10),
            retry: Duration::from_secs(1),
            block: Duration::from_secs(2),
            poll: Duration::from_millis(50),
            sessions: Duration::from_mins(1),
            drain: Duration::from_secs(10),
        }
    }
}
