//! What we know about libraries, as data.
//!
//! A library is one small YAML file in `data/<ecosystem>/`. [`schema`] is its form; this module loads
//! all of them and answers by symbol. A symbol is the canonical import name of the library, a dot, and
//! the name in it: `requests.get`, `@nestjs/axios.HttpService.post`, `aiokafka.AIOKafkaProducer.send`.

pub mod broker;
pub mod consume;
pub mod http;
mod implied;
pub mod publish;
pub mod schema;
pub mod server;
pub mod store;
pub mod writes;

use std::collections::BTreeSet;
use std::sync::{LazyLock, OnceLock};

use rapidhash::RapidHashMap as HashMap;
use serde_json::value::RawValue;
use smol_str::{SmolStr, format_smolstr};

use crate::facts::module::Language;
use schema::{Ecosystem, EnvReader, Library, ReturnsByArgument};

/// The data files, as the build script writes them.
static DATA: &str = include_str!(concat!(env!("OUT_DIR"), "/catalog.json"));

/// All libraries.
#[derive(Debug, Default)]
pub struct Catalog {
    libraries: Vec<Library>,
    /// Import name to library, for each ecosystem.
    packages: [HashMap<SmolStr, usize>; Ecosystem::COUNT],
    /// What names mean where imports are left out; built when first asked for.
    implied: OnceLock<implied::Implied>,
}

impl Catalog {
    /// The embedded catalog.
    ///
    /// # Errors
    /// The files that do not parse, with the reason; a test keeps this from happening.
    pub fn embedded() -> Result<&'static Catalog, &'static str> {
        static CATALOG: LazyLock<Result<Catalog, String>> = LazyLock::new(load);
        CATALOG.as_ref().map_err(String::as_str)
    }

    /// All libraries, sorted by ecosystem and name.
    pub fn libraries(&self) -> &[Library] {
        &self.libraries
    }

