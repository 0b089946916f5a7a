use std::fs;
use std::path::Path;

use crate::Result;
use crate::repository::{members, root, texts};

const MOST_LINES: usize = 500;
const EMPTY_NAMES: &[&str] =
    &["utils", "util", "helpers", "helper", "common", "misc", "manager", "data", "info", "base"];
/// Written in two parts, so that this file passes its own check.
const POSTPONED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];
const SKIPPED_TEST: &str = concat!("#[", "ignore");

/// Checks rules that no other tool checks: file sizes, names, READMEs, skipped tests.
pub(crate) fn run() -> Result<()> {
    let root = root()?;
    let mut faults = Vec::new();
    for folder in members()? {
        faults.extend(faults_of_crate(&root, &folder));
    }
    for (name, text) in texts()? {
        faults.extend(faults_of_file(&name, &text));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

fn faults_of_crate(root: &Path, folder: &Path) -> Vec<String> {
    let name = folder.strip_prefix(root).unwrap_or(folder).display();
    let mut faults = Vec::new();
    if !folder.join("README.md").is_file() {
        faults.push(format!("{name}: no README.md"));
    }
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    if !manifest.contains("[lints]\nworkspace = true") {
        faults.push(format!("{name}/Cargo.toml: no `[lints] workspace = true`"));
    }
    faults
}

fn faults_of_file(name: &Path, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |what: String| faults.push(format!("{}: {what}", name.display()));
    for word in POSTPONED {
        if let Some(line) = text.lines().position(|line| line.contains(word)) {
            fault(format!("line {}: {word}: do it, or write an issue", line + 1));
        }
    }
    if name.extension().is_some_and(|extension| extension == "rs") {
        let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]").count();
        if lines > MOST_LINES {
            fault(format!("{lines} lines, {MOST_LINES} at most: split it"));
        }
        if text.contains(SKIPPED_TEST) {
            fault("a test that is skipped: repair it, or remove it".to_owned());
        }
        let parts = name.iter().filter_map(|part| Path::new(part).file_stem()?.to_str());
        for part in parts.filter(|part| EMPTY_NAMES.contains(part)) {
            fault(format!("{part:?} says nothing: name what it does"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_reports_its_violation() {
        let long = "x\n".repeat(MOST_LINES + 1);
        let broken = [
            ("src/posts.rs", long.as_str(), "501 lines"),
            ("src/utils.rs", "", "says nothing"),
            ("src/common/posts.rs", "", "says nothing"),
            ("README.md", concat!("a\nTO", "DO b"), "line 2"),
            ("src/posts.rs", concat!("#[", "ignore]\nfn a() {}"), "skipped"),
        ];
        for (name, text, expected) in broken {
            let faults = faults_of_file(Path::new(name), text);
            assert_eq!(faults.len(), 1, "{name}: {faults:?}");
            assert!(faults[0].contains(expected), "{faults:?}");
        }
    }

    #[test]
    fn tests_in_the_file_do_not_count_as_lines() {
        let text = format!("fn a() {{}}\n#[cfg(test)]\n{}", "x\n".repeat(MOST_LINES + 1));
        assert_eq!(faults_of_file(Path::new("src/posts.rs"), &text), Vec::<String>::new());
    }
}
