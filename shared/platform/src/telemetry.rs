//! Logging: format, filter and set-up.

use std::io::IsTerminal as _;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines for people.
    Text,
    /// One JSON object per line, for machines.
    Json,
}

/// Error: the text is not the name of a log format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither text nor json")]
pub struct NotAFormat;

impl FromStr for Format {
    type Err = NotAFormat;

    fn from_str(text: &str) -> Result<Self, NotAFormat> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(NotAFormat),
        }
    }
}

/// A log filter in the syntax of `tracing-subscriber`, for example `info` or `info,sqlx=warn`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

/// Error: the text is not a log filter.
#[derive(Debug, thiserror::Error)]
#[error("is not a filter of the log")]
pub struct TelemetryFault(#[from] tracing_subscriber::filter::ParseError);

impl FromStr for LogFilter {
    type Err = TelemetryFault;

    fn from_str(text: &str) -> Result<Self, TelemetryFault> {
        // Parsed again by `init`, because an `EnvFilter` cannot be cloned.
        EnvFilter::try_new(text)?;
        Ok(Self(text.to_owned()))
    }
}

/// Sets up logging to standard error.
///
/// Only the first call in a process takes effect.
pub fn init(filter: &LogFilter, format: Format) -> Result<(), TelemetryFault> {
    let filter = EnvFilter::try_new(&filter.0)?;
    let registry = tracing_subscriber::registry().with(filter);
    // Colours only on a terminal, not in files.
    let is_watched = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(is_watched);
    let set = match format {
        Format::Text => registry.with(lines).try_init(),
        Format::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    if set.is_err() {
        tracing::debug!("the log is set up already");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_call_has_no_effect() {
        assert!(init(&"info".parse().unwrap(), Format::Text).is_ok());
        assert!(init(&"debug,sqlx=warn".parse().unwrap(), Format::Json).is_ok());
    }

    #[test]
    fn filters_are_parsed_and_checked() {
        for bad in ["sqlx=loud", "info,sqlx=warn=error"] {
            assert!(bad.parse::<LogFilter>().is_err(), "{bad}");
        }
    }

    #[test]
    fn formats_are_parsed_by_name() {
        assert_eq!("text".parse(), Ok(Format::Text));
        assert_eq!("json".parse(), Ok(Format::Json));
        assert_eq!("JSON lines".parse::<Format>(), Err(NotAFormat));
    }
}
