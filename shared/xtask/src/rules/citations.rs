use std::path::Path;

/// Groups of rule numbers, the ones of features to come included. `D` numbers the decisions about the API.
const GROUPS: &[&str] = &["ID", "PF", "BL", "PO", "ST", "ME", "SE", "CH", "NO", "AD", "MO", "AP", "D"];

/// A place that names a rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Citation {
    /// The number, such as `PO5`.
    pub(super) rule: String,
    /// The line, counted from 1.
    pub(super) line: usize,
    /// The kind of the citation.
    pub(super) kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The code implements or explains the rule.
    Code,
    /// The test with this name proves the rule.
    Test(String),
    /// All tests of the file prove the rule.
    TestFile,
}

/// Returns the citations in the comments of a Rust file, or in the whole text of any other file.
pub(super) fn citations(path: &Path, text: &str) -> Vec<Citation> {
    if path.extension().is_none_or(|extension| extension != "rs") {
        let lines = (1..).zip(text.lines());
        return lines
            .flat_map(|(line, text)| {
                rules_in(text).into_iter().map(move |rule| Citation { rule, line, kind: Kind::Code })
            })
            .collect();
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut in_test = is_test_file(path);
    let mut function = None;
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        in_test |= line.trim() == "#[cfg(test)]";
        function = function_in(line).or(function);
        let Some((_, comment)) = line.split_once("//") else { continue };
        for rule in rules_in(comment) {
            let proof = if comment.starts_with('/') {
                lines.iter().skip(index).find_map(|line| function_in(line))
            } else {
                function
            };
            let kind = match proof {
                _ if !in_test => Kind::Code,
                _ if comment.starts_with('!') => Kind::TestFile,
                Some(name) => Kind::Test(name.to_owned()),
                None => Kind::Code,
            };
            found.push(Citation { rule, line: index + 1, kind });
        }
    }
    found
}

fn is_test_file(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    path.iter().any(|part| part == "tests") || stem == "tests" || stem.ends_with("_tests")
}

fn function_in(line: &str) -> Option<&str> {
    let code = line.trim_start().trim_start_matches("pub ").trim_start_matches("async ");
    code.strip_prefix("fn ")?.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()
}

/// Returns the rule numbers in a text: a known group and one or two digits, or any group after the word "rule".
fn rules_in(text: &str) -> Vec<String> {
    let mut rules = Vec::new();
    let mut before = "";
    for word in text.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
        let group = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let digits = word.len() - group.len();
        let has_form = (1..=2).contains(&digits)
            && (1..=2).contains(&group.len())
            && group.bytes().all(|letter| letter.is_ascii_uppercase());
        if has_form && (GROUPS.contains(&group) || ["rule", "rules"].contains(&before)) {
            rules.push(word.to_owned());
        }
        if !word.is_empty() {
            before = word;
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cited(path: &str, text: &str) -> Vec<(String, usize, Kind)> {
        let citations = citations(Path::new(path), text);
        citations.into_iter().map(|citation| (citation.rule, citation.line, citation.kind)).collect()
    }

    #[test]
    fn numbers_are_found_in_comments_and_nowhere_else_in_rust() {
        let text = "let code = \"PO5\";\n/// Likes (rules PO5, NO1).\nfn like() {} // rule XX9, U2F, PO, D12 of SHA256\n";
        let of_code = |rule: &str, line| (rule.to_owned(), line, Kind::Code);
        let expected = [of_code("PO5", 2), of_code("NO1", 2), of_code("XX9", 3), of_code("D12", 3)];
        assert_eq!(cited("src/like.rs", text), expected);
        assert_eq!(cited("README.md", "see PO5"), [of_code("PO5", 1)]);
    }

    #[test]
    fn a_citation_in_a_test_names_the_test_or_the_file() {
        let text =
            "//! Likes (rule PO5).\n/// Rule NO1.\n#[test]\nasync fn first() {\n    // PF2: twice\n}\n";
        let expected = [
            ("PO5".to_owned(), 1, Kind::TestFile),
            ("NO1".to_owned(), 2, Kind::Test("first".to_owned())),
            ("PF2".to_owned(), 5, Kind::Test("first".to_owned())),
        ];
        assert_eq!(cited("tests/it/likes.rs", text), expected);
        let unit = "//! PO5\nfn like() {}\n#[cfg(test)]\nmod tests {\n    /// NO1\n    fn second() {}\n}\n";
        let expected =
            [("PO5".to_owned(), 1, Kind::Code), ("NO1".to_owned(), 5, Kind::Test("second".to_owned()))];
        assert_eq!(cited("src/like.rs", unit), expected);
    }
}
