//! Settings, read once at the start from environment variables. All faults are reported together.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::ffi::OsString;
use std::fmt::{self, Display};
use std::path::Path;
use std::str::FromStr;

/// Prefix of all variables.
const PREFIX: &str = "ORGO_";
/// Prefix of the variables that only tests read.
const TEST_PREFIX: &str = "ORGO_TEST_";

/// The variables of all OrGo programs, so that one file may serve all of them. Any other `ORGO_…` is reported as
/// misspelt.
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
    "ORGO_RATE_ANONYMOUS",
    "ORGO_RATE_AUTH",
    "ORGO_RATE_REACTION",
    "ORGO_RATE_USER",
    "ORGO_RATE_WRITE",
    "ORGO_REDIS_URL",
    "ORGO_RESUME_KEY_FILE",
    "ORGO_SECRET_FILE",
    "ORGO_SIGNING_KEY_FILE",
    "ORGO_SMTP_URL",
    "ORGO_TRUSTED_PROXIES",
];

/// The environment variables of a process. An empty variable counts as not set.
///
/// After a fault, a read returns `Err(Faulty)` and the next read continues, so that one start shows every fault:
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

/// Describes a setting, for the example file and its check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingDoc {
    /// The variable.
    pub name: &'static str,
    /// The default; `None` if the setting is required or optional.
    pub default: Option<&'static str>,
    /// A valid value.
    pub example: &'static str,
    /// A one-line description.
    pub doc: &'static str,
    /// Whether the program does not start without it.
    pub is_required: bool,
}

/// Error: a setting could not be read; [`Environment::finish`] returns the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faulty;

/// All faults of the settings, one line each. Contains no value of a setting.
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
    /// Reads the variables of the process. No other code reads them.
    pub fn from_process() -> Self {
        let pairs = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self::new(pairs)
    }

    /// Creates an environment from pairs, for tests and for values that a program sets itself.
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

    /// Reads a required setting.
    pub fn required<T: FromStr<Err: Display>>(
        &mut self,
        name: &'static str,
        example: &'static str,
        doc: &'static str,
    ) -> Result<T, Faulty> {
        self.settings.push(SettingDoc { name, default: None, example, doc, is_required: true });
        match self.value(name) {
            Some(value) => self.parse(name, &value, example),
            None => {
                Err(self.note(format!("{name}: is not set; {}, for example {example}", lower_first(doc))))
            }
        }
    }

    /// Reads an optional setting.
    pub fn optional<T: FromStr<Err: Display>>(
        &mut self,
        name: &'static str,
        example: &'static str,
        doc: &'static str,
    ) -> Result<Option<T>, Faulty> {
        self.describe(name, None, example, doc);
        self.value(name).map(|value| self.parse(name, &value, example)).transpose()
    }

    /// Reads a setting with a default, which is written like the value of the variable.
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

    /// Reads a required setting that is the path of a file, and loads the file with `load`. The fault does not contain
    /// the path.
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
            // If a secret was set by mistake instead of a path, it must not get into the log.
            let reason = format!("{fault}{cause}").replace(&path, "the file");
            self.note(format!("{name}: {reason}"))
        })
    }

    /// Records a fault that was found otherwise, for instance by comparing several settings.
    pub fn refuse(&mut self, name: &'static str, what: impl Display) {
        self.faults.push(format!("{name}: {what}"));
    }

    /// Finishes reading. Fails with all faults, unknown variables included.
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

    /// Returns the settings that were read, in the order of the reads.
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
        self.settings.push(SettingDoc { name, default, example, doc, is_required: false });
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
        // The fault contains neither the value nor a text that may quote it: the value may be a password.
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

/// A list of values separated by commas; white space around values and empty values are ignored.
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
