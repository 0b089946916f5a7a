//! The rights of the gateway's role on PostgreSQL. The gateway's own tests run with this role and show that the rights
//! are sufficient.

use migrations::GATEWAY_ROLE;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use testkit::TestDatabase;

const GRANTED: &str = "
    SELECT privilege_type || ' ' || table_name || '.' || column_name AS line
    FROM information_schema.column_privileges WHERE grantee = 'orgo_gateway' AND table_schema = 'public'
    UNION ALL SELECT privilege_type || ' ' || table_name
    FROM information_schema.table_privileges
    WHERE grantee = 'orgo_gateway' AND table_schema = 'public'
          AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
    ORDER BY line";

async fn granted(database: &TestDatabase) -> Vec<String> {
    let statement = Statement::from_string(DbBackend::Postgres, GRANTED);
    let rows = database.store().reader().query_all_raw(statement).await.unwrap();
    rows.into_iter().map(|row| row.try_get("", "line").unwrap()).collect()
}

#[tokio::test]
async fn the_gateway_may_read_the_outbox_and_the_state_of_sessions() {
    let database = TestDatabase::postgres().await;
    assert_eq!(
        granted(&database).await,
        [
            "INSERT log_epochs.epoch",
            "INSERT log_epochs.number",
            "INSERT log_epochs.started_at",
            "SELECT log_epochs.epoch",
            "SELECT log_epochs.number",
            "SELECT log_epochs.started_at",
            "SELECT outbox.audience",
            "SELECT outbox.frame",
            "SELECT outbox.kind",
            "SELECT outbox.mark",
            "SELECT outbox.part",
            "SELECT outbox.pos",
            "SELECT outbox.recorded_at",
            "SELECT posts.author_id",
            "SELECT posts.deleted_at",
            "SELECT posts.id",
            "SELECT sessions.created_at",
            "SELECT sessions.generation",
            "SELECT sessions.id",
            "SELECT sessions.revoked_at",
            "SELECT sessions.rotated_at",
            "SELECT sessions.user_id",
            "SELECT stream_heads.mark",
            "SELECT stream_heads.part",
            "SELECT stream_heads.pos",
            "SELECT users.id",
            "SELECT users.role",
            "SELECT users.state",
            "UPDATE stream_heads.pos",
        ]
    );
}

#[tokio::test]
async fn the_gateway_can_neither_read_nor_write_credentials() {
    let database = TestDatabase::postgres().await;
    let gateway = database.store_as(GATEWAY_ROLE).await;
    for allowed in ["SELECT id, revoked_at FROM sessions", "SELECT * FROM outbox"] {
        assert!(gateway.reader().execute_unprepared(allowed).await.is_ok(), "{allowed}");
    }
    for refused in [
        "SELECT refresh_salt FROM sessions",
        "SELECT * FROM sessions",
        "SELECT id FROM sessions WHERE refresh_salt > ''",
        "UPDATE sessions SET revoked_at = NULL",
        "UPDATE sessions SET refresh_salt = ''",
        "INSERT INTO sessions (id) VALUES (gen_random_uuid())",
        "DELETE FROM sessions",
        "SELECT password_hash FROM user_passwords",
        "UPDATE user_passwords SET password_hash = ''",
        "SELECT code_hash FROM email_codes",
        "INSERT INTO email_codes DEFAULT VALUES",
        "SELECT * FROM captured_mails",
        "SELECT email FROM users",
        "UPDATE users SET role = 'admin'",
        "SELECT * FROM jobs",
        "INSERT INTO outbox DEFAULT VALUES",
        "DELETE FROM outbox",
        "SELECT * FROM posts",
        "CREATE TABLE other ()",
    ] {
        let fault = gateway.reader().execute_unprepared(refused).await.unwrap_err().to_string();
        assert!(fault.contains("permission denied"), "{refused}: {fault}");
    }
}

#[tokio::test]
async fn a_right_of_an_earlier_version_is_revoked_by_the_next_migration() {
    let database = TestDatabase::postgres().await;
    let before = granted(&database).await;
    for superfluous in ["GRANT SELECT (refresh_salt) ON sessions", "GRANT DELETE, UPDATE ON users"] {
        database.execute(&format!("{superfluous} TO {GATEWAY_ROLE}")).await;
    }
    assert_ne!(granted(&database).await, before);
    migrations::change(database.url(), migrations::Change::Up).await.unwrap();
    assert_eq!(granted(&database).await, before);
    migrations::grant_gateway_rights(database.url()).await.unwrap();
    assert_eq!(granted(&database).await, before);
}

#[tokio::test]
async fn granting_rights_on_a_database_without_roles_fails() {
    let database = TestDatabase::sqlite().await;
    let fault = migrations::grant_gateway_rights(database.url()).await.unwrap_err().to_string();
    assert!(fault.contains("orgo_gateway"), "{fault}");
}
