//! The published OpenAPI document: the descriptions of the handlers, completed from the list of operations.

mod budgets;
mod conditional;
mod headers;
mod idempotency;
mod operation_table;
mod parameters;
mod problem_schema;
mod responses;
mod schemas;
mod texts;

use poem_openapi::{LicenseObject, OpenApiService};
use serde_json::{Value, json};

use crate::Service;
use crate::contract::{self, Operation};
use crate::features::{Apis, apis};

pub(crate) use operation_table::OperationTable;

const DESCRIPTION: &str = "The backend of a community of learners: posts, comments, likes, follows and notifications.\n\n\
Errors are `application/problem+json` (RFC 9457). Programs decide by `code`; people read `detail`, in the language of \
`Accept-Language` (Korean or English). Lists are paged by cursor: pass `next_cursor` as `cursor` to get the next page. \
Ids and cursors are opaque. Fields and enumeration values may be added in this version: ignore unknown ones. Unknown \
query parameters and body fields in a request are refused. Texts are trimmed and stored in Unicode normalisation form C; \
characters that are invisible or reorder their neighbours are refused with `not_allowed`. Events are pushed over the WebSocket that \
`createRealtimeTicket` opens.";

/// Returns the API of every feature as a service of poem.
pub(crate) fn open_api_service(service: &Service) -> OpenApiService<Apis, ()> {
    OpenApiService::new(apis(service), "OrGo", env!("CARGO_PKG_VERSION"))
        .description(DESCRIPTION)
        .license(LicenseObject::new("MIT OR Apache-2.0").url("https://spdx.org/licenses/MIT.html"))
        .server("/")
}

/// Returns the OpenAPI document.
pub fn document(service: &Service) -> Value {
    let spec = open_api_service(service).spec();
    let mut document: Value = serde_json::from_str(&spec).unwrap_or_default();
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        let operations =
            paths.values_mut().filter_map(Value::as_object_mut).flat_map(|path| path.values_mut());
        operations.for_each(complete);
    }
    schemas::close_request_bodies(&mut document);
    schemas::drop_described_members(&mut document);
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        problem_schema::add(schemas);
    }
    headers::add(&mut document);
    conditional::describe(&mut document);
    budgets::describe(&mut document);
    texts::plain(&mut document);
    document
}

/// Sets a member of the object at the JSON Pointer `place`.
fn insert(value: &mut Value, place: &str, name: &str, member: Value) {
    if let Some(fields) = value.pointer_mut(place).and_then(Value::as_object_mut) {
        fields.insert(name.into(), member);
    }
}

/// Adds a parameter to an operation.
fn add_parameter(operation: &mut Value, parameter: Value) {
    match operation.get_mut("parameters").and_then(Value::as_array_mut) {
        Some(parameters) => parameters.push(parameter),
        None => insert(operation, "", "parameters", json!([parameter])),
    }
}

/// Completes the description of one operation.
fn complete(description: &mut Value) {
    parameters::expand_objects(description);
    let id = description.get("operationId").and_then(Value::as_str).unwrap_or_default();
    let listed = contract::operation(id);
    let rate_limits = listed.map(|operation| operation.rate_limits).unwrap_or_default();
    if let Some(fields) = description.as_object_mut() {
        // Without authentication. Absent, it would mean the document's default (OpenAPI 3.0 section 4.7.10.1).
        fields.entry("security").or_insert_with(|| json!([]));
        if !rate_limits.is_empty() {
            let limits = rate_limits.iter().map(
                |limit| json!({ "name": limit.name, "quota": limit.quota, "window_seconds": limit.per.as_secs() }),
            );
            fields.insert("x-rate-limits".into(), limits.collect());
        }
    }
    if let Some(example) = listed.and_then(|operation: &Operation| operation.example_body)
        && let Some(content) = description.pointer_mut("/requestBody/content/application~1json")
        && let Some(content) = content.as_object_mut()
    {
        content.insert("example".into(), example());
    }
    responses::describe_failures(description, listed);
    headers::refer(description);
    if listed.is_some_and(|operation| operation.takes_idempotency_key) {
        idempotency::describe(description);
    }
}
