use std::process::Command;
use std::time::Instant;

use crate::Result;
use crate::interrupt::Interrupt;

/// Runs a named step and prints how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("==> {name}");
    let started = Instant::now();
    let result = work();
    let seconds = started.elapsed().as_secs_f32();
    match &result {
        Ok(_) => println!("==> {name}: done in {seconds:.1} s"),
        Err(error) => println!("==> {name}: FAILED after {seconds:.1} s: {error}"),
    }
    result
}

/// Runs a command as a step. A status other than success is an error.
pub(crate) fn command_step(name: &str, interrupt: &Interrupt, command: &mut Command) -> Result<()> {
    step(name, || {
        let status = interrupt.run(command)?;
        if status.success() { Ok(()) } else { Err(status.to_string().into()) }
    })
}
