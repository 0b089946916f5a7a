//! Notifications.

mod body;
mod mark_body;

use operations::notifications::{self, Mark, Wanted};
use poem_openapi::param::Query;
use poem_openapi::{OpenApi, Tags};
use serde_json::{Value, json};

use crate::Service;
use crate::caller::Caller;
use crate::contract::{Access, Feature, Operation};
use crate::json::Json;
use crate::pagination::{PageQuery, PageResponse};
use crate::problem::ApiProblem;
use crate::request_body::RequestBody;
use body::{NotificationBody, UnreadBody, UnreadCountsBody};
use mark_body::MarkNotificationsBody;

#[derive(Tags)]
enum Tag {
    /// Notifications of the caller.
    Notifications,
}

pub(crate) struct NotificationsApi(pub(crate) Service);

fn example_mark() -> Value {
    json!({"ids": ["0198c0de-0000-7000-8000-000000000000"]})
}

impl Feature for NotificationsApi {
    const OPERATIONS: &'static [Operation] = &[
        Operation::new("listNotifications", Access::required(200)),
        Operation::new("readNotifications", Access::required(200)).example_body(example_mark),
        Operation::new("seeNotifications", Access::required(200)).example_body(example_mark),
        Operation::new("getUnread", Access::required(200)),
    ];
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Notifications")]
impl NotificationsApi {
    /// Lists the caller's notifications
    ///
    /// Sorted by `updated_at`, newest first. Listing marks nothing as seen or read.
    #[oai(path = "/notifications", method = "get", operation_id = "listNotifications")]
    async fn list_notifications(
        &self,
        caller: Caller,
        /// `true` lists only unread notifications. Default `false`.
        unread: Query<Option<bool>>,
        page: PageQuery,
    ) -> Result<PageResponse<NotificationBody>, ApiProblem> {
        let wanted = if unread.0 == Some(true) { Wanted::Unread } else { Wanted::All };
        let found =
            notifications::list_notifications(self.0.app(), &caller.0, wanted, page.request()).await?;
        Ok(page.respond(found))
    }

    /// Marks notifications as read
    ///
    /// A read notification is also seen. Ids of other people's notifications are ignored. Idempotent. Returns the
    /// remaining counts.
    #[oai(path = "/notifications/read", method = "post", operation_id = "readNotifications")]
    async fn read_notifications(
        &self,
        caller: Caller,
        body: RequestBody<MarkNotificationsBody>,
    ) -> Result<Json<UnreadCountsBody>, ApiProblem> {
        let app = self.0.app();
        Ok(Json::of(notifications::mark_notifications(app, &caller.0, &body.0, Mark::Read).await?))
    }

    /// Marks notifications as seen
    ///
    /// A client calls this when it shows the list: the badge is cleared, the notifications stay unread. Ids of other
    /// people's notifications are ignored. Idempotent. Returns the remaining counts.
    #[oai(path = "/notifications/seen", method = "post", operation_id = "seeNotifications")]
    async fn see_notifications(
        &self,
        caller: Caller,
        body: RequestBody<MarkNotificationsBody>,
    ) -> Result<Json<UnreadCountsBody>, ApiProblem> {
        let app = self.0.app();
        Ok(Json::of(notifications::mark_notifications(app, &caller.0, &body.0, Mark::Seen).await?))
    }

    /// Returns the caller's unread counts
    ///
    /// The counts are for badges in a user interface.
    #[oai(path = "/users/me/unread", method = "get", operation_id = "getUnread")]
    async fn get_unread(&self, caller: Caller) -> Result<Json<UnreadBody>, ApiProblem> {
        Ok(Json::of(notifications::get_unread(self.0.app(), &caller.0).await?))
    }
}
