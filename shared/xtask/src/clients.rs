//! Checks `openapi.json` from the point of view of those who use it: a linter, three generators of clients, a journey with
//! each client against a running program, and the documentation page in a browser.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use local_services::{
    Node, Program, ProgramOptions, Readiness, find_or_install_chromium, find_or_install_python, free_port,
};

use crate::interrupt::Interrupt;
use crate::repository::{Profile, build_programs, root, target};
use crate::step::step;
use crate::{Result, packages};

const DOCUMENT: &str = "api-service/openapi.json";
/// Folder of the scripts and their packages.
const FOLDER: &str = "api-service/clients";
/// Files that are copied beside the packages, so that Node.js finds both.
const SCRIPTS: &[&str] =
    &["journey-hey-api.ts", "journey-openapi-fetch.ts", "mail-page.ts", "swagger-ui.mjs", "tsconfig.json"];
/// Words with which the generators report parts that they leave out.
const COMPLAINTS: &[&str] = &["warning", "error", "skipping", "unsupported"];

/// The programs and folders of one run.
struct Clients<'a> {
    interrupt: &'a Interrupt,
    node: Node,
    /// Folder of the npm packages, of the copied scripts, and of what is generated.
    folder: PathBuf,
    /// Folder of the programs of the Python packages.
    python: PathBuf,
    document: PathBuf,
}

/// Requests for each operation and phase of the generated requests: in CI, and by default.
const SHORT: &str = "10";
const LONG: &str = "100";
/// A rate budget that no run exhausts.
const MANY: &str = "1000000";

/// Sends generated requests to the embedded mode.
pub(crate) fn fuzz(interrupt: &Interrupt, arguments: &[String]) -> Result<()> {
    let examples = match arguments {
        [] => LONG,
        [option, examples] if option == "--examples" => examples,
        _ => return Err("fuzz-api takes --examples N and nothing else".into()),
    };
    let clients = step("packages", || Clients::install(interrupt))?;
    let programs = step("programs", || build_programs(interrupt, Profile::Debug))?;
    let (program, url) = step("start", || start(&programs))?;
    let done = step("fuzz", || clients.fuzz(&url, examples));
    program.stop()?;
    println!("{}", done?);
    Ok(())
}

/// Runs every check.
pub(crate) fn run(interrupt: &Interrupt, arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        return Err("clients takes no arguments".into());
    }
    let clients = step("packages", || Clients::install(interrupt))?;
    step("lint", || clients.lint())?;
    step("generate", || clients.generate())?;
    step("types", || clients.node("typescript/bin/tsc", &["--project", "tsconfig.json"]).map(drop))?;
    let chromium = step("browser", || Ok(find_or_install_chromium()?))?;
    let programs = step("programs", || build_programs(interrupt, Profile::Debug))?;
    let (program, url) = step("start", || start(&programs))?;
    let done = clients.journeys(&url, &chromium);
    program.stop()?;
    done
}

impl<'a> Clients<'a> {
    fn install(interrupt: &'a Interrupt) -> Result<Self> {
        let node = Node::find_or_install()?;
        let folder = packages::npm(interrupt, &node, FOLDER, "clients")?;
        let python = packages::python(interrupt, &find_or_install_python()?, FOLDER, "clients-python")?;
        for script in SCRIPTS {
            fs::copy(root()?.join(FOLDER).join(script), folder.join(script))?;
        }
        Ok(Self { interrupt, node, folder, python, document: root()?.join(DOCUMENT) })
    }

    fn lint(&self) -> Result<()> {
        let (document, config) = (text(&self.document)?, text(&root()?.join(FOLDER).join("redocly.yaml"))?);
        let lint = ["lint", "--config", &config, "--format", "json", &document];
        let output = self.node("@redocly/cli/bin/cli.js", &lint)?;
        // Its exit status ignores warnings.
        if output.contains("\"warnings\": 0,") { Ok(()) } else { Err(output.into()) }
    }

    fn generate(&self) -> Result<()> {
        let document = text(&self.document)?;
        let generated = self.folder.join("generated");
        if generated.exists() {
            fs::remove_dir_all(&generated)?;
        }
        let hey_api = ["--input", &document, "--output", "generated/hey-api", "--no-log-file"];
        without_complaints(&self.node("@hey-api/openapi-ts/bin/run.js", &hey_api)?)?;
        let types = [document.as_str(), "--output", "generated/openapi-typescript.ts"];
        without_complaints(&self.node("openapi-typescript/bin/cli.js", &types)?)?;
        let mut python = Command::new(self.python.join("openapi-python-client"));
        python.args(["generate", "--meta", "none", "--overwrite", "--path", &document]);
        python.args(["--output-path", "generated/orgo_client"]).current_dir(&self.folder);
        // It calls `ruff`, which is beside it.
        python.env("PATH", with_first(&self.python)?);
        without_complaints(&self.output(&mut python)?)
    }

