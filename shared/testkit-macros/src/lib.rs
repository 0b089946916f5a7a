#![doc = include_str!("../README.md")]

use proc_macro::{TokenStream, TokenTree};

/// Makes two tests of an async function: `name::sqlite` and `name::postgres`. Each gets a migrated database of its own.
///
/// The crate that uses it needs `testkit` and `tokio`.
///
/// ```text
/// #[testkit::both_databases]
/// async fn a_like_is_counted_once(database: TestDatabase) {
///     let app = TestApp::new(database);
/// }
/// ```
///
/// Anything but an async function does not compile:
///
/// ```compile_fail
/// #[testkit_macros::both_databases]
/// fn not_async(database: u8) {}
/// ```
#[proc_macro_attribute]
pub fn both_databases(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let cases = [
        ("sqlite", "::testkit::TestDatabase::sqlite().await"),
        ("postgres", "::testkit::TestDatabase::postgres().await"),
    ];
    tests("both_databases", &cases, &arguments, function)
}

/// Makes two tests of an async function, one for each set-up of the gateway: `name::sqlite_and_outbox` reads events from
/// the outbox of SQLite, `name::postgres_and_redis` from Redis Streams. The calling crate must define the type
/// `crate::fixture::Form` with both values.
#[proc_macro_attribute]
pub fn both_forms(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let cases = [
        ("sqlite_and_outbox", "crate::fixture::Form::SqliteAndOutbox"),
        ("postgres_and_redis", "crate::fixture::Form::PostgresAndRedis"),
    ];
    tests("both_forms", &cases, &arguments, function)
}

/// Makes four tests of an async function, one for each source of events on each database. The calling crate
/// must define `crate::fixture::Log` with the function `open`, and `crate::fixture::Kind` with both sources.
#[proc_macro_attribute]
pub fn every_source(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let cases = [
        (
            "outbox_on_sqlite",
            "crate::fixture::Log::open(::testkit::TestDatabase::sqlite().await, crate::fixture::Kind::Outbox).await",
        ),
        (
            "outbox_on_postgres",
            "crate::fixture::Log::open(::testkit::TestDatabase::postgres().await, crate::fixture::Kind::Outbox).await",
        ),
        (
            "redis_on_sqlite",
            "crate::fixture::Log::open(::testkit::TestDatabase::sqlite().await, crate::fixture::Kind::Redis).await",
        ),
        (
            "redis_on_postgres",
            "crate::fixture::Log::open(::testkit::TestDatabase::postgres().await, crate::fixture::Kind::Redis).await",
        ),
    ];
    tests("every_source", &cases, &arguments, function)
}

/// Adds a test for each case: its name, and the argument of the function.
fn tests(
    attribute: &str,
    cases: &[(&str, &str)],
    arguments: &TokenStream,
    function: TokenStream,
) -> TokenStream {
    let name = match name_of(&function) {
        Some(name) if arguments.is_empty() => name,
        _ => return error(&format!("{attribute} stands above an `async fn`, without arguments")),
    };
    let test = |(case, argument): &(&str, &str)| {
        format!(
            r#"
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn {case}() {{
                ::std::boxed::Box::pin(super::{name}({argument})).await;
            }}
            "#
        )
    };
    let tests: String = cases.iter().map(test).collect();
    // The function keeps its name: functions and modules have separate namespaces.
    match format!("mod {name} {{ {tests} }}").parse::<TokenStream>() {
        Ok(tests) => function.into_iter().chain(tests).collect(),
        Err(_) => error("the name of this function cannot be the name of a module"),
    }
}

/// Returns the name of an async function: the word after `async fn`.
fn name_of(function: &TokenStream) -> Option<String> {
    let words: Vec<String> = function
        .clone()
        .into_iter()
        .map_while(|token| match token {
            TokenTree::Ident(word) => Some(Some(word.to_string())),
            // The parameters: the name stands before them.
            TokenTree::Group(group) if group.delimiter() == proc_macro::Delimiter::Parenthesis => None,
            _ => Some(None),
        })
        .flatten()
        .collect();
    match words.as_slice() {
        [.., first, second, name] if first == "async" && second == "fn" => Some(name.clone()),
        _ => None,
    }
}

fn error(text: &str) -> TokenStream {
    format!("::std::compile_error!({text:?});").parse().unwrap_or_default()
}
