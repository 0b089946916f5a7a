use domain::ProblemCode;
use domain::users::User;
use store::users;

use crate::{App, Caller, OperationError};

/// Returns the caller's own account.
#[tracing::instrument(name = "op.get_me", skip_all, fields(user.id = %caller.user_id))]
pub async fn get_me(app: &App, caller: &Caller) -> Result<User, OperationError> {
    Ok(users::find(app.store.reader(), caller.user_id).await?.ok_or(ProblemCode::NotFound)?)
}
