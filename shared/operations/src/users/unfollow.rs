use domain::ProblemCode;
use domain::events::{Event, payload};
use domain::ids::UserId;
use domain::notifications::Occasion;
use domain::users::{Relationship, may_follow};
use store::{follows, users};

use super::follow::adjust_counters;
use crate::notifications::withdraw;
use crate::{App, Caller, OperationError};

/// Stops following a person and withdraws the notification. Idempotent (rule PF2).
#[tracing::instrument(name = "op.unfollow", skip_all, fields(user.id = %caller.user_id, profile.id = %person))]
pub async fn unfollow(app: &App, caller: &Caller, person: UserId) -> Result<Relationship, OperationError> {
    let follower = caller.user_id;
    let mut unit = app.store.begin_for(person.0, app.clock.now()).await?;
    let found = users::find(unit.connection().await?, person).await?.ok_or(ProblemCode::NotFound)?;
    may_follow(follower, person, found.state)?;
    let is_removed = follows::delete(&unit, follower, person).await?;
    let relationship = follows::relationship(unit.connection().await?, follower, person).await?;
    if is_removed {
        let followers_count = adjust_counters(&unit, follower, person, -1).await?;
        unit.record(Event::UserFollowers(payload::UserFollowers { user_id: person, followers_count }));
        let occasion = Occasion::followed(follower, unit.now());
        withdraw(&mut unit, person, occasion, follower).await?;
    }
    unit.commit().await?;
    Ok(relationship)
}
