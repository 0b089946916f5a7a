use std::collections::{HashMap, VecDeque};

use domain::Timestamp;
use domain::events::Audience;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// An event in memory.
struct Kept {
    /// Audience and frame; `None` for an event that is sent to no socket by this version.
    delivery: Option<(Audience, Utf8Bytes)>,
    recorded_at: Timestamp,
}

/// The newest events of one partition, without gaps, with an index by audience.
pub(super) struct Ring {
    kept: VecDeque<Kept>,
    /// Positions of the kept events of every audience, in ascending order.
    index: HashMap<Audience, VecDeque<i64>>,
    last: i64,
    last_mark: Option<i64>,
    bytes: usize,
    max_events: usize,
    max_bytes: usize,
}

impl Ring {
    pub(super) fn new(max_events: usize, max_bytes: usize) -> Self {
        Self {
            kept: VecDeque::new(),
            index: HashMap::new(),
            last: 0,
            last_mark: None,
            bytes: 0,
            max_events,
            max_bytes,
        }
    }

    /// Returns the position of the newest event.
    pub(super) fn last(&self) -> i64 {
        self.last
    }

    /// Returns the mark of the newest event, or `None` if it is unknown.
    pub(super) fn last_mark(&self) -> Option<i64> {
        self.last_mark
    }

    /// Returns the position after which the ring holds every event.
    pub(super) fn start(&self) -> i64 {
        self.last.saturating_sub(i64::try_from(self.kept.len()).unwrap_or(i64::MAX))
    }

    /// Removes all events and continues after a position.
    pub(super) fn restart(&mut self, last: i64, mark: Option<i64>) {
        self.kept.clear();
        self.index.clear();
        self.bytes = 0;
        self.last = last;
        self.last_mark = mark;
    }

    /// Adds the event that follows the newest one.
    pub(super) fn push(
        &mut self,
        delivery: Option<(Audience, Utf8Bytes)>,
        mark: i64,
        recorded_at: Timestamp,
    ) {
        self.last = self.last.saturating_add(1);
        self.last_mark = (mark != 0).then_some(mark);
        if let Some((audience, frame)) = &delivery {
            self.bytes += frame.len();
            self.index.entry(*audience).or_default().push_back(self.last);
        }
        self.kept.push_back(Kept { delivery, recorded_at });
        while self.kept.len() > self.max_events || self.bytes > self.max_bytes {
            self.drop_oldest();
        }
    }

    /// Removes events recorded before an instant.
    pub(super) fn forget(&mut self, before: Timestamp) {
        while self.kept.front().is_some_and(|oldest| oldest.recorded_at < before) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.kept.pop_front() else { return };
        let Some((audience, frame)) = oldest.delivery else { return };
        self.bytes -= frame.len();
        if let Some(positions) = self.index.get_mut(&audience) {
            positions.pop_front();
            if positions.is_empty() {
                self.index.remove(&audience);
            }
        }
    }

    /// Returns the frames of an audience after a position, in ascending order, with their positions.
    pub(super) fn frames_of(
        &self,
        audience: Audience,
        after: i64,
    ) -> impl Iterator<Item = (i64, &Utf8Bytes)> {
        let positions = self.index.get(&audience);
        let skip = positions.map_or(0, |positions| positions.partition_point(|position| *position <= after));
        let positions = positions.into_iter().flat_map(move |positions| positions.range(skip..));
        positions.filter_map(|position| Some((*position, self.frame(*position)?)))
    }

    fn frame(&self, position: i64) -> Option<&Utf8Bytes> {
        let place = usize::try_from(position.checked_sub(self.start())?.checked_sub(1)?).ok()?;
        self.kept.get(place)?.delivery.as_ref().map(|(_, frame)| frame)
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self) {
        let delivered = || self.kept.iter().filter_map(|kept| kept.delivery.as_ref());
        assert_eq!(self.bytes, delivered().map(|(_, frame)| frame.len()).sum::<usize>());
        assert!(self.kept.len() <= self.max_events && self.bytes <= self.max_bytes);
        assert!(self.start() >= 0);
        assert_eq!(self.index.values().map(VecDeque::len).sum::<usize>(), delivered().count());
        for (audience, positions) in &self.index {
            assert!(positions.iter().zip(positions.iter().skip(1)).all(|(one, next)| one < next));
            for position in positions {
                let place = usize::try_from(position - self.start() - 1).unwrap();
                assert_eq!(self.kept[place].delivery.as_ref().unwrap().0, *audience);
            }
        }
    }
}
