//! Settings: read once at the start, from variables of the environment, with every fault in them reported at once.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::ffi::OsString;
use std::fmt::{self, Display};
use std::path::Path;
use std::str::FromStr;

/// How the names of all variables begin.
const PREFIX: &str = "ORGO_";
/// How the names of those begin that only tests read.
const TEST_PREFIX: &str = "ORGO_TEST_";

/// The variables of every OrGo binary: one file of them may serve all. Any other `ORGO_…` is a slip of the pen.
pub const VARIABLES: &[&str] = &[
    "ORGO_ALLOWED_ORIGINS",
    "ORGO_API_HEALTH_LISTEN",
    "ORGO_API_LISTEN",
    "ORGO_DATABASE_URL",
    "ORGO_DATA_DIR",
    "ORGO_GATEWAY_HEALTH_LISTEN",
    "ORGO_GATEWAY_LISTEN",
    "ORGO_LISTEN",
    "ORGO_LOG",
    "ORGO_LOG_FORMAT",
    "ORGO_MAIL_FROM",
    "ORGO_PUBLIC_URL",
    "ORGO_REDIS_URL",
    "ORGO_RESUME_KEY_FILE",
    "ORGO_SECRET_FILE",
    "ORGO_SIGNING_KEY_FILE",
    "ORGO_SMTP_URL",
    "ORGO_TRUSTED_PROXIES",
];

/// The variables a process was started with. An empty one counts as not set.
///
/// Reads return `Err(Faulty)` and go on, so that one start shows every fault:
///
/// ```
/// # use std::net::SocketAddr;
/// # use platform::config::{ConfigFaults, Environment};
/// struct Config { listen: SocketAddr, database: String }
///
/// fn read(mut environment: Environment) -> Result<Config, ConfigFaults> {
///     let listen = environment.or_default("ORGO_API_LISTEN", "127.0.0.1:8081", "Where the API listens");
///     let database =
///         environment.required("ORGO_DATABASE_URL", "postgres://orgo@127.0.0.1/orgo", "The database");
///     environment.finish()?;
///     Ok(Config { listen: listen?, database: database? })
/// }
///
/// let faults = read(Environment::from_pairs([("ORGO_API_LISTEN", "nowhere")])).err().unwrap();
/// assert_eq!(faults.to_string().lines().count(), 2);
/// ```
pub struct Environment {
    variables: BTreeMap<String, String>,
    settings: Vec<SettingDoc>,
    faults: Vec<String>,
}

/// What a setting is for, for the example file and its check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingDoc {
    /// The variable.
    pub name: &'static str,
    /// What is taken where it is not set; nothing where it has to be, or may be missing.
    pub default: Option<&'static str>,
    /// A right value.
    pub example: &'static str,
    /// One line on what it is for.
    pub doc: &'static str,
}

/// A setting could not be read; [`Environment::finish`] says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faulty;

/// Everything wrong with the settings, one line each. Holds no value of any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFaults(Vec<String>);

impl Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigFaults {}

impl From<Faulty> for ConfigFaults {
    fn from(_: Faulty) -> Self {
        Self(vec!["a setting was used although it is faulty".to_owned()])
    }
}

impl Environment {
    /// Reads the variables of the process. The only place that does.
    pub fn from_process() -> Self {
        let pairs = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self::new(pairs)
    }

