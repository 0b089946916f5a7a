use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, TransactionTrait};
use store::{Store, StoreOptions};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::required_setting;

/// A migrated database of one test. It is deleted when this is dropped.
pub struct TestDatabase {
    url: String,
    store: Store,
    statements: Arc<AtomicUsize>,
    kept: Kept,
}

/// The files or the database that are deleted at the end of the test.
enum Kept {
    Directory(#[expect(dead_code, reason = "dropped at the end")] TempDir),
    Postgres(#[expect(dead_code, reason = "dropped at the end")] PostgresDatabase),
}

struct PostgresDatabase {
    admin_url: String,
    name: String,
}

impl TestDatabase {
    /// Creates a SQLite database in a temporary directory.
    pub async fn sqlite() -> Self {
        // The migrated file is kept in memory, because nothing could delete it at the end of a test program.
        static MIGRATED: OnceCell<Vec<u8>> = OnceCell::const_new();
        let migrated = MIGRATED.get_or_init(|| async {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("migrated.db");
            migrations::change(&sqlite_url(&path), migrations::Change::Up).await.unwrap();
            std::fs::read(path).unwrap()
        });
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.db");
        std::fs::write(&path, migrated.await).unwrap();
        Self::open(sqlite_url(&path), Kept::Directory(directory)).await
    }

    /// Creates a PostgreSQL database on the server of `ORGO_TEST_POSTGRES_URL`.
    pub async fn postgres() -> Self {
        let admin_url = required_setting("ORGO_TEST_POSTGRES_URL");
        let admin = Database::connect(&admin_url).await.unwrap();
        let template = template(&admin, &admin_url).await;
        let name = unique_name("orgo_test");
        admin.execute_unprepared(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await.unwrap();
        admin.close().await.unwrap();
        let url = with_database(&admin_url, &name);
        Self::open(url, Kept::Postgres(PostgresDatabase { admin_url, name })).await
    }

    async fn open(url: String, kept: Kept) -> Self {
        let statements = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&statements);
        let options = StoreOptions {
            on_statement: Some(Arc::new(move |_| {
                counter.fetch_add(1, Ordering::SeqCst);
            })),
            ..StoreOptions::default()
        };
        let store = Store::connect(&url, options).await.unwrap();
        Self { url, store, statements, kept }
    }

    /// Returns the URL of the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns a store on the database. All share the same connections.
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// Returns a store whose connections have the rights of a role. SQLite has no roles: there it is the same store.
    pub async fn store_as(&self, role: &str) -> Store {
        match self.kept {
            Kept::Directory(_) => self.store(),
            Kept::Postgres(_) => {
                let url = format!("{}?options=-c%20role%3D{role}", self.url);
                Store::connect(&url, StoreOptions::default()).await.unwrap()
            }
        }
    }

    /// Returns how many statements the store has run.
    pub fn statements(&self) -> usize {
        self.statements.load(Ordering::SeqCst)
    }

    /// Runs SQL for which the store has no query. Returns the number of affected rows.
    pub async fn execute(&self, sql: &str) -> u64 {
        self.store.reader().execute_unprepared(sql).await.unwrap().rows_affected()
    }

    /// Returns the number in the first column of the first row of a `SELECT`.
    pub async fn number(&self, sql: &str) -> i64 {
        let statement = sea_orm::Statement::from_string(self.store.reader().get_database_backend(), sql);
        let row = self.store.reader().query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    /// Returns the first column of every row of an answer, each a text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let statement = sea_orm::Statement::from_string(self.store.reader().get_database_backend(), sql);
        let rows = self.store.reader().query_all_raw(statement).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }
}

fn sqlite_url(path: &std::path::Path) -> String {
    format!("sqlite://{}", path.display())
}

/// Returns a name that no other test of this run has, in any process.
pub(crate) fn unique_name(prefix: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("{prefix}_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst))
}

fn with_database(admin_url: &str, name: &str) -> String {
    let (server, _) = admin_url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

/// Returns the name of the database from which all others are copied. It is migrated once per server and set of
/// migrations.
async fn template(admin: &DatabaseConnection, admin_url: &str) -> String {
    static NAME: OnceCell<String> = OnceCell::const_new();
    let name = NAME.get_or_init(|| async {
        let latest = migrations::latest();
        let name = format!("orgo_template_{latest}");
        // One process creates it, the others wait. The lock ends with the transaction.
        let guard = admin.begin().await.unwrap();
        guard.execute_unprepared("SELECT pg_advisory_xact_lock(20261121)").await.unwrap();
        let known = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, known);
        if guard.query_one_raw(statement).await.unwrap().is_none() {
            let unfinished = unique_name("orgo_unfinished");
            admin.execute_unprepared(&format!("CREATE DATABASE {unfinished}")).await.unwrap();
            let url = with_database(admin_url, &unfinished);
            migrations::change(&url, migrations::Change::Up).await.unwrap();
            let rename = format!("ALTER DATABASE {unfinished} RENAME TO {name}");
            admin.execute_unprepared(&rename).await.unwrap();
        }
        guard.commit().await.unwrap();
        name
    });
    name.await.clone()
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let (url, name) = (self.admin_url.clone(), self.name.clone());
        // On a runtime of its own, because the test's runtime may be shutting down.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let admin = Database::connect(&url).await.unwrap();
                admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
                admin.close().await.unwrap();
            });
        });
        let gone = dropped.join().is_ok() || std::thread::panicking();
        assert!(gone, "the database {} was not dropped", self.name);
    }
}
