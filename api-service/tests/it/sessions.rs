//! The list of sessions (rules ID8, ID11).

use std::time::Duration;

use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::auth::{PASSWORD, holder};
use crate::posts::NOTHING;
use crate::test_api::{Actor, TestApi, id_of};

const SESSIONS: &str = "/api/v1/auth/sessions";

impl TestApi {
    /// Returns the id of a session of the person.
    pub(crate) async fn session_of(&self, person: &Actor) -> String {
        id_of(&self.get(SESSIONS).by(person).send().await.expect(200)["items"][0])
    }
}

fn items(list: &Value) -> &[Value] {
    list["items"].as_array().unwrap()
}

#[testkit::both_databases]
async fn a_session_shows_its_program_and_network_and_never_the_whole_address(database: TestDatabase) {
    let api = TestApi::new(database);
    let phone = holder(&api.sign_up("mina@example.com").await);
    let begun = api.parts.now();
    api.parts.clock.advance(Duration::from_mins(1));
    let long = format!("Mozilla/5.0 \u{a0}가 {}", "x".repeat(1000));
    let mut tokens = Vec::new();
    for (address, agent) in
        [("203.0.113.77", "curl/8.7.1"), ("2001:db8:1:2:3:4:5:6", long.as_str()), ("::ffff:192.0.2.9", "")]
    {
        let body = json!({"email": "mina@example.com", "password": PASSWORD});
        let call = api.post(SESSIONS, &body).header("x-real-ip", address);
        tokens.push(call.header_bytes("user-agent", agent.as_bytes()).send().await.expect(201));
        api.parts.clock.advance(Duration::from_secs(1));
    }
    let list = api.get(SESSIONS).by(&phone).send().await;
    for whole in ["203.0.113.77", "3:4:5:6", "192.0.2.9"] {
        assert!(!list.body.contains(whole), "{}", list.body);
    }
    let list = list.expect(200);
    let shown: Vec<_> = items(&list).iter().map(|session| &session["ip_prefix"]).collect();
    assert_eq!(shown[..3], ["192.0.2.0/24", "2001:db8:1:2::/64", "203.0.113.0/24"]);
    let clients: Vec<_> = items(&list).iter().map(|session| session["client"].as_str().unwrap()).collect();
    assert_eq!((clients[0], clients[2]), ("", "curl/8.7.1"));
    assert_eq!(clients[1].chars().count(), 200);
    let own = &items(&list)[3];
    let created_at = begun.to_string();
    let expires_at = begun.plus(domain::auth::SESSION_IDLE).to_string();
    assert_eq!((&own["current"], &own["created_at"]), (&json!(true), &json!(created_at)));
    assert_eq!((&own["last_used_at"], &own["expires_at"]), (&json!(created_at), &json!(expires_at)));
    assert!(items(&list)[..3].iter().all(|session| session["current"] == false));
    assert_eq!(items(&list)[2]["id"], tokens[0]["session_id"]);
}

#[testkit::both_databases]
async fn one_session_or_all_others_are_ended(database: TestDatabase) {
    let api = TestApi::new(database);
    let phone = holder(&api.sign_up("mina@example.com").await);
    let laptop = api.log_in("mina@example.com", PASSWORD).await.expect(201);
    let tablet = api.log_in("mina@example.com", PASSWORD).await.expect(201);
    let path = format!("{SESSIONS}/{}", laptop["session_id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(api.delete(&path).by(&phone).send().await.status, 204);
    }
    api.get("/api/v1/users/me").by(&holder(&laptop)).send().await.problem(401, "session_revoked");
    api.get("/api/v1/users/me").by(&holder(&tablet)).send().await.expect(200);
    assert_eq!(api.delete(SESSIONS).by(&phone).send().await.status, 204);
    api.get("/api/v1/users/me").by(&holder(&tablet)).send().await.problem(401, "session_revoked");
    let left = api.get(SESSIONS).by(&phone).send().await.expect(200);
    assert_eq!((items(&left).len(), &items(&left)[0]["current"]), (1, &json!(true)));
}

#[testkit::both_databases]
async fn sessions_of_others_are_neither_seen_nor_ended(database: TestDatabase) {
    let api = TestApi::new(database);
    let (mina, thief) = (api.person("미나").await, api.person("도둑").await);
    let session = api.session_of(&mina).await;
    let before = api.checksum().await;
    for id in [session.as_str(), NOTHING, "none"] {
        api.delete(&format!("{SESSIONS}/{id}")).by(&thief).send().await.problem(404, "not_found");
    }
    assert_eq!(api.delete(SESSIONS).by(&thief).send().await.status, 204);
    assert_eq!(api.checksum().await, before);
    let seen = api.get(SESSIONS).by(&thief).send().await.expect(200);
    assert_eq!(items(&seen).len(), 1);
    assert_ne!(items(&seen)[0]["id"], session);
}
