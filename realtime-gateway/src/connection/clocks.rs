use tokio::time::Instant;

use crate::Timing;

/// An action of a socket that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// A heartbeat.
    Heartbeat,
    /// A reminder that the grant ends soon.
    Reminder,
    /// Closing, because the grant ended.
    Expired,
    /// Closing, because the client is silent.
    Silent,
}

/// Deadlines of one socket.
pub(super) struct Clocks<'a> {
    timing: &'a Timing,
    heartbeat: Instant,
    silent: Instant,
    grant_ends: Instant,
    reminded: Reminded,
    token: Instant,
}

/// Whether the reminder of the current grant was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reminded {
    No,
    Yes,
}

impl<'a> Clocks<'a> {
    /// Starts the clocks. Only `share`, 0 to 1, of the first interval passes before the first heartbeat, so that sockets
    /// that were opened together do not send heartbeats together.
    pub(super) fn new(timing: &'a Timing, share: f64, now: Instant, grant_ends: Instant) -> Self {
        Self {
            timing,
            heartbeat: now + timing.heartbeat.mul_f64(share.clamp(0.0, 1.0)),
            silent: now + timing.silence,
            grant_ends,
            reminded: Reminded::No,
            token: now + timing.resume_token,
        }
    }

    /// Records that the client sent data.
    pub(super) fn heard(&mut self, now: Instant) {
        self.silent = now + self.timing.silence;
    }

    /// Records that a new ticket moved the end of the grant.
    pub(super) fn granted(&mut self, grant_ends: Instant) {
        self.grant_ends = grant_ends;
        self.reminded = Reminded::No;
    }

    /// Returns the instant of the next action.
    pub(super) fn next(&self) -> Instant {
        let (first, second) = (self.heartbeat.min(self.silent), self.expired());
        match self.reminded {
            Reminded::No => first.min(second).min(self.reminder()),
            Reminded::Yes => first.min(second),
        }
    }

    /// Returns the action that is due at `now`, if any, and schedules its next occurrence.
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

    /// Returns whether a new resume token is due, and schedules the next one.
    pub(super) fn take_token_due(&mut self, now: Instant) -> bool {
        let is_due = now >= self.token;
        if is_due {
            self.token = now + self.timing.resume_token;
        }
        is_due
    }

    fn reminder(&self) -> Instant {
        self.grant_ends.checked_sub(self.timing.due).unwrap_or(self.grant_ends)
    }

    fn expired(&self) -> Instant {
        self.grant_ends + self.timing.overdue
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
    fn heartbeat_reminder_and_expiry_come_on_schedule() {
        let (timing, start) = (Timing::default(), Instant::now());
        let mut clocks = Clocks::new(&timing, 0.4, start, start + timing.grant);
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
    fn a_silent_client_is_closed_after_a_minute_and_a_new_ticket_moves_the_end_of_the_grant() {
        let (timing, start) = (Timing::default(), Instant::now());
        let mut clocks = Clocks::new(&timing, 1.0, start, start + timing.grant);
        assert_eq!(clocks.take_due(at(start, 59)), Some(Due::Heartbeat));
        assert_eq!(clocks.take_due(at(start, 59)), None);
        assert_eq!(clocks.take_due(at(start, 60)), Some(Due::Silent));
        clocks.heard(at(start, 1000));
        clocks.granted(at(start, 1000) + timing.grant);
        assert_eq!(clocks.take_due(at(start, 1001)), Some(Due::Heartbeat));
        assert_eq!(clocks.take_due(at(start, 1001)), None);
        assert!(clocks.take_token_due(at(start, 120)));
        assert!(!clocks.take_token_due(at(start, 239)));
    }
}
