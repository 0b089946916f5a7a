use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};

use local_services::{LocalServicesError, Program, ProgramOptions, Readiness, free_port};

use crate::scratch::Scratch;

fn shell(scratch: &Scratch, script: &str) -> ProgramOptions {
    ProgramOptions {
        name: "script".to_owned(),
        executable: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: vec![("ORGO_LOG".to_owned(), "debug".to_owned())],
        directory: scratch.join("script"),
    }
}

fn lives(id: u32) -> bool {
    Path::new(&format!("/proc/{id}/cwd")).read_link().is_ok()
}

#[test]
fn a_program_is_gone_when_its_handle_is_dropped() {
    let scratch = Scratch::new();
    let program = Program::spawn(&shell(&scratch, "exec sleep 600")).unwrap();
    let id = program.id();
    assert!(lives(id));
    drop(program);
    assert!(!lives(id));
}

#[test]
fn a_program_that_ends_before_it_is_ready_is_a_failure_that_shows_its_log() {
    let scratch = Scratch::new();
    let address = (Ipv4Addr::LOCALHOST, free_port().unwrap()).into();
    let options = shell(&scratch, "echo the port is missing; exit 3");
    let failure = Program::start(&options, &Readiness::Accepts(address)).unwrap_err().to_string();
    assert!(failure.contains("exit status: 3") && failure.contains("the port is missing"), "{failure}");
}

#[test]
fn a_program_is_ready_when_it_answers() {
    let scratch = Scratch::new();
    let upstream = crate::client::Upstream::start("ok");
    let readiness = Readiness::Answers(upstream.address, "/readyz".to_owned());
    let program = Program::start(&shell(&scratch, "exec sleep 600"), &readiness).unwrap();
    assert!(upstream.requests.recv().unwrap().first_line.starts_with("GET /readyz "));
    program.stop().unwrap();
}

#[test]
fn only_the_settings_it_is_given_reach_a_program() {
    let scratch = Scratch::new();
    Program::run(&shell(&scratch, "env | grep ^ORGO_ | sort")).unwrap();
    assert_eq!(fs::read_to_string(scratch.join("script/log")).unwrap(), "ORGO_LOG=debug\n");
}

#[test]
fn only_processes_that_a_killed_run_left_behind_are_stopped() {
    let scratch = Scratch::new();
    let directory = scratch.join("script");
    fs::create_dir_all(&directory).unwrap();
    let sleep_in = |folder: &Path| {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo up; exec sleep 600"]).current_dir(folder).stdout(Stdio::piped());
        let mut child = std::os::unix::process::CommandExt::process_group(&mut command, 0).spawn().unwrap();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        child
    };
    let mut leftover = sleep_in(&directory);
    fs::write(directory.join("pid"), leftover.id().to_string()).unwrap();
    Program::run(&shell(&scratch, "true")).unwrap();
    assert!(!leftover.wait().unwrap().success());

    let mut stranger = sleep_in(Path::new("/"));
    fs::write(directory.join("pid"), stranger.id().to_string()).unwrap();
    Program::run(&shell(&scratch, "true")).unwrap();
    assert!(stranger.try_wait().unwrap().is_none(), "a stranger that got the number lives on");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn a_free_port_can_be_taken() {
    let port = free_port().unwrap();
    assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
}

#[test]
fn a_missing_server_is_named_as_the_package_to_install() {
    let missing = LocalServicesError::Missing { packages: vec!["redis-server", "nginx"] };
    let text = missing.to_string();
    assert!(text.contains("apt-get install redis-server nginx"), "{text}");
}
