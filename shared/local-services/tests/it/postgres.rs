use std::io::Write;
use std::process::{Command, Stdio};

use local_services::{Durability, LocalServicesError, Postgres, Role};

use crate::scratch::{Scratch, TOOLS};

/// Runs one statement with `psql`, which comes with the server.
fn execute(url: &str, statement: &str) -> Result<String, String> {
    let mut child = Command::new(TOOLS.postgres.with_file_name("psql"))
        .args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(statement.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn the_application_role_reads_and_writes_rows_and_nothing_else() {
    let scratch = Scratch::new();
    let server = Postgres::start(&TOOLS, &scratch.join("postgres"), Durability::Off).unwrap();
    let owner = server.application_url(Role::Owner);
    let application = server.application_url(Role::Application);
    execute(&owner, "CREATE TABLE posts (id bigserial PRIMARY KEY, title text)").unwrap();
    execute(&application, "INSERT INTO posts (title) VALUES ('a'); UPDATE posts SET title = 'b'").unwrap();
    assert_eq!(execute(&application, "SELECT id, title FROM posts").unwrap(), "1|b");
    for refused in [
        "DROP TABLE posts",
        "TRUNCATE posts",
        "CREATE TABLE other ()",
        "ALTER TABLE posts ADD c int",
        "CREATE TEMP TABLE t ()",
    ] {
        let error = execute(&application, refused).unwrap_err();
        assert!(error.contains("permission denied") || error.contains("must be owner"), "{refused}: {error}");
    }
    let forged = application.replace("orgo_app:", "orgo_app:x");
    assert!(execute(&forged, "SELECT 1").unwrap_err().contains("password authentication failed"));
    let elsewhere = server.url(Role::Application, "orgo").replace("orgo_app", "orgo_admin");
    assert!(execute(&elsewhere, "SELECT 1").is_err(), "each role has its own password");
}

#[test]
fn a_server_for_tests_begins_empty_and_trades_safety_for_speed() {
    let scratch = Scratch::new();
    let directory = scratch.join("postgres");
    let first = Postgres::start(&TOOLS, &directory, Durability::Off).unwrap();
    let superuser = first.url(Role::Superuser, "postgres");
    assert_eq!(execute(&superuser, "SHOW fsync; SHOW max_connections").unwrap(), "off\n400");
    execute(&superuser, "CREATE DATABASE one").unwrap();
    first.stop().unwrap();
    let second = Postgres::start(&TOOLS, &directory, Durability::Off).unwrap();
    assert!(execute(&second.url(Role::Superuser, "one"), "SELECT 1").unwrap_err().contains("does not exist"));
}

#[test]
fn a_durable_server_finds_its_rows_and_passwords_again_even_after_a_kill() {
    let scratch = Scratch::new();
    let directory = scratch.join("postgres");
    let mut first = Postgres::start(&TOOLS, &directory, Durability::Full).unwrap();
    let owner = first.application_url(Role::Owner);
    assert_eq!(execute(&owner, "SHOW fsync; SHOW lc_collate").unwrap(), "on\nC.UTF-8");
    execute(&owner, "CREATE TABLE posts (title text); INSERT INTO posts VALUES ('kept')").unwrap();
    first.kill().unwrap();
    drop(first);
    let second = Postgres::start(&TOOLS, &directory, Durability::Full).unwrap();
    let credentials = |url: &str| url.split('@').next().unwrap().to_owned();
    assert_eq!(credentials(&owner), credentials(&second.application_url(Role::Owner)));
    assert_eq!(execute(&second.application_url(Role::Owner), "SELECT title FROM posts").unwrap(), "kept");
}

#[test]
fn a_directory_has_one_user_at_a_time() {
    let scratch = Scratch::new();
    let directory = scratch.join("postgres");
    let server = Postgres::start(&TOOLS, &directory, Durability::Off).unwrap();
    let second = Postgres::start(&TOOLS, &directory, Durability::Off).err().unwrap();
    assert!(matches!(second, LocalServicesError::InUse { .. }), "{second}");
    assert_eq!(
        execute(&server.url(Role::Superuser, "postgres"), "SELECT 1").unwrap(),
        "1",
        "the first lives on"
    );
}

#[test]
fn a_directory_from_before_the_gateways_role_gets_it_and_keeps_everything_else() {
    let scratch = Scratch::new();
    let directory = scratch.join("postgres");
    let first = Postgres::start(&TOOLS, &directory, Durability::Full).unwrap();
    let owner = first.application_url(Role::Owner);
    execute(&owner, "CREATE TABLE posts (title text); INSERT INTO posts VALUES ('kept')").unwrap();
    let superuser = first.application_url(Role::Superuser);
    execute(&superuser, "DROP OWNED BY orgo_gateway; DROP ROLE orgo_gateway").unwrap();
    let passwords = first.log().with_file_name("passwords");
    first.stop().unwrap();
    let three: Vec<String> =
        std::fs::read_to_string(&passwords).unwrap().lines().take(3).map(str::to_owned).collect();
    std::fs::write(&passwords, three.join("\n")).unwrap();

    let mut gateway = String::new();
    for _start in 0..2 {
        let server = Postgres::start(&TOOLS, &directory, Durability::Full).unwrap();
        assert_eq!(execute(&server.application_url(Role::Owner), "SELECT title FROM posts").unwrap(), "kept");
        let url = server.application_url(Role::Gateway);
        assert_eq!(execute(&url, "SELECT current_user").unwrap(), "orgo_gateway");
        assert!(execute(&url, "SELECT title FROM posts").unwrap_err().contains("permission denied"));
        let credentials = url.split('@').next().unwrap().to_owned();
        assert!(gateway.is_empty() || gateway == credentials, "the password is kept");
        gateway = credentials;
        server.stop().unwrap();
    }
}

#[test]
fn a_server_that_is_set_back_has_lost_what_was_committed_since_the_copy() {
    let scratch = Scratch::new();
    let mut server = Postgres::start(&TOOLS, &scratch.join("postgres"), Durability::Off).unwrap();
    let url = server.application_url(Role::Owner);
    execute(&url, "CREATE TABLE posts (title text); INSERT INTO posts VALUES ('kept')").unwrap();
    server.keep_copy().unwrap();
    execute(&url, "INSERT INTO posts VALUES ('lost')").unwrap();
    server.set_back().unwrap();
    assert_eq!(execute(&url, "SELECT title FROM posts").unwrap(), "kept");
}
