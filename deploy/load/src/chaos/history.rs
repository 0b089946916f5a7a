use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What one person's client saw, and what the API promised that it would see.
///
/// Each promise is a like on a post of this person that the API answered with success. The post's id is its key: every
/// post is liked once, so the person gets exactly one notification about it.
#[derive(Default)]
pub(crate) struct History {
    /// When the API acknowledged the like on each post.
    promised: BTreeMap<String, Instant>,
    /// When the notification about each post came, once per arrival.
    arrived: BTreeMap<String, Vec<Instant>>,
    /// The posts in the order in which they arrived.
    order: Vec<String>,
    /// The last position of each partition that an event had.
    last: BTreeMap<u64, u64>,
    /// Everything that breaks the protocol's promises.
    violations: Vec<String>,
    /// How often `gap` came.
    gaps: usize,
    /// The close codes of sockets that the client did not close itself.
    closes: Vec<u16>,
    /// How often the client connected again, and how many of these were resumed.
    reconnects: usize,
    resumed: usize,
}

impl History {
    /// Notes that the API acknowledged a like on the post.
    pub(crate) fn promise(&mut self, post: &str, at: Instant) {
        self.promised.insert(post.to_owned(), at);
    }

    /// Clears the expected events: after a gap the client loads them from the API.
    pub(crate) fn forget_promises(&mut self) {
        self.promised.clear();
    }

    /// Notes a frame with a position.
    pub(crate) fn event(&mut self, frame: &Value, at: Instant) {
        let number = |name: &str| frame.get(name).and_then(Value::as_u64);
        let (Some(partition), Some(position)) = (number("p"), number("o")) else {
            self.violations.push(format!("an event without a position: {frame}"));
            return;
        };
        let last = self.last.insert(partition, position);
        if let Some(last) = last.filter(|last| *last >= position) {
            self.violations
                .push(format!("partition {partition}: position {position} came after position {last}"));
        }
        let is_notification = frame.get("k").and_then(Value::as_str) == Some("notification");
        let post = frame.pointer("/d/notification/target/id").and_then(Value::as_str);
        if let Some(post) = post.filter(|_| is_notification) {
            self.arrived.entry(post.to_owned()).or_default().push(at);
            self.order.push(post.to_owned());
        }
    }

    /// Notes that the gateway announced a loss: the client fetches the state from the API and counts positions anew.
    pub(crate) fn gap(&mut self) {
        self.gaps += 1;
        self.last.clear();
    }

    /// Notes a socket that the gateway or the network closed.
    pub(crate) fn closed(&mut self, code: u16) {
        self.closes.push(code);
    }

    /// Notes a new socket in the place of a closed one.
    pub(crate) fn reconnected(&mut self, is_resumed: bool) {
        self.reconnects += 1;
        self.resumed += usize::from(is_resumed);
    }

    pub(crate) fn gaps(&self) -> usize {
        self.gaps
    }

    pub(crate) fn closes(&self) -> &[u16] {
        &self.closes
    }

    /// Returns how often the client connected again, and how many of these sockets were resumed.
    pub(crate) fn reconnects(&self) -> (usize, usize) {
        (self.reconnects, self.resumed)
    }

    /// Returns how many promised notifications have not arrived.
    pub(crate) fn missing(&self) -> usize {
        self.promised.keys().filter(|post| !self.arrived.contains_key(*post)).count()
    }

    /// Returns the longest time from the API's acknowledgement to the notification's arrival.
    pub(crate) fn slowest(&self) -> Duration {
        let waits = self.promised.iter().filter_map(|(post, promised)| {
            self.arrived.get(post)?.first().map(|arrived| arrived.saturating_duration_since(*promised))
        });
        waits.max().unwrap_or_default()
    }

    /// Returns how many promises there were.
    pub(crate) fn promised(&self) -> usize {
        self.promised.len()
    }

    /// Returns every way in which the socket broke its promises: a notification that is missing, came twice, or came
    /// out of the order of its partition. `expected` is the order of acknowledgements where likes were made one after
    /// the other.
    pub(crate) fn violations(&self, expected: Option<&[String]>) -> Vec<String> {
        let mut violations = self.violations.clone();
        let missing = self.missing();
        if missing > 0 {
            violations.push(format!("{missing} of {} acknowledged likes never arrived", self.promised.len()));
        }
        let twice = self.arrived.values().filter(|arrivals| arrivals.len() > 1).count();
        if twice > 0 {
            violations.push(format!("{twice} notifications arrived more than once"));
        }
        if let Some(expected) = expected {
            let arrived: Vec<&String> =
                self.order.iter().filter(|post| self.promised.contains_key(*post)).collect();
            let expected: Vec<&String> =
                expected.iter().filter(|post| self.arrived.contains_key(*post)).collect();
            if arrived != expected && twice == 0 {
                violations.push("notifications arrived in another order than the likes were made".to_owned());
            }
        }
        violations
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn frame(position: u64, post: &str) -> Value {
        json!({ "t": "nt", "p": 3, "o": position, "k": "notification",
            "d": { "notification": { "target": { "id": post } } } })
    }

    fn history(promised: &[&str], frames: &[(u64, &str)]) -> History {
        let mut history = History::default();
        let now = Instant::now();
        for post in promised {
            history.promise(post, now);
        }
        for (position, post) in frames {
            history.event(&frame(*position, post), now);
        }
        history
    }

    #[test]
    fn events_received_once_and_in_order_are_no_violation() {
        let order = ["a".to_owned(), "b".to_owned()];
        let history = history(&["a", "b"], &[(5, "a"), (9, "b")]);
        assert_eq!(history.violations(Some(&order)), Vec::<String>::new());
    }

    #[test]
    fn a_loss_a_repeat_and_a_wrong_order_are_violations() {
        let order = ["a".to_owned(), "b".to_owned()];
        for (frames, found) in [
            (&[(5, "a")][..], "1 of 2 acknowledged"),
            (&[(5, "a"), (6, "b"), (7, "b")], "more than once"),
            (&[(5, "a"), (5, "b")], "position 5 came after position 5"),
            (&[(5, "b"), (6, "a")], "another order"),
        ] {
            let violations = history(&["a", "b"], frames).violations(Some(&order));
            assert_eq!(violations.len(), 1, "{violations:?}");
            assert!(violations.iter().any(|violation| violation.contains(found)), "{violations:?}");
        }
    }

    #[test]
    fn after_a_gap_positions_are_counted_anew() {
        let mut history = history(&["a", "b"], &[(9, "a")]);
        history.gap();
        history.event(&frame(2, "b"), Instant::now());
        assert_eq!((history.violations(None), history.gaps()), (Vec::new(), 1));
    }
}
