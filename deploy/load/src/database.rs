use std::path::{Path, PathBuf};
use std::process::Stdio;

use local_services::{Postgres, Role, Tools};
use tokio::process::Command;

use crate::LoadFault;

/// The private PostgreSQL of a measured system, through its own programs `psql` and `pgbench`.
pub(crate) struct Database {
    psql: PathBuf,
    pgbench: PathBuf,
    scripts: PathBuf,
    url: String,
    password: String,
}

impl Database {
    /// Uses the server as its superuser. `scripts` is the folder with the SQL files.
    pub(crate) fn new(tools: &Tools, postgres: &Postgres, scripts: &Path) -> Result<Self, LoadFault> {
        let with_password = postgres.url(Role::Superuser, "orgo");
        // The arguments of a process are readable by every account of the machine; its environment is not.
        let parts = with_password.split_once("://").and_then(|(scheme, rest)| {
            let (account, place) = rest.split_once('@')?;
            let (user, password) = account.split_once(':')?;
            Some((format!("{scheme}://{user}@{place}"), password.to_owned()))
        });
        let (url, password) = parts.ok_or_else(|| LoadFault::Unexpected("no URL of PostgreSQL".into()))?;
        Ok(Self {
            psql: tools.of_postgres("psql")?,
            pgbench: tools.of_postgres("pgbench")?,
            scripts: scripts.to_owned(),
            url,
            password,
        })
    }

    /// Runs a file of statements with these variables.
    pub(crate) async fn run(&self, script: &str, variables: &[(&str, &str)]) -> Result<(), LoadFault> {
        let mut psql = Command::new(&self.psql);
        psql.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file"]);
        psql.arg(self.scripts.join(script));
        for (name, value) in variables {
            psql.arg("--set").arg(format!("{name}={value}"));
        }
        psql.arg(&self.url);
        self.output(psql).await.map(drop)
    }

    /// Runs a script over and over for some seconds and returns its transactions per second.
    pub(crate) async fn transactions_per_second(
        &self,
        script: &str,
        variables: &[(&str, u32)],
        (clients, seconds): (u32, u32),
    ) -> Result<f64, LoadFault> {
        let mut pgbench = Command::new(&self.pgbench);
        pgbench.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]);
        pgbench.arg(format!("--client={clients}")).arg(format!("--time={seconds}"));
        pgbench.arg("--file").arg(self.scripts.join(script));
        for (name, value) in variables {
            pgbench.arg(format!("--define={name}={value}"));
        }
        pgbench.arg(&self.url);
        let report = self.output(pgbench).await?;
        let rate = tps(&report);
        rate.ok_or_else(|| LoadFault::Unexpected(format!("pgbench reported no rate: {report}")))
    }

    async fn output(&self, mut command: Command) -> Result<String, LoadFault> {
        command.env("PGPASSWORD", &self.password).stdin(Stdio::null()).kill_on_drop(true);
        let output = command.output().await?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(LoadFault::Unexpected(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// Finds the rate in the report of `pgbench`: `tps = 2601.5 (without initial connection time)`.
fn tps(report: &str) -> Option<f64> {
    let line = report.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_found_in_the_report() {
        let report = "latency average = 6.1 ms\ntps = 2601.519 (without initial connection time)\n";
        assert_eq!(tps(report), Some(2601.519));
        assert_eq!(tps("pgbench: error"), None);
    }
}
