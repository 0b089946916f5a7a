use domain::comments::{CommentContent, NewComment};
use domain::ids::PostId;
use domain::posts::{PostChange, PostTitle};
use domain::text::Text as _;
use operations::{comments, posts, users};
use serde_json::{Value, json};
use testkit::Person;

use crate::fixture::{Client, Form, Server};

impl Client {
    /// Sends a `watch` or `unwatch` and returns the answer.
    async fn ask(&mut self, t: &str, target: &Value) -> Value {
        let mut frame = json!({"t": t, "id": "w"});
        frame.as_object_mut().unwrap().extend(target.as_object().unwrap().clone());
        self.send(&frame).await;
        self.news().await
    }

    /// Returns kind and payload of the next event.
    async fn event(&mut self) -> (String, Value) {
        let frame = self.news().await;
        assert_eq!(frame["t"], "ev", "{frame}");
        (frame["k"].as_str().unwrap().to_owned(), frame["d"].clone())
    }
}

/// Likes a post and withdraws the like, comments and replies, edits the post and deletes it. Returns the expected events.
async fn everything(
    server: &Server,
    author: &Person,
    fan: &Person,
    post: PostId,
) -> Vec<(&'static str, Value)> {
    let (app, author, fan) = (server.app(), author.caller(), fan.caller());
    posts::like_post(app, &fan, post).await.unwrap();
    posts::unlike_post(app, &fan, post).await.unwrap();
    let new =
        |parent_id| NewComment { content: CommentContent::parse("/content", "words").unwrap(), parent_id };
    let comment = comments::create_comment(app, &fan, post, new(None)).await.unwrap().comment.id;
    let reply = comments::create_comment(app, &fan, post, new(Some(comment))).await.unwrap().comment.id;
    comments::delete_comment(app, &fan, reply).await.unwrap();
    let change = PostChange { title: Some(PostTitle::parse("/title", "Better").unwrap()), content: None };
    posts::update_post(app, &author, post, change, None).await.unwrap();
    posts::delete_post(app, &author, post, None).await.unwrap();
    let likes = |count| json!({"post_id": post, "likes_count": count});
    let of_reply =
        |count| json!({"post_id": post, "comment_id": reply, "parent_id": comment, "comments_count": count});
    vec![
        ("post.liked", likes(1)),
        ("post.unliked", likes(0)),
        ("comment.created", json!({"post_id": post, "comment_id": comment, "comments_count": 1})),
        ("comment.created", of_reply(2)),
        ("comment.deleted", of_reply(1)),
        ("post.updated", json!({"post_id": post, "version": 2})),
        ("post.deleted", json!({"post_id": post})),
    ]
}

#[testkit::both_forms]
async fn everything_that_happens_to_a_post_reaches_its_watchers_and_no_other_socket(form: Form) {
    let server = Server::start(form).await;
    let [author, fan, watcher] = [
        server.test.person("author").await,
        server.test.person("fan").await,
        server.test.person("watcher").await,
    ];
    let (post, other) = (server.post(&author).await, server.post(&author).await);
    let (mut watching, _) = server.welcomed(&watcher).await;
    let (mut elsewhere, _) = server.welcomed(&watcher).await;
    let ack = watching.ask("watch", &json!({"post": post})).await;
    assert_eq!((&ack["t"], &ack["id"]), (&json!("ack"), &json!("w")));
    assert_eq!(ack["pos"].as_object().unwrap().len(), 1);
    elsewhere.ask("watch", &json!({"post": other})).await;
    for (kind, payload) in everything(&server, &author, &fan, post).await {
        assert_eq!(watching.event().await, (kind.to_owned(), payload));
    }
    server.notify(&watcher, 1).await;
    assert_eq!(elsewhere.numbers(1).await, [1]);
    assert_eq!(watching.numbers(1).await, [1]);
    server.stop().await;
}

#[testkit::both_forms]
async fn public_events_of_a_person_reach_the_persons_watchers(form: Form) {
    let server = Server::start(form).await;
    let [author, fan] = [server.test.person("author").await, server.test.person("fan").await];
    let author_id = author.caller().user_id;
    let (mut client, _) = server.welcomed(&fan).await;
    assert_eq!(client.ask("watch", &json!({"user": author_id})).await["t"], "ack");
    let post = server.post(&author).await;
    assert_eq!(
        client.event().await,
        ("post.created".into(), json!({"post_id": post, "author_id": author_id}))
    );
    users::follow(server.app(), &fan.caller(), author_id).await.unwrap();
    users::unfollow(server.app(), &fan.caller(), author_id).await.unwrap();
    for count in [1, 0] {
        let payload = json!({"user_id": author_id, "followers_count": count});
        assert_eq!(client.event().await, ("user.followers".into(), payload));
    }
    server.stop().await;
}

