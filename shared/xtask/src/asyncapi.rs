use std::fs;
use std::process::Command;

use local_services::Node;

use crate::interrupt::Interrupt;
use crate::repository::root;
use crate::{Result, packages};

const DOCUMENT: &str = "realtime-gateway/asyncapi.json";
/// Folder of the check and its packages.
const FOLDER: &str = "realtime-gateway/asyncapi";
const SCRIPT: &str = "check.mjs";

/// Checks the committed protocol description with the official parser. Its errors and warnings are faults.
pub(crate) fn run(interrupt: &Interrupt) -> Result<()> {
    let node = Node::find_or_install()?;
    let folder = packages::npm(interrupt, &node, FOLDER, "asyncapi")?;
    fs::copy(root()?.join(FOLDER).join(SCRIPT), folder.join(SCRIPT))?;
    let mut check = Command::new(&node.node);
    check.arg(folder.join(SCRIPT)).arg(DOCUMENT).current_dir(root()?);
    let status = interrupt.run(&mut check)?;
    if status.success() { Ok(()) } else { Err(format!("{DOCUMENT} is not a valid AsyncAPI document").into()) }
}
