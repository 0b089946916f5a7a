//! What a socket costs, and how fast one event reaches many of them.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use local_services::{Cluster, Durability, Tools, forget, free_port};
use reqwest::Method;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::task::block_in_place;

use crate::crowd::{Burst, Crowd, Target};
use crate::database::Database;
use crate::population::{Population, Size};
use crate::process_usage::{allow_open_files, processor_time, resident_bytes};
use crate::{Api, LoadFault, Person, Places};

/// How many sockets there are when memory is looked at, each of another person.
const IDLE: [u32; 2] = [2_000, 10_000];
/// The most bytes that an idle socket is to cost.
const AIM_BYTES: u64 = 8 * 1024;
/// Sockets that watch one post.
const WATCHERS: u32 = 5_000;
/// Events in one burst.
const EVENTS: u32 = 100;
/// Bursts of each side. One takes a fraction of a second, so the figure is the median of several.
const BURSTS: u32 = 5;
/// The smallest ratio to the bare broadcaster that is aimed at.
const AIM_RATIO: f64 = 0.7;
/// How long sockets rest before memory is looked at.
const REST: Duration = Duration::from_secs(3);

/// Measures one gateway, and a bare broadcaster beside it.
pub async fn sockets(places: &Places) -> Result<(), LoadFault> {
    allow_open_files(u64::from(IDLE[1]) + 1_000)?;
    let tools = Tools::find_or_install()?;
    let options = places.cluster(Durability::Full, 1);
    let mut cluster = block_in_place(|| {
        forget(&options.directory)?;
        Cluster::start(&tools, &options)
    })?;
    let measured = measure(places, &tools, &mut cluster).await;
    block_in_place(|| cluster.stop())?;
    measured
}

async fn measure(places: &Places, tools: &Tools, cluster: &mut Cluster) -> Result<(), LoadFault> {
    let api = Api::new(&cluster.url())?;
    let database = Database::new(tools, cluster.postgres(), &places.scripts)?;
    let size = Size { people: IDLE[1], posts: 1, authors: 0 };
    let population = Population::create(&api, &database, cluster.keys(), size).await?;
    let address = cluster.gateway_addresses().first().copied();
    let address = address.ok_or_else(|| LoadFault::Unexpected("there is no gateway".into()))?;
    let gateway = cluster.gateways().first().map(local_services::Program::id);
    let gateway = gateway.ok_or_else(|| LoadFault::Unexpected("there is no gateway".into()))?;

    idle_memory(&api, &population, address, gateway).await?;
    let bare = bare_fan_out().await?;
    match fan_out(&api, &population, cluster, address, gateway).await {
        Ok(ours) => compare(&ours, &bare),
        Err(fault) => {
            print(&format!("fan-out of the gateway could not be measured: {fault}\n{}", bare.line("bare")))
        }
    }
}

async fn idle_memory(
    api: &Api,
    population: &Population,
    address: SocketAddr,
    gateway: u32,
) -> Result<(), LoadFault> {
    let target = Target::Gateway { api: api.clone(), address, post: None };
    let empty = resident_bytes(gateway)?;
    print(&format!("gateway without sockets: {:.1} MiB resident", mebibytes(empty)))?;
    let mut crowd = Crowd::new();
    let mut open = 0;
    for sockets in IDLE {
        crowd.open(&target, people(population, open + 1, sockets)).await?;
        open = sockets;
        tokio::time::sleep(REST).await;
        let resident = resident_bytes(gateway)?;
        let each = resident.saturating_sub(empty) / u64::from(sockets);
        print(&format!(
            "{sockets} idle sockets: {:.1} MiB resident, {:.2} KiB a socket (aim: at most {:.0}), {} closed",
            mebibytes(resident),
            kibibytes(each),
            kibibytes(AIM_BYTES),
            crowd.closed()
        ))?;
    }
    crowd.close().await;
    Ok(())
}

/// Bursts, and the processor time that the sending process took for them.
struct FanOut {
    bursts: Vec<Burst>,
    processor: Duration,
}

impl FanOut {
    /// Returns the median of the bursts' frames per second.
    fn rate(&self) -> f64 {
        let rate = |burst: &Burst| number(burst.events) / burst.duration.as_secs_f64().max(f64::MIN_POSITIVE);
        let mut rates: Vec<f64> = self.bursts.iter().map(rate).collect();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or_default()
    }

