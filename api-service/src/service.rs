use std::sync::Arc;

use edge::Edge;
use edge::health::Readiness;
use identity::cursors::CursorSeal;
use operations::posts::ViewCollector;
use operations::{App, Credentials, OperationError};

use crate::RateBudgets;

/// The settings of the service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The settings of the edge.
    pub edge: edge::Settings,
    /// Whether mails are captured instead of sent.
    pub shows_mail: ShowsMail,
    /// The sizes of the rate budgets.
    pub rates: RateBudgets,
}

/// Whether mails are captured and shown at `/dev/mail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShowsMail {
    /// Mails are captured and shown. None is sent.
    Yes,
    /// Mails are sent.
    No,
}

/// The parts of a service.
pub struct Parts {
    /// The long-lived parts of the operations.
    pub app: App,
    /// The keys.
    pub credentials: Credentials,
    /// Seals cursors.
    pub cursors: CursorSeal,
    /// The settings.
    pub settings: Settings,
}

/// The service behind every handler. Clones share it.
#[derive(Clone)]
pub struct Service(Arc<Shared>);

struct Shared {
    app: App,
    credentials: Credentials,
    cursors: CursorSeal,
    shows_mail: ShowsMail,
    rates: RateBudgets,
    edge: Edge,
    readiness: Readiness,
    views: ViewCollector,
}

impl Service {
    /// Creates a service. It is ready while its database answers.
    pub fn new(parts: Parts) -> Self {
        let Parts { app, credentials, cursors, settings } = parts;
        let readiness = Readiness::new();
        let store = app.store.clone();
        readiness.require(move || {
            let store = store.clone();
            async move {
                store.ping().await.map_err(|fault| {
                    tracing::warn!(%fault, "not ready: the database does not answer");
                    OperationError::from(fault).problem()
                })
            }
        });
        let edge = Edge::new(settings.edge, Arc::clone(&app.ids));
        let (shows_mail, rates) = (settings.shows_mail, settings.rates);
        Self(Arc::new(Shared {
            app,
            credentials,
            cursors,
            shows_mail,
            rates,
            edge,
            readiness,
            views: ViewCollector::default(),
        }))
    }

    /// Returns the long-lived parts of the operations.
    pub fn app(&self) -> &App {
        &self.0.app
    }

    /// Returns the keys.
    pub fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    /// Returns the seal of cursors.
    pub fn cursors(&self) -> &CursorSeal {
        &self.0.cursors
    }

    /// Returns the edge.
    pub fn edge(&self) -> &Edge {
        &self.0.edge
    }

    /// Returns the views of posts that are not counted yet.
    pub fn views(&self) -> &ViewCollector {
        &self.0.views
    }

    /// Returns the URL that clients use, without a trailing slash.
    pub fn public_url(&self) -> &str {
        &self.0.edge.settings().public_url
    }

    /// Returns the sizes of the rate budgets.
    pub fn rate_budgets(&self) -> &RateBudgets {
        &self.0.rates
    }

    /// Returns whether mails are captured instead of sent.
    pub fn shows_mail(&self) -> ShowsMail {
        self.0.shows_mail
    }

    /// Returns whether the service can serve requests. Conditions may be added.
    pub fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use testkit::{PUBLIC_URL, TestApp, TestDatabase};

    use super::*;

    /// Returns a service on an empty database.
    pub(crate) async fn service() -> Service {
        let parts = TestApp::new(TestDatabase::sqlite().await);
        Service::new(Parts {
            cursors: CursorSeal::new(&parts.secret),
            app: parts.app,
            credentials: parts.credentials,
            settings: Settings {
                edge: edge::Settings::new(PUBLIC_URL),
                shows_mail: ShowsMail::No,
                rates: RateBudgets::default(),
            },
        })
    }
}
