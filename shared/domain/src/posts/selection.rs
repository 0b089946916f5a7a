//! Which posts a list shows, and in which order.

use std::time::Duration;

use serde_json::Value;

use crate::ids::{PostId, UserId};
use crate::problem::{FieldFault, FieldProblem, Problem, ProblemCode};
use crate::users::define_names;

define_names! {
    /// The order of a list of posts.
    PostSort {
        /// Newest first.
        Latest = "latest",
        /// Most likes first.
        Popular = "popular",
    }
    /// The period whose likes decide about the order of popular posts.
    PopularWindow {
        /// All likes.
        All = "all",
        /// Likes of the last 24 hours.
        Day = "1d",
        /// Likes of the last 7 days.
        Week = "7d",
        /// Likes of the last 30 days.
        Month = "30d",
    }
    /// A selection of posts that depends on the caller.
    Feed {
        /// Posts of the people whom the caller follows.
        Following = "following",
    }
}

impl PopularWindow {
    /// The windows whose rankings are taken periodically (rule PO7).
    pub const RANKED: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// Returns the length of the window; `None` for all likes.
    pub fn length(self) -> Option<Duration> {
        let days = match self {
            Self::All => return None,
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
        };
        Some(Duration::from_hours(24 * days))
    }
}

/// Largest number of posts that are requested by their ids.
pub const MOST_IDS: usize = 100;

/// The combinations of parameters that select posts, as a refusal names them.
const ALLOWED: [&str; 6] =
    ["", "author_id", "feed=following", "ids", "sort=popular", "sort=popular&window=1d|7d|30d|all"];

/// The parameters of a list of posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostFilter {
    /// Only posts of this author.
    pub author_id: Option<UserId>,
    /// Only posts of this feed.
    pub feed: Option<Feed>,
    /// Only these posts.
    pub ids: Option<Vec<PostId>>,
    /// The order.
    pub sort: PostSort,
    /// The period of popular posts.
    pub window: PopularWindow,
    /// Whether a page size is given.
    pub has_limit: bool,
    /// Whether a cursor is given.
    pub has_cursor: bool,
}

/// A list of posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostList {
    /// All posts, newest first.
    Latest,
    /// The posts of an author, newest first.
    OfAuthor(UserId),
    /// The posts of the people whom the caller follows, newest first.
    Following,
    /// These posts, each once, in this order.
    Named(Vec<PostId>),
    /// The posts with most likes of the period first.
    Popular(PopularWindow),
}

impl PostFilter {
    /// Returns the list that the parameters select. A combination without a meaning is refused with the parameters that
    /// do not fit and the combinations that are allowed.
    pub fn list(self) -> Result<PostList, Problem> {
        use PopularWindow::All;
        use PostSort::{Latest, Popular};
        let misfits = self.misfits();
        match (self.author_id, self.feed, self.ids, self.sort, self.window) {
            (None, None, None, Latest, All) => Ok(PostList::Latest),
            (Some(author), None, None, Latest, All) => Ok(PostList::OfAuthor(author)),
            (None, Some(Feed::Following), None, Latest, All) => Ok(PostList::Following),
            (None, None, None, Popular, window) => Ok(PostList::Popular(window)),
            (None, None, Some(ids), Latest, All) if !self.has_limit && !self.has_cursor => named(ids),
            _ => Err(Problem { fields: misfits, ..Problem::new(ProblemCode::ValidationFailed) }
                .with("allowed", ALLOWED.map(Value::from).to_vec())),
        }
    }

    /// Returns the given parameters that do not fit the others.
    fn misfits(&self) -> Vec<FieldProblem> {
        let popular = self.sort == PostSort::Popular;
        let given = [
            ("author_id", self.author_id.is_some()),
            ("feed", self.feed.is_some()),
            ("ids", self.ids.is_some()),
            ("sort", popular),
            ("window", self.window != PopularWindow::All && !popular),
            ("limit", self.has_limit && self.ids.is_some()),
            ("cursor", self.has_cursor && self.ids.is_some()),
        ];
        let given = given.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(name, _)| FieldProblem::parameter(name, FieldFault::NotAllowed)).collect()
    }
}

fn named(mut ids: Vec<PostId>) -> Result<PostList, Problem> {
    if ids.len() > MOST_IDS {
        let fault = FieldProblem::parameter("ids", FieldFault::OutOfRange).with("min", 1);
        return Err(Problem::invalid(vec![fault.with("max", MOST_IDS)]));
    }
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(PostList::Named(ids))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NONE: PostFilter = PostFilter {
        author_id: None,
        feed: None,
        ids: None,
        sort: PostSort::Latest,
        window: PopularWindow::All,
        has_limit: false,
        has_cursor: false,
    };

    fn id(number: u128) -> PostId {
        PostId(Uuid::from_u128(number))
    }

    #[test]
    fn each_allowed_combination_selects_a_list() {
        let author = UserId(Uuid::from_u128(1));
        let paged = PostFilter { has_limit: true, has_cursor: true, ..NONE };
        assert_eq!(paged.list(), Ok(PostList::Latest));
        let of_author = PostFilter { author_id: Some(author), ..NONE };
        assert_eq!(of_author.list(), Ok(PostList::OfAuthor(author)));
        let following = PostFilter { feed: Some(Feed::Following), ..NONE };
        assert_eq!(following.list(), Ok(PostList::Following));
        for window in PopularWindow::NAMES {
            let window = PopularWindow::from_name(window).unwrap();
            let popular = PostFilter { sort: PostSort::Popular, window, ..NONE };
            assert_eq!(popular.list(), Ok(PostList::Popular(window)));
        }
    }

    #[test]
    fn ids_keep_their_order_and_repetitions_are_dropped() {
        let named = PostFilter { ids: Some(vec![id(3), id(1), id(3)]), ..NONE };
        assert_eq!(named.list(), Ok(PostList::Named(vec![id(3), id(1)])));
        let hundred = PostFilter { ids: Some((0..100).map(id).collect()), ..NONE };
        assert!(hundred.list().is_ok());
        let problem = PostFilter { ids: Some((0..101).map(id).collect()), ..NONE }.list().unwrap_err();
        let fault = FieldProblem::parameter("ids", FieldFault::OutOfRange);
        assert_eq!(problem.fields, [fault.with("min", 1).with("max", 100)]);
    }

    #[test]
    fn a_combination_without_a_meaning_is_refused_with_the_allowed_ones() {
        let author_id = Some(UserId(Uuid::from_u128(1)));
        let (feed, ids) = (Some(Feed::Following), Some(vec![id(1)]));
        let (sort, window) = (PostSort::Popular, PopularWindow::Week);
        for (filter, names) in [
            (PostFilter { author_id, feed, ..NONE }, vec!["author_id", "feed"]),
            (PostFilter { author_id, sort, ..NONE }, vec!["author_id", "sort"]),
            (PostFilter { window, ..NONE }, vec!["window"]),
            (PostFilter { ids: ids.clone(), has_limit: true, ..NONE }, vec!["ids", "limit"]),
            (PostFilter { ids: ids.clone(), has_cursor: true, ..NONE }, vec!["ids", "cursor"]),
            (PostFilter { ids, window, ..NONE }, vec!["ids", "window"]),
        ] {
            let problem = filter.list().unwrap_err();
            let expected: Vec<_> =
                names.into_iter().map(|name| FieldProblem::parameter(name, FieldFault::NotAllowed)).collect();
            assert_eq!(problem.fields, expected);
            assert_eq!(problem.params.get("allowed").and_then(Value::as_array).map(Vec::len), Some(6));
        }
    }
}
