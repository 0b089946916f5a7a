use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::interrupt::Interrupt;
use crate::repository::{Profile, build_programs, root};

/// Program, its argument, and the file with its output.
const CONTRACTS: [(&str, &str, &str); 2] = [
    ("api-service", "openapi", "api-service/openapi.json"),
    ("realtime-gateway", "asyncapi", "realtime-gateway/asyncapi.json"),
];

/// Writes the contracts, or, with `--check`, fails when the committed ones are out of date.
pub(crate) fn run(interrupt: &Interrupt, arguments: &[String]) -> Result<()> {
    let check = match arguments {
        [] => false,
        [option] if option == "--check" => true,
        _ => return Err("generate takes --check and nothing else".into()),
    };
    let programs = build_programs(interrupt, Profile::Debug)?;
    let mut stale = Vec::new();
    for (program, argument, file) in CONTRACTS {
        let contract = output_of(&programs.join(program), argument)?;
        let path = root()?.join(file);
        if fs::read_to_string(&path).is_ok_and(|committed| committed == contract) {
            continue;
        }
        if check {
            stale.push(file);
        } else {
            fs::write(&path, contract)?;
            println!("wrote {file}");
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("{} out of date: run cargo xtask generate and commit", stale.join(", ")).into())
}

fn output_of(program: &Path, argument: &str) -> Result<String> {
    let output = Command::new(program).arg(argument).output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} {argument}: {}\n{errors}", program.display(), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