#[testkit::both_forms]
async fn after_unwatch_no_event_is_sent_and_watching_again_sends_new_ones(form: Form) {
    let server = Server::start(form).await;
    let [author, fan] = [server.test.person("author").await, server.test.person("fan").await];
    let post = server.post(&author).await;
    let (mut client, _) = server.welcomed(&fan).await;
    let (mut witness, _) = server.welcomed(&fan).await;
    for watching in [&mut client, &mut witness] {
        assert_eq!(watching.ask("watch", &json!({"post": post})).await["t"], "ack");
    }
    assert_eq!(client.ask("watch", &json!({"post": post})).await["t"], "ack");
    for _ in 0..2 {
        let ack = client.ask("unwatch", &json!({"post": post})).await;
        assert_eq!(ack, json!({"t": "ack", "id": "w"}));
    }
    posts::like_post(server.app(), &fan.caller(), post).await.unwrap();
    // The gateway has applied the like by now.
    assert_eq!(witness.event().await.0, "post.liked");
    assert_eq!(client.ask("watch", &json!({"post": post})).await["t"], "ack");
    posts::unlike_post(server.app(), &fan.caller(), post).await.unwrap();
    assert_eq!(client.event().await.0, "post.unliked");
    server.stop().await;
}

#[testkit::both_forms]
async fn watching_a_missing_post_or_person_is_refused(form: Form) {
    let server = Server::start(form).await;
    let [author, fan] = [server.test.person("author").await, server.test.person("fan").await];
    let post = server.post(&author).await;
    posts::delete_post(server.app(), &author.caller(), post, None).await.unwrap();
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    let targets = [json!({"post": post}), json!({"post": unknown}), json!({"user": unknown})];
    let (mut client, _) = server.welcomed(&fan).await;
    for target in &targets {
        let answer = client.ask("watch", target).await;
        assert_eq!((&answer["t"], &answer["code"]), (&json!("err"), &json!("not_found")), "{target}");
    }
    let mut client = Client::open(server.address).await;
    let ticket = server.ticket(&fan).await;
    client.send(&json!({"t": "hello", "v": 1, "ticket": ticket, "watch": targets})).await;
    let welcome = client.frame().await;
    assert_eq!((&welcome["t"], &welcome["unwatched"]), (&json!("welcome"), &json!(targets)));
    server.stop().await;
}

#[testkit::both_forms]
async fn the_twenty_first_watch_is_refused(form: Form) {
    let server = Server::start(form).await;
    let author = server.test.person("author").await;
    let (mut client, _) = server.welcomed(&author).await;
    for _ in 0..20 {
        let post = server.post(&author).await;
        assert_eq!(client.ask("watch", &json!({"post": post})).await["t"], "ack");
    }
    let one_more = json!({"user": author.caller().user_id});
    assert_eq!(client.ask("watch", &one_more).await["code"], "limit_reached");
    server.stop().await;
}

#[testkit::both_forms]
async fn a_resumed_socket_misses_no_event_of_what_its_hello_watches(form: Form) {
    let server = Server::start(form).await;
    let [author, fan, watcher] = [
        server.test.person("author").await,
        server.test.person("fan").await,
        server.test.person("watcher").await,
    ];
    let (post, quiet) = (server.post(&author).await, server.post(&author).await);
    let watch = json!([{"post": post}, {"user": author.caller().user_id}, {"post": quiet}]);
    let mut client = Client::open(server.address).await;
    let ticket = server.ticket(&watcher).await;
    client.send(&json!({"t": "hello", "v": 1, "ticket": ticket, "watch": watch})).await;
    let welcome = client.frame().await;
    let mut positions = welcome["pos"].clone();
    posts::like_post(server.app(), &fan.caller(), post).await.unwrap();
    // The gateway may have been behind the posts when the client was welcomed.
    loop {
        let frame = client.news().await;
        positions[frame["p"].to_string()] = frame["o"].clone();
        if frame["k"] == "post.liked" {
            break;
        }
        assert_eq!(frame["k"], "post.created");
    }
    drop(client);

    posts::unlike_post(server.app(), &fan.caller(), post).await.unwrap();
    let created = server.post(&author).await;
    posts::like_post(server.app(), &fan.caller(), post).await.unwrap();
    server.notify(&watcher, 1).await;
    let mut client = Client::open(server.address).await;
    let point = json!({"rt": welcome["rt"], "epoch": welcome["epoch"], "pos": positions});
    client.send(&json!({"t": "hello", "v": 1, "resume": point, "watch": watch})).await;
    assert_eq!(client.frame().await["resumed"], true);
    let mut frames = Vec::new();
    for _ in 0..4 {
        frames.push(client.news().await);
    }
    let (own, public): (Vec<_>, Vec<_>) = frames.into_iter().partition(|frame| frame["t"] == "nt");
    assert_eq!(own.len(), 1);
    let kinds: Vec<_> = public.iter().map(|frame| frame["k"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["post.unliked", "post.created", "post.liked"]);
    assert_eq!(public[1]["d"]["post_id"], json!(created));
    server.stop().await;
}
