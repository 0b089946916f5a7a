use domain::posts::{NewPost, PostContent, PostTitle};
use domain::text::Text;
use operations::posts;
use testkit::{TestApp, both_databases};

fn new_post(title: &str) -> NewPost {
    NewPost {
        title: PostTitle::parse("/title", title).unwrap(),
        content: PostContent::parse("/content", "…").unwrap(),
    }
}

both_databases! {
    async fn a_like_counts_once_and_tells_the_author(database) {
        let app = TestApp::new(database);
        let (mina, jun) = (app.person("mina").await, app.person("jun").await);
        let post = posts::create_post(&app.app, &mina.caller(), new_post("hello")).await.unwrap();
        for _ in 0..2 {
            let state = posts::like_post(&app.app, &jun.caller(), post.post.id).await.unwrap();
            assert_eq!((state.liked, state.likes_count), (true, 1));
        }
        let told: Vec<_> = app.recorded().await.into_iter().filter(|(kind, _)| kind == "notification").collect();
        assert_eq!(told, [("notification".to_owned(), format!("user:{}", mina.user().id))]);
    }
}
