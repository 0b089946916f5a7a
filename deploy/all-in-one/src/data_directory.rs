use std::error::Error;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use identity::secrets::{MasterSecret, load_or_create_secret};
use identity::signing_keys::{SigningKey, load_or_create_signing_key};
use store::{Store, StoreOptions};
use url::Url;

/// Access for the owner only: the database contains e-mail addresses and mailed codes.
const MODE: u32 = 0o700;

/// The opened data directory.
pub(crate) struct Kept {
    /// Its path.
    pub(crate) directory: PathBuf,
    /// The database.
    pub(crate) store: Store,
    /// The key that signs access tokens.
    pub(crate) signing_key: SigningKey,
    /// The secret that seals everything else.
    pub(crate) secret: MasterSecret,
}

/// Opens the data directory, or creates it. An error names the setting to look at.
pub(crate) async fn open(directory: &Path) -> Result<Kept, String> {
    let directory = create(directory).map_err(|fault| named("the directory cannot be used", &fault))?;
    let store =
        open_store(&directory).await.map_err(|fault| named("the database cannot be opened", &*fault))?;
    let signing_key = load_or_create_signing_key(&directory.join("signing-key.pem"));
    let secret = load_or_create_secret(&directory.join("secret.hex"));
    Ok(Kept {
        store,
        signing_key: signing_key.map_err(|fault| named("the signing key cannot be used", &fault))?,
        secret: secret.map_err(|fault| named("the secret cannot be used", &fault))?,
        directory,
    })
}

fn named(what: &str, fault: &dyn Error) -> String {
    let cause = fault.source().map_or_else(String::new, |cause| format!(": {cause}"));
    format!("ORGO_DATA_DIR: {what}: {fault}{cause}")
}

/// Creates the directory, or takes all rights on an existing one from everybody but its owner.
fn create(directory: &Path) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(MODE).create(directory)?;
    let directory = directory.canonicalize()?;
    if fs::metadata(&directory)?.permissions().mode() & 0o777 != MODE {
        fs::set_permissions(&directory, Permissions::from_mode(MODE))?;
    }
    Ok(directory)
}

/// Opens the database and applies all migrations.
async fn open_store(directory: &Path) -> Result<Store, Box<dyn Error>> {
    let url = database_url(directory)?;
    migrations::change(&url, migrations::Change::Up).await?;
    Ok(Store::connect(&url, StoreOptions::default()).await?)
}

/// Returns the URL of the database in a directory. The path may contain any characters.
fn database_url(directory: &Path) -> Result<String, &'static str> {
    let file = Url::from_file_path(directory.join("orgo.db")).map_err(|()| "its path is not absolute")?;
    Ok(format!("sqlite://{}?mode=rwc", file.path()))
}
