//! How many writes per second the services mode takes, beside the same work as plain SQL on the same PostgreSQL.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use local_services::{Cluster, Durability, Tools, forget};
use reqwest::Method;
use serde_json::json;
use tokio::task::block_in_place;

use crate::closed_loop::{Call, Calls, Outcome, closed_loop, open_loop};
use crate::database::Database;
use crate::percentiles::Percentiles;
use crate::population::{Population, Size};
use crate::{Api, LoadFault, Person, Places};

/// Clients at a time, of the API and of `pgbench`.
const CLIENTS: u32 = 16;
/// People and posts over which a spread load is spread.
const SPREAD: u32 = 2_000;
/// People who like a viral post.
const CROWD: u32 = 10_000;
/// Likers of the post with a long history.
const LIKERS: u32 = 50_000;
/// How many likes there are on the post with a long history, and as many on new posts.
const FRESH: u32 = 150;
/// Calls per second of the open loop.
const STEADY: u32 = 300;

/// One row of the comparison.
struct Row {
    name: &'static str,
    calls: Calls,
    script: &'static str,
    /// How many people and posts the script spreads its work over.
    people: u32,
    posts: u32,
    /// The smallest ratio that is aimed at.
    aim: Option<f64>,
}

/// Measures for `seconds` a row, and prints each row when it is known.
pub async fn writes(places: &Places, seconds: u32) -> Result<(), LoadFault> {
    let tools = Tools::find_or_install()?;
    let options = places.cluster(Durability::Full, 2);
    let mut cluster = block_in_place(|| {
        forget(&options.directory)?;
        Cluster::start(&tools, &options)
    })?;
    let measured = measure(places, &tools, &mut cluster, seconds).await;
    block_in_place(|| cluster.stop())?;
    measured
}

async fn measure(
    places: &Places,
    tools: &Tools,
    cluster: &mut Cluster,
    seconds: u32,
) -> Result<(), LoadFault> {
    let api = Api::new(&cluster.url())?;
    let database = Database::new(tools, cluster.postgres(), &places.scripts)?;
    let size = Size { people: CROWD + LIKERS, posts: SPREAD + 1_000, authors: SPREAD };
    let population = Population::create(&api, &database, cluster.keys(), size).await?;
    let people = CROWD.to_string();
    let posts = SPREAD.to_string();
    database.run("pgbench/schema.sql", &[("people", &people), ("posts", &posts)]).await?;
    let crowd: Arc<Vec<Person>> = Arc::new((1..=CROWD).map(|number| population.person(number)).collect());
    let population = Arc::new(population);

    print(&format!(
        "writes: {CLIENTS} clients, {seconds} s a row; the same work as plain SQL by pgbench on the same PostgreSQL\n\
         {:<28}{:>9}{:>11}{:>8}{:>7}{:>10}{:>10}{:>9}",
        "", "ours/s", "pgbench/s", "ratio", "aim", "p50 ms", "p99 ms", "refused"
    ))?;
    let scripts = (CLIENTS, seconds);
    let bare = database.transactions_per_second("pgbench/commit.sql", &[], scripts).await?;
    print(&format!("{:<28}{:>9}{bare:>11.0}", "commits of one row", "-"))?;
    for row in rows(&population, &crowd) {
        let mut ours = closed_loop(&api, &row.calls, CLIENTS, Duration::from_secs(seconds.into())).await?;
        settle().await;
        let variables = [("people", row.people), ("posts", row.posts)];
        let theirs = database.transactions_per_second(row.script, &variables, scripts).await?;
        print(&line(&row, &mut ours, theirs))?;
    }
    steady(&api, &population, &crowd).await?;
    long_history(&api, &database, &population, &crowd).await
}

fn rows(population: &Arc<Population>, crowd: &Arc<Vec<Person>>) -> Vec<Row> {
    let spread = |n: u64| (place(n, SPREAD), place(n + n / u64::from(SPREAD), SPREAD) + 1);
    // The whole crowd likes one post before it goes on to the next.
    let viral = |first: u32| move |n: u64| (place(n, CROWD), first + place(n / u64::from(CROWD), 100));
    let like = like_calls(population, crowd);
    let comment = |place_of: PlaceOf| -> Calls {
        let (population, crowd) = (Arc::clone(population), Arc::clone(crowd));
        Arc::new(move |n| {
            let (person, post) = place_of(n);
            let body = json!({ "content": "반가워요! A comment of an ordinary length, as people write." });
            let path = format!("/api/v1/posts/{}/comments", population.post(post));
            Call { method: Method::POST, path, person: of(&crowd, person), body: Some(body) }
        })
    };
    let post = |authors: u32| -> Calls {
        let crowd = Arc::clone(crowd);
        Arc::new(move |n| {
            let body =
                json!({ "title": "Title", "content": "A post of an ordinary length, as people write it." });
            let person = of(&crowd, place(n, authors));
            Call { method: Method::POST, path: "/api/v1/posts".into(), person, body: Some(body) }
        })
    };
    let row = |name, calls, script, (people, posts), aim| Row { name, calls, script, people, posts, aim };
    let aim = Some(0.5);
    vec![
        row("likes, 2000 posts", like(Box::new(spread)), "pgbench/like.sql", (SPREAD, SPREAD), aim),
        row("likes, one post", like(Box::new(viral(SPREAD + 1))), "pgbench/like.sql", (CROWD, 1), None),
        row("comments, 2000 posts", comment(Box::new(spread)), "pgbench/comment.sql", (SPREAD, SPREAD), aim),
        row(
            "comments, one post",
            comment(Box::new(viral(SPREAD + 200))),
            "pgbench/comment.sql",
            (CROWD, 1),
            None,
        ),
        row("posts, 2000 authors", post(SPREAD), "pgbench/post.sql", (SPREAD, SPREAD), aim),
        row("posts, one author", post(1), "pgbench/post.sql", (1, SPREAD), None),
    ]
}

