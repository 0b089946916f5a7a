//! The selections of `listPosts`: feeds, ids, popular posts, and the combinations that are refused.

use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::answer::faults;
use crate::posts::NOTHING;
use crate::test_api::TestApi;

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|post| post["title"].as_str().unwrap()).collect()
}

#[testkit::both_databases]
async fn posts_are_listed_by_ids_in_the_order_asked(database: TestDatabase) {
    let api = TestApi::new(database);
    let mina = api.person("미나").await;
    let mut ids = Vec::new();
    for title in ["하나", "둘", "셋"] {
        ids.push(api.post_by(&mina, title).await);
    }
    assert_eq!(api.delete(&format!("/api/v1/posts/{}", ids[1])).by(&mina).send().await.status, 204);
    let list = [&ids[2], NOTHING, &ids[0], &ids[1], &ids[2]].map(str::to_owned).join(",");
    let page = api.get(&format!("/api/v1/posts?ids={list}")).by(&mina).send().await.expect(200);
    assert_eq!(titles(&page), ["셋", "하나"]);
    assert_eq!((page.get("next_cursor"), page.get("prev_cursor")), (None, None));
    let many = |count: usize| vec![NOTHING; count].join(",");
    let page = api.get(&format!("/api/v1/posts?ids={}", many(100))).send().await.expect(200);
    assert_eq!(page, json!({"items": []}));
    let answer = api.get(&format!("/api/v1/posts?ids={}", many(101))).send().await;
    assert_eq!(
        answer.clone().problem(422, "validation_failed")["errors"][0]["params"],
        json!({"min": 1, "max": 100})
    );
    assert_eq!(answer.faults(422, "validation_failed"), faults([("ids", "out_of_range")]));
}

#[testkit::both_databases]
async fn the_feed_of_followed_people_needs_a_caller(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun, sora) = (api.person("미나").await, api.person("준").await, api.person("소라").await);
    api.follow(&mina, &jun).await;
    for (author, title) in [(&jun, "하나"), (&sora, "둘"), (&mina, "셋"), (&jun, "넷")] {
        api.post_by(author, title).await;
    }
    let feed = "/api/v1/posts?feed=following";
    let page = api.get(feed).by(&mina).send().await.expect(200);
    assert_eq!(titles(&page), ["넷", "하나"]);
    assert_eq!(page["items"][0]["viewer"]["following_author"], true);
    api.get(feed).send().await.problem(401, "unauthenticated");
    // A cursor belongs to the list, not to the person: it yields what the other person may see.
    let page = api.get(&format!("{feed}&limit=1")).by(&mina).send().await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let theirs = api.get(&format!("{feed}&cursor={cursor}")).by(&sora).send().await.expect(200);
    assert_eq!(titles(&theirs), Vec::<&str>::new());
}

/// Rule PO7.
#[testkit::both_databases]
async fn popular_posts_are_listed_by_likes(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, jun) = (api.person("미나").await, api.person("준").await);
    let mut ids = Vec::new();
    for title in ["하나", "둘", "셋"] {
        ids.push(api.post_by(&mina, title).await);
    }
    for person in [&mina, &jun] {
        api.like(person, &ids[0]).await;
    }
    api.like(&jun, &ids[1]).await;
    let popular = "/api/v1/posts?sort=popular";
    for path in [popular.to_owned(), format!("{popular}&window=all")] {
        assert_eq!(titles(&api.get(&path).send().await.expect(200)), ["하나", "둘", "셋"]);
    }
    operations::posts::rank_posts(&api.parts.app).await.unwrap();
    for window in ["1d", "7d", "30d"] {
        let page = api.get(&format!("{popular}&window={window}")).by(&jun).send().await.expect(200);
        assert_eq!(titles(&page), ["하나", "둘"]);
        assert_eq!(page["items"][0]["viewer"]["liked"], true);
    }
}

#[tokio::test]
async fn combinations_without_a_meaning_are_refused_with_the_allowed_ones() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    let author = format!("author_id={}", mina.id);
    for (query, names) in [
        (format!("{author}&feed=following"), vec!["author_id", "feed"]),
        (format!("{author}&sort=popular"), vec!["author_id", "sort"]),
        (format!("{author}&ids={NOTHING}"), vec!["author_id", "ids"]),
        ("feed=following&sort=popular".into(), vec!["feed", "sort"]),
        ("window=7d".into(), vec!["window"]),
        ("sort=latest&window=1d".into(), vec!["window"]),
        (format!("ids={NOTHING}&limit=5"), vec!["ids", "limit"]),
    ] {
        let answer = api.get(&format!("/api/v1/posts?{query}")).by(&mina).send().await;
        let problem = answer.clone().problem(422, "validation_failed");
        let allowed = problem["params"]["allowed"].as_array().unwrap();
        assert!(allowed.contains(&json!("feed=following")) && allowed.contains(&json!("ids")), "{allowed:?}");
        let refused = names.into_iter().map(|name| (name.to_owned(), "not_allowed".to_owned()));
        assert_eq!(answer.faults(422, "validation_failed"), refused.collect::<Vec<_>>(), "{query}");
    }
}
