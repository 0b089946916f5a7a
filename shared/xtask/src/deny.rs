use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::interrupt::Interrupt;
use crate::repository::{cargo, root, target};

const VERSION: &str = "0.20.2";

/// Whether to check the database of known vulnerabilities.
///
/// It is fetched from GitHub each time, so the result depends on the network and on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advisories {
    Check,
    Skip,
}

/// Checks licences, sources and forbidden crates with `cargo deny` and `.deny.toml`.
pub(crate) fn run(interrupt: &Interrupt, advisories: Advisories) -> Result<()> {
    let mut command = Command::new(installed(interrupt)?);
    command.args(["--log-level", "error", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]);
    if advisories == Advisories::Check {
        command.arg("advisories");
    }
    let status = interrupt.run(command.current_dir(root()?))?;
    if status.success() { Ok(()) } else { Err(status.to_string().into()) }
}

/// Returns the path of `cargo-deny`. Builds it the first time, without optimisation because that is faster in total.
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
