//! Handing mails over: to a mail server, or to the page that shows them.

mod capture;
mod smtp;

pub use capture::CaptureMailer;
pub(crate) use smtp::SmtpFault;
pub use smtp::SmtpMailer;
