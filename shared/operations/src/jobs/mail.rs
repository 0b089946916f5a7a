use domain::users::EmailAddress;

/// A mail to one person.
pub struct Mail {
    /// Whom it is for.
    pub to: EmailAddress,
    /// What it is about.
    pub subject: String,
    /// What it says: plain text.
    pub text: String,
}

/// A mail could not be handed over.
#[derive(Debug, thiserror::Error)]
#[error("mail not handed over: {0}")]
pub struct MailFault(pub String);

/// Hands mails over to whoever delivers them.
#[async_trait::async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Hands one mail over. What it returns is never in doubt for long: it has a deadline of its own.
    async fn send(&self, mail: Mail) -> Result<(), MailFault>;
}
