use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use crate::{LocalServicesError, Result};

/// The paths of the servers on this machine.
#[derive(Debug, Clone)]
pub struct Tools {
    /// Path of the program `postgres`.
    pub postgres: PathBuf,
    /// Path of `initdb`, which creates a data directory for PostgreSQL.
    pub initdb: PathBuf,
    /// Path of `redis-server`.
    pub redis_server: PathBuf,
    /// nginx.
    pub nginx: PathBuf,
}

/// Keeps two threads of one process from running the package manager at the same time.
static INSTALLING: Mutex<()> = Mutex::new(());

impl Tools {
    /// Finds the servers, or names the Debian packages that are missing.
    pub fn find() -> Result<Self> {
        // Resolves links, because `initdb` is beside the real `postgres`, not beside a link to it.
        let postgres = find("postgres").and_then(|found| fs::canonicalize(found).ok());
        let initdb = postgres.as_deref().and_then(Path::parent).map(|folder| folder.join("initdb"));
        let initdb = initdb.filter(|path| path.is_file());
        match (postgres, initdb, find("redis-server"), find("nginx")) {
            (Some(postgres), Some(initdb), Some(redis_server), Some(nginx)) => {
                Ok(Self { postgres, initdb, redis_server, nginx })
            }
            (postgres, initdb, redis_server, nginx) => {
                let missing = [
                    ("postgresql", postgres.is_none() || initdb.is_none()),
                    ("redis-server", redis_server.is_none()),
                    ("nginx", nginx.is_none()),
                ];
                let packages = missing.into_iter().filter(|(_, gone)| *gone).map(|(name, _)| name).collect();
                Err(LocalServicesError::Missing { packages })
            }
        }
    }

    /// Returns where a program of PostgreSQL's own packages is: `psql`, `pgbench`.
    pub fn of_postgres(&self, name: &str) -> Result<PathBuf> {
        let beside = self.postgres.parent().map(|folder| folder.join(name)).filter(|path| path.is_file());
        beside.or_else(|| find(name)).ok_or(LocalServicesError::Missing { packages: vec!["postgresql"] })
    }

    /// Finds the servers. When some are missing and the user is root, installs Debian's packages first.
    pub fn find_or_install() -> Result<Self> {
        install_once(Self::find)
    }
}

/// Returns the result of `find`, after one attempt to install the Debian packages that it names as missing.
pub(crate) fn install_once<T>(find: impl Fn() -> Result<T>) -> Result<T> {
    let _one_at_a_time = INSTALLING.lock();
    match find() {
        Err(LocalServicesError::Missing { packages }) if rustix::process::geteuid().is_root() => {
            install(&packages)?;
            find()
        }
        found => found,
    }
}

fn install(packages: &[&str]) -> Result<()> {
    apt_get(&["update"])?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    apt_get(&arguments)
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let status = Command::new("apt-get")
        .args(["-q", "-o", "DPkg::Lock::Timeout=300"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .status()
        .map_err(LocalServicesError::io("run apt-get"))?;
    if status.success() {
        return Ok(());
    }
    Err(LocalServicesError::Failed {
        program: "apt-get".to_owned(),
        what: format!("{} ended with {status}", arguments.join(" ")),
        log: String::new(),
    })
}

/// Searches for a program in `PATH` and in Debian's folders for servers.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    folders.extend(postgres_folders());
    folders.extend(["/usr/local/bin", "/usr/sbin", "/usr/bin"].map(PathBuf::from));
    folders.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Returns the program folders of the installed versions of PostgreSQL, newest first.
fn postgres_folders() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, folder)| folder).collect()
}
