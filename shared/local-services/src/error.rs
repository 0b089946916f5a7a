use std::io;
use std::path::PathBuf;

/// Error: a local service could not be found, installed, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum LocalServicesError {
    /// Programs are not on this machine, and only root may install them.
    #[error("not on this machine: {}; install these packages (apt-get install {})", packages.join(", "), packages.join(" "))]
    Missing {
        /// The names of Debian's packages.
        packages: Vec<&'static str>,
    },
    /// Another run uses the directory.
    #[error("{} is in use by another run", directory.display())]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// The requested port is in use.
    #[error("port {port} is in use by another program")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// A program failed, ended before it was ready, or was not ready in time.
    #[error("{program} {what}\n{log}")]
    Failed {
        /// The name of the program.
        program: String,
        /// What went wrong.
        what: String,
        /// The last lines of its log.
        log: String,
    },
    /// The operating system returned an error.
    #[error("{what}: {source}")]
    Io {
        /// The action that failed.
        what: String,
        /// The reason.
        source: io::Error,
    },
}

impl LocalServicesError {
    /// Returns a function that adds the action that failed to an error of the operating system.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(crate) fn errno(what: impl Into<String>) -> impl FnOnce(rustix::io::Errno) -> Self {
        let what = what.into();
        move |errno| Self::Io { what, source: errno.into() }
    }
}
