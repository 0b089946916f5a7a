use std::time::{Duration, Instant};

use local_services::{Cluster, Durability, Links, Tools, forget};
use reqwest::Method;
use tokio::task::{JoinSet, block_in_place};

use super::checks::Checks;
use super::recorder::Recorder;
use crate::database::Database;
use crate::population::{Population, Size};
use crate::{Answer, Api, LoadFault, Person, Places};

/// How many of each program.
const REPLICAS: usize = 2;
/// How many posts there are to like, each once.
const POSTS: u32 = 700;
/// How many calls are made at once where nothing depends on their order.
const AT_ONCE: usize = 16;
/// How long a like is tried again before the scenario gives up.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long one call may take (the edge's deadline of 5 s), and what a busy machine may add.
pub(crate) const ANSWERED_WITHIN: Duration = Duration::from_millis(5_500);

/// A running system with an author of posts, and a person who likes them.
pub(crate) struct Scene {
    pub(crate) cluster: Cluster,
    pub(crate) links: Links,
    pub(crate) api: Api,
    pub(crate) author: Person,
    pub(crate) liker: Person,
    pub(crate) checks: Checks,
    posts: Vec<String>,
    /// The longest that any call took, and answers that no client can use.
    slowest_call: Duration,
    useless: Vec<String>,
}

impl Scene {
    pub(crate) async fn start(tools: &Tools, places: &Places) -> Result<Self, LoadFault> {
        // Durable as in production: a server that is killed must keep what it acknowledged.
        let options = places.cluster(Durability::Full, REPLICAS);
        let (cluster, links) = block_in_place(|| {
            forget(&options.directory)?;
            Cluster::start_with_links(tools, &options)
        })?;
        let mut cluster = cluster;
        let api = Api::new(&cluster.url())?;
        let database = Database::new(tools, cluster.postgres(), &places.scripts)?;
        let size = Size { people: 1, posts: POSTS, authors: 0 };
        let population = Population::create(&api, &database, cluster.keys(), size).await?;
        Ok(Self {
            cluster,
            links,
            api,
            liker: population.person(1),
            posts: (1..=POSTS).map(|number| population.post(number)).collect(),
            author: population.template,
            checks: Checks::default(),
            slowest_call: Duration::ZERO,
            useless: Vec::new(),
        })
    }

    /// Opens the author's recorded socket through nginx.
    pub(crate) async fn record(&self) -> Result<Recorder, LoadFault> {
        Recorder::start(&self.api, &self.author, None).await
    }

    /// Opens the author's recorded socket at one gateway.
    pub(crate) async fn record_at(&self, gateway: usize) -> Result<Recorder, LoadFault> {
        let address = self.cluster.gateway_addresses().get(gateway);
        let address =
            address.ok_or_else(|| LoadFault::Unexpected(format!("there is no gateway {gateway}")))?;
        Recorder::start(&self.api, &self.author, Some(format!("ws://{address}/ws"))).await
    }

    /// Likes this many posts one after the other, at most `rate` a second, each until it is acknowledged. Returns
    /// their ids in that order.
    pub(crate) async fn like(
        &mut self,
        recorder: &Recorder,
        count: usize,
        rate: u32,
    ) -> Result<Vec<String>, LoadFault> {
        let posts = self.take_posts(count)?;
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for post in &posts {
            ticks.tick().await;
            let (acknowledged, slowest) = like(&self.api, &self.liker, post, &mut self.useless).await?;
            self.slowest_call = self.slowest_call.max(slowest);
            recorder.history().promise(post, acknowledged);
        }
        Ok(posts)
    }

    /// Likes as [`like`](Self::like) does, for two recorded sockets of the author.
    pub(crate) async fn like_both(
        &mut self,
        one: &Recorder,
        other: &Recorder,
        count: usize,
        rate: u32,
    ) -> Result<Vec<String>, LoadFault> {
        let mut order = Vec::new();
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
        for _ in 0..count {
            ticks.tick().await;
            for post in self.like(one, 1, rate).await? {
                other.history().promise(&post, Instant::now());
                order.push(post);
            }
        }
        Ok(order)
    }

    /// Likes this many posts, many at once.
    pub(crate) async fn like_at_once(&mut self, recorder: &Recorder, count: usize) -> Result<(), LoadFault> {
        let posts = self.take_posts(count)?;
        let mut calls = JoinSet::new();
        for share in posts.chunks(posts.len().div_ceil(AT_ONCE).max(1)) {
            let (api, liker, share) = (self.api.clone(), self.liker.clone(), share.to_vec());
            calls.spawn(async move {
                let mut done = Vec::new();
                let mut useless = Vec::new();
                for post in share {
                    let (acknowledged, _slowest) = like(&api, &liker, &post, &mut useless).await?;
                    done.push((post, acknowledged));
                }
                Ok::<_, LoadFault>((done, useless))
            });
        }
        while let Some(call) = calls.join_next().await {
            let (done, useless) = call.map_err(|fault| LoadFault::Unexpected(fault.to_string()))??;
            self.useless.extend(useless);
            let mut history = recorder.history();
            for (post, acknowledged) in &done {
                history.promise(post, *acknowledged);
            }
        }
        Ok(())
    }

