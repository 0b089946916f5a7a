use domain::ProblemCode;
use domain::comments::{
    Comment, CommentState, CommentView, CommentViewer, NewComment, place_reply, recipient,
};
use domain::events::{Event, payload};
use domain::ids::{CommentId, PostId};
use domain::notifications::{NotificationType, Occasion};
use store::{comments, posts, users};

use crate::notifications::notify;
use crate::{App, Caller, OperationError};

/// Creates a comment on a post or a reply to one of its comments, and notifies the author of the post or comment that
/// is answered (rules PO4, NO2).
#[tracing::instrument(name = "op.create_comment", skip_all, fields(user.id = %caller.user_id, post.id = %post_id))]
pub async fn create_comment(
    app: &App,
    caller: &Caller,
    post_id: PostId,
    new: NewComment,
) -> Result<CommentView, OperationError> {
    let mut unit = app.store.begin_for(post_id.0, app.clock.now()).await?;
    // First, because it locks the post: from here on, neither the post nor a parent comment can be deleted.
    let post = posts::adjust_comments_count(&unit, post_id, 1).await?.ok_or(ProblemCode::NotFound)?;
    let place = match new.parent_id {
        None => None,
        Some(parent) => Some(place_reply(post_id, comments::lock(&unit, parent).await?.as_ref())?),
    };
    let comment = Comment {
        id: CommentId::new(&*app.ids),
        post_id,
        parent_id: place.map(|place| place.root),
        reply_to: place.and_then(|place| place.reply_to),
        author_id: caller.user_id,
        content: new.content,
        state: CommentState::Active,
        replies_count: 0,
        likes_count: 0,
        version: 1,
        created_at: unit.now(),
        edited_at: None,
    };
    unit.record(Event::CommentCreated(payload::PostComments {
        post_id,
        post_author_id: post.author_id,
        comment_id: comment.id,
        parent_id: comment.parent_id,
        comments_count: post.count,
    }));
    let answered = place.map(|place| place.answered);
    if let Some((recipient, kind)) = recipient(caller.user_id, post.author_id, answered) {
        let occasion = match kind {
            NotificationType::CommentReplied => Occasion::CommentReplied(post_id, comment.id),
            _ => Occasion::PostCommented(post_id, comment.id),
        };
        notify(app, &mut unit, recipient, occasion, caller.summary()).await?;
    }
    let reply_to = match comment.reply_to {
        None => None,
        Some(person) => Some(users::summaries(unit.connection().await?, [person]).await?.get(person)?),
    };
    // Last, so that both are sent with the commit.
    comments::insert(&unit, &comment);
    if let Some(place) = place {
        comments::adjust_replies_count(&unit, place.root, 1);
    }
    unit.commit().await?;
    let viewer = Some(CommentViewer { liked: false, is_author: true });
    Ok(CommentView { comment, author: caller.summary(), reply_to, viewer })
}
