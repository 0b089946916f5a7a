use crate::Result;
use crate::repository::cargo;

/// Which crates of ours each crate may use. Tests may use more.
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
        &["domain", "store", "identity", "ephemeral", "stream", "platform", "migrations", "operations"],
    ),
    ("local-services", &[]),
    ("load", &["local-services"]),
    ("xtask", &["local-services"]),
];

/// Which crates of others a crate must not use itself: SQL belongs to the store, HTTP to the servers, and so on.
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

/// What must not be in the domain even through something else: it is pure.
const IMPURE: &[&str] =
    &["sea-orm", "sqlx", "poem", "poem-openapi", "redis", "deadpool-redis", "tokio", "hyper"];

/// Checks that every arrow between crates points downwards.
pub(crate) fn run() -> Result<()> {
    let tree = tree(&["--workspace", "--depth", "1", "--prefix", "depth"])?;
    let mut faults = faults(&tree);
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

/// Reads `0crate …` lines, each followed by the `1dependency …` lines of that crate.
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
