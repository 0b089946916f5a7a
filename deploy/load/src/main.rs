//! The `load` program: a client of OrGo from the outside.

use std::io::Write as _;
use std::process::ExitCode;

use load::{Api, LikesPlan, LoadFault, likes, watch};

const USAGE: &str = "usage: load watch --url URL --token ACCESS_TOKEN\n       \
                     load likes --url URL [--rate 50] [--people 10] [--posts 100]";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // If standard error is closed, nothing else can be done.
            writeln!(std::io::stderr(), "load: {fault}").map_or(ExitCode::from(3), |()| ExitCode::from(2))
        }
    }
}

async fn run() -> Result<(), LoadFault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).cloned()
    };
    let number = |name: &str, default: u32| match option(name).map(|text| text.parse()) {
        None => Ok(default),
        Some(Ok(number)) if (1..=1000).contains(&number) => Ok(number),
        Some(_) => Err(LoadFault::Unexpected(format!("{name} takes a number from 1 to 1000"))),
    };
    let api = Api::new(&option("--url").ok_or_else(usage)?)?;
    match arguments.first().map(String::as_str) {
        Some("watch") => watch(&api, &option("--token").ok_or_else(usage)?).await,
        Some("likes") => {
            let plan = LikesPlan {
                rate: number("--rate", 50)?,
                people: number("--people", 10)?,
                posts: number("--posts", 100)?,
            };
            let report = likes(&api, plan).await?;
            writeln!(std::io::stdout(), "{report}").map_err(|fault| LoadFault::Unexpected(fault.to_string()))
        }
        _ => Err(usage()),
    }
}

fn usage() -> LoadFault {
    LoadFault::Unexpected(USAGE.into())
}
