//! The bodies of changes of an account's credentials.

use domain::Problem;
use domain::ids::CodeFlowId;
use domain::text::Fields;
use operations::auth::{ChangeEmail, ChangePassword, TypedCode};
use poem_openapi::Object;

use crate::auth::fields::{CodeField, NewPasswordField, PasswordField};
use crate::id::Id;
use crate::request_body::IntoInput;
use crate::text_field::TextField;

/// A new password for the caller's account.
#[derive(Object)]
#[oai(rename = "ChangePassword")]
pub(crate) struct ChangePasswordBody {
    /// Present password.
    current_password: TextField<PasswordField>,
    /// New password. Passwords that are easy to guess are refused.
    new_password: TextField<NewPasswordField>,
}

impl IntoInput for ChangePasswordBody {
    type Input = ChangePassword;

    fn into_input(self) -> Result<ChangePassword, Problem> {
        let mut fields = Fields::default();
        let current = fields.take(self.current_password.parse("/current_password"));
        let new = fields.take(self.new_password.parse("/new_password"));
        let both = current.zip(new);
        fields.finish(
            both.map(|(current_password, new_password)| ChangePassword { current_password, new_password }),
        )
    }
}

/// A new e-mail address for the caller's account.
#[derive(Object)]
#[oai(rename = "ChangeEmail")]
pub(crate) struct ChangeEmailBody {
    /// Password of the account.
    current_password: TextField<PasswordField>,
    /// Id of the flow, from `requestEmailCode` for the new address.
    flow_id: Id<CodeFlowId>,
    /// Six digits from the mail to the new address.
    code: TextField<CodeField>,
}

impl IntoInput for ChangeEmailBody {
    type Input = ChangeEmail;

    fn into_input(self) -> Result<ChangeEmail, Problem> {
        let mut fields = Fields::default();
        let current = fields.take(self.current_password.parse("/current_password"));
        let code = fields.take(self.code.parse("/code"));
        let flow_id = self.flow_id.0;
        fields.finish(current.zip(code).map(|(current_password, code)| ChangeEmail {
            current_password,
            proof: TypedCode { flow_id, code },
        }))
    }
}
