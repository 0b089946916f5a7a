use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::percentiles::Percentiles;
use crate::{Api, LoadFault, Person};

/// One call to make.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) person: Person,
    pub(crate) body: Option<Value>,
}

/// Returns the call with this number, from 0.
pub(crate) type Calls = Arc<dyn Fn(u64) -> Call + Send + Sync>;

/// What came of the calls.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Successful calls per second.
    pub(crate) rate: f64,
    /// How long each successful call took.
    pub(crate) latencies: Percentiles,
    /// Calls that were not successful.
    pub(crate) refused: usize,
}

/// Makes calls for some time, each client the next one as soon as its last was answered.
pub(crate) async fn closed_loop(
    api: &Api,
    calls: &Calls,
    clients: u32,
    duration: Duration,
) -> Result<Outcome, LoadFault> {
    let next = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let (api, calls, next) = (api.clone(), Arc::clone(calls), Arc::clone(&next));
        running.spawn(async move {
            let mut done = Vec::new();
            while started.elapsed() < duration {
                let call = calls(next.fetch_add(1, Ordering::Relaxed));
                let sent = Instant::now();
                let is_done = make(&api, call).await?;
                done.push(is_done.then(|| sent.elapsed()));
            }
            Ok::<_, LoadFault>(done)
        });
    }
    let mut outcome = Outcome::default();
    while let Some(done) = running.join_next().await {
        let done = done.map_err(|fault| LoadFault::Unexpected(fault.to_string()))??;
        outcome.add(done);
    }
    outcome.rate = rate(outcome.latencies.count(), started.elapsed());
    Ok(outcome)
}

/// Makes `count` calls at a steady rate. A call's time runs from the moment it was due, not from when it was sent: a
/// system that stalls cannot hide it.
pub(crate) async fn open_loop(
    api: &Api,
    calls: &Calls,
    count: u32,
    per_second: u32,
) -> Result<Outcome, LoadFault> {
    let between = Duration::from_secs(1) / per_second.max(1);
    let start = Instant::now() + Duration::from_millis(100);
    let mut running = JoinSet::new();
    for number in 0..count {
        let (api, calls) = (api.clone(), Arc::clone(calls));
        let due = start + between * number;
        running.spawn(async move {
            tokio::time::sleep_until(due).await;
            let is_done = make(&api, calls(u64::from(number))).await?;
            Ok::<_, LoadFault>(is_done.then(|| due.elapsed()))
        });
    }
    let mut outcome = Outcome::default();
    while let Some(done) = running.join_next().await {
        let done = done.map_err(|fault| LoadFault::Unexpected(fault.to_string()))??;
        outcome.add([done]);
    }
    outcome.rate = rate(outcome.latencies.count(), start.elapsed());
    Ok(outcome)
}

impl Outcome {
    fn add(&mut self, done: impl IntoIterator<Item = Option<Duration>>) {
        for call in done {
            match call {
                Some(latency) => self.latencies.add(latency),
                None => self.refused += 1,
            }
        }
    }
}

/// Makes a call. Returns whether it was successful.
async fn make(api: &Api, call: Call) -> Result<bool, LoadFault> {
    let answer = api.call(call.method, &call.path, Some(&call.person), call.body).await?;
    match answer.status {
        200..300 => Ok(true),
        // A system that is loaded may say so; anything else means that the measurement is wrong.
        429 | 503 => Ok(false),
        _ => Err(LoadFault::Unexpected(format!("{answer:?}"))),
    }
}

fn rate(count: usize, duration: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / duration.as_secs_f64().max(f64::MIN_POSITIVE)
}
