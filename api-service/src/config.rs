use std::net::SocketAddr;

use edge::health::HealthListen;
use edge::is_loopback_url;
use edge::settings::{Logging, Stores};
use identity::secrets::{MasterSecret, load_secret};
use identity::signing_keys::{SigningKey, load_signing_key};
use platform::config::{ConfigFaults, Environment, Faulty};
use url::Url;

use crate::mail::{SmtpFault, SmtpMailer};
use crate::{RateBudgets, Settings, ShowsMail};

/// Destination of mails.
pub enum MailRoute {
    /// Stores mails and shows them on the mail page.
    Capture,
    /// Sends mails to a mail server.
    Smtp(Box<SmtpMailer>),
}

/// The settings of the program.
pub struct ApiConfig {
    /// The database and Redis.
    pub stores: Stores,
    /// Address and port on which the service listens.
    pub listen: SocketAddr,
    /// Address of the separate listener for health checks.
    pub health_listen: HealthListen,
    /// Destination of mails.
    pub mail: MailRoute,
    /// The key that signs access tokens.
    pub signing_key: SigningKey,
    /// The secret that all other keys are derived from.
    pub secret: MasterSecret,
    /// The settings of the service.
    pub settings: Settings,
    /// Log filter and log format.
    pub logging: Logging,
}

impl ApiConfig {
    /// Reads and checks every setting. Every fault is reported at once.
    pub fn from_environment(environment: &mut Environment) -> Result<Self, ConfigFaults> {
        let stores = Stores::from_environment(environment);
        let listen = environment.or_default(
            "ORGO_API_LISTEN",
            "127.0.0.1:8081",
            "The address and port on which the API service listens",
        );
        let health_listen = environment.or_default(
            "ORGO_API_HEALTH_LISTEN",
            "127.0.0.1:8181",
            "The address and port of a separate listener for health checks of the API service, or off",
        );
        let edge = edge::Settings::from_environment(environment);
        let smtp_url: Result<String, _> = environment.required(
            "ORGO_SMTP_URL",
            "smtps://user:password@mail.example.com",
            "The URL of the mail server, or capture: to store mails and show them at /dev/mail, on loopback only",
        );
        let mail_from: Result<String, _> =
            environment.or_default("ORGO_MAIL_FROM", "OrGo <no-reply@localhost>", "The sender of mails");
        let signing_key = environment.required_file(
            "ORGO_SIGNING_KEY_FILE",
            "/run/secrets/signing-key.pem",
            "The file with the Ed25519 key that signs access tokens: PKCS#8 in PEM",
            load_signing_key,
        );
        let secret = environment.required_file(
            "ORGO_SECRET_FILE",
            "/run/secrets/secret.hex",
            "The file with the secret that other keys are derived from: 32 random bytes or more, as hex",
            load_secret,
        );
        let rates = RateBudgets::from_environment(environment);
        let logging = Logging::from_environment(environment, "info");
        let addresses = (listen.as_ref().ok().copied(), edge.as_ref().ok().map(|edge| &*edge.public_url));
        let mail = mail_route(environment, smtp_url.as_deref().ok(), mail_from.as_deref().ok(), addresses);
        environment.finish()?;
        let shows_mail =
            if matches!(mail, Some(MailRoute::Capture)) { ShowsMail::Yes } else { ShowsMail::No };
        Ok(Self {
            stores: stores?,
            listen: listen?,
            health_listen: health_listen?,
            mail: mail.ok_or(Faulty)?,
            signing_key: signing_key?,
            secret: secret?,
            settings: Settings { edge: edge?, shows_mail, rates: rates? },
            logging: logging?,
        })
    }
}

/// Returns the destination of mails. Checks each setting even if others are faulty. `addresses` holds the
/// listening address and the public URL.
fn mail_route(
    environment: &mut Environment,
    url: Option<&str>,
    from: Option<&str>,
    (listen, public_url): (Option<SocketAddr>, Option<&str>),
) -> Option<MailRoute> {
    let sender = from.filter(|from| SmtpMailer::new("smtp://localhost", from).is_ok());
    if from.is_some() && sender.is_none() {
        environment.refuse("ORGO_MAIL_FROM", SmtpFault::Sender);
    }
    if url? == "capture:" {
        let is_local = |url: &str| Url::parse(url).is_ok_and(|url| is_loopback_url(&url));
        if public_url.is_some_and(|url| !is_local(url)) {
            let fault = "capture: shows the codes of all people; ORGO_PUBLIC_URL must be a loopback address";
            environment.refuse("ORGO_SMTP_URL", fault);
        }
        if listen.is_some_and(|address| !address.ip().is_loopback()) {
            let fault = "capture: shows the codes of all people; ORGO_API_LISTEN must be a loopback address";
            environment.refuse("ORGO_SMTP_URL", fault);
        }
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

    /// A folder with both key files, for one test. Dropping it deletes the folder.
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
        assert_eq!(config.settings.edge.public_url, "https://api.example.com");
        assert!(matches!(config.mail, MailRoute::Smtp(_)));
    }

    #[test]
    fn every_fault_is_named_at_once_and_no_secret_is_repeated() {
        let wrong = [
            ("ORGO_ALLOWED_ORIGINS", "https://app.example.com,*"),
            ("ORGO_API_HEALTH_LISTEN", "s3cret"),
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
        for listen in ["0.0.0.0:8081", "[::]:8081", "192.0.2.1:8081"] {
            let local = ("ORGO_PUBLIC_URL", "http://127.0.0.1:8088");
            let faults = read(&[("ORGO_SMTP_URL", "capture:"), local, ("ORGO_API_LISTEN", listen)]).err();
            assert!(faults.unwrap().to_string().contains("ORGO_API_LISTEN"), "{listen}");
        }
        for loopback in ["http://127.0.0.1:8088", "http://localhost:8088", "http://[::1]:8088"] {
            let config = read(&[("ORGO_SMTP_URL", "capture:"), ("ORGO_PUBLIC_URL", loopback)]).unwrap();
            assert_eq!(config.settings.shows_mail, ShowsMail::Yes);
        }
    }
}
