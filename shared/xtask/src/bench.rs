use std::process::{Command, ExitCode};

use local_services::{Cluster, ClusterOptions, Durability, Limits, Tools};

use crate::Result;
use crate::interrupt::Interrupt;
use crate::repository::{Profile, build_programs, cargo, root, target};
use crate::step::step;

/// Starts the services mode from release builds, durable as in production, and measures it from the outside.
pub(crate) fn run(interrupt: &Interrupt, arguments: &[String]) -> Result<ExitCode> {
    if arguments.first().map(String::as_str) == Some("logins") {
        let mut logins =
            cargo(&["run", "--release", "--locked", "--quiet", "-p", "identity", "--example", "logins"])?;
        let status = interrupt.run(&mut logins)?;
        return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if arguments.first().map(String::as_str) != Some("likes") {
        return Err("bench measures likes or logins: cargo xtask bench likes".into());
    }
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
