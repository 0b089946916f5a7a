use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::events::Partition;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::protocol::Close;

/// Bounded queue of frames for one socket. The hub fills it; the socket's task empties it.
///
/// A partition whose frames do not fit is *lagging*: the queue keeps no frame of it, only the position after which the
/// socket misses events. The socket's task then replays from there (see [`Hub::replay`](super::Hub::replay)). So a burst
/// costs a slow reader time, and the gateway a bounded amount of memory, and no event.
pub(crate) struct SendQueue {
    state: Mutex<State>,
    filled: Notify,
    closed: Notify,
    max_frames: usize,
    max_bytes: usize,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Queued>,
    bytes: usize,
    /// Lagging partitions, each with the position after which the socket misses events. A list, because there are few.
    lagging: Vec<(Partition, i64)>,
    gap: Gap,
    close: Option<Close>,
}

struct Queued {
    partition: Partition,
    position: i64,
    frame: Utf8Bytes,
}

/// Whether the client is owed a `gap` frame.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Gap {
    #[default]
    None,
    Owed,
}

/// The next action of a socket's task.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Send these frames, in order.
    Frames(Vec<Utf8Bytes>),
    /// Send a `gap` frame.
    Gap,
    /// Replay the events of the partition after the position.
    Replay(Partition, i64),
    /// Close the socket.
    Close(Close),
    /// No work.
    Idle,
}

impl SendQueue {
    pub(super) fn new(max_frames: usize, max_bytes: usize) -> Self {
        Self { state: Mutex::default(), filled: Notify::new(), closed: Notify::new(), max_frames, max_bytes }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the frames of events of a partition, with their positions in ascending order. If they do not fit, all
    /// partitions with waiting frames become lagging.
    pub(super) fn push<'a>(
        &self,
        partition: Partition,
        frames: impl IntoIterator<Item = (i64, &'a Utf8Bytes)>,
    ) {
        let mut state = self.state();
        if state.close.is_some() || state.lagging_after(partition).is_some() {
            return;
        }
        let was_empty = state.frames.is_empty();
        let mut is_filled = false;
        for (position, frame) in frames {
            is_filled = was_empty;
            state.bytes += frame.len();
            state.frames.push_back(Queued { partition, position, frame: frame.clone() });
            if state.frames.len() > self.max_frames || state.bytes > self.max_bytes {
                state.overflow();
                break;
            }
        }
        drop(state);
        if is_filled {
            self.filled.notify_one();
        }
    }

    /// Makes a partition lagging: the socket misses its events after `after`. Waiting frames that the replay will send
    /// are dropped.
    pub(super) fn lag(&self, partition: Partition, after: i64) {
        let mut state = self.state();
        state.frames.retain(|queued| queued.partition != partition || queued.position <= after);
        state.bytes = state.frames.iter().map(|queued| queued.frame.len()).sum();
        state.lag(partition, after);
        drop(state);
        self.filled.notify_one();
    }

    /// Moves a lagging partition forward after a part of its events was replayed. Does nothing if the partition no
    /// longer lags at `from` because the event log was restarted in the meantime.
    pub(crate) fn advance(&self, partition: Partition, from: i64, to: i64) {
        let mut state = self.state();
        if let Some(place) = state.lagging.iter().position(|lagging| *lagging == (partition, from)) {
            state.lagging.remove(place);
            // At the end: one busy partition does not keep the others waiting.
            state.lagging.push((partition, to));
        }
    }

    /// Ends the lagging of a partition that was at `from`, after all later events were replayed. The hub calls it under
    /// the partition's lock, so that no event is applied between the replay and this call.
    pub(super) fn caught_up(&self, partition: Partition, from: i64) {
        self.state().lagging.retain(|lagging| *lagging != (partition, from));
    }

    /// Records that the client is owed a `gap` frame.
    pub(crate) fn owe_gap(&self) {
        self.state().gap = Gap::Owed;
        self.filled.notify_one();
    }

    /// Drops all waiting frames and replays and owes the client a `gap` frame: positions of another epoch are invalid.
    pub(super) fn restart(&self) {
        let mut state = self.state();
        state.clear();
        state.lagging.clear();
        state.gap = Gap::Owed;
        drop(state);
        self.filled.notify_one();
    }

    /// Requests that the socket is closed. Drops waiting frames; the first reason counts.
    pub(crate) fn close(&self, close: Close) {
        let mut state = self.state();
        state.clear();
        state.close.get_or_insert(close);
        drop(state);
        self.filled.notify_one();
        self.closed.notify_one();
    }

    /// Returns the next work: frames of at most `bytes` in total, but at least one frame if one waits.
    pub(crate) fn take(&self, bytes: usize) -> Taken {
        let mut state = self.state();
        if let Some(close) = state.close {
            return Taken::Close(close);
        }
        if std::mem::take(&mut state.gap) == Gap::Owed {
            return Taken::Gap;
        }
        let mut frames = Vec::new();
        let mut taken = 0;
        while let Some(next) = state.frames.front().map(|queued| queued.frame.len()) {
            if !frames.is_empty() && taken + next > bytes {
                break;
            }
            taken += next;
            frames.extend(state.frames.pop_front().map(|queued| queued.frame));
        }
        state.bytes -= taken;
        match state.lagging.first() {
            _ if !frames.is_empty() => Taken::Frames(frames),
            Some((partition, after)) => Taken::Replay(*partition, *after),
            None => {
                // Frees the memory of a burst.
                state.frames = VecDeque::new();
                Taken::Idle
            }
        }
    }

    /// Returns the position after which the socket misses events of a lagging partition.
    pub(crate) fn lagging_after(&self, partition: Partition) -> Option<i64> {
        self.state().lagging_after(partition)
    }

    /// Wakes the socket's task.
    pub(crate) fn wake(&self) {
        self.filled.notify_one();
    }

    /// Waits until there may be work. Only one task may wait.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Waits until the socket is to be closed. Only one task may wait.
    pub(crate) async fn closed(&self) -> Close {
        loop {
            if let Some(close) = self.state().close {
                return close;
            }
            self.closed.notified().await;
        }
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self) {
        let state = self.state();
        assert_eq!(state.bytes, state.frames.iter().map(|queued| queued.frame.len()).sum::<usize>());
        assert!(state.frames.len() <= self.max_frames && state.bytes <= self.max_bytes);
        assert!(state.close.is_none() || state.frames.is_empty());
    }
}

impl State {
    fn lagging_after(&self, partition: Partition) -> Option<i64> {
        self.lagging.iter().find(|(lagging, _)| *lagging == partition).map(|(_, after)| *after)
    }

