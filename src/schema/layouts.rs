//! Places where registries that live in a repository keep their schemas, and what their versions promise.
//!
//! - Iglu (Snowplow): `schemas/<vendor>/<name>/jsonschema/1-0-0`, a file without extension that says what it is in
//!   `self`. <https://docs.snowplow.io/docs/api-reference/iglu/iglu-repositories/static-repo/>
//! - jsonschema-tools (Wikimedia): `jsonschema/<name>/1.0.0.yaml`, made from `current.yaml`, in which the next
//!   version is written; `latest` is a link. <https://github.com/wikimedia/jsonschema-tools>

use std::collections::BTreeSet;

use serde_json::Value;

use super::find::Subject;

/// True for the path of a schema in an Iglu repository.
pub(super) fn is_iglu(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    parts.next().is_some_and(is_schema_ver) && parts.next() == Some("jsonschema")
}

/// True for a version by SchemaVer: `1-0-2` is model, revision and addition.
/// <https://docs.snowplow.io/docs/api-reference/iglu/common-architecture/schemaver/>
pub(super) fn is_schema_ver(version: &str) -> bool {
    let parts: Vec<&str> = version.split('-').collect();
    let is_number = |part: &&str| !part.is_empty() && part.len() < 6 && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(is_number)
}

/// What a schema says of itself in `self`: vendor and name, and the version.
pub(super) fn self_described(schema: &Value) -> Option<(String, &str)> {
    let own = schema.get("self")?;
    let text = |key: &str| own.get(key).and_then(Value::as_str);
    let version = text("version").filter(|version| is_schema_ver(version))?;
    Some((format!("{}/{}", text("vendor")?, text("name")?), version))
}

/// Leaves the working copy of a version out where the version itself lies beside it: they are one schema.
pub(super) fn without_working_copies(subjects: &mut Vec<Subject>) {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let released: BTreeSet<_> = subjects.iter().filter(|s| !is_working_copy(&s.path)).map(|s| key(s, folder)).collect();
    subjects.retain(|subject| !is_working_copy(&subject.path) || !released.contains(&key(subject, folder)));
}

fn key(subject: &Subject, folder: impl Fn(&str) -> String) -> (String, String, Option<String>) {
    (folder(&subject.path), subject.name.clone(), subject.version.clone())
}

fn is_working_copy(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name.split('.').next(), Some("current" | "latest"))
}

/// The numbers of a version that has several.
pub(super) fn numbers(version: &str) -> Option<Vec<u64>> {
    let numbers: Option<Vec<u64>> = version.split('.').map(|part| part.parse().ok()).collect();
    numbers.filter(|numbers| numbers.len() > 1)
}

/// True when the later of two versions promises what the earlier one does: the same major version
/// (<https://semver.org/#spec-item-7>), by SchemaVer the same model and revision.
pub(super) fn promises(later: &Subject, earlier: &Subject) -> bool {
    let of = |subject: &Subject| subject.version.as_deref().and_then(numbers);
    let (Some(new), Some(old)) = (of(later), of(earlier)) else { return false };
    let fixed = if later.is_schema_ver { 2 } else { 1 };
    let same = (&later.name, later.format) == (&earlier.name, earlier.format);
    // Before 1.0.0 anything may change (<https://semver.org/#spec-item-4>).
    let is_draft = !later.is_schema_ver && new[0] == 0;
    same && !is_draft && old < new && old.get(..fixed) == new.get(..fixed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::schema::Document;
    use crate::schema::find::{Subject, is_candidate, subjects};

    fn subject(path: &str, value: &serde_json::Value) -> Subject {
        subjects(&Document::read(path, &value.to_string()).unwrap()).remove(0)
    }

    fn iglu(version: &str) -> Subject {
        let value = json!({"type": "object", "properties": {"id": {"type": "string"}},
            "self": {"vendor": "com.acme", "name": "order_placed", "format": "jsonschema", "version": version}});
        subject(&format!("schemas/com.acme/order_placed/jsonschema/{version}"), &value)
    }

    #[test]
    fn a_file_of_an_iglu_repository_is_a_schema_without_any_extension() {
        assert!(is_candidate("schemas/com.acme/order_placed/jsonschema/1-0-0"));
        assert!(!is_candidate("schemas/com.acme/order_placed/jsonschema/README"));
        let found = iglu("1-0-2");
        assert_eq!((found.name.as_str(), found.version.as_deref()), ("com.acme/order_placed", Some("1.0.2")));
        assert!(found.types.contains(&"order_placed".to_owned()) && found.is_schema_ver);
    }

    #[test]
    fn an_addition_promises_what_the_version_before_does() {
        assert!(super::promises(&iglu("1-0-1"), &iglu("1-0-0")));
        assert!(!super::promises(&iglu("1-1-0"), &iglu("1-0-0")), "a revision may change what there is");
        assert!(!super::promises(&iglu("2-0-0"), &iglu("1-0-9")));
        let of = |version: &str| {
            let id = format!("/orders/placed/{version}");
            subject(
                &format!("jsonschema/orders/placed/{version}.yaml"),
                &json!({"$id": id, "type": "object",
                "properties": {"id": {"type": "string"}}}),
            )
        };
        assert!(super::promises(&of("1.1.0"), &of("1.0.0")));
        assert!(!super::promises(&of("0.2.0"), &of("0.1.0")), "nothing is promised yet");
    }

    #[test]
    fn the_working_copy_of_a_version_is_not_a_second_schema() {
        let of = |file: &str, version: &str| {
            let value = json!({"$id": format!("/orders/placed/{version}"), "type": "object", "properties": {}});
            subject(&format!("jsonschema/orders/placed/{file}.yaml"), &value)
        };
        let paths = |mut all: Vec<Subject>| {
            super::without_working_copies(&mut all);
            all.into_iter().map(|subject| subject.path).collect::<Vec<_>>()
        };
        let released = of("1.1.0", "1.1.0");
        assert_eq!(paths(vec![released.clone(), of("current", "1.1.0")]), std::slice::from_ref(&released.path));
        assert_eq!(paths(vec![released, of("current", "1.2.0")]).len(), 2, "not released yet");
    }
}
