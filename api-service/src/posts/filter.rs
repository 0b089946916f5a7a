//! The query parameters that select posts.

use domain::posts::{Feed, PopularWindow, PostSort};
use poem_openapi::Enum;

/// The order of a list of posts.
#[derive(Enum, Clone, Copy, Default)]
#[oai(rename = "PostSort", rename_all = "snake_case")]
pub(crate) enum SortParameter {
    /// Newest first.
    #[default]
    Latest,
    /// Most likes first.
    Popular,
}

impl From<SortParameter> for PostSort {
    fn from(sort: SortParameter) -> Self {
        match sort {
            SortParameter::Latest => Self::Latest,
            SortParameter::Popular => Self::Popular,
        }
    }
}

/// The period whose likes decide about the order of popular posts.
#[derive(Enum, Clone, Copy, Default)]
#[oai(rename = "PopularWindow")]
pub(crate) enum WindowParameter {
    /// All likes.
    #[default]
    #[oai(rename = "all")]
    All,
    /// Likes of the last 24 hours.
    #[oai(rename = "1d")]
    Day,
    /// Likes of the last 7 days.
    #[oai(rename = "7d")]
    Week,
    /// Likes of the last 30 days.
    #[oai(rename = "30d")]
    Month,
}

impl From<WindowParameter> for PopularWindow {
    fn from(window: WindowParameter) -> Self {
        match window {
            WindowParameter::All => Self::All,
            WindowParameter::Day => Self::Day,
            WindowParameter::Week => Self::Week,
            WindowParameter::Month => Self::Month,
        }
    }
}

/// A selection of posts that depends on the caller.
#[derive(Enum, Clone, Copy)]
#[oai(rename = "Feed", rename_all = "snake_case")]
pub(crate) enum FeedParameter {
    /// Posts of the people whom the caller follows.
    Following,
}

impl From<FeedParameter> for Feed {
    fn from(feed: FeedParameter) -> Self {
        match feed {
            FeedParameter::Following => Self::Following,
        }
    }
}
