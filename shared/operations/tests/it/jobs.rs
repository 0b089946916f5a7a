//! Jobs: retries with growing delays, expiry, and the sweep.

use std::time::Duration;

use domain::auth::{CODE_LIFETIME, SESSION_IDLE};
use domain::ids::JobId;
use operations::jobs::{JobsDone, claim_due_jobs, run_due_jobs, sweep_expired};
use store::jobs;
use testkit::{TestApp, TestDatabase};

use crate::auth::{Flow, mailed_code, refresh, request_code, sign_up};
use crate::fixtures::{at_once, events_logged, people, post};

const EMAIL: &str = "mina@example.com";
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

/// Runs all due jobs.
async fn run(app: &TestApp) -> JobsDone {
    let mut all = JobsDone::default();
    loop {
        let round = run_due_jobs(&app.app, &app.credentials, &*app.mailbox).await.unwrap();
        if round.is_idle() {
            return all;
        }
        all.done += round.done;
        all.put_off += round.put_off;
        all.given_up += round.given_up;
    }
}

fn put_off() -> JobsDone {
    JobsDone { put_off: 1, ..JobsDone::default() }
}

fn done() -> JobsDone {
    JobsDone { done: 1, ..JobsDone::default() }
}

fn given_up() -> JobsDone {
    JobsDone { given_up: 1, ..JobsDone::default() }
}

async fn waiting(app: &TestApp) -> i64 {
    app.database.number("SELECT COUNT(*) FROM jobs").await
}

#[testkit::both_databases]
async fn a_refused_mail_is_retried_with_doubling_delays(database: TestDatabase) {
    let app = TestApp::new(database);
    request_code(&app, EMAIL).await.unwrap();
    app.mailbox.refuse(8);
    for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(run(&app).await, put_off(), "before waiting {wait} s");
        app.clock.advance((SECOND * wait).saturating_sub(Duration::from_millis(1)));
        assert!(run(&app).await.is_idle(), "too early by a millisecond, after {wait} s");
        app.clock.advance(Duration::from_millis(1));
    }
    assert_eq!(run(&app).await, done());
    assert_eq!((app.mailbox.len(), waiting(&app).await), (1, 0));
    assert!(run(&app).await.is_idle());
}

#[testkit::both_databases]
async fn the_code_in_the_mail_that_arrives_is_valid(database: TestDatabase) {
    let app = TestApp::new(database);
    let id = request_code(&app, EMAIL).await.unwrap().flow_id;
    app.mailbox.refuse(2);
    run(&app).await;
    app.clock.advance(SECOND);
    run(&app).await;
    app.clock.advance(2 * SECOND);
    assert_eq!(run(&app).await, done());
    let right = Flow { id, code: app.mailbox.code_for(EMAIL) };
    sign_up(&app, EMAIL, &right).await.unwrap();
}

#[testkit::both_databases]
async fn a_mail_sent_twice_has_the_valid_code_in_the_second_copy(database: TestDatabase) {
    let app = TestApp::new(database);
    let id = request_code(&app, EMAIL).await.unwrap().flow_id;
    // The mail was sent, and the worker died before it deleted the job.
    let forgotten = app.database.execute("CREATE TABLE forgotten AS SELECT * FROM jobs").await;
    assert_eq!(run(&app).await, done(), "{forgotten}");
    app.database.execute("INSERT INTO jobs SELECT * FROM forgotten").await;
    assert_eq!(run(&app).await, done());
    let texts = app.mailbox.texts_to(EMAIL);
    assert_eq!(texts.len(), 2);
    assert_ne!(texts[0], texts[1]);
    sign_up(&app, EMAIL, &Flow { id, code: app.mailbox.code_for(EMAIL) }).await.unwrap();
}

#[testkit::both_databases]
async fn an_expired_mail_job_is_given_up(database: TestDatabase) {
    let app = TestApp::new(database);
    request_code(&app, EMAIL).await.unwrap();
    app.clock.advance(CODE_LIFETIME);
    assert_eq!(run(&app).await, given_up());
    assert_eq!((app.mailbox.len(), waiting(&app).await), (0, 0));
}

#[testkit::both_databases]
async fn every_flow_gets_a_mail_and_a_code_of_its_own(database: TestDatabase) {
    let app = TestApp::new(database);
    request_code(&app, EMAIL).await.unwrap();
    app.clock.advance(Duration::from_mins(1));
    let id = request_code(&app, EMAIL).await.unwrap().flow_id;
    assert_eq!(run(&app).await, JobsDone { done: 2, ..JobsDone::default() });
    assert_eq!(app.mailbox.len(), 2);
    sign_up(&app, EMAIL, &Flow { id, code: app.mailbox.code_for(EMAIL) }).await.unwrap();
}

