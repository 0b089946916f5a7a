use poem::{Route, Server, get, handler};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

use super::*;

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

fn guarded(buffer: usize) -> (GuardedStream<DuplexStream>, DuplexStream) {
    let (server, peer) = duplex(buffer);
    (GuardedStream::new(server, Guard::default(), None), peer)
}

/// Reads until data arrives or the deadline passes, while the peer sends `bytes` repeatedly, one byte per second.
async fn read_slowly(
    stream: &mut GuardedStream<DuplexStream>,
    mut peer: DuplexStream,
    bytes: &'static [u8],
) -> (Duration, io::Result<String>) {
    let start = Instant::now();
    let trickle = tokio::spawn(async move {
        for byte in bytes.iter().cycle() {
            if peer.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut buffer = [0; 256];
    let read = stream.read(&mut buffer).await;
    trickle.abort();
    let text = read.map(|read| String::from_utf8(buffer[..read].to_vec()).unwrap());
    (start.elapsed(), text)
}

#[tokio::test(start_paused = true)]
async fn headers_that_trickle_in_are_refused_after_their_deadline() {
    let (mut stream, peer) = guarded(64);
    let (took, read) = read_slowly(&mut stream, peer, b"a").await;
    assert_eq!(took.as_secs(), Guard::default().head.as_secs());
    assert!(read.unwrap().contains("x-orgo-refused: headers-too-slow\r\n"));
    // Further bytes are not read, and the place is released in the end.
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn empty_lines_in_place_of_a_request_do_not_keep_a_connection() {
    let (mut stream, peer) = guarded(64);
    let (took, read) = read_slowly(&mut stream, peer, b"\r\n").await;
    assert!(took <= Guard::default().answer, "{took:?} {read:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_cut_off() {
    let (mut stream, _peer) = guarded(64);
    let start = Instant::now();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed(), Guard::default().answer);
}

#[tokio::test(start_paused = true)]
async fn every_answer_gives_a_connection_more_time() {
    let (mut stream, mut peer) = guarded(64);
    for _ in 0..100 {
        // A heartbeat that the gateway writes to a socket whose peer sends no data.
        let heartbeat = tokio::time::timeout(Duration::from_secs(25), stream.read(&mut [0; 16])).await;
        assert!(heartbeat.is_err(), "cut off before the heartbeat");
        stream.write_all(b"beat").await.unwrap();
        peer.read_exact(&mut [0; 4]).await.unwrap();
    }
    let start = Instant::now();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed(), Guard::default().idle);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_in_does_not_move_the_deadline_of_the_answer() {
    let (mut stream, mut peer) = guarded(256);
    peer.write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n").await.unwrap();
    assert!(stream.read(&mut [0; 256]).await.unwrap() > 0);
    let start = Instant::now();
    let mut buffer = [0; 16];
    let trickle = tokio::spawn(async move {
        while peer.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let error = loop {
        match stream.read(&mut buffer).await {
            Ok(read) => assert_eq!(read, 1),
            Err(error) => break error,
        }
    };
    trickle.abort();
    assert_eq!((error.kind(), start.elapsed()), (io::ErrorKind::TimedOut, Guard::default().answer));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_its_answer_is_cut_off() {
    let (mut stream, _peer) = guarded(4);
    let start = Instant::now();
    let error = stream.write_all(b"a long answer").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed().as_secs(), Guard::default().idle.as_secs());
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_refused_request_is_read_before_the_connection_closes() {
    let (mut stream, mut peer) = guarded(64);
    let sending = tokio::spawn(async move {
        peer.write_all(b"GET / HTTP/1.1\nhost: a\n").await.unwrap();
        peer.write_all(&[b'a'; 1000]).await.unwrap();
        let mut rest = Vec::new();
        peer.read_to_end(&mut rest).await.unwrap();
        rest
    });
    assert!(stream.read(&mut [0; 256]).await.unwrap() > 0);
    stream.write_all(b"refused").await.unwrap();
    stream.shutdown().await.unwrap();
    drop(stream);
    assert_eq!(sending.await.unwrap(), b"refused");
}

#[tokio::test]
async fn connections_beyond_the_cap_wait_for_a_place() {
    let guard = Guard { connections: 1, ..Guard::default() };
    let listener = GuardedListener::bind(LOOPBACK, guard).await.unwrap();
    let address = listener.local_addr().unwrap();
    let _first_peer = TcpStream::connect(address).await.unwrap();
    let _second_peer = TcpStream::connect(address).await.unwrap();
    let (first, _) = listener.accept_guarded().await.unwrap();
    assert!(first.get_ref().nodelay().unwrap());
    tokio::select! {
        biased;
        _ = listener.accept_guarded() => panic!("a second connection was accepted"),
        () = tokio::task::yield_now() => {}
    }
    drop(first);
    assert!(listener.accept_guarded().await.is_ok());
}

#[handler]
fn hello(request: &poem::Request) -> String {
    request.header(REFUSAL_HEADER).map_or_else(|| "hello".to_owned(), |refusal| format!("refused: {refusal}"))
}

/// Sends the bytes to a server, and returns its answers until it closes the connection.
async fn ask(bytes: &[u8]) -> String {
    let listener = GuardedListener::bind(LOOPBACK, Guard::default()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(Server::new(listener).run(Route::new().at("/", get(hello))));
    let mut peer = TcpStream::connect(address).await.unwrap();
    peer.write_all(bytes).await.unwrap();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).await.unwrap();
    server.abort();
    answer
}

#[tokio::test]
async fn poem_serves_on_it() {
    let answer = ask(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn a_request_before_a_refused_one_is_answered_first() {
    let answer = ask(&[REQUEST, REQUEST, b"GET / HTTP/1.1\n\n", REQUEST].concat()).await;
    let bodies: Vec<_> = answer.split("\r\n\r\n").skip(1).collect();
    assert_eq!(bodies.len(), 3, "{answer}");
    assert!(bodies[0].starts_with("hello") && bodies[1].starts_with("hello"), "{answer}");
    assert_eq!(bodies[2], "refused: bare-line-feed");
}

#[tokio::test]
async fn the_preface_of_http_2_is_answered_in_http_1() {
    let answer = ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert!(answer.starts_with("HTTP/1.1 ") && answer.ends_with("refused: version"), "{answer}");
}

#[test]
fn only_a_failed_peer_is_passed_over_without_a_pause() {
    assert!(is_the_peers(&io::ErrorKind::ConnectionAborted.into()));
    // EMFILE, ENFILE, ENOMEM.
    for code in [24, 23, 12] {
        assert!(!is_the_peers(&io::Error::from_raw_os_error(code)));
    }
}
