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
    let name = match name_of(&function) {
        Some(name) if arguments.is_empty() => name,
        _ => return error("both_databases stands above an `async fn`, without arguments"),
    };
    // The function keeps its name: functions and modules have separate namespaces.
    let tests = format!(
        r#"
        mod {name} {{
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {{
                ::std::boxed::Box::pin(super::{name}(::testkit::TestDatabase::sqlite().await)).await;
            }}

            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {{
                ::std::boxed::Box::pin(super::{name}(::testkit::TestDatabase::postgres().await)).await;
            }}
        }}
        "#
    );
    match tests.parse::<TokenStream>() {
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
