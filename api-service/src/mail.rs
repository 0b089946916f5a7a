//! Delivers mails to a mail server, or stores them for the mail page.

mod capture;
mod smtp;

pub use capture::CaptureMailer;
pub(crate) use smtp::SmtpFault;
pub use smtp::SmtpMailer;
