use crate::interrupt::Interrupt;
use crate::repository::cargo;
use crate::step::{command_step, step};
use crate::{Result, asyncapi, deny, generate, layers, rules, tidy};

/// Runs everything that CI checks besides the tests, the quick checks first.
pub(crate) fn run(interrupt: &Interrupt, arguments: &[String]) -> Result<()> {
    let advisories = match arguments {
        [] => deny::Advisories::Skip,
        [option] if option == "--advisories" => deny::Advisories::Check,
        _ => return Err("check takes --advisories and nothing else".into()),
    };
    // All quick checks report before the slow ones begin.
    let quick = [
        command_step("format", interrupt, &mut cargo(&["fmt", "--all", "--check"])?),
        step("tidy", tidy::run),
        step("rules", || rules::run(&["--check".to_owned()])),
        step("layers", layers::run),
        step("dependencies", || deny::run(interrupt, advisories)),
        step("asyncapi", || asyncapi::run(interrupt)),
    ];
    for result in quick {
        result?;
    }
    let clippy = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    command_step("lints", interrupt, &mut cargo(&clippy)?)?;
    let document = ["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"];
    command_step("documentation", interrupt, cargo(&document)?.env("RUSTDOCFLAGS", "-D warnings"))?;
    step("contracts", || generate::run(interrupt, &["--check".to_owned()]))
}
