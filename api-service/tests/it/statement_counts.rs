//! The number of SQL statements of a list does not depend on the page size.

use testkit::TestDatabase;

use crate::lists::FilledLists;

#[testkit::both_databases]
async fn every_list_runs_at_most_six_statements_for_any_page_size(database: TestDatabase) {
    let lists = FilledLists::of(database, 101).await;
    for path in &lists.paths {
        let mut counts = Vec::new();
        for (query, items) in [("limit=1", 1), ("", 20), ("limit=100", 100)] {
            let before = lists.api.parts.database.statements();
            let page = lists.page(path, query).await.expect(200);
            counts.push(lists.api.parts.database.statements() - before);
            assert_eq!(page["items"].as_array().unwrap().len(), items, "{path} {query}");
            assert!(page["next_cursor"].is_string(), "{path} {query}");
        }
        // One of them authenticates the caller.
        assert!(counts.iter().all(|count| (2..=6).contains(count)), "{path}: {counts:?}");
        assert!(counts.iter().all(|count| *count == counts[0]), "{path}: {counts:?}");
    }
}
