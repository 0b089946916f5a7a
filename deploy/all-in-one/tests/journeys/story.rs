use load::{Api, Person, Socket};
use reqwest::Method;
use serde_json::{Value, json};

/// The main journey: one person posts; another likes, comments, replies and follows; the author's open socket
/// receives each event at once, and no other socket does.
pub(crate) async fn the_author_sees_at_once_what_others_do(api: &Api) {
    let mina = api.sign_up("mina").await.unwrap();
    let jun = api.sign_up("jun").await.unwrap();
    let post = api.post(&mina, "첫 글").await.unwrap();
    let mut socket = Socket::open(api, &mina, None).await.unwrap();
    let mut other = Socket::open(api, &jun, None).await.unwrap();

    put(api, &jun, &format!("/api/v1/posts/{post}/like")).await;
    let like = socket.next_notification().await.unwrap();
    assert_told(&like, 1, "post_liked", &mina, &jun);
    assert_eq!(like.pointer("/d/notification/target/id"), Some(&json!(post)));
    assert_eq!(like.pointer("/d/unread"), Some(&json!({ "unseen": 1, "unread": 1 })));

    let comment = comment(api, &jun, &post, None).await;
    assert_told(&socket.next_notification().await.unwrap(), 2, "post_commented", &mina, &jun);

    put(api, &jun, &format!("/api/v1/users/me/following/{}", mina.id)).await;
    assert_told(&socket.next_notification().await.unwrap(), 3, "followed", &mina, &jun);

    // Mina replies. This is Jun's first frame, so he received none of Mina's events.
    self::comment(api, &mina, &post, Some(&comment)).await;
    assert_told(&other.next_notification().await.unwrap(), 1, "comment_replied", &jun, &mina);

    // The list contains the same notifications as the frames.
    let list = api.call(Method::GET, "/api/v1/notifications", Some(&mina), None).await.unwrap();
    let list = list.expect(200).unwrap();
    let kinds: Vec<_> =
        list.body["items"].as_array().unwrap().iter().map(|item| item["type"].clone()).collect();
    assert_eq!(kinds, [json!("followed"), json!("post_commented"), json!("post_liked")]);
    assert_eq!(Some(&list.body["items"][2]), like.pointer("/d/notification"));
}

/// A socket that was disconnected receives what it missed, each event once and in order.
pub(crate) async fn what_a_socket_missed_is_replayed_once(api: &Api) {
    let author = api.sign_up("author").await.unwrap();
    let reader = api.sign_up("reader").await.unwrap();
    let mut socket = Socket::open(api, &author, None).await.unwrap();
    let epoch = socket.welcome["epoch"].clone();
    let mut positions = socket.welcome["pos"].clone();
    let first = api.post(&author, "one").await.unwrap();
    put(api, &reader, &format!("/api/v1/posts/{first}/like")).await;
    let seen = socket.next_notification().await.unwrap();
    positions[seen["p"].to_string()] = seen["o"].clone();
    socket.close().await.unwrap();

    for title in ["two", "three"] {
        let post = api.post(&author, title).await.unwrap();
        put(api, &reader, &format!("/api/v1/posts/{post}/like")).await;
    }
    let resume = json!({ "epoch": epoch, "pos": positions });
    let mut socket = Socket::open(api, &author, Some(resume)).await.unwrap();
    assert_eq!(socket.welcome["resumed"], json!(true), "{}", socket.welcome);
    for number in [2, 3] {
        assert_eq!(socket.next_notification().await.unwrap()["n"], json!(number));
    }
    // After the replay the socket is live: the next event follows without a gap.
    let post = api.post(&author, "four").await.unwrap();
    put(api, &reader, &format!("/api/v1/posts/{post}/like")).await;
    assert_eq!(socket.next_notification().await.unwrap()["n"], json!(4));
}

