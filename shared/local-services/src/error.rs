use std::io;
use std::path::PathBuf;

/// Why a local service could not be found, installed, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum LocalServicesError {
    /// Programs are not on this machine, and only root may install them.
    #[error("not on this machine: {}; install these packages (apt-get install {})", packages.join(", "), packages.join(" "))]
    Missing {
        /// The names of Debian's packages.
        packages: Vec<&'static str>,
    },
    /// The directory belongs to a run that has not ended.
    #[error("{} is in use by another run", directory.display())]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// The port asked for is taken.
    #[error("port {port} is in use by another program")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// A program ended with a failure, or before it was ready, or was not ready in time.
    #[error("{program} {what}\n{log}")]
    Failed {
        /// The name of the program.
        program: String,
        /// What went wrong.
        what: String,
        /// The last lines of its log.
        log: String,
    },
    /// The operating system refused something.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The reason.
        source: io::Error,
    },
}

impl LocalServicesError {
    /// Returns a function that adds what was tried to an error of the operating system.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(crate) fn errno(what: impl Into<String>) -> impl FnOnce(rustix::io::Errno) -> Self {
        let what = what.into();
        move |errno| Self::Io { what, source: errno.into() }
    }
}
