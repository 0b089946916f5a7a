//! The `load` program: a client of OrGo from the outside.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use load::{Api, LikesPlan, LoadFault, Places, broadcaster, chaos, likes, sockets, watch, writes};

const USAGE: &str = "usage: load watch --url URL --token ACCESS_TOKEN\n       \
                     load likes --url URL [--rate 50] [--people 10] [--posts 100]\n       \
                     load writes [--seconds 6] --programs FOLDER --repository FOLDER --directory FOLDER\n       \
                     load sockets --programs FOLDER --repository FOLDER --directory FOLDER\n       \
                     load broadcaster --port PORT\n       \
                     load chaos SCENARIO --programs FOLDER --repository FOLDER --directory FOLDER";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(fault) => {
            // Where standard error fails as well, the exit code says so.
            writeln!(std::io::stderr(), "load: {fault}").map_or(ExitCode::from(3), |()| ExitCode::from(2))
        }
    }
}

async fn run() -> Result<ExitCode, LoadFault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).cloned()
    };
    let required = |name: &str| option(name).ok_or_else(usage);
    let number = |name: &str, default: u32| match option(name).map(|text| text.parse()) {
        None => Ok(default),
        Some(Ok(number)) if (1..=1000).contains(&number) => Ok(number),
        Some(_) => Err(LoadFault::Unexpected(format!("{name} takes a number from 1 to 1000"))),
    };
    let places = || {
        let repository = PathBuf::from(required("--repository")?);
        Ok::<_, LoadFault>(Places {
            programs: required("--programs")?.into(),
            nginx: repository.join("nginx"),
            scripts: repository.join("deploy/load"),
            directory: required("--directory")?.into(),
        })
    };
    match arguments.first().map(String::as_str) {
        Some("watch") => watch(&Api::new(&required("--url")?)?, &required("--token")?).await?,
        Some("likes") => {
            let plan = LikesPlan {
                rate: number("--rate", 50)?,
                people: number("--people", 10)?,
                posts: number("--posts", 100)?,
            };
            let report = likes(&Api::new(&required("--url")?)?, plan).await?;
            writeln!(std::io::stdout(), "{report}")?;
        }
        Some("writes") => writes(&places()?, number("--seconds", 6)?).await?,
        Some("sockets") => sockets(&places()?).await?,
        Some("broadcaster") => {
            let port = required("--port")?.parse().map_err(|_not_a_number| usage())?;
            broadcaster(port).await?;
        }
        Some("chaos") => {
            let scenario = arguments.get(1).ok_or_else(usage)?;
            if !chaos(scenario, &places()?).await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        _ => return Err(usage()),
    }
    Ok(ExitCode::SUCCESS)
}

fn usage() -> LoadFault {
    LoadFault::Unexpected(USAGE.into())
}
