//! The implementation in one process: maps whose entries expire.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{Clock, Timestamp};

use crate::{Allowance, EphemeralError, RateLimit, Stored};

/// Largest number of entries of one kind. Bounds the memory that a flood of keys can take.
const MAX_ENTRIES: usize = 100_000;

/// A map with fewer entries is never swept.
const SWEEP_FROM: usize = 1024;

/// State in the memory of this process. Clones share it.
#[derive(Clone)]
pub struct InProcessForm {
    clock: Arc<dyn Clock>,
    maps: Arc<Mutex<Maps>>,
}

#[derive(Default)]
struct Maps {
    values: Ending<String>,
    /// Instant at which all uses of a key will be paid for, in microseconds.
    paid_at: Ending<i64>,
}

impl InProcessForm {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, maps: Arc::default() }
    }

    pub(crate) fn put_new(&self, key: &str, value: &str, ttl: Duration) -> Result<Stored, EphemeralError> {
        let now = self.clock.now();
        let mut maps = self.lock();
        if maps.values.get(key, now).is_some() {
            return Ok(Stored::Existed);
        }
        let ends_at = now.plus(ttl.max(Duration::from_millis(1)));
        maps.values.put(key.to_owned(), value.to_owned(), ends_at, now)?;
        Ok(Stored::New)
    }

    pub(crate) fn take(&self, key: &str) -> Option<String> {
        let now = self.clock.now();
        self.lock().values.take(key, now)
    }

    pub(crate) fn check(&self, limit: &RateLimit, key: &str) -> Result<Allowance, EphemeralError> {
        let now = self.clock.now();
        let microseconds = now.0.saturating_mul(1000);
        let key = format!("{}:{key}", limit.name);
        let mut maps = self.lock();
        let (allowance, next) = limit.decide(maps.paid_at.get(&key, now).copied(), microseconds);
        if let (Allowance::Granted { reset_after, .. }, Some(next)) = (allowance, next) {
            // One millisecond more, so that the entry never expires before its instant.
            let ends_at = now.plus(reset_after).plus(Duration::from_millis(1));
            maps.paid_at.put(key, next, ends_at, now)?;
        }
        Ok(allowance)
    }

    fn lock(&self) -> MutexGuard<'_, Maps> {
        // A poisoned lock is fine: no change of the map can stop halfway.
        self.maps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A map whose entries expire. Expired entries are swept when the map has grown to twice its size after the last sweep.
struct Ending<V> {
    entries: HashMap<String, (V, Timestamp)>,
    sweep_at: usize,
    /// Before this instant a sweep would remove nothing. Without it, a flood of keys would make every call search all
    /// of them.
    first_end: Timestamp,
}

impl<V> Default for Ending<V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), sweep_at: SWEEP_FROM, first_end: Timestamp(i64::MIN) }
    }
}

impl<V> Ending<V> {
    fn get(&self, key: &str, now: Timestamp) -> Option<&V> {
        self.entries.get(key).filter(|(_, ends_at)| now < *ends_at).map(|(value, _)| value)
    }

    fn take(&mut self, key: &str, now: Timestamp) -> Option<V> {
        self.entries.remove(key).filter(|(_, ends_at)| now < *ends_at).map(|(value, _)| value)
    }

    fn put(
        &mut self,
        key: String,
        value: V,
        ends_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), EphemeralError> {
        if self.entries.len() >= self.sweep_at && now >= self.first_end {
            self.entries.retain(|_, (_, ends_at)| now < *ends_at);
            self.first_end = self.entries.values().map(|(_, ends_at)| *ends_at).min().unwrap_or(now);
            self.sweep_at = (self.entries.len() * 2).clamp(SWEEP_FROM, MAX_ENTRIES);
        }
        if self.entries.len() >= MAX_ENTRIES && !self.entries.contains_key(&key) {
            return Err(EphemeralError::Unavailable("too many entries".into()));
        }
        self.first_end = self.first_end.min(ends_at);
        self.entries.insert(key, (value, ends_at));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    struct HandClock(AtomicI64);

    impl Clock for HandClock {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.load(Ordering::Relaxed))
        }
    }

    fn form() -> (InProcessForm, Arc<HandClock>) {
        let clock = Arc::new(HandClock(AtomicI64::new(1_767_323_045_678)));
        (InProcessForm::new(Arc::<HandClock>::clone(&clock)), clock)
    }

    #[test]
    fn expired_entries_are_swept() {
        let (form, clock) = form();
        let limit = RateLimit { name: "anonymous", quota: 1, per: Duration::from_secs(1) };
        for n in 0..20_000 {
            clock.0.fetch_add(1, Ordering::Relaxed);
            form.put_new(&n.to_string(), "", Duration::from_secs(1)).unwrap();
            form.check(&limit, &n.to_string()).unwrap();
        }
        let maps = form.lock();
        // A thousand entries live at any time; the map may hold twice as many plus the minimum.
        assert!(maps.values.entries.len() <= 2048, "{}", maps.values.entries.len());
        assert!(maps.paid_at.entries.len() <= 2048, "{}", maps.paid_at.entries.len());
    }

    #[test]
    fn short_lived_entries_are_swept_and_others_stay() {
        let (form, clock) = form();
        let second = Duration::from_secs(1);
        for n in 0..SWEEP_FROM * 2 {
            form.put_new(&format!("stays {n}"), "", second * 3600).unwrap();
        }
        for n in 0..20_000 {
            clock.0.fetch_add(1, Ordering::Relaxed);
            form.put_new(&n.to_string(), "", second).unwrap();
        }
        let left = form.lock().values.entries.len();
        assert!(left <= (SWEEP_FROM * 2 + 1000) * 2, "{left}");
    }

    #[test]
    fn a_flood_of_new_keys_is_refused_and_keeps_existing_ones() {
        let (form, clock) = form();
        let hour = Duration::from_hours(1);
        for n in 0..MAX_ENTRIES {
            form.put_new(&n.to_string(), "value", hour).unwrap();
        }
        assert!(matches!(form.put_new("one more", "", hour), Err(EphemeralError::Unavailable(_))));
        assert_eq!(form.take("0").as_deref(), Some("value"));
        clock.0.fetch_add(2 * 3_600_000, Ordering::Relaxed);
        assert_eq!(form.put_new("one more", "", hour).unwrap(), Stored::New);
        assert_eq!(form.put_new("two more", "", hour).unwrap(), Stored::New);
        assert_eq!(form.lock().values.entries.len(), 2);
    }
}
