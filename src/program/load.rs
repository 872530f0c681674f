//! From files to a [`Program`]: which source files are read, and the two waves of parsing.
//!
//! Only files that hold a literal of the catalog are parsed (most files of a repository say nothing
//! about services), and what they are connected with: those that import them, since they use the
//! client that is built there, and what all of these import, since a constant may stand there.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::index::Index;
use super::mentions::{Mention, declared, mentions};
use super::resolve::{Found, Packages, Resolver};
use super::{Program, Unit};
use crate::cache::{Cache, Entry, Station};
use crate::catalog::Catalog;
use crate::catalog::schema::Ecosystem;
use crate::facts::module::{ExportValue, ExprKind, ImportKind, Language, Module};
use crate::facts::{csharp, golang, javascript, jvm, python};
use crate::files::{self, FileKind, Tree, Zone};
use crate::findings::{self, Suppression};
use crate::syntax::FileId;

/// What loading found besides the program.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The linked modules.
    pub program: Program,
    /// Source files that were not read or parsed, with the reason.
    pub refused: Vec<(FileId, String)>,
    /// How many source files were parsed.
    pub parsed: usize,
    /// How many source files no literal pointed at.
    pub passed_over: usize,
    /// Their suppression comments, in no order.
    pub suppressions: Vec<Suppression>,
}

/// How files are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefilter {
    /// Only files with a literal of the catalog, and what they import.
    On,
    /// Every source file; the answer must be the same.
    Off,
}

/// A tree with no more source files than this is a sample: all of them are read.
const SAMPLE: usize = 12;

/// The source files of a tree, with their languages.
fn sources(tree: &Tree) -> impl Iterator<Item = (FileId, Language)> {
    tree.ids().filter_map(|id| match files::classify(&tree.file(id).path) {
        FileKind::Code(language) if files::zone(&tree.file(id).path) != Zone::Vendored => Some((id, language)),
        _ => None,
    })
}

/// True for a few files, as a skill or an article shows them.
pub fn is_sample(tree: &Tree) -> bool {
    sources(tree).nth(SAMPLE).is_none()
}

/// Reads, parses and links the source files of a tree.
pub fn load(tree: &Tree, catalog: &Catalog, packages: &Packages, prefilter: Prefilter, cache: &Cache) -> Loaded {
    let prefilter = if is_sample(tree) { Prefilter::Off } else { prefilter };
    let sources: Vec<(FileId, Language)> = sources(tree).collect();
    let needles = Needles::new(catalog);
    let mut loaded = Loaded::default();
    let mut units: BTreeMap<String, Unit> = BTreeMap::new();
    let mut waiting: BTreeMap<&str, Waiting> = BTreeMap::new();
    let first: Vec<(FileId, Language, Read)> = sources
        .par_iter()
        .map(|&(id, language)| (id, language, read_first(tree, id, language, &needles, prefilter, cache)))
        .collect();
    let mut hits: Vec<String> = Vec::new();
    for (id, language, read) in first {
        let path = &tree.file(id).path;
        if matches!(&read.kind, Kind::Unit(_, true)) {
            hits.push(path.clone());
        }
        if let Some((mentions, declares)) = loaded.take(id, read, &mut units) {
            waiting.insert(path, Waiting { id, language, mentions, declares });
        }
    }
    let mut resolver = Resolver::new(sources.iter().map(|(id, _)| tree.file(*id).path.as_str()), packages);
    for (path, file) in &waiting {
        file.declares.iter().for_each(|name| resolver.declare(name, path));
    }
    for unit in units.values().filter(|unit| unit.module.language == Language::CSharp) {
        let path = &tree.file(unit.file).path;
        unit.module.classes.iter().for_each(|class| resolver.declare(&class.name, path));
    }
    let resolver = resolver;
    let parse = |files: Vec<Waiting>, loaded: &mut Loaded, units: &mut BTreeMap<String, Unit>| {
        let read: Vec<(FileId, Read)> =
            files.par_iter().map(|file| (file.id, read_later(tree, file.id, file.language, cache))).collect();
        for (id, read) in read {
            loaded.take(id, read, units);
        }
    };
    // Those that import the hits, directly or not.
    let users = users(&hits, &units, &waiting, &resolver);
    parse(users.iter().filter_map(|path| waiting.remove(path.as_str())).collect(), &mut loaded, &mut units);
    // What the parsed files import, until nothing new comes.
    let mut fresh: Vec<String> = units.keys().cloned().collect();
    let has_dotnet = units.values().any(|unit| unit.module.language == Language::CSharp);
    let globals: Vec<&str> = if has_dotnet { resolver.dotnet_globals().collect() } else { Vec::new() };
    while !fresh.is_empty() && !waiting.is_empty() {
        let units_now = &units;
        let wanted: HashSet<String> = fresh
            .par_iter()
            .filter_map(|path| units_now.get(path))
            .flat_map_iter(|unit| imported(&resolver, &unit.path, unit.module.language, &unit_mentions(unit)))
            .chain(globals.par_iter().map(ToString::to_string))
            .collect();
        let wanted: Vec<Waiting> = wanted.iter().filter_map(|path| waiting.remove(path.as_str())).collect();
        fresh = wanted.iter().map(|file| tree.file(file.id).path.clone()).collect();
        parse(wanted, &mut loaded, &mut units);
    }
    loaded.passed_over = waiting.len();
    loaded.refused.sort();
    let others: Vec<&str> = waiting.keys().copied().collect();
    loaded.program = Program::link(units.into_values().collect(), packages, &others);
    loaded
}

