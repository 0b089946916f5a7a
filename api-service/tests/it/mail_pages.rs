//! The page of captured mails.

use api_service::{CaptureMailer, ShowsMail};
use domain::users::EmailAddress;
use operations::jobs::{Mail, Mailer as _};
use serde_json::json;
use testkit::TestDatabase;

use crate::answer::Answer;
use crate::test_api::TestApi;

impl TestApi {
    /// Requests a page with the service's own name as `Host`.
    async fn look(&self, path: &str) -> Answer {
        self.get(path).header("host", "127.0.0.1:8088").header("x-real-ip", "127.0.0.1").send().await
    }
}

#[testkit::both_databases]
async fn captured_mails_are_listed_latest_first(database: TestDatabase) {
    let api = TestApi::with(database, ShowsMail::Yes);
    assert_eq!(api.look("/dev/mail.json").await.expect(200), json!([]));
    assert!(api.look("/dev/mail").await.body.contains("No mail yet"));
    let mailer = CaptureMailer::new(api.parts.app.clone());
    let at = api.parts.now().to_string();
    for (to, subject) in [("mina@example.com", "<b>하나</b>"), ("o'hara&\"co\"@example.com", "둘")] {
        let to = EmailAddress::from_stored(to.into());
        let text = "<script>alert(1)</script>\n안녕하세요 & \"hello\"".into();
        assert!(mailer.send(Mail { to, subject: subject.into(), text, html: String::new() }).await.is_ok());
    }
    let text = "<script>alert(1)</script>\n안녕하세요 & \"hello\"";
    let list = api.look("/dev/mail.json").await;
    assert!(list.header("content-type").unwrap().starts_with("application/json"));
    let expected = json!([
        {"to": "o'hara&\"co\"@example.com", "subject": "둘", "text": text, "at": at},
        {"to": "mina@example.com", "subject": "<b>하나</b>", "text": text, "at": at},
    ]);
    assert_eq!(list.expect(200), expected);
    let page = api.look("/dev/mail").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt;\n안녕하세요 &amp; &quot;hello&quot;"));
    assert!(page.body.contains("&lt;b&gt;하나&lt;/b&gt;"));
    for markup in ["<script", "<b>", "src=", "href="] {
        assert!(!page.body.contains(markup), "the page has {markup}");
    }
}

#[tokio::test]
async fn the_mail_page_is_absent_when_mails_are_sent_by_smtp() {
    let api = TestApi::new(TestDatabase::sqlite().await);
    for path in ["/dev/mail", "/dev/mail.json", "/dev"] {
        api.look(path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn mails_are_shown_under_the_services_own_name_and_to_clients_on_this_machine_only() {
    let api = TestApi::with(TestDatabase::sqlite().await, ShowsMail::Yes);
    for path in ["/dev/mail", "/dev/mail.json"] {
        let ask = |host: &'static str, client: &'static str| {
            api.get(path).header("host", host).header("x-real-ip", client).send()
        };
        for own in ["127.0.0.1:8088", "localhost:8088"] {
            for client in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"] {
                assert_eq!(ask(own, client).await.status, 200, "{own} {client}");
            }
            for client in ["192.0.2.1", "10.0.0.1", "2001:db8::1", "rubbish"] {
                ask(own, client).await.problem(404, "not_found");
            }
        }
        // The page of an attacker can point its own name at this machine.
        for other in ["evil.example.com", "evil.example.com:8088", "127.0.0.1", "127.0.0.1:8089", ""] {
            ask(other, "127.0.0.1").await.problem(404, "not_found");
        }
        api.get(path).header("x-real-ip", "127.0.0.1").send().await.problem(404, "not_found");
    }
}
