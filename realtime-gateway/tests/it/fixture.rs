//! A gateway on a port of its own, people with tickets, and clients.

mod client;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::events::{Audience, Event, Numbered, payload};
use domain::ids::{NotificationId, PostId, SessionId, UserId};
use domain::notifications::{NotificationType, NotificationView, Target, TargetType, UnreadCounts};
use domain::posts::{NewPost, PostContent, PostTitle};
use domain::text::Text as _;
use domain::{Clock as _, Timestamp};
use ephemeral::Ephemeral;
use identity::resume_keys::ResumeKey;
use operations::App;
use operations::posts::create_post;
use platform::listener::{Guard, GuardedListener};
use platform::shutdown::{Shutdown, Tasks};
use realtime_gateway::{Gateway, Limits, Settings, Source, TAIL_CONNECTIONS, Timing};
use serde_json::json;
use store::{Store, StoreOptions};
use stream::Relay;
use testkit::{ManualClock, Person, SilentProxy, TestApp, TestDatabase};

pub(crate) use self::client::{Client, Received};

/// The origin whose pages may open sockets.
pub(crate) const ORIGIN: &str = "http://127.0.0.1:8088";
/// Longest time that a test waits.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    SqliteAndOutbox,
    PostgresAndRedis,
}

/// The settings that a test changes.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) limits: Limits,
    pub(crate) timing: Timing,
    /// Another URL of Redis, for the gateway only.
    pub(crate) redis_url: Option<String>,
    pub(crate) relay: RelayRuns,
    /// A proxy between the gateway and PostgreSQL. Other programs do not use it.
    pub(crate) postgres: Option<Arc<SilentProxy>>,
}

#[derive(Default, PartialEq, Eq)]
pub(crate) enum RelayRuns {
    #[default]
    Yes,
    No,
}

pub(crate) struct Server {
    pub(crate) test: TestApp,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    tasks: Tasks,
    source: Source,
    changes: Changes,
}

impl Server {
    pub(crate) async fn start(form: Form) -> Self {
        Self::start_with(form, Changes::default()).await
    }

    pub(crate) async fn start_with(form: Form, mut changes: Changes) -> Self {
        // Short, so that a test can wait for many of them; no test depends on their length.
        changes.timing.block = Duration::from_millis(50);
        changes.timing.close = Duration::from_millis(200);
        let clock = Arc::new(ManualClock::default());
        let (shutdown, tasks) = (Shutdown::new(), Tasks::new());
        let (test, source) = match form {
            Form::SqliteAndOutbox => {
                let test = TestApp::new(TestDatabase::sqlite().await);
                (test, Source::Outbox { poll: Duration::from_millis(50) })
            }
            Form::PostgresAndRedis => {
                let (url, prefix) = testkit::redis_url();
                let ephemeral = Ephemeral::redis(&url, &prefix).unwrap();
                let test = TestApp::with_ephemeral(TestDatabase::postgres().await, ephemeral, clock);
                let clock = Arc::clone(&test.app.clock);
                if changes.relay == RelayRuns::Yes {
                    let ids = Arc::clone(&test.app.ids);
                    let relay =
                        Relay::new(test.app.store.clone(), &url, &prefix, clock, ids, "test").unwrap();
                    let stopped = shutdown.clone();
                    tasks.spawn("relay", relay.run(async move { stopped.triggered().await }));
                }
                let url = changes.redis_url.clone().unwrap_or(url);
                (test, Source::Redis { url, prefix })
            }
        };
        stream::open_log(&test.app.store, test.now(), test.app.ids.next_id()).await.unwrap();
        let (gateway, address) = serve(&test, &source, &changes, &shutdown, &tasks).await;
        Self { test, gateway, address, shutdown, tasks, source, changes }
    }

    /// Starts another gateway on the same event log, and returns its address.
    pub(crate) async fn second_gateway(&self) -> SocketAddr {
        serve(&self.test, &self.source, &self.changes, &self.shutdown, &self.tasks).await.1
    }

    pub(crate) fn app(&self) -> &App {
        &self.test.app
    }

    pub(crate) async fn ticket(&self, person: &Person) -> String {
        let issued = operations::realtime::create_ticket(self.app(), &person.caller()).await.unwrap();
        issued.ticket.expose().to_owned()
    }

    /// Opens a socket that has been welcomed. Returns the welcome too.
    pub(crate) async fn welcomed(&self, person: &Person) -> (Client, serde_json::Value) {
        let mut client = Client::open(self.address).await;
        client.send(&json!({"t": "hello", "v": 1, "ticket": self.ticket(person).await})).await;
        let welcome = client.frame().await;
        assert_eq!(welcome["t"], "welcome", "{welcome}");
        (client, welcome)
    }

    /// Records an event for a person, with a number that the test recognises.
    pub(crate) async fn notify(&self, person: &Person, number: i64) {
        notify(&self.test.app.store, &self.test.clock, person.caller().user_id, number).await;
    }

