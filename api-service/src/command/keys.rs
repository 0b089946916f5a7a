use std::error::Error;
use std::path::Path;

use identity::secrets::load_or_create_secret;
use identity::signing_keys::load_or_create_signing_key;

/// Makes the signing key and the secret, unless they are there.
pub(super) fn make(directory: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(directory)?;
    load_or_create_signing_key(&directory.join("signing-key.pem"))?;
    load_or_create_secret(&directory.join("secret.hex"))?;
    Ok(())
}
