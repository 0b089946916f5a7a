use std::process::ExitCode;

use crate::Result;
use crate::interrupt::Interrupt;
use crate::repository::cargo;

/// Runs the `migrations` program with the settings of the environment.
pub(crate) fn run(interrupt: &Interrupt, arguments: &[String]) -> Result<ExitCode> {
    let mut command = cargo(&["run", "--quiet", "--locked", "--package", "migrations", "--"])?;
    let code = interrupt.run(command.args(arguments))?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
