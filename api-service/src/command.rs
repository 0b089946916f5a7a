mod keys;
mod openapi;
mod reconcile;
mod serve;

use std::error::Error;
use std::path::Path;

use operations::jobs::Repair;

const USAGE: &str = "usage: api-service                        serve, configured by ORGO_… variables\n       \
                     api-service openapi                print the OpenAPI document\n       \
                     api-service keys --directory DIR   create the missing key files in DIR\n       \
                     api-service reconcile [--repair]   compare the stored counters with their rows, configured like serving";

/// Runs the command that the arguments name.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => serve::serve().await,
        ["openapi"] => openapi::print().await,
        ["keys", "--directory", directory] => keys::make(Path::new(directory)),
        ["reconcile"] => reconcile::reconcile(Repair::No).await,
        ["reconcile", "--repair"] => reconcile::reconcile(Repair::Yes).await,
        _ => Err(USAGE.into()),
    }
}
