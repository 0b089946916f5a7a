//! What you were told.

mod body;

use operations::notifications::{self, Mark, Wanted};
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{OpenApi, Tags};

use crate::Service;
use crate::caller::Caller;
use crate::pagination::{List, PageResponse};
use crate::problem::ApiProblem;
use crate::request_body::RequestBody;
use body::{MarkNotificationsBody, NotificationBody, UnreadBody, UnreadCountsBody};

#[derive(Tags)]
enum Tag {
    /// What you were told
    Notifications,
}

pub(crate) struct NotificationsApi(pub(crate) Service);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Notifications")]
impl NotificationsApi {
    /// Lists what you were told, the latest first; changes nothing
    #[oai(path = "/notifications", method = "get", operation_id = "listNotifications")]
    async fn list_notifications(
        &self,
        caller: Caller,
        /// Only those not yet read
        unread: Query<Option<bool>>,
        /// How many at the most: 1 to 100, 20 where nothing is said
        limit: Query<Option<u32>>,
        /// Where to go on
        cursor: Query<Option<String>>,
    ) -> Result<PageResponse<NotificationBody>, ApiProblem> {
        let (wanted, filter) = match *unread {
            Some(true) => (Wanted::Unread, Some("true".to_owned())),
            Some(false) | None => (Wanted::All, None),
        };
        let list = List::at(&self.0, "/api/v1/notifications").with("unread", filter);
        let request = list.request(*limit, cursor.as_deref())?;
        let page = notifications::list_notifications(self.0.app(), &caller.0, wanted, &request).await?;
        Ok(list.respond(&request, page, Into::into))
    }

    /// Marks entries as read, and so as seen
    #[oai(path = "/notifications/read", method = "post", operation_id = "readNotifications")]
    async fn read_notifications(
        &self,
        caller: Caller,
        body: RequestBody<MarkNotificationsBody>,
    ) -> Result<Json<UnreadCountsBody>, ApiProblem> {
        let marked = body.0.into_marked()?;
        let counts = notifications::mark_notifications(self.0.app(), &caller.0, &marked, Mark::Read).await?;
        Ok(Json(counts.into()))
    }

    /// Marks entries as seen: the list was opened with them in it
    #[oai(path = "/notifications/seen", method = "post", operation_id = "seeNotifications")]
    async fn see_notifications(
        &self,
        caller: Caller,
        body: RequestBody<MarkNotificationsBody>,
    ) -> Result<Json<UnreadCountsBody>, ApiProblem> {
        let marked = body.0.into_marked()?;
        let counts = notifications::mark_notifications(self.0.app(), &caller.0, &marked, Mark::Seen).await?;
        Ok(Json(counts.into()))
    }

    /// Returns how much waits for you
    #[oai(path = "/users/me/unread", method = "get", operation_id = "getUnread")]
    async fn get_unread(&self, caller: Caller) -> Result<Json<UnreadBody>, ApiProblem> {
        let counts = notifications::get_unread(self.0.app(), &caller.0).await?;
        Ok(Json(UnreadBody { notifications: counts.into() }))
    }
}
