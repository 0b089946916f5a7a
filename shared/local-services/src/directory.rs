use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::{env, io};

use crate::account::Account;
use crate::{LocalServicesError, Result, process};

/// The account that owns a directory and runs the server in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The account of this process.
    Caller,
    /// An unprivileged account, if root runs this process.
    NotRoot,
}

/// The private directory of one server. It stays locked until this is dropped.
#[derive(Debug)]
pub(crate) struct ServerDirectory {
    path: PathBuf,
    account: Option<Account>,
    _lock: File,
}

impl ServerDirectory {
    /// Creates the directory (mode 0700) if it does not exist, locks it, and stops processes that a killed run left.
    pub(crate) fn open(path: &Path, owner: Owner) -> Result<Self> {
        let what = |verb: &str| format!("{verb} {}", path.display());
        let account = (owner == Owner::NotRoot).then(Account::instead_of_root).flatten();
        let path = std::path::absolute(path).map_err(LocalServicesError::io(what("find")))?;
        make(&path)?;
        let path = fs::canonicalize(&path).map_err(LocalServicesError::io(what("find")))?;
        let path = match account {
            Some(account) if !account.reaches(&path) => instead_of(&path)?,
            _ => path,
        };
        let lock = lock(&path)?;
        let directory = Self { path, account, _lock: lock };
        directory.give(&directory.path)?;
        process::sweep(&directory)?;
        Ok(directory)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn account(&self) -> Option<Account> {
        self.account
    }

    /// Creates a folder in it for the server.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.join(name);
        make(&path)?;
        self.give(&path)?;
        Ok(path)
    }

    /// Writes a file that only the server and this process can read.
    pub(crate) fn write(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.join(name);
        let write = || -> io::Result<()> {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            io::Write::write_all(&mut file, content.as_bytes())
        };
        write().map_err(LocalServicesError::io(format!("write {}", path.display())))?;
        self.give(&path)?;
        Ok(path)
    }

    /// Removes a file, or a folder with its content, if it exists.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        let path = self.join(name);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(LocalServicesError::io(format!("remove {}", path.display()))(error))
            }
            _ => Ok(()),
        }
    }

    fn give(&self, path: &Path) -> Result<()> {
        let Some(account) = self.account else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(account.user), Some(account.group))
            .map_err(LocalServicesError::io(format!("give away {}", path.display())))
    }
}

fn make(path: &Path) -> Result<()> {
    let what = || format!("make {}", path.display());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(LocalServicesError::io(what()))?;
    }
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(LocalServicesError::io(what())(error))
        }
        _ => Ok(()),
    }
}

/// Returns a replacement for a directory that the unprivileged account cannot reach. It depends only on that path.
fn instead_of(path: &Path) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    let substitute = env::temp_dir().join(format!("orgo-{:016x}", hasher.finish()));
    make(&substitute)?;
    let what = || format!("use {}", substitute.display());
    let found = fs::symlink_metadata(&substitute).map_err(LocalServicesError::io(what()))?;
    let ours = Account::instead_of_root().is_some_and(|account| account.user == found.uid());
    // Any account may have created it, so it is used only if no other account can enter it.
    if !found.is_dir() || found.permissions().mode() & 0o077 != 0 || !(found.uid() == 0 || ours) {
        return Err(LocalServicesError::io(what())(io::ErrorKind::PermissionDenied.into()));
    }
    Ok(substitute)
}

fn lock(directory: &Path) -> Result<File> {
    let path = directory.join("lock");
    let what = || format!("lock {}", path.display());
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(LocalServicesError::io(what()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LocalServicesError::InUse { directory: directory.to_owned() }),
        Err(TryLockError::Error(error)) => Err(LocalServicesError::io(what())(error)),
    }
}
