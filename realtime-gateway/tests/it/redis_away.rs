use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use crate::fixture::{Changes, Form, PATIENCE, RelayRuns, Server};

/// A TCP proxy to Redis that can be closed.
struct Door {
    url: String,
    open: Arc<AtomicBool>,
    shut: Arc<Notify>,
    passed: watch::Receiver<u32>,
}

impl Door {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let real = testkit::redis_url().0.trim_start_matches("redis://").trim_end_matches('/').to_owned();
        // The URL of the proxy keeps the password of the original URL; only the address differs.
        let (password, redis) = match real.split_once('@') {
            Some((password, redis)) => (format!("{password}@"), redis.to_owned()),
            None => (String::new(), real),
        };
        let url = format!("redis://{password}{}", listener.local_addr().unwrap());
        let (open, shut, passing) =
            (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()), watch::Sender::new(0));
        let door =
            Self { url, open: Arc::clone(&open), shut: Arc::clone(&shut), passed: passing.subscribe() };
        tokio::spawn(async move {
            while let Ok((mut inside, _)) = listener.accept().await {
                if !open.load(Ordering::SeqCst) {
                    continue;
                }
                let mut outside = TcpStream::connect(&redis).await.unwrap();
                passing.send_modify(|count| *count += 1);
                let shut = Arc::clone(&shut);
                tokio::spawn(async move {
                    tokio::select! {
                        _ = copy_bidirectional(&mut inside, &mut outside) => {}
                        () = shut.notified() => {}
                    }
                });
            }
        });
        door
    }

    async fn open(&mut self) {
        self.passed.mark_unchanged();
        self.open.store(true, Ordering::SeqCst);
        tokio::time::timeout(PATIENCE, self.passed.changed()).await.expect("a connection attempt").unwrap();
    }

    fn close(&self) {
        self.open.store(false, Ordering::SeqCst);
        self.shut.notify_waiters();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_come_from_the_outbox_while_redis_is_away_each_once() {
    let mut door = Door::new().await;
    let mut changes = Changes { redis_url: Some(door.url.clone()), ..Changes::default() };
    changes.timing.retry = Duration::from_millis(20);
    let server = Server::start_with(Form::PostgresAndRedis, changes).await;
    let person = server.test.person("first").await;
    let (mut client, _) = server.welcomed(&person).await;
    let mut number = 0;
    for _ in 0..3 {
        for _ in 0..3 {
            number += 1;
            server.notify(&person, number).await;
            assert_eq!(client.numbers(1).await, [number]);
        }
        door.open().await;
        for _ in 0..20 {
            number += 1;
            server.notify(&person, number).await;
        }
        assert_eq!(client.numbers(20).await, (number - 19..=number).collect::<Vec<i64>>());
        door.close();
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_were_not_relayed_are_read_from_the_outbox() {
    let mut changes = Changes { relay: RelayRuns::No, ..Changes::default() };
    changes.timing.audit = Duration::from_millis(20);
    let server = Server::start_with(Form::PostgresAndRedis, changes).await;
    let person = server.test.person("first").await;
    let (mut client, _) = server.welcomed(&person).await;
    for number in 1..=3 {
        server.notify(&person, number).await;
        assert_eq!(client.numbers(1).await, [number]);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connected_clients_get_a_gap_when_events_are_lost() {
    let mut changes = Changes { relay: RelayRuns::No, ..Changes::default() };
    changes.timing.audit = Duration::from_millis(20);
    let server = Server::start_with(Form::PostgresAndRedis, changes).await;
    let person = server.test.person("first").await;
    let (mut client, _) = server.welcomed(&person).await;
    // Recorded and deleted in one commit, so that no reader can have seen it.
    let heads = "UPDATE stream_heads SET pos = pos + 5";
    server.test.database.execute(heads).await;
    let gap = client.news().await;
    assert_eq!((&gap["t"], &gap["all"]), (&"gap".into(), &true.into()));
    server.notify(&person, 1).await;
    assert_eq!(client.numbers(1).await, [1]);
    server.stop().await;
}