#[testkit::both_databases]
async fn an_unreadable_job_is_given_up_and_delays_no_other(database: TestDatabase) {
    let app = TestApp::new(database);
    let unit = app.app.store.begin(app.now()).await.unwrap();
    for (kind, payload) in [("unheard_of", "{}"), ("send_email_code", "not JSON"), ("send_email_code", "{}")]
    {
        jobs::enqueue(&unit, JobId::new(&*app.app.ids), kind, payload.into(), DAY).await.unwrap();
    }
    unit.commit().await.unwrap();
    request_code(&app, EMAIL).await.unwrap();
    assert_eq!(run(&app).await, JobsDone { done: 1, given_up: 3, ..JobsDone::default() });
    assert_eq!((app.mailbox.len(), waiting(&app).await), (1, 0));
}

#[testkit::both_databases]
async fn concurrent_workers_run_each_job_once(database: TestDatabase) {
    let app = TestApp::new(database);
    for number in 0..12 {
        request_code(&app, &format!("person{number}@example.com")).await.unwrap();
    }
    at_once(4, |_| {
        let (parts, keys, mailbox) = (app.app.clone(), app.credentials.clone(), app.mailbox.clone());
        async move { while !run_due_jobs(&parts, &keys, &*mailbox).await.unwrap().is_idle() {} }
    })
    .await;
    app.run_jobs().await;
    for number in 0..12 {
        assert_eq!(app.mailbox.texts_to(&format!("person{number}@example.com")).len(), 1);
    }
    assert_eq!(waiting(&app).await, 0);
}

#[testkit::both_databases]
async fn the_workers_are_woken_by_jobs_alone_and_open_no_transaction_without_a_due_job(
    database: TestDatabase,
) {
    let app = TestApp::new(database);
    let [mina, jun] = people(&app).await;
    let (enqueued, id) = (app.app.store.jobs(), post(&app, &mina).await);
    operations::posts::like_post(&app.app, &jun, id).await.unwrap();
    assert!(!enqueued.has_changed().unwrap());
    let before = app.database.statements();
    assert!(claim_due_jobs(&app.app, 4).await.unwrap().is_empty());
    assert_eq!(app.database.statements() - before, 1);
    request_code(&app, EMAIL).await.unwrap();
    assert!(enqueued.has_changed().unwrap());
    assert_eq!(claim_due_jobs(&app.app, 4).await.unwrap().len(), 1);
    assert!(claim_due_jobs(&app.app, 4).await.unwrap().is_empty(), "claimed already");
}

#[testkit::both_databases]
async fn the_sweep_deletes_events_after_a_day(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    post(&app, &mina).await;
    app.clock.advance(DAY);
    assert_eq!(sweep_expired(&app.app).await.unwrap(), 0);
    app.clock.advance(Duration::from_millis(1));
    post(&app, &mina).await;
    assert_eq!(sweep_expired(&app.app).await.unwrap(), 1);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM outbox").await, 1);
    assert_eq!(events_logged(&app).await, 2, "positions go on");
}

#[testkit::both_databases]
async fn the_sweep_prunes_more_events_than_one_transaction_deletes(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let recorded_at = app.now().0;
    let rows = format!(
        "INSERT INTO outbox (part, pos, mark, audience, kind, frame, recorded_at)
             WITH RECURSIVE event (pos) AS (SELECT 1 UNION ALL SELECT pos + 1 FROM event WHERE pos < 12000)
             SELECT 20, pos, pos, 'planet:1', 'test', '{{}}', {recorded_at} FROM event"
    );
    assert_eq!(app.database.execute(&rows).await, 12_000);
    app.database.execute("UPDATE stream_heads SET pos = 12000 WHERE part = 20").await;
    app.clock.advance(DAY + Duration::from_millis(1));
    post(&app, &mina).await;
    let sweep = async |expected: u64| {
        let before = app.database.statements();
        assert_eq!(sweep_expired(&app.app).await.unwrap(), expected);
        app.database.statements() - before
    };
    let with_events = sweep(12_000).await;
    let without_events = sweep(0).await;
    assert_eq!(with_events - without_events, 9, "three chunks, each in a transaction of its own");
    assert_eq!(app.database.number("SELECT COUNT(*) FROM outbox").await, 1);
}

#[testkit::both_databases]
async fn the_sweep_deletes_old_codes_and_sessions(database: TestDatabase) {
    let app = TestApp::new(database);
    let mina = app.person("mina").await;
    mailed_code(&app, "nobody@example.com").await;
    app.clock.advance(CODE_LIFETIME + DAY);
    assert_eq!(sweep_expired(&app.app).await.unwrap(), 2);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM code_mailboxes").await, 0);
    app.clock.advance(Duration::from_millis(1));
    assert_eq!(sweep_expired(&app.app).await.unwrap(), 2);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM email_codes").await, 0);
    refresh(&app, &mina.tokens.refresh_token).await.unwrap();
    app.clock.advance(SESSION_IDLE + 7 * DAY);
    assert_eq!(sweep_expired(&app.app).await.unwrap(), 0);
    app.clock.advance(Duration::from_millis(1));
    assert_eq!(sweep_expired(&app.app).await.unwrap(), 1);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM sessions").await, 0);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM users").await, 1);
}
