//! `event-schema/secret-in-event`

use std::collections::BTreeSet;

use super::{is_event_schema, label, members, services_of, squeezed, titled};
use crate::extract::publish::What;
use crate::rules::{Finding, Rule, Severity, Stage};
use crate::schema::find::Format;
use crate::system::System;

/// A password, a key or the number of a card is in an event.
pub const RULE: Rule =
    Rule { id: "event-schema/secret-in-event", severity: Severity::Error, stage: Stage::Preview, check };

const WHY: &str = "an event is kept in queues, logs and stores of every consumer for as long as they like, and nothing takes a secret back out of them";
const HELP: &str =
    "leave it out; who needs it asks the service that owns it, or gets a reference that is worth nothing elsewhere";

/// Names of secrets, without case and separators. A `token` may be that of a lock, a device or a page, and a code
/// that is sent by mail has to get there somehow.
const SECRETS: [&str; 32] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passwordhash",
    "hashedpassword",
    "passwordhashed",
    "encryptedpassword",
    "passwordsalt",
    "plainpassword",
    "rawpassword",
    "userpassword",
    "newpassword",
    "oldpassword",
    "temporarypassword",
    "temppassword",
    "clientsecret",
    "secretkey",
    "privatekey",
    "apikey",
    "apisecret",
    "accesstoken",
    "refreshtoken",
    "bearertoken",
    "authtoken",
    "cvv",
    "cvc",
    "cvv2",
    "cardcvv",
    "cardnumber",
    "creditcardnumber",
    "socialsecuritynumber",
];

fn check(system: &System, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for publisher in &system.publishers {
        for message in &publisher.messages {
            for (path, member) in message.content.all() {
                let holds = !matches!(member.what, What::Boolean | What::Null | What::List | What::Object);
                if !holds || !is_secret(&member.name) {
                    continue;
                }
                let text = format!("`{}` is sent in {}", path.join("."), label(publisher, message));
                // One event may be made in several places.
                if !seen.insert(text.clone()) {
                    continue;
                }
                let finding = Finding::new(&RULE, system, member.place, text).why(WHY).help(HELP);
                findings.push(finding.also(message.place, "published here"));
            }
        }
    }
    for subject in &system.schemas.subjects {
        if subject.format == Format::JsonSchema && !is_event_schema(system, subject) {
            continue;
        }
        for (name, property, pointer) in members(system, subject) {
            let is_text = property.get("type").is_none_or(|ty| ty == "string" || ty == "integer" || ty.is_array());
            if !is_secret(name) || !is_text {
                continue;
            }
            let Some(place) = system.schemas.place(&subject.path, &pointer) else { continue };
            let text = format!("`{name}` is in the schema of `{}`", titled(subject));
            let mut finding = Finding::new(&RULE, system, place, text).why(WHY).help(HELP);
            finding.services = services_of(system, subject);
            findings.push(finding);
        }
    }
}

fn is_secret(name: &str) -> bool {
    SECRETS.contains(&squeezed(name).as_str())
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn names_of_secrets() {
        for name in ["password", "PasswordHash", "client_secret", "card-number", "cvv"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["passwordChangedAt", "token", "cardNumberLast4", "secretSantaId", "hasPassword", "resetToken"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
