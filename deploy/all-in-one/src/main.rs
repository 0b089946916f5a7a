//! The `orgo` program: OrGo in one process.

mod banner;
mod config;
mod data_directory;
mod embedded;

use std::process::ExitCode;

/// Faster than the system's for many small allocations by many threads, and needs nothing but a C compiler.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
