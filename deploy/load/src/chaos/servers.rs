//! Faults of PostgreSQL and Redis.

use std::time::{Duration, Instant};

use local_services::Fault;
use reqwest::Method;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::sleep;

use super::scene::{ANSWERED_WITHIN, Scene, fault_of_refusal};
use crate::{Api, LoadFault, Person};

/// How long PostgreSQL is silent.
const SILENCE: Duration = Duration::from_secs(8);
/// How soon after a fault everything is well again.
const HEALTHY_WITHIN: Duration = Duration::from_secs(5);
/// How long a client may wait for what happened while a server was away.
const LATE: Duration = Duration::from_secs(2);

/// The gateways' PostgreSQL accepts bytes and answers none. Events go on through Redis.
pub(super) async fn postgres_silent_for_gateway(scene: &mut Scene) -> Result<(), LoadFault> {
    let recorder = scene.record().await?;
    let mut order = scene.like(&recorder, 10, 20).await?;
    recorder.wait_for_all(LATE).await;
    scene.links.gateway_postgres.set(Fault::Freeze);
    let silence = Instant::now();
    while silence.elapsed() < SILENCE {
        order.extend(scene.like(&recorder, 10, 20).await?);
    }
    recorder.wait_for_all(LATE).await;
    let missing = recorder.history().missing();
    scene.checks.same("likes that have not arrived while PostgreSQL is silent", &missing, &0);
    scene.links.gateway_postgres.set(Fault::None);
    order.extend(scene.like(&recorder, 10, 20).await?);
    recorder.wait_for_all(Duration::from_secs(10)).await;
    scene.check_closes(&recorder, &[]);
    scene.check_delivery(recorder, Some(&order), LATE).await
}

/// PostgreSQL does not answer, and later is down. Every call is answered, and the system recovers soon after.
pub(super) async fn postgres_stopped(scene: &mut Scene) -> Result<(), LoadFault> {
    let recorder = scene.record().await?;
    let mut order = scene.like(&recorder, 10, 50).await?;
    recorder.wait_for_all(LATE).await;

    scene.links.set_postgres(Fault::Freeze);
    let answers = ask_for(&scene.api, &scene.liker, SILENCE).await?;
    scene.links.set_postgres(Fault::None);
    answers.check(scene, "PostgreSQL silent");
    let healthy = scene.wait_until_healthy(HEALTHY_WITHIN * 4).await?;
    scene.checks.at_most("healthy after the silence", healthy, HEALTHY_WITHIN);
    order.extend(scene.like(&recorder, 10, 50).await?);

    block_in_place(|| scene.cluster.postgres().kill())?;
    let answers = ask_for(&scene.api, &scene.liker, Duration::from_secs(2)).await?;
    answers.check(scene, "PostgreSQL gone");
    block_in_place(|| scene.cluster.postgres().start_again())?;
    let healthy = scene.wait_until_healthy(HEALTHY_WITHIN * 4).await?;
    scene.checks.at_most("healthy after the start", healthy, HEALTHY_WITHIN);
    order.extend(scene.like(&recorder, 10, 50).await?);
    recorder.wait_for_all(Duration::from_secs(10)).await;
    scene.check_delivery(recorder, Some(&order), HEALTHY_WITHIN).await
}

/// PostgreSQL is set back to a copy: likes that were delivered are gone. Clients get `gap`, and nothing after it is
/// lost.
pub(super) async fn lost_tail(scene: &mut Scene) -> Result<(), LoadFault> {
    block_in_place(|| scene.cluster.postgres().keep_copy())?;
    scene.wait_until_healthy(HEALTHY_WITHIN * 4).await?;
    let recorder = scene.record().await?;
    scene.like(&recorder, 2, 50).await?;
    recorder.wait_for_all(HEALTHY_WITHIN).await;
    let missing = recorder.history().missing();
    scene.checks.same("likes that have not arrived before", &missing, &0);

    // The gateways do not see the log while it is behind what they know: when they look again, it is ahead, with the
    // lost positions given to other events.
    scene.links.gateway_postgres.set(Fault::Freeze);
    block_in_place(|| scene.cluster.postgres().set_back())?;
    scene.wait_until_healthy(HEALTHY_WITHIN * 4).await?;
    scene.like(&recorder, 30, 50).await?;
    scene.links.gateway_postgres.set(Fault::None);
    let waiting = Instant::now();
    while recorder.history().gaps() == 0 && waiting.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(50)).await;
    }
    let gaps = recorder.history().gaps();
    let found = format!("{gaps} after {:.2} s", waiting.elapsed().as_secs_f64());
    scene.checks.hold("the client gets gap", if gaps > 0 { Ok(found) } else { Err(found) });

    recorder.history().forget_promises();
    let order = scene.like(&recorder, 30, 50).await?;
    recorder.wait_for_all(Duration::from_secs(10)).await;
    let history = recorder.finish().await?;
    let violations = history.violations(Some(&order));
    scene.checks.none("every like acknowledged after the gap arrived once, in order", 30, &violations);
    scene.checks.at_most("from acknowledgement to frame", history.slowest(), LATE);
    Ok(())
}