/// A log-out ends the access token and closes the socket at once.
pub(crate) async fn logging_out_closes_the_socket(api: &Api) {
    let sora = api.sign_up("sora").await.unwrap();
    let mut socket = Socket::open(api, &sora, None).await.unwrap();
    let out = api.call(Method::DELETE, "/api/v1/auth/sessions/current", Some(&sora), None).await.unwrap();
    out.expect(204).unwrap();
    assert_eq!(socket.ended().await.unwrap().code, 4301);
    let me = api.call(Method::GET, "/api/v1/users/me", Some(&sora), None).await.unwrap();
    assert_eq!((me.status, me.text("/code").unwrap().as_str()), (401, "session_revoked"));
}

/// Ending the other sessions closes their sockets at once.
pub(crate) async fn ending_the_other_sessions_closes_their_sockets(api: &Api) {
    let phone = api.sign_up("nari").await.unwrap();
    let mut socket = Socket::open(api, &phone, None).await.unwrap();
    let body = json!({ "email": "nari@example.com", "password": "blue otters paint slowly" });
    let logged_in = api.call(Method::POST, "/api/v1/auth/sessions", None, Some(body)).await.unwrap();
    let token = logged_in.expect(201).unwrap().text("/access_token").unwrap();
    let laptop = Person { id: phone.id.clone(), token };
    let ended = api.call(Method::DELETE, "/api/v1/auth/sessions", Some(&laptop), None).await.unwrap();
    ended.expect(204).unwrap();
    assert_eq!(socket.ended().await.unwrap().code, 4301);
    let me = api.call(Method::GET, "/api/v1/users/me", Some(&laptop), None).await.unwrap();
    me.expect(200).unwrap();
}

/// Failures are problem documents, whichever part of the system makes them.
pub(crate) async fn every_failure_is_a_problem(api: &Api) {
    for (method, path, status, code) in [
        (Method::GET, "/nowhere", 404, "not_found"),
        (Method::GET, "/api/v1/nowhere", 404, "not_found"),
        (Method::DELETE, "/api/v1/posts", 405, "method_not_allowed"),
        (Method::GET, "/api/v1/users/me", 401, "unauthenticated"),
        (Method::GET, "/api/v1/posts?limt=1", 400, "unknown_parameter"),
        (Method::GET, "/api/v1/posts?cursor=x", 400, "invalid_cursor"),
    ] {
        let answer = api.call(method, path, None, None).await.unwrap();
        assert_eq!((answer.status, answer.text("/code").unwrap().as_str()), (status, code), "{path}");
    }
    let large = json!({ "title": "x".repeat(2 * 1024 * 1024) });
    let answer = api.call(Method::POST, "/api/v1/posts", None, Some(large)).await.unwrap();
    assert!([401, 413].contains(&answer.status), "{answer:?}");
    assert!(answer.text("/code").is_ok(), "{answer:?}");
}

fn assert_told(frame: &Value, number: i64, kind: &str, person: &Person, actor: &Person) {
    assert_eq!(frame["t"], json!("nt"), "{frame}");
    assert_eq!(frame["n"], json!(number), "{frame}");
    assert_eq!(frame["uid"], json!(person.id), "{frame}");
    assert_eq!(frame.pointer("/d/notification/type"), Some(&json!(kind)), "{frame}");
    assert_eq!(frame.pointer("/d/notification/actors/0/id"), Some(&json!(actor.id)), "{frame}");
}

async fn put(api: &Api, who: &Person, path: &str) {
    api.call(Method::PUT, path, Some(who), None).await.unwrap().expect(200).unwrap();
}

async fn comment(api: &Api, who: &Person, post: &str, parent: Option<&str>) -> String {
    let mut body = json!({ "content": "좋아요!" });
    if let Some(parent) = parent {
        body["parent_id"] = json!(parent);
    }
    let path = format!("/api/v1/posts/{post}/comments");
    let created = api.call(Method::POST, &path, Some(who), Some(body)).await.unwrap();
    created.expect(201).unwrap().text("/id").unwrap()
}
