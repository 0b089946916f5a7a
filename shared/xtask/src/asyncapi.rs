use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use local_services::Node;

use crate::Result;
use crate::interrupt::Interrupt;
use crate::repository::{root, target};

const DOCUMENT: &str = "realtime-gateway/asyncapi.json";
/// Folder of the files below.
const FOLDER: &str = "realtime-gateway/asyncapi";
const LOCK: &str = "package-lock.json";
const SCRIPT: &str = "check.mjs";
/// Copy of the lock file that the installed packages belong to.
const INSTALLED: &str = "installed-lock.json";

/// Checks the committed protocol description with the official parser. Its errors and warnings are faults.
pub(crate) fn run(interrupt: &Interrupt) -> Result<()> {
    let node = Node::find_or_install()?;
    let folder = installed(interrupt, &node)?;
    fs::copy(root()?.join(FOLDER).join(SCRIPT), folder.join(SCRIPT))?;
    let mut check = Command::new(&node.node);
    check.arg(folder.join(SCRIPT)).arg(DOCUMENT).current_dir(root()?);
    let status = interrupt.run(&mut check)?;
    if status.success() { Ok(()) } else { Err(format!("{DOCUMENT} is not a valid AsyncAPI document").into()) }
}

/// Returns the folder of the installed packages. They are installed again only when the lock file has changed.
fn installed(interrupt: &Interrupt, node: &Node) -> Result<PathBuf> {
    let source = root()?.join(FOLDER);
    let folder = target()?.join("asyncapi");
    let lock = fs::read_to_string(source.join(LOCK))?;
    if let Some(fault) = fault_of_lock(&lock) {
        return Err(format!("{FOLDER}/{LOCK}: {fault}").into());
    }
    if is_installed(&folder, &lock) {
        return Ok(folder);
    }
    fs::create_dir_all(&folder)?;
    for file in ["package.json", LOCK] {
        fs::copy(source.join(file), folder.join(file))?;
    }
    let mut install = node.npm();
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
    if !interrupt.run(install.current_dir(&folder))?.success() {
        return Err("the packages of the parser could not be installed".into());
    }
    // The last step: an installation that was interrupted is done again.
    fs::write(folder.join(INSTALLED), lock)?;
    Ok(folder)
}

fn is_installed(folder: &Path, lock: &str) -> bool {
    fs::read_to_string(folder.join(INSTALLED)).is_ok_and(|installed| installed == lock)
}

/// Returns why a lock file cannot be used: it must not tie the repository to one package registry, and every package must
/// be verified.
fn fault_of_lock(lock: &str) -> Option<&'static str> {
    if lock.contains("\"resolved\"") {
        return Some("names a registry: write it with --omit-lockfile-registry-resolved=true");
    }
    let packages = lock.matches("\"node_modules/").count();
    (lock.matches("\"integrity\"").count() < packages).then_some("a package has no checksum")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_names_no_registry_and_has_every_checksum() {
        let good = r#"{"node_modules/a":{"version":"1.0.0","integrity":"sha512-x"}}"#;
        assert_eq!(fault_of_lock(good), None);
        assert!(fault_of_lock(r#"{"node_modules/a":{"version":"1.0.0"}}"#).unwrap().contains("checksum"));
        let tied = r#"{"node_modules/a":{"resolved":"https://registry/a.tgz","integrity":"sha512-x"}}"#;
        assert!(fault_of_lock(tied).unwrap().contains("registry"));
        let committed = include_str!("../../../realtime-gateway/asyncapi/package-lock.json");
        assert_eq!(fault_of_lock(committed), None);
    }

    #[test]
    fn packages_are_installed_again_when_the_lock_file_changes() {
        let folder = target().unwrap().join("asyncapi-test");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(INSTALLED), "one").unwrap();
        assert!(is_installed(&folder, "one"));
        assert!(!is_installed(&folder, "two"));
        assert!(!is_installed(&folder.join("nothing"), "one"));
        fs::remove_dir_all(folder).unwrap();
    }
}
