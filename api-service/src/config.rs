use std::net::{IpAddr, SocketAddr};

use identity::secrets::{MasterSecret, load_secret};
use identity::signing_keys::{SigningKey, load_signing_key};
use platform::config::{CommaSeparated, ConfigFaults, Environment, Faulty};
use platform::origin::Origin;
use platform::service_url::{DatabaseUrl, RedisUrl};
use platform::telemetry::{Format, LogFilter};
use url::{Host, Url};

use crate::mail::{SmtpFault, SmtpMailer};
use crate::{ShowsMail, Tuning};

/// Where mails go.
pub enum MailRoute {
    /// Nowhere: they are kept and shown.
    Capture,
    /// To a mail server.
    Smtp(Box<SmtpMailer>),
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
    /// The key that signs access tokens.
    pub signing_key: SigningKey,
    /// The secret that seals everything else.
    pub secret: MasterSecret,
    /// What differs from one installation to the next.
    pub tuning: Tuning,
    /// What is logged.
    pub log: LogFilter,
    /// In which form.
    pub log_format: Format,
}

impl ApiConfig {
    /// Reads and checks every setting. Every fault is named at once.
    pub fn from_environment(environment: &mut Environment) -> Result<Self, ConfigFaults> {
        let database_url = environment.required::<DatabaseUrl>(
            "ORGO_DATABASE_URL",
            "postgres://orgo@localhost/orgo",
            "Where the database is.",
        );
        let redis_url =
            environment.required::<RedisUrl>("ORGO_REDIS_URL", "redis://localhost:6379", "Where Redis is.");
        let listen =
            environment.or_default("ORGO_API_LISTEN", "127.0.0.1:8081", "Where the API service listens.");
        let public_url: Result<Url, _> = environment.required(
            "ORGO_PUBLIC_URL",
            "https://api.example.com",
            "Under which address people reach the service.",
        );
        let allowed_origins = environment.or_default::<CommaSeparated<Origin>>(
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
        let signing_key = environment.required_file(
            "ORGO_SIGNING_KEY_FILE",
            "/run/secrets/signing-key.pem",
            "The Ed25519 key that signs access tokens: PKCS#8 in PEM.",
            load_signing_key,
        );
        let secret = environment.required_file(
            "ORGO_SECRET_FILE",
            "/run/secrets/secret.hex",
            "The secret that seals everything else: 32 random bytes or more, as hex.",
            load_secret,
        );
        let trusted_proxies = environment.or_default::<CommaSeparated<IpAddr>>(
            "ORGO_TRUSTED_PROXIES",
            "",
            "The peers whose X-Real-IP is believed, with commas between them.",
        );
        let log = environment.or_default("ORGO_LOG", "info", "What is logged.");
        let log_format = environment.or_default("ORGO_LOG_FORMAT", "text", "In which form: text or json.");
        let mail = mail_route(
            environment,
            smtp_url.as_deref().ok(),
            mail_from.as_deref().ok(),
            public_url.as_ref().ok(),
        );
        if let Ok(public_url) = &public_url
            && !is_base(public_url)
        {
            environment
                .refuse("ORGO_PUBLIC_URL", "must be http or https with nothing behind the host and port");
        }
        environment.finish()?;
        let shows_mail =
            if matches!(mail, Some(MailRoute::Capture)) { ShowsMail::Yes } else { ShowsMail::No };
        Ok(Self {
            database_url: database_url?.into(),
            redis_url: redis_url?.into(),
            listen: listen?,
            mail: mail.ok_or(Faulty)?,
            signing_key: signing_key?,
            secret: secret?,
            tuning: Tuning {
                public_url: public_url?.origin().ascii_serialization(),
                allowed_origins: allowed_origins?.0.into_iter().map(String::from).collect(),
                trusted_proxies: trusted_proxies?.0,
                shows_mail,
            },
            log: log?,
            log_format: log_format?,
        })
    }
}

/// Decides where mails go. Each of the three settings is looked at whatever is wrong with the others.
fn mail_route(
    environment: &mut Environment,
    url: Option<&str>,
    from: Option<&str>,
    public_url: Option<&Url>,
) -> Option<MailRoute> {
    let sender = from.filter(|from| SmtpMailer::new("smtp://localhost", from).is_ok());
    if from.is_some() && sender.is_none() {
        environment.refuse("ORGO_MAIL_FROM", SmtpFault::Sender);
    }
    let is_captured = url? == "capture:";
    if is_captured && public_url.is_some_and(|url| !is_loopback(url)) {
        environment.refuse("ORGO_SMTP_URL", "capture: shows codes to everybody; it works on loopback only");
    }
    if is_captured {
        return Some(MailRoute::Capture);
    }
    match SmtpMailer::new(url?, sender.unwrap_or("orgo@localhost")) {
        Ok(mailer) => Some(MailRoute::Smtp(Box::new(mailer))),
        Err(fault) => {
            environment.refuse("ORGO_SMTP_URL", fault);
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
    matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use identity::secrets::load_or_create_secret;
    use identity::signing_keys::load_or_create_signing_key;

    use super::*;

    const GOOD: [(&str, &str); 4] = [
        ("ORGO_DATABASE_URL", "postgres://orgo:secret@localhost/orgo"),
        ("ORGO_REDIS_URL", "redis://localhost"),
        ("ORGO_PUBLIC_URL", "https://api.example.com"),
        ("ORGO_SMTP_URL", "smtps://user:secret@mail.example.com"),
    ];

    /// A folder with both key files, of one test's own; gone with it.
    struct KeyFolder(PathBuf);

    impl KeyFolder {
        fn create() -> Self {
            let name = format!("orgo-config-{:?}-{}", std::thread::current().id(), std::process::id());
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir(&folder).unwrap();
            load_or_create_signing_key(&folder.join("signing-key.pem")).unwrap();
            load_or_create_secret(&folder.join("secret.hex")).unwrap();
            Self(folder)
        }
    }

    impl Drop for KeyFolder {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn read(changes: &[(&str, &str)]) -> Result<ApiConfig, ConfigFaults> {
        let keys = KeyFolder::create();
        let [signing_key, secret] = ["signing-key.pem", "secret.hex"].map(|name| keys.0.join(name));
        let mut pairs: BTreeMap<_, _> = GOOD.into();
        pairs.insert("ORGO_SIGNING_KEY_FILE", signing_key.to_str().unwrap());
        pairs.insert("ORGO_SECRET_FILE", secret.to_str().unwrap());
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
        let wrong = [
            ("ORGO_ALLOWED_ORIGINS", "https://app.example.com,*"),
            ("ORGO_API_LISTEN", "s3cret"),
            ("ORGO_DATABASE_URL", "mysql://orgo:s3cret@localhost/orgo"),
            ("ORGO_LOG", "sqlx=s3cret"),
            ("ORGO_LOG_FORMAT", "s3cret"),
            ("ORGO_MAIL_FROM", "s3cret"),
            ("ORGO_PUBLIC_URL", "https://api.example.com/s3cret"),
            ("ORGO_REDIS_URL", "http://:s3cret@localhost"),
            ("ORGO_SECRET_FILE", "s3cret"),
            ("ORGO_SIGNING_KEY_FILE", "s3cret"),
            ("ORGO_SMTP_URL", "ftp://user:s3cret@mail.example.com"),
            ("ORGO_TRUSTED_PROXIES", "s3cret"),
        ];
        let text = read(&wrong).err().unwrap().to_string();
        let mut named: Vec<_> = text.lines().map(|line| line.split(':').next().unwrap()).collect();
        named.sort_unstable();
        assert_eq!(named, wrong.map(|(name, _)| name));
        assert!(!text.contains("s3cret"), "{text}");

        let nothing = Environment::from_pairs::<String, String>([]);
        let text = ApiConfig::from_environment(&mut { nothing }).err().unwrap().to_string();
        for name in
            GOOD.map(|(name, _)| name).into_iter().chain(["ORGO_SECRET_FILE", "ORGO_SIGNING_KEY_FILE"])
        {
            assert!(text.contains(name), "{name} is missing in {text}");
        }
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
