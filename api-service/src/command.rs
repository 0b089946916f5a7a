mod keys;
mod openapi;
mod serve;

use std::error::Error;
use std::path::Path;

const USAGE: &str = "usage: api-service                        serve, configured by ORGO_… variables\n       \
                     api-service openapi                print the OpenAPI document\n       \
                     api-service keys --directory DIR   create the missing key files in DIR";

/// Runs the command that the arguments name.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => serve::serve().await,
        ["openapi"] => openapi::print().await,
        ["keys", "--directory", directory] => keys::make(Path::new(directory)),
        _ => Err(USAGE.into()),
    }
}
