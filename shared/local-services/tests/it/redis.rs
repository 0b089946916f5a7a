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
fn the_gateways_user_takes_tickets_reads_streams_and_does_nothing_else() {
    let scratch = Scratch::new();
    let server = Redis::start(&TOOLS, &scratch.join("redis"), Durability::Off).unwrap();
    ask(&server, "SET orgo:ticket:a person\r\nXADD orgo:rt:s:0 1-0 kind like\r\nSET orgo:limit:a 1");
    let as_gateway = |command: &str| {
        let url = server.gateway_url();
        let password = url.split([':', '@']).nth(2).unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap();
        write!(stream, "AUTH orgo_gateway {password}\r\n{command}\r\nQUIT\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(as_gateway("XREAD COUNT 1 STREAMS orgo:rt:s:0 0").contains("like"));
    assert!(as_gateway("GETDEL orgo:ticket:a").contains("person"));
    for refused in [
        "SET orgo:ticket:b other NX PX 30000",
        "XADD orgo:rt:s:0 2-0 kind like",
        "DEL orgo:rt:s:0",
        "GETDEL orgo:limit:a",
        "KEYS *",
        "SCAN 0",
        "FLUSHALL",
        "CONFIG GET requirepass",
        "EVAL return 0",
        "PUBLISH orgo:rt:wake x",
    ] {
        let answer = as_gateway(refused);
        assert!(answer.contains("-NOPERM"), "{refused}: {answer}");
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
fn what_was_written_survives_a_clean_stop_and_a_server_for_tests_begins_empty() {
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
    // Without root, the server runs under the account of the caller, in the requested directory.
    if !directory.starts_with(&closed) {
        assert_eq!(fs::metadata(&directory).unwrap().mode() & 0o777, 0o700);
        fs::remove_dir_all(directory).unwrap();
    }
}

#[test]
fn it_can_be_killed_started_again_on_its_port_and_flushed() {
    let scratch = Scratch::new();
    let mut server = Redis::start(&TOOLS, &scratch.join("redis"), Durability::Off).unwrap();
    let port = server.port();
    server.kill().unwrap();
    server.start_again().unwrap();
    assert_eq!(server.port(), port);
    assert!(ask(&server, "SET key kept").contains("+OK"));
    server.flush().unwrap();
    assert!(ask(&server, "GET key").contains("$-1"));
}
