use poem::{Route, Server, get, handler};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn guarded(buffer: usize) -> (GuardedStream<DuplexStream>, DuplexStream) {
    let (server, peer) = duplex(buffer);
    (GuardedStream::new(server, Guard::default(), None), peer)
}

/// Reads until the guard ends it, while `peer` sends a byte a second; returns how long that took.
async fn read_slowly(stream: &mut GuardedStream<DuplexStream>, mut peer: DuplexStream) -> Duration {
    let start = Instant::now();
    let trickle = tokio::spawn(async move {
        while peer.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut buffer = [0; 16];
    let error = loop {
        match stream.read(&mut buffer).await {
            Ok(read) => assert_eq!(read, 1),
            Err(error) => break error,
        }
    };
    trickle.abort();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_trickles_and_never_asks_is_cut_off() {
    let (mut stream, peer) = guarded(64);
    let took = read_slowly(&mut stream, peer).await;
    assert_eq!(took.as_secs(), Guard::default().first.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_cut_off() {
    let (mut stream, _peer) = guarded(64);
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn every_answer_gives_a_connection_more_time() {
    let (mut stream, mut peer) = guarded(64);
    for _ in 0..100 {
        // A heartbeat, as the gateway writes it on a socket whose peer has nothing to say.
        let heartbeat = tokio::time::timeout(Duration::from_secs(25), stream.read(&mut [0; 16])).await;
        assert!(heartbeat.is_err(), "cut off before the heartbeat");
        stream.write_all(b"beat").await.unwrap();
        peer.read_exact(&mut [0; 4]).await.unwrap();
    }
    let took = read_slowly(&mut stream, peer).await;
    assert_eq!(took.as_secs(), Guard::default().idle.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_its_answer_is_cut_off() {
    let (mut stream, _peer) = guarded(4);
    let start = Instant::now();
    let error = stream.write_all(b"a long answer").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed().as_secs(), Guard::default().idle.as_secs());
}

#[tokio::test]
async fn connections_beyond_the_cap_wait_for_a_place() {
    let guard = Guard { connections: 1, ..Guard::default() };
    let listener = GuardedListener::bind(LOOPBACK, guard).await.unwrap();
    let address = listener.local_addr().unwrap();
    let _first_peer = TcpStream::connect(address).await.unwrap();
    let _second_peer = TcpStream::connect(address).await.unwrap();
    let (first, _) = listener.accept_guarded().await.unwrap();
    assert!(first.inner.nodelay().unwrap());
    tokio::select! {
        biased;
        _ = listener.accept_guarded() => panic!("a second connection was accepted"),
        () = tokio::task::yield_now() => {}
    }
    drop(first);
    assert!(listener.accept_guarded().await.is_ok());
}

#[tokio::test]
async fn poem_serves_on_it() {
    #[handler]
    fn hello() -> &'static str {
        "hello"
    }
    let listener = GuardedListener::bind(LOOPBACK, Guard::default()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(Server::new(listener).run(Route::new().at("/", get(hello))));
    let mut peer = TcpStream::connect(address).await.unwrap();
    peer.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hello"), "{answer}");
    server.abort();
}

#[test]
fn only_a_failed_peer_is_passed_over_without_a_pause() {
    assert!(is_the_peers(&io::ErrorKind::ConnectionAborted.into()));
    // EMFILE, ENFILE, ENOMEM.
    for code in [24, 23, 12] {
        assert!(!is_the_peers(&io::Error::from_raw_os_error(code)));
    }
}
