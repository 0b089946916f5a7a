use domain::ProblemCode;
use domain::ids::UserId;
use domain::page::{Page, PageRequest};
use domain::users::{User, UserState, UserSummary};
use store::follows::{self, Side};
use store::users;

use crate::{App, OperationError};

/// Returns a page of a person's followers, the latest first.
#[tracing::instrument(name = "op.list_followers", skip_all, fields(profile.id = %person))]
pub async fn list_followers(
    app: &App,
    person: UserId,
    request: &PageRequest,
) -> Result<Page<UserSummary>, OperationError> {
    list(app, person, Side::Followers, request).await
}

/// Returns a page of the people whom a person follows, the latest first.
#[tracing::instrument(name = "op.list_following", skip_all, fields(profile.id = %person))]
pub async fn list_following(
    app: &App,
    person: UserId,
    request: &PageRequest,
) -> Result<Page<UserSummary>, OperationError> {
    list(app, person, Side::Following, request).await
}

async fn list(
    app: &App,
    person: UserId,
    side: Side,
    request: &PageRequest,
) -> Result<Page<UserSummary>, OperationError> {
    let in_use = |user: &User| user.state == UserState::Active;
    users::find(app.store.reader(), person).await?.filter(in_use).ok_or(ProblemCode::NotFound)?;
    Ok(follows::list(app.store.reader(), person, side, request).await?)
}
