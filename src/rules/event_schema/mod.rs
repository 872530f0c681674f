//! The rules of the skill `event-schema`.

pub mod breaking_change;
pub mod missing_event_id;
pub mod unversioned_event;

use crate::extract::publish::Publisher;

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
