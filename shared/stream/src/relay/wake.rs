use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use redis::Client;
use store::Store;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::redis_stream;

/// How long after a fault the next try is made. Until then the relay looks by itself.
const RECOVER: Duration = Duration::from_secs(1);
/// How long Redis may take to answer.
const RESPONSE: Duration = Duration::from_secs(2);

/// The channel on which processes say that they have put events into the log.
pub(super) fn channel(prefix: &str) -> String {
    format!("{prefix}wake")
}

/// Says on the channel that this process has put events into the log: the relay may be in another one. A word that is
/// lost costs the time until the relay looks by itself, nothing else.
pub(super) async fn tell(store: &Store, client: &Client, channel: &str) {
    let mut appends = store.appends();
    loop {
        let Ok(mut connection) = redis_stream::connect(client, Some(RESPONSE)).await else {
            tokio::time::sleep(RECOVER).await;
            continue;
        };
        while appends.changed().await.is_ok() {
            let told: redis::RedisResult<i64> =
                redis::cmd("PUBLISH").arg(channel).arg("").query_async(&mut connection).await;
            if told.is_err() {
                break;
            }
        }
        tokio::time::sleep(RECOVER).await;
    }
}

/// Hears what [`tell`] says. Ends when it is dropped.
pub(super) struct Listener {
    heard: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Listener {
    pub(super) fn start(client: Client, channel: String) -> Self {
        let heard = Arc::new(Notify::new());
        let task = tokio::spawn(listen(client, channel, Arc::clone(&heard)));
        Self { heard, task }
    }

    /// Waits for the next word; one that came meanwhile counts.
    pub(super) async fn heard(&self) {
        self.heard.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(client: Client, channel: String, heard: Arc<Notify>) {
    loop {
        if let Ok(mut subscription) = client.get_async_pubsub().await
            && subscription.subscribe(&channel).await.is_ok()
        {
            let mut words = subscription.on_message();
            while words.next().await.is_some() {
                heard.notify_one();
            }
        }
        tokio::time::sleep(RECOVER).await;
    }
}
