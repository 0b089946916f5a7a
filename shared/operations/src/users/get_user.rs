use domain::ProblemCode;
use domain::ids::UserId;
use domain::users::{Relationship, User, UserState};
use store::{follows, users};

use crate::{App, Caller, OperationError};

/// Somebody's profile, and how the one who looks stands to them.
#[derive(Debug, Clone)]
pub struct UserProfile {
    /// Whose it is. What of it is shown is decided by the shapes of the edges: never the address.
    pub user: User,
    /// How the one who looks stands to them; nothing for the anonymous.
    pub viewer: Option<Relationship>,
}

/// Returns the profile of somebody whose account is in use.
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
