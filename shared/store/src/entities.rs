//! One entity a table, without logic.

pub(crate) mod captured_mails;
pub(crate) mod code_mailboxes;
pub(crate) mod comment_likes;
pub(crate) mod comments;
pub(crate) mod email_codes;
pub(crate) mod follows;
pub(crate) mod idempotency_keys;
pub(crate) mod jobs;
pub(crate) mod log_epochs;
pub(crate) mod log_in_failures;
pub(crate) mod notification_actors;
pub(crate) mod notification_heads;
pub(crate) mod notifications;
pub(crate) mod outbox;
pub(crate) mod popularity_ranks;
pub(crate) mod popularity_snapshots;
pub(crate) mod post_likes;
pub(crate) mod post_views;
pub(crate) mod posts;
pub(crate) mod relay_leases;
pub(crate) mod sessions;
pub(crate) mod stream_heads;
pub(crate) mod user_passwords;
pub(crate) mod users;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Iden, Iterable, Statement};
    use testkit::TestDatabase;

    use super::*;
    use crate::{Store, StoreOptions};

    const POSTGRES_COLUMNS: &str = "SELECT table_name AS place, column_name AS name
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2";
    const SQLITE_COLUMNS: &str = "SELECT tables.name AS place, columns.name AS name
        FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite%' ORDER BY 1, 2";

    /// The columns of every table, in alphabetical order.
    type Schema = BTreeMap<String, Vec<String>>;

    async fn migrated_schema(store: &Store) -> Schema {
        let backend = store.reader().get_database_backend();
        let sql = if backend == DbBackend::Postgres { POSTGRES_COLUMNS } else { SQLITE_COLUMNS };
        let mut schema = Schema::new();
        for row in store.reader().query_all_raw(Statement::from_string(backend, sql)).await.unwrap() {
            let table: String = row.try_get("", "place").unwrap();
            schema.entry(table).or_default().push(row.try_get("", "name").unwrap());
        }
        schema.remove("seaql_migrations");
        schema
    }

    /// Selects an entity. Fails if a column or its type differs from the schema. Notes the columns of the entity.
    async fn note<E: EntityTrait>(store: &Store, entity: E, schema: &mut Schema) {
        E::find().all(store.reader()).await.unwrap();
        let mut columns: Vec<_> = E::Column::iter().map(|column| column.to_string()).collect();
        columns.sort();
        schema.insert(entity.table_name().to_owned(), columns);
    }

    #[testkit::both_databases]
    async fn entities_match_the_migrated_schema(database: TestDatabase) {
        let store = Store::connect(database.url(), StoreOptions::default()).await.unwrap();
        let mut said = Schema::new();
        macro_rules! note_all {
            ($($entity:ident)+) => { $(note(&store, $entity::Entity, &mut said).await;)+ };
        }
        note_all! {
            captured_mails code_mailboxes comment_likes comments email_codes follows idempotency_keys jobs log_epochs
            log_in_failures notification_actors notification_heads notifications outbox popularity_ranks
            popularity_snapshots post_likes post_views posts relay_leases sessions stream_heads user_passwords users
        }
        assert_eq!(said, migrated_schema(&store).await);
        store.close().await.unwrap();
    }
}
