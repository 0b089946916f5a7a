use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use local_services::{Fault, FaultProxy, free_port};

/// Starts a server that sends back what it gets, and a proxy in front of it.
fn echo_behind_proxy() -> FaultProxy {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, free_port().unwrap())).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut byte = [0];
                while let Ok(1) = stream.read(&mut byte) {
                    if stream.write_all(&byte).is_err() {
                        break;
                    }
                }
            });
        }
    });
    FaultProxy::start(port).unwrap()
}

fn connect(proxy: &FaultProxy) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn ask(stream: &mut TcpStream, byte: u8) -> std::io::Result<u8> {
    stream.write_all(&[byte])?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    Ok(answer[0])
}

#[test]
fn bytes_are_forwarded_both_ways() {
    let proxy = echo_behind_proxy();
    let mut stream = connect(&proxy);
    assert_eq!(ask(&mut stream, 7).unwrap(), 7);
    proxy.set(Fault::Delay(Duration::from_millis(1)));
    assert_eq!(ask(&mut stream, 8).unwrap(), 8);
}

#[test]
fn a_frozen_proxy_accepts_and_forwards_only_when_the_fault_ends() {
    let proxy = echo_behind_proxy();
    let mut before = connect(&proxy);
    assert_eq!(ask(&mut before, 1).unwrap(), 1);
    proxy.set(Fault::Freeze);
    let mut during = connect(&proxy);
    for stream in [&mut before, &mut during] {
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let silence = ask(stream, 2).unwrap_err().kind();
        assert!(matches!(silence, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{silence}");
    }
    proxy.set(Fault::None);
    for stream in [&mut before, &mut during] {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut held_back = [0];
        stream.read_exact(&mut held_back).unwrap();
        assert_eq!(held_back, [2]);
    }
}

#[test]
fn a_refusing_proxy_closes_open_and_new_connections_until_the_fault_ends() {
    let proxy = echo_behind_proxy();
    let mut before = connect(&proxy);
    assert_eq!(ask(&mut before, 1).unwrap(), 1);
    proxy.set(Fault::Refuse);
    assert!(ask(&mut before, 2).is_err());
    assert!(ask(&mut connect(&proxy), 3).is_err());
    proxy.set(Fault::None);
    assert_eq!(ask(&mut connect(&proxy), 4).unwrap(), 4);
}
