use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::directory::{Owner, ServerDirectory};
use crate::process::{Launch, ServerProcess, StopSignal};
use crate::{LocalServicesError, Result, Tools, port, random};

/// Whether what is written must survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production; the next start in the directory finds everything again.
    Full,
    /// For tests: nothing is forced to the disk, and every start begins with an empty server.
    Off,
}

/// An account of the database server, each with a random password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// May do everything: makes the databases of tests.
    Superuser,
    /// Owns the database `orgo` and its schema: runs the migrations.
    Owner,
    /// Reads and writes the rows of the database `orgo`, and nothing else: runs `api-service`.
    Application,
    /// Reads what the migrations grant it: runs `realtime-gateway`.
    Gateway,
}

/// The statements that make the roles and the database, as an operator runs them with `psql`: one a line.
const ROLES: &str = include_str!("../../../deploy/roles.sql");
/// The database of the application.
const DATABASE: &str = "orgo";

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Superuser => "orgo_admin",
            Self::Owner => "orgo_owner",
            Self::Application => "orgo_app",
            Self::Gateway => "orgo_gateway",
        }
    }
}

/// A private PostgreSQL server on a loopback port.
pub struct Postgres {
    process: ServerProcess,
    launch: Launch,
    port: u16,
    passwords: Passwords,
}

impl Postgres {
    /// Starts the server in the directory and waits until it takes connections; makes the database first where
    /// there is none.
    pub fn start(tools: &Tools, directory: &Path, durability: Durability) -> Result<Self> {
        let directory = ServerDirectory::open(directory, Owner::NotRoot)?;
        if durability == Durability::Off {
            directory.remove("data")?;
        }
        let (passwords, known) = Passwords::read_or_make(&directory)?;
        if !directory.join("data").is_dir() {
            initialise(tools, &directory, durability, &passwords)?;
        } else if known == Known::NotAll {
            let run = SingleUser { tools, directory: &directory, durability, data: "data" };
            create_roles(&run, &passwords, Database::Exists)?;
        }
        if known == Known::NotAll {
            passwords.write(&directory)?;
        }
        let port = port::free_port()?;
        let mut arguments = vec!["-D".to_owned(), "data".to_owned(), "-p".to_owned(), port.to_string()];
        arguments.extend(settings(durability));
        let launch = launch(tools, arguments, durability);
        let status_file = directory.join("data/postmaster.pid");
        let process = ServerProcess::start(launch.clone(), directory, |id| is_ready(&status_file, id))?;
        Ok(Self { process, launch, port, passwords })
    }

    /// Returns the URL of a database for a role, with its password.
    pub fn url(&self, role: Role, database: &str) -> String {
        let password = self.passwords.of(role);
        format!("postgres://{}:{password}@127.0.0.1:{}/{database}", role.name(), self.port)
    }

    /// Returns the URL of the application's database for a role, with its password.
    pub fn application_url(&self, role: Role) -> String {
        self.url(role, DATABASE)
    }

    /// Returns the port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns its process number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns the file its log goes to.
    pub fn log(&self) -> PathBuf {
        self.process.log()
    }

    /// Kills it at once (`SIGKILL`), as a crash would.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Stops it, leaves its directory to `prepare`, and starts it again on the same port.
    pub(crate) fn restart(&mut self, prepare: impl FnOnce(&ServerDirectory) -> Result<()>) -> Result<()> {
        // With everything written, also where nothing needs to survive.
        self.process.stop_by(StopSignal::Interrupt)?;
        prepare(self.process.directory())?;
        self.start_again()
    }

    /// Starts it again on the same port, after it was killed.
    pub fn start_again(&mut self) -> Result<()> {
        let status_file = self.process.directory().join("data/postmaster.pid");
        self.process.start_again(&self.launch)?;
        self.process.wait_until(|id| is_ready(&status_file, id))
    }

    /// Stops it and waits until it is gone.
    pub fn stop(mut self) -> Result<()> {
        self.process.stop()
    }
}

/// No `Debug`: they are secrets.
struct Passwords {
    superuser: String,
    owner: String,
    application: String,
    gateway: String,
}

/// Whether a directory from an earlier start has the password of every role.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    All,
    /// A password is missing: an earlier version, which had fewer roles, created the directory.
    NotAll,
}

impl Passwords {
    /// Reads the passwords, one a line, and makes those that are missing.
    fn read_or_make(directory: &ServerDirectory) -> Result<(Self, Known)> {
        let text = fs::read_to_string(directory.join("passwords")).unwrap_or_default();
        let mut lines = text.lines().map(str::to_owned);
        let (Some(superuser), Some(owner), Some(application)) = (lines.next(), lines.next(), lines.next())
        else {
            // A database made with passwords that are lost is of no use.
            directory.remove("data")?;
            let [superuser, owner, application] = [random::secret()?, random::secret()?, random::secret()?];
            let made = Self { superuser, owner, application, gateway: random::secret()? };
            made.write(directory)?;
            return Ok((made, Known::All));
        };
        let (gateway, known) = match lines.next() {
            Some(gateway) => (gateway, Known::All),
            None => (random::secret()?, Known::NotAll),
        };
        Ok((Self { superuser, owner, application, gateway }, known))
    }