impl Loaded {
    /// Adds what came out of one file; gives back what a file that was passed over imports, and the types it declares.
    fn take(
        &mut self,
        id: FileId,
        read: Read,
        units: &mut BTreeMap<String, Unit>,
    ) -> Option<(Vec<Mention>, Vec<SmolStr>)> {
        self.suppressions.extend(read.suppressions);
        match read.kind {
            Kind::Unit(unit, _) => {
                self.parsed += 1;
                units.insert(unit.path.clone(), *unit);
                None
            }
            Kind::Refused(reason) => {
                self.refused.push((id, reason));
                None
            }
            Kind::PassedOver(mentions, declares) => Some((mentions, declares)),
        }
    }
}

/// A source file that no literal pointed at, so far.
struct Waiting {
    id: FileId,
    language: Language,
    mentions: Vec<Mention>,
    /// The types that a C# file declares.
    declares: Vec<SmolStr>,
}

/// What came out of a file.
struct Read {
    kind: Kind,
    suppressions: Vec<Suppression>,
}

enum Kind {
    /// The module, and whether it holds a literal that makes its importers matter too.
    Unit(Box<Unit>, bool),
    PassedOver(Vec<Mention>, Vec<SmolStr>),
    Refused(String),
}

/// What the words of a source file say: a fact of its own, since most files are never parsed.
#[derive(Serialize, Deserialize)]
struct Words {
    hit: Hit,
    /// What it imports; only of files without a hit, which may be parsed because of it.
    mentions: Vec<Mention>,
    /// The types it declares, in C#, where a file can have any name; likewise.
    declares: Vec<SmolStr>,
    suppressions: Vec<Suppression>,
}

/// The files that import one of `hits`, directly or not. Tests are not followed: what they do says
/// nothing about what is deployed.
fn users(
    hits: &[String],
    units: &BTreeMap<String, Unit>,
    waiting: &BTreeMap<&str, Waiting>,
    resolver: &Resolver<'_>,
) -> HashSet<String> {
    let parsed = units
        .par_iter()
        .map(|(path, unit)| (path.as_str(), imported(resolver, path, unit.module.language, &unit_mentions(unit))));
    let others = waiting
        .par_iter()
        .filter(|(path, _)| files::zone(path) == Zone::Production)
        .map(|(path, file)| (*path, imported(resolver, path, file.language, &file.mentions)));
    let edges: Vec<(&str, Vec<String>)> = parsed.chain(others).collect();
    let mut importers: HashMap<&str, Vec<&str>> = HashMap::new();
    for (path, imports) in &edges {
        for import in imports {
            importers.entry(import.as_str()).or_default().push(path);
        }
    }
    let mut found: HashSet<String> = HashSet::new();
    let mut open: Vec<&str> = hits.iter().map(String::as_str).collect();
    while let Some(path) = open.pop() {
        for importer in importers.get(path).into_iter().flatten() {
            if found.insert((*importer).to_owned()) {
                open.push(importer);
            }
        }
    }
    found
}

