//! Mails, as a mail server receives them.

use std::time::Duration;

use api_service::SmtpMailer;
use domain::users::EmailAddress;
use operations::jobs::{Mail, Mailer as _};
use testkit::TestDatabase;
use tokio::net::TcpListener;

use crate::auth::Flow;
use crate::smtp_sink;
use crate::test_api::TestApi;

const FROM: &str = "OrGo <no-reply@example.org>";

fn mail(subject: &str, text: &str) -> Mail {
    Mail {
        to: EmailAddress::parse("/email", "mina@example.com").unwrap(),
        subject: subject.into(),
        text: text.into(),
        html: format!("<p>{text}</p>"),
    }
}

#[tokio::test]
async fn a_korean_mail_arrives_unchanged() {
    let (url, mut received) = smtp_sink::start().await;
    let mailer = SmtpMailer::new(&url, FROM).unwrap();
    let text = "인증 코드: 123456\n\n.점으로 시작하는 줄\n가입 화면에 입력해 주세요.\n";
    assert!(mailer.send(mail("OrGo 가입 인증 코드", text)).await.is_ok());
    let arrived = received.recv().await.unwrap();
    assert_eq!(
        (arrived.from.as_str(), arrived.to.as_slice()),
        ("no-reply@example.org", &["mina@example.com".to_owned()][..])
    );
    assert_eq!(arrived.header("Subject"), "OrGo 가입 인증 코드");
    assert_eq!(
        (arrived.header("To").as_str(), arrived.header("From").contains("no-reply@example.org")),
        ("mina@example.com", true)
    );
    assert!(arrived.header("Content-Type").starts_with("multipart/alternative; boundary="));
    assert_eq!(arrived.part("text/plain").replace("\r\n", "\n").trim_end(), text.trim_end());
    let html = arrived.part("text/html").replace("\r\n", "\n");
    assert_eq!(html.trim_end(), format!("<p>{text}</p>"));
    for name in ["Date", "MIME-Version"] {
        assert!(!arrived.header(name).is_empty());
    }
}

#[tokio::test]
async fn the_code_that_is_mailed_signs_up() {
    let (url, mut received) = smtp_sink::start().await;
    let mailer = SmtpMailer::new(&url, FROM).unwrap();
    let api = TestApi::new(TestDatabase::sqlite().await);
    let requested = api.request_code("mina@example.com").await.expect(202);
    let done = operations::jobs::run_due_jobs(&api.parts.app, &api.parts.credentials, &mailer).await.unwrap();
    assert_eq!(done.done, 1);
    let text = received.recv().await.unwrap().part("text/plain");
    let code = text.split_whitespace().find(|word| word.len() == 6 && word.parse::<u32>().is_ok()).unwrap();
    let flow = Flow { id: requested["flow_id"].as_str().unwrap().into(), code: code.to_owned() };
    let body = flow.sign_up("mina@example.com");
    api.post("/api/v1/auth/signups", &body).send().await.expect(201);
}

#[tokio::test]
async fn a_subject_cannot_inject_headers() {
    let (url, mut received) = smtp_sink::start().await;
    let mailer = SmtpMailer::new(&url, FROM).unwrap();
    if mailer.send(mail("hello\r\nBcc: spy@example.com", "text")).await.is_ok() {
        let arrived = received.recv().await.unwrap();
        assert!(!arrived.message.lines().any(|line| line.starts_with("Bcc")), "{}", arrived.message);
        assert_eq!(arrived.to, ["mina@example.com"]);
    }
}

#[tokio::test]
async fn an_unreachable_mail_server_is_a_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    drop(listener);
    let mailer = SmtpMailer::new(&url, FROM).unwrap();
    assert!(mailer.send(mail("subject", "text")).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_silent_mail_server_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let mailer = SmtpMailer::new(&url, FROM).unwrap();
    let started = tokio::time::Instant::now();
    assert!(mailer.send(mail("subject", "text")).await.is_err());
    let waited = started.elapsed();
    assert!(waited <= Duration::from_secs(20), "{waited:?} on a clock that stands still but for waiting");
}