    /// Takes the variables from a list; for tests, and for values a program sets itself.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self::new(pairs.into_iter().map(|(name, value)| (name.into(), OsString::from(value.into()))))
    }

    fn new(pairs: impl Iterator<Item = (String, OsString)>) -> Self {
        let mut environment = Self { variables: BTreeMap::new(), settings: Vec::new(), faults: Vec::new() };
        for (name, value) in pairs.filter(|(name, _)| name.starts_with(PREFIX)) {
            match value.into_string() {
                Ok(value) => {
                    environment.variables.insert(name, value);
                }
                Err(_not_unicode) => environment.faults.push(format!("{name}: is not UTF-8")),
            }
        }
        environment
    }

    /// Reads a setting that has to be there.
    pub fn required<T: FromStr<Err: Display>>(
        &mut self,
        name: &'static str,
        example: &'static str,
        doc: &'static str,
    ) -> Result<T, Faulty> {
        self.describe(name, None, example, doc);
        match self.value(name) {
            Some(value) => self.parse(name, &value, example),
            None => {
                Err(self.note(format!("{name}: is not set; {}, for example {example}", lower_first(doc))))
            }
        }
    }

    /// Reads a setting that may be missing.
    pub fn optional<T: FromStr<Err: Display>>(
        &mut self,
        name: &'static str,
        example: &'static str,
        doc: &'static str,
    ) -> Result<Option<T>, Faulty> {
        self.describe(name, None, example, doc);
        self.value(name).map(|value| self.parse(name, &value, example)).transpose()
    }

    /// Reads a setting that has a default, which is written as the variable would be.
    pub fn or_default<T: FromStr<Err: Display>>(
        &mut self,
        name: &'static str,
        default: &'static str,
        doc: &'static str,
    ) -> Result<T, Faulty> {
        self.describe(name, Some(default), default, doc);
        let value = self.value(name).unwrap_or_else(|| default.to_owned());
        self.parse(name, &value, default)
    }

    /// Reads what is in a file that has to be there, by `load`. What is wrong with it is told without its path.
    pub fn required_file<T, E: Error>(
        &mut self,
        name: &'static str,
        example: &'static str,
        doc: &'static str,
        load: impl FnOnce(&Path) -> Result<T, E>,
    ) -> Result<T, Faulty> {
        let path: String = self.required(name, example, doc)?;
        load(Path::new(&path)).map_err(|fault| {
            let cause = fault.source().map_or_else(String::new, |cause| format!(": {cause}"));
            // Who sets a secret instead of the path of its file must not find it in the log.
            let reason = format!("{fault}{cause}").replace(&path, "the file");
            self.note(format!("{name}: {reason}"))
        })
    }

    /// Notes a fault found otherwise: by looking at several settings together.
    pub fn refuse(&mut self, name: &'static str, what: impl Display) {
        self.faults.push(format!("{name}: {what}"));
    }

    /// Ends the reading: with every fault, if there is one.
    pub fn finish(&self) -> Result<(), ConfigFaults> {
        let known: BTreeSet<&str> =
            VARIABLES.iter().copied().chain(self.settings.iter().map(|setting| setting.name)).collect();
        let unknown = self
            .variables
            .keys()
            .filter(|name| !name.starts_with(TEST_PREFIX) && !known.contains(name.as_str()))
            .map(|name| format!("{name}: is not a setting of OrGo; is the name misspelt?"));
        let faults: Vec<String> = self.faults.iter().cloned().chain(unknown).collect();
        if faults.is_empty() { Ok(()) } else { Err(ConfigFaults(faults)) }
    }

    /// Returns the settings that were read, in the order of the reading.
    pub fn settings(&self) -> &[SettingDoc] {
        &self.settings
    }

    fn describe(
        &mut self,
        name: &'static str,
        default: Option<&'static str>,
        example: &'static str,
        doc: &'static str,
    ) {
        self.settings.push(SettingDoc { name, default, example, doc });
    }

    fn value(&self, name: &str) -> Option<String> {
        self.variables
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    fn parse<T: FromStr<Err: Display>>(
        &mut self,
        name: &str,
        value: &str,
        example: &str,
    ) -> Result<T, Faulty> {
        // Neither the value nor a text that may quote it: it may hold a password.
        value.parse().map_err(|fault: T::Err| {
            let mut reason = fault.to_string();
            if reason.contains(value) {
                "cannot be read".clone_into(&mut reason);
            }
            self.note(format!("{name}: {reason}; a right value is {example}"))
        })
    }

    fn note(&mut self, fault: String) -> Faulty {
        self.faults.push(fault);
        Faulty
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

/// A list of values with commas between them; white space around them and empty ones are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommaSeparated<T>(pub Vec<T>);

impl<T: FromStr> FromStr for CommaSeparated<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        let values = text.split(',').map(str::trim).filter(|value| !value.is_empty());
        values.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
