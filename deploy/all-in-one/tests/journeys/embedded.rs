use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use load::Api;
use reqwest::Method;
use tempfile::TempDir;

use crate::story;

/// A running `orgo` process of one test.
pub(crate) struct Embedded {
    process: Child,
    url: String,
    /// Deleted when this is dropped.
    directory: Option<TempDir>,
}

impl Embedded {
    /// Starts it on a free port with a new data directory.
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut embedded = Self::start_in(directory.path());
        embedded.directory = Some(directory);
        embedded
    }

    fn start_in(directory: &Path) -> Self {
        let mut process = command(directory).env("ORGO_LISTEN", "127.0.0.1:0").spawn().unwrap();
        // It prints its URL when it listens.
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        let docs = lines.find_map(|line| Some(line.split_once("http://")?.1.to_owned())).unwrap();
        let url = format!("http://{}", docs.split('/').next().unwrap());
        // Reads the rest, because the program would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url, directory: None }
    }

    pub(crate) fn api(&self) -> Api {
        Api::new(&self.url).unwrap()
    }

    /// Requests a page with this `Host` header and returns the raw response.
    fn ask(&self, path: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(self.url.trim_start_matches("http://")).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Stops it with SIGTERM and returns its exit status.
    fn stop(mut self) -> std::process::ExitStatus {
        signal(self.process.id(), "TERM");
        self.process.wait().unwrap()
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // Fails if it was stopped before.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orgo"));
    command.env("ORGO_DATA_DIR", directory).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Starts it with settings that must fail, and returns what it prints.
fn fault_of(command: &mut Command) -> String {
    let output = command.stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

fn signal(id: u32, name: &str) {
    assert!(Command::new("kill").args([format!("-{name}"), id.to_string()]).status().unwrap().success());
}

#[tokio::test]
async fn data_survives_a_clean_stop_and_a_second_start() {
    let directory = tempfile::tempdir().unwrap();
    let first = Embedded::start_in(directory.path());
    let mina = first.api().sign_up("mina").await.unwrap();
    let post = first.api().post(&mina, "kept").await.unwrap();
    assert!(first.stop().success());

    let second = Embedded::start_in(directory.path());
    let found = second.api().call(Method::GET, &format!("/api/v1/posts/{post}"), None, None).await.unwrap();
    assert_eq!(found.expect(200).unwrap().text("/title").unwrap(), "kept");
    // The port differs, and so does the issuer of tokens. The account and its password are the same.
    let body = serde_json::json!({ "email": "mina@example.com", "password": "blue otters paint slowly" });
    let again = second.api().call(Method::POST, "/api/v1/auth/sessions", None, Some(body)).await.unwrap();
    assert_eq!(again.expect(201).unwrap().text("/user/id").unwrap(), mina.id);
    assert!(second.stop().success());
}

#[test]
fn help_names_every_setting_and_unknown_arguments_are_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_orgo")).arg("--help").output().unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    let settings = [
        "ALLOWED_ORIGINS",
        "DATA_DIR",
        "LISTEN",
        "LOG",
        "LOG_FORMAT",
        "PUBLIC_URL",
        "RATE_ANONYMOUS",
        "RATE_AUTH",
        "RATE_REACTION",
        "RATE_USER",
        "RATE_WRITE",
    ];
    for setting in settings {
        assert!(help.contains(&format!("\n  ORGO_{setting}\n")), "{setting}: {help}");
    }
    assert_eq!(help.matches("\n  ORGO_").count(), settings.len(), "{help}");
    let told = fault_of(Command::new(env!("CARGO_BIN_EXE_orgo")).arg("--expose"));
    assert!(told.contains("--expose-to-the-network"), "{told}");
}

#[test]
fn only_the_owner_may_read_the_data_directory() {
    use std::os::unix::fs::PermissionsExt as _;
    let around = tempfile::tempdir().unwrap();
    let directory = around.path().join("data");
    let mode = || directory.metadata().unwrap().permissions().mode() & 0o777;
    assert!(Embedded::start_in(&directory).stop().success());
    assert_eq!(mode(), 0o700);
    // An existing directory that others may read is closed to them.
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::set_permissions(directory.join("orgo.db"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let embedded = Embedded::start_in(&directory);
    assert_eq!(mode(), 0o700);
    let files: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o177, 0, "{}", file.display());
    }
    assert!(embedded.stop().success());
}

#[test]
fn the_path_of_the_data_directory_may_contain_any_characters() {
    let around = tempfile::tempdir().unwrap();
    let directory = around.path().join("a b%20?c#d");
    assert!(Embedded::start_in(&directory).stop().success());
    assert!(directory.join("orgo.db").is_file());
    assert_eq!(std::fs::read_dir(around.path()).unwrap().count(), 1);
}

#[test]
fn a_failed_start_names_the_setting_at_fault() {
    let around = tempfile::tempdir().unwrap();
    let file = around.path().join("file");
    std::fs::write(&file, "").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let told = fault_of(command(&file).env("ORGO_LISTEN", "127.0.0.1:0"));
    assert!(told.contains("ORGO_DATA_DIR"), "{told}");
    let directory = around.path().join("data");
    let told = fault_of(command(&directory).env("ORGO_LISTEN", &address));
    assert!(told.contains("ORGO_LISTEN"), "{told}");
    std::fs::write(directory.join("secret.hex"), "short").unwrap();
    let told = fault_of(command(&directory).env("ORGO_LISTEN", "127.0.0.1:0"));
    assert!(told.contains("ORGO_DATA_DIR") && told.contains("secret.hex"), "{told}");
}

#[test]
fn the_mail_page_is_served_only_under_the_host_of_the_public_url() {
    let embedded = Embedded::start();
    let address = embedded.url.trim_start_matches("http://");
    let port = address.split(':').nth(1).unwrap();
    for path in ["/dev/mail", "/dev/mail.json"] {
        for ours in [address, &format!("localhost:{port}")] {
            let answer = embedded.ask(path, ours);
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        }
        for other in ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", ""] {
            let answer = embedded.ask(path, other);
            assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("not_found"), "{answer}");
        }
    }
}

