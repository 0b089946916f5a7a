//! The `migrations` program: applies the migrations, reverts the last one, shows which are applied, or grants the gateway's
//! rights.

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use migrations::{Change, change, grant_gateway_rights, status};
use platform::config::Environment;

const USAGE: &str = "usage: migrations up | down | status | grants   (on the database of ORGO_DATABASE_URL)";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // If standard error is closed, nothing else can be done.
            writeln!(std::io::stderr(), "migrations: {fault}")
                .map_or(ExitCode::from(3), |()| ExitCode::from(2))
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut environment = Environment::from_process();
    let url: Result<String, _> = environment.required(
        "ORGO_DATABASE_URL",
        "postgres://orgo@localhost/orgo",
        "The URL of the database",
    );
    environment.finish()?;
    let url = url.map_err(platform::config::ConfigFaults::from)?;
    match arguments.first().map(String::as_str) {
        Some("up") if arguments.len() == 1 => change(&url, Change::Up).await?,
        Some("down") if arguments.len() == 1 => change(&url, Change::Down).await?,
        Some("grants") if arguments.len() == 1 => grant_gateway_rights(&url).await?,
        Some("status") if arguments.len() == 1 => {
            for (name, state) in status(&url).await? {
                writeln!(std::io::stdout(), "{name} {state}")?;
            }
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}
