use domain::Timestamp;
use domain::events::{Audience, NewEvent};
use domain::ids::UserId;
use store::UnitOfWork;
use uuid::Uuid;

/// The instant at which tests begin.
pub(crate) const NOW: Timestamp = Timestamp(1_767_323_045_000);

/// Returns the same well mixed number for the same number (the last step of `SplitMix64`).
pub(crate) fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Returns the person of that number.
pub(crate) fn person(number: u64) -> UserId {
    UserId(Uuid::from_u64_pair(number, mixed(number)))
}

/// Returns an event for a person, told apart by its frame.
pub(crate) fn event(person: UserId, frame: impl Into<String>) -> NewEvent {
    NewEvent { audience: Audience::User(person), kind: "test", frame: frame.into() }
}

/// Inserts the person with this number.
pub(crate) async fn insert_person(unit: &UnitOfWork, number: u64) -> UserId {
    testkit::insert_account(unit, person(number), &format!("person {number}")).await.id
}
