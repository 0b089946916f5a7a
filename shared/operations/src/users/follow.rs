use domain::ProblemCode;
use domain::events::{Event, payload};
use domain::ids::{FollowId, UserId};
use domain::notifications::Occasion;
use domain::users::{Relationship, may_follow};
use store::users::Counter;
use store::{follows, users};

use crate::notifications::notify;
use crate::{App, Caller, OperationError};

/// Follows a person and notifies them. Idempotent (rule PF2).
#[tracing::instrument(name = "op.follow", skip_all, fields(user.id = %caller.user_id, profile.id = %person))]
pub async fn follow(app: &App, caller: &Caller, person: UserId) -> Result<Relationship, OperationError> {
    let follower = caller.user_id;
    let mut unit = app.store.begin_for(person.0, app.clock.now()).await?;
    let found = users::find(unit.connection().await?, person).await?.ok_or(ProblemCode::NotFound)?;
    may_follow(follower, person, found.state)?;
    let is_new = follows::insert(&unit, FollowId::new(&*app.ids), follower, person).await?;
    let relationship = follows::relationship(unit.connection().await?, follower, person).await?;
    if is_new {
        let followers_count = adjust_counters(&unit, follower, person, 1).await?;
        unit.record(Event::UserFollowers(payload::UserFollowers { user_id: person, followers_count }));
        let occasion = Occasion::followed(follower, unit.now());
        notify(app, &mut unit, person, occasion, caller.summary()).await?;
    }
    unit.commit().await?;
    Ok(relationship)
}

/// Adds `by` to the follower's and the followed person's counters and returns the latter's number of followers. The
/// rows are locked in the order of their ids, so that two people who follow each other at once cannot deadlock.
pub(super) async fn adjust_counters(
    unit: &store::UnitOfWork,
    follower: UserId,
    person: UserId,
    by: i64,
) -> Result<i64, OperationError> {
    let mut ends = [(follower, Counter::Following), (person, Counter::Followers)];
    ends.sort_unstable_by_key(|(end, _)| *end);
    let mut followers_count = 0;
    for (end, counter) in ends {
        let value = users::adjust_and_get_counter(unit, end, counter, by).await?;
        if counter == Counter::Followers {
            followers_count = value;
        }
    }
    Ok(followers_count)
}
