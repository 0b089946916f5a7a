//! Keyset pages (rule PO8): paging forwards and backwards, also while rows are inserted and deleted.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::comments::{Comment, CommentContent, CommentState};
use domain::ids::{CommentId, NotificationId, PostId, UserId};
use domain::notifications::Occasion;
use domain::page::{Cursor, Limit, Page, PageRequest};
use domain::text::Text;
use store::notifications::{self, Wanted};
use store::{Store, UnitOfWork, comments, posts};
use testkit::TestDatabase;
use uuid::Uuid;

use crate::fixtures::{NOW, insert_person, mixed, post};

/// Returns the id at this place in the order of all ids.
fn id(place: u64) -> Uuid {
    Uuid::from_u64_pair(place, mixed(place))
}

fn place(id: Uuid) -> u64 {
    id.as_u64_pair().0
}

fn insert_post(unit: &UnitOfWork, author_id: UserId, number: u64) {
    posts::insert(unit, &post(PostId(id(number)), author_id));
}

fn insert_comment(unit: &UnitOfWork, post_id: PostId, author_id: UserId, number: u64) {
    let comment = Comment {
        id: CommentId(id(number)),
        post_id,
        parent_id: None,
        reply_to: None,
        author_id,
        content: CommentContent::from_stored("content".into()),
        state: CommentState::Active,
        replies_count: 0,
        likes_count: 0,
        version: 1,
        created_at: NOW,
        edited_at: None,
    };
    comments::insert(unit, &comment);
}

/// A list under test: returns the places of a page's items, and its cursors.
trait List {
    async fn page(&self, request: &PageRequest) -> Page<u64>;

    /// Pages from `cursor` to the end of the list; calls `between` after every page but the last.
    async fn walk(
        &self,
        limit: u32,
        cursor: Option<Cursor>,
        mut between: impl AsyncFnMut(u64),
    ) -> Vec<Page<u64>> {
        let mut request = PageRequest { limit: Limit::new(limit).unwrap(), cursor };
        let backwards = cursor.is_some();
        let mut pages = Vec::new();
        for turn in 0.. {
            let page = self.page(&request).await;
            assert!(u64::try_from(page.items.len()).unwrap() <= request.limit.get());
            request.cursor = if backwards { page.previous } else { page.next };
            pages.push(page);
            if request.cursor.is_none() {
                break;
            }
            between(turn).await;
        }
        pages
    }

    /// Pages forwards and backwards over a list that does not change.
    async fn assert_walks_both_ways(&self, expected: &[u64]) {
        for limit in [1, 7, 20, 100] {
            let there = self.walk(limit, None, async |_| {}).await;
            let items: Vec<_> = there.iter().flat_map(|page| page.items.clone()).collect();
            assert_eq!(items, expected, "{limit} a page");
            let last = there.last().unwrap();
            let mut back = match last.previous {
                Some(previous) => self.walk(limit, Some(previous), async |_| {}).await,
                None => Vec::new(),
            };
            back.reverse();
            let items: Vec<_> = back.iter().chain([last]).flat_map(|page| page.items.clone()).collect();
            assert_eq!(items, expected, "{limit} a page, back");
        }
    }
}

struct Posts(Store);

impl List for Posts {
    async fn page(&self, request: &PageRequest) -> Page<u64> {
        posts::list_latest(self.0.reader(), None, request).await.unwrap().map(|post| place(post.id.0))
    }
}

struct Comments(Store, PostId);

impl List for Comments {
    async fn page(&self, request: &PageRequest) -> Page<u64> {
        let page = comments::list(self.0.reader(), self.1, None, request).await.unwrap();
        page.map(|view| place(view.comment.id.0))
    }
}

struct Notifications(Store, UserId);

impl List for Notifications {
    async fn page(&self, request: &PageRequest) -> Page<u64> {
        let page = notifications::list(self.0.reader(), self.1, Wanted::All, request).await.unwrap();
        page.map(|stored| place(stored.id().0))
    }
}

/// Returns fifty places, every second one. The places between are for rows that are inserted later.
fn places() -> impl DoubleEndedIterator<Item = u64> {
    (50..100).map(|half| half * 2)
}

async fn commit(store: &Store, change: impl AsyncFnOnce(&UnitOfWork)) {
    let unit = store.begin(NOW).await.unwrap();
    change(&unit).await;
    unit.commit().await.unwrap();
}

/// Asserts what paging over [`places`] may return while some rows were deleted and others inserted.
fn assert_neither_repeated_nor_skipped(walked: &[Page<u64>], deleted: &BTreeSet<u64>) {
    let seen: Vec<_> = walked.iter().flat_map(|page| page.items.clone()).collect();
    let once: BTreeSet<_> = seen.iter().copied().collect();
    assert_eq!(once.len(), seen.len(), "repeated: {seen:?}");
    let skipped: Vec<_> =
        places().filter(|place| !deleted.contains(place) && !once.contains(place)).collect();
    assert!(skipped.is_empty(), "skipped: {skipped:?}");
}

