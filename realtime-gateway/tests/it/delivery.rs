use domain::posts::{NewPost, PostContent, PostTitle};
use domain::text::Text as _;
use operations::posts::{create_post, like_post};
use serde_json::json;

use crate::both_forms;
use crate::fixture::{Changes, Server};

both_forms! {
    async fn a_person_is_told_on_every_socket_and_nobody_else_is(form) {
        let server = Server::start(form).await;
        let (person, other) = (server.test.person("first").await, server.test.person("second").await);
        let (mut one, welcome) = server.welcomed(&person).await;
        let (mut two, _) = server.welcomed(&person).await;
        let (mut stranger, _) = server.welcomed(&other).await;
        for number in 1..=20 {
            server.tell(&person, number).await;
        }
        server.tell(&other, 77).await;
        let first = one.news().await;
        let partition = usize::try_from(first["p"].as_u64().unwrap()).unwrap();
        assert_eq!(first["o"].as_i64(), welcome["pos"][partition].as_i64().map(|position| position + 1));
        assert_eq!((&first["n"], &first["d"]["text"]), (&json!(1), &json!("안녕")));
        assert_eq!(one.numbers(19).await, (2..=20).collect::<Vec<i64>>());
        assert_eq!(two.numbers(20).await, (1..=20).collect::<Vec<i64>>());
        assert_eq!(stranger.numbers(1).await, [77]);
        server.stop().await;
    }

    async fn an_event_for_an_unknown_audience_holds_up_no_other(form) {
        let server = Server::start(form).await;
        let person = server.test.person("first").await;
        let (mut client, _) = server.welcomed(&person).await;
        server.tell(&person, 1).await;
        let first = client.news().await;
        server.tell_unknown(&person).await;
        server.tell(&person, 2).await;
        let second = client.news().await;
        assert_eq!((&first["n"], &second["n"]), (&json!(1), &json!(2)));
        assert_eq!(second["o"].as_i64(), first["o"].as_i64().map(|position| position + 2));
        server.stop().await;
    }

    async fn a_like_is_seen_at_once_by_the_author(form) {
        let server = Server::start(form).await;
        let (author, fan) = (server.test.person("author").await, server.test.person("fan").await);
        let (mut client, _) = server.welcomed(&author).await;
        let new = NewPost {
            title: PostTitle::parse("/title", "Sorting").unwrap(),
            content: PostContent::parse("/content", "How does it work?").unwrap(),
        };
        let post = create_post(server.app(), &author.caller(), new).await.unwrap();
        like_post(server.app(), &fan.caller(), post.post.id).await.unwrap();
        let frame = client.news().await;
        assert_eq!((&frame["t"], &frame["k"]), (&json!("nt"), &json!("notification")));
        assert_eq!(frame["uid"], json!(author.caller().user_id));
        assert_eq!(frame["d"]["notification"]["actors"][0]["id"], json!(fan.caller().user_id));
        server.stop().await;
    }

    async fn one_who_does_not_read_is_closed_without_harm_to_others(form) {
        let mut changes = Changes::default();
        changes.timing.write = std::time::Duration::from_millis(200);
        let server = Server::start_with(form, changes).await;
        let (person, other) = (server.test.person("first").await, server.test.person("second").await);
        let (slow, _) = server.welcomed(&person).await;
        let (mut reader, _) = server.welcomed(&person).await;
        let (mut bystander, _) = server.welcomed(&other).await;
        let open = || server.gateway.open_sockets();
        assert_eq!(open(), 3);
        let mut told = 0;
        // Until the system's own buffers are full too, however large they are here.
        while open() == 3 {
            server.tell_much(&person, told + 1).await;
            told += 1;
            assert_eq!(reader.numbers(1).await, [told]);
            assert!(told < 20_000, "a socket that is not read stays open");
        }
        server.tell(&other, 5).await;
        assert_eq!(bystander.numbers(1).await, [5]);
        server.tell(&person, told + 1).await;
        assert_eq!(reader.numbers(1).await, [told + 1]);
        drop(slow);
        server.stop().await;
    }
}
