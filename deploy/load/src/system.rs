use std::path::PathBuf;

use local_services::{ClusterOptions, Durability, Limits};

/// Where a private system of the services mode finds its parts and keeps its files.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folder with our programs, as cargo built them.
    pub programs: PathBuf,
    /// The folder `nginx` of this repository.
    pub nginx: PathBuf,
    /// The folder of this crate, with the scripts for `psql` and `pgbench`.
    pub scripts: PathBuf,
    /// Where PostgreSQL, Redis, nginx and the programs keep their files.
    pub directory: PathBuf,
}

impl Places {
    /// Returns the options of a cluster without limits per address, with this many of each program.
    pub(crate) fn cluster(&self, durability: Durability, replicas: usize) -> ClusterOptions {
        ClusterOptions {
            directory: self.directory.clone(),
            programs: self.programs.clone(),
            nginx: self.nginx.clone(),
            port: None,
            durability,
            limits: Limits::Off,
            replicas,
            environment: Vec::new(),
        }
    }
}
