use domain::users::{EmailAddress, Locale};

/// A mail to one person, as plain text and as HTML.
pub struct Mail {
    /// Address of the recipient.
    pub to: EmailAddress,
    /// Subject line.
    pub subject: String,
    /// Body, plain text.
    pub text: String,
    /// The same body as an HTML document.
    pub html: String,
}

impl Mail {
    /// Writes a mail of plain paragraphs.
    pub fn of_paragraphs(to: EmailAddress, locale: Locale, subject: &str, paragraphs: &[&str]) -> Self {
        let body: Vec<String> = paragraphs.iter().map(|text| format!("<p>{}</p>", escape(text))).collect();
        let html = format!(
            "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n\
             <body>\n{}\n</body>\n</html>\n",
            locale.as_str(),
            escape(subject),
            body.join("\n")
        );
        Self { to, subject: subject.to_owned(), text: format!("{}\n", paragraphs.join("\n\n")), html }
    }
}

/// Escapes the characters that mean something in HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_of_a_mail_say_the_same_and_html_is_escaped() {
        let to = EmailAddress::from_stored("mina@example.com".into());
        let mail = Mail::of_paragraphs(to, Locale::English, "A & B", &["<b>one</b>", "two \"words\""]);
        assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("A & B", "<b>one</b>\n\ntwo \"words\"\n"));
        assert!(mail.html.contains("<html lang=\"en\">"), "{}", mail.html);
        assert!(mail.html.contains("<title>A &amp; B</title>"), "{}", mail.html);
        let body = "<p>&lt;b&gt;one&lt;/b&gt;</p>\n<p>two &quot;words&quot;</p>";
        assert!(mail.html.contains(body), "{}", mail.html);
    }
}
