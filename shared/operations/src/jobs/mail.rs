use domain::users::EmailAddress;

/// A mail to one person.
pub struct Mail {
    /// Address of the recipient.
    pub to: EmailAddress,
    /// Subject line.
    pub subject: String,
    /// Body, plain text.
    pub text: String,
}

/// A mail could not be delivered to the mail server.
#[derive(Debug, thiserror::Error)]
#[error("mail not handed over: {0}")]
pub struct MailFault(pub String);

/// Delivers mails to a mail server.
#[async_trait::async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Delivers one mail. Implementations have a deadline of their own.
    async fn send(&self, mail: Mail) -> Result<(), MailFault>;
}
