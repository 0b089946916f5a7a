use std::fs;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::LoadFault;

/// Linux counts processor time in ticks of 1/100 s wherever it shows it (`USER_HZ`, proc(5)).
const TICK: Duration = Duration::from_millis(10);

/// Returns the resident memory of a process in bytes (`VmRSS`, proc(5)).
pub(crate) fn resident_bytes(process: u32) -> Result<u64, LoadFault> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes: Option<u64> = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    let kibibytes = kibibytes.ok_or_else(|| LoadFault::Unexpected(format!("no VmRSS of {process}")))?;
    Ok(kibibytes * 1024)
}

/// Returns how long a process kept processors busy, in all its threads (`utime` and `stime`, proc(5)).
pub(crate) fn processor_time(process: u32) -> Result<Duration, LoadFault> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let ticks = ticks(&stat).ok_or_else(|| LoadFault::Unexpected(format!("no times of {process}")))?;
    Ok(TICK * ticks)
}

/// The name of the program, in parentheses, may itself hold anything; the fields begin after it.
fn ticks(stat: &str) -> Option<u32> {
    let (_name, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    user.checked_add(system)
}

/// Lets this process, and those it starts, have as many open files as the system allows, and checks that it is enough.
pub(crate) fn allow_open_files(needed: u64) -> Result<(), LoadFault> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).map_err(std::io::Error::from)?;
    match limit.maximum {
        Some(most) if most < needed => {
            Err(LoadFault::Unexpected(format!("{needed} open files are needed, {most} allowed (ulimit -Hn)")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_program_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 100 1000 10";
        assert_eq!(ticks(stat), Some(300));
        assert!(resident_bytes(std::process::id()).unwrap() > 0);
    }
}
