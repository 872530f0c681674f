//! `event-schema/float-money`

use std::collections::BTreeSet;

use serde_json::Value;

use super::{defined, is_event_schema, label, members, services_of, titled, words};
use crate::extract::publish::What;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::schema::find::Format;
use crate::system::System;

/// An amount of money in an event is a binary floating-point number.
pub const RULE: Rule =
    Rule { id: "event-schema/float-money", severity: Severity::Warning, stage: Stage::Stable, check };

const WHY: &str = "binary floating point has no exact 0.1: sums over events drift by cents, and two languages print and round the same amount differently";
const HELP: &str =
    "send whole minor units (`total_cents: 4200`) or a decimal text (`\"42.00\"`), and the currency beside it";

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for publisher in &system.publishers {
        for message in &publisher.messages {
            for (path, member) in message.content.all() {
                let What::Float(how) = &member.what else { continue };
                if !is_money(&member.name) || !seen.insert(member.place) {
                    continue;
                }
                let text = format!(
                    "`{}` of {} is a floating-point number: `{how}`",
                    path.join("."),
                    label(publisher, message)
                );
                findings.push(
                    Finding::new(&RULE, system, member.place, text)
                        .why(WHY)
                        .help(HELP)
                        .also(message.place, "published here"),
                );
            }
        }
    }
    for (member_of, member) in defined(system) {
        let What::Float(how) = &member.what else { continue };
        if is_money(&member.name) && seen.insert(member.place) {
            let text = format!("{member_of} is a floating-point number: `{how}`");
            findings.push(Finding::new(&RULE, system, member.place, text).why(WHY).help(HELP));
        }
    }
    in_schemas(system, findings);
}

/// Numbers in the schemas of events.
fn in_schemas(system: &System, findings: &mut Vec<Finding>) {
    for subject in &system.schemas.subjects {
        if subject.format == Format::JsonSchema && !is_event_schema(system, subject) {
            continue;
        }
        for (name, property, pointer) in members(system, subject) {
            if !is_money(name) || !is_float(property) {
                continue;
            }
            let Some(place) = system.schemas.place(&subject.path, &pointer) else { continue };
            let text = format!("`{name}` in the schema of `{}` is a floating-point number: `number`", titled(subject));
            let mut finding = Finding::new(&RULE, system, place, text).why(WHY).help(HELP);
            finding.services = services_of(system, subject);
            findings.push(finding);
        }
    }
}

/// `number`, and nothing that makes it a decimal one.
fn is_float(property: &Value) -> bool {
    let named = |ty: &Value| ty == "number";
    let number =
        property.get("type").is_some_and(|ty| named(ty) || ty.as_array().is_some_and(|all| all.iter().any(named)));
    let decimal = property.get("format").and_then(Value::as_str).is_some_and(|f| f.contains("decimal"));
    number && !decimal && property.get("multipleOf").is_none()
}

/// True for the name of an amount of money: `totalAmount`, `unit_price`; not for `discount_rate`.
fn is_money(name: &str) -> bool {
    const MONEY: [&str; 16] = [
        "amount", "price", "cost", "total", "subtotal", "balance", "fee", "fees", "salary", "fare", "revenue",
        "refund", "deposit", "money", "prices", "amounts",
    ];
    const UNITS: [&str; 9] = ["paid", "due", "usd", "eur", "gbp", "charged", "refunded", "value", "sum"];
    const OTHER: [&str; 30] = [
        "rate",
        "ratio",
        "percent",
        "percentage",
        "weight",
        "distance",
        "score",
        "rating",
        "qty",
        "quantity",
        "count",
        "duration",
        "time",
        "size",
        "energy",
        "volume",
        "water",
        "factor",
        "hours",
        "minutes",
        "seconds",
        "ms",
        "bytes",
        "level",
        "change",
        "items",
        "tokens",
        "kg",
        "km",
        "points",
    ];
    let words = words(name);
    if words.iter().any(|word| OTHER.contains(&word.as_str())) {
        return false;
    }
    match words.as_slice() {
        [.., last] if MONEY.contains(&last.as_str()) => true,
        [.., before, last] => MONEY.contains(&before.as_str()) && UNITS.contains(&last.as_str()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_money;

    #[test]
    fn names_of_money() {
        for name in ["price", "totalAmount", "unit_price", "TotalPrice", "amount_paid", "orderTotal", "price_usd"] {
            assert!(is_money(name), "{name}");
        }
        for name in ["discount_rate", "total_weight", "totals", "priceId", "amountOfWater", "total_count"] {
            assert!(!is_money(name), "{name}");
        }
    }
}
