//! The messages of an AsyncAPI document, 2.x and 3.x.
//! <https://www.asyncapi.com/docs/reference/specification/v3.0.0>

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::document::Document;
use super::find::{Format, Subject, below, examples, stated_types, unversioned};

/// References that lead to each other are followed this far.
const MAX_STEPS: usize = 16;

/// A channel that a document declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Where messages go; parameters are `{name}`.
    pub address: String,
    /// Where it stands, as a JSON pointer.
    pub pointer: String,
}

/// The channels of an AsyncAPI document; none of another one. A channel of 3.x whose address is only known at
/// run time is left out, and so is one that stands for a method of gRPC.
pub fn channels(document: &Document) -> Vec<Channel> {
    let root = &document.value;
    if root.get("asyncapi").is_none() {
        return Vec::new();
    }
    let address = |name: &String, channel: &Value| match channel.get("address") {
        Some(address) => address.as_str().map(str::to_owned),
        None => Some(name.clone()),
    };
    let channel = |(name, channel): (&String, &Value)| {
        if is_asked(root, name, channel) {
            return None;
        }
        Some(Channel { address: address(name, channel)?, pointer: below("/channels", name) })
    };
    entries(root.get("channels")).filter_map(channel).collect()
}

/// One schema for each message that is declared, with the channels that carry it.
pub(super) fn subjects(document: &Document) -> Vec<Subject> {
    let root = &document.value;
    let mut messages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, _) in entries(root.pointer("/components/messages")) {
        messages.entry(settled(root, below("/components/messages", name))).or_default();
    }
    // What is sent to a method of gRPC is a request, no event.
    let mut asked = BTreeSet::new();
    for (name, channel) in entries(root.get("channels")) {
        let at = below("/channels", name);
        let is_asked = is_asked(root, name, channel);
        let mut add = |messages: &mut BTreeMap<String, Vec<String>>, at: String, address: &str| {
            if is_asked {
                asked.insert(at);
            } else {
                add(messages, at, address);
            }
        };
        // 3.x names the address; in 2.x the key is the address.
        let address = channel.get("address").and_then(Value::as_str).unwrap_or(name);
        for (message, _) in entries(channel.get("messages")) {
            add(&mut messages, settled(root, below(&format!("{at}/messages"), message)), address);
        }
        for operation in ["publish", "subscribe"] {
            let at = format!("{at}/{operation}/message");
            let Some(message) = root.pointer(&at) else { continue };
            match message.get("oneOf").and_then(Value::as_array) {
                Some(all) => (0..all.len())
                    .for_each(|index| add(&mut messages, settled(root, format!("{at}/oneOf/{index}")), address)),
                None => add(&mut messages, settled(root, at), address),
            }
        }
    }
    messages.retain(|at, channels| !channels.is_empty() || !asked.contains(at));
    messages.into_iter().filter_map(|(at, channels)| subject(document, &at, channels)).collect()
}

/// True for a channel that gRPC serves: all its servers do, or, where it names none of several, it is called `grpc/…`.
fn is_asked(root: &Value, name: &str, channel: &Value) -> bool {
    let protocol = |server: &Value| server.get("protocol").and_then(Value::as_str).map(str::to_lowercase);
    let servers: Vec<&Value> = match channel.get("servers").and_then(Value::as_array) {
        Some(named) => named
            .iter()
            .filter_map(|server| match server.as_str() {
                Some(name) => root.pointer(&below("/servers", name)),
                None => root.pointer(&settled_in(server)?),
            })
            .collect(),
        None => entries(root.get("servers")).map(|(_, server)| server).collect(),
    };
    let of_grpc = |server: &&Value| protocol(server).is_some_and(|p| p == "grpc" || p == "grpcs");
    let all = !servers.is_empty() && servers.iter().all(&of_grpc);
    let named = name.split(['/', '.', ':']).next().is_some_and(|first| first.eq_ignore_ascii_case("grpc"));
    all || named && servers.iter().any(of_grpc)
}

/// Where `{ $ref: '#/servers/production' }` leads.
fn settled_in(server: &Value) -> Option<String> {
    server.get("$ref")?.as_str()?.strip_prefix('#').map(str::to_owned)
}

fn add(messages: &mut BTreeMap<String, Vec<String>>, at: String, address: &str) {
    let channels = messages.entry(at).or_default();
    if !channels.iter().any(|known| known == address) {
        channels.push(address.to_owned());
    }
}

