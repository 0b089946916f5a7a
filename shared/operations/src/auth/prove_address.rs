use domain::Problem;
use domain::auth::{CODE_ATTEMPTS, CodeFlow, CodePurpose, wrong_code};
use domain::ids::CodeFlowId;
use identity::codes::{Code, CodeHash};
use store::email_codes;

use crate::{App, Credentials, OperationError};

/// A code as typed, and the flow that it is tried for.
pub struct TypedCode {
    /// The flow.
    pub flow_id: CodeFlowId,
    /// The code.
    pub code: Code,
}

/// Finds a flow of this purpose in which an attempt is allowed. Counts nothing.
pub(super) async fn find_open_flow(
    app: &App,
    purpose: CodePurpose,
    flow_id: CodeFlowId,
) -> Result<CodeFlow, OperationError> {
    let flow = email_codes::find(app.store.reader(), flow_id).await?;
    let flow = flow.filter(|flow| flow.purpose == purpose).ok_or_else(|| wrong_code(0))?;
    match flow.refusal(app.clock.now()) {
        Some(refusal) => Err(refusal.into()),
        None => Ok(flow),
    }
}

/// Checks the code of an open flow (rule ID2). The attempt is counted and committed before the code is compared, so that
/// attempts at the same time cannot be more than allowed. The caller uses the flow up in the unit that needs the proof.
pub(super) async fn prove_address(
    app: &App,
    credentials: &Credentials,
    flow: &CodeFlow,
    code: &Code,
) -> Result<(), OperationError> {
    let unit = app.store.begin(app.clock.now()).await?;
    let Some(attempt) = email_codes::count_attempt(&unit, flow.id).await? else {
        let flow = email_codes::find(unit.connection().await?, flow.id).await?;
        let refusal = flow.and_then(|flow| flow.refusal(unit.now()));
        return Err(refusal.unwrap_or_else(|| wrong_code(0)).into());
    };
    unit.commit().await?;
    let right = CodeHash::parse(&attempt.code_hash).is_ok_and(|hash| {
        credentials.codes.matches(&hash, flow.id, flow.purpose.as_str(), flow.email.as_str(), code)
    });
    let wrong = || -> Problem { wrong_code(CODE_ATTEMPTS - attempt.attempts) };
    if right { Ok(()) } else { Err(wrong().into()) }
}