#[testkit::both_databases]
async fn paging_latest_first_neither_repeats_nor_skips_under_concurrent_changes(database: TestDatabase) {
    let store = database.store();
    commit(&store, async |unit| {
        let author = insert_person(unit, 1).await;
        for number in places() {
            insert_post(unit, author, number);
        }
    })
    .await;
    let (author, mut deleted) = (crate::fixtures::person(1), BTreeSet::new());
    let walked = Posts(store.clone())
        .walk(4, None, async |turn| {
            // One new row at the top, one in the middle, and deletions of rows that were returned and of rows that were
            // not.
            let gone = BTreeSet::from([100 + mixed(turn) % 50 * 2, 198 - turn * 2]);
            commit(&store, async |unit| {
                insert_post(unit, author, 201 + turn);
                insert_post(unit, author, 101 + turn * 4);
                for &place in &gone {
                    posts::delete(unit, PostId(id(place)));
                }
            })
            .await;
            deleted.extend(gone);
        })
        .await;
    assert!(walked.len() > 8);
    assert_neither_repeated_nor_skipped(&walked, &deleted);
    let seen: Vec<_> = walked.iter().flat_map(|page| page.items.clone()).collect();
    assert!(seen.is_sorted_by(|earlier, later| earlier > later), "{seen:?}");
}

#[testkit::both_databases]
async fn paging_oldest_first_neither_repeats_nor_skips_under_concurrent_changes(database: TestDatabase) {
    let store = database.store();
    let post = PostId(id(1));
    commit(&store, async |unit| {
        let author = insert_person(unit, 1).await;
        insert_post(unit, author, 1);
        for number in places() {
            insert_comment(unit, post, author, number);
        }
    })
    .await;
    let (author, mut deleted) = (crate::fixtures::person(1), BTreeSet::new());
    let walked = Comments(store.clone(), post)
        .walk(3, None, async |turn| {
            let gone = BTreeSet::from([100 + mixed(turn) % 50 * 2, 100 + turn * 2]);
            commit(&store, async |unit| {
                insert_comment(unit, post, author, 99 - turn);
                insert_comment(unit, post, author, 101 + turn * 4);
                for &place in &gone {
                    comments::delete(unit, CommentId(id(place)));
                }
            })
            .await;
            deleted.extend(gone);
        })
        .await;
    assert!(walked.len() > 8);
    assert_neither_repeated_nor_skipped(&walked, &deleted);
    let seen: Vec<_> = walked.iter().flat_map(|page| page.items.clone()).collect();
    assert!(seen.is_sorted_by(|earlier, later| earlier < later), "{seen:?}");
}

#[testkit::both_databases]
async fn lists_of_ids_are_the_same_forwards_and_backwards(database: TestDatabase) {
    let store = database.store();
    let post = PostId(id(1));
    commit(&store, async |unit| {
        let author = insert_person(unit, 1).await;
        insert_post(unit, author, 1);
        for number in places() {
            insert_post(unit, author, number);
            insert_comment(unit, post, author, number);
        }
    })
    .await;
    let comments: Vec<_> = places().collect();
    Comments(store.clone(), post).assert_walks_both_ways(&comments).await;
    let latest: Vec<_> = places().rev().chain([1]).collect();
    Posts(store.clone()).assert_walks_both_ways(&latest).await;
}

#[testkit::both_databases]
async fn rows_of_the_same_instant_are_ordered_by_id(database: TestDatabase) {
    let store = database.store();
    let (mut expected, actor) = (Vec::new(), crate::fixtures::person(2));
    commit(&store, async |unit| {
        insert_person(unit, 1).await;
        insert_person(unit, 2).await;
    })
    .await;
    for number in places() {
        // Five instants with ten rows each, inserted in mixed order.
        let second = mixed(number) % 5;
        let unit = store.begin(NOW.plus(Duration::from_secs(second))).await.unwrap();
        let occasion = Occasion::PostLiked(PostId(id(number)));
        let entry = NotificationId(id(number));
        let recipient = crate::fixtures::person(1);
        notifications::advance(&unit, recipient).await.unwrap();
        notifications::create(&unit, entry, recipient, occasion, actor, unit.now());
        unit.commit().await.unwrap();
        expected.push((second, number));
    }
    expected.sort_unstable();
    let expected: Vec<_> = expected.into_iter().rev().map(|(_, number)| number).collect();
    Notifications(store, crate::fixtures::person(1)).assert_walks_both_ways(&expected).await;
}

#[testkit::both_databases]
async fn an_empty_list_has_one_empty_page(database: TestDatabase) {
    let page = Posts(database.store()).page(&PageRequest::default()).await;
    assert_eq!((page.items, page.next, page.previous), (vec![], None, None));
}
