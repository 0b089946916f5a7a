//! The gateway program. `realtime-gateway asyncapi` prints the description of the socket protocol.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use edge::health::HealthServer;
use ephemeral::Ephemeral;
use identity::random::OsRandom;
use identity::resume_keys::load_resume_key;
use operations::App;
use platform::clock::SystemClock;
use platform::command_line;
use platform::config::Environment;
use platform::ids::TimeOrderedIds;
use platform::listener::{Guard, GuardedListener};
use platform::shutdown::Shutdown;
use realtime_gateway::config::GatewayConfig;
use realtime_gateway::{Gateway, TAIL_CONNECTIONS, edge_of, readiness_of};
use store::{Store, StoreOptions};

/// Faster than the system's allocator for many small allocations by many threads. Needs only a C compiler.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The WebSocket gateway of OrGo. Without a command it serves, until SIGINT or SIGTERM.
#[derive(Debug, Parser)]
#[command(name = "realtime-gateway", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints the AsyncAPI document of the socket protocol
    Asyncapi,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = run_command().await else { return ExitCode::SUCCESS };
    // If standard error is closed, the fault cannot be reported.
    writeln!(std::io::stderr(), "{error}").ok();
    ExitCode::FAILURE
}

async fn run_command() -> Result<(), Box<dyn Error>> {
    let arguments: Arguments = command_line::parse(|environment| {
        // Only the descriptions of the settings are of interest.
        GatewayConfig::from_environment(environment).ok();
    });
    match arguments.command {
        None => serve().await,
        Some(Command::Asyncapi) => {
            let described = serde_json::to_string_pretty(&realtime_gateway::protocol::asyncapi())?;
            Ok(writeln!(std::io::stdout(), "{described}")?)
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let config = GatewayConfig::from_environment(&mut Environment::from_process())?;
    platform::telemetry::init(&config.logging.filter, config.logging.format)?;
    let resume_key = load_resume_key(&config.resume_key_file)?;
    let app = App {
        store: Store::connect(&config.stores.database_url, StoreOptions::default()).await?,
        ephemeral: Ephemeral::redis(&config.stores.redis_url, "orgo:")?,
        clock: Arc::new(SystemClock),
        ids: Arc::new(TimeOrderedIds),
        random: Arc::new(OsRandom),
    };
    let tail_store = app.store.with_own_connections(TAIL_CONNECTIONS).await?;
    let gateway = Gateway::new(app, tail_store, &resume_key, config.settings());
    let readiness = readiness_of(&gateway);
    let (health, edge) = (config.health_listen, edge_of(&gateway));
    let _health = HealthServer::start("ORGO_GATEWAY_HEALTH_LISTEN", health, &edge, readiness).await?;
    let listener = GuardedListener::bind(config.listen, Guard::default()).await;
    let listener = listener.map_err(|fault| format!("ORGO_GATEWAY_LISTEN: {}: {fault}", config.listen))?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    Ok(realtime_gateway::run(listener, gateway, Shutdown::on_signals()?).await?)
}
