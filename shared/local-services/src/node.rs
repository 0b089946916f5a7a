use std::path::PathBuf;
use std::process::Command;

use crate::tools::{find, install_once};
use crate::{LocalServicesError, Result};

/// Where Node.js and its package manager are. The checks of published documents use them; nothing that is started does.
#[derive(Debug, Clone)]
pub struct Node {
    /// The program that runs scripts.
    pub node: PathBuf,
    /// The program that installs packages.
    pub npm: PathBuf,
}

impl Node {
    /// Finds both programs, or names the Debian packages that are missing.
    pub fn find() -> Result<Self> {
        match (find("node"), find("npm")) {
            (Some(node), Some(npm)) => Ok(Self { node, npm }),
            (node, npm) => {
                let missing = [("nodejs", node.is_none()), ("npm", npm.is_none())];
                let packages = missing.into_iter().filter(|(_, gone)| *gone).map(|(name, _)| name).collect();
                Err(LocalServicesError::Missing { packages })
            }
        }
    }

    /// Finds both programs. When one is missing and the user is root, installs Debian's packages first.
    pub fn find_or_install() -> Result<Self> {
        install_once(Self::find)
    }

    /// Returns a call of npm that finds this Node.js.
    pub fn npm(&self) -> Command {
        let mut command = Command::new(&self.npm);
        let folders = self.node.parent().map(PathBuf::from).into_iter();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = folders.chain(std::env::split_paths(&path));
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
        command
    }
}
