//! Which readings of a post count as views (rule PO6).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::UserId;

/// Period in which a viewer of a post is counted once.
pub const VIEW_WINDOW: Duration = Duration::from_hours(24);

/// Parts of the names that crawlers and link previews call themselves.
const AUTOMATIC: [&str; 8] =
    ["bot", "crawl", "spider", "slurp", "externalhit", "preview", "headless", "lighthouse"];

/// Returns whether a user agent says that no person reads what it fetches.
pub fn is_automatic(user_agent: &str) -> bool {
    let name = user_agent.to_ascii_lowercase();
    AUTOMATIC.iter().any(|part| name.contains(part))
}

/// Returns whether a reading by `viewer` counts: authors do not count as viewers of their own posts.
pub fn counts_as_viewer(author: UserId, viewer: Option<UserId>) -> bool {
    viewer != Some(author)
}

/// Returns the day (UTC) of an instant, counted from 1970-01-01. Keys of anonymous viewers change with it.
pub fn view_day(now: Timestamp) -> i64 {
    now.0.div_euclid(24 * 60 * 60 * 1000)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// Rule PO6.
    #[test]
    fn crawlers_and_authors_are_no_viewers() {
        let browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert!(!is_automatic(browser) && !is_automatic("") && !is_automatic("OrGo/1.2 (iOS 19)"));
        for name in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (compatible; Yeti/1.1; +https://naver.me/spd) bot",
            "facebookexternalhit/1.1",
            "Mozilla/5.0 HeadlessChrome/140.0",
        ] {
            assert!(is_automatic(name), "{name}");
        }
        let (mina, jun) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        assert!(counts_as_viewer(mina, Some(jun)) && counts_as_viewer(mina, None));
        assert!(!counts_as_viewer(mina, Some(mina)));
    }
}
