mod readme;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::repository::cargo;

/// The crates of this repository that each crate may use. Tests may use more.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    ("identity", &["domain"]),
    ("ephemeral", &["domain"]),
    ("operations", &["store", "identity", "ephemeral", "domain"]),
    ("stream", &["store", "domain"]),
    ("platform", &["domain"]),
    ("edge", &["platform", "domain"]),
    ("migrations", &["platform"]),
    (
        "api-service",
        &["edge", "operations", "identity", "stream", "platform", "ephemeral", "store", "domain"],
    ),
    (
        "realtime-gateway",
        &["edge", "operations", "identity", "stream", "platform", "ephemeral", "store", "domain"],
    ),
    (
        "orgo",
        &[
            "api-service",
            "realtime-gateway",
            "migrations",
            "edge",
            "operations",
            "identity",
            "stream",
            "platform",
            "ephemeral",
            "store",
            "domain",
        ],
    ),
    (
        "testkit",
        &[
            "domain",
            "store",
            "identity",
            "ephemeral",
            "stream",
            "platform",
            "migrations",
            "operations",
            "testkit-macros",
        ],
    ),
    ("testkit-macros", &[]),
    ("local-services", &[]),
    ("load", &["local-services"]),
    ("xtask", &["local-services"]),
];

/// External crates that a crate must not use directly: SQL belongs to the store, HTTP to the services, and so on.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("store", &["poem", "redis"]),
    ("identity", &["sea-orm", "sqlx", "poem", "redis"]),
    ("ephemeral", &["sea-orm", "sqlx", "poem"]),
    ("operations", &["sea-orm", "sqlx", "poem", "redis", "deadpool-redis", "tokio-tungstenite"]),
    ("stream", &["sea-orm", "sqlx", "poem"]),
    ("platform", &["sea-orm", "sqlx", "redis"]),
    ("edge", &["sea-orm", "sqlx", "redis", "deadpool-redis", "poem-openapi", "tokio-tungstenite"]),
    ("api-service", &["sea-orm", "sqlx", "redis", "deadpool-redis", "tokio-tungstenite"]),
    ("realtime-gateway", &["sea-orm", "sqlx", "redis", "deadpool-redis"]),
];

/// External crates on which the domain must not depend, not even indirectly, because it is pure.
const IMPURE: &[&str] =
    &["sea-orm", "sqlx", "poem", "poem-openapi", "redis", "deadpool-redis", "tokio", "hyper"];

/// Checks that crates depend only on those they may use, and that their READMEs name the same ones.
pub(crate) fn run() -> Result<()> {
    let tree = tree(&["--workspace", "--depth", "1", "--prefix", "depth"])?;
    let mut faults = faults(&tree);
    for (name, folder, used) in crates(&tree) {
        let readme = fs::read_to_string(Path::new(folder).join("README.md"))?;
        faults.extend(readme::fault(&readme, &used).map(|fault| format!("README of {name}: {fault}")));
    }
    let domain = self::tree(&["-p", "domain", "--prefix", "none"])?;
    let impure = domain.lines().filter_map(name_of).filter(|name| IMPURE.contains(name));
    faults.extend(impure.map(|name| format!("domain depends on {name}, if only through another crate")));
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

fn tree(arguments: &[&str]) -> Result<String> {
    let fixed = ["tree", "--locked", "-e", "normal", "--no-dedupe", "--format", "{p}"];
    let output = cargo(&fixed)?.args(arguments).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn name_of(line: &str) -> Option<&str> {
    line.split(' ').next().filter(|name| !name.is_empty())
}

/// Returns the name and folder of each crate of this repository, and the crates of this repository that it uses.
fn crates(tree: &str) -> Vec<(&str, &str, BTreeSet<&str>)> {
    let mut crates: Vec<(&str, &str, BTreeSet<&str>)> = Vec::new();
    for line in tree.lines() {
        let folder = line.split_once(" (/").map(|_| line.rsplit_once('(').map_or("", |(_, end)| end));
        let Some(folder) = folder.map(|folder| folder.trim_end_matches(')')) else { continue };
        if let Some(name) = line.strip_prefix('0').and_then(name_of) {
            crates.push((name, folder, BTreeSet::new()));
        } else if let (Some(name), Some((_, _, used))) =
            (line.strip_prefix('1').and_then(name_of), crates.last_mut())
        {
            used.insert(name);
        }
    }
    crates
}

/// Parses `0crate …` lines, each followed by the `1dependency …` lines of that crate, and returns the faults.
fn faults(tree: &str) -> Vec<String> {
    let ours: Vec<&str> = tree.lines().filter_map(|line| name_of(line.strip_prefix('0')?)).collect();
    let row = |table: &[(&str, &'static [&'static str])], name: &str| {
        table.iter().find(|(known, _)| *known == name).map(|(_, crates)| *crates)
    };
    let mut faults = Vec::new();
    let mut current = "";
    for line in tree.lines() {
        if let Some(name) = line.strip_prefix('0').and_then(name_of) {
            current = name;
            if row(ARROWS, name).is_none() {
                faults.push(format!("{name} has no row in the arrows of {}", file!()));
            }
        } else if let Some(used) = line.strip_prefix('1').and_then(name_of) {
            let allowed = row(ARROWS, current).is_none_or(|allowed| allowed.contains(&used));
            let forbidden = row(FORBIDDEN, current).is_some_and(|forbidden| forbidden.contains(&used));
            if forbidden || (ours.contains(&used) && !allowed) {
                faults.push(format!("{current} must not depend on {used}"));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_of_ours_are_those_with_a_folder() {
        let tree = "0domain v0.1.0 (/x/domain)\n1serde v1.0.0\n\n\
                    0store v0.1.0 (/x/store)\n1sea-orm v2.0.4\n1domain v0.1.0 (/x/domain)\n\
                    1macros v0.1.0 (proc-macro) (/x/macros)\n";
        let expected = [
            ("domain", "/x/domain", BTreeSet::new()),
            ("store", "/x/store", BTreeSet::from(["domain", "macros"])),
        ];
        assert_eq!(crates(tree), expected);
    }

    #[test]
    fn an_arrow_upwards_a_forbidden_crate_and_a_crate_without_a_row_are_faults() {
        let tree = "0domain v0.1.0 (/x)\n1serde v1.0.0\n1store v0.1.0 (/x)\n\n\
                    0operations v0.1.0 (/x)\n1domain v0.1.0 (/x)\n1sea-orm v2.0.4\n\n\
                    0store v0.1.0 (/x)\n1sea-orm v2.0.4\n1domain v0.1.0 (/x)\n\n\
                    0newcomer v0.1.0 (/x)\n";
        let faults = faults(tree);
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert_eq!(faults[0], "domain must not depend on store");
        assert_eq!(faults[1], "operations must not depend on sea-orm");
        assert!(faults[2].starts_with("newcomer has no row"));
    }
}
