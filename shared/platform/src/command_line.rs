//! The arguments of the programs, and the text of `--help`.

use std::fmt::Write as _;

use clap::Parser;

use crate::config::{Environment, SettingDoc};

/// Parses the arguments of the process. Prints the help, which also describes the settings that `read` reads, or the usage
/// with what is wrong, and ends the process.
pub fn parse<C: Parser>(read: impl FnOnce(&mut Environment)) -> C {
    let command = C::command().after_help(help_of(&settings_of(read)));
    C::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

/// Returns the settings that a function reads, in the order of the reads.
fn settings_of(read: impl FnOnce(&mut Environment)) -> Vec<SettingDoc> {
    let mut environment = Environment::from_pairs([("", ""); 0]);
    read(&mut environment);
    environment.settings().to_vec()
}

fn help_of(settings: &[SettingDoc]) -> String {
    let mut help = "Settings, read from environment variables:".to_owned();
    for SettingDoc { name, default, example, doc, is_required } in settings {
        let value = match default {
            Some("") => "default: empty".to_owned(),
            Some(default) => format!("default: {default}"),
            None if *is_required => format!("required, for example {example}"),
            None => format!("optional, for example {example}"),
        };
        // Writing to memory cannot fail.
        write!(help, "\n\n  {name}\n      {doc}.\n      [{value}]").ok();
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_setting_with_its_default_or_an_example() {
        let help = help_of(&settings_of(|environment| {
            environment.or_default::<String>("ORGO_LOG", "info", "What is logged").ok();
            environment.or_default::<String>("ORGO_ALLOWED_ORIGINS", "", "Other origins").ok();
            environment.required::<String>("ORGO_DATABASE_URL", "sqlite://orgo.db", "The database").ok();
            environment.optional::<String>("ORGO_PUBLIC_URL", "http://orgo.local", "The URL of clients").ok();
        }));
        let expected = "Settings, read from environment variables:\n\n  \
            ORGO_LOG\n      What is logged.\n      [default: info]\n\n  \
            ORGO_ALLOWED_ORIGINS\n      Other origins.\n      [default: empty]\n\n  \
            ORGO_DATABASE_URL\n      The database.\n      [required, for example sqlite://orgo.db]\n\n  \
            ORGO_PUBLIC_URL\n      The URL of clients.\n      [optional, for example http://orgo.local]";
        assert_eq!(help, expected);
    }
}
