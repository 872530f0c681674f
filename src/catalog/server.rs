//! What a data file says about HTTP servers: their application objects, how a route is registered on
//! them, and how routers are mounted.
//!
//! A *source* says where an argument stands: `"0"` is a position, `prefix` a keyword argument,
//! `1.prefix` a key of the options object at position 1, `rest:1` every position from 1 on, `text:1`
//! position 1 when it is a string, `.Methods` the arguments of a call of that name before or behind in
//! the same chain. Sources are tried in order; the first that is there counts.

use serde::Deserialize;

/// An HTTP server framework, or an addition to one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Server {
    /// Its name in messages and output.
    pub framework: String,
    /// How path parameters are written.
    #[serde(default)]
    pub parameters: Parameters,
    /// Objects that answer requests by themselves.
    #[serde(default)]
    pub apps: Vec<Object>,
    /// Objects that answer once they are mounted on another.
    #[serde(default)]
    pub routers: Vec<Object>,
    /// Methods of these objects that register routes.
    #[serde(default)]
    pub routes: Vec<RouteForm>,
    /// Methods of these objects that mount a router, or register a list of routes.
    #[serde(default)]
    pub mounts: Vec<MountForm>,
    /// Methods that give an object whose routes are relative to a path: `app.route("/x")`.
    #[serde(default)]
    pub derives: Vec<DeriveForm>,
    /// Methods that set the prefix of the object they are called on: `router.prefix("/x")`.
    #[serde(default)]
    pub prefixes: Vec<String>,
    /// Functions and classes of the package that stand for a route in a list, or decorate a handler.
    #[serde(default)]
    pub items: Vec<RouteForm>,
    /// Functions and classes of the package that stand for a mount in a list.
    #[serde(default)]
    pub item_mounts: Vec<MountForm>,
    /// Base classes whose subclasses are groups of routes, with the field that holds their prefix.
    #[serde(default)]
    pub controllers: Vec<Controller>,
    /// In lists of routes, a pair of a path and a handler is a route too; the first of `items` says how.
    #[serde(default)]
    pub pairs: bool,
    /// Functions that wrap a plugin so that the prefix of its registration does not apply.
    #[serde(default)]
    pub wrappers: Vec<String>,
    /// Functions that serve files.
    #[serde(default)]
    pub files: Vec<String>,
    /// Methods that serve files under the path that is their first argument.
    #[serde(default)]
    pub statics: Vec<String>,
}

/// How path parameters are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parameters {
    /// `/orders/{id}`, `/orders/{id:int}`.
    #[default]
    Brace,
    /// `/orders/:id`.
    Colon,
    /// `/orders/<int:id>`.
    Angle,
    /// `/orders/(?P<id>[0-9]+)`.
    Regex,
}

/// An application or router object.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Object {
    /// Its type, or the function that makes it.
    #[serde(rename = "type")]
    pub ty: String,
    /// It can be mounted on nothing: where only its type is known, its routes are complete all the same.
    #[serde(default)]
    pub outermost: bool,
    /// Where its constructor takes the prefix of all its routes.
    #[serde(default)]
    pub prefix: Vec<String>,
    /// Where its constructor takes an API version that goes in front of the whole path.
    #[serde(default)]
    pub version: Vec<String>,
    /// Where its constructor takes routes and routers.
    #[serde(default)]
    pub children: Vec<String>,
    /// Where its constructor takes the object it is mounted on.
    #[serde(default)]
    pub parent: Vec<String>,
    /// Routes it serves by itself.
    #[serde(default)]
    pub serves: Vec<Served>,
    /// Paths below which it answers with pages of its own (documentation, static files) that are no part
    /// of the program's interface.
    #[serde(default)]
    pub extras: Vec<String>,
    /// Where its constructor takes a prefix below which it answers all its routes once more.
    #[serde(default)]
    pub also_below: Vec<String>,
}

/// A route that a library serves without being told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Served {
    /// The method.
    pub method: String,
    /// The path under the object's prefix.
    pub path: String,
}

/// A call that registers a route.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RouteForm {
    /// Names of methods (of functions for items).
    pub calls: Vec<String>,
    /// `name` for the name of the call (`get`, `add_get`), `pattern` where the path may begin with one
    /// (`"GET /x"`), else the method that counts when `methods` says nothing: `GET`, `ANY`.
    #[serde(default = "by_name")]
    pub method: String,
    /// Sources of the methods.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Sources of the path.
    #[serde(default = "first")]
    pub path: Vec<String>,
    /// Sources of the handler.
    #[serde(default)]
    pub handler: Vec<String>,
    /// Sources of an API version that goes in front of the whole path.
    #[serde(default)]
    pub version: Vec<String>,
    /// With fewer positional arguments it is something else (`app.get("port")` reads a setting).
    #[serde(default)]
    pub at_least: usize,
    /// The source of an object, or a list of objects, whose keys the other sources are.
    pub objects: Option<String>,
    /// A function whose result is an argument and that gives a prefix: `WithPrefix`.
    pub prefix_option: Option<String>,
    /// The handler can be a router; then its routes are served, with the paths that they have there.
    #[serde(default)]
    pub mounts: bool,
    /// Calls in the same chain that make it something else than a route: `route("/api/*").subRouter(api)`.
    #[serde(default)]
    pub unless: Vec<String>,
}

fn by_name() -> String {
    "name".to_string()
}

fn first() -> Vec<String> {
    vec!["0".to_string()]
}

/// A call that mounts something.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MountForm {
    /// Names of methods (of functions for items).
    pub calls: Vec<String>,
    /// Sources of what is mounted.
    pub child: Vec<String>,
    /// Sources of the prefix.
    #[serde(default)]
    pub prefix: Vec<String>,
    /// A prefix given here replaces the router's own.
    #[serde(default)]
    pub replaces: bool,
    /// A function that is mounted is called with an object on which it registers routes.
    #[serde(default)]
    pub plugin: bool,
    /// Plain functions are mounted too, so that not every child is a router.
    #[serde(default)]
    pub middleware: bool,
}

/// A call that gives an object for a path.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DeriveForm {
    /// Names of methods.
    pub calls: Vec<String>,
    /// Sources of the path.
    pub prefix: Vec<String>,
    /// The routes of the object name no path of their own.
    #[serde(default)]
    pub whole: bool,
    /// What names no path of its own answers everything below.
    #[serde(default)]
    pub open: bool,
}

/// A base class of route groups.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Controller {
    /// The base class.
    pub base: String,
    /// The field with the prefix.
    pub prefix: String,
}