#[test]
fn a_frontend_on_its_own_port_of_this_machine_may_call() {
    let embedded = Embedded::start();
    for (origin, status) in [("http://localhost:5173", "200"), ("https://evil.example", "403")] {
        let mut stream = TcpStream::connect(embedded.url.trim_start_matches("http://")).unwrap();
        let request =
            format!("GET /api/v1/meta HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

#[test]
fn it_refuses_to_listen_beyond_loopback() {
    let directory = tempfile::tempdir().unwrap();
    let told = fault_of(command(directory.path()).env("ORGO_LISTEN", "0.0.0.0:0"));
    assert!(told.contains("ORGO_LISTEN"), "{told}");
}

#[tokio::test]
async fn the_author_receives_likes_comments_and_follows_at_once() {
    let embedded = Embedded::start();
    story::the_author_sees_at_once_what_others_do(&embedded.api()).await;
}

#[tokio::test]
async fn a_resumed_socket_receives_what_it_missed_once() {
    let embedded = Embedded::start();
    story::what_a_socket_missed_is_replayed_once(&embedded.api()).await;
}

#[tokio::test]
async fn logging_out_closes_the_socket() {
    let embedded = Embedded::start();
    story::logging_out_closes_the_socket(&embedded.api()).await;
}

#[tokio::test]
async fn ending_the_other_sessions_closes_their_sockets() {
    let embedded = Embedded::start();
    story::ending_the_other_sessions_closes_their_sockets(&embedded.api()).await;
}

#[tokio::test]
async fn every_failure_is_a_problem() {
    let embedded = Embedded::start();
    story::every_failure_is_a_problem(&embedded.api()).await;
}
