use std::error::Error;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use identity::secrets::{MasterSecret, load_or_create_secret};
use identity::signing_keys::{SigningKey, load_or_create_signing_key};
use store::{Store, StoreOptions};
use url::Url;

/// For the owner only: the database holds e-mail addresses, and codes that were mailed.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const DATABASE: &str = "orgo.db";

/// The contents of the data directory.
pub(crate) struct Kept {
    /// Its path.
    pub(crate) directory: PathBuf,
    /// The database.
    pub(crate) store: Store,
    /// The key that signs access tokens.
    pub(crate) signing_key: SigningKey,
    /// The secret that all other keys are derived from.
    pub(crate) secret: MasterSecret,
}

/// Opens the data directory, and creates what is missing in it. An error names the setting.
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

/// Creates the directory, and closes an existing one to everybody but its owner.
fn create(directory: &Path) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(directory)?;
    let directory = directory.canonicalize()?;
    restrict(&directory, DIRECTORY_MODE)?;
    Ok(directory)
}

fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    if fs::metadata(path)?.permissions().mode() & 0o777 != mode {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Opens the database, migrated to the current schema.
async fn open_store(directory: &Path) -> Result<Store, Box<dyn Error>> {
    let file = directory.join(DATABASE);
    // SQLite gives its journal files the mode of the database file.
    OpenOptions::new().create(true).append(true).mode(FILE_MODE).open(&file)?;
    for name in [DATABASE, "orgo.db-wal", "orgo.db-shm"].map(|name| directory.join(name)) {
        if name.exists() {
            restrict(&name, FILE_MODE)?;
        }
    }
    let url = database_url(&file)?;
    migrations::change(&url, migrations::Change::Up).await?;
    Ok(Store::connect(&url, StoreOptions::default()).await?)
}

/// Returns the URL of the database in a file, whatever characters its path contains.
fn database_url(file: &Path) -> Result<String, &'static str> {
    let file = Url::from_file_path(file).map_err(|()| "its path is not absolute")?;
    Ok(format!("sqlite://{}?mode=rwc", file.path()))
}
