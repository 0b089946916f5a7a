use std::time::Duration;

use domain::Timestamp;
use domain::posts::PopularWindow;
use store::popularity;

use crate::{App, OperationError};

/// Interval between the rankings of popular posts. A like affects them after this time at most.
pub const RANKING_INTERVAL: Duration = Duration::from_mins(1);
/// Period for which a ranking is kept: the longest time that a client may take to walk it.
const KEPT: Duration = Duration::from_mins(15);

/// Takes the ranking of every window for the present interval, unless another process has taken it, and deletes old ones
/// (rule PO7). Returns the number of rankings taken.
#[tracing::instrument(name = "op.rank_posts", skip_all)]
pub async fn rank_posts(app: &App) -> Result<usize, OperationError> {
    let now = app.clock.now();
    let interval = i64::try_from(RANKING_INTERVAL.as_millis()).unwrap_or(i64::MAX);
    let taken_at = Timestamp(now.0 - now.0.rem_euclid(interval));
    let mut taken = 0;
    for window in PopularWindow::RANKED {
        if popularity::is_taken(app.store.reader(), window, taken_at).await? {
            continue;
        }
        let unit = app.store.begin(now).await?;
        let since = now.minus(window.length().unwrap_or(Duration::MAX));
        taken += usize::from(popularity::take(&unit, window, taken_at, since).await?);
        unit.commit().await?;
    }
    if taken > 0 {
        let unit = app.store.begin(now).await?;
        popularity::prune(&unit, now.minus(KEPT)).await?;
        unit.commit().await?;
    }
    Ok(taken)
}
