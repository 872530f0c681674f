//! Datastores that the code opens: which library, which engine, and where host and database come from.
//!
//! A use says what is written in the code, with environment variables as holes; which database that is
//! for a service is decided when the system is joined (`crate::system::stores`).

mod dotnet;
mod migrations;
mod names;
mod opens;
mod prisma;
mod read;
mod redis;
mod schemas;
mod settings;
mod variables;
mod ways;

use crate::catalog::store::StoreRole;
use crate::files::Tree;
use crate::program::value::{Text, TextPart};
use crate::program::{Evaluator, Site, UnitId};
use crate::syntax::{FileId, Place};

pub use redis::RedisTraffic;
pub use variables::VariableRead;

/// What the code says about datastores.
#[derive(Clone, Debug, Default)]
pub struct Stores {
    /// The places that open one, sorted by place.
    pub uses: Vec<StoreUse>,
    /// What files do with Redis.
    pub redis: Vec<RedisTraffic>,
    /// Schemas that models, statements and migrations name, with their places.
    pub schemas: Vec<(Place, String)>,
    /// Environment variables with the name of a database setting that the code reads.
    pub variables: Vec<VariableRead>,
    /// Files that import a driver or mapper: the library's engine, none where it has several.
    pub drivers: Vec<Driver>,
}

/// A file that imports a library of datastores.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Driver {
    /// The file.
    pub file: FileId,
    /// The library's engine; none where it has several.
    pub engine: Option<String>,
}

/// A place that opens a datastore.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreUse {
    /// The call, or the setting.
    pub place: Place,
    /// The expression; none for what only configuration says.
    pub site: Option<Site>,
    /// The file whose service decides: the outermost caller that passes the address, else the file of
    /// the call.
    pub anchor: FileId,
    /// The files where the ways to it begin, as far as all of them were followed: of two functions of one package
    /// that open a database each, a program may call only one.
    pub opened_from: Option<Vec<FileId>>,
    /// The library: `SQLAlchemy`, `pg`.
    pub library: String,
    /// The engine as written: `postgres`, `postgresql+asyncpg`, `django.db.backends.mysql`.
    pub engine: Option<Setting>,
    /// The address as one string.
    pub url: Option<Setting>,
    /// Host, or the host's address.
    pub host: Option<Setting>,
    /// Port.
    pub port: Option<Setting>,
    /// Database; the file for SQLite, the table for DynamoDB, the number for Redis.
    pub database: Option<Setting>,
    /// Schema, or options that set one.
    pub schema: Option<Setting>,
    /// User.
    pub user: Option<Setting>,
    /// The database when nothing names one.
    pub default_database: Option<String>,
    /// The host when nothing names one.
    pub default_host: Option<String>,
    /// What the library keeps in it.
    pub role: StoreRole,
    /// One of several addresses that the code may use.
    pub alternative: bool,
    /// It only chooses a database of a client that is opened elsewhere in the service.
    pub chooses: bool,
    /// It counts only where the service opens nothing else with the engine: what a developer's tool runs, or what is
    /// there for a context that nobody has configured.
    pub spare: bool,
}

/// A value of the code that may depend on environment variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The text.
    pub text: Text,
    /// Where it is written, or where the variable is read.
    pub place: Place,
    /// What is used instead when the text is one variable that is not set.
    pub fallback: Option<Box<Setting>>,
}

impl StoreUse {
    /// True when a service that owns these files opens it.
    pub fn is_opened_by(&self, owns: &dyn Fn(FileId) -> bool) -> bool {
        owns(self.anchor) && self.opened_from.as_ref().is_none_or(|files| files.iter().any(|file| owns(*file)))
    }
}

impl Setting {
    /// Text without holes.
    pub fn literal(text: &str, place: Place) -> Setting {
        Setting { text: Text::literal(text), place, fallback: None }
    }

    /// The value of an environment variable.
    pub fn variable(name: &str, place: Place) -> Setting {
        let text = Text { parts: vec![TextPart::Env { name: name.into(), default: None }], handed: false };
        Setting { text, place, fallback: None }
    }

    /// The names of the variables in it, also in what is used instead.
    pub fn variables(&self) -> Vec<&str> {
        let own = self.text.parts.iter().filter_map(|part| match part {
            TextPart::Env { name, .. } => Some(name.as_str()),
            _ => None,
        });
        own.chain(self.fallback.iter().flat_map(|f| f.variables())).collect()
    }
}

/// True when code of this unit is production code that runs on a server.
pub type InScope<'s> = dyn Fn(UnitId) -> bool + 's;

/// All datastores that the code opens. The tree is needed for Prisma schemas.
pub fn extract(ev: &Evaluator<'_>, in_scope: &InScope<'_>, tree: &Tree) -> Stores {
    let units: Vec<UnitId> = ev.program.ids().filter(|u| in_scope(*u)).collect();
    let mut uses = opens::uses(ev, &units, tree);
    uses.extend(settings::uses(ev, &units));
    uses.extend(dotnet::uses(ev, &units));
    let mut uses = names::apply(ev, &units, uses);
    uses.sort_by_key(|u| (u.place, u.anchor));
    uses.dedup();
    for used in &mut uses {
        used.spare = used.site.is_some_and(|site| dotnet::is_spare(ev, site));
    }
    let mut drivers = opens::drivers(ev, &units);
    drivers.extend(dotnet::drivers(ev, &uses));
    let mut schemas = schemas::named(ev, &units);
    schemas.extend(migrations::schemas(tree));
    Stores { uses, redis: redis::traffic(ev, &units), schemas, variables: variables::reads(ev, &units), drivers }
}
