use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use api_service::{RateBudgets, Settings, ShowsMail, assemble, document};
use ephemeral::Ephemeral;
use identity::random::{OsRandom, RandomSource as _};
use identity::secrets::MasterSecret;
use identity::signing_keys::SigningKey;
use platform::clock::SystemClock;
use store::{Store, StoreOptions};

/// Prints the OpenAPI document. It depends on no setting: the service that is described has an empty database in memory
/// and keys that are not used again.
pub(super) async fn print() -> Result<(), Box<dyn Error>> {
    let mut bytes = [0; 32];
    OsRandom.fill(&mut bytes);
    let mut hex = String::new();
    for byte in bytes {
        write!(hex, "{byte:02x}")?;
    }
    let secret = MasterSecret::from_hex(&hex)?;
    let options = StoreOptions { connections: 1, ..StoreOptions::default() };
    let store = Store::connect("sqlite::memory:", options).await?;
    let settings = Settings {
        edge: edge::Settings::new("http://localhost"),
        shows_mail: ShowsMail::No,
        rates: RateBudgets::default(),
    };
    let ephemeral = Ephemeral::in_process(Arc::new(SystemClock));
    let service = assemble(store, ephemeral, SigningKey::generate()?, &secret, settings);
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&document(&service))?)?;
    Ok(())
}
