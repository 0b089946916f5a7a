use std::process::{Command, ExitCode};

use local_services::{Cluster, ClusterOptions, Durability, Limits, Tools};

use crate::Result;
use crate::interrupt::Interrupt;
use crate::repository::{Profile, build_programs, cargo, root, target};
use crate::step::step;

/// Measures the services mode from the outside, from release builds, durable as in production.
pub(crate) fn run(interrupt: &Interrupt, arguments: &[String]) -> Result<ExitCode> {
    match arguments.first().map(String::as_str) {
        Some("likes") => likes(interrupt, arguments),
        Some("logins") => logins(interrupt),
        Some("writes" | "sockets") => with_own_services(interrupt, arguments),
        _ => Err("bench measures likes, logins, writes or sockets: cargo xtask bench likes".into()),
    }
}

/// Measures memory and speed of password hashing.
fn logins(interrupt: &Interrupt) -> Result<ExitCode> {
    let arguments = ["run", "--release", "--locked", "--quiet", "-p", "identity", "--example", "logins"];
    let status = interrupt.run(&mut cargo(&arguments)?)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Leaves it to the program to start the services: it works on the database, and on the processes.
fn with_own_services(interrupt: &Interrupt, arguments: &[String]) -> Result<ExitCode> {
    let programs = step("programs", || build_programs(interrupt, Profile::Release))?;
    let mut load = Command::new(programs.join("load"));
    load.args(arguments).arg("--programs").arg(&programs).arg("--repository").arg(root()?);
    load.arg("--directory").arg(target()?.join("bench"));
    let status = step("measure", || interrupt.run(&mut load))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Measures how long a like takes to the author's socket.
fn likes(interrupt: &Interrupt, arguments: &[String]) -> Result<ExitCode> {
    let tools = step("tools", || Ok(Tools::find_or_install()?))?;
    let programs = step("programs", || build_programs(interrupt, Profile::Release))?;
    let options = ClusterOptions {
        directory: target()?.join("bench"),
        programs: programs.clone(),
        nginx: root()?.join("nginx"),
        port: None,
        durability: Durability::Full,
        limits: Limits::Off,
        replicas: 2,
        environment: Vec::new(),
    };
    let cluster = step("services", || Ok(Cluster::start(&tools, &options)?))?;
    let status = step("measure", || {
        let mut load = Command::new(programs.join("load"));
        load.args(arguments).args(["--url", &cluster.url()]);
        interrupt.run(&mut load)
    });
    cluster.stop()?;
    Ok(if status?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
