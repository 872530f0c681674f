//! The rules of the skill `event-schema`.

mod asyncapi;
pub mod breaking_change;
pub mod closed_consumer;
pub mod dropped_version;
pub mod float_money;
pub mod incompatible_minor_version;
pub mod incomplete_schema;
pub mod invalid_cloudevent;
pub mod invalid_example;
pub mod missing_correlation_id;
pub mod missing_event_id;
pub mod missing_schema;
pub mod naive_timestamp;
pub mod needless_version;
pub mod payload_mismatch;
pub mod present_tense_event;
pub mod renamed_field;
pub mod secret_in_event;
pub mod undeclared_channel;
pub mod unpublished_event;
pub mod unused_message;
pub mod unversioned_event;
pub mod upcaster_gap;

use serde_json::Value;

use crate::extract::publish::{Member, Message, Publisher};
use crate::schema::find::{Format, Subject, normal};
use crate::system::System;

/// A message for a message: by its own name, else by where it goes.
fn label(publisher: &Publisher, message: &Message) -> String {
    match message.names.first() {
        Some(name) => format!("event `{}`", name.text),
        None => event(publisher),
    }
}

/// True for what is called a command: it tells one service what to do, and is no event. `PaymentDebitedCommand` says
/// what has happened all the same.
fn is_command(publisher: &Publisher) -> bool {
    let mut types = publisher.payloads.iter().flat_map(|shape| &shape.types).peekable();
    let tells = |name: &str| name.strip_suffix("Command").is_some_and(|rest| !rest.ends_with("ed"));
    types.peek().is_some() && types.all(|name| tells(name))
}

/// The members of events whose publishing nobody shows, with what leads to them: `total` of event `OrderPlaced`.
fn defined(system: &System) -> impl Iterator<Item = (String, &Member)> {
    system.event_types.iter().flat_map(|event| {
        let all = event.content.all().into_iter();
        all.map(|(path, member)| (format!("`{}` of event `{}`", path.join("."), event.name), member))
    })
}

/// What to say of an event whose payload is not followed, while no code of its services names what it should have.
fn unnamed(system: &System, publisher: &Publisher, what: &str, named: &str) -> String {
    let services = system.services_at(publisher.place);
    let whose = match services.as_slice() {
        [one] => format!("of `{one}`"),
        _ => format!("of its {} services", services.len()),
    };
    format!("{} has no {what}: nothing in the code {whose} names {named}", event(publisher))
}

/// The schemas that describe a message: by the most certain of its names that has any.
fn matching<'s>(system: &'s System, message: &Message) -> Vec<&'s Subject> {
    let found = message.names.iter().map(|name| {
        let plain = name.text.strip_suffix("Event").filter(|rest| !rest.is_empty()).unwrap_or(&name.text);
        let mut found = system.schemas.of_event(&name.text);
        if found.is_empty() {
            // `OrderPlacedEvent` is `order.placed`, and the other way round.
            found =
                [plain.to_owned(), format!("{plain}Event")].iter().flat_map(|n| system.schemas.of_event(n)).collect();
        }
        found
    });
    found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

/// True for the schema of an event: it names the type, asks for the id of an event, lies where events do, or somebody
/// publishes it.
fn is_event_schema(system: &System, subject: &Subject) -> bool {
    const FOLDERS: [&str; 4] = ["events", "event-schemas", "event_schemas", "messages"];
    if subject.format == Format::AsyncApi || subject.is_type_stated {
        return true;
    }
    let is_published = || {
        let types: Vec<String> = subject.types.iter().map(|name| normal(name)).collect();
        let messages = system.publishers.iter().flat_map(|publisher| &publisher.messages);
        messages.flat_map(|message| &message.names).any(|name| types.contains(&normal(&name.text)))
    };
    let tells_events = || {
        let document = system.schemas.library.document(&subject.path);
        let properties = document.and_then(|d| d.at(&format!("{}/properties", subject.pointer)));
        let named = properties.and_then(Value::as_object).into_iter().flatten();
        named.map(|(name, _)| name).any(|name| squeezed(name) == "eventid")
    };
    subject.path.split('/').any(|folder| FOLDERS.contains(&folder)) || tells_events() || is_published()
}

/// A schema for a message: the last part of its name, and its version.
fn titled(subject: &Subject) -> String {
    let name = subject.name.rsplit(['/', ':']).find(|part| !part.is_empty()).unwrap_or(&subject.name);
    match &subject.version {
        Some(version) => format!("{name} v{version}"),
        None => name.to_owned(),
    }
}

/// The services that a schema concerns: where it lies, else who publishes what it describes.
fn services_of(system: &System, subject: &Subject) -> Vec<String> {
    let place = system.schemas.place(&subject.path, "");
    let mut services = place.map(|place| system.services_at(place)).unwrap_or_default();
    if services.is_empty() {
        let is_it = |message: &Message| matching(system, message).contains(&subject);
        let publishers = system.publishers.iter().filter(|p| p.messages.iter().any(is_it));
        services = publishers.flat_map(|publisher| system.services_at(publisher.place)).collect();
        services.sort();
        services.dedup();
    }
    services
}

/// The members that a schema declares, at any depth: name, schema and JSON pointer.
fn members<'s>(system: &'s System, subject: &Subject) -> Vec<(&'s str, &'s Value, String)> {
    const MAX_DEPTH: u32 = 8;
    let Some(document) = system.schemas.library.document(&subject.path) else { return Vec::new() };
    let mut out = Vec::new();
    let mut todo = vec![(subject.pointer.clone(), 0)];
    while let Some((pointer, depth)) = todo.pop() {
        let declared = document.at(&format!("{pointer}/properties")).and_then(Value::as_object);
        for (name, property) in declared.into_iter().flatten() {
            let at = format!("{pointer}/properties/{}", name.replace('~', "~0").replace('/', "~1"));
            if depth < MAX_DEPTH {
                todo.push((at.clone(), depth + 1));
                todo.push((format!("{at}/items"), depth + 1));
            }
            out.push((name.as_str(), property, at));
        }
    }
    out
}

/// A name in lower case without separators.
fn squeezed(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The words of a name in lower case: `totalAmount`, `total_amount` and `TOTAL-AMOUNT` are `total`, `amount`.
fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars() {
        let starts = before.is_alphanumeric() && !before.is_uppercase() && c.is_uppercase();
        if c.is_alphanumeric() {
            if starts || !before.is_alphanumeric() {
                out.push(String::new());
            }
            if let Some(word) = out.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        before = c;
    }
    out
}

/// The keys of the payload, for a message: `orderId, total and 3 more`.
fn keys(publisher: &Publisher) -> Option<String> {
    let shape = publisher.payloads.iter().find(|s| !s.keys.is_empty())?;
    let mut names: Vec<&str> = Vec::new();
    for key in &shape.keys {
        if !names.contains(&key.name.as_str()) {
            names.push(&key.name);
        }
    }
    let shown: Vec<String> = names.iter().take(4).map(|n| format!("`{n}`")).collect();
    let rest = names.len().saturating_sub(4);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    Some(format!("{}{more}", shown.join(", ")))
}

/// The event for a message: `` `order.created` ``, or what is published.
fn event(publisher: &Publisher) -> String {
    match publisher.channel() {
        Some(name) => format!("event `{name}`"),
        None => match publisher.payloads.iter().find_map(|s| s.types.first()) {
            Some(ty) => format!("event `{ty}`"),
            None => format!("event published by `{}`", publisher.method),
        },
    }
}
