use domain::Timestamp;
use domain::events::payload::Notification;
use domain::events::{Event, Numbered};
use domain::ids::{NotificationId, PostId, UserId};
use domain::notifications::{NotificationView, Occasion, UnreadCounts};
use domain::posts::{Post, PostContent, PostTitle};
use domain::text::Text;
use store::UnitOfWork;
use uuid::Uuid;

/// The instant at which tests begin.
pub(crate) const NOW: Timestamp = Timestamp(1_767_323_045_000);

/// Returns a post without likes or comments.
pub(crate) fn post(id: PostId, author_id: UserId) -> Post {
    Post {
        id,
        author_id,
        title: PostTitle::from_stored("title".into()),
        content: PostContent::from_stored("content".into()),
        likes_count: 0,
        comments_count: 0,
        views_count: 0,
        version: 1,
        created_at: NOW,
        edited_at: None,
    }
}

/// Returns a well-mixed number; the same input gives the same output (the last step of `SplitMix64`).
pub(crate) fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Returns the id of the person with this number.
pub(crate) fn person(number: u64) -> UserId {
    UserId(Uuid::from_u64_pair(number, mixed(number)))
}

/// Returns an event for a person that carries a label.
pub(crate) fn event(person: UserId, label: impl Into<String>) -> Event {
    let occasion = Occasion::PostLiked(PostId(Uuid::nil()));
    let notification = NotificationView {
        id: NotificationId(Uuid::nil()),
        kind: occasion.kind(),
        group_key: label.into(),
        actors: Vec::new(),
        actor_count: 0,
        target: occasion.target(),
        seen_at: None,
        read_at: None,
        created_at: NOW,
        updated_at: NOW,
    };
    let payload = Notification { notification, unread: UnreadCounts { unseen: 0, unread: 0 } };
    Event::Notification(Numbered { recipient: person, number: 1, at: NOW, payload })
}

/// Returns the label in a stored frame that [`event`] made.
pub(crate) fn label(frame: &str) -> String {
    let frame: serde_json::Value = serde_json::from_str(frame).unwrap();
    frame["d"]["notification"]["group_key"].as_str().unwrap().to_owned()
}

/// Adds the person with this number.
pub(crate) async fn insert_person(unit: &UnitOfWork, number: u64) -> UserId {
    testkit::insert_account(unit, person(number), &format!("person {number}")).await.id
}