fn subject(document: &Document, at: &str, channels: Vec<String>) -> Option<Subject> {
    let message = document.at(at)?;
    let key = at.rsplit('/').next().unwrap_or_default();
    let own = message.get("name").or_else(|| message.get("messageId")).and_then(Value::as_str);
    let key_names = !["message", "publish", "subscribe"].contains(&key) && key.parse::<usize>().is_err();
    let name = own.or_else(|| key_names.then_some(key)).or_else(|| channels.first().map(String::as_str))?;
    let mut payload = format!("{at}/payload");
    message.get("payload")?;
    // The multi-format schema object of 3.x.
    let format = document.at(&payload).and_then(|p| p.get("schemaFormat")).or_else(|| message.get("schemaFormat"));
    if document.at(&payload).is_some_and(|p| p.get("schemaFormat").is_some() && p.get("schema").is_some()) {
        payload.push_str("/schema");
    }
    let format = match format.and_then(Value::as_str).unwrap_or_default() {
        text if text.contains("avro") => Format::Avro,
        text if text.contains("protobuf") => Format::Protobuf,
        text if text.contains("raml") => return None,
        _ => Format::AsyncApi,
    };
    let schema = document.at(&payload)?;
    let mut types = stated_types(document.at(&settled(&document.value, payload.clone())).unwrap_or(schema));
    types.push(name.to_owned());
    types.dedup();
    let (subject, version) = unversioned(name);
    let mut examples = examples(schema, &payload);
    let count = message.get("examples").and_then(Value::as_array).map_or(0, Vec::len);
    let payloads = (0..count).map(|index| format!("{at}/examples/{index}/payload"));
    examples.extend(payloads.filter(|pointer| document.at(pointer).is_some()));
    Some(Subject {
        name: subject,
        version,
        is_schema_ver: false,
        format,
        path: document.path.clone(),
        pointer: payload,
        is_type_stated: true,
        types,
        channels,
        examples,
    })
}

/// Where a reference inside the document ends.
fn settled(root: &Value, at: String) -> String {
    let mut at = at;
    for _ in 0..MAX_STEPS {
        let reference = root.pointer(&at).and_then(|value| value.get("$ref")).and_then(Value::as_str);
        match reference.and_then(|reference| reference.strip_prefix('#')) {
            Some(target) if root.pointer(target).is_some() => at = target.to_owned(),
            _ => break,
        }
    }
    at
}

fn entries(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::{Document, subjects};

    #[test]
    fn methods_of_grpc_carry_no_events() {
        let names = |text: &str| {
            let document = Document::read("asyncapi.yaml", text).unwrap();
            (subjects(&document).into_iter().map(|s| s.name).collect::<Vec<_>>(), super::channels(&document).len())
        };
        let document = |servers: &str| {
            format!(
                "asyncapi: 2.6.0\nservers:\n{servers}channels:\n  grpc/GetParcel:\n    publish: {{message: {{$ref: '#/components/messages/GetParcel'}}}}\n  parcels:\n    publish: {{message: {{$ref: '#/components/messages/Sent'}}}}\ncomponents:\n  messages:\n    GetParcel: {{payload: {{type: object}}}}\n    Sent: {{payload: {{type: object}}}}\n    Kept: {{payload: {{type: object}}}}\n"
            )
        };
        let (grpc, amqp) =
            ("  grpc: {url: 'parcels:50051', protocol: grpc}\n", "  rabbit: {url: 'rabbit:5672', protocol: amqp}\n");
        assert_eq!(names(&document(&format!("{amqp}{grpc}"))), (vec!["Kept".into(), "Sent".into()], 1));
        assert_eq!(names(&document(grpc)), (vec!["Kept".into()], 0));
        assert_eq!(names(&document(amqp)), (vec!["GetParcel".into(), "Kept".into(), "Sent".into()], 2));
    }

    #[test]
    fn messages_of_both_versions() {
        let two = "asyncapi: 2.6.0\nchannels:\n  orders:\n    publish:\n      message:\n        oneOf:\n          - $ref: '#/components/messages/Placed'\ncomponents:\n  messages:\n    Placed:\n      name: order.placed.v1\n      payload: {type: object}\n      examples: [{payload: {}}]\n";
        let document = Document::read("asyncapi.yaml", two).unwrap();
        let found = subjects(&document);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].version.as_deref()), ("order.placed", Some("1")));
        assert_eq!(found[0].channels, ["orders"]);
        assert_eq!(found[0].pointer, "/components/messages/Placed/payload");
        assert_eq!(found[0].examples, ["/components/messages/Placed/examples/0/payload"]);

        let three = "asyncapi: 3.0.0\nchannels:\n  orders:\n    address: shop.orders\n    messages:\n      cancelled:\n        payload: {schemaFormat: 'application/schema+json', schema: {type: object}}\n";
        let found = subjects(&Document::read("asyncapi.yaml", three).unwrap());
        assert_eq!((found[0].name.as_str(), found[0].channels.join("")), ("cancelled", "shop.orders".to_owned()));
        assert!(found[0].pointer.ends_with("/payload/schema"));
    }
}
