use std::fs;
use std::path::Path;
use std::process::Command;

use crate::directory::{Owner, ServerDirectory};
use crate::{LocalServicesError, Postgres, Result};

/// The copy that [`Postgres::keep_copy`] makes, beside the data directory.
const COPY: &str = "data.copy";

impl Postgres {
    /// Stops the server, copies its data directory, and starts the server again on the same port.
    pub fn keep_copy(&mut self) -> Result<()> {
        self.restart(|directory| {
            directory.remove(COPY)?;
            // With owners and modes: the server refuses files of another account.
            let status =
                Command::new("cp").arg("-a").arg(directory.join("data")).arg(directory.join(COPY)).status();
            match status.map_err(LocalServicesError::io("copy the data directory"))? {
                status if status.success() => Ok(()),
                status => Err(LocalServicesError::Failed {
                    program: "cp".to_owned(),
                    what: format!("ended with {status}"),
                    log: String::new(),
                }),
            }
        })
    }

    /// Stops the server, puts the last copy in the place of the data, and starts the server again on the same port.
    /// Everything committed since the copy is lost, as after a failover to a replica that was behind.
    pub fn set_back(&mut self) -> Result<()> {
        self.restart(|directory| {
            directory.remove("data")?;
            fs::rename(directory.join(COPY), directory.join("data"))
                .map_err(LocalServicesError::io("put the copy of the data in place"))
        })
    }
}

/// Removes what a cluster kept in the directory, so that its next start begins with empty servers.
pub fn forget(directory: &Path) -> Result<()> {
    for (server, folders) in [("postgres", ["data", "data.copy"]), ("redis", ["appendonlydir", "dump.rdb"])] {
        let directory = ServerDirectory::open(&directory.join(server), Owner::NotRoot)?;
        for folder in folders {
            directory.remove(folder)?;
        }
    }
    Ok(())
}
