use std::error::Error;
use std::path::Path;

use identity::resume_keys::write_resume_key;
use identity::secrets::load_or_create_secret;
use identity::signing_keys::load_or_create_signing_key;

/// Creates the signing key, the secret, and the key of resume tokens that is derived from it. Keeps existing files.
pub(super) fn make(directory: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(directory)?;
    load_or_create_signing_key(&directory.join("signing-key.pem"))?;
    let secret = load_or_create_secret(&directory.join("secret.hex"))?;
    write_resume_key(&directory.join("resume.key"), &secret)?;
    Ok(())
}
