//! Measures log-ins: resident memory and hashes per second, with the reused memory of `PasswordHasher` and with memory
//! allocated for each hash. Each variant runs in a process of its own and computes one hash per processor core at
//! a time. Linux only.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier as _};
use identity::passwords::{HashFault, PasswordHasher};
use tokio::sync::Semaphore;

/// Number of log-ins in each process, in waves of [`AT_ONCE`].
const LOGINS: u32 = 160;
const AT_ONCE: u32 = 16;

/// A hash with the current parameters.
const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cyBvd24gc2FsdA$QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE";

/// Result of one process.
struct Measured {
    /// Growth of the resident memory since before the first log-in, in MiB.
    memory: f64,
    per_second: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match std::env::args().nth(1).as_deref() {
        Some("kept") => runtime.block_on(measure(Way::Kept)),
        Some("allocated") => runtime.block_on(measure(Way::Allocated)),
        _ => compare(),
    }
}

#[derive(Clone, Copy)]
enum Way {
    Kept,
    Allocated,
}

async fn measure(way: Way) -> Result<(), Box<dyn Error>> {
    let hasher = PasswordHasher::new();
    let cores = Arc::new(Semaphore::new(std::thread::available_parallelism()?.get()));
    let before = resident()?;
    let started = Instant::now();
    for _wave in 0..LOGINS / AT_ONCE {
        let mut wave = tokio::task::JoinSet::new();
        for _ in 0..AT_ONCE {
            let (hasher, cores) = (hasher.clone(), Arc::clone(&cores));
            wave.spawn(async move {
                loop {
                    let verified = match way {
                        Way::Kept => hasher.verify(HASH, "wrong").await,
                        Way::Allocated => verify_allocating(&cores).await,
                    };
                    if verified != Err(HashFault::Busy) {
                        return verified;
                    }
                }
            });
        }
        while let Some(verified) = wave.join_next().await {
            if verified?? {
                return Err("a wrong password was taken for the right one".into());
            }
        }
    }
    let per_second = f64::from(LOGINS) / started.elapsed().as_secs_f64();
    // Gives an allocator time to return memory.
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(writeln!(std::io::stdout(), "{:.1} {per_second:.1}", resident()? - before)?)
}

async fn verify_allocating(cores: &Arc<Semaphore>) -> Result<bool, HashFault> {
    let core = Arc::clone(cores).acquire_owned().await.map_err(|_closed| HashFault::Broken)?;
    let verified = tokio::task::spawn_blocking(move || {
        let _core = core;
        let stored = PasswordHash::new(HASH).map_err(|_unreadable| HashFault::Broken)?;
        Ok(Argon2::default().verify_password(b"wrong", &stored).is_ok())
    });
    verified.await.map_err(|_panic| HashFault::Broken)?
}

/// Returns the resident memory of this process in MiB.
fn resident() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("no VmRSS")?;
    Ok(kilobytes.trim().parse::<f64>()? / 1024.0)
}

fn compare() -> Result<(), Box<dyn Error>> {
    let allocated = run("allocated")?;
    let kept = run("kept")?;
    let mut out = std::io::stdout();
    for (name, measured) in [("memory allocated for each hash", &allocated), ("memory kept", &kept)] {
        let Measured { memory, per_second } = measured;
        writeln!(out, "{name}: {memory:.0} MiB more after {LOGINS} log-ins, {per_second:.1}/s")?;
    }
    writeln!(out, "memory: ratio {:.2}", kept.memory / allocated.memory.max(1.0))?;
    writeln!(out, "log-ins a second: ratio {:.2}", kept.per_second / allocated.per_second)?;
    Ok(())
}

fn run(way: &str) -> Result<Measured, Box<dyn Error>> {
    let output = std::process::Command::new(std::env::current_exe()?).arg(way).output()?;
    let text = String::from_utf8(output.stdout)?;
    let (memory, per_second) = text.trim().split_once(' ').ok_or("the measuring process failed")?;
    Ok(Measured { memory: memory.parse()?, per_second: per_second.parse()? })
}
