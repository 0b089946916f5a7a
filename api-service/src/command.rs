mod keys;
mod openapi;
mod reconcile;
mod serve;

use std::error::Error;
use std::path::PathBuf;

use api_service::ApiConfig;
use clap::{Parser, Subcommand};
use operations::jobs::Repair;
use platform::command_line;

/// The REST service of OrGo. Without a command it serves, until SIGINT or SIGTERM.
#[derive(Debug, Parser)]
#[command(name = "api-service", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints the OpenAPI document
    Openapi,
    /// Creates the missing key files
    Keys {
        /// Directory of the key files
        #[arg(long, value_name = "DIR")]
        directory: PathBuf,
    },
    /// Compares the stored counters with their rows; configured like serving
    Reconcile {
        /// Corrects the counters that differ
        #[arg(long)]
        repair: bool,
    },
}

/// Runs the command that the arguments name.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Arguments = command_line::parse(|environment| {
        // Only the descriptions of the settings are of interest.
        ApiConfig::from_environment(environment).ok();
    });
    match arguments.command {
        None => serve::serve().await,
        Some(Command::Openapi) => openapi::print().await,
        Some(Command::Keys { directory }) => keys::make(&directory),
        Some(Command::Reconcile { repair }) => {
            reconcile::reconcile(if repair { Repair::Yes } else { Repair::No }).await
        }
    }
}
