use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use load::Api;
use reqwest::Method;
use tempfile::TempDir;

use crate::story;

/// A running `orgo` of one test's own.
pub(crate) struct Embedded {
    process: Child,
    url: String,
    /// Gone with it.
    directory: Option<TempDir>,
}

impl Embedded {
    /// Starts one on a free port with a fresh data directory.
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut embedded = Self::start_in(directory.path());
        embedded.directory = Some(directory);
        embedded
    }

    fn start_in(directory: &Path) -> Self {
        let mut process = command(directory).env("ORGO_LISTEN", "127.0.0.1:0").spawn().unwrap();
        // It says where it listens once it does.
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        let docs = lines.find_map(|line| Some(line.split_once("http://")?.1.to_owned())).unwrap();
        let url = format!("http://{}", docs.split('/').next().unwrap());
        // Read on, or the program would stand still at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url, directory: None }
    }

    pub(crate) fn api(&self) -> Api {
        Api::new(&self.url).unwrap()
    }

    /// Asks it to stop and returns how it ended.
    fn stop(mut self) -> std::process::ExitStatus {
        signal(self.process.id(), "TERM");
        self.process.wait().unwrap()
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // Gone already where it was stopped.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orgo"));
    command.env("ORGO_DATA_DIR", directory).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn signal(id: u32, name: &str) {
    assert!(Command::new("kill").args([format!("-{name}"), id.to_string()]).status().unwrap().success());
}

#[tokio::test]
async fn it_stops_cleanly_and_a_second_start_finds_all_data_again() {
    let directory = tempfile::tempdir().unwrap();
    let first = Embedded::start_in(directory.path());
    let mina = first.api().sign_up("mina").await.unwrap();
    let post = first.api().post(&mina, "kept").await.unwrap();
    assert!(first.stop().success());

    let second = Embedded::start_in(directory.path());
    let found = second.api().call(Method::GET, &format!("/api/v1/posts/{post}"), None, None).await.unwrap();
    assert_eq!(found.expect(200).unwrap().text("/title").unwrap(), "kept");
    // The port is another one, and with it the issuer of tokens; the account and its password are the same.
    let body = serde_json::json!({ "email": "mina@example.com", "password": "blue otters paint slowly" });
    let again = second.api().call(Method::POST, "/api/v1/auth/sessions", None, Some(body)).await.unwrap();
    assert_eq!(again.expect(201).unwrap().text("/user/id").unwrap(), mina.id);
    assert!(second.stop().success());
}

#[test]
fn what_it_keeps_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let embedded = Embedded::start_in(directory.path());
    for secret in ["signing-key.pem", "secret.hex"] {
        let mode = directory.path().join(secret).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{secret}");
    }
    assert!(embedded.stop().success());
}

#[test]
fn it_refuses_to_listen_beyond_loopback() {
    let directory = tempfile::tempdir().unwrap();
    let mut process =
        command(directory.path()).env("ORGO_LISTEN", "0.0.0.0:0").stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(2));
    let mut told = String::new();
    process.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(told.contains("ORGO_LISTEN"), "{told}");
}

#[tokio::test]
async fn the_author_sees_at_once_what_others_do() {
    let embedded = Embedded::start();
    story::the_author_sees_at_once_what_others_do(&embedded.api()).await;
}

#[tokio::test]
async fn what_a_socket_missed_is_replayed_once() {
    let embedded = Embedded::start();
    story::what_a_socket_missed_is_replayed_once(&embedded.api()).await;
}

#[tokio::test]
async fn logging_out_closes_the_socket() {
    let embedded = Embedded::start();
    story::logging_out_closes_the_socket(&embedded.api()).await;
}

#[tokio::test]
async fn every_failure_is_a_problem() {
    let embedded = Embedded::start();
    story::every_failure_is_a_problem(&embedded.api()).await;
}
