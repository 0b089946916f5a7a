use std::collections::BTreeSet;

const START: &str = "Dependencies: depends on ";

/// Returns what is wrong with the sentence in a crate's README that names the crates of ours which it uses.
pub(super) fn fault(readme: &str, used: &BTreeSet<&str>) -> Option<String> {
    let Some(said) = readme.split("\n\n").find_map(|paragraph| paragraph.strip_prefix(START)) else {
        return Some(format!("no paragraph begins with {START:?}"));
    };
    let sentence = said.split('.').next().unwrap_or_default();
    let named: BTreeSet<&str> = sentence.split('`').skip(1).step_by(2).collect();
    if named.is_empty() && sentence != "no crate of ours" {
        return Some(format!("write \"{START}no crate of ours.\", or name the crates"));
    }
    let list = |crates: BTreeSet<&str>| crates.into_iter().collect::<Vec<_>>().join(", ");
    let missing = list(used.difference(&named).copied().collect());
    let unused = list(named.difference(used).copied().collect());
    match (missing.is_empty(), unused.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("the arrows lack {missing}")),
        (true, false) => Some(format!("the arrows name {unused}, which the manifest does not")),
        (false, false) => Some(format!("the arrows lack {missing}, and name {unused} in vain")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(readme: &str, used: &[&str]) -> String {
        fault(readme, &used.iter().copied().collect()).unwrap_or_default()
    }

    #[test]
    fn arrows_name_the_crates_of_the_manifest_and_no_others() {
        let readme = "# store\n\nDependencies: depends on `domain` and\n`platform`. To add `more`: …\n";
        assert_eq!(fault_of(readme, &["domain", "platform"]), "");
        assert_eq!(fault_of(readme, &["domain", "platform", "stream"]), "the arrows lack stream");
        assert!(fault_of(readme, &["domain"]).contains("name platform"));
        assert!(fault_of(readme, &["store"]).contains("lack store, and name domain, platform"));
    }

    #[test]
    fn a_crate_without_dependencies_must_state_so() {
        assert_eq!(fault_of("# domain\n\nDependencies: depends on no crate of ours. Pure.", &[]), "");
        assert!(fault_of("# domain\n\nDependencies: depends on nothing.", &[]).contains("write"));
        assert!(fault_of("# domain\n\nUsed by all.", &[]).contains("no paragraph"));
    }
}
