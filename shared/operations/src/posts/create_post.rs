use domain::ids::PostId;
use domain::posts::{NewPost, Post, PostView};
use store::{posts, users};

use crate::{App, Caller, OperationError, events};

/// Writes a post.
#[tracing::instrument(name = "op.create_post", skip_all)]
pub async fn create_post(app: &App, caller: &Caller, new: NewPost) -> Result<PostView, OperationError> {
    let mut unit = app.store.begin(app.clock.now()).await?;
    let post = Post {
        id: PostId::new(&*app.ids),
        author_id: caller.user_id,
        title: new.title,
        content: new.content,
        likes_count: 0,
        comments_count: 0,
        version: 1,
        created_at: unit.now(),
        edited_at: None,
    };
    posts::insert(&unit, &post).await?;
    users::count(&unit, caller.user_id, users::Counter::Posts, 1).await?;
    unit.record(events::of_post("post.created", post.author_id, post.id, caller.user_id, unit.now())?);
    let view = posts::view(unit.connection(), post, Some(caller.user_id)).await?;
    unit.commit().await?;
    Ok(view)
}
