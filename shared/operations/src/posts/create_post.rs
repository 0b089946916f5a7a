use domain::events::{Event, payload};
use domain::ids::PostId;
use domain::posts::{NewPost, Post, PostView};
use store::{posts, users};

use crate::{App, Caller, OperationError};

/// Publishes a post.
#[tracing::instrument(name = "op.create_post", skip_all, fields(user.id = %caller.user_id))]
pub async fn create_post(app: &App, caller: &Caller, new: NewPost) -> Result<PostView, OperationError> {
    let mut unit = app.store.begin(app.clock.now()).await?;
    let post = Post {
        id: PostId::new(&*app.ids),
        author_id: caller.user_id,
        title: new.title,
        content: new.content,
        likes_count: 0,
        comments_count: 0,
        views_count: 0,
        version: 1,
        created_at: unit.now(),
        edited_at: None,
    };
    posts::insert(&unit, &post);
    users::adjust_counter(&unit, caller.user_id, users::Counter::Posts, 1);
    unit.record(Event::PostCreated(payload::PostCreated { post_id: post.id, author_id: post.author_id }));
    unit.commit().await?;
    Ok(PostView::of_new(post, caller.summary()))
}
