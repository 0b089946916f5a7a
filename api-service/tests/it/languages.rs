//! Texts for people, in their language.

use serde_json::json;
use testkit::TestDatabase;

use crate::auth::PASSWORD;
use crate::test_api::TestApi;

#[tokio::test]
async fn a_problem_is_explained_in_korean_or_english() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let body = json!({"email": "", "purpose": "signup"});
    for (language, detail, of_field) in [
        (None, "입력값을 확인해 주세요.", "필수 항목입니다."),
        (Some("ko-KR"), "입력값을 확인해 주세요.", "필수 항목입니다."),
        (Some("fr"), "입력값을 확인해 주세요.", "필수 항목입니다."),
        (Some("en"), "Check the values you have entered.", "A value is required."),
        (Some("de, en-GB;q=0.8, ko;q=0.5"), "Check the values you have entered.", "A value is required."),
        (Some("q=;;,,en;q=2"), "입력값을 확인해 주세요.", "필수 항목입니다."),
    ] {
        let mut call = api.post("/api/v1/auth/email-codes", &body);
        if let Some(language) = language {
            call = call.header("accept-language", language);
        }
        let problem = call.send().await.problem(422, "validation_failed");
        assert_eq!((&problem["detail"], &problem["errors"][0]["detail"]), (&json!(detail), &json!(of_field)));
        assert_eq!(problem["title"], "Validation failed");
    }
}

#[tokio::test]
async fn every_problem_has_a_page_in_both_languages() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let index = api.get("/problems").send().await;
    assert_eq!((index.status, index.header("content-type")), (200, Some("text/html; charset=utf-8")));
    for code in domain::ProblemCode::ALL {
        let path = format!("/problems/{}", code.as_str());
        assert!(index.body.contains(&format!("href=\"{path}\"")), "{path}");
        let page = api.get(&path).send().await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        for part in [code.title(), "lang=\"ko\"", "lang=\"en\""] {
            assert!(page.body.contains(part), "{path}: no {part}");
        }
    }
    api.get("/problems/unheard_of").send().await.problem(404, "not_found");
    api.get("/problems/%FF").send().await.problem(404, "not_found");
}

#[tokio::test]
async fn mails_use_the_language_of_the_request() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    for (language, name, word) in [("en-US", "en", "Your code:"), ("ko", "ko", "인증 코드:")] {
        let email = format!("{name}@example.com");
        let body = json!({"email": email, "purpose": "signup"});
        let call = api.post("/api/v1/auth/email-codes", &body).header("accept-language", language);
        let requested = call.send().await.expect(202);
        api.parts.run_jobs().await;
        assert!(api.parts.mailbox.texts_to(&email)[0].starts_with(word));
        let code = api.parts.mailbox.code_for(&email);
        let body =
            json!({"email": email, "flow_id": requested["flow_id"], "code": code, "password": PASSWORD});
        let call = api.post("/api/v1/auth/signups", &body).header("accept-language", language);
        let user = &call.send().await.expect(201)["user"];
        assert_eq!(user["locale"], name);
        assert_eq!(
            user["nickname"].as_str().unwrap().is_ascii(),
            name == "en",
            "a name is made up in it, too"
        );
    }
}
