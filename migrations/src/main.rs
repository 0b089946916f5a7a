//! The `migrations` program: applies the migrations, reverts the last one, shows which are applied, or grants the gateway's
//! rights.

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use migrations::{Change, change, grant_gateway_rights, status};
use platform::command_line;
use platform::config::{ConfigFaults, Environment};

/// Changes the schema of OrGo's database.
#[derive(Debug, Parser)]
#[command(name = "migrations", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// Applies all migrations that were not applied yet
    Up,
    /// Reverts the migration that was applied last
    Down,
    /// Lists the migrations, and whether they are applied
    Status,
    /// Grants the database role of the gateway the rights that it needs
    Grants,
}

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
    let arguments: Arguments = command_line::parse(|environment| {
        // Only the description of the setting is of interest.
        read_url(environment).ok();
    });
    let url = read_url(&mut Environment::from_process())?;
    match arguments.command {
        Command::Up => change(&url, Change::Up).await?,
        Command::Down => change(&url, Change::Down).await?,
        Command::Grants => grant_gateway_rights(&url).await?,
        Command::Status => {
            for (name, state) in status(&url).await? {
                writeln!(std::io::stdout(), "{name} {state}")?;
            }
        }
    }
    Ok(())
}

fn read_url(environment: &mut Environment) -> Result<String, ConfigFaults> {
    let url = environment.required(
        "ORGO_DATABASE_URL",
        "postgres://orgo@localhost/orgo",
        "The URL of the database",
    );
    environment.finish()?;
    Ok(url?)
}