/// Returns the index of a person and the number of a post for the call with a number.
type PlaceOf = Box<dyn Fn(u64) -> (u32, u32) + Send + Sync>;

fn like_calls(population: &Arc<Population>, crowd: &Arc<Vec<Person>>) -> impl Fn(PlaceOf) -> Calls {
    let (population, crowd) = (Arc::clone(population), Arc::clone(crowd));
    move |place_of| {
        let (population, crowd) = (Arc::clone(&population), Arc::clone(&crowd));
        Arc::new(move |n| {
            let (person, post) = place_of(n);
            let path = format!("/api/v1/posts/{}/like", population.post(post));
            Call { method: Method::PUT, path, person: of(&crowd, person), body: None }
        })
    }
}

/// Measures likes that come at a steady rate.
async fn steady(api: &Api, population: &Arc<Population>, crowd: &Arc<Vec<Person>>) -> Result<(), LoadFault> {
    settle().await;
    // People who liked nothing yet on posts that were spread over.
    let spread = |n: u64| (SPREAD + place(n, SPREAD), place(n, SPREAD) + 1);
    let calls = like_calls(population, crowd)(Box::new(spread));
    let mut outcome = open_loop(api, &calls, STEADY * 8, STEADY).await?;
    print(&format!(
        "likes at {STEADY}/s, open loop: p50 {:.1} ms, p99 {:.1} ms (aim: 25), longest {:.1} ms, {} refused",
        milliseconds(&mut outcome.latencies, 50),
        milliseconds(&mut outcome.latencies, 99),
        milliseconds(&mut outcome.latencies, 100),
        outcome.refused
    ))
}

/// Compares likes of a post that many like already with likes of new posts, one after the other.
async fn long_history(
    api: &Api,
    database: &Database,
    population: &Arc<Population>,
    crowd: &Arc<Vec<Person>>,
) -> Result<(), LoadFault> {
    let (popular, new) = (SPREAD + 500, SPREAD + 501);
    let calls = like_calls(population, crowd)(Box::new(move |n| {
        let (person, post) = (place(n / 2, CROWD), place(n / 2, FRESH));
        if n.is_multiple_of(2) { (person, popular) } else { (person, new + post) }
    }));
    let like = async |n: u64| -> Result<Duration, LoadFault> {
        let call = calls(n);
        let sent = std::time::Instant::now();
        api.call(call.method, &call.path, Some(&call.person), call.body).await?.expect(200)?;
        Ok(sent.elapsed())
    };
    // The first like makes the rows that are copied.
    let first = u64::from(2 * FRESH);
    like(first).await?;
    population.add_likers(database, &population.post(popular), (CROWD + 1, CROWD + LIKERS)).await?;
    settle().await;
    let (mut on_popular, mut on_new) = (Percentiles::default(), Percentiles::default());
    for n in 0..u64::from(2 * FRESH) {
        let latency = like(n).await?;
        if n.is_multiple_of(2) { on_popular.add(latency) } else { on_new.add(latency) }
    }
    let (slow, fast) = (milliseconds(&mut on_popular, 50), milliseconds(&mut on_new, 50));
    print(&format!(
        "a fresh like, one at a time: {slow:.1} ms on a post with {LIKERS} likers, {fast:.1} ms on a new one: ratio \
         {:.1} (aim: at most 2)",
        slow / fast.max(f64::MIN_POSITIVE)
    ))
}

fn line(row: &Row, ours: &mut Outcome, theirs: f64) -> String {
    let aim = row.aim.map_or_else(String::new, |aim| format!("{aim:.2}"));
    format!(
        "{:<28}{:>9.0}{theirs:>11.0}{:>8.2}{aim:>7}{:>10.1}{:>10.1}{:>9}",
        row.name,
        ours.rate,
        ours.rate / theirs.max(f64::MIN_POSITIVE),
        milliseconds(&mut ours.latencies, 50),
        milliseconds(&mut ours.latencies, 99),
        ours.refused
    )
}

fn milliseconds(latencies: &mut Percentiles, percent: usize) -> f64 {
    latencies.at(percent).unwrap_or_default().as_secs_f64() * 1000.0
}

/// Lets the relay and the gateways finish what the last row left them.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1_500)).await;
}

/// Returns the n-th place of `count`, round and round.
fn place(n: u64, count: u32) -> u32 {
    u32::try_from(n % u64::from(count.max(1))).unwrap_or(0)
}

fn of(crowd: &[Person], index: u32) -> Person {
    let person = usize::try_from(index).ok().and_then(|index| crowd.get(index));
    person.cloned().unwrap_or(Person { id: String::new(), token: String::new() })
}

fn print(text: &str) -> Result<(), LoadFault> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
