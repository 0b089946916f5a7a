//! Key files: readable by their owner only, written atomically.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Error: a key file cannot be used. Contains its path, never its contents.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileFault {
    /// The file does not exist.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// Accounts other than the owner may read the file.
    #[error("{} may be read by others than its owner: chmod 600 it", .0.display())]
    OpenToOthers(PathBuf),
    /// The file cannot be read or written.
    #[error("{} cannot be used", path.display())]
    Unusable {
        /// Path of the file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The contents are not a key of the expected kind.
    #[error("{}: {reason}", path.display())]
    WrongContent {
        /// Path of the file.
        path: PathBuf,
        /// The fault of the contents.
        reason: String,
    },
}

/// Reads the file and parses its contents with `parse`.
pub(crate) fn load<T, E: ToString>(
    path: &Path,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, KeyFileFault> {
    let text = read(path)?;
    parse(&text)
        .map_err(|fault| KeyFileFault::WrongContent { path: path.to_owned(), reason: fault.to_string() })
}

/// Reads the file. If it does not exist, first writes the result of `create`.
///
/// Two processes that start together agree: both read the file that was created first.
pub(crate) fn load_or_create<T, E: ToString>(
    path: &Path,
    parse: impl Fn(&str) -> Result<T, E>,
    create: impl Fn() -> Result<String, E>,
) -> Result<T, KeyFileFault> {
    match load(path, &parse) {
        Err(KeyFileFault::Missing(_)) => {}
        found => return found,
    }
    let content = create()
        .map_err(|fault| KeyFileFault::WrongContent { path: path.to_owned(), reason: fault.to_string() })?;
    put_in_place(path, &content)
        .map_err(|source| KeyFileFault::Unusable { path: path.to_owned(), source })?;
    load(path, parse)
}

fn read(path: &Path) -> Result<String, KeyFileFault> {
    let unusable = |source| KeyFileFault::Unusable { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeyFileFault::Missing(path.to_owned()));
        }
        opened => opened.map_err(unusable)?,
    };
    if is_open_to_others(&file.metadata().map_err(unusable)?) {
        return Err(KeyFileFault::OpenToOthers(path.to_owned()));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unusable)?;
    Ok(text)
}

/// Creates the file atomically with all its contents, for its owner only. Leaves an existing file unchanged: of
/// processes that start together, one creates it.
fn put_in_place(path: &Path, content: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut draft = NamedTempFile::new_in(folder)?;
    draft.write_all(content.as_bytes())?;
    draft.as_file().sync_all()?;
    match draft.persist_noclobber(path) {
        Err(fault) if fault.error.kind() != io::ErrorKind::AlreadyExists => Err(fault.error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn is_open_to_others(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o077 != 0
}

/// Other systems have no such permission bits; the operator must restrict access there.
#[cfg(not(unix))]
fn is_open_to_others(_metadata: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_is(text: &str) -> Result<String, &'static str> {
        if text.is_empty() { Err("nothing in it") } else { Ok(text.to_owned()) }
    }

    #[test]
    fn processes_that_start_together_agree_on_one_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        let keys: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|n| {
                    let path = &path;
                    scope.spawn(move || load_or_create(path, as_is, || Ok(format!("key {n}"))).unwrap())
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "a draft was left behind");
    }

    #[test]
    fn a_missing_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("absent");
        let fault = load(&path, as_is).unwrap_err();
        assert!(matches!(&fault, KeyFileFault::Missing(missing) if *missing == path), "{fault}");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_readable_by_its_owner_only_and_other_permissions_are_refused() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        load_or_create(&path, as_is, || Ok("key".to_owned())).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o644, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let fault = load(&path, as_is).unwrap_err();
            assert!(matches!(fault, KeyFileFault::OpenToOthers(_)), "{mode:o}: {fault}");
        }
    }

    #[test]
    fn wrong_content_is_refused_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        load_or_create(&path, as_is, || Ok("key".to_owned())).unwrap();
        let refuse = |_: &str| Err::<String, _>("not a key");
        let fault = load_or_create(&path, refuse, || Ok("another".to_owned())).unwrap_err();
        assert!(fault.to_string().ends_with("secret: not a key"), "{fault}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "key");
    }
}
