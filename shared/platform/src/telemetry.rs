//! Where the log goes, and in which form.

use std::io::IsTerminal as _;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines for people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// The text names no form of the log.
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

/// What of the log is let through, in the words of `tracing-subscriber`: `info`, `info,sqlx=warn`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

/// The text is not a filter of the log.
#[derive(Debug, thiserror::Error)]
#[error("is not a filter of the log")]
pub struct TelemetryFault(#[from] tracing_subscriber::filter::ParseError);

impl FromStr for LogFilter {
    type Err = TelemetryFault;

    fn from_str(text: &str) -> Result<Self, TelemetryFault> {
        // Read again when the log is set up: what it is read into cannot be cloned.
        EnvFilter::try_new(text)?;
        Ok(Self(text.to_owned()))
    }
}

/// Sends what `filter` lets through to the standard error stream.
///
/// A second call in one process changes nothing: the log is the first caller's.
pub fn init(filter: &LogFilter, format: Format) -> Result<(), TelemetryFault> {
    let filter = EnvFilter::try_new(&filter.0)?;
    let registry = tracing_subscriber::registry().with(filter);
    // Colours are for people who look, not for files.
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
    fn a_second_call_does_no_harm() {
        assert!(init(&"info".parse().unwrap(), Format::Text).is_ok());
        assert!(init(&"debug,sqlx=warn".parse().unwrap(), Format::Json).is_ok());
    }

    #[test]
    fn a_filter_names_levels() {
        for bad in ["sqlx=loud", "info,sqlx=warn=error"] {
            assert!(bad.parse::<LogFilter>().is_err(), "{bad}");
        }
    }

    #[test]
    fn formats_are_named() {
        assert_eq!("text".parse(), Ok(Format::Text));
        assert_eq!("json".parse(), Ok(Format::Json));
        assert_eq!("JSON lines".parse::<Format>(), Err(NotAFormat));
    }
}
