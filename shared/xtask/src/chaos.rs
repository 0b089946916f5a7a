use std::process::{Command, ExitCode};

use crate::Result;
use crate::interrupt::Interrupt;
use crate::repository::{Profile, build_programs, root, target};
use crate::step::step;

/// Plays a scenario of faults, or `all`, on a private services mode: `chaos <scenario> [--release]`. Fails when a
/// scenario found a violation.
pub(crate) fn run(interrupt: &Interrupt, arguments: &[String]) -> Result<ExitCode> {
    let (scenario, profile) = match arguments {
        [scenario] => (scenario, Profile::Debug),
        [scenario, option] if option == "--release" => (scenario, Profile::Release),
        // The program lists its scenarios where it does not know one.
        [] => (&String::new(), Profile::Debug),
        _ => return Err("chaos takes a scenario or `all`, and --release".into()),
    };
    let programs = step("programs", || build_programs(interrupt, profile))?;
    let mut load = Command::new(programs.join("load"));
    load.args(["chaos", scenario]).arg("--programs").arg(&programs).arg("--repository").arg(root()?);
    load.arg("--directory").arg(target()?.join("chaos"));
    let status = interrupt.run(&mut load)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
