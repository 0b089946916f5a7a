//! The behaviour of short-lived state, tested on both implementations.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::{Clock, Timestamp};
use ephemeral::{Allowance, Ephemeral, EphemeralError, RateLimit, Stored};

const HOUR: Duration = Duration::from_hours(1);
const FIVE_AN_HOUR: RateLimit = RateLimit { name: "five", quota: 5, per: HOUR };

struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// An implementation and its way to let time pass.
struct Form {
    ephemeral: Ephemeral,
    time: Time,
}

enum Time {
    Hand(Arc<HandClock>),
    Redis(redis::Client),
}

impl Form {
    fn in_process() -> Self {
        let clock = Arc::new(HandClock(AtomicI64::new(1_767_323_045_678)));
        Self { ephemeral: Ephemeral::in_process(Arc::<HandClock>::clone(&clock)), time: Time::Hand(clock) }
    }

    fn redis() -> Self {
        let url = std::env::vars().find(|(name, _)| name == "ORGO_TEST_REDIS_URL");
        let (_, url) = url.expect("ORGO_TEST_REDIS_URL is not set: run cargo xtask test");
        // Every test of every run has a prefix of its own, because all share one server.
        let prefix = format!("test:{:x}:", RandomState::new().build_hasher().finish());
        let client = redis::Client::open(url.as_str()).unwrap();
        Self { ephemeral: Ephemeral::redis(&url, &prefix).unwrap(), time: Time::Redis(client) }
    }

    /// Advances the clock of the implementation by `duration`.
    async fn pass(&self, duration: Duration) {
        match &self.time {
            Time::Hand(clock) => {
                clock.0.fetch_add(duration.as_millis().try_into().unwrap(), Ordering::Relaxed);
            }
            Time::Redis(client) => {
                let mut connection = client.get_multiplexed_async_connection().await.unwrap();
                let mut time = async || -> Duration {
                    let (seconds, microseconds): (u64, u64) =
                        redis::cmd("TIME").query_async(&mut connection).await.unwrap();
                    Duration::from_secs(seconds) + Duration::from_micros(microseconds)
                };
                let start = time().await;
                while time().await < start + duration {}
            }
        }
    }

    async fn is_granted(&self, limit: &RateLimit, key: &str) -> bool {
        matches!(self.ephemeral.check(limit, key).await.unwrap(), Allowance::Granted { .. })
    }
}

async fn the_first_value_is_kept_and_taken_once(form: Form) {
    let form = form.ephemeral;
    assert_eq!(form.put_new("key", "first", HOUR).await.unwrap(), Stored::New);
    assert_eq!(form.put_new("key", "second", HOUR).await.unwrap(), Stored::Existed);
    assert_eq!(form.take("key").await.unwrap().as_deref(), Some("first"));
    assert_eq!(form.take("key").await.unwrap(), None);
    assert_eq!(form.put_new("key", "third", HOUR).await.unwrap(), Stored::New);
    assert_eq!(form.take("key").await.unwrap().as_deref(), Some("third"));
    assert_eq!(form.take("another").await.unwrap(), None);
}

async fn a_value_expires_after_its_lifetime(form: Form) {
    let short = Duration::from_millis(20);
    assert_eq!(form.ephemeral.put_new("taken", "value", short).await.unwrap(), Stored::New);
    assert_eq!(form.ephemeral.put_new("put", "value", short).await.unwrap(), Stored::New);
    assert_eq!(form.ephemeral.put_new("nothing", "value", Duration::ZERO).await.unwrap(), Stored::New);
    assert_eq!(form.ephemeral.put_new("kept", "value", HOUR).await.unwrap(), Stored::New);
    form.pass(short * 2).await;
    assert_eq!(form.ephemeral.take("taken").await.unwrap(), None);
    assert_eq!(form.ephemeral.take("nothing").await.unwrap(), None);
    assert_eq!(form.ephemeral.put_new("put", "again", HOUR).await.unwrap(), Stored::New);
    assert_eq!(form.ephemeral.take("put").await.unwrap().as_deref(), Some("again"));
    assert_eq!(form.ephemeral.take("kept").await.unwrap().as_deref(), Some("value"));
}

async fn keys_and_values_are_any_text(form: Form) {
    for (key, value) in
        [("", ""), ("with space", "line\nbreak"), ("열쇠:🗝", "{\"값\":\"\\u0000\"}"), ("%s", "\0")]
    {
        assert_eq!(form.ephemeral.put_new(key, value, HOUR).await.unwrap(), Stored::New, "{key}");
        assert_eq!(form.ephemeral.take(key).await.unwrap().as_deref(), Some(value), "{key}");
    }
}

async fn of_concurrent_calls_one_puts_and_one_takes(form: Form) {
    let mut puts = tokio::task::JoinSet::new();
    for n in 0..40 {
        let form = form.ephemeral.clone();
        puts.spawn(async move { form.put_new("key", &n.to_string(), HOUR).await.unwrap() });
    }
    let puts = puts.join_all().await;
    assert_eq!(puts.iter().filter(|stored| **stored == Stored::New).count(), 1);
    let mut takes = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let form = form.ephemeral.clone();
        takes.spawn(async move { form.take("key").await.unwrap() });
    }
    assert_eq!(takes.join_all().await.into_iter().flatten().count(), 1);
}