    /// Waits until the API reads from PostgreSQL again, at most `most`. Returns how long it took.
    pub(crate) async fn wait_until_healthy(&self, most: Duration) -> Result<Duration, LoadFault> {
        let started = Instant::now();
        while started.elapsed() < most {
            let list = self.api.call(Method::GET, "/api/v1/posts", Some(&self.liker), None).await;
            if list.is_ok_and(|answer| answer.status == 200) {
                return Ok(started.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(LoadFault::Unexpected(format!("not healthy within {} s", most.as_secs())))
    }

    /// Checks a finished recording: everything acknowledged arrived once and in order, within `delay`, without a gap.
    pub(crate) async fn check_delivery(
        &mut self,
        recorder: Recorder,
        order: Option<&[String]>,
        delay: Duration,
    ) -> Result<(), LoadFault> {
        let history = recorder.finish().await?;
        let promised = history.promised();
        self.checks.none(
            "every acknowledged like arrived once, in order",
            promised,
            &history.violations(order),
        );
        self.checks.at_most("from acknowledgement to frame", history.slowest(), delay);
        self.checks.same("gaps", &history.gaps(), &0);
        let (reconnects, resumed) = history.reconnects();
        self.checks.same("new sockets that were resumed", &resumed, &reconnects);
        let useless = std::mem::take(&mut self.useless);
        self.checks.none("refusals have a problem and Retry-After", promised, &useless);
        self.checks.at_most("slowest answer of the API", self.slowest_call, ANSWERED_WITHIN);
        Ok(())
    }

    /// Checks how the sockets were closed.
    pub(crate) fn check_closes(&mut self, recorder: &Recorder, allowed: &[u16]) {
        let closes = recorder.history().closes().to_vec();
        let found = format!("{closes:?}");
        let is_allowed = closes.iter().all(|code| allowed.contains(code));
        self.checks.hold("close codes", if is_allowed { Ok(found) } else { Err(found) });
    }

    /// Checks that every program still runs, and stops everything. Returns a line a check, and whether all held.
    pub(crate) fn end(mut self) -> Result<(Vec<String>, bool), LoadFault> {
        self.links.set_postgres(local_services::Fault::None);
        self.links.set_redis(local_services::Fault::None);
        let ended = self.cluster.ended();
        self.checks.none("every program still runs", REPLICAS * 2, &ended);
        block_in_place(|| self.cluster.stop())?;
        Ok(self.checks.into_lines())
    }

    fn take_posts(&mut self, count: usize) -> Result<Vec<String>, LoadFault> {
        if self.posts.len() < count {
            return Err(LoadFault::Unexpected("the scenario has no posts left to like".into()));
        }
        Ok(self.posts.drain(..count).collect())
    }
}

/// Likes a post until the API acknowledges it. Returns when it did, and how long the slowest try took. Notes answers
/// that a client cannot use: no 503 with a problem and Retry-After.
async fn like(
    api: &Api,
    liker: &Person,
    post: &str,
    useless: &mut Vec<String>,
) -> Result<(Instant, Duration), LoadFault> {
    let path = format!("/api/v1/posts/{post}/like");
    let (started, mut slowest) = (Instant::now(), Duration::ZERO);
    while started.elapsed() < PATIENCE {
        let sent = Instant::now();
        let answer = api.call(Method::PUT, &path, Some(liker), None).await;
        slowest = slowest.max(sent.elapsed());
        match answer {
            Ok(answer) if answer.status == 200 => return Ok((Instant::now(), slowest)),
            Ok(answer) => useless.extend(fault_of_refusal(&answer)),
            Err(fault) => useless.push(fault.to_string()),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(LoadFault::Unexpected(format!("no like was acknowledged for {} s", PATIENCE.as_secs())))
}

/// Returns what is wrong with a refusal, which is to be 503 with a problem and Retry-After. nginx answers 502 for a
/// program that was killed; those are tried again as well.
pub(crate) fn fault_of_refusal(answer: &Answer) -> Option<String> {
    let is_problem = answer.body.get("code").is_some();
    match answer.status {
        503 if is_problem && answer.retry_after.is_some() => None,
        502 => None,
        _ => Some(format!("{} {}, Retry-After {:?}", answer.status, answer.body, answer.retry_after)),
    }
}
