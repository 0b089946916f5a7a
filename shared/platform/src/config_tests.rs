use std::net::{IpAddr, SocketAddr};

use super::*;

const NOTHING: [(&str, &str); 0] = [];

#[test]
fn set_default_and_missing_values_are_read() {
    let mut environment = Environment::from_pairs([
        ("ORGO_API_LISTEN", " 127.0.0.1:9000 "),
        ("ORGO_REDIS_URL", ""),
        ("PATH", "/usr/bin"),
    ]);
    let listen = environment.required::<SocketAddr>("ORGO_API_LISTEN", "127.0.0.1:8081", "Where");
    assert_eq!(listen, Ok(SocketAddr::from(([127, 0, 0, 1], 9000))));
    assert_eq!(environment.or_default::<String>("ORGO_LOG", "info", "What"), Ok("info".to_owned()));
    assert_eq!(environment.optional::<String>("ORGO_REDIS_URL", "redis://127.0.0.1", "Redis"), Ok(None));
    assert_eq!(environment.finish(), Ok(()));
}

#[test]
fn one_start_shows_every_fault() {
    let mut environment = Environment::from_pairs([
        ("ORGO_API_LISTEN", "here"),
        ("ORGO_DATABSE_URL", "postgres://orgo@127.0.0.1/orgo"),
        ("ORGO_TRUSTED_PROXIES", "127.0.0.1, localhost"),
        ("ORGO_TEST_REDIS_URL", "redis://127.0.0.1"),
    ]);
    let listen = environment.or_default::<SocketAddr>("ORGO_API_LISTEN", "127.0.0.1:8081", "Where");
    let database =
        environment.required::<String>("ORGO_DATABASE_URL", "postgres://orgo@127.0.0.1/orgo", "The database");
    let proxies = environment.optional::<CommaSeparated<IpAddr>>("ORGO_TRUSTED_PROXIES", "127.0.0.1", "Who");
    assert_eq!((listen, database, proxies), (Err(Faulty), Err(Faulty), Err(Faulty)));
    environment
        .refuse("ORGO_SMTP_URL", "capture: is for local use; the public URL is not a loopback address");
    let faults = environment.finish().unwrap_err();
    assert_eq!(
        faults.to_string(),
        "ORGO_API_LISTEN: invalid socket address syntax; a right value is 127.0.0.1:8081\n\
         ORGO_DATABASE_URL: is not set; the database, for example postgres://orgo@127.0.0.1/orgo\n\
         ORGO_TRUSTED_PROXIES: invalid IP address syntax; a right value is 127.0.0.1\n\
         ORGO_SMTP_URL: capture: is for local use; the public URL is not a loopback address\n\
         ORGO_DATABSE_URL: is not a setting of OrGo; is the name misspelt?"
    );
}

#[test]
fn faults_never_contain_a_value() {
    #[derive(Debug)]
    struct Refuses;
    impl FromStr for Refuses {
        type Err = String;
        fn from_str(text: &str) -> Result<Self, String> {
            Err(format!("I do not like {text}"))
        }
    }
    let mut environment =
        Environment::from_pairs([("ORGO_DATABASE_URL", "s3cret"), ("ORGO_S3CRET_KEY", "s3cret")]);
    assert!(environment.required::<Refuses>("ORGO_DATABASE_URL", "postgres://…", "The database").is_err());
    assert!(environment.optional::<Refuses>("ORGO_DATABASE_URL", "postgres://…", "The database").is_err());
    let faults = environment.finish().unwrap_err();
    assert!(!faults.to_string().contains("s3cret"), "{faults}");
    assert!(!format!("{faults:?}").contains("s3cret"), "{faults:?}");
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_utf_8_is_a_fault() {
    let value: OsString = std::os::unix::ffi::OsStringExt::from_vec(vec![0xff]);
    let environment = Environment::new([("ORGO_LOG".to_owned(), value)].into_iter());
    assert_eq!(environment.finish().unwrap_err().to_string(), "ORGO_LOG: is not UTF-8");
}

#[test]
fn a_file_is_read_and_its_faults_are_reported_without_its_path() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let mut environment = Environment::from_pairs([("ORGO_LOG", path), ("ORGO_SECRET_FILE", "s3cret")]);
    let read = environment.required_file("ORGO_LOG", "/log", "The log", |path| std::fs::read_to_string(path));
    assert!(read.unwrap().contains("platform"));
    let missing = environment.required_file("ORGO_SECRET_FILE", "/secret", "The secret", |path| {
        Err::<(), _>(std::io::Error::other(format!("{} does not exist", path.display())))
    });
    assert_eq!(missing, Err(Faulty));
    assert_eq!(environment.finish().unwrap_err().to_string(), "ORGO_SECRET_FILE: the file does not exist");
}

#[test]
fn settings_are_documented_as_they_are_read() {
    let mut environment = Environment::from_pairs(NOTHING);
    assert!(environment.or_default::<String>("ORGO_LOG", "info", "What is logged").is_ok());
    assert!(environment.required::<String>("ORGO_DATABASE_URL", "sqlite://orgo.db", "The database").is_err());
    assert_eq!(
        environment.settings(),
        [
            SettingDoc {
                name: "ORGO_LOG",
                default: Some("info"),
                example: "info",
                doc: "What is logged",
                is_required: false
            },
            SettingDoc {
                name: "ORGO_DATABASE_URL",
                default: None,
                example: "sqlite://orgo.db",
                doc: "The database",
                is_required: true,
            },
        ]
    );
}

#[test]
fn lists_are_separated_by_commas() {
    let read = |text: &str| text.parse::<CommaSeparated<u8>>().map(|list| list.0);
    assert_eq!(read("1, 2 ,3,"), Ok(vec![1, 2, 3]));
    assert_eq!(read(""), Ok(vec![]));
    assert!(read("1;2").is_err());
}
