//! The `api-service` program: serves the API, prints the OpenAPI document, creates keys, or compares counters with their
//! rows.

mod command;

use std::process::ExitCode;

/// Faster than the system's allocator for many small allocations by many threads. Needs only a C compiler.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match command::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            use std::io::Write as _;
            // If standard error is closed, the fault cannot be reported.
            writeln!(std::io::stderr(), "api-service: {fault}")
                .map_or(ExitCode::from(3), |()| ExitCode::from(2))
        }
    }
}