    fn write(&self, directory: &ServerDirectory) -> Result<()> {
        let Self { superuser, owner, application, gateway } = self;
        directory.write("passwords", &format!("{superuser}\n{owner}\n{application}\n{gateway}\n")).map(|_| ())
    }

    fn of(&self, role: Role) -> &str {
        match role {
            Role::Superuser => &self.superuser,
            Role::Owner => &self.owner,
            Role::Application => &self.application,
            Role::Gateway => &self.gateway,
        }
    }
}

/// Makes the data directory under another name and renames it at the end: a half-made one is never used.
fn initialise(
    tools: &Tools,
    directory: &ServerDirectory,
    durability: Durability,
    passwords: &Passwords,
) -> Result<()> {
    directory.remove("data.new")?;
    directory.write("password", passwords.of(Role::Superuser))?;
    // Loopback only, and the check is made by the server: so a plain password costs nothing and gives nothing away.
    let arguments = "--pgdata=data.new --username=orgo_admin --pwfile=password --auth=password \
                     --encoding=UTF8 --locale=C.UTF-8";
    let mut arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
    if durability == Durability::Off {
        arguments.push("--no-sync".to_owned());
    }
    let mut initdb = launch(tools, arguments, durability);
    "initdb".clone_into(&mut initdb.name);
    initdb.program.clone_from(&tools.initdb);
    initdb.run(directory, Stdio::null())?;
    directory.remove("password")?;

    let run = SingleUser { tools, directory, durability, data: "data.new" };
    create_roles(&run, passwords, Database::New)?;
    fs::rename(directory.join("data.new"), directory.join("data"))
        .map_err(LocalServicesError::io("rename the new data directory"))
}

/// Whether the application's database is still to be made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Database {
    New,
    Exists,
}

/// Runs [`ROLES`] with our passwords.
fn create_roles(run: &SingleUser<'_>, passwords: &Passwords, database: Database) -> Result<()> {
    let mut statements = ROLES.to_owned();
    for (variable, role) in
        [("owner", Role::Owner), ("application", Role::Application), ("gateway", Role::Gateway)]
    {
        // Hexadecimal digits: nothing in them ends the quotation.
        let quoted = format!("'{}'", passwords.of(role));
        statements = statements.replace(&format!(":'{variable}_password'"), &quoted);
    }
    let is_wanted = |line: &&str| {
        let is_statement = !line.is_empty() && !line.starts_with("--");
        is_statement && (database == Database::New || !line.starts_with("CREATE DATABASE"))
    };
    let statements: Vec<&str> = statements.lines().filter(is_wanted).collect();
    let mut parts = statements.split(|line| line.starts_with("\\connect"));
    for (name, part) in ["postgres", DATABASE].into_iter().zip(parts.by_ref()) {
        run.execute(name, &part.join("\n"))?;
    }
    Ok(())
}

/// PostgreSQL's single-user mode: runs statements without a server and without a client.
struct SingleUser<'a> {
    tools: &'a Tools,
    directory: &'a ServerDirectory,
    durability: Durability,
    /// The data directory.
    data: &'a str,
}

impl SingleUser<'_> {
    /// Runs statements, one a line.
    fn execute(&self, database: &str, statements: &str) -> Result<()> {
        let path = self.directory.write("statements", &format!("{statements}\n"))?;
        let mut arguments =
            ["--single", "-D", self.data, "-c", "exit_on_error=on"].map(str::to_owned).to_vec();
        arguments.extend(settings(self.durability));
        arguments.push(database.to_owned());
        let input = File::open(&path).map_err(LocalServicesError::io("read the statements"))?;
        launch(self.tools, arguments, self.durability).run(self.directory, Stdio::from(input))?;
        self.directory.remove("statements")
    }
}

fn settings(durability: Durability) -> Vec<String> {
    let mut settings = vec![
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=400",
        "timezone=UTC",
        "log_timezone=UTC",
    ];
    if durability == Durability::Off {
        settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]);
    }
    settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting.to_owned()]).collect()
}

fn launch(tools: &Tools, arguments: Vec<String>, durability: Durability) -> Launch {
    Launch {
        name: "postgres".to_owned(),
        program: tools.postgres.clone(),
        arguments: arguments.into_iter().map(Into::into).collect(),
        environment: Vec::new(),
        stop_signal: match durability {
            Durability::Full => StopSignal::Interrupt,
            Durability::Off => StopSignal::Quit,
        },
    }
}

/// Reads the status PostgreSQL keeps for its own tools: process number in line 1, state in line 8.
fn is_ready(status_file: &Path, id: u32) -> bool {
    let status = fs::read_to_string(status_file).unwrap_or_default();
    let mut lines = status.lines();
    lines.next() == Some(id.to_string().as_str()) && lines.nth(6).is_some_and(|state| state.trim() == "ready")
}
