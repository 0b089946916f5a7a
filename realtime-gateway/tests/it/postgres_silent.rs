use std::sync::Arc;
use std::time::Duration;

use testkit::SilentProxy;

use crate::fixture::{Changes, Form, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_delivered_while_the_gateways_database_is_silent() {
    let url = testkit::required_setting("ORGO_TEST_POSTGRES_URL");
    let (_, address) = url.rsplit_once('@').unwrap();
    let proxy = Arc::new(SilentProxy::start(address.split('/').next().unwrap().parse().unwrap()).await);
    let mut changes = Changes { postgres: Some(Arc::clone(&proxy)), ..Changes::default() };
    // The audit waits for the database nearly all the time.
    changes.timing.audit = Duration::from_millis(1);
    let server = Server::start_with(Form::PostgresAndRedis, changes).await;
    let person = server.test.person("first").await;
    let (mut client, _) = server.welcomed(&person).await;
    proxy.fall_silent();
    for number in 1..=50 {
        server.notify(&person, number).await;
        assert_eq!(client.numbers(1).await, [number]);
    }
    proxy.heal();
    server.notify(&person, 51).await;
    assert_eq!(client.numbers(1).await, [51]);
    server.stop().await;
}
