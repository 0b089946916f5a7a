mod citations;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use citations::{Citation, Kind, citations};

use crate::Result;
use crate::repository::{root, texts};

const RULES: &str = "shared/docs/rules.md";
const DECISIONS: &str = "shared/docs/api-decisions.md";
/// The files of this check: their examples are no citations.
const OWN: &str = "shared/xtask/src/rules";
/// The list of tests begins after this heading and is the rest of the file.
const TESTS: &str = "## Tests\n\n";

/// Writes the list of tests into the rules, or, with `--check`, fails when the list is out of date. Fails either way
/// when a cited rule is missing in the documents, or when no test cites a rule.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let check = match arguments {
        [] => false,
        [option] if option == "--check" => true,
        _ => return Err("rules takes --check and nothing else".into()),
    };
    let (path, texts) = (root()?.join(RULES), texts()?);
    let rules = fs::read_to_string(&path)?;
    let decisions = fs::read_to_string(root()?.join(DECISIONS))?;
    let cited = texts
        .iter()
        .filter(|(path, _)| !path.to_string_lossy().starts_with(OWN))
        .map(|(path, text)| (path.clone(), citations(path, text)))
        .collect();
    let updated = with_tests(&rules, &decisions, &cited).map_err(|faults| faults.join("\n"))?;
    if updated == rules {
        return Ok(());
    }
    if check {
        return Err(format!("{RULES} is out of date: run cargo xtask rules and commit").into());
    }
    Ok(fs::write(path, updated)?)
}

/// Returns the rules with the present list of tests, or everything that is wrong.
fn with_tests(
    rules: &str,
    decisions: &str,
    cited: &BTreeMap<PathBuf, Vec<Citation>>,
) -> std::result::Result<String, Vec<String>> {
    let numbers = defined(rules);
    let mut faults = twice(&numbers);
    let known: BTreeSet<&str> = numbers.iter().copied().chain(defined(decisions)).collect();
    for (path, citations) in cited {
        for citation in citations.iter().filter(|citation| !known.contains(citation.rule.as_str())) {
            let (path, line, rule) = (path.display(), citation.line, &citation.rule);
            faults.push(format!("{path}:{line}: {rule} is defined neither in {RULES} nor in {DECISIONS}"));
        }
    }
    let mut list = String::new();
    for number in numbers {
        let places: Vec<String> =
            cited.iter().filter_map(|(path, citations)| tests_of(number, path, citations)).collect();
        if places.is_empty() {
            faults.push(format!("{RULES}: no test cites {number}"));
        }
        // Writing to a string cannot fail.
        writeln!(list, "- {number}\n{}", places.concat().trim_end()).ok();
    }
    let Some((text, _)) = rules.split_once(TESTS) else {
        faults.push(format!("{RULES}: the heading of the list of tests is missing"));
        return Err(faults);
    };
    if faults.is_empty() { Ok(format!("{text}{TESTS}{list}")) } else { Err(faults) }
}

/// Returns the numbers that a document defines, in its order: the first word of each third-level heading.
fn defined(document: &str) -> Vec<&str> {
    document.lines().filter_map(|line| line.strip_prefix("### ")?.split(' ').next()).collect()
}

fn twice(numbers: &[&str]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let repeated = numbers.iter().filter(|number| !seen.insert(**number));
    repeated.map(|number| format!("{RULES}: {number} is defined twice")).collect()
}

/// Returns the line that lists the tests of one file which prove a rule.
fn tests_of(rule: &str, path: &Path, citations: &[Citation]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for citation in citations.iter().filter(|citation| citation.rule == rule) {
        match &citation.kind {
            Kind::Code => {}
            Kind::TestFile => return Some(format!("  - `{}`\n", path.display())),
            Kind::Test(name) if names.contains(&name.as_str()) => {}
            Kind::Test(name) => names.push(name),
        }
    }
    (!names.is_empty()).then(|| format!("  - `{}`: `{}`\n", path.display(), names.join("`, `")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# Rules\n\n### PO5 Likes\n\nText.\n\n## Tests\n\nold\n";

    fn cited(texts: &[(&str, &str)]) -> BTreeMap<PathBuf, Vec<Citation>> {
        texts.iter().map(|(path, text)| (path.into(), citations(Path::new(path), text))).collect()
    }

    fn faults(document: &str, texts: &[(&str, &str)]) -> Vec<String> {
        with_tests(document, "### D12 Statements\n", &cited(texts)).unwrap_err()
    }

    #[test]
    fn the_list_names_files_and_tests() {
        let texts = [
            ("src/a.rs", "/// (rule PO5, decision D12)\nfn like() {}\n"),
            ("tests/a.rs", "//! Likes (rule PO5).\n/// PO5\nfn first() {}\n"),
            ("tests/b.rs", "/// PO5\nfn second() {}\n/// PO5\nfn third() {}\n"),
        ];
        let list = "- PO5\n  - `tests/a.rs`\n  - `tests/b.rs`: `second`, `third`\n";
        let expected = DOCUMENT.replace("old\n", list);
        assert_eq!(with_tests(DOCUMENT, "### D12 Statements\n", &cited(&texts)), Ok(expected));
    }

    #[test]
    fn a_citation_without_a_rule_and_a_rule_without_a_test_are_faults() {
        let texts = [("src/a.rs", "\n/// Likes (rules PO5, PO6).\nfn like() {}\n")];
        let faults = faults(DOCUMENT, &texts);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("src/a.rs:2: PO6 is defined neither"), "{faults:?}");
        assert!(faults[1].ends_with("no test cites PO5"), "{faults:?}");
    }

    #[test]
    fn a_number_given_twice_and_a_missing_list_are_faults() {
        let proof = [("tests/a.rs", "//! PO5\n")];
        let repeated = DOCUMENT.replace("Text.", "### PO5 Again");
        assert_eq!(faults(&repeated, &proof), ["shared/docs/rules.md: PO5 is defined twice"]);
        assert_eq!(faults("### PO5 Likes\n", &proof).len(), 1);
    }
}
