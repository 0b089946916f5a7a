use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::interrupt::Interrupt;
use crate::repository::{cargo, root, target};

const VERSION: &str = "0.20.2";

/// Whether the list of known vulnerabilities is asked.
///
/// It is fetched from GitHub each time, so a check that asks it depends on the network and on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advisories {
    Check,
    Skip,
}

/// Checks licences, sources and forbidden crates by `.deny.toml`.
pub(crate) fn run(interrupt: &Interrupt, advisories: Advisories) -> Result<()> {
    let mut command = Command::new(installed(interrupt)?);
    command.args(["--log-level", "error", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]);
    if advisories == Advisories::Check {
        command.arg("advisories");
    }
    let status = interrupt.run(command.current_dir(root()?))?;
    if status.success() { Ok(()) } else { Err(status.to_string().into()) }
}

/// Returns the tool; builds it the first time, without optimisation, which is the quickest way to one answer.
fn installed(interrupt: &Interrupt) -> Result<PathBuf> {
    let tools = target()?.join("tools");
    let program = tools.join("bin/cargo-deny");
    if !program.is_file() {
        let mut install =
            cargo(&["install", "cargo-deny", "--version", VERSION, "--locked", "--debug", "--root"])?;
        if !interrupt.run(install.arg(&tools))?.success() {
            return Err("cargo-deny could not be installed".into());
        }
    }
    Ok(program)
}
