use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use platform::config::{CommaSeparated, ConfigFaults, Environment};
use platform::telemetry::Format;
use url::{Host, Url};

use crate::mail::SmtpMailer;
use crate::{ShowsMail, Tuning};

/// Where mails go.
pub enum MailRoute {
    /// Nowhere: they are kept and shown.
    Capture,
    /// To a mail server.
    Smtp(SmtpMailer),
}

/// The settings of the service.
pub struct ApiConfig {
    /// Where the database is.
    pub database_url: String,
    /// Where Redis is.
    pub redis_url: String,
    /// Where the service listens.
    pub listen: SocketAddr,
    /// Where mails go.
    pub mail: MailRoute,
    /// The file of the key that signs access tokens.
    pub signing_key_file: PathBuf,
    /// The file of the secret that seals everything else.
    pub secret_file: PathBuf,
    /// What differs from one installation to the next.
    pub tuning: Tuning,
    /// What is logged.
    pub log: String,
    /// In which form.
    pub log_format: Format,
}

impl ApiConfig {
    /// Reads and checks every setting. Every fault is named at once.
    pub fn from_environment(environment: &mut Environment) -> Result<Self, ConfigFaults> {
        let database_url =
            environment.required("ORGO_DATABASE_URL", "postgres://orgo@localhost/orgo", "Where the database is.");
        let redis_url = environment.required("ORGO_REDIS_URL", "redis://localhost:6379", "Where Redis is.");
        let listen =
            environment.or_default("ORGO_API_LISTEN", "127.0.0.1:8081", "Where the API service listens.");
        let public_url: Result<Url, _> = environment.required(
            "ORGO_PUBLIC_URL",
            "https://api.example.com",
            "Under which address people reach the service.",
        );
        let allowed_origins = environment.or_default::<CommaSeparated<String>>(
            "ORGO_ALLOWED_ORIGINS",
            "",
            "Other origins whose pages may call us, with commas between them.",
        );
        let smtp_url: Result<String, _> = environment.required(
            "ORGO_SMTP_URL",
            "smtps://user:password@mail.example.com",
            "The mail server; capture: keeps mails and shows them at /dev/mail, on loopback only.",
        );
        let mail_from: Result<String, _> =
            environment.or_default("ORGO_MAIL_FROM", "OrGo <no-reply@localhost>", "Whom mails come from.");
        let signing_key_file = environment.required(
            "ORGO_SIGNING_KEY_FILE",
            "/run/secrets/signing-key.pem",
            "The Ed25519 key that signs access tokens: PKCS#8 in PEM.",
        );
        let secret_file = environment.required(
            "ORGO_SECRET_FILE",
            "/run/secrets/secret.hex",
            "The secret that seals everything else: 32 random bytes or more, as hex.",
        );
        let trusted_proxies = environment.or_default::<CommaSeparated<IpAddr>>(
            "ORGO_TRUSTED_PROXIES",
            "",
            "The peers whose X-Real-IP is believed, with commas between them.",
        );
        let log = environment.or_default("ORGO_LOG", "info", "What is logged.");
        let log_format = environment.or_default("ORGO_LOG_FORMAT", "text", "In which form: text or json.");
        let mut mail = None;
        if let (Ok(smtp_url), Ok(mail_from), Ok(public_url)) = (&smtp_url, &mail_from, &public_url) {
            mail = mail_route(environment, smtp_url, mail_from, public_url);
        }
        if let Ok(public_url) = &public_url
            && !is_base(public_url)
        {
            environment.refuse("ORGO_PUBLIC_URL", "must be http or https with nothing behind the host and port");
        }
        environment.finish()?;
        let shows_mail = if matches!(mail, Some(MailRoute::Capture)) { ShowsMail::Yes } else { ShowsMail::No };
        Ok(Self {
            database_url: database_url?,
            redis_url: redis_url?,
            listen: listen?,
            mail: mail.unwrap_or(MailRoute::Capture),
            signing_key_file: signing_key_file?,
            secret_file: secret_file?,
            tuning: Tuning {
                public_url: public_url?.origin().ascii_serialization(),
                allowed_origins: allowed_origins?.0,
                trusted_proxies: trusted_proxies?.0,
                shows_mail,
            },
            log: log?,
            log_format: log_format?,
        })
    }
}

fn mail_route(environment: &mut Environment, url: &str, from: &str, public_url: &Url) -> Option<MailRoute> {
    if url == "capture:" {
        if is_loopback(public_url) {
            return Some(MailRoute::Capture);
        }
        environment.refuse("ORGO_SMTP_URL", "capture: shows codes to everybody; it works on loopback only");
        return None;
    }
    match SmtpMailer::new(url, from) {
        Ok(mailer) => Some(MailRoute::Smtp(mailer)),
        Err(fault) => {
            let name = match fault {
                crate::mail::SmtpFault::Url => "ORGO_SMTP_URL",
                crate::mail::SmtpFault::Sender => "ORGO_MAIL_FROM",
            };
            environment.refuse(name, fault.to_string());
            None
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_base(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none() && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 6] = [
        ("ORGO_DATABASE_URL", "postgres://orgo:secret@localhost/orgo"),
        ("ORGO_REDIS_URL", "redis://localhost"),
        ("ORGO_PUBLIC_URL", "https://api.example.com"),
        ("ORGO_SMTP_URL", "smtps://user:secret@mail.example.com"),
        ("ORGO_SIGNING_KEY_FILE", "/keys/signing-key.pem"),
        ("ORGO_SECRET_FILE", "/keys/secret.hex"),
    ];

    fn read(changes: &[(&str, &str)]) -> Result<ApiConfig, ConfigFaults> {
        let mut pairs: std::collections::BTreeMap<_, _> = GOOD.into();
        pairs.extend(changes.iter().copied());
        ApiConfig::from_environment(&mut Environment::from_pairs(pairs))
    }

    #[test]
    fn a_complete_environment_is_accepted() {
        let config = read(&[]).unwrap();
        assert_eq!(config.tuning.public_url, "https://api.example.com");
        assert!(matches!(config.mail, MailRoute::Smtp(_)));
    }

    #[test]
    fn every_fault_is_named_at_once_and_no_secret_is_repeated() {
        let faults = ApiConfig::from_environment(&mut Environment::from_pairs([("ORGO_API_LISTEN", "nowhere")]));
        let text = faults.err().unwrap().to_string();
        for name in GOOD.map(|(name, _)| name).into_iter().chain(["ORGO_API_LISTEN"]) {
            assert!(text.contains(name), "{name} is missing in {text}");
        }
        let text = read(&[("ORGO_SMTP_URL", "ftp://user:secret@mail.example.com")]).err().unwrap().to_string();
        assert!(text.contains("ORGO_SMTP_URL") && !text.contains("secret"), "{text}");
    }

    #[test]
    fn mails_are_shown_on_loopback_only() {
        assert!(read(&[("ORGO_SMTP_URL", "capture:")]).is_err());
        for loopback in ["http://127.0.0.1:8088", "http://localhost:8088", "http://[::1]:8088"] {
            let config = read(&[("ORGO_SMTP_URL", "capture:"), ("ORGO_PUBLIC_URL", loopback)]).unwrap();
            assert_eq!(config.tuning.shows_mail, ShowsMail::Yes);
        }
    }

    #[test]
    fn the_public_address_is_a_bare_origin() {
        for bad in ["ftp://api.example.com", "https://api.example.com/v1", "https://api.example.com/?x=1"] {
            assert!(read(&[("ORGO_PUBLIC_URL", bad)]).is_err(), "{bad}");
        }
    }
}
