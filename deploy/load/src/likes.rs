use std::collections::HashMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::percentiles::Percentiles;
use crate::{Api, LoadFault, Person, Socket};

/// The number and rate of likes.
#[derive(Debug, Clone, Copy)]
pub struct LikesPlan {
    /// Likes per second.
    pub rate: u32,
    /// Number of people who like every post.
    pub people: u32,
    /// Number of posts.
    pub posts: u32,
}

/// Limit for the 99th percentile of the time from a like to its frame.
const LIMIT: Duration = Duration::from_millis(50);

/// Likes posts at a steady rate and returns a report of the time from each like to the frame on the author's socket.
///
/// The time of a like starts when it was due, not when it was sent, so a stall of the system is measured too
/// (coordinated omission).
pub async fn likes(api: &Api, plan: LikesPlan) -> Result<String, LoadFault> {
    let run = unique();
    let author = api.sign_up(&format!("author-{run}")).await?;
    let mut people = Vec::new();
    for number in 0..plan.people {
        people.push(api.sign_up(&format!("liker-{number}-{run}")).await?);
    }
    let mut posts = Vec::new();
    for number in 0..plan.posts {
        posts.push(api.post(&author, &format!("Post {number}")).await?);
    }
    let socket = Socket::open(api, &author, None).await?;
    let total = usize::try_from(plan.people * plan.posts).unwrap_or(usize::MAX);
    let frames = tokio::spawn(collect(socket, total));

    let between = Duration::from_secs(1) / plan.rate.max(1);
    let start = Instant::now() + Duration::from_millis(200);
    let mut due = HashMap::new();
    let mut calls = JoinSet::new();
    let pairs = people.iter().flat_map(|person| posts.iter().map(move |post| (person, post)));
    for (turn, (person, post)) in (0_u32..).zip(pairs) {
        let at = start + between * turn;
        // Each person likes all posts in turn, so the n-th like of a post is by the n-th person.
        due.insert((post.clone(), i64::from(turn / plan.posts) + 1), at);
        calls.spawn(like(api.clone(), person.clone(), post.clone(), at));
    }
    while let Some(call) = calls.join_next().await {
        call.map_err(|fault| LoadFault::Unexpected(fault.to_string()))??;
    }
    let frames = frames.await.map_err(|fault| LoadFault::Unexpected(fault.to_string()))??;
    let mut waits = Percentiles::default();
    for (key, came) in frames {
        let at = due
            .get(&key)
            .ok_or_else(|| LoadFault::Unexpected(format!("a frame without a cause: {key:?}")))?;
        waits.add(came.saturating_duration_since(*at));
    }
    Ok(report(plan, &mut waits))
}

async fn like(api: Api, person: Person, post: String, at: Instant) -> Result<(), LoadFault> {
    tokio::time::sleep_until(at).await;
    let path = format!("/api/v1/posts/{post}/like");
    api.call(Method::PUT, &path, Some(&person), None).await?.expect(200)?;
    Ok(())
}

/// Returns the arrival of each frame by its post and number of actors.
async fn collect(mut socket: Socket, total: usize) -> Result<HashMap<(String, i64), Instant>, LoadFault> {
    let mut came = HashMap::new();
    while came.len() < total {
        let frame = socket.next_notification().await?;
        let now = Instant::now();
        let notification = frame.pointer("/d/notification");
        let post = notification.and_then(|n| n.pointer("/target/id")).and_then(Value::as_str);
        let count = notification.and_then(|n| n.get("actor_count")).and_then(Value::as_i64);
        let key = post.map(str::to_owned).zip(count);
        came.insert(key.ok_or_else(|| LoadFault::Unexpected(frame.to_string()))?, now);
    }
    socket.close().await?;
    Ok(came)
}

fn report(plan: LikesPlan, waits: &mut Percentiles) -> String {
    let mut lines = vec![format!(
        "like to frame on the author's socket: {} likes at {} a second; ratio to the limit of {} ms",
        waits.count(),
        plan.rate,
        LIMIT.as_millis()
    )];
    for percent in [50, 90, 99, 100] {
        let wait = waits.at(percent).unwrap_or_default();
        let ratio = wait.as_secs_f64() / LIMIT.as_secs_f64();
        lines.push(format!("  p{percent:<3} {:8.2} ms   {ratio:.2}", wait.as_secs_f64() * 1000.0));
    }
    lines.join("\n")
}

/// Returns a word that no earlier run used, because an address can sign up only once.
fn unique() -> String {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    format!("{}-{}", std::process::id(), since.as_millis())
}
