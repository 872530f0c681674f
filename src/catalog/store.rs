//! What a data file says about datastores: which calls open one, and where the address stands.

use serde::{Deserialize, Serialize};

/// How a library opens datastores.
///
/// A *selector* says where an argument stands: a number is a position (`0`), a word is a keyword
/// argument or a key of an options object, with dots for nested ones (`connection.host`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Store {
    /// The engine, where the library has only one: `postgres`.
    pub engine: Option<String>,
    /// What the library keeps in it.
    #[serde(default)]
    pub role: StoreRole,
    /// Calls and classes that open one.
    #[serde(default)]
    pub opens: Vec<Opens>,
    /// Calls that put an address together: `URL.create`.
    #[serde(default)]
    pub builders: Vec<Opens>,
    /// Calls that choose a database of an open client: `MongoClient.db`.
    #[serde(default)]
    pub databases: Vec<DatabaseCall>,
    /// Types whose attributes and items are databases: `MongoClient` in Python (`client["orders"]`).
    #[serde(default)]
    pub containers: Vec<String>,
    /// Names of settings that hold an address: `SQLALCHEMY_DATABASE_URI`.
    #[serde(default)]
    pub settings: Vec<Setting>,
}

/// What a datastore is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreRole {
    /// The only copy of data: a store of record.
    #[default]
    Store,
    /// Copies and marks that may be lost.
    Cache,
    /// Jobs and messages.
    Queue,
    /// Sessions of users.
    Session,
}

impl StoreRole {
    /// All roles.
    pub const ALL: [StoreRole; 4] = [StoreRole::Store, StoreRole::Cache, StoreRole::Queue, StoreRole::Session];

    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            StoreRole::Store => "store",
            StoreRole::Cache => "cache",
            StoreRole::Queue => "queue",
            StoreRole::Session => "session",
        }
    }
}

/// A call that opens a datastore, or puts its address together.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Opens {
    /// The functions or classes; a class of ours that extends one counts, too.
    pub calls: Vec<String>,
    /// The engine, where it differs from the library's.
    pub engine_name: Option<String>,
    /// The role, where it differs from the library's.
    pub role: Option<StoreRole>,
    /// Selectors of the engine: `type`, `dialect`.
    #[serde(default)]
    pub engine: Vec<String>,
    /// Selectors of the address as one string.
    #[serde(default)]
    pub url: Vec<String>,
    /// Selectors of the host.
    #[serde(default)]
    pub host: Vec<String>,
    /// Selectors of the port.
    #[serde(default)]
    pub port: Vec<String>,
    /// Selectors of the database.
    #[serde(default)]
    pub database: Vec<String>,
    /// Selectors of the schema.
    #[serde(default)]
    pub schema: Vec<String>,
    /// Selectors of the user.
    #[serde(default)]
    pub user: Vec<String>,
    /// The database when nothing names one: `test` of mongoose.
    pub default_database: Option<String>,
    /// The host when nothing names one.
    pub default_host: Option<String>,
    /// Selectors of a function or class that returns the options: `useFactory`.
    #[serde(default)]
    pub factory: Vec<String>,
    /// The address stands in a Prisma schema.
    #[serde(default)]
    pub prisma: bool,
}

/// A call that chooses a database of an open client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DatabaseCall {
    /// The methods.
    pub calls: Vec<String>,
    /// Selectors of the name.
    pub name: Vec<String>,
}

/// A setting of a framework.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setting {
    /// The variable or key that is assigned.
    pub name: String,
    /// How its value is to be read.
    pub form: SettingForm,
    /// The role, where it differs from the library's.
    pub role: Option<StoreRole>,
}

/// How a [`Setting`]'s value is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingForm {
    /// One address.
    Url,
    /// Django's `DATABASES`: alias to options.
    Django,
}
