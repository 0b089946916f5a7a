use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::Result;
use crate::interrupt::Interrupt;

/// Returns the root folder of the repository.
pub(crate) fn root() -> Result<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(own.ancestors().nth(2).ok_or("this crate has moved")?.to_owned())
}

/// Returns the target folder, which is not always below the root.
pub(crate) fn target() -> Result<PathBuf> {
    let own = env::current_exe()?;
    Ok(own.ancestors().nth(2).ok_or("this program has moved")?.to_owned())
}

/// Returns the folders of the workspace's members from `Cargo.toml`.
pub(crate) fn members() -> Result<Vec<PathBuf>> {
    let root = root()?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let members = manifest.split("\nmembers = [").nth(1).and_then(|rest| rest.split(']').next());
    let members = members.ok_or("Cargo.toml lists no members")?;
    Ok(members.split('"').skip(1).step_by(2).map(|member| root.join(member)).collect())
}

/// Extensions of the files that people write.
const TEXTS: &[&str] = &["rs", "toml", "md", "conf", "lua", "yml", "yaml"];

/// Returns the path from the root and the content of every file that people write, sorted by path.
pub(crate) fn texts() -> Result<Vec<(PathBuf, String)>> {
    let root = root()?;
    let mut paths = Vec::new();
    collect(&root, &root, &mut paths)?;
    paths.sort();
    let read = |path: PathBuf| Ok((path.strip_prefix(&root)?.to_owned(), fs::read_to_string(&path)?));
    paths.into_iter().map(read).collect()
}

fn collect(root: &Path, folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let top = path.strip_prefix(root)?;
        if path.is_dir() {
            if ![".git", "target", "data"].iter().any(|skipped| top == Path::new(skipped)) {
                collect(root, &path, paths)?;
            }
        } else if path.extension().is_some_and(|extension| TEXTS.iter().any(|text| extension == *text)) {
            paths.push(path);
        }
    }
    Ok(())
}

/// Creates a command of the cargo that runs this program, in the root folder.
pub(crate) fn cargo(arguments: &[&str]) -> Result<Command> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root()?);
    Ok(command)
}

/// The build profile of the programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    Release,
}

/// Builds all programs and returns their folder.
///
/// Always builds the whole workspace, because a part of it enables other features and would rebuild dependencies.
pub(crate) fn build_programs(interrupt: &Interrupt, profile: Profile) -> Result<PathBuf> {
    let mut command = cargo(&["build", "--locked", "--workspace", "--bins"])?;
    let folder = match profile {
        Profile::Debug => "debug",
        Profile::Release => {
            command.arg("--release");
            "release"
        }
    };
    if !interrupt.run(&mut command)?.success() {
        return Err("the programs do not build".into());
    }
    Ok(target()?.join(folder))
}
