use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use api_service::{ShowsMail, Tuning, assemble, document};
use ephemeral::Ephemeral;
use identity::random::{OsRandom, RandomSource as _};
use identity::secrets::MasterSecret;
use identity::signing_keys::SigningKey;
use platform::clock::SystemClock;
use store::{Store, StoreOptions};

/// Prints the OpenAPI document. It depends on no setting: the service that describes itself has an empty database in
/// memory and keys nobody will use.
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
    let tuning = Tuning {
        public_url: "http://localhost".into(),
        allowed_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        shows_mail: ShowsMail::No,
    };
    let ephemeral = Ephemeral::in_process(Arc::new(SystemClock));
    let service = assemble(store, ephemeral, SigningKey::generate()?, &secret, tuning);
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&document(&service))?)?;
    Ok(())
}
