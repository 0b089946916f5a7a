use std::time::Duration;

use lettre::message::header::MIME_VERSION_1_0;
use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use operations::jobs::{Mail, MailFault, Mailer};

/// Longest time in which the mail server must accept a mail.
const DEADLINE: Duration = Duration::from_secs(10);

/// Sends mails through a mail server (RFC 5321).
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Error: a mail setting cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SmtpFault {
    /// The URL is not that of a mail server. The message does not contain the URL, which may contain a password.
    #[error("not the URL of a mail server, like smtps://user:password@mail.example.com")]
    Url,
    /// The sender is not a mailbox.
    #[error("not a mailbox, like OrGo <no-reply@example.com>")]
    Sender,
}

impl SmtpMailer {
    /// Creates a mailer for `smtp://…` or `smtps://…`. `from` is the sender's mailbox.
    pub fn new(url: &str, from: &str) -> Result<Self, SmtpFault> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_fault| SmtpFault::Url)?
            .timeout(Some(DEADLINE))
            .build();
        let from = from.parse().map_err(|_fault| SmtpFault::Sender)?;
        Ok(Self { transport, from })
    }
}

#[async_trait::async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> Result<(), MailFault> {
        let to = mail.to.as_str().parse().map_err(|_fault| MailFault("not a mailbox".into()))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject)
            .header(MIME_VERSION_1_0)
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .map_err(|fault| MailFault(fault.to_string()))?;
        let sent = tokio::time::timeout(DEADLINE * 2, self.transport.send(message)).await;
        match sent {
            Ok(Ok(_accepted)) => Ok(()),
            // The server's answer may contain the recipient, so only its class is kept.
            Ok(Err(fault)) => Err(MailFault(class_of(&fault))),
            Err(_late) => Err(MailFault("the mail server did not answer in time".into())),
        }
    }
}

fn class_of(fault: &lettre::transport::smtp::Error) -> String {
    match fault.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if fault.is_timeout() => "the mail server did not answer in time".into(),
        None => "the mail server cannot be used".into(),
    }
}