    fn journeys(&self, url: &str, chromium: &Path) -> Result<()> {
        let scripts = [("hey-api", "journey-hey-api.js"), ("openapi-fetch", "journey-openapi-fetch.js")];
        for (name, script) in scripts {
            step(name, || self.script(Path::new("compiled").join(script), &[url]))?;
        }
        step("openapi-python-client", || {
            let mut journey = Command::new(self.python.join("python"));
            journey.arg(root()?.join(FOLDER).join("journey.py")).arg(url);
            journey.env("PYTHONPATH", self.folder.join("generated")).env("PYTHONDONTWRITEBYTECODE", "1");
            self.output(&mut journey).map(drop)
        })?;
        step("fuzz", || self.fuzz(url, SHORT).map(drop))?;
        let chromium = text(chromium)?;
        step("swagger-ui", || self.script("swagger-ui.mjs", &[url, &chromium]))
    }

    /// Sends generated requests and returns the report.
    fn fuzz(&self, url: &str, examples: &str) -> Result<String> {
        let mut fuzz = Command::new(self.python.join("python"));
        fuzz.arg(root()?.join(FOLDER).join("fuzz.py")).args([url, examples]);
        // Schemathesis keeps its examples in the working directory.
        fuzz.current_dir(&self.folder).env("PYTHONDONTWRITEBYTECODE", "1");
        self.output(&mut fuzz)
    }

    fn script(&self, script: impl AsRef<Path>, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(&self.node.node);
        command.arg(script.as_ref()).args(arguments).current_dir(&self.folder);
        self.output(&mut command).map(drop)
    }

    /// Runs the program of an npm package.
    fn node(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.node.node);
        command.arg(Path::new("node_modules").join(program)).args(arguments).current_dir(&self.folder);
        self.output(command.env("NO_COLOR", "1"))
    }

    /// Runs a command to its end and returns what it printed. Fails when the command fails.
    fn output(&self, command: &mut Command) -> Result<String> {
        let log = self.folder.join("output.log");
        let file = fs::File::create(&log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let status = self.interrupt.run(command)?;
        let output = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        if status.success() { Ok(output) } else { Err(format!("{status}\n{output}").into()) }
    }
}

fn without_complaints(output: &str) -> Result<()> {
    let small = output.to_lowercase();
    match COMPLAINTS.iter().find(|complaint| small.contains(*complaint)) {
        Some(complaint) => Err(format!("the generator reports a {complaint}:\n{output}").into()),
        None => Ok(()),
    }
}

/// Starts the embedded mode with a new data folder. Returns it and its URL.
fn start(programs: &Path) -> Result<(Program, String)> {
    let directory = target()?.join("clients-orgo");
    let data = directory.join("data");
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let options = ProgramOptions {
        name: "orgo".to_owned(),
        executable: programs.join("orgo"),
        arguments: Vec::new(),
        environment: vec![
            ("ORGO_LISTEN".to_owned(), address.to_string()),
            ("ORGO_DATA_DIR".to_owned(), text(&data)?),
            // Generated requests exceed every budget; what happens then has tests of its own.
            ("ORGO_RATE_ANONYMOUS".to_owned(), MANY.to_owned()),
            ("ORGO_RATE_AUTH".to_owned(), MANY.to_owned()),
            ("ORGO_RATE_REACTION".to_owned(), MANY.to_owned()),
            ("ORGO_RATE_USER".to_owned(), MANY.to_owned()),
            ("ORGO_RATE_WRITE".to_owned(), MANY.to_owned()),
        ],
        directory,
    };
    let program = Program::start(&options, &Readiness::Answers(address, "/readyz".to_owned()))?;
    Ok((program, format!("http://{address}")))
}

/// Returns `PATH` with a folder before all others.
fn with_first(folder: &Path) -> Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path));
    Ok(std::env::join_paths(folders)?)
}

fn text(path: &Path) -> Result<String> {
    Ok(path.to_str().ok_or("a path is not UTF-8")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generator_that_leaves_something_out_fails() {
        assert!(without_complaints("Generating orgo_client\n").is_ok());
        let skipped = "Warning(s) encountered while generating.\nunable to parse this part";
        assert!(without_complaints(skipped).is_err());
        assert!(without_complaints("Skipping property").is_err());
    }
}