/// Reads a file, and parses it when its words say so.
fn read_first(
    tree: &Tree,
    id: FileId,
    language: Language,
    needles: &Needles<'_>,
    prefilter: Prefilter,
    cache: &Cache,
) -> Read {
    let path = &tree.file(id).path;
    let entry = cache.entry(tree.file(id));
    let words: Result<Words, String> = entry.fact(Station::Words, |text| {
        let text = text.map_err(ToString::to_string)?;
        let suppressions = findings::scan(text, FileId(0));
        if files::is_distribution(path, text) {
            return Ok(Words { hit: Hit::None, mentions: Vec::new(), declares: Vec::new(), suppressions });
        }
        let hit = needles.hit(language, text);
        let mentions = if hit == Hit::None { mentions(language, text) } else { Vec::new() };
        let declares = if hit == Hit::None && language == Language::CSharp { declared(text) } else { Vec::new() };
        Ok(Words { hit, mentions, declares, suppressions })
    });
    let mut words = match words {
        Ok(words) => words,
        Err(reason) => return Read { kind: Kind::Refused(reason), suppressions: Vec::new() },
    };
    // The file has another number in each tree.
    words.suppressions.iter_mut().for_each(|suppression| suppression.file = id);
    let hit = if prefilter == Prefilter::Off { Hit::Value } else { words.hit };
    let kind = match hit {
        Hit::None => Kind::PassedOver(words.mentions, words.declares),
        // What a test calls, and what it passes, says nothing about what is deployed.
        _ if files::zone(path) == Zone::Test => Kind::PassedOver(Vec::new(), Vec::new()),
        hit => module(tree, id, language, &entry, hit == Hit::Use),
    };
    Read { kind, suppressions: words.suppressions }
}

/// Parses a file that was passed over at first.
fn read_later(tree: &Tree, id: FileId, language: Language, cache: &Cache) -> Read {
    let kind = module(tree, id, language, &cache.entry(tree.file(id)), false);
    Read { kind, suppressions: Vec::new() }
}

fn module(tree: &Tree, id: FileId, language: Language, entry: &Entry<'_>, is_use: bool) -> Kind {
    let path = &tree.file(id).path;
    let lowered: Result<Option<Module>, String> = entry.fact(Station::Module, |text| {
        let text = text.map_err(ToString::to_string)?;
        if files::is_distribution(path, text) { Ok(None) } else { lower(path, language, text).map(Some) }
    });
    match lowered {
        Ok(None) => Kind::PassedOver(Vec::new(), Vec::new()),
        Ok(Some(module)) => {
            let index = Index::build(&module);
            Kind::Unit(Box::new(Unit { file: id, path: path.clone(), module, index }), is_use)
        }
        Err(reason) => Kind::Refused(reason),
    }
}

/// Lowers one source file by its language and name.
fn lower(path: &str, language: Language, text: &str) -> Result<Module, String> {
    match language {
        Language::Python => python::lower(text).map_err(|e| e.to_string()),
        Language::JavaScript => javascript::lower(text, javascript::Dialect::Js).map_err(|e| e.to_string()),
        Language::TypeScript => {
            let dialect = if path.ends_with(".tsx") { javascript::Dialect::Tsx } else { javascript::Dialect::Ts };
            javascript::lower(text, dialect).map_err(|e| e.to_string())
        }
        Language::Java => jvm::java::lower(text).map_err(|e| e.to_string()),
        Language::Kotlin => jvm::kotlin::lower(text).map_err(|e| e.to_string()),
        Language::Go => golang::lower(text).map_err(|e| e.to_string()),
        Language::CSharp => csharp::lower(text).map_err(|e| e.to_string()),
    }
}

/// The files that a file may import.
fn imported(resolver: &Resolver<'_>, from: &str, language: Language, mentions: &[Mention]) -> Vec<String> {
    let mut out = Vec::new();
    match language {
        Language::Java | Language::Kotlin => return resolver.jvm(from, mentions),
        Language::Go => return resolver.go(from, mentions),
        Language::CSharp => return resolver.dotnet(from, mentions),
        Language::Python | Language::JavaScript | Language::TypeScript => {}
    }
    let mut push = |spec: &str, name: Option<&str>| match resolver.resolve(from, language, spec) {
        Some(Found::File(path)) => {
            // `from package import module`
            if let (Some(name), Some(folder)) = (name, path.strip_suffix("/__init__.py")) {
                out.push(format!("{folder}/{name}.py"));
                out.push(format!("{folder}/{name}/__init__.py"));
            }
            out.push(path);
        }
        Some(Found::Folder(folder)) => {
            if let Some(name) = name {
                out.push(format!("{folder}/{name}.py"));
                out.push(format!("{folder}/{name}/__init__.py"));
            }
        }
        None => {}
    };
    for mention in mentions {
        push(&mention.module, mention.name.as_deref());
    }
    out
}

