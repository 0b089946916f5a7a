use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use domain::Problem;
use identity::cursors::CursorSeal;
use operations::{App, Credentials};
use url::Url;

/// What differs from one installation to the next.
#[derive(Debug, Clone)]
pub struct Tuning {
    /// Under which address people reach us, without a slash at the end.
    pub public_url: String,
    /// Other origins whose pages may call us from a browser.
    pub allowed_origins: Vec<String>,
    /// The peers whose word we take for a visitor's address.
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether mails are kept and shown instead of sent.
    pub shows_mail: ShowsMail,
}

/// Whether mails are kept and shown at `/dev/mail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShowsMail {
    /// They are: nothing is sent anywhere.
    Yes,
    /// They are sent.
    No,
}

/// What a service is made of.
pub struct Parts {
    /// The long-lived parts of the operations.
    pub app: App,
    /// The keys.
    pub credentials: Credentials,
    /// Seals cursors.
    pub cursors: CursorSeal,
    /// What differs from one installation to the next.
    pub tuning: Tuning,
}

/// The service behind every handler. Clones share it.
#[derive(Clone)]
pub struct Service(Arc<Shared>);

struct Shared {
    parts: Parts,
    is_draining: AtomicBool,
    also_ready: OnceLock<ReadinessCheck>,
}

/// A further condition of being ready.
type ReadinessCheck =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), Problem>> + Send>> + Send + Sync>;

impl Service {
    /// Puts a service together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared { parts, is_draining: AtomicBool::new(false), also_ready: OnceLock::new() }))
    }

    /// Returns the long-lived parts of the operations.
    pub fn app(&self) -> &App {
        &self.0.parts.app
    }

    /// Returns the keys.
    pub fn credentials(&self) -> &Credentials {
        &self.0.parts.credentials
    }

    /// Returns what seals cursors.
    pub fn cursors(&self) -> &CursorSeal {
        &self.0.parts.cursors
    }

    /// Returns what differs from one installation to the next.
    pub fn tuning(&self) -> &Tuning {
        &self.0.parts.tuning
    }

    /// Returns the origins whose pages may call us: those allowed, and our own. On loopback one machine has two names.
    pub fn browser_origins(&self) -> Vec<String> {
        let Tuning { public_url, allowed_origins, .. } = self.tuning();
        let mut origins = allowed_origins.clone();
        origins.push(public_url.clone());
        let other = match Url::parse(public_url).ok().as_ref().and_then(Url::host_str) {
            Some("127.0.0.1") => Some(public_url.replacen("127.0.0.1", "localhost", 1)),
            Some("localhost") => Some(public_url.replacen("localhost", "127.0.0.1", 1)),
            _ => None,
        };
        origins.extend(other);
        origins
    }

    /// Makes `/readyz` depend on what shares the process, too. The first call counts.
    pub fn also_ready<F>(&self, check: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), Problem>> + Send + 'static,
    {
        self.0.also_ready.get_or_init(|| Box::new(move || Box::pin(check())));
    }

    /// Tells whether what shares the process is ready.
    pub(crate) async fn check_beside(&self) -> Result<(), Problem> {
        match self.0.also_ready.get() {
            Some(check) => check().await,
            None => Ok(()),
        }
    }

    /// Says that no new work should come here: `/readyz` fails from now on.
    pub fn drain(&self) {
        self.0.is_draining.store(true, Ordering::SeqCst);
    }

    /// Tells whether it is going down.
    pub fn is_draining(&self) -> bool {
        self.0.is_draining.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use testkit::{PUBLIC_URL, TestApp, TestDatabase};

    use super::*;

    /// Returns a service whose database nobody looks at.
    pub(crate) async fn service() -> Service {
        let parts = TestApp::new(TestDatabase::sqlite().await);
        Service::new(Parts {
            cursors: CursorSeal::new(&parts.secret),
            app: parts.app,
            credentials: parts.credentials,
            tuning: Tuning {
                public_url: PUBLIC_URL.into(),
                allowed_origins: Vec::new(),
                trusted_proxies: Vec::new(),
                shows_mail: ShowsMail::No,
            },
        })
    }
}