    fn line(&self, name: &str) -> String {
        let events: u64 = self.bursts.iter().map(|burst| burst.events).sum();
        let bytes: u64 = self.bursts.iter().map(|burst| burst.bytes).sum();
        let each = self.processor.as_secs_f64() * 1e6 / number(events).max(1.0);
        format!(
            "fan-out, {name:<8} {:>9.0} frames/s, {} B a frame, {each:.2} µs of the sender's processor a frame",
            self.rate(),
            bytes / events.max(1)
        )
    }
}

/// The gateway stands still while the post is liked, so that all events are due at once, as for the bare broadcaster.
async fn fan_out(
    api: &Api,
    population: &Population,
    cluster: &mut Cluster,
    address: SocketAddr,
    gateway: u32,
) -> Result<FanOut, LoadFault> {
    let post = population.post(1);
    let target = Target::Gateway { api: api.clone(), address, post: Some(post.clone()) };
    let mut crowd = Crowd::new();
    crowd.open(&target, people(population, 1, WATCHERS)).await?;
    let program = cluster.gateways().first_mut();
    let program = program.ok_or_else(|| LoadFault::Unexpected("there is no gateway".into()))?;
    let before = processor_time(gateway)?;
    let path = format!("/api/v1/posts/{post}/like");
    let mut bursts = Vec::new();
    for burst in 0..BURSTS {
        program.pause()?;
        let mut liked = Ok(());
        let first = WATCHERS + burst * EVENTS + 1;
        for person in people(population, first, first + EVENTS - 1) {
            let answer = api.call(Method::PUT, &path, Some(&person), None).await;
            liked = liked.and(answer.and_then(|answer| answer.expect(200)).map(drop));
        }
        program.resume()?;
        liked?;
        bursts.push(crowd.burst(u64::from(EVENTS)).await?);
    }
    let processor = processor_time(gateway)?.saturating_sub(before);
    crowd.close().await;
    Ok(FanOut { bursts, processor })
}

/// Measures the bare broadcaster, which is this program in a process of its own.
async fn bare_fan_out() -> Result<FanOut, LoadFault> {
    let port = free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["broadcaster", "--port", &port.to_string()]);
    let mut child = command.stdin(Stdio::piped()).kill_on_drop(true).spawn()?;
    let measured = bare_burst(&mut child, SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
    child.kill().await?;
    measured
}

async fn bare_burst(child: &mut Child, address: SocketAddr) -> Result<FanOut, LoadFault> {
    let gone = || LoadFault::Unexpected("the broadcaster did not start".into());
    let process = child.id().ok_or_else(gone)?;
    let mut input = child.stdin.take().ok_or_else(gone)?;
    let started = tokio::time::Instant::now();
    while tokio::net::TcpStream::connect(address).await.is_err() {
        if started.elapsed() > REST {
            return Err(gone());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut crowd = Crowd::new();
    let nobody = Person { id: String::new(), token: String::new() };
    let people = (0..WATCHERS).map(|_| nobody.clone()).collect();
    crowd.open(&Target::Broadcaster(address), people).await?;
    let before = processor_time(process)?;
    let mut bursts = Vec::new();
    for _ in 0..BURSTS {
        input.write_all(format!("{EVENTS} {BARE_BYTES}\n").as_bytes()).await?;
        input.flush().await?;
        bursts.push(crowd.burst(u64::from(EVENTS)).await?);
    }
    let processor = processor_time(process)?.saturating_sub(before);
    crowd.close().await;
    Ok(FanOut { bursts, processor })
}

/// The size of a `post.liked` frame.
const BARE_BYTES: u32 = 145;

fn compare(ours: &FanOut, bare: &FanOut) -> Result<(), LoadFault> {
    print(&format!(
        "{}\n{}\nfan-out of {EVENTS} events to {WATCHERS} watchers: ratio {:.2} (aim: at least {AIM_RATIO})",
        ours.line("gateway"),
        bare.line("bare"),
        ours.rate() / bare.rate().max(f64::MIN_POSITIVE)
    ))
}

fn people(population: &Population, first: u32, last: u32) -> Vec<Person> {
    (first..=last).map(|number| population.person(number)).collect()
}

fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn kibibytes(bytes: u64) -> f64 {
    number(bytes) / 1024.0
}

fn mebibytes(bytes: u64) -> f64 {
    kibibytes(bytes) / 1024.0
}

fn print(text: &str) -> Result<(), LoadFault> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
