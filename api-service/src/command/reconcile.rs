use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;

use api_service::{ApiConfig, assemble};
use ephemeral::Ephemeral;
use operations::jobs::{Repair, reconcile_counters};
use platform::clock::SystemClock;
use platform::config::Environment;
use store::{Store, StoreOptions};

/// Compares the counters with their rows and prints one line for each counter. Fails if there are differences that are not
/// repaired.
pub(super) async fn reconcile(repair: Repair) -> Result<(), Box<dyn Error>> {
    let config = ApiConfig::from_environment(&mut Environment::from_process())?;
    platform::telemetry::init(&config.logging.filter, config.logging.format)?;
    let options = StoreOptions { connections: 2, ..StoreOptions::default() };
    let store = Store::connect(&config.stores.database_url, options).await?;
    let ephemeral = Ephemeral::in_process(Arc::new(SystemClock));
    let service = assemble(store, ephemeral, config.signing_key, &config.secret, config.settings);
    let drifts = reconcile_counters(service.app(), repair).await?;
    for drift in &drifts {
        writeln!(std::io::stdout(), "{}: {} rows, {} wrong", drift.counter, drift.rows, drift.wrong)?;
    }
    let wrong: u64 = drifts.iter().map(|drift| drift.wrong).sum();
    if wrong > 0 && repair == Repair::No {
        return Err(format!("{wrong} counters differ from their rows; --repair corrects them").into());
    }
    Ok(())
}
