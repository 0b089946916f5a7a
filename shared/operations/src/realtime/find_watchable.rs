use std::collections::HashMap;

use domain::events::Audience;
use domain::ids::{PostId, UserId};
use store::{posts, users};

use crate::{App, OperationError};

/// A post or a person whose public events a socket may receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchTarget {
    /// A post: likes, comments, edits, its deletion.
    Post(PostId),
    /// A person: new posts, number of followers.
    User(UserId),
}

/// Returns the audience of the events of every target, or `None` if the target does not exist or is not visible. Runs
/// at most two statements, however many targets.
#[tracing::instrument(name = "op.find_watchable", skip_all)]
pub async fn find_watchable(
    app: &App,
    targets: &[WatchTarget],
) -> Result<Vec<Option<Audience>>, OperationError> {
    let reader = app.store.reader();
    let posts = targets.iter().filter_map(|target| match target {
        WatchTarget::Post(post) => Some(*post),
        WatchTarget::User(_) => None,
    });
    let people = targets.iter().filter_map(|target| match target {
        WatchTarget::Post(_) => None,
        WatchTarget::User(person) => Some(*person),
    });
    let authors: HashMap<PostId, UserId> = posts::authors_of_live(reader, posts).await?.into_iter().collect();
    let active = users::active_among(reader, people).await?;
    let audience = |target: &WatchTarget| match *target {
        WatchTarget::Post(post) => authors.get(&post).map(|author| Audience::Post { author: *author, post }),
        WatchTarget::User(person) => active.contains(&person).then_some(Audience::Feed(person)),
    };
    Ok(targets.iter().map(audience).collect())
}
