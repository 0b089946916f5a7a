//! The parameters of lists: page size, filters and cursors (rule AP10).

use serde_json::json;
use testkit::TestDatabase;

use crate::answer::faults;
use crate::lists::FilledLists;
use crate::posts::NOTHING;

#[tokio::test]
async fn a_limit_outside_of_its_bounds_is_refused_by_every_list() {
    let lists = FilledLists::of(TestDatabase::sqlite().await, 1).await;
    for path in &lists.paths {
        for bad in ["0", "-1", "101", "1000", "4000000000", "99999999999999999999"] {
            let answer = lists.page(path, &format!("limit={bad}")).await;
            let problem = answer.clone().problem(422, "validation_failed");
            assert_eq!(problem["errors"][0]["params"], json!({"min": 1, "max": 100}), "{path} {bad}");
            let expected = faults([("limit", "out_of_range")]);
            assert_eq!(answer.faults(422, "validation_failed"), expected, "{path} {bad}");
        }
        for bad in ["abc", "", "1.5", "0x10", "%31%00", "1e3", "%2B1", "true", "١"] {
            let answer = lists.page(path, &format!("limit={bad}")).await;
            let expected = faults([("limit", "bad_format")]);
            assert_eq!(answer.faults(400, "malformed_request"), expected, "{path} {bad}");
        }
        for good in ["1", "100"] {
            lists.page(path, &format!("limit={good}")).await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_malformed_filter_is_refused() {
    let lists = FilledLists::of(TestDatabase::sqlite().await, 1).await;
    for (query, name) in [
        ("sort=oldest", "sort"),
        ("window=2d", "window"),
        ("window=", "window"),
        ("feed=all", "feed"),
        ("feed=", "feed"),
        ("ids=", "ids"),
        ("ids=7", "ids"),
        ("ids=0198c0de-0000-7000-8000-000000000000,", "ids"),
        ("ids=0198c0de-0000-7000-8000-000000000000;0198c0de-0000-7000-8000-000000000001", "ids"),
        ("sort=", "sort"),
        ("sort=Latest", "sort"),
        ("author_id=7", "author_id"),
        ("author_id=", "author_id"),
        ("author_id=me", "author_id"),
        ("author_id=0198c0de000070008000000000000000", "author_id"),
        ("author_id='%20OR%201=1%20--", "author_id"),
    ] {
        let answer = lists.page("/api/v1/posts", query).await;
        assert_eq!(answer.faults(400, "malformed_request"), faults([(name, "bad_format")]), "{query}");
    }
}

/// Returns whether two paths name the same list: one of them may write out a default.
fn is_same_list(one: &str, other: &str) -> bool {
    let plain = |path: &str| path.replace("?sort=latest", "").replace("?window=all", "");
    plain(one) == plain(other)
}

#[tokio::test]
async fn writing_out_a_default_keeps_a_cursor_valid() {
    let lists = FilledLists::of(TestDatabase::sqlite().await, 3).await;
    let author = &lists.reader.id;
    for (of, also) in [
        (String::new(), vec!["sort=latest", "window=all", "limit=20", "window=all&limit=20&sort=latest"]),
        (format!("author_id={author}"), vec!["sort=latest", "limit=20&window=all"]),
        ("sort=popular".to_owned(), vec!["window=all", "limit=20"]),
    ] {
        let page = lists.page("/api/v1/posts", &format!("limit=1&{of}")).await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        let next = lists.page("/api/v1/posts", &format!("{of}&cursor={cursor}")).await.expect(200);
        for written in also {
            let query = format!("{written}&{of}&cursor={cursor}");
            let same = lists.page("/api/v1/posts", &query).await.expect(200);
            assert_eq!(same["items"], next["items"], "{query}");
            assert_eq!(same["next_cursor"], next["next_cursor"], "{query}");
        }
        let other = format!("{of}&sort=popular&window=7d&cursor={cursor}");
        if of.is_empty() {
            lists.page("/api/v1/posts", &other).await.problem(400, "invalid_cursor");
        }
    }
}

#[tokio::test]
async fn a_cursor_is_valid_for_its_own_list_only() {
    let lists = FilledLists::of(TestDatabase::sqlite().await, 3).await;
    let mut cursors = Vec::new();
    for path in &lists.paths {
        let page = lists.page(path, "limit=1").await.expect(200);
        cursors.push((path, page["next_cursor"].as_str().unwrap().to_owned()));
    }
    for (of, cursor) in &cursors {
        for path in &lists.paths {
            let answer = lists.page(path, &format!("cursor={cursor}")).await;
            if is_same_list(path, of) {
                answer.expect(200);
            } else {
                answer.problem(400, "invalid_cursor");
            }
        }
        // The same list of another resource.
        let elsewhere =
            of.rsplit_once('/').map(|(_, list)| format!("/api/v1/posts/{NOTHING}/{list}")).unwrap();
        if of.ends_with("likes") || of.ends_with("comments") {
            let answer = lists.page(&elsewhere, &format!("cursor={cursor}")).await;
            answer.problem(400, "invalid_cursor");
        }
    }
}

#[tokio::test]
async fn a_cursor_with_any_bit_changed_is_refused() {
    let lists = FilledLists::of(TestDatabase::sqlite().await, 2).await;
    for path in ["/api/v1/posts", "/api/v1/notifications"] {
        let page = lists.page(path, "limit=1").await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        for place in 0..cursor.len() {
            for bit in 0..8 {
                let mut changed = cursor.as_bytes().to_vec();
                changed[place] ^= 1 << bit;
                let changed: String = url::form_urlencoded::byte_serialize(&changed).collect();
                let answer = lists.page(path, &format!("cursor={changed}")).await;
                answer.problem(400, "invalid_cursor");
            }
        }
        let half = cursor.get(..28).unwrap();
        for bad in ["", "null", "0", half, &format!("{cursor}A"), &format!("{cursor}%3D"), &"A".repeat(5_000)]
        {
            lists.page(path, &format!("cursor={bad}")).await.problem(400, "invalid_cursor");
        }
    }
}
