#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod asyncapi;
mod bench;
mod chaos;
mod check;
mod clients;
mod deny;
mod dev;
mod generate;
mod interrupt;
mod layers;
mod migrate;
mod packages;
mod repository;
mod rules;
mod step;
mod test;
mod tidy;

use std::error::Error;
use std::process::ExitCode;

use interrupt::Interrupt;

/// Errors are only printed for people, so they need no types.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: cargo xtask <command>
  test [arguments of cargo test]   all tests, with private PostgreSQL and Redis
  check [--advisories]             everything CI checks besides the tests
  clients                          generates clients from openapi.json and uses them; opens the documentation page
  fuzz-api [--examples 100]        generated requests against the embedded mode; checks every answer
  dev [--port 8088] [--directory target/dev] [--release]
                                   the services mode on this machine, until Ctrl-C
  bench likes [arguments of load]  latency from a like to the author's socket, in the services mode
  bench writes [--seconds 6]       likes, comments and posts per second, compared with plain SQL
  bench sockets                    memory per socket, and fan-out compared with a bare broadcaster
  bench logins                     memory and speed of password hashing
  chaos <scenario>|all [--release]
                                   faults of whole processes; a client checks that no event is lost
  generate [--check]               the contracts openapi.json and asyncapi.json
  rules [--check]                  writes shared/docs/rules.md: which tests prove which rule
  tidy                             checks file sizes, names and the required files of every crate
  migrate up|down|status|grants    the migrations, on ORGO_DATABASE_URL";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let arguments: Vec<String> = arguments.collect();
    match run(&command, &arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cargo xtask {command}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, arguments: &[String]) -> Result<ExitCode> {
    let interrupt = Interrupt::register()?;
    match command {
        "test" => return test::run(&interrupt, arguments),
        "check" => check::run(&interrupt, arguments)?,
        "clients" => clients::run(&interrupt, arguments)?,
        "fuzz-api" => clients::fuzz(&interrupt, arguments)?,
        "bench" => return bench::run(&interrupt, arguments),
        "chaos" => return chaos::run(&interrupt, arguments),
        "dev" => dev::run(&interrupt, arguments)?,
        "generate" => generate::run(&interrupt, arguments)?,
        "rules" => rules::run(arguments)?,
        "tidy" => tidy::run()?,
        "migrate" => return migrate::run(&interrupt, arguments),
        "" | "help" | "--help" | "-h" => println!("{USAGE}"),
        unknown => return Err(format!("there is no command {unknown:?}\n{USAGE}").into()),
    }
    Ok(ExitCode::SUCCESS)
}