    /// Records several events for a person in one commit.
    pub(crate) async fn notify_at_once(&self, person: &Person, numbers: impl IntoIterator<Item = i64>) {
        let mut unit = self.app().store.begin(self.test.now()).await.unwrap();
        for number in numbers {
            unit.record(numbered(person.caller().user_id, number, self.test.now()));
        }
        unit.commit().await.unwrap();
    }

    /// Appends an event to a person's partition for an audience that only a later version knows.
    pub(crate) async fn notify_unknown(&self, person: &Person) {
        let part = Audience::User(person.caller().user_id).partition().number();
        let row = format!(
            "INSERT INTO outbox (part, pos, audience, kind, frame, recorded_at) \
             SELECT part, pos + 1, 'planet:01890a5d-ac96-774b-bcce-b302099a8057', 'room.message', \
             '{{\"t\":\"msg\"}}', {} FROM stream_heads WHERE part = {part}",
            self.test.now().0
        );
        self.test.database.execute(&row).await;
        let head = format!("UPDATE stream_heads SET pos = pos + 1 WHERE part = {part}");
        self.test.database.execute(&head).await;
    }

    /// Records an event of 32 KiB for a person.
    pub(crate) async fn notify_at_length(&self, person: &Person, number: i64) {
        let (recipient, at) = (person.caller().user_id, self.test.now());
        let notification = NotificationView {
            id: NotificationId(self.app().ids.next_id()),
            kind: NotificationType::Followed,
            group_key: "x".repeat(32 * 1024),
            actors: Vec::new(),
            actor_count: 1,
            target: Target { kind: TargetType::User, id: recipient.0, post_id: None },
            seen_at: None,
            read_at: None,
            created_at: at,
            updated_at: at,
        };
        let unread = UnreadCounts { unseen: 1, unread: 1 };
        let payload = payload::Notification { notification, unread };
        let mut unit = self.app().store.begin(at).await.unwrap();
        unit.record(Event::Notification(Numbered { recipient, number, at, payload }));
        unit.commit().await.unwrap();
    }

    /// Creates a post.
    pub(crate) async fn post(&self, author: &Person) -> PostId {
        let new = NewPost {
            title: PostTitle::parse("/title", "Sorting").unwrap(),
            content: PostContent::parse("/content", "How does it work?").unwrap(),
        };
        create_post(self.app(), &author.caller(), new).await.unwrap().post.id
    }

    /// Ends a session without an event.
    pub(crate) async fn revoke_in_silence(&self, session: SessionId) {
        let unit = self.app().store.begin(self.test.now()).await.unwrap();
        assert!(store::sessions::revoke(&unit, session).await.unwrap());
        unit.commit().await.unwrap();
    }

    pub(crate) async fn stop(&self) {
        self.shutdown.trigger();
        self.tasks.finish(PATIENCE).await.unwrap();
    }
}

/// Starts a gateway, and waits until it accepts sockets.
async fn serve(
    test: &TestApp,
    source: &Source,
    changes: &Changes,
    shutdown: &Shutdown,
    tasks: &Tasks,
) -> (Arc<Gateway>, SocketAddr) {
    let settings = Settings {
        source: source.clone(),
        edge: edge::Settings::new(ORIGIN),
        limits: changes.limits,
        timing: changes.timing,
    };
    // With the rights of production, so that every test shows that they are sufficient.
    let store = match &changes.postgres {
        None => test.database.store_as("orgo_gateway").await,
        Some(proxy) => {
            let url = format!("{}?options=-c%20role%3Dorgo_gateway", proxy.url(test.database.url()));
            Store::connect(&url, StoreOptions::default()).await.unwrap()
        }
    };
    let app = App { store, ..test.app.clone() };
    let tail_store = app.store.with_own_connections(TAIL_CONNECTIONS).await.unwrap();
    let gateway = Gateway::new(app, tail_store, &ResumeKey::derive(&test.secret), settings);
    let listener = GuardedListener::bind("127.0.0.1:0".parse().unwrap(), Guard::default()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let running = realtime_gateway::run(listener, Arc::clone(&gateway), shutdown.clone());
    tasks.spawn("gateway", async move { running.await.unwrap() });
    let ready = async {
        while gateway.check_ready().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, ready).await.expect("the gateway to become ready");
    (gateway, address)
}

/// Records an event for a person, with a number that the test recognises.
pub(crate) async fn notify(store: &Store, clock: &ManualClock, user: UserId, number: i64) {
    let mut unit = store.begin(clock.now()).await.unwrap();
    unit.record(numbered(user, number, clock.now()));
    unit.commit().await.unwrap();
}

fn numbered(recipient: UserId, number: i64, at: Timestamp) -> Event {
    let unread = UnreadCounts { unseen: number, unread: number };
    let payload = payload::NotificationCounts { unread };
    Event::NotificationCounts(Numbered { recipient, number, at, payload })
}
