//! Packages of npm and Python that checks use, installed below `target` in the versions of committed lock files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use local_services::Node;

use crate::Result;
use crate::interrupt::Interrupt;
use crate::repository::{root, target};

const NPM_LOCK: &str = "package-lock.json";
const PYTHON_LOCK: &str = "requirements.txt";
/// Copy of the lock file that the installed packages belong to.
const INSTALLED: &str = "installed-lock";

/// Installs the npm packages of a folder of the repository into `target/<name>`, and returns that folder. They are
/// installed again only when the lock file has changed.
pub(crate) fn npm(interrupt: &Interrupt, node: &Node, source: &str, name: &str) -> Result<PathBuf> {
    let lock = fs::read_to_string(root()?.join(source).join(NPM_LOCK))?;
    if let Some(fault) = fault_of_lock(&lock) {
        return Err(format!("{source}/{NPM_LOCK}: {fault}").into());
    }
    let folder = target()?.join(name);
    if is_installed(&folder, &lock) {
        return Ok(folder);
    }
    fs::create_dir_all(&folder)?;
    for file in ["package.json", NPM_LOCK] {
        fs::copy(root()?.join(source).join(file), folder.join(file))?;
    }
    let mut install = node.npm();
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
    if !interrupt.run(install.current_dir(&folder))?.success() {
        return Err(format!("the npm packages of {source} could not be installed").into());
    }
    // The last step: an installation that was interrupted is done again.
    fs::write(folder.join(INSTALLED), lock)?;
    Ok(folder)
}

/// Installs the Python packages of a folder of the repository into a virtual environment `target/<name>`, and returns the
/// folder of its programs.
pub(crate) fn python(interrupt: &Interrupt, python: &Path, source: &str, name: &str) -> Result<PathBuf> {
    let source = root()?.join(source).join(PYTHON_LOCK);
    let lock = fs::read_to_string(&source)?;
    let folder = target()?.join(name);
    let programs = folder.join("bin");
    if is_installed(&folder, &lock) {
        return Ok(programs);
    }
    let mut create = Command::new(python);
    create.args(["-m", "venv", "--clear"]).arg(&folder);
    let mut install = Command::new(programs.join("python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]);
    install.arg("--requirement").arg(&source);
    for command in [&mut create, &mut install] {
        if !interrupt.run(command)?.success() {
            return Err(format!("the Python packages of {} could not be installed", source.display()).into());
        }
    }
    fs::write(folder.join(INSTALLED), lock)?;
    Ok(programs)
}

fn is_installed(folder: &Path, lock: &str) -> bool {
    fs::read_to_string(folder.join(INSTALLED)).is_ok_and(|installed| installed == lock)
}

/// Returns why a lock file of npm cannot be used: it must not tie the repository to one package registry, and every package
/// must be verified.
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
        for committed in [
            include_str!("../../../realtime-gateway/asyncapi/package-lock.json"),
            include_str!("../../../api-service/clients/package-lock.json"),
        ] {
            assert_eq!(fault_of_lock(committed), None);
        }
    }

    #[test]
    fn every_python_package_has_checksums_and_no_registry_is_named() {
        let committed = include_str!("../../../api-service/clients/requirements.txt");
        let packages = committed.lines().filter(|line| line.contains("==")).count();
        assert!(packages > 10);
        assert!(committed.matches("--hash=sha256:").count() >= packages);
        assert!(!committed.contains("://") && !committed.contains("--find-links"));
    }

    #[test]
    fn packages_are_installed_again_when_the_lock_file_changes() {
        let folder = target().unwrap().join("packages-test");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(INSTALLED), "one").unwrap();
        assert!(is_installed(&folder, "one"));
        assert!(!is_installed(&folder, "two"));
        assert!(!is_installed(&folder.join("nothing"), "one"));
        fs::remove_dir_all(folder).unwrap();
    }
}
