use std::sync::{Arc, Mutex, PoisonError};

use operations::posts::View;
use poem::http::{HeaderMap, Method, StatusCode, header};
use poem::{Endpoint, FromRequest, Request, RequestBody, Response};

use crate::Service;

/// Counts the views of posts that were sent: with status 200, in answer to a `GET` that no crawler made and that is no
/// prefetch (rule PO6). The handler notes the view; whether the post was sent is known only here, because a layer between
/// may answer with 304.
pub(crate) struct CountViews<E> {
    inner: E,
    service: Service,
}

impl<E> CountViews<E> {
    pub(crate) fn new(inner: E, service: Service) -> Self {
        Self { inner, service }
    }
}

/// Place in a request where its handler notes the view.
#[derive(Clone, Default)]
struct Slot(Arc<Mutex<Option<View>>>);

/// Lets a handler note a view.
pub(crate) struct Viewing(Option<Slot>);

impl Viewing {
    /// Notes what is viewed, if the request may count.
    pub(crate) fn note(&self, view: impl FnOnce() -> Option<View>) {
        if let Some(Slot(slot)) = &self.0 {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = view();
        }
    }
}

impl<'a> FromRequest<'a> for Viewing {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(request.data::<Slot>().cloned()))
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for CountViews<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let may_count = *request.method() == Method::GET && is_read_by_a_person(request.headers());
        let slot = Slot::default();
        if may_count {
            request.set_data(slot.clone());
        }
        let response = self.inner.call(request).await?;
        if response.status() == StatusCode::OK
            && let Some(view) = slot.0.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            self.service.views().add(view);
        }
        Ok(response)
    }
}

/// Returns the name that a client gives itself; empty without one.
pub(crate) fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or_default()
}

/// Returns whether a person may be reading: no crawler asks, and the answer is not fetched in advance (Fetch Standard,
/// `Sec-Purpose`).
fn is_read_by_a_person(headers: &HeaderMap) -> bool {
    let prefetch = |name| {
        headers.get_all(name).iter().any(|value| value.as_bytes().windows(8).any(|part| part == b"prefetch"))
    };
    !domain::posts::is_automatic(user_agent(headers)) && !["sec-purpose", "purpose"].into_iter().any(prefetch)
}
