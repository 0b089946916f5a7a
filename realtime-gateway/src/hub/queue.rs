use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::protocol::Close;

/// Frames on their way to one socket: bounded, filled by the hub, emptied by the socket's task.
pub(crate) struct SendQueue {
    state: Mutex<State>,
    filled: Notify,
    closed: Notify,
    most_frames: usize,
    most_bytes: usize,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Utf8Bytes>,
    bytes: usize,
    close: Option<Close>,
}

/// What was taken out of a queue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// These frames, in order; none where none wait.
    Frames(Vec<Utf8Bytes>),
    /// The socket is to be closed.
    Close(Close),
}

impl SendQueue {
    pub(super) fn new(most_frames: usize, most_bytes: usize) -> Self {
        Self {
            state: Mutex::default(),
            filled: Notify::new(),
            closed: Notify::new(),
            most_frames,
            most_bytes,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a frame. One too many closes the socket: the client resumes, and asks for what it missed.
    pub(super) fn push(&self, frame: Utf8Bytes) {
        let mut state = self.state();
        if state.close.is_some() {
            return;
        }
        state.bytes += frame.len();
        state.frames.push_back(frame);
        if state.frames.len() > self.most_frames || state.bytes > self.most_bytes {
            drop(state);
            self.close(Close::Slow);
        } else {
            drop(state);
            self.filled.notify_one();
        }
    }

    /// Asks for the socket to be closed. What waits is not sent any more; the first reason counts.
    pub(crate) fn close(&self, close: Close) {
        let mut state = self.state();
        state.frames = VecDeque::new();
        state.bytes = 0;
        state.close.get_or_insert(close);
        drop(state);
        self.filled.notify_one();
        self.closed.notify_one();
    }

    /// Takes frames of together at most `bytes`, but at least one if one waits.
    pub(crate) fn take(&self, bytes: usize) -> Taken {
        let mut state = self.state();
        if let Some(close) = state.close {
            return Taken::Close(close);
        }
        let mut frames = Vec::new();
        let mut taken = 0;
        while let Some(next) = state.frames.front().map(|frame| frame.len()) {
            if !frames.is_empty() && taken + next > bytes {
                break;
            }
            taken += next;
            frames.extend(state.frames.pop_front());
        }
        state.bytes -= taken;
        Taken::Frames(frames)
    }

    /// Waits until there is something to take. For one waiting task.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Waits until the socket is to be closed. For one waiting task.
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
        assert_eq!(state.bytes, state.frames.iter().map(|frame| frame.len()).sum::<usize>());
        assert!(state.frames.len() <= self.most_frames && state.bytes <= self.most_bytes);
        assert!(state.close.is_none() || state.frames.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(taken: Taken) -> Vec<Utf8Bytes> {
        let Taken::Frames(frames) = taken else { panic!("it is closed: {taken:?}") };
        frames
    }

    #[test]
    fn frames_come_out_in_order_and_in_portions() {
        let queue = SendQueue::new(10, 1000);
        for frame in ["one", "two", "a long one", "four"] {
            queue.push(frame.into());
        }
        assert_eq!(frames(queue.take(6)), ["one", "two"]);
        assert_eq!(frames(queue.take(6)), ["a long one"]);
        assert_eq!(frames(queue.take(6)), ["four"]);
        assert_eq!(frames(queue.take(6)), [""; 0]);
    }

    #[test]
    fn a_frame_or_a_byte_too_many_closes_as_slow() {
        for queue in [SendQueue::new(2, 1000), SendQueue::new(10, 4)] {
            queue.push("12".into());
            queue.push("34".into());
            queue.check_invariants();
            queue.push("5".into());
            queue.check_invariants();
            queue.close(Close::Revoked);
            assert_eq!(queue.take(100), Taken::Close(Close::Slow));
        }
    }

    #[tokio::test]
    async fn a_waiting_task_learns_of_frames_and_of_the_close() {
        let queue = SendQueue::new(2, 1000);
        queue.push("1".into());
        queue.filled().await;
        queue.close(Close::Revoked);
        queue.filled().await;
        assert_eq!(queue.closed().await, Close::Revoked);
        assert_eq!(queue.closed().await, Close::Revoked);
    }
}
