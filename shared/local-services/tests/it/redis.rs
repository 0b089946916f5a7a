use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use local_services::{Durability, Redis};

use crate::scratch::{Scratch, TOOLS};

/// Sends commands one a line and returns everything that is answered.
fn ask(server: &Redis, commands: &str) -> String {
    let url = server.url();
    let password = url.split([':', '@']).nth(2).unwrap();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap();
    write!(stream, "AUTH {password}\r\n{commands}\r\nQUIT\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_keeps_an_append_only_file_and_never_evicts() {
    let scratch = Scratch::new();
    let server = Redis::start(&TOOLS, &scratch.join("redis"), Durability::Off).unwrap();
    let settings =
        ask(&server, "CONFIG GET appendonly\r\nCONFIG GET appendfsync\r\nCONFIG GET maxmemory-policy");
    for value in ["yes", "everysec", "noeviction"] {
        assert!(settings.contains(&format!("\r\n{value}\r\n")), "{settings}");
    }
}

#[test]
fn connections_without_the_password_are_refused() {
    let scratch = Scratch::new();
    let server = Redis::start(&TOOLS, &scratch.join("redis"), Durability::Off).unwrap();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    assert!(line.starts_with("-NOAUTH"), "{line}");
}

#[test]
fn data_survives_a_clean_stop_and_a_server_for_tests_starts_empty() {
    let scratch = Scratch::new();
    let directory = scratch.join("redis");
    let first = Redis::start(&TOOLS, &directory, Durability::Full).unwrap();
    ask(&first, "SET key kept");
    first.stop().unwrap();
    let second = Redis::start(&TOOLS, &directory, Durability::Full).unwrap();
    assert!(ask(&second, "GET key").contains("kept"));
    second.stop().unwrap();
    let third = Redis::start(&TOOLS, &directory, Durability::Off).unwrap();
    assert!(ask(&third, "GET key").contains("$-1"));
}

#[test]
fn a_directory_that_an_account_without_rights_cannot_reach_is_replaced() {
    let scratch = Scratch::new();
    let closed = scratch.join("closed");
    fs::create_dir_all(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
    let server = Redis::start(&TOOLS, &closed.join("redis"), Durability::Off).unwrap();
    assert!(ask(&server, "PING").contains("+PONG"));
    let directory = server.log().parent().unwrap().to_owned();
    server.stop().unwrap();
    // Whoever is not root runs the server under their own account, and in the directory they asked for.
    if !directory.starts_with(&closed) {
        assert_eq!(fs::metadata(&directory).unwrap().mode() & 0o777, 0o700);
        fs::remove_dir_all(directory).unwrap();
    }
}
