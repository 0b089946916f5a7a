use std::error::Error;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use identity::secrets::{MasterSecret, load_or_create_secret};
use identity::signing_keys::{SigningKey, load_or_create_signing_key};
use store::{Store, StoreOptions};
use url::Url;

/// For its owner alone: the database holds addresses, and codes that were mailed.
const MODE: u32 = 0o700;

/// Everything that is kept, opened.
pub(crate) struct Kept {
    /// Where it is.
    pub(crate) directory: PathBuf,
    /// The database.
    pub(crate) store: Store,
    /// The key that signs access tokens.
    pub(crate) signing_key: SigningKey,
    /// The secret that seals everything else.
    pub(crate) secret: MasterSecret,
}

/// Opens what is kept in a directory, or begins to keep it there. An error names the setting to look at.
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

/// Makes the directory, or closes the one that is there to everybody but its owner.
fn create(directory: &Path) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(MODE).create(directory)?;
    let directory = directory.canonicalize()?;
    if fs::metadata(&directory)?.permissions().mode() & 0o777 != MODE {
        fs::set_permissions(&directory, Permissions::from_mode(MODE))?;
    }
    Ok(directory)
}

/// Opens the database, brought to the present schema.
async fn open_store(directory: &Path) -> Result<Store, Box<dyn Error>> {
    let url = database_url(directory)?;
    migrations::change(&url, migrations::Change::Up).await?;
    Ok(Store::connect(&url, StoreOptions::default()).await?)
}

/// Returns the URL of the database in a directory, whatever characters its path is made of.
fn database_url(directory: &Path) -> Result<String, &'static str> {
    let file = Url::from_file_path(directory.join("orgo.db")).map_err(|()| "its path is not absolute")?;
    Ok(format!("sqlite://{}?mode=rwc", file.path()))
}
