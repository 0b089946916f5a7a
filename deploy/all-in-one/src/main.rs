//! The `orgo` program: OrGo in one process.

mod banner;
mod config;
mod data_directory;
mod embedded;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match embedded::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            use std::io::Write as _;
            // If standard error is closed, nothing else can be done.
            writeln!(std::io::stderr(), "orgo: {fault}").map_or(ExitCode::from(3), |()| ExitCode::from(2))
        }
    }
}
