use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use redis::Client;
use redis::aio::PubSub;
use store::Store;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::SourceFault;
use crate::pace::Pace;
use crate::redis_stream;

/// Wait after a fault before the next connection. During this time the relay finds new events by polling.
const RECOVER: Duration = Duration::from_secs(1);
/// Deadline of an answer of Redis, and of a new subscription.
const RESPONSE: Duration = Duration::from_secs(2);
/// Time without a message after which the subscription is renewed: the connection may be dead.
const SILENCE: Duration = Duration::from_secs(30);

/// Returns the channel on which processes announce that they have committed events.
pub(super) fn channel(prefix: &str) -> String {
    format!("{prefix}wake")
}

/// Publishes a message on the channel after commits with events, at most 250 times a second, while the relay runs in
/// another process. Never returns. A lost message delays events until the relay polls.
pub(super) async fn publish(store: &Store, client: &Client, channel: &str, is_relaying: &AtomicBool) {
    let mut appends = store.appends();
    let mut pace = Pace::default();
    loop {
        let Ok(mut connection) = redis_stream::connect(client, Some(RESPONSE)).await else {
            tokio::time::sleep(RECOVER).await;
            continue;
        };
        while appends.changed().await.is_ok() {
            pace.next_round().await;
            // Commits during the pause are announced by the same message.
            appends.mark_unchanged();
            if is_relaying.load(Ordering::Relaxed) {
                continue;
            }
            let published: redis::RedisResult<i64> =
                redis::cmd("PUBLISH").arg(channel).arg("").query_async(&mut connection).await;
            if published.is_err() {
                break;
            }
        }
        tokio::time::sleep(RECOVER).await;
    }
}

/// Receives the messages that [`publish`] sends in other processes. Stops when it is dropped.
pub(super) struct Listener {
    received: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Subscribes to the channel.
    pub(super) fn start(client: Client, channel: String) -> Self {
        let received = Arc::new(Notify::new());
        let task = tokio::spawn(listen(client, channel, Arc::clone(&received)));
        Self { received, task }
    }

    /// Waits for the next message. Returns at once if one arrived since the last call.
    pub(super) async fn received(&self) {
        self.received.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(client: Client, channel: String, received: Arc<Notify>) {
    loop {
        if let Ok(mut subscription) = subscribe(&client, &channel).await {
            let mut messages = subscription.on_message();
            while let Ok(Some(_)) = tokio::time::timeout(SILENCE, messages.next()).await {
                received.notify_one();
            }
        }
        tokio::time::sleep(RECOVER).await;
    }
}

/// The `redis` crate sets no deadline for a subscription.
async fn subscribe(client: &Client, channel: &str) -> Result<PubSub, SourceFault> {
    let subscribed = async {
        let mut subscription = client.get_async_pubsub().await?;
        subscription.subscribe(channel).await?;
        Ok(subscription)
    };
    tokio::time::timeout(RESPONSE, subscribed).await.map_err(|_elapsed| SourceFault::TimedOut)?
}
