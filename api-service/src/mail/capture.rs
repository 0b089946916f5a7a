use std::io::Write as _;

use domain::ids::CapturedMailId;
use operations::App;
use operations::jobs::{Mail, MailFault, Mailer};
use store::captured_mails::{self, CapturedMail};

/// Stores mails for the local mail page and prints them on the console. Sends no mail.
pub struct CaptureMailer {
    app: App,
}

impl CaptureMailer {
    /// Creates a mailer that stores mails in the store of `app`.
    pub fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait::async_trait]
impl Mailer for CaptureMailer {
    async fn send(&self, mail: Mail) -> Result<(), MailFault> {
        let fault = |fault: store::StoreError| MailFault(fault.to_string());
        let unit = self.app.store.begin(self.app.clock.now()).await.map_err(fault)?;
        let captured = CapturedMail {
            to: mail.to.as_str().to_owned(),
            subject: mail.subject,
            text: mail.text,
            at: unit.now(),
        };
        let id = CapturedMailId::new(&*self.app.ids);
        captured_mails::insert(&unit, id, &captured).await.map_err(fault)?;
        unit.commit().await.map_err(fault)?;
        let shown = format!("Mail to {}: {}\n{}\n", captured.to, captured.subject, captured.text);
        // If the console is closed, the mail is stored nevertheless.
        if std::io::stdout().lock().write_all(shown.as_bytes()).is_err() {
            tracing::debug!("the console is closed");
        }
        Ok(())
    }
}