    /// The library a symbol belongs to, and the rest of the symbol.
    pub fn split<'s>(&self, language: Language, symbol: &'s str) -> Option<(&Library, &'s str)> {
        let packages = &self.packages[Ecosystem::of(language) as usize];
        let mut end = symbol.len();
        loop {
            if let Some(&i) = packages.get(&symbol[..end]) {
                return Some((&self.libraries[i], symbol[end..].trim_start_matches('.')));
            }
            end = symbol[..end].rfind('.')?;
        }
    }

    /// What a name most likely means in code that leaves its imports out: the symbols of libraries that
    /// have a type or a module of that name.
    pub fn implied(&self, language: Language, name: &str) -> &[SmolStr] {
        let implied = self.implied.get_or_init(|| implied::build(self));
        implied[Ecosystem::of(language) as usize].get(name).map_or(&[], Vec::as_slice)
    }

    /// Methods that only objects of one type have, with that type, for the ecosystem of a language.
    pub fn marks(&self, language: Language) -> impl Iterator<Item = (&str, SmolStr)> {
        let ecosystem = Ecosystem::of(language);
        let libraries = self.libraries.iter().filter(move |l| l.ecosystem == ecosystem);
        libraries.flat_map(move |library| {
            library.marks.iter().flat_map(move |(ty, methods)| {
                methods.iter().map(move |method| (method.as_str(), self.absolute(library, ty)))
            })
        })
    }

    /// The canonical form of a symbol: the library's first import name and its usual name for the type.
    pub fn canonical(&self, language: Language, symbol: &str) -> SmolStr {
        let Some((library, rest)) = self.split(language, symbol) else { return SmolStr::new(symbol) };
        match library.aliases.get(rest) {
            Some(alias) => self.absolute(library, alias),
            None if rest.is_empty() => SmolStr::new(&library.packages[0]),
            None => format_smolstr!("{}.{rest}", library.packages[0]),
        }
    }

    /// The type that calling a symbol gives: as the catalog says, else the symbol itself (a
    /// constructor gives its class).
    pub fn result(&self, language: Language, symbol: &str) -> SmolStr {
        let Some((library, rest)) = self.split(language, symbol) else { return SmolStr::new(symbol) };
        match library.returns.get(rest) {
            Some(ty) => self.absolute(library, ty),
            None => self.canonical(language, symbol),
        }
    }

    /// The type of what a file gives that is called with an object: `require(file)(sequelize)`.
    pub fn loaded(&self, language: Language, given: &str) -> Option<SmolStr> {
        let (library, rest) = self.split(language, given)?;
        library.loaded.get(rest).map(|ty| self.absolute(library, ty))
    }

    /// What a call of a symbol does to the world.
    pub fn effect(&self, language: Language, symbol: &str) -> Option<consume::EffectKind> {
        let (library, rest) = self.split(language, symbol)?;
        library.effects.kinds.iter().find(|(_, calls)| calls.iter().any(|c| matches(c, rest))).map(|(kind, _)| *kind)
    }

    /// The factory a symbol is, when the string it is given says what it makes.
    pub fn by_argument(&self, language: Language, symbol: &str) -> Option<&ReturnsByArgument> {
        let (library, rest) = self.split(language, symbol)?;
        library.returns_by_argument.iter().find(|f| f.calls.iter().any(|c| c == rest))
    }

    /// A name of a library's data file as a symbol.
    pub fn symbol(&self, language: Language, of: &str, name: &str) -> Option<SmolStr> {
        self.split(language, of).map(|(library, _)| self.absolute(library, name))
    }

    /// The type of a property that is an object of its own (`HttpService.axiosRef`, `channel[]` for
    /// the element of an iteration).
    pub fn property(&self, language: Language, symbol: &str) -> Option<SmolStr> {
        let (library, rest) = self.split(language, symbol)?;
        library.properties.get(rest).map(|ty| self.absolute(library, ty))
    }

    /// The type of a parameter of a callback that is passed to a symbol.
    pub fn callback_param(
        &self,
        language: Language,
        symbol: &str,
        argument: usize,
        key: Option<&str>,
        parameter: usize,
    ) -> Option<SmolStr> {
        let (library, rest) = self.split(language, symbol)?;
        let found = library.callbacks.iter().find(|c| {
            c.call == rest
                && c.argument.is_none_or(|a| a == argument)
                && c.key.as_deref() == key
                && c.parameter == parameter
        })?;
        Some(self.absolute(library, &found.ty))
    }

    /// What a library passes to a method of its own that a class of the program overrides.
    pub fn overridden_param(&self, language: Language, base: &str, method: &str, parameter: usize) -> Option<SmolStr> {
        let (library, rest) = self.split(language, base)?;
        let parameters = library.overrides.get(&format!("{rest}.{method}"))?;
        Some(self.absolute(library, parameters.get(&parameter.to_string())?))
    }

    /// True when a library of the ecosystem is about a type: it is listed as a package, or stands in the
    /// file of the package that it is in. A namespace holds types of many libraries.
    pub fn is_about(&self, language: Language, package: &str, name: &str) -> bool {
        let symbol = format!("{package}.{name}");
        self.split(language, &symbol)
            .is_some_and(|(library, rest)| rest.is_empty() || (rest == name && library.names.contains(name)))
    }

    /// How a symbol reads an environment variable.
    pub fn env_reader(&self, language: Language, symbol: &str) -> Option<&EnvReader> {
        let (library, rest) = self.split(language, symbol)?;
        library.env.iter().find(|e| e.calls.iter().any(|c| c == rest))
    }

    /// The argument that a symbol returns more or less unchanged (`json.dumps`).
    pub fn transparent(&self, language: Language, symbol: &str) -> Option<usize> {
        let (library, rest) = self.split(language, symbol)?;
        library.transparent.get(rest).copied()
    }

    /// True when a call of the symbol stands for the result of its first argument (`fastapi.Depends`).
    pub fn injects(&self, language: Language, symbol: &str) -> bool {
        self.split(language, symbol).is_some_and(|(library, rest)| library.injects.iter().any(|i| i == rest))
    }

    /// True for a base class whose fields are read from the environment.
    pub fn is_settings_class(&self, language: Language, symbol: &str) -> bool {
        self.split(language, symbol).is_some_and(|(library, rest)| library.settings_classes.iter().any(|c| c == rest))
    }

    /// Words of code that publishes through a wrapper of its own: it names no library, and what it
    /// publishes, and after which commit, stands there.
    const PUBLISHES: [&str; 5] = ["ublish", "roduceEvent", "roduce_event", "sendToQueue", ".emit("];

    /// True for a function that blocks the calling thread.
    pub fn blocks(&self, language: Language, symbol: &str) -> bool {
        self.split(language, symbol).is_some_and(|(library, rest)| library.blocks.iter().any(|b| b == rest))
    }

    /// True when some blocking function has this last name.
    pub fn may_block(&self, name: &str) -> bool {
        self.libraries.iter().any(|l| l.blocks.iter().any(|b| b == name))
    }

    /// The literals one of which a source file must hold to be worth parsing, with those that import it.
    pub fn needles(&self, ecosystem: Ecosystem) -> BTreeSet<&str> {
        let mut out = BTreeSet::from(Self::PUBLISHES);
        for library in self.libraries.iter().filter(|l| l.ecosystem == ecosystem) {
            out.extend(library.marks.values().flatten().filter_map(|mark| mark.split('{').next()));
            if library.needles.is_empty() && library.value_needles.is_empty() {
                out.extend(library.packages.iter().map(String::as_str).filter(|p| !p.starts_with("globalThis")));
            } else {
                out.extend(library.needles.iter().map(String::as_str));
            }
        }
        out
    }

    /// The literals that make a file worth parsing for the values in it.
    pub fn value_needles(&self, ecosystem: Ecosystem) -> BTreeSet<&str> {
        let libraries = self.libraries.iter().filter(|l| l.ecosystem == ecosystem);
        libraries.flat_map(|l| &l.value_needles).map(String::as_str).collect()
    }

    /// A name of a library's data file as a symbol.
    pub fn absolute(&self, library: &Library, name: &str) -> SmolStr {
        if name.is_empty() {
            return SmolStr::new(&library.packages[0]);
        }
        // Spelled out, where a part has the name of another library: `faststream.kafka.KafkaBroker`.
        let own = library.packages[0].as_str();
        if name.strip_prefix(own).is_some_and(|rest| rest.starts_with('.')) {
            return SmolStr::new(name);
        }
        // A name of another library: `amqplib.Channel`.
        if let Some((package, _)) = name.rsplit_once('.')
            && self.packages[library.ecosystem as usize].contains_key(package)
        {
            return SmolStr::new(name);
        }
        format_smolstr!("{}.{name}", library.packages[0])
    }
}

