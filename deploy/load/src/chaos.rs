//! Faults of whole processes: each scenario breaks one part of a private services mode while a client likes posts
//! and a recording socket compares what arrives with what the API acknowledged.

mod checks;
mod history;
mod programs;
mod recorder;
mod scene;
mod servers;

use std::io::Write as _;
use std::time::Instant;

use local_services::Tools;

use crate::{LoadFault, Places};
use scene::Scene;

/// Every scenario, with the fault it is about.
const SCENARIOS: &[(&str, &str)] = &[
    ("postgres-silent-for-gateway", "the gateways' PostgreSQL answers nothing for 8 s; Redis is well"),
    ("postgres-stopped", "PostgreSQL answers nothing for 8 s, then is stopped and started"),
    ("lost-tail", "PostgreSQL comes back without its newest commits"),
    ("redis-killed", "Redis is killed and started again 4 s later"),
    ("redis-behind", "Redis is back after a crash, and the relay reaches it 8 s later"),
    ("redis-flushed", "everything in Redis is removed, twice"),
    ("gateway-stopped", "the gateway stands still (SIGSTOP) while 300 frames are due"),
    ("gateway-restart", "each gateway is stopped and started, one after the other"),
    ("relay-killed", "each api-service is killed and started, one after the other: one of them relays"),
];

/// Plays the scenario with this name, or `all` of them. Prints the checks of each. Returns whether none was violated.
pub async fn chaos(name: &str, places: &Places) -> Result<bool, LoadFault> {
    let chosen: Vec<_> = SCENARIOS.iter().filter(|(known, _)| name == "all" || name == *known).collect();
    if chosen.is_empty() {
        let known: Vec<_> = SCENARIOS.iter().map(|(name, fault)| format!("  {name:<28} {fault}")).collect();
        return Err(LoadFault::Unexpected(format!("scenarios:\n{}\n  all", known.join("\n"))));
    }
    let tools = Tools::find_or_install()?;
    let mut failed = Vec::new();
    for (name, fault) in chosen {
        print(&format!("--- {name}: {fault}"))?;
        let started = Instant::now();
        if !play(name, &tools, places).await? {
            failed.push(*name);
        }
        print(&format!("    {:.1} s", started.elapsed().as_secs_f64()))?;
    }
    if !failed.is_empty() {
        print(&format!("violated: {}", failed.join(", ")))?;
    }
    Ok(failed.is_empty())
}

/// Returns whether every check of the scenario held. An error of the scenario itself counts as a violation: it means
/// that the system did not answer at all.
async fn play(name: &str, tools: &Tools, places: &Places) -> Result<bool, LoadFault> {
    let mut scene = Scene::start(tools, places).await?;
    let played = match name {
        "postgres-silent-for-gateway" => servers::postgres_silent_for_gateway(&mut scene).await,
        "postgres-stopped" => servers::postgres_stopped(&mut scene).await,
        "lost-tail" => servers::lost_tail(&mut scene).await,
        "redis-killed" => servers::redis_killed(&mut scene).await,
        "redis-behind" => servers::redis_behind(&mut scene).await,
        "redis-flushed" => servers::redis_flushed(&mut scene).await,
        "gateway-stopped" => programs::gateway_stopped(&mut scene).await,
        "gateway-restart" => programs::gateway_restart(&mut scene).await,
        _ => programs::relay_killed(&mut scene).await,
    };
    if let Err(fault) = played {
        scene.checks.hold("the scenario could be played", Err(fault.to_string()));
    }
    let (lines, all_hold) = scene.end()?;
    print(&lines.join("\n"))?;
    Ok(all_hold)
}

fn print(text: &str) -> Result<(), LoadFault> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
