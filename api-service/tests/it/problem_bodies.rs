//! Bodies that cannot be read (rule AP6).

use poem::Body;
use serde_json::json;
use testkit::TestDatabase;
use tokio::io::AsyncReadExt as _;

use crate::answer::faults;
use crate::test_api::{Actor, TestApi};

const LARGEST: usize = 1_048_576;

async fn api_and_person() -> (TestApi, Actor) {
    let api = TestApi::new(TestDatabase::sqlite().await);
    let mina = api.person("미나").await;
    (api, mina)
}

#[tokio::test]
async fn malformed_json_is_refused() {
    let (api, mina) = api_and_person().await;
    let before = api.checksum().await;
    let deep = format!("{}1{}", "[".repeat(1_000), "]".repeat(1_000));
    let nested = format!("{{\"title\":\"a\",\"content\":{}1{}}}", "{\"a\":".repeat(200), "}".repeat(200));
    let texts = [
        "",
        " ",
        "{",
        "}",
        "title=a&content=b",
        "{\"title\":\"a\",\"content\":\"b\"",
        "{\"title\":\"a\",\"content\":\"b\"}}",
        "{\"title\":\"a\",\"content\":\"b\"} {}",
        "{\"title\":\"a\",\"content\":\"b\",}",
        "{'title':'a','content':'b'}",
        "{title:\"a\"}",
        "{\"title\":NaN}",
        "{\"title\":1e999}",
        "{\"title\":\"a\u{1}b\",\"content\":\"b\"}",
        "{\"title\":\"\\ud800\",\"content\":\"b\"}",
        "\u{feff}{\"title\":\"a\",\"content\":\"b\"}",
        // The same field twice, once written with an escape sequence.
        "{\"title\":\"a\",\"title\":\"a\",\"content\":\"b\"}",
        "{\"title\":\"a\",\"t\\u0069tle\":\"z\",\"content\":\"b\"}",
        &deep,
        &nested,
    ];
    for text in texts {
        let call = api.call("POST", "/api/v1/posts").by(&mina).body("application/json", text.to_owned());
        assert_eq!(call.send().await.faults(400, "malformed_request"), faults([]), "{text}");
    }
    for bytes in [&b"{\"title\":\"\xff\",\"content\":\"b\"}"[..], b"\xff\xfe{\0}\0", b"\0", b"\x1f\x8b\x08\0"]
    {
        let call = api.call("POST", "/api/v1/posts").by(&mina).body("application/json", bytes.to_vec());
        call.send().await.problem(400, "malformed_request");
    }
    assert_eq!(api.checksum().await, before);
}

#[tokio::test]
async fn json_other_than_an_object_is_refused() {
    let (api, mina) = api_and_person().await;
    for body in [
        json!(null),
        json!([]),
        json!([{"title": "a", "content": "b"}]),
        json!("text"),
        json!(7),
        json!(true),
    ] {
        let answer = api.post("/api/v1/posts", &body).by(&mina).send().await;
        assert_eq!(answer.faults(422, "validation_failed"), faults([("", "bad_format")]), "{body}");
    }
}

#[tokio::test]
async fn a_body_needs_the_json_content_type() {
    let (api, mina) = api_and_person().await;
    let text = json!({"title": "a", "content": "b"}).to_string();
    for content_type in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json-patch+json",
        "application/jsonp",
        "application/json; charset=euc-kr",
        "text/json",
        "*/*",
        "json",
    ] {
        let call = api.call("POST", "/api/v1/posts").by(&mina).body(content_type, text.clone());
        call.send().await.problem(415, "unsupported_media_type");
    }
    api.call("POST", "/api/v1/posts").by(&mina).send().await.problem(415, "unsupported_media_type");
    for content_type in
        ["application/json", "Application/JSON; Charset=UTF-8", "application/json;charset=\"utf-8\""]
    {
        let call = api.call("POST", "/api/v1/posts").by(&mina).body(content_type, text.clone());
        call.send().await.expect(201);
    }
}

#[tokio::test]
async fn a_body_larger_than_one_mebibyte_is_refused() {
    let (api, mina) = api_and_person().await;
    let text = json!({"title": "a", "content": "b"}).to_string();
    let padded = |length: usize| format!("{text}{}", " ".repeat(length - text.len()));
    let send = |body: Body| api.call("POST", "/api/v1/posts").by(&mina).body("application/json", body).send();
    send(padded(LARGEST).into()).await.expect(201);
    let before = api.checksum().await;
    let too_large = padded(LARGEST + 1);
    let told =
        api.call("POST", "/api/v1/posts").by(&mina).header("content-length", &too_large.len().to_string());
    told.body("application/json", too_large.clone()).send().await.problem(413, "payload_too_large");
    // In chunks, without a length; and an endless one.
    let chunks =
        Body::from_async_read(std::io::Cursor::new(too_large.into_bytes()).chain(tokio::io::empty()));
    send(chunks).await.problem(413, "payload_too_large");
    send(Body::from_async_read(tokio::io::repeat(b' '))).await.problem(413, "payload_too_large");
    assert_eq!(api.checksum().await, before);
}

#[tokio::test]
async fn a_truncated_body_is_refused() {
    let (api, mina) = api_and_person().await;
    let broken = tokio::io::join(Breaks, tokio::io::sink());
    let call = api.call("POST", "/api/v1/posts").by(&mina);
    call.body("application/json", Body::from_async_read(broken))
        .send()
        .await
        .problem(400, "malformed_request");
}

/// A body whose sender disconnects.
struct Breaks;

impl tokio::io::AsyncRead for Breaks {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _context: &mut std::task::Context<'_>,
        _buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Err(std::io::ErrorKind::ConnectionReset.into()))
    }
}

#[tokio::test]
async fn a_nested_fault_is_named_by_its_json_pointer() {
    let (api, mina) = api_and_person().await;
    let long = "x".repeat(5_000);
    let mut body = json!({"title": "a", "content": "b", "a/b": 1, "c~d": 2, "": 3});
    body[&long] = json!(1);
    let found = api.post("/api/v1/posts", &body).by(&mina).send().await.faults(422, "validation_failed");
    let cut = format!("/{}", "x".repeat(100));
    let unknown = "unknown_field";
    assert_eq!(found, faults([("/", unknown), ("/a~1b", unknown), ("/c~0d", unknown), (&cut, unknown)]));
}

#[tokio::test]
async fn the_number_of_reported_faults_is_bounded() {
    let (api, mina) = api_and_person().await;
    let many_fields: serde_json::Map<_, _> = (0..50_000).map(|name| (name.to_string(), json!(1))).collect();
    for (path, body) in [
        ("/api/v1/notifications/read", json!({"ids": vec![7; 200_000]})),
        ("/api/v1/notifications/read", json!({"ids": vec!["x"; 100_000]})),
        ("/api/v1/posts", json!(many_fields)),
    ] {
        let answer = api.post(path, &body).by(&mina).send().await;
        assert!(answer.body.len() < 50_000, "{path}: {} bytes", answer.body.len());
        answer.problem(422, "validation_failed");
    }
    let query: Vec<_> = (0..2_000).map(|name| format!("p{name}={name}")).collect();
    let answer = api.get(&format!("/api/v1/posts?{}", query.join("&"))).send().await;
    assert!(answer.body.len() < 50_000, "{} bytes", answer.body.len());
    answer.problem(400, "unknown_parameter");
}