/// What a parsed file imports.
fn unit_mentions(unit: &Unit) -> Vec<Mention> {
    if unit.module.language.has_packages() {
        return type_mentions(&unit.module);
    }
    let imports = unit.module.imports.iter().map(|import| {
        let name = match &import.kind {
            ImportKind::Named(name) => Some(name.clone()),
            _ => None,
        };
        Mention { module: import.module.clone(), name }
    });
    let exports = unit.module.exports.iter().filter_map(|export| match &export.value {
        ExportValue::From { module, name } => Some(Mention { module: module.clone(), name: Some(name.clone()) }),
        _ => None,
    });
    let mut all: Vec<Mention> = imports.chain(exports).collect();
    all.sort();
    all.dedup();
    all
}

/// What a file in Java, Kotlin or C# imports, and the types of its own package among the names it uses.
fn type_mentions(module: &Module) -> Vec<Mention> {
    let imports = module.imports.iter().map(|import| Mention {
        module: import.module.clone(),
        name: match &import.kind {
            ImportKind::Named(name) => Some(name.clone()),
            _ => None,
        },
    });
    let package: SmolStr = module.package.clone().unwrap_or_default();
    let names = module.exprs.iter().filter_map(|expr| match &expr.kind {
        ExprKind::Name(name) if name.starts_with(char::is_uppercase) => {
            Some(Mention { module: package.clone(), name: Some(name.clone()) })
        }
        ExprKind::Attr { name, .. } if module.language == Language::CSharp && name.starts_with(char::is_uppercase) => {
            Some(Mention { module: package.clone(), name: Some(name.clone()) })
        }
        _ => None,
    });
    let mut all: Vec<Mention> = imports.chain(names).collect();
    all.sort();
    all.dedup();
    all
}

/// What the prefilter says about a file.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Hit {
    /// Nothing of interest.
    None,
    /// It holds a value that may be of interest to others.
    Value,
    /// It uses a library.
    Use,
}

/// Sagas, circuit breakers and upcasters are often written without a library: what such a file says.
const PATTERN_WORDS: &[&str] = &["Saga", "saga", "ompensat", "rchestrator", "CircuitBreaker", "pcast"];

/// The literals that make a file worth parsing. Each automaton is built for the first file that is searched:
/// a run that knows most files from the cache has no use for them.
struct Needles<'c> {
    catalog: &'c Catalog,
    python: OnceLock<Literals>,
    javascript: OnceLock<Literals>,
    jvm: OnceLock<Literals>,
    go: OnceLock<Literals>,
    dotnet: OnceLock<Literals>,
}

struct Literals {
    uses: Option<AhoCorasick>,
    values: Option<AhoCorasick>,
}

impl<'c> Needles<'c> {
    fn new(catalog: &'c Catalog) -> Self {
        Needles {
            catalog,
            python: OnceLock::new(),
            javascript: OnceLock::new(),
            jvm: OnceLock::new(),
            go: OnceLock::new(),
            dotnet: OnceLock::new(),
        }
    }

    fn literals(&self, ecosystem: Ecosystem) -> &Literals {
        let known = match ecosystem {
            Ecosystem::Python => &self.python,
            Ecosystem::JavaScript => &self.javascript,
            Ecosystem::Jvm => &self.jvm,
            Ecosystem::Go => &self.go,
            Ecosystem::DotNet => &self.dotnet,
        };
        known.get_or_init(|| Literals {
            uses: AhoCorasick::new(self.catalog.needles(ecosystem).into_iter().chain(PATTERN_WORDS.iter().copied()))
                .ok(),
            values: AhoCorasick::new(self.catalog.value_needles(ecosystem)).ok(),
        })
    }

    fn hit(&self, language: Language, text: &str) -> Hit {
        let literals = self.literals(Ecosystem::of(language));
        let is_match = |automaton: &Option<AhoCorasick>| automaton.as_ref().is_none_or(|a| a.is_match(text));
        if is_match(&literals.uses) {
            Hit::Use
        } else if is_match(&literals.values) || is_snippet(language, text) {
            Hit::Value
        } else {
            Hit::None
        }
    }
}

