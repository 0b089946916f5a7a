//! The published description of the API, and what follows from it.

mod failures;
mod operation_table;
mod problem_schema;

use poem_openapi::OpenApiService;
use serde_json::{Value, json};

use crate::Service;
use crate::auth::AuthApi;
use crate::comments::CommentsApi;
use crate::health::HealthApi;
use crate::meta::MetaApi;
use crate::notifications::NotificationsApi;
use crate::posts::PostsApi;
use crate::realtime::RealtimeApi;
use crate::users::UsersApi;

pub(crate) use operation_table::OperationTable;

type Apis = (AuthApi, UsersApi, PostsApi, CommentsApi, NotificationsApi, RealtimeApi, MetaApi, HealthApi);

const DESCRIPTION: &str = "The backend of a community of learners: posts, comments, likes, follows, notifications.\n\n\
Failures are `application/problem+json` (RFC 9457); act on `code`, show `detail`. Lists go on with the cursor of \
`next_cursor`; ids and cursors are opaque. Fields and values may be added: pass over what you do not know. What \
happens to somebody is told at once on the socket of `createRealtimeTicket`.";

/// Returns every endpoint.
pub(crate) fn open_api_service(service: &Service) -> OpenApiService<Apis, ()> {
    let apis = (
        AuthApi(service.clone()),
        UsersApi(service.clone()),
        PostsApi(service.clone()),
        CommentsApi(service.clone()),
        NotificationsApi(service.clone()),
        RealtimeApi(service.clone()),
        MetaApi(service.clone()),
        HealthApi(service.clone()),
    );
    OpenApiService::new(apis, "OrGo", env!("CARGO_PKG_VERSION")).description(DESCRIPTION).server("/")
}

/// Returns the description: what the endpoints say of themselves, and every way in which each can fail.
pub fn document(service: &Service) -> Value {
    let spec = open_api_service(service).spec();
    let mut document: Value = serde_json::from_str(&spec).unwrap_or_default();
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for operation in
            paths.values_mut().filter_map(Value::as_object_mut).flat_map(|path| path.values_mut())
        {
            failures::describe(operation);
        }
    }
    let closed: Vec<String> = request_schemas(&document);
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        for name in closed {
            if let Some(schema) = schemas.get_mut(&name).and_then(Value::as_object_mut) {
                schema.insert("additionalProperties".into(), json!(false));
            }
        }
        problem_schema::add(schemas);
    }
    document
}

/// Returns the names of the schemas of request bodies: fields nobody knows are refused in them.
fn request_schemas(document: &Value) -> Vec<String> {
    let operations = document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|paths| paths.values().filter_map(Value::as_object).flat_map(|path| path.values()));
    let reference = |operation: &Value| {
        let content = operation.pointer("/requestBody/content")?.as_object()?;
        let reference = content.values().next()?.pointer("/schema/$ref")?.as_str()?;
        reference.rsplit('/').next().map(str::to_owned)
    };
    operations.filter_map(reference).collect()
}