async fn exactly_the_quota_is_granted(form: Form) {
    for remaining in (0..5).rev() {
        match form.ephemeral.check(&FIVE_AN_HOUR, "mina").await.unwrap() {
            Allowance::Granted { remaining: told, reset_after } => {
                assert_eq!(told, remaining);
                let whole = HOUR / 5 * (5 - remaining);
                assert!(reset_after <= whole && whole.abs_diff(reset_after) < HOUR / 60, "{reset_after:?}");
            }
            refused @ Allowance::Refused { .. } => panic!("{refused:?} with {remaining} left"),
        }
    }
    // Refused uses are not counted, so that the wait does not grow with them.
    for _ in 0..20 {
        match form.ephemeral.check(&FIVE_AN_HOUR, "mina").await.unwrap() {
            Allowance::Refused { retry_after } => {
                assert!((HOUR / 10..=HOUR / 5).contains(&retry_after), "{retry_after:?}");
            }
            granted @ Allowance::Granted { .. } => panic!("{granted:?} beyond the quota"),
        }
    }
}

async fn concurrent_calls_are_granted_exactly_the_quota(form: Form) {
    let mut uses = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let form = form.ephemeral.clone();
        uses.spawn(async move { form.check(&FIVE_AN_HOUR, "mina").await.unwrap() });
    }
    let allowances = uses.join_all().await;
    let left: BTreeSet<u32> = allowances
        .iter()
        .filter_map(|allowance| match allowance {
            Allowance::Granted { remaining, .. } => Some(*remaining),
            Allowance::Refused { .. } => None,
        })
        .collect();
    assert_eq!(left, BTreeSet::from([0, 1, 2, 3, 4]));
    let granted = allowances.iter().filter(|allowance| matches!(allowance, Allowance::Granted { .. }));
    assert_eq!(granted.count(), 5);
}

async fn keys_and_limits_are_counted_separately(form: Form) {
    let once = RateLimit { name: "once", quota: 1, per: HOUR };
    let other = RateLimit { name: "other", ..once };
    assert!(form.is_granted(&once, "mina").await);
    assert!(!form.is_granted(&once, "mina").await);
    assert!(form.is_granted(&once, "jun").await);
    assert!(form.is_granted(&other, "mina").await);
    // A value with the same key is independent of the limit.
    assert_eq!(form.ephemeral.put_new("mina", "value", HOUR).await.unwrap(), Stored::New);
    assert!(!form.is_granted(&other, "mina").await);
}

async fn a_caller_is_granted_after_the_returned_wait(form: Form) {
    let limit = RateLimit { name: "quick", quota: 20, per: Duration::from_secs(2) };
    let mut uses = 0;
    let wait = loop {
        if let Allowance::Refused { retry_after } = form.ephemeral.check(&limit, "mina").await.unwrap() {
            break retry_after;
        }
        uses += 1;
        assert!(uses < 1000, "the limit never holds");
    };
    assert!(uses >= 20, "refused after {uses}");
    assert!(wait <= limit.per / 20, "{wait:?}");
    form.pass(wait).await;
    assert!(form.is_granted(&limit, "mina").await);
}

async fn it_answers(form: Form) {
    assert!(form.ephemeral.ping().await.is_ok());
}

macro_rules! on_both_forms {
    ($($rule:ident)+) => {
        mod in_process {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule(super::Form::in_process()).await;
            })+
        }

        mod on_redis {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule(super::Form::redis()).await;
            })+
        }
    };
}

on_both_forms! {
    the_first_value_is_kept_and_taken_once
    a_value_expires_after_its_lifetime
    keys_and_values_are_any_text
    of_concurrent_calls_one_puts_and_one_takes
    exactly_the_quota_is_granted
    concurrent_calls_are_granted_exactly_the_quota
    keys_and_limits_are_counted_separately
    a_caller_is_granted_after_the_returned_wait
    it_answers
}

/// Asserts that every call to this server fails with `Unavailable` within two seconds.
async fn assert_unavailable(url: &str) {
    let form = Ephemeral::redis(url, "").unwrap();
    let start = tokio::time::Instant::now();
    assert!(matches!(form.ping().await, Err(EphemeralError::Unavailable(_))));
    assert!(matches!(form.take("key").await, Err(EphemeralError::Unavailable(_))));
    assert!(matches!(form.put_new("key", "value", HOUR).await, Err(EphemeralError::Unavailable(_))));
    assert!(matches!(form.check(&FIVE_AN_HOUR, "mina").await, Err(EphemeralError::Unavailable(_))));
    assert!(start.elapsed() <= Duration::from_secs(4 * 2) + Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn a_closed_redis_port_is_unavailable() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    assert_unavailable(&format!("redis://{address}")).await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_redis_server_is_unavailable() {
    // The operating system queues the connections, but no process accepts them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    assert_unavailable(&format!("redis://{}", silent.local_addr().unwrap())).await;
}

#[tokio::test]
async fn a_malformed_redis_url_is_refused_at_once() {
    for url in ["", "127.0.0.1:6379", "postgres://127.0.0.1", "redis://"] {
        let refused = Ephemeral::redis(url, "").err();
        assert!(matches!(refused, Some(EphemeralError::BadUrl(_))), "{url}: {refused:?}");
    }
}