/// A file that names no package: it can't be told by its imports what it uses.
fn is_snippet(language: Language, text: &str) -> bool {
    match language {
        Language::Java | Language::Kotlin => memchr::memmem::find(text.as_bytes(), b"package ").is_none(),
        Language::Go => memchr::memmem::find(text.as_bytes(), b"import").is_none(),
        _ => false,
    }
}

/// Links sources that are in memory; file number n is source number n. What does not parse, and what
/// is no source file by its name, is left out.
pub fn from_sources(sources: &[(&str, &str)], packages: &Packages) -> Program {
    let units = sources.iter().enumerate().filter_map(|(i, (path, text))| {
        let FileKind::Code(language) = files::classify(path) else { return None };
        let module = lower(path, language, text).ok()?;
        let index = Index::build(&module);
        Some(Unit { file: FileId(i as u32), path: (*path).to_string(), module, index })
    });
    Program::link(units.collect(), packages, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Evaluator;

    /// The types of the receivers of all calls with a name.
    fn receivers(path: &str, text: &str, name: &str) -> Vec<String> {
        let program = from_sources(&[(path, text)], &Packages::default());
        let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
        program.calls_named(name).iter().map(|s| ev.callee(*s).map_or("?".into(), |(s, _)| s.to_string())).collect()
    }

    #[test]
    fn the_string_that_a_factory_is_given_says_what_it_makes() {
        let text = "import boto3\nimport aioboto3\nclass Q:\n    def __init__(self):\n        self.sqs = boto3.client('sqs', region_name='x')\n    def put(self):\n        self.sqs.send_message(QueueUrl='q', MessageBody='b')\nasync def other():\n    async with aioboto3.Session().client(service_name='sqs') as c:\n        await c.send_message(QueueUrl='q')\ns3 = boto3.client('s3')\ns3.send_message()\nq = boto3.resource('sqs').get_queue_by_name(QueueName='x')\nq.send_message(MessageBody='')\n";
        assert_eq!(
            receivers("a.py", text, "send_message"),
            [
                "boto3.sqs.Client.send_message",
                "boto3.sqs.Client.send_message",
                "boto3.client.send_message",
                "boto3.sqs.Queue.send_message"
            ]
        );
    }

    #[test]
    fn channels_are_followed_through_attributes_callbacks_and_iteration() {
        let pika = "import pika\nclass P:\n    def __init__(self):\n        self.c = pika.BlockingConnection(pika.ConnectionParameters()).channel()\n    def go(self):\n        self.c.basic_publish('', 'q', b'')\n";
        assert_eq!(receivers("a.py", pika, "basic_publish"), ["pika.BlockingChannel.basic_publish"]);
        let aio = "from aio_pika import connect_robust\nasync def go(url):\n    conn = await connect_robust(url)\n    async with conn:\n        ch = await conn.channel()\n        q = await ch.declare_queue('x')\n        async with q.iterator() as it:\n            async for m in it:\n                await m.ack()\n        await ch.default_exchange.publish(1, 'x')\n";
        assert_eq!(receivers("a.py", aio, "ack"), ["aio_pika.IncomingMessage.ack"]);
        assert_eq!(receivers("a.py", aio, "publish"), ["aio_pika.Exchange.publish"]);
        let js = "const amqp = require('amqplib/callback_api');\namqp.connect(url, (e, conn) => {\n conn.createChannel((e2, ch) => { ch.sendToQueue('q', Buffer.from('x')); });\n});\n";
        assert_eq!(receivers("a.js", js, "sendToQueue"), ["amqplib.Channel.sendToQueue"]);
        let kafka = "import { Kafka } from 'kafkajs';\nconst kafka = new Kafka({});\nconst p = kafka.producer();\nawait p.send({topic: 'x'});\n";
        assert_eq!(receivers("a.ts", kafka, "send"), ["kafkajs.Producer.send"]);
        let confluent = "const { Kafka } = require('@confluentinc/kafka-javascript').KafkaJS;\nconst p = new Kafka({}).producer();\np.send({});\n";
        assert_eq!(receivers("a.js", confluent, "send"), ["@confluentinc/kafka-javascript.KafkaJS.Producer.send"]);
    }

    #[test]
    fn a_folder_with_the_name_of_a_library_hides_only_what_it_offers() {
        let sources = [
            ("svc/src/kafka/__init__.py", "from .producer import Wrapper\n"),
            (
                "svc/src/kafka/producer.py",
                "from kafka import KafkaProducer\nclass Wrapper:\n    def go(self):\n        KafkaProducer().send('t', b'')\n",
            ),
            ("svc/src/main.py", "from kafka import Wrapper\nWrapper().go()\n"),
        ];
        let program = from_sources(&sources, &Packages::default());
        let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
        let callee = |name: &str| ev.callee(program.calls_named(name)[0]).map(|(s, _)| s.to_string());
        assert_eq!(callee("send").as_deref(), Some("kafka.KafkaProducer.send"));
        assert_eq!(callee("go"), None);
    }

    #[test]
    fn modules_that_import_each_other_in_a_circle_are_followed_once() {
        let sources = [
            ("svc/a.py", "from svc.b import run\nfrom svc.b import *\nrun.send()\nlost.go()\n"),
            ("svc/b.py", "from svc.a import run\nfrom svc.a import *\n"),
            ("svc/pkg/__init__.py", "from . import queue\n"),
            ("svc/pkg/queue.py", "import pika\nc = pika.BlockingConnection().channel()\n"),
            ("svc/main.py", "from svc.pkg import queue\nqueue.c.basic_publish('', 'q', b'')\n"),
        ];
        let program = from_sources(&sources, &Packages::default());
        let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
        let callee = |name: &str| ev.callee(program.calls_named(name)[0]).map(|(s, _)| s.to_string());
        assert_eq!(callee("send"), None);
        callee("go");
        assert_eq!(callee("basic_publish").as_deref(), Some("pika.BlockingChannel.basic_publish"));
    }

    #[test]
    fn modules_that_import_each_other_in_a_circle_end() {
        let sources = [
            ("a.ts", "import { x } from './b';\nexport { x };\nx.get('/a');\n"),
            ("b.ts", "import { x } from './a';\nexport { x };\n"),
            ("c/index.ts", "export * from './d';\n"),
            ("c/d.ts", "import { Base } from './index';\nexport class Kind extends Base {}\nBase[0].get();\n"),
        ];
        let program = from_sources(&sources, &Packages::default());
        let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
        let callees: Vec<bool> = program.calls_named("get").iter().map(|s| ev.callee(*s).is_some()).collect();
        assert_eq!(callees, [false, false]);
    }

    #[test]
    fn what_calls_a_wrapper_is_parsed_although_it_names_no_library() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
        write("kafka.ts", "import { Kafka } from 'kafkajs';\nexport const producer = new Kafka({}).producer();\n");
        write("lib.ts", "export * from './kafka';\n");
        write("start.ts", "import {\n  producer,\n} from \"./lib\";\nproducer.send({});\n");
        write("other.ts", "export const a = 1;\n");
        write("bus.py", "from kafka import KafkaProducer\nproducer = KafkaProducer()\n");
        write("go.py", "from bus import producer\nproducer.send('a', b'')\n");
        write("away.py", "import os\n");
        let tree = files::walk(&[folder.path().to_path_buf()], &globset::GlobSet::empty()).tree;
        let catalog = Catalog::embedded().unwrap();
        let loaded = load(&tree, catalog, &Packages::default(), Prefilter::On, &Cache::in_memory());
        let parsed: Vec<&str> = loaded.program.units.iter().map(|u| u.path.as_str()).collect();
        assert_eq!(parsed, ["bus.py", "go.py", "kafka.ts", "lib.ts", "start.ts"]);
    }

    #[test]
    fn redis_and_bull_constructors_are_typed() {
        let js = "import Redis from 'ioredis';\nimport { Redis as R } from 'ioredis';\nimport Queue from 'bull';\nnew Redis(url).publish('c', 'm');\nnew R().publish('c', 'm');\nconst q = new Queue('mail', url);\nq.add({});\n";
        assert_eq!(receivers("a.ts", js, "publish"), ["ioredis.Redis.publish", "ioredis.Redis.publish"]);
        assert_eq!(receivers("a.ts", js, "add"), ["bull.Queue.add"]);
        let py = "import redis.asyncio as redis\nr = redis.from_url('x')\nawait r.publish('c', 'm')\n";
        assert_eq!(receivers("a.py", py, "publish"), ["redis.Redis.publish"]);
    }
}
