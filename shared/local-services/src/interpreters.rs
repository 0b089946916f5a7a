use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::tools::{find, install_once};
use crate::{LocalServicesError, Result};

/// Finds a Python that can make virtual environments. When it is missing and the user is root, installs Debian's packages
/// first.
pub fn find_or_install_python() -> Result<PathBuf> {
    install_once(|| {
        let python = find("python3").filter(|python| {
            let mut import = Command::new(python);
            import.args(["-c", "import ensurepip, venv"]).stdout(Stdio::null()).stderr(Stdio::null());
            import.status().is_ok_and(|status| status.success())
        });
        python.ok_or(LocalServicesError::Missing { packages: vec!["python3", "python3-venv"] })
    })
}

/// Finds the browser Chromium. When it is missing and the user is root, installs Debian's package first.
pub fn find_or_install_chromium() -> Result<PathBuf> {
    install_once(|| {
        let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find);
        chromium.ok_or(LocalServicesError::Missing { packages: vec!["chromium"] })
    })
}
