//! How many statements a list costs.

use testkit::TestDatabase;

use crate::lists::FilledLists;

#[testkit::both_databases]
async fn a_page_costs_six_statements_at_most_whatever_it_holds(database: TestDatabase) {
    let lists = FilledLists::of(database, 101).await;
    for path in &lists.paths {
        let mut costs = Vec::new();
        // More than a hundred is brought down to a hundred; nothing said means twenty.
        for (query, items) in [("limit=1", 1), ("", 20), ("limit=100", 100), ("limit=1000", 100)] {
            let before = lists.api.parts.database.statements();
            let page = lists.page(path, query).await.expect(200);
            costs.push(lists.api.parts.database.statements() - before);
            assert_eq!(page["items"].as_array().unwrap().len(), items, "{path} {query}");
            assert!(page["next_cursor"].is_string(), "{path} {query}");
        }
        // With the one that finds out who asks.
        assert!(costs.iter().all(|cost| (2..=6).contains(cost)), "{path}: {costs:?}");
        assert!(costs.iter().all(|cost| *cost == costs[0]), "{path}: {costs:?}");
    }
}
