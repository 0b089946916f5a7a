use domain::ProblemCode;
use domain::ids::UserId;
use domain::users::{Relationship, User, UserState};
use store::{follows, users};

use crate::{App, Caller, OperationError};

/// A profile and the viewer's relationship to it.
#[derive(Debug, Clone)]
pub struct UserProfile {
    /// The account. The response bodies of the services never contain its e-mail address.
    pub user: User,
    /// Relationship of the viewer to the person. `None` for anonymous viewers.
    pub viewer: Option<Relationship>,
}

/// Returns the profile of an active account.
#[tracing::instrument(name = "op.get_user", skip_all, fields(profile.id = %id))]
pub async fn get_user(app: &App, caller: Option<&Caller>, id: UserId) -> Result<UserProfile, OperationError> {
    let reader = app.store.reader();
    let in_use = |user: &User| user.state == UserState::Active;
    let user = users::find(reader, id).await?.filter(in_use).ok_or(ProblemCode::NotFound)?;
    let viewer = match caller {
        None => None,
        Some(caller) => Some(follows::relationship(reader, caller.user_id, id).await?),
    };
    Ok(UserProfile { user, viewer })
}
