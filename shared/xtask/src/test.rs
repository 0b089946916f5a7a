use std::process::ExitCode;

use local_services::{Durability, Postgres, Redis, Role, Tools};

use crate::Result;
use crate::interrupt::Interrupt;
use crate::repository::{Profile, build_programs, cargo, target};
use crate::step::step;

/// Runs the tests with private servers. `arguments` are passed to `cargo test`.
pub(crate) fn run(interrupt: &Interrupt, arguments: &[String]) -> Result<ExitCode> {
    let tools = step("tools", || Ok(Tools::find_or_install()?))?;
    // The tests of the services mode start the programs.
    let programs = step("programs", || build_programs(interrupt, Profile::Debug))?;
    let directory = target()?.join("test-services");
    let (postgres, redis) = step("servers", || {
        let postgres = Postgres::start(&tools, &directory.join("postgres"), Durability::Off)?;
        Ok((postgres, Redis::start(&tools, &directory.join("redis"), Durability::Off)?))
    })?;
    let status = step("tests", || {
        let mut command = cargo(&["test", "--locked"])?;
        if !arguments.iter().any(|argument| argument.starts_with("-p") || argument == "--package") {
            command.arg("--workspace");
        }
        command
            .args(arguments)
            .env("ORGO_TEST_POSTGRES_URL", postgres.url(Role::Superuser, "postgres"))
            .env("ORGO_TEST_REDIS_URL", redis.url())
            .env("ORGO_TEST_NGINX", &tools.nginx)
            .env("ORGO_TEST_BIN_DIR", &programs);
        interrupt.run(&mut command)
    });
    redis.stop()?;
    postgres.stop()?;
    let code = status?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
