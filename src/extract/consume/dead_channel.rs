//! Places for messages that cannot be handled, by their names.

use crate::extract::publish::path;
use crate::facts::module::{Call, Entry, ExprId, ExprKind, Language};
use crate::program::{Evaluator, Site, Value};

/// True for names that people give to the place for messages that cannot be handled.
pub(super) fn is_dead_letter_name(name: &str) -> bool {
    let lower = name.to_lowercase();
    let flat: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    if ["deadletter", "dlq", "poison", "parkinglot", "quarantine", "failedmessages", "failedevents", "errorqueue"]
        .iter()
        .any(|w| flat.contains(w))
    {
        return true;
    }
    // `dltTopic`, `ordersDlt`.
    let begins = name.strip_prefix("dlt").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    begins
        || name.contains("Dlt")
        || lower.split(|c: char| !c.is_alphanumeric()).any(|part| matches!(part, "dlt" | "dlx" | "dl" | "invalid"))
}

/// True for a publish to such a place.
pub(super) fn mentions_dead_letter(ev: &Evaluator<'_>, site: Site, call: &Call) -> bool {
    let module = &ev.program.unit(site.unit).module;
    // The destination is named early: the payload may speak of errors. In Go a context may come first.
    let early = if module.language == Language::Go { 3 } else { 2 };
    let mut todo: Vec<(ExprId, u32)> = Vec::new();
    for (i, arg) in call.args.iter().enumerate() {
        let destination = arg.name.as_deref().is_none_or(|n| {
            matches!(n, "topic" | "queue" | "routing_key" | "exchange" | "QueueUrl" | "subject" | "channel" | "stream")
        });
        if destination && (i < early || arg.name.is_some()) {
            todo.push((arg.value, 0));
        }
    }
    if let ExprKind::Attr { object, .. } = &module.expr(call.callee).kind {
        todo.push((*object, 0));
        if module.language == Language::Go && writes_to_one(ev, Site { unit: site.unit, expr: *object }) {
            return true;
        }
    }
    if destinations(ev, site).into_iter().any(|at| {
        let texts = ev.settle_at(at);
        texts.iter().filter_map(Value::to_text).any(|text| is_dead_letter_name(&text.pattern()))
    }) {
        return true;
    }
    while let Some((expr, depth)) = todo.pop() {
        match &module.expr(expr).kind {
            ExprKind::Str(text) if is_dead_letter_name(text) => return true,
            ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if is_dead_letter_name(n) => return true,
            ExprKind::Name(_) | ExprKind::Attr { .. } | ExprKind::Template(_) => {
                let value = ev.at(site.unit, expr);
                let dead = |value: &Value| match value {
                    // Its name tells what a setting holds: `DLQ_TOPIC`, `app.topic.dlt`.
                    Value::Env { name, default, .. } => {
                        is_dead_letter_name(name)
                            || default
                                .as_ref()
                                .and_then(|d| d.to_text())
                                .is_some_and(|t| is_dead_letter_name(&t.pattern()))
                    }
                    other => other.to_text().is_some_and(|t| is_dead_letter_name(&t.pattern())),
                };
                if ev.settle(&value).iter().any(dead) {
                    return true;
                }
            }
            // `new ProducerRecord<>("orders.dlq", key, value)`: what is sent names where it goes.
            ExprKind::Call(_) if depth < 2 => {
                todo.extend(destination(ev, Site { unit: site.unit, expr }).map(|named| (named, depth + 1)));
            }
            ExprKind::Dict(entries) if depth < 2 => {
                for entry in entries {
                    if let Entry::Pair { key, value } = entry
                        && matches!(&module.expr(*key).kind, ExprKind::Str(k) if matches!(k.as_str(), "topic" | "QueueUrl" | "queue" | "TopicArn"))
                    {
                        todo.push((*value, depth + 1));
                    }
                }
            }
            _ => {}
        }
    }
    false
}

/// What names the destination of a call that publishes, as the catalog says: `Topic` of
/// `SendMessage(&sarama.ProducerMessage{Topic: message.Topic + ".dlq"})`.
fn destinations(ev: &Evaluator<'_>, site: Site) -> Vec<Site> {
    let Some((symbol, _)) = ev.callee(site) else { return Vec::new() };
    let Some((library, rest)) = ev.catalog.split(ev.program.language(site.unit), &symbol) else { return Vec::new() };
    let forms = library.publish.iter().filter(|form| form.calls.iter().any(|call| call == rest));
    let paths = forms.flat_map(|form| form.destination.iter().chain(&form.key));
    paths.flat_map(|path| path::sites(ev, site, path)).collect()
}

/// The destination that a message is made with.
fn destination(ev: &Evaluator<'_>, made: Site) -> Option<ExprId> {
    let call = ev.program.unit(made.unit).module.call(made.expr)?;
    let (symbol, _) = ev.callee(made)?;
    let (library, rest) = ev.catalog.split(ev.program.language(made.unit), &symbol)?;
    let is_this = |calls: &[String]| calls.iter().any(|c| c == rest);
    let envelope = library.envelopes.iter().find(|e| is_this(&e.calls) && !e.destination.is_empty())?;
    let index: usize = envelope.destination.first()?.parse().ok()?;
    call.args.get(index).map(|arg| arg.value)
}

/// `&kafka.Writer{Topic: "orders.dlq"}`: the topic is a matter of what writes.
fn writes_to_one(ev: &Evaluator<'_>, writer: Site) -> bool {
    let values = ev.settle_at(writer);
    let made = values.iter().filter_map(Value::instance).filter_map(|instance| instance.call);
    made.into_iter().any(|made| {
        let call = ev.program.unit(made.unit).module.call(made.expr);
        let topic = call.and_then(|call| call.args.iter().find(|arg| arg.name.as_deref() == Some("Topic")));
        let texts = topic.map(|arg| ev.settle_at(Site { unit: made.unit, expr: arg.value })).unwrap_or_default();
        texts.iter().filter_map(Value::to_text).any(|text| is_dead_letter_name(&text.pattern()))
    })
}
