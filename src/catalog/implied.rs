//! What a name most likely means in code that leaves its imports out: samples of articles and skills begin
//! below them.

use rapidhash::RapidHashMap as HashMap;
use smol_str::{SmolStr, format_smolstr};

use super::Catalog;
use super::schema::{Ecosystem, Library};
use crate::facts::module::Language;

/// Simple names of types, and names of modules, with the symbols they may stand for.
pub(super) type Implied = [HashMap<SmolStr, Vec<SmolStr>>; Ecosystem::COUNT];

/// Names that a runtime of JavaScript has itself, and words that every program uses for things of its own.
const TAKEN: [&str; 24] = [
    "Cache",
    "Client",
    "Column",
    "Config",
    "Database",
    "Date",
    "Error",
    "Event",
    "Headers",
    "Job",
    "Lock",
    "Message",
    "Notification",
    "Order",
    "Record",
    "Request",
    "Response",
    "URL",
    "Worker",
    "request",
    "globalThis",
    "json",
    "process",
    "http-proxy",
];

/// Names under which modules are usually imported, where that is not their own.
const USUAL: [(Ecosystem, &str, &str); 9] = [
    (Ecosystem::JavaScript, "amqp", "amqplib"),
    // The standard library of Python, where a sample leaves the import out.
    (Ecosystem::Python, "asdict", "dataclasses.asdict"),
    (Ecosystem::Python, "dataclass", "dataclasses.dataclass"),
    (Ecosystem::Python, "datetime", "datetime.datetime"),
    (Ecosystem::Python, "Decimal", "decimal.Decimal"),
    (Ecosystem::Python, "json", "json"),
    (Ecosystem::Python, "uuid4", "uuid.uuid4"),
    (Ecosystem::Go, "amqp", "github.com/rabbitmq/amqp091-go"),
    (Ecosystem::Go, "http", "net/http"),
];

/// Reads all libraries.
pub(super) fn build(catalog: &Catalog) -> Implied {
    let mut out = Implied::default();
    for library in catalog.libraries().iter().filter(|library| !library.only_imported) {
        let language = language_of(library.ecosystem);
        let names = &mut out[library.ecosystem as usize];
        let mut add = |name: &str, symbol: SmolStr| {
            let found: &mut Vec<SmolStr> = names.entry(name.into()).or_default();
            if !TAKEN.contains(&name) && !found.contains(&symbol) {
                found.push(symbol);
            }
        };
        for path in paths(library) {
            if let Some((name, path)) = type_in(path) {
                // What a library makes may be of another one, whose name is written out.
                let is_whole =
                    ["org.", "com.", "io.", "java.", "javax.", "jakarta."].iter().any(|p| path.starts_with(p));
                let symbol = match library.ecosystem {
                    Ecosystem::Jvm if is_whole => SmolStr::new(path),
                    _ => format_smolstr!("{}.{path}", library.packages[0]),
                };
                add(name, catalog.canonical(language, &symbol));
            }
        }
        for package in &library.packages {
            match library.ecosystem {
                Ecosystem::Python | Ecosystem::JavaScript if is_word(package) => add(package, SmolStr::new(package)),
                Ecosystem::Go => add(package.rsplit('/').next().unwrap_or(package), SmolStr::new(package)),
                _ => {}
            }
        }
    }
    for (ecosystem, name, package) in USUAL {
        out[ecosystem as usize].insert(name.into(), vec![package.into()]);
    }
    out
}

/// Some language of an ecosystem.
fn language_of(ecosystem: Ecosystem) -> Language {
    match ecosystem {
        Ecosystem::Python => Language::Python,
        Ecosystem::JavaScript => Language::TypeScript,
        Ecosystem::Jvm => Language::Java,
        Ecosystem::Go => Language::Go,
        Ecosystem::DotNet => Language::CSharp,
    }
}

/// `KafkaTemplate` and `core.KafkaTemplate` of `core.KafkaTemplate.send`.
fn type_in(path: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    for segment in path.split('.') {
        let end = at + segment.len();
        if segment.len() > 1 && segment.starts_with(char::is_uppercase) && is_word(segment) {
            return Some((segment, &path[..end]));
        }
        at = end + 1;
    }
    None
}

fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The names of functions and types in a data file that say what code does with the library.
fn paths(library: &Library) -> impl Iterator<Item = &str> {
    let http = library.http.iter();
    let clients = http.clone().flat_map(|h| &h.clients).map(|c| &c.ty);
    let requests = http.flat_map(|h| &h.requests).flat_map(|r| &r.calls);
    let sources = library.consume.iter().flat_map(|c| &c.sources);
    let consume = sources.flat_map(|s| s.calls.iter().chain(&s.within).chain(&s.handled_by));
    let publish = library.publish.iter().flat_map(|p| &p.calls);
    let guards = library.retry.iter().flat_map(|r| &r.symbols);
    let guards = guards.chain(library.breaker.iter().flat_map(|b| &b.symbols));
    let guards = guards.chain(library.deadline.iter().flat_map(|d| &d.symbols));
    let made = library.returns.iter().flat_map(|(from, to)| [from, to]);
    let connect = library.connect.iter().flat_map(|c| &c.calls).chain(&library.decodes);
    clients.chain(requests).chain(consume).chain(publish).chain(guards).chain(made).chain(connect).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn implied(language: Language, name: &str) -> Vec<String> {
        Catalog::embedded().unwrap().implied(language, name).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn simple_names_of_types_and_modules_are_known() {
        assert_eq!(implied(Language::Java, "KafkaTemplate"), ["org.springframework.kafka.core.KafkaTemplate"]);
        assert_eq!(implied(Language::Java, "RestTemplate"), ["org.springframework.web.client.RestTemplate"]);
        assert_eq!(implied(Language::Python, "requests"), ["requests"]);
        assert_eq!(implied(Language::Python, "AIOKafkaProducer"), ["aiokafka.AIOKafkaProducer"]);
        assert_eq!(implied(Language::TypeScript, "axios"), ["axios"]);
        assert_eq!(implied(Language::Go, "http"), ["net/http"]);
        assert_eq!(implied(Language::TypeScript, "Request"), [""; 0]);
    }
}
