//! Invalid authorization headers (rule AP7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::test_api::{Actor, TestApi};

async fn api_and_person() -> (TestApi, Actor) {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    (api, mina)
}

#[tokio::test]
async fn a_malformed_authorization_header_is_refused_and_not_ignored() {
    let (api, mina) = api_and_person().await;
    let token = &mina.token;
    let bad = [
        String::new(),
        " ".into(),
        "Bearer".into(),
        "Bearer ".into(),
        "Bearer null".into(),
        "Bearer undefined".into(),
        token.clone(),
        format!("Bearer{token}"),
        format!("Basic {token}"),
        "Basic bWluYTpwYXNzd29yZA==".into(),
        "Digest username=\"mina\"".into(),
        format!("Token {token}"),
        format!("Bearer\t{token}"),
        format!("Bearer {token} {token}"),
        format!("Bearer {token},{token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer {token}."),
        format!("Bearer {token}="),
        format!("Bearer ...{token}"),
        format!("Bearer {}", "A".repeat(10_000)),
        format!("Bearer {}", ".".repeat(1_000)),
    ];
    for value in bad {
        for (method, path) in
            [("GET", "/api/v1/users/me"), ("GET", "/api/v1/posts"), ("POST", "/api/v1/posts")]
        {
            let answer = api.call(method, path).header("authorization", &value).send().await;
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"orgo\""));
            answer.problem(401, "unauthenticated");
        }
    }
    let bytes = api.get("/api/v1/posts").header_bytes("authorization", b"Bearer \xff\xfe").send().await;
    bytes.problem(401, "unauthenticated");
    let twice = api.get("/api/v1/posts").by(&mina).by(&mina).send().await;
    twice.problem(401, "unauthenticated");
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case_and_tokens_elsewhere_are_not_read() {
    let (api, mina) = api_and_person().await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let call = api.get("/api/v1/users/me").header("authorization", &format!("{scheme} {}", mina.token));
        call.send().await.expect(200);
    }
    let cookie = format!("access_token={0}; token={0}; session={0}", mina.token);
    api.get("/api/v1/users/me").header("cookie", &cookie).send().await.problem(401, "unauthenticated");
    for name in ["x-access-token", "x-user-id", "proxy-authorization"] {
        let call = api.get("/api/v1/users/me").header(name, &format!("Bearer {}", mina.token));
        call.send().await.problem(401, "unauthenticated");
    }
    let in_query = api.get(&format!("/api/v1/users/me?access_token={}", mina.token)).send().await;
    in_query.problem(400, "unknown_parameter");
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn decode(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_forged_token_is_refused() {
    let (api, mina) = api_and_person().await;
    let parts: Vec<&str> = mina.token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { panic!("{parts:?}") };
    let (good_header, good_claims) = (decode(header), decode(claims));
    let mut forged = vec![
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!("{claims}.{header}.{signature}"),
        format!("{header}.{claims}.{}", "A".repeat(86)),
    ];
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("HS256")),
        ("alg", json!("RS256")),
        ("alg", json!("EdDSA ")),
        ("typ", json!("JWT")),
        ("kid", json!("another")),
        ("kid", json!("../../etc/passwd")),
        ("jku", json!("https://evil.example.com/jwks.json")),
        ("jwk", json!({"kty": "OKP"})),
        ("crit", json!(["exp"])),
    ] {
        let mut changed = good_header.clone();
        changed[name] = value;
        forged.push(format!("{}.{claims}.{signature}", encode(&changed)));
        forged.push(format!("{}.{claims}.", encode(&changed)));
    }
    for (name, value) in [
        ("sub", json!("0198c0de-0000-7000-8000-000000000000")),
        ("role", json!("admin")),
        ("exp", json!(9_999_999_999_i64)),
        ("exp", json!("9999999999")),
        ("aud", json!(["orgo-api"])),
        ("iss", json!("https://evil.example.com")),
    ] {
        let mut changed = good_claims.clone();
        changed[name] = value;
        forged.push(format!("{header}.{}.{signature}", encode(&changed)));
    }
    for token in forged {
        let call = api.get("/api/v1/users/me").header("authorization", &format!("Bearer {token}"));
        call.send().await.problem(401, "unauthenticated");
    }
    api.get("/api/v1/users/me").by(&mina).send().await.expect(200);
}

#[tokio::test]
async fn tokens_of_other_kinds_and_of_other_services_are_refused() {
    let (api, mina) = api_and_person().await;
    let ticket = api.call("POST", "/api/v1/realtime/tickets").by(&mina).send().await.expect(201);
    let refresh = api.sign_up("jun@example.com").await;
    let elsewhere = TestApi::new(TestDatabase::sqlite().await).person("미나").await;
    for token in
        [ticket["ticket"].as_str().unwrap(), refresh["refresh_token"].as_str().unwrap(), &elsewhere.token]
    {
        let call = api.get("/api/v1/users/me").header("authorization", &format!("Bearer {token}"));
        call.send().await.problem(401, "unauthenticated");
    }
}
