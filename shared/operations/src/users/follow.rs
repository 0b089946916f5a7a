use domain::ProblemCode;
use domain::ids::{FollowId, UserId};
use domain::notifications::Occasion;
use domain::users::{Relationship, may_follow};
use store::users::Counter;
use store::{follows, users};

use crate::notifications::tell;
use crate::{App, Caller, OperationError, events};

/// Follows somebody. Following them again changes nothing (rule PF2).
#[tracing::instrument(name = "op.follow", skip_all)]
pub async fn follow(app: &App, caller: &Caller, person: UserId) -> Result<Relationship, OperationError> {
    let follower = caller.user_id;
    let mut unit = app.store.begin(app.clock.now()).await?;
    let found = users::find(unit.connection(), person).await?.ok_or(ProblemCode::NotFound)?;
    may_follow(follower, person, found.state)?;
    if follows::insert(&unit, FollowId::new(&*app.ids), follower, person).await? {
        count_edge(&unit, follower, person, 1).await?;
        unit.record(events::of_follow("user.followed", follower, person, unit.now())?);
        let occasion = Occasion::followed(follower, unit.now());
        tell(app, &mut unit, person, occasion, follower).await?;
    }
    let relationship = follows::relationship(unit.connection(), follower, person).await?;
    unit.commit().await?;
    Ok(relationship)
}

/// Changes the counters at both ends of an edge, in the order of the ids: two people who follow each other at the
/// same moment do not wait for each other.
pub(super) async fn count_edge(
    unit: &store::UnitOfWork,
    follower: UserId,
    person: UserId,
    by: i64,
) -> Result<(), OperationError> {
    let mut ends = [(follower, Counter::Following), (person, Counter::Followers)];
    ends.sort_unstable_by_key(|(end, _)| *end);
    for (end, counter) in ends {
        users::count(unit, end, counter, by).await?;
    }
    Ok(())
}