/// Redis dies and is started again. Events go on from the outbox.
pub(super) async fn redis_killed(scene: &mut Scene) -> Result<(), LoadFault> {
    let recorder = scene.record().await?;
    let mut order = scene.like(&recorder, 50, 50).await?;
    block_in_place(|| scene.cluster.redis().kill())?;
    order.extend(scene.like(&recorder, 200, 50).await?);
    block_in_place(|| scene.cluster.redis().start_again())?;
    order.extend(scene.like(&recorder, 250, 50).await?);
    recorder.wait_for_all(Duration::from_secs(10)).await;
    scene.check_closes(&recorder, &[]);
    scene.check_delivery(recorder, Some(&order), LATE).await
}

/// Redis is back, but the relay cannot reach it yet: its streams lack what happened meanwhile. Gateways stay with the
/// outbox until the streams have caught up.
pub(super) async fn redis_behind(scene: &mut Scene) -> Result<(), LoadFault> {
    let recorder = scene.record().await?;
    let mut order = scene.like(&recorder, 50, 50).await?;
    block_in_place(|| scene.cluster.redis().kill())?;
    order.extend(scene.like(&recorder, 100, 50).await?);
    scene.links.api_redis.set(Fault::Freeze);
    block_in_place(|| scene.cluster.redis().start_again())?;
    let behind = Instant::now();
    while behind.elapsed() < SILENCE {
        order.extend(scene.like(&recorder, 10, 50).await?);
    }
    scene.links.api_redis.set(Fault::None);
    order.extend(scene.like(&recorder, 100, 50).await?);
    recorder.wait_for_all(Duration::from_secs(10)).await;
    scene.check_closes(&recorder, &[]);
    scene.check_delivery(recorder, Some(&order), LATE).await
}

/// Everything in Redis is removed while events flow. The relay fills it again from the outbox.
pub(super) async fn redis_flushed(scene: &mut Scene) -> Result<(), LoadFault> {
    let recorder = scene.record().await?;
    let mut order = scene.like(&recorder, 100, 50).await?;
    for _ in 0..2 {
        block_in_place(|| scene.cluster.redis().flush())?;
        order.extend(scene.like(&recorder, 250, 50).await?);
    }
    recorder.wait_for_all(Duration::from_secs(10)).await;
    scene.check_closes(&recorder, &[]);
    scene.check_delivery(recorder, Some(&order), LATE).await
}

/// What was answered to reads while PostgreSQL was away.
struct Answers {
    refused: usize,
    answered: usize,
    slowest: Duration,
    faults: Vec<String>,
}

impl Answers {
    fn check(&self, scene: &mut Scene, when: &str) {
        let found = format!("{} refused, {} answered", self.refused, self.answered);
        let what = format!("{when}: calls are refused");
        scene.checks.hold(&what, if self.refused > 0 { Ok(found) } else { Err(found) });
        scene.checks.none(&format!("{when}: 503 with a problem and Retry-After"), self.refused, &self.faults);
        scene.checks.at_most(&format!("{when}: slowest answer"), self.slowest, ANSWERED_WITHIN);
    }
}

/// Reads lists for this long, 40 calls at a time.
async fn ask_for(api: &Api, who: &Person, duration: Duration) -> Result<Answers, LoadFault> {
    let end = Instant::now() + duration;
    let mut calls = JoinSet::new();
    for _ in 0..40 {
        let (api, who) = (api.clone(), who.clone());
        calls.spawn(async move {
            let mut found = Answers { refused: 0, answered: 0, slowest: Duration::ZERO, faults: Vec::new() };
            while Instant::now() < end {
                let sent = Instant::now();
                let answer = api.call(Method::GET, "/api/v1/posts", Some(&who), None).await;
                found.slowest = found.slowest.max(sent.elapsed());
                match answer {
                    Ok(answer) if answer.status == 200 => found.answered += 1,
                    Ok(answer) => {
                        found.refused += 1;
                        found.faults.extend(fault_of_refusal(&answer));
                    }
                    Err(fault) => found.faults.push(fault.to_string()),
                }
                sleep(Duration::from_millis(100)).await;
            }
            found
        });
    }
    let mut all = Answers { refused: 0, answered: 0, slowest: Duration::ZERO, faults: Vec::new() };
    while let Some(found) = calls.join_next().await {
        let found = found.map_err(|fault| LoadFault::Unexpected(fault.to_string()))?;
        all.refused += found.refused;
        all.answered += found.answered;
        all.slowest = all.slowest.max(found.slowest);
        all.faults.extend(found.faults);
    }
    // The same fault forty times says no more than once.
    all.faults.sort();
    all.faults.dedup();
    all.faults.truncate(3);
    Ok(all)
}
