use std::time::Duration;

/// The source of a gateway's events.
#[derive(Clone)]
pub enum Source {
    /// The event stream in Redis; the outbox while Redis is away.
    Redis {
        /// URL of Redis.
        url: String,
        /// Prefix of the keys of the event stream.
        prefix: String,
    },
    /// The outbox table.
    Outbox {
        /// Interval between checks for commits of other processes. Commits of this process wake the gateway.
        poll: Duration,
    },
}

/// Settings of a gateway.
#[derive(Clone)]
pub struct Settings {
    /// Source of events.
    pub source: Source,
    /// The settings of the HTTP edge. Not used if the gateway is mounted at the port of another service.
    pub edge: edge::Settings,
    /// Limits on clients and memory.
    pub limits: Limits,
    /// Intervals and deadlines.
    pub timing: Timing,
}

/// Limits of a gateway on clients and memory.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest message from a client, in bytes.
    pub message_bytes: usize,
    /// Messages per second from one client.
    pub messages_per_second: u32,
    /// Average frames per second from one client, control frames included (RFC 6455 section 5.5).
    pub frames_per_second: u32,
    /// Largest burst of frames from one client.
    pub frames_burst: u32,
    /// Average bytes per second from one client.
    pub bytes_per_second: u32,
    /// Largest burst from one client, in bytes.
    pub bytes_burst: u32,
    /// Number of unreadable messages after which the socket is closed.
    pub bad_frames: u32,
    /// Largest number of sockets of one address that have not sent `hello` yet.
    pub waiting_per_address: usize,
    /// Largest number of all sockets that have not sent `hello` yet.
    pub waiting: usize,
    /// Largest number of sockets of one person.
    pub connections_per_user: usize,
    /// Largest number of frames in the send queue of one socket.
    pub queue_frames: usize,
    /// Largest number of bytes in the send queue of one socket.
    pub queue_bytes: usize,
    /// Largest number of posts and people that one socket watches.
    pub watched: usize,
    /// Largest distance, in positions of a partition, that is replayed from the outbox. A client further behind gets a
    /// gap.
    pub replay_span: i64,
    /// Largest number of events of one partition in memory.
    pub ring_events: usize,
    /// Largest size of all events in memory, in bytes.
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

/// Intervals and deadlines of a gateway.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Longest time from the upgrade to `hello`.
    pub hello: Duration,
    /// Interval between heartbeats.
    pub heartbeat: Duration,
    /// Time without data from the client after which the socket is closed.
    pub silence: Duration,
    /// Length of a grant.
    pub grant: Duration,
    /// Time before the end of the grant at which the client is reminded.
    pub due: Duration,
    /// Time after the end of the grant at which the socket is closed.
    pub overdue: Duration,
    /// Interval between resume tokens.
    pub resume_token: Duration,
    /// Longest time in which the client must accept bytes.
    pub write: Duration,
    /// Longest time for closing a socket.
    pub close: Duration,
    /// Period for which events are kept in memory.
    pub ring: Duration,
    /// Interval between comparisons with the outbox.
    pub audit: Duration,
    /// Longest time for which the gateway may be behind the event log and still counts as ready.
    pub lag: Duration,
    /// Interval between attempts to reach Redis.
    pub retry: Duration,
    /// Longest time for which a read of Redis blocks.
    pub block: Duration,
    /// Interval between reads of the outbox while Redis is away.
    pub poll: Duration,
    /// Interval between searches for ended sessions.
    pub sessions: Duration,
    /// Longest time for closing all sockets at a shutdown.
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
