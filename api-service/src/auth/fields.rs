//! The text fields of authentication: published bounds and parsers.

use domain::problem::{FieldFault, FieldProblem};
use domain::users::EmailAddress;
use identity::codes::Code;
use identity::passwords::Password;
use poem_openapi::registry::MetaSchema;

use crate::text_field::TextKind;

/// An e-mail address.
pub(crate) struct EmailField;

impl TextKind for EmailField {
    type Value = EmailAddress;

    fn schema() -> MetaSchema {
        MetaSchema { max_length: Some(EmailAddress::MAX), ..MetaSchema::new_with_format("string", "email") }
    }

    fn parse(pointer: &str, text: &str) -> Result<EmailAddress, FieldProblem> {
        EmailAddress::parse(pointer, text)
    }
}

/// A mailed code.
pub(crate) struct CodeField;

impl TextKind for CodeField {
    type Value = Code;

    fn schema() -> MetaSchema {
        MetaSchema { pattern: Some("^[0-9]{6}$".into()), ..MetaSchema::new("string") }
    }

    fn parse(pointer: &str, text: &str) -> Result<Code, FieldProblem> {
        Code::parse(text).map_err(|_not_a_code| FieldProblem::at(pointer, FieldFault::BadFormat))
    }
}

/// A new password, with its bounds.
pub(crate) struct NewPasswordField;

impl TextKind for NewPasswordField {
    type Value = Password;

    fn schema() -> MetaSchema {
        MetaSchema {
            min_length: Some(Password::MIN),
            max_length: Some(Password::MAX),
            ..MetaSchema::new_with_format("string", "password")
        }
    }

    fn parse(pointer: &str, text: &str) -> Result<Password, FieldProblem> {
        Password::parse(text).map_err(|fault| {
            let problem = FieldProblem::at(pointer, fault.field_fault());
            problem.with("min", Password::MIN).with("max", Password::MAX)
        })
    }
}

/// The password of an existing account. The minimum length may have been shorter when it was chosen.
pub(crate) struct PasswordField;

impl TextKind for PasswordField {
    type Value = String;

    fn schema() -> MetaSchema {
        MetaSchema {
            min_length: Some(1),
            max_length: Some(Password::MAX),
            ..MetaSchema::new_with_format("string", "password")
        }
    }

    fn parse(pointer: &str, text: &str) -> Result<String, FieldProblem> {
        if text.is_empty() {
            return Err(FieldProblem::at(pointer, FieldFault::Required));
        }
        if text.chars().count() > Password::MAX {
            // No account has such a password; hashing it would only cost time.
            return Err(FieldProblem::at(pointer, FieldFault::TooLong).with("max", Password::MAX));
        }
        Ok(text.to_owned())
    }
}

/// A device token. A text of another form is a token that is not valid.
pub(crate) struct DeviceTokenField;

impl TextKind for DeviceTokenField {
    type Value = String;

    fn schema() -> MetaSchema {
        MetaSchema { min_length: Some(1), ..MetaSchema::new("string") }
    }

    fn parse(_pointer: &str, text: &str) -> Result<String, FieldProblem> {
        Ok(text.to_owned())
    }
}

/// A refresh token. A text of another form is an invalid token: the operation answers it and counts the attempt.
pub(crate) struct RefreshTokenField;

impl TextKind for RefreshTokenField {
    type Value = String;

    fn schema() -> MetaSchema {
        MetaSchema { min_length: Some(1), ..MetaSchema::new("string") }
    }

    fn parse(_pointer: &str, text: &str) -> Result<String, FieldProblem> {
        Ok(text.to_owned())
    }
}
