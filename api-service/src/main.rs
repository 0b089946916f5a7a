//! The `api-service` program: serves, or prints what it would serve, or makes keys.

mod command;

use std::process::ExitCode;

/// Faster than the system's for many small allocations by many threads, and needs nothing but a C compiler.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match command::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            use std::io::Write as _;
            // There is nobody else to tell where this fails too.
            writeln!(std::io::stderr(), "api-service: {fault}")
                .map_or(ExitCode::from(3), |()| ExitCode::from(2))
        }
    }
}
