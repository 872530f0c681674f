//! What we depend on: every licence is one that deny.toml allows, every crate comes from the Rust
//! registry, none is banned. cargo-deny checks more, but takes minutes to install; this always runs.
use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// The packages of the build for this platform.
fn packages() -> Vec<Value> {
    let cargo = env!("CARGO");
    let host = Command::new(cargo).args(["-vV"]).output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned();
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", &host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let built: BTreeSet<&str> =
        metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
    let all = metadata["packages"].as_array().unwrap();
    all.iter().filter(|package| built.contains(package["id"].as_str().unwrap())).cloned().collect()
}

fn policy() -> toml::Table {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/deny.toml");
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

fn strings(table: &toml::Table, section: &str, key: &str) -> Vec<String> {
    let list = table[section][key].as_array().unwrap();
    list.iter().map(|entry| entry.as_str().or_else(|| entry["crate"].as_str()).unwrap().to_owned()).collect()
}

/// True when an SPDX expression can be met with the allowed licences.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn any(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &[String]) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let met = any(words, allowed);
        return words.next() == Some(")") && met;
    }
    let licence = words.next().unwrap_or_default();
    // An exception makes it another licence, which the list would have to name.
    match words.next_if_eq(&"WITH") {
        Some(_) => allowed.contains(&format!("{licence} WITH {}", words.next().unwrap_or_default())),
        None => allowed.iter().any(|name| name == licence),
    }
}

#[test]
fn expressions_are_understood() {
    let allowed = ["MIT".to_owned(), "Unicode-3.0".to_owned()];
    for met in ["MIT", "Apache-2.0 OR MIT", "Apache-2.0/MIT", "(MIT OR GPL-3.0) AND Unicode-3.0"] {
        assert!(is_met(met, &allowed), "{met}");
    }
    for unmet in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT WITH x", "", "(GPL-3.0 OR X) AND MIT"] {
        assert!(!is_met(unmet, &allowed), "{unmet}");
    }
}

#[test]
fn every_licence_is_allowed_and_every_allowed_one_is_needed() {
    let allowed = strings(&policy(), "licenses", "allow");
    let packages = packages();
    assert!(packages.len() > 50, "the list is not complete");
    let licence = |package: &Value| package["license"].as_str().unwrap_or_default().to_owned();
    let refused: Vec<_> = packages
        .iter()
        .filter(|package| !is_met(&licence(package), &allowed))
        .map(|package| format!("{}: {}", package["name"], licence(package)))
        .collect();
    assert_eq!(refused, [""; 0]);
    let unused: Vec<_> =
        allowed.iter().filter(|name| !packages.iter().any(|package| licence(package).contains(*name))).collect();
    assert_eq!(unused, [""; 0]);
}

#[test]
fn every_crate_comes_from_an_allowed_source_and_none_is_banned() {
    let policy = policy();
    let sources = strings(&policy, "sources", "allow-registry");
    let banned = strings(&policy, "bans", "deny");
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        assert!(!banned.iter().any(|other| other == name), "{name} is banned");
        if let Some(source) = package["source"].as_str() {
            assert!(sources.iter().any(|allowed| source == format!("registry+{allowed}")), "{name}: {source}");
        }
    }
}

#[test]
fn every_direct_dependency_is_explained() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dependencies.md")).unwrap();
    let manifest: toml::Table =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap().parse().unwrap();
    for section in ["dependencies", "dev-dependencies"] {
        for name in manifest[section].as_table().unwrap().keys() {
            assert!(text.contains(&format!("| `{name}`")), "docs/dependencies.md does not explain `{name}`");
        }
    }
}