    fn lag(&mut self, partition: Partition, after: i64) {
        match self.lagging.iter_mut().find(|(lagging, _)| *lagging == partition) {
            Some((_, known)) => *known = after.min(*known),
            None => self.lagging.push((partition, after)),
        }
    }

    fn overflow(&mut self) {
        for queued in std::mem::take(&mut self.frames) {
            self.lag(queued.partition, queued.position.saturating_sub(1));
        }
        self.bytes = 0;
    }

    fn clear(&mut self) {
        self.frames = VecDeque::new();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(number: i64) -> Partition {
        Partition::from_number(number).unwrap()
    }

    impl SendQueue {
        fn push_one(&self, partition: Partition, position: i64, frame: &str) {
            self.push(partition, [(position, &frame.into())]);
        }
    }

    fn frames(taken: Taken) -> Vec<Utf8Bytes> {
        let Taken::Frames(frames) = taken else { panic!("no frames: {taken:?}") };
        frames
    }

    #[test]
    fn frames_come_out_in_order_and_in_portions() {
        let queue = SendQueue::new(10, 1000);
        for (position, frame) in (1..).zip(["one", "two", "a long one", "four"]) {
            queue.push_one(part(0), position, frame);
        }
        assert_eq!(frames(queue.take(6)), ["one", "two"]);
        assert_eq!(frames(queue.take(6)), ["a long one"]);
        assert_eq!(frames(queue.take(6)), ["four"]);
        assert_eq!(queue.take(6), Taken::Idle);
    }

    #[test]
    fn overflow_makes_the_partitions_of_all_waiting_frames_lag_before_their_first_lost_frame() {
        for queue in [SendQueue::new(2, 1000), SendQueue::new(10, 4)] {
            queue.push_one(part(3), 7, "12");
            queue.push_one(part(5), 1, "34");
            queue.check_invariants();
            queue.push_one(part(3), 9, "5");
            queue.check_invariants();
            assert_eq!((queue.lagging_after(part(3)), queue.lagging_after(part(5))), (Some(6), Some(0)));
            // A lagging partition queues no frames; other partitions do, and their frames are sent first.
            queue.push_one(part(3), 10, "6");
            queue.push_one(part(8), 2, "78");
            assert_eq!(frames(queue.take(100)), ["78"]);
            assert_eq!(queue.take(100), Taken::Replay(part(3), 6));
            queue.advance(part(3), 6, 9);
            queue.advance(part(3), 6, 100);
            // Partitions take turns.
            assert_eq!(queue.take(100), Taken::Replay(part(5), 0));
            queue.caught_up(part(5), 7);
            assert_eq!(queue.take(100), Taken::Replay(part(5), 0));
            queue.caught_up(part(5), 0);
            assert_eq!(queue.take(100), Taken::Replay(part(3), 9));
        }
    }

    #[test]
    fn frames_that_do_not_fit_together_make_the_partition_lag_before_the_first_of_them() {
        let queue = SendQueue::new(2, 1000);
        queue.push_one(part(3), 6, "6");
        queue.push(part(3), [(7, &"7".into()), (8, &"8".into()), (9, &"9".into())]);
        queue.check_invariants();
        assert_eq!(queue.take(100), Taken::Replay(part(3), 5));
    }

    #[test]
    fn a_partition_that_begins_to_lag_drops_the_frames_that_its_replay_sends() {
        let queue = SendQueue::new(10, 1000);
        for (partition, position) in [(3, 6), (3, 7), (5, 1)] {
            queue.push_one(part(partition), position, &position.to_string());
        }
        queue.lag(part(3), 6);
        queue.check_invariants();
        assert_eq!(frames(queue.take(100)), ["6", "1"]);
        assert_eq!(queue.take(100), Taken::Replay(part(3), 6));
    }

    #[test]
    fn a_restart_drops_waiting_frames_and_owes_a_gap() {
        let queue = SendQueue::new(2, 1000);
        queue.lag(part(1), 4);
        queue.push_one(part(2), 1, "1");
        queue.restart();
        assert_eq!(queue.take(100), Taken::Gap);
        assert_eq!(queue.take(100), Taken::Idle);
    }

    #[tokio::test]
    async fn a_waiting_task_is_woken_by_frames_and_by_the_close() {
        let queue = SendQueue::new(2, 1000);
        queue.push_one(part(0), 1, "1");
        queue.filled().await;
        queue.close(Close::Revoked);
        queue.filled().await;
        assert_eq!(queue.take(100), Taken::Close(Close::Revoked));
        assert_eq!(queue.closed().await, Close::Revoked);
        assert_eq!(queue.closed().await, Close::Revoked);
    }
}
