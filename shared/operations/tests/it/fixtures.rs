use std::future::Future;

use domain::comments::{CommentContent, NewComment};
use domain::events::{Audience, LoggedEvent, Partition};
use domain::ids::{CommentId, PostId};
use domain::page::{Limit, PageRequest};
use domain::posts::{NewPost, PostContent, PostTitle};
use domain::text::Text;
use domain::{Problem, ProblemCode};
use operations::{Caller, OperationError, comments, posts};
use serde_json::Value;
use store::outbox;
use testkit::TestApp;
use tokio::task::JoinSet;

/// Returns the number of statements that wait for a lock, on PostgreSQL.
pub(crate) async fn lock_waits(app: &TestApp) -> i64 {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    app.database.number(waiting).await
}

/// Waits until a statement waits for a lock, on PostgreSQL.
pub(crate) async fn until_a_lock_is_waited_for(app: &TestApp) {
    while lock_waits(app).await == 0 {
        tokio::task::yield_now().await;
    }
}

/// Inserts `COUNT` people with sessions.
pub(crate) async fn people<const COUNT: usize>(app: &TestApp) -> [Caller; COUNT] {
    let unit = app.app.store.begin(app.now()).await.unwrap();
    let mut people = Vec::new();
    for number in 0..COUNT {
        people.push(app.insert_caller(&unit, &format!("person {number}")).await);
    }
    unit.commit().await.unwrap();
    people.try_into().unwrap()
}

/// Returns the input of a new post.
pub(crate) fn new_post(title: &str) -> NewPost {
    NewPost {
        title: PostTitle::parse("/title", title).unwrap(),
        content: PostContent::parse("/content", "…").unwrap(),
    }
}

/// Creates a post.
pub(crate) async fn post(app: &TestApp, author: &Caller) -> PostId {
    posts::create_post(&app.app, author, new_post("a post")).await.unwrap().post.id
}

/// Returns the input of a comment or of a reply.
pub(crate) fn new_comment(parent_id: Option<CommentId>) -> NewComment {
    NewComment { content: CommentContent::parse("/content", "some words").unwrap(), parent_id }
}

/// Creates a comment on a post, or a reply to one.
pub(crate) async fn comment(
    app: &TestApp,
    author: &Caller,
    post: PostId,
    parent: Option<CommentId>,
) -> CommentId {
    comments::create_comment(&app.app, author, post, new_comment(parent)).await.unwrap().comment.id
}

/// Returns a request for the first page, with `limit` items.
pub(crate) fn first(limit: u32) -> PageRequest {
    PageRequest { limit: Limit::new(limit).unwrap(), cursor: None }
}

/// Returns the problem of a refused call.
pub(crate) fn problem<T>(answer: Result<T, OperationError>) -> Problem {
    match answer {
        Err(OperationError::Problem(problem)) => problem,
        Err(fault) => panic!("not a problem but a fault of ours: {fault}"),
        Ok(_) => panic!("no problem"),
    }
}

/// Returns the problem code of a refused call.
pub(crate) fn code<T>(answer: Result<T, OperationError>) -> ProblemCode {
    problem(answer).code
}

/// Runs the same call `times` times concurrently.
pub(crate) async fn at_once<F>(times: usize, what: impl Fn(usize) -> F) -> Vec<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let mut running = JoinSet::new();
    for number in 0..times {
        running.spawn(what(number));
    }
    running.join_all().await
}

/// Returns the recorded events of an audience, in the order of their positions.
pub(crate) async fn events_for(app: &TestApp, audience: Audience) -> Vec<LoggedEvent> {
    let all = outbox::read(app.app.store.reader(), audience.partition(), 0, 100_000).await.unwrap();
    all.into_iter().filter(|event| event.audience == audience).collect()
}

/// Returns the kinds of the recorded events of an audience, in the order of their positions.
pub(crate) async fn kinds_for(app: &TestApp, audience: Audience) -> Vec<String> {
    events_for(app, audience).await.into_iter().map(|event| event.kind).collect()
}

/// Returns the frames for a person, in the order of their positions.
pub(crate) async fn frames_for(app: &TestApp, person: &Caller) -> Vec<Value> {
    let events = events_for(app, Audience::User(person.user_id)).await;
    events.iter().map(|event| serde_json::from_str(&event.frame).unwrap()).collect()
}

/// Returns the number of events in the outbox.
pub(crate) async fn events_logged(app: &TestApp) -> i64 {
    let heads = outbox::heads(app.app.store.reader()).await.unwrap();
    Partition::all().map(|partition| heads[partition.index()]).sum()
}

/// Asserts that a person's frames are numbered 1, 2, 3 … in the order of their positions, so that a client notices a
/// missed one.
pub(crate) async fn assert_numbered_without_holes(app: &TestApp, person: &Caller) {
    let frames = frames_for(app, person).await;
    let numbers: Vec<_> = frames.iter().map(|frame| frame["n"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..).take(numbers.len()).collect::<Vec<i64>>());
}
