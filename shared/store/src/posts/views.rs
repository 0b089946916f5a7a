use domain::ids::UserId;
use domain::posts::{Post, PostView, PostViewer};
use sea_orm::ConnectionTrait;

use crate::{StoreError, follows, likes, users};

/// Returns posts as `viewer` sees them: three statements, however many posts.
pub async fn views(
    connection: &impl ConnectionTrait,
    posts: Vec<Post>,
    viewer: Option<UserId>,
) -> Result<Vec<PostView>, StoreError> {
    let authors = users::summaries(connection, posts.iter().map(|post| post.author_id)).await?;
    let (liked, followed) = match viewer {
        None => (Vec::new(), Vec::new()),
        Some(viewer) => (
            likes::liked_among(connection, viewer, posts.iter().map(|post| post.id)).await?,
            follows::followed_among(connection, viewer, posts.iter().map(|post| post.author_id)).await?,
        ),
    };
    let view = |post: Post| {
        let author = authors.get(post.author_id)?;
        let viewer = viewer.map(|viewer| PostViewer {
            liked: liked.contains(&post.id),
            following_author: followed.contains(&post.author_id),
            is_author: viewer == post.author_id,
        });
        Ok(PostView { post, author, viewer })
    };
    posts.into_iter().map(view).collect()
}

/// Returns one post as `viewer` sees it.
pub async fn view(
    connection: &impl ConnectionTrait,
    post: Post,
    viewer: Option<UserId>,
) -> Result<PostView, StoreError> {
    let id = post.id;
    let view = views(connection, vec![post], viewer).await?.into_iter().next();
    view.ok_or_else(|| StoreError::corrupt("posts", format!("no view of {id}")))
}
