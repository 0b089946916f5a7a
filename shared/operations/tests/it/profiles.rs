//! The caller's own account.

use domain::ProblemCode;
use domain::text::Text;
use domain::users::{About, Locale, Nickname};
use operations::users::{ProfileChange, get_me, get_user, update_me};
use testkit::{TestApp, TestDatabase};

use crate::fixtures::{at_once, code, people, problem};

fn renamed(nickname: &str) -> ProfileChange {
    ProfileChange {
        nickname: Some(Nickname::parse("/nickname", nickname).unwrap()),
        ..ProfileChange::default()
    }
}

#[testkit::both_databases]
async fn an_edit_leaves_the_other_fields_unchanged(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let before = get_me(&app.app, &mina).await.unwrap();
    let renamed = update_me(&app.app, &mina, renamed("Mina"), Some(1)).await.unwrap();
    assert_eq!((renamed.nickname.as_str(), renamed.version), ("Mina", 2));
    assert_eq!(
        (&renamed.about, renamed.locale, &renamed.email),
        (&before.about, before.locale, &before.email)
    );
    let change = ProfileChange {
        about: Some(About::parse("/about", "learning Rust").unwrap()),
        locale: Some(Locale::English),
        nickname: None,
    };
    let changed = update_me(&app.app, &mina, change, None).await.unwrap();
    assert_eq!(
        (changed.about.as_str(), changed.locale, changed.version),
        ("learning Rust", Locale::English, 3)
    );
    assert_eq!(get_me(&app.app, &mina).await.unwrap(), changed);
    assert_eq!(get_user(&app.app, None, mina.user_id).await.unwrap().user, changed);
}

#[testkit::both_databases]
async fn an_edit_that_changes_nothing_leaves_the_version(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let before = get_me(&app.app, &mina).await.unwrap();
    for change in [ProfileChange::default(), renamed("person 0")] {
        assert_eq!(update_me(&app.app, &mina, change, Some(1)).await.unwrap(), before);
    }
}

/// Rule AP9.
#[testkit::both_databases]
async fn an_edit_of_an_old_version_is_refused(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    update_me(&app.app, &mina, renamed("second"), Some(1)).await.unwrap();
    let refused = problem(update_me(&app.app, &mina, renamed("third"), Some(1)).await);
    assert_eq!(
        (refused.code, &refused.params["current_version"]),
        (ProblemCode::VersionMismatch, &"2".into())
    );
    assert_eq!(get_me(&app.app, &mina).await.unwrap().nickname.as_str(), "second");
}

/// Rule AP9.
#[testkit::both_databases]
async fn one_of_many_concurrent_edits_of_one_version_succeeds(database: TestDatabase) {
    let app = TestApp::new(database);
    let [mina] = people(&app).await;
    let changes = at_once(8, |number| {
        let (app, mina) = (app.app.clone(), mina.clone());
        async move { update_me(&app, &mina, renamed(&format!("name {number}")), Some(1)).await }
    })
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = changes.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert!(refused.into_iter().all(|change| code(change) == ProblemCode::VersionMismatch));
    let kept = get_me(&app.app, &mina).await.unwrap();
    assert_eq!(Some(kept), made.into_iter().find_map(Result::ok));
}
