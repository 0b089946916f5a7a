use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use domain::ids::PostId;
use domain::posts::{Post, counts_as_viewer, view_day};
use store::post_views;
use uuid::Uuid;

use crate::{App, Caller, Credentials, OperationError};

pub use store::post_views::View;

/// Largest number of views that wait in the process. More are dropped: a counter that is too small is better than a
/// process without memory.
const WAITING: usize = 100_000;
/// Largest number of views that one transaction counts, so that it holds its locks for milliseconds.
const AT_ONCE: usize = 500;

/// A client that reads a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewSource {
    /// Network address of the client, or its network.
    pub address: String,
    /// What the client calls itself; empty if it does not say.
    pub user_agent: String,
}

/// The views of this process that are not counted yet.
#[derive(Debug, Default)]
pub struct ViewCollector(Mutex<HashMap<(PostId, Uuid), Timestamp>>);

impl ViewCollector {
    /// Keeps a view until it is counted. A viewer of a post waits once.
    pub fn add(&self, view: View) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING {
            waiting.entry((view.post_id, view.viewer)).or_insert(view.seen_at);
        }
    }

    /// Takes all views, sorted.
    fn take(&self) -> Vec<View> {
        let taken = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let view = |((post_id, viewer), seen_at)| View { post_id, viewer, seen_at };
        let mut views: Vec<View> = taken.into_iter().map(view).collect();
        views.sort_unstable();
        views
    }
}

/// Returns the view of a post that was sent to a client, or `None` if it does not count (rule PO6).
pub fn view_of(
    app: &App,
    credentials: &Credentials,
    post: &Post,
    caller: Option<&Caller>,
    source: &ViewSource,
) -> Option<View> {
    let now = app.clock.now();
    let person = caller.map(|caller| caller.user_id);
    let viewer = match person {
        Some(person) => credentials.viewers.of_person(person),
        None => credentials.viewers.of_visitor(view_day(now), &source.address, &source.user_agent),
    };
    let view = View { post_id: post.id, viewer, seen_at: now };
    counts_as_viewer(post.author_id, person).then_some(view)
}

/// Counts the collected views, in transactions of limited size (rule PO6). Returns the number of views counted. After a
/// fault, the views that were not counted wait again.
#[tracing::instrument(name = "op.count_views", skip_all)]
pub async fn count_views(app: &App, collector: &ViewCollector) -> Result<i64, OperationError> {
    let views = collector.take();
    let mut counted = 0;
    for (number, chunk) in views.chunks(AT_ONCE).enumerate() {
        match count(app, chunk).await {
            Ok(new) => counted += new,
            Err(fault) => {
                views.iter().skip(number * AT_ONCE).for_each(|view| collector.add(*view));
                return Err(fault);
            }
        }
    }
    Ok(counted)
}

async fn count(app: &App, views: &[View]) -> Result<i64, OperationError> {
    let unit = app.store.begin(app.clock.now()).await?;
    let counted = post_views::count(&unit, views).await?;
    unit.commit().await?;
    Ok(counted)
}
