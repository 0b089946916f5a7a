use std::collections::VecDeque;

use domain::Timestamp;
use domain::events::Audience;
use domain::ids::UserId;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::Missed;

struct Kept {
    /// Nothing where this version does not know it.
    audience: Option<Audience>,
    /// Nothing where nobody gets one.
    frame: Option<Utf8Bytes>,
    recorded_at: Timestamp,
}

/// The latest events of a partition, without holes: the last one is at `last`, the one before it at `last - 1`.
pub(super) struct Ring {
    kept: VecDeque<Kept>,
    last: i64,
    bytes: usize,
    most_events: usize,
    most_bytes: usize,
}

impl Ring {
    pub(super) fn new(most_events: usize, most_bytes: usize) -> Self {
        Self { kept: VecDeque::new(), last: 0, bytes: 0, most_events, most_bytes }
    }

    /// The position of the latest event.
    pub(super) fn last(&self) -> i64 {
        self.last
    }

    /// Forgets everything and goes on after a position.
    pub(super) fn restart(&mut self, last: i64) {
        self.kept.clear();
        self.bytes = 0;
        self.last = last;
    }

    /// Adds the event after the latest one.
    pub(super) fn push(
        &mut self,
        audience: Option<Audience>,
        frame: Option<Utf8Bytes>,
        recorded_at: Timestamp,
    ) {
        self.last = self.last.saturating_add(1);
        self.bytes += frame.as_ref().map_or(0, |frame| frame.len());
        self.kept.push_back(Kept { audience, frame, recorded_at });
        while self.kept.len() > self.most_events || self.bytes > self.most_bytes {
            self.drop_oldest();
        }
    }

    /// Forgets what was recorded before an instant.
    pub(super) fn forget(&mut self, before: Timestamp) {
        while self.kept.front().is_some_and(|oldest| oldest.recorded_at < before) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.kept.pop_front() {
            self.bytes -= oldest.frame.map_or(0, |frame| frame.len());
        }
    }

    /// Returns what a person missed after a position.
    pub(super) fn missed(&self, user: UserId, after: i64, most: usize) -> Missed {
        let count = usize::try_from(self.last.saturating_sub(after)).unwrap_or(0);
        let Some(skip) = self.kept.len().checked_sub(count) else {
            return Missed::InLog(after, self.last);
        };
        let mut frames = Vec::new();
        for kept in self.kept.range(skip..) {
            let (Some(Audience::User(user_of)), Some(frame)) = (kept.audience, &kept.frame) else { continue };
            if user_of == user {
                if frames.len() == most {
                    return Missed::TooMuch;
                }
                frames.push(frame.clone());
            }
        }
        Missed::Frames(frames)
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self) {
        let bytes: usize =
            self.kept.iter().filter_map(|kept| kept.frame.as_ref()).map(|frame| frame.len()).sum();
        assert_eq!(self.bytes, bytes);
        assert!(self.kept.len() <= self.most_events && bytes <= self.most_bytes);
        assert!(i64::try_from(self.kept.len()).unwrap() <= self.last);
    }
}
