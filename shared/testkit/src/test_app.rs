use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::Clock as _;
use domain::auth::{ClientOrigin, CodePurpose};
use domain::ids::CodeFlowId;
use domain::text::Text;
use domain::users::{EmailAddress, Locale, Nickname};
use ephemeral::Ephemeral;
use identity::access_tokens::AccessTokens;
use identity::codes::{Code, CodeHasher};
use identity::device_tokens::DeviceTokens;
use identity::passwords::{Password, PasswordHasher};
use identity::random::RandomSource;
use identity::refresh_tokens::RefreshTokens;
use identity::secrets::MasterSecret;
use identity::signing_keys::{SigningKey, SigningKeys};
use identity::viewer_keys::ViewerKeys;
use operations::auth::{SignUp, TypedCode, request_email_code, sign_up};
use operations::jobs::run_due_jobs;
use operations::{App, Credentials, Visitor};

use crate::{CountedIds, Mailbox, ManualClock, Person, TestDatabase};

/// The public URL in tests, which is the issuer of tokens.
pub const PUBLIC_URL: &str = "http://127.0.0.1:8088";

/// The master secret in tests.
const SECRET: &str = "8f1d4c0be7a293566b19f0d83ce25a7714b8e69f02cd3a5187f46d90b3e21c5a";

/// Operations on a database of one test, with a clock and a mailbox that the test controls.
pub struct TestApp {
    /// The app that operations take.
    pub app: App,
    /// The credentials that operations of log-in and sign-up take.
    pub credentials: Credentials,
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// Receives all mails.
    pub mailbox: Arc<Mailbox>,
    /// The master secret, for cursors and resume tokens.
    pub secret: MasterSecret,
    /// The database.
    pub database: TestDatabase,
}

/// A source of random bytes that is the same in every run and repeats none within a run.
#[derive(Debug, Default)]
pub struct RandomFromSeed(AtomicU64);

impl RandomSource for RandomFromSeed {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::SeqCst) + 1;
            let mixed = next.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            chunk.copy_from_slice((mixed ^ (mixed >> 32)).to_le_bytes().get(..chunk.len()).unwrap());
        }
    }
}

impl TestApp {
    /// Creates it with tickets and rate limits in the process.
    pub fn new(database: TestDatabase) -> Self {
        let clock = Arc::new(ManualClock::default());
        let ephemeral = Ephemeral::in_process(clock.clone());
        Self::with_ephemeral(database, ephemeral, clock)
    }

    /// Creates it with other storage of tickets and rate limits.
    pub fn with_ephemeral(database: TestDatabase, ephemeral: Ephemeral, clock: Arc<ManualClock>) -> Self {
        let random: Arc<dyn RandomSource> = Arc::new(RandomFromSeed::default());
        let secret = MasterSecret::from_hex(SECRET).unwrap();
        let keys = SigningKeys::new(SigningKey::generate().unwrap());
        let credentials = Credentials {
            access_tokens: Arc::new(AccessTokens::new(keys, PUBLIC_URL, "orgo-api", Arc::clone(&random))),
            refresh_tokens: Arc::new(RefreshTokens::new(&secret)),
            codes: Arc::new(CodeHasher::new(&secret)),
            device_tokens: Arc::new(DeviceTokens::new(&secret)),
            passwords: PasswordHasher::new(),
            viewers: ViewerKeys::new(&secret),
            local_limits: Ephemeral::in_process(clock.clone()),
        };
        let app = App {
            store: database.store(),
            ephemeral,
            clock: clock.clone(),
            ids: Arc::new(CountedIds::default()),
            random,
        };
        Self { app, credentials, clock, mailbox: Arc::new(Mailbox::default()), secret, database }
    }

    /// Returns a visitor with a network address of its own, so that people do not share rate limits.
    pub fn visitor(&self, name: &str) -> Visitor {
        Visitor {
            address: format!("address of {name}"),
            origin: ClientOrigin::new("Test/1.0", format!("network of {name}")),
            locale: Locale::Korean,
        }
    }

    /// Runs all jobs that are due.
    pub async fn run_jobs(&self) {
        while !run_due_jobs(&self.app, &self.credentials, &*self.mailbox).await.unwrap().is_idle() {}
    }

    /// Returns a code as a person types it for a flow.
    pub fn typed(&self, flow_id: CodeFlowId, code: &str) -> TypedCode {
        TypedCode { flow_id, code: Code::parse(code).unwrap() }
    }

    /// Signs a person up the whole way: code, mail, password. The address is `{name}@example.com`.
    pub async fn person(&self, name: &str) -> Person {
        let email = EmailAddress::parse("/email", &format!("{name}@example.com")).unwrap();
        let visitor = self.visitor(name);
        let purpose = CodePurpose::SignUp;
        let requested =
            request_email_code(&self.app, &self.credentials, &visitor, email.clone(), purpose).await.unwrap();
        self.run_jobs().await;
        let password = "blue otters paint slowly".to_owned();
        let input = SignUp {
            proof: self.typed(requested.flow_id, &self.mailbox.code_for(email.as_str())),
            email,
            password: Password::parse(&password).unwrap(),
            nickname: Some(Nickname::parse("/nickname", name).unwrap()),
            locale: None,
        };
        let tokens = sign_up(&self.app, &self.credentials, &visitor, input).await.unwrap();
        Person { tokens, password }
    }

    /// Returns all recorded events, partition by partition, as kind and audience.
    pub async fn recorded(&self) -> Vec<(String, String)> {
        let mut recorded = Vec::new();
        for partition in domain::events::Partition::all() {
            let events = store::outbox::read(self.app.store.reader(), partition, 0, 10_000).await.unwrap();
            recorded.extend(events.into_iter().map(|event| (event.kind, event.audience.to_string())));
        }
        recorded
    }

    /// Returns the current time of the clock.
    pub fn now(&self) -> domain::Timestamp {
        self.clock.now()
    }
}
