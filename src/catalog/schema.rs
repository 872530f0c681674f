//! The form of a library's data file.
//!
//! Names in a file are relative to the library: `Session.get` in `requests.yaml` is
//! `requests.Session.get`; the empty name is the package itself (`import got from "got"; got(url)`). A
//! method call on an object that is itself called is `Type.()`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::broker::{Bind, Connect, Declare};
use super::consume::{Consume, Effects};
use super::http::{Breaker, Deadline, Http, Retry};
use super::publish::{Envelope, Publish};
use super::server::Server;
use super::store::Store;
use super::writes::Writes;
use crate::facts::module::Language;

/// Languages that share packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// Python.
    Python,
    /// JavaScript and TypeScript.
    JavaScript,
    /// Java and Kotlin.
    Jvm,
    /// Go.
    Go,
    /// C#.
    DotNet,
}

impl Ecosystem {
    /// How many there are.
    pub const COUNT: usize = 5;

    /// The ecosystem of a language.
    pub fn of(language: Language) -> Ecosystem {
        match language {
            Language::Python => Ecosystem::Python,
            Language::JavaScript | Language::TypeScript => Ecosystem::JavaScript,
            Language::Java | Language::Kotlin => Ecosystem::Jvm,
            Language::Go => Ecosystem::Go,
            Language::CSharp => Ecosystem::DotNet,
        }
    }
}

/// What we know about one library.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Library {
    /// Its name in messages.
    pub library: String,
    /// Who can import it.
    pub ecosystem: Ecosystem,
    /// Import names; the first is canonical.
    pub packages: Vec<String>,
    /// Where its documentation stands; the source of the facts in the file.
    pub docs: String,
    /// Literals that a file using it must hold, where the import names are not enough or too common.
    #[serde(default)]
    pub needles: Vec<String>,
    /// The same, for what only says what a value is (`os.environ`): a file that holds one is parsed, but
    /// those that import it are not for that.
    #[serde(default)]
    pub value_needles: Vec<String>,
    /// Its names mean it only where it is imported: in a sample without imports they are those of a library
    /// that is better known by them.
    #[serde(default)]
    pub only_imported: bool,
    /// Other names of a type: `abc.AbstractChannel: Channel`.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// Methods that no other library's objects have, by type: an object of unknown origin is known by them.
    /// `run{eachMessage}` is one that is given an object with that key.
    #[serde(default)]
    pub marks: BTreeMap<String, Vec<String>>,
    /// Types of what functions and methods return: `connect: Connection`.
    #[serde(default)]
    pub returns: BTreeMap<String, String>,
    /// Types of what a function returns for the string it is given: `boto3.client("sqs")`.
    #[serde(default)]
    pub returns_by_argument: Vec<ReturnsByArgument>,
    /// Types of what files give that are called with an object of a type: `Sequelize: Model` for
    /// `require(file)(sequelize, DataTypes)`.
    #[serde(default)]
    pub loaded: BTreeMap<String, String>,
    /// Types of properties: `HttpService.axiosRef: axios.Axios`.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
    /// Types of the parameters of callbacks.
    #[serde(default)]
    pub callbacks: Vec<Callback>,
    /// What the library passes to methods that a class of the program overrides: the function or class at a
    /// position, `ConsumerMixin.get_consumers: {0: Consumer}`.
    #[serde(default)]
    pub overrides: BTreeMap<String, BTreeMap<String, String>>,
    /// Functions that read environment variables.
    #[serde(default)]
    pub env: Vec<EnvReader>,
    /// Base classes whose fields are environment variables.
    #[serde(default)]
    pub settings_classes: Vec<String>,
    /// Functions that return an argument as far as values go: `dumps: 0`.
    #[serde(default)]
    pub transparent: BTreeMap<String, usize>,
    /// Functions that stand for what their first argument returns.
    #[serde(default)]
    pub injects: Vec<String>,
    /// Functions that make data of text and fail when it is malformed.
    #[serde(default)]
    pub decodes: Vec<String>,
    /// Functions that block the calling thread (beside HTTP requests).
    #[serde(default)]
    pub blocks: Vec<String>,
    /// The types that the library is about: the first segments of all names in the file (C#), and those with
    /// what stands before them (Java, Kotlin): `annotation.KafkaListener`.
    #[serde(skip)]
    pub names: BTreeSet<String>,
    /// How it sends HTTP requests.
    pub http: Option<Http>,
    /// How it serves HTTP requests.
    pub server: Option<Server>,
    /// How it repeats things.
    #[serde(default)]
    pub retry: Vec<Retry>,
    /// How it breaks circuits.
    #[serde(default)]
    pub breaker: Vec<Breaker>,
    /// How it bounds the time of what it wraps.
    #[serde(default)]
    pub deadline: Vec<Deadline>,
    /// Functions that make one guard of those that they are given.
    #[serde(default)]
    pub combines: Vec<String>,
    /// How it hands messages to a broker.
    #[serde(default)]
    pub publish: Vec<Publish>,
    /// The objects that it wraps payloads in.
    #[serde(default)]
    pub envelopes: Vec<Envelope>,
    /// How it connects to a broker.
    #[serde(default)]
    pub connect: Vec<Connect>,
    /// How it declares exchanges and queues.
    #[serde(default)]
    pub topology: Vec<Declare>,
    /// Calls that bind queues to exchanges.
    #[serde(default)]
    pub bindings: Vec<Bind>,
    /// How it writes to a database.
    pub writes: Option<Writes>,
    /// How it hands messages over.
    pub consume: Option<Consume>,
    /// How it opens datastores.
    pub store: Option<Store>,
    /// What its calls do to the world.
    #[serde(default)]
    pub effects: Effects,
}

/// A factory whose string argument says what it makes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReturnsByArgument {
    /// The functions.
    pub calls: Vec<String>,
    /// The position of the string.
    pub argument: usize,
    /// Its keyword, where it can be passed by name.
    pub keyword: Option<String>,
    /// What each string makes.
    pub types: BTreeMap<String, String>,
}

/// A callback's parameter.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Callback {
    /// The function the callback is passed to.
    pub call: String,
    /// At which position; any when absent.
    pub argument: Option<usize>,
    /// Under which key of an options object.
    pub key: Option<String>,
    /// Which parameter of the callback.
    pub parameter: usize,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: String,
}

/// A function that reads an environment variable.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnvReader {
    /// The functions.
    pub calls: Vec<String>,
    /// The position of the name.
    pub name: usize,
    /// The position of the default.
    pub default: Option<usize>,
    /// What stands before the name: `ConnectionStrings:`.
    #[serde(default)]
    pub prefix: String,
    /// The code may put the settings together itself, under names with dots.
    #[serde(default)]
    pub sections: bool,
}
