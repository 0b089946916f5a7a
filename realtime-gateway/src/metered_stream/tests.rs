use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::advance;

use super::*;

/// An empty continuation frame with a mask.
const EMPTY: [u8; 6] = [0x00, 0x80, 0, 0, 0, 0];

fn metered(limits: &Limits) -> (DuplexStream, MeteredStream<DuplexStream>) {
    let (client, server) = duplex(1 << 20);
    (client, MeteredStream::new(server, limits))
}

/// Reads all available bytes, in portions.
async fn read_all(stream: &mut MeteredStream<DuplexStream>, bytes: usize) -> io::Result<()> {
    let mut left = bytes;
    let mut buffer = [0; 1024];
    while left > 0 {
        let size = left.min(buffer.len());
        left -= stream.read(&mut buffer[..size]).await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn empty_continuation_frames_are_refused_beyond_the_burst() {
    let limits = Limits::default();
    let (mut client, mut stream) = metered(&limits);
    let burst = usize::try_from(limits.frames_burst).unwrap();
    client.write_all(&EMPTY.repeat(burst)).await.unwrap();
    read_all(&mut stream, EMPTY.len() * burst).await.unwrap();
    client.write_all(&EMPTY).await.unwrap();
    let error = read_all(&mut stream, EMPTY.len()).await.unwrap_err();
    assert!(RateExceeded::is_cause_of(&error), "{error}");
    advance(Duration::from_mins(1)).await;
    let error = read_all(&mut stream, 1).await.unwrap_err();
    assert!(RateExceeded::is_cause_of(&error), "it stays refused: {error}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_to_the_rate_is_never_refused() {
    let limits = Limits::default();
    let (mut client, mut stream) = metered(&limits);
    let a_second = EMPTY.repeat(usize::try_from(limits.frames_per_second).unwrap());
    for _ in 0..600 {
        client.write_all(&a_second).await.unwrap();
        read_all(&mut stream, a_second.len()).await.unwrap();
        advance(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_are_limited_even_in_one_frame_that_never_ends() {
    let limits = Limits::default();
    let (mut client, mut stream) = metered(&limits);
    let burst = usize::try_from(limits.bytes_burst).unwrap();
    let mut bytes = vec![0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0];
    bytes.resize(burst, 0);
    client.write_all(&bytes).await.unwrap();
    read_all(&mut stream, burst).await.unwrap();
    client.write_all(b"x").await.unwrap();
    let error = read_all(&mut stream, 1).await.unwrap_err();
    assert!(RateExceeded::is_cause_of(&error), "{error}");
}

#[tokio::test(start_paused = true)]
async fn pings_and_headers_that_come_byte_by_byte_count() {
    let limits = Limits { frames_burst: 3, ..Limits::default() };
    let (mut client, mut stream) = metered(&limits);
    let ping = [0x89, 0x80, 0, 0, 0, 0];
    for byte in ping.repeat(3) {
        client.write_all(&[byte]).await.unwrap();
        read_all(&mut stream, 1).await.unwrap();
    }
    for byte in &ping[..5] {
        client.write_all(&[*byte]).await.unwrap();
        read_all(&mut stream, 1).await.unwrap();
    }
    client.write_all(&ping[5..]).await.unwrap();
    assert!(read_all(&mut stream, 1).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn while_the_socket_is_closed_the_rest_can_be_read() {
    let limits = Limits { frames_burst: 0, ..Limits::default() };
    let (mut client, mut stream) = metered(&limits);
    client.write_all(&EMPTY).await.unwrap();
    assert!(read_all(&mut stream, EMPTY.len()).await.is_err());
    stream.discard();
    let rest = EMPTY.repeat(1_000);
    client.write_all(&rest).await.unwrap();
    read_all(&mut stream, rest.len()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_continues_sending_is_read_up_to_a_bound() {
    let (mut client, mut stream) = metered(&Limits::default());
    stream.discard();
    let endless = tokio::spawn(async move { while client.write_all(&[0; 1024]).await.is_ok() {} });
    let read = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.unwrap();
    assert!((DISCARDED..DISCARDED + 16 * 1024).contains(&usize::try_from(read).unwrap()), "{read}");
    drop(stream);
    endless.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_the_server_writes_is_not_limited() {
    let (mut client, mut stream) = metered(&Limits { bytes_burst: 0, ..Limits::default() });
    stream.write_all(&vec![0; 1 << 19]).await.unwrap();
    let mut received = vec![0; 1 << 19];
    client.read_exact(&mut received).await.unwrap();
}
