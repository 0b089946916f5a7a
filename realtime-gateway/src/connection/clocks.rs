use tokio::time::Instant;

use crate::Timing;

/// What is due on a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// A heartbeat.
    Heartbeat,
    /// A word that the grant ends soon.
    Reminder,
    /// The close: no new ticket came.
    Expired,
    /// The close: the client says nothing.
    Silent,
}

/// Everything about a socket that happens at a time.
pub(super) struct Clocks<'a> {
    timing: &'a Timing,
    heartbeat: Instant,
    silent: Instant,
    granted: Instant,
    reminded: Reminded,
    token: Instant,
}

/// Whether the client was told that its grant ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reminded {
    No,
    Yes,
}

impl<'a> Clocks<'a> {
    /// Begins; `share` of the first wait passes before the first heartbeat, so that sockets which came together do not
    /// beat together.
    pub(super) fn new(timing: &'a Timing, share: f64, now: Instant) -> Self {
        Self {
            timing,
            heartbeat: now + timing.heartbeat.mul_f64(share.clamp(0.0, 1.0)),
            silent: now + timing.silence,
            granted: now,
            reminded: Reminded::No,
            token: now + timing.resume_token,
        }
    }

    /// The client said something.
    pub(super) fn heard(&mut self, now: Instant) {
        self.silent = now + self.timing.silence;
    }

    /// A new ticket came.
    pub(super) fn granted(&mut self, now: Instant) {
        self.granted = now;
        self.reminded = Reminded::No;
    }

    /// Returns when something is due next.
    pub(super) fn next(&self) -> Instant {
        let (first, second) = (self.heartbeat.min(self.silent), self.expired());
        match self.reminded {
            Reminded::No => first.min(second).min(self.reminder()),
            Reminded::Yes => first.min(second),
        }
    }

    /// Returns what is due, and sets when it is due again.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Due> {
        if now >= self.silent {
            return Some(Due::Silent);
        }
        if self.reminded == Reminded::No && now >= self.reminder() {
            self.reminded = Reminded::Yes;
            return Some(Due::Reminder);
        }
        if now >= self.expired() {
            return Some(Due::Expired);
        }
        if now >= self.heartbeat {
            self.heartbeat = now + self.timing.heartbeat;
            return Some(Due::Heartbeat);
        }
        None
    }

    /// Tells whether a fresh resume token is due, which then is not for a while.
    pub(super) fn take_token_due(&mut self, now: Instant) -> bool {
        let is_due = now >= self.token;
        if is_due {
            self.token = now + self.timing.resume_token;
        }
        is_due
    }

    fn reminder(&self) -> Instant {
        self.granted + self.timing.grant.saturating_sub(self.timing.due)
    }

    fn expired(&self) -> Instant {
        self.granted + self.timing.grant + self.timing.overdue
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn a_socket_beats_reminded_and_expires_in_time() {
        let (timing, start) = (Timing::default(), Instant::now());
        let mut clocks = Clocks::new(&timing, 0.4, start);
        let mut seen = Vec::new();
        loop {
            let now = clocks.next();
            clocks.heard(now);
            let due = clocks.take_due(now).unwrap();
            seen.push((now.duration_since(start).as_secs(), due));
            if due == Due::Expired {
                break;
            }
        }
        assert_eq!(seen[..3], [(10, Due::Heartbeat), (35, Due::Heartbeat), (60, Due::Heartbeat)]);
        let others: Vec<_> = seen.into_iter().filter(|(_, due)| *due != Due::Heartbeat).collect();
        assert_eq!(others, [(840, Due::Reminder), (930, Due::Expired)]);
    }

    #[test]
    fn a_silent_client_is_closed_after_a_minute_and_a_new_ticket_begins_anew() {
        let (timing, start) = (Timing::default(), Instant::now());
        let mut clocks = Clocks::new(&timing, 1.0, start);
        assert_eq!(clocks.take_due(at(start, 59)), Some(Due::Heartbeat));
        assert_eq!(clocks.take_due(at(start, 59)), None);
        assert_eq!(clocks.take_due(at(start, 60)), Some(Due::Silent));
        clocks.heard(at(start, 1000));
        clocks.granted(at(start, 1000));
        assert_eq!(clocks.take_due(at(start, 1001)), Some(Due::Heartbeat));
        assert_eq!(clocks.take_due(at(start, 1001)), None);
        assert!(clocks.take_token_due(at(start, 120)));
        assert!(!clocks.take_token_due(at(start, 239)));
    }
}
