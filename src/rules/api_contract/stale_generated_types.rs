//! `api-contract/stale-generated-types`: code that was generated from another version of the document.

use std::collections::BTreeSet;

use super::listed;
use crate::contract::document::Document;
use crate::contract::generated::Generated;
use crate::rules::{Confidence, Finding, Rule, Severity, Stage};
use crate::syntax::Place;
use crate::system::System;

/// See the skill `api-contract`.
pub const RULE: Rule =
    Rule { id: "api-contract/stale-generated-types", severity: Severity::Warning, stage: Stage::Preview, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let documents: Vec<&Document> = system.contracts.documents.iter().map(|contract| &contract.document).collect();
    let mut told: Vec<String> = Vec::new();
    for generated in &system.contracts.generated {
        let Some((message, place)) = by_version(generated, &documents).or_else(|| by_paths(generated, &documents))
        else {
            continue;
        };
        // Generators write the version into each of a hundred files.
        let services = system.services_at(generated.place);
        let key = format!("{services:?} {message}");
        if told.contains(&key) {
            continue;
        }
        told.push(key);
        findings.push(
            Finding {
                rule: RULE.id,
                severity: RULE.severity,
                confidence: Confidence::High,
                services,
                message,
                why: "The compiler checks the calls against an interface that is no longer there".into(),
                help: "Generate it again, and let CI do so and fail when something changes".into(),
                place: generated.place,
                related: Vec::new(),
            }
            .also(place, "the document as it is now"),
        );
    }
}

/// The version in the file is not that of the document with the same title.
fn by_version(generated: &Generated, documents: &[&Document]) -> Option<(String, Place)> {
    let (version, _) = generated.stamp.version.as_ref()?;
    let title = generated.stamp.title.as_ref()?;
    let same_title = |d: &&&Document| d.title.as_ref().is_some_and(|t| t.trim().eq_ignore_ascii_case(title.trim()));
    let versions: Vec<&(String, Place)> =
        documents.iter().filter(same_title).filter_map(|document| document.api_version.as_ref()).collect();
    if versions.iter().any(|(now, _)| now == version) {
        return None;
    }
    let (now, place) = versions.first()?;
    Some((format!("this was generated from version `{version}` of \"{title}\", which is at `{now}`"), *place))
}

/// The paths in the file are not those of the document that has most of them.
fn by_paths(generated: &Generated, documents: &[&Document]) -> Option<(String, Place)> {
    let paths = generated.stamp.paths.as_ref()?;
    let of = |document: &Document| document.paths.iter().cloned().collect::<BTreeSet<String>>();
    let common = |document: &&&Document| of(document).intersection(paths).count();
    let best = documents.iter().max_by_key(common)?;
    if common(&best) * 2 < paths.len() || documents.iter().any(|document| of(document) == *paths) {
        return None;
    }
    let now = of(best);
    let new: Vec<&str> = now.difference(paths).map(String::as_str).collect();
    let gone: Vec<&str> = paths.difference(&now).map(String::as_str).collect();
    let what = match (new.as_slice(), gone.as_slice()) {
        ([], gone) => format!("has {}, which the document no longer has", listed(gone.iter().copied())),
        (new, []) => format!("lacks {}, which the document has", listed(new.iter().copied())),
        (new, gone) => format!("lacks {} and still has {}", listed(new.iter().copied()), listed(gone.iter().copied())),
    };
    Some((
        format!("this was generated from another version of the document: it {what}"),
        best.paths_place.unwrap_or(best.place),
    ))
}
