/// Returns a setting that `cargo xtask test` provides.
///
/// # Panics
/// Panics if it is missing, because a test must not be skipped silently.
#[expect(clippy::disallowed_methods, reason = "tests read what the test command tells them")]
pub fn required_setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_missing| panic!("{name} is not set: run `cargo xtask test`"))
}

/// Returns the URL of the private Redis, and a key prefix that no other test uses.
pub fn redis_url() -> (String, String) {
    let unique = crate::databases::unique_name("test");
    (required_setting("ORGO_TEST_REDIS_URL"), format!("{unique}:"))
}
