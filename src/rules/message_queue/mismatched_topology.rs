//! `message-queue/mismatched-topology`: whoever declares an exchange or a queue says the same.

use std::collections::BTreeMap;

use crate::catalog::broker::DeclareKind;
use crate::extract::broker::Declaration;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::system::System;

/// See the skill `message-queue`.
pub const RULE: Rule =
    Rule { id: "message-queue/mismatched-topology", severity: Severity::Error, stage: Stage::Stable, check };

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut by_name: BTreeMap<(DeclareKind, &str), Vec<&Declaration>> = BTreeMap::new();
    for declaration in &system.brokers.declarations {
        by_name.entry((declaration.kind, &declaration.name)).or_default().push(declaration);
    }
    for ((kind, name), declarations) in by_name {
        let what = match kind {
            DeclareKind::Queue => "queue",
            DeclareKind::Exchange => "exchange",
        };
        for (i, declaration) in declarations.iter().enumerate() {
            let Some((first, differs)) = declarations[..i].iter().find_map(|d| Some((d, differs(d, declaration)?)))
            else {
                continue;
            };
            findings.push(
                Finding::new(
                    &RULE,
                    system,
                    declaration.place,
                    format!("{what} `{name}` is declared {differs}"),
                )
                .also(first.place, format!("{what} `{name}` is declared here too"))
                .why("RabbitMQ answers the second of the two with 406 PRECONDITION_FAILED and closes the channel: whichever service starts later does not work")
                .help("declare it in one place (a shared function, definitions.json), or with the same arguments everywhere; a queue or exchange that exists already has to be deleted to change them"),
            );
            break;
        }
    }
}

/// The first property in which two declarations differ: `with `durable` false, elsewhere true`.
fn differs(a: &Declaration, b: &Declaration) -> Option<String> {
    let known = |p: &str| Some((a.properties.get(p)?, b.properties.get(p)?));
    for property in b.properties.keys() {
        if let Some((x, y)) = known(property)
            && x != y
        {
            return Some(format!("with `{property}` {y}, elsewhere {x}"));
        }
    }
    let (x, y) = (a.arguments.as_ref()?, b.arguments.as_ref()?);
    for key in x.keys().chain(y.keys()) {
        match (x.get(key), y.get(key)) {
            (Some(_), None) => return Some(format!("without `{key}`, elsewhere with it")),
            (None, Some(_)) => return Some(format!("with `{key}`, elsewhere without it")),
            (Some(p), Some(q)) if p != q && p != "?" && q != "?" => {
                return Some(format!("with `{key}` {q}, elsewhere {p}"));
            }
            _ => {}
        }
    }
    None
}