/// Whether a name of a data file, in which `*` stands for one part or its end, is this name.
fn matches(pattern: &str, name: &str) -> bool {
    if !pattern.contains('*') {
        return pattern == name;
    }
    let (mut parts, mut names) = (pattern.split('.'), name.split('.'));
    loop {
        match (parts.next(), names.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(p), Some(n)) if p.strip_suffix('*').is_some_and(|start| n.starts_with(start)) => {}
            (Some(p), Some(n)) if p == n => {}
            _ => return false,
        }
    }
}

/// Path of the data file, the types that it names, its content.
type Entry<'a> = (&'a str, BTreeSet<&'a str>, &'a RawValue);

fn load() -> Result<Catalog, String> {
    let entries: Vec<Entry<'_>> = serde_json::from_str(DATA).map_err(|e| e.to_string())?;
    let mut catalog = Catalog::default();
    for (path, types, content) in entries {
        let mut library: Library = serde_json::from_str(content.get()).map_err(|e| format!("{path}: {e}"))?;
        if matches!(library.ecosystem, Ecosystem::DotNet | Ecosystem::Jvm) {
            library.names = types.into_iter().map(ToOwned::to_owned).collect();
        }
        let index = catalog.libraries.len();
        let packages = &mut catalog.packages[library.ecosystem as usize];
        for package in &library.packages {
            if let Some(other) = packages.insert(SmolStr::new(package), index) {
                return Err(format!("{path}: `{package}` is also a package of {}", catalog.libraries[other].library));
            }
        }
        catalog.libraries.push(library);
    }
    Ok(catalog)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_parses_and_cites_its_documentation() {
        let catalog = Catalog::embedded().unwrap();
        assert!(catalog.libraries().len() > 10);
        for library in catalog.libraries() {
            assert!(!library.packages.is_empty(), "{} has no package", library.library);
            assert!(library.docs.starts_with("https://"), "{} cites no documentation", library.library);
        }
    }

    #[test]
    fn symbols_become_canonical() {
        let catalog = Catalog::embedded().unwrap();
        assert_eq!(catalog.canonical(Language::Python, "httpx2.AsyncClient"), "httpx.AsyncClient");
        assert_eq!(catalog.result(Language::TypeScript, "axios.create"), "axios.Axios");
        assert_eq!(catalog.result(Language::Python, "unknown.thing"), "unknown.thing");
        // `kafka` is a library of its own.
        let broker = "faststream.kafka.KafkaBroker";
        assert_eq!(catalog.result(Language::Python, broker), broker);
        assert_eq!(catalog.result(Language::Python, "faststream.kafka.broker.KafkaBroker"), broker);
    }
}
