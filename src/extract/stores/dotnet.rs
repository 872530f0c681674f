//! Datastores that C# opens: providers of Entity Framework Core, ADO.NET connections, drivers, and the
//! client integrations of .NET Aspire, which take the name of a connection.
//!
//! The options on which these are called are parameters of lambdas, so the name of the call decides. Sources:
//! <https://learn.microsoft.com/en-us/ef/core/miscellaneous/connection-strings>,
//! <https://learn.microsoft.com/en-us/dotnet/aspire/database/postgresql-entity-framework-integration>.

use smol_str::format_smolstr;

use super::read::Reader;
use super::{Driver, Setting, StoreUse};
use crate::catalog::store::StoreRole;
use crate::facts::module::{ExprId, ExprKind, Language, Module, StmtKind};
use crate::program::index::Parent;
use crate::program::types::simple_name;
use crate::program::value::{Text, TextPart};
use crate::program::{Evaluator, Site, UnitId, Value};

/// What the argument of a call is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// A connection string.
    Address,
    /// The name of one: `ConnectionStrings:<name>`.
    Name,
}

/// The call, the engine, what its first argument says, the library.
const FORMS: [(&str, &str, Says, &str); 24] = [
    ("UseNpgsql", "postgres", Says::Address, "EF Core"),
    ("UseSqlServer", "mssql", Says::Address, "EF Core"),
    ("UseMySql", "mysql", Says::Address, "EF Core"),
    ("UseMySQL", "mysql", Says::Address, "EF Core"),
    ("UseSqlite", "sqlite", Says::Address, "EF Core"),
    ("UseOracle", "oracle", Says::Address, "EF Core"),
    ("NpgsqlConnection", "postgres", Says::Address, "Npgsql"),
    ("NpgsqlDataSourceBuilder", "postgres", Says::Address, "Npgsql"),
    ("AddNpgsqlDataSource", "postgres", Says::Name, "Npgsql"),
    ("SqlConnection", "mssql", Says::Address, "SqlClient"),
    ("MySqlConnection", "mysql", Says::Address, "MySQL Connector"),
    ("SqliteConnection", "sqlite", Says::Address, "SQLite"),
    ("AddMarten", "postgres", Says::Address, "Marten"),
    ("MongoClient", "mongodb", Says::Address, "MongoDB.Driver"),
    ("ConnectionMultiplexer.Connect", "redis", Says::Address, "StackExchange.Redis"),
    ("ConnectionMultiplexer.ConnectAsync", "redis", Says::Address, "StackExchange.Redis"),
    ("AddNpgsqlDbContext", "postgres", Says::Name, "EF Core"),
    ("AddSqlServerDbContext", "mssql", Says::Name, "EF Core"),
    ("AddMySqlDbContext", "mysql", Says::Name, "EF Core"),
    ("AddSqlServerClient", "mssql", Says::Name, "SqlClient"),
    ("AddMongoDBClient", "mongodb", Says::Name, "MongoDB.Driver"),
    ("AddRedisClient", "redis", Says::Name, "StackExchange.Redis"),
    ("AddRedisDistributedCache", "redis", Says::Name, "StackExchange.Redis"),
    ("AddRedisOutputCache", "redis", Says::Name, "StackExchange.Redis"),
];

/// Everything that the C# of a program opens.
pub(super) fn uses(ev: &Evaluator<'_>, units: &[UnitId]) -> Vec<StoreUse> {
    let mut out = Vec::new();
    for &unit in units.iter().filter(|u| ev.program.language(**u) == Language::CSharp) {
        let u = ev.program.unit(unit);
        for call in &u.index.calls {
            let site = Site { unit, expr: call.expr };
            let name = u.module.callee_name(call.expr).map_or("", |n| n.as_str());
            if name == "AddStackExchangeRedisCache" {
                out.extend(redis_cache(ev, site));
                continue;
            }
            if name == "GetDatabase" && names_driver(&u.module) {
                out.extend(chosen(ev, site));
                continue;
            }
            // `AddMarten(options => { options.Connection("…"); })`
            if name == "Connection" {
                let of_marten = u.index.ancestors(call.expr).any(|parent| match parent {
                    Parent::Expr(e) => u.module.callee_name(e).is_some_and(|n| n == "AddMarten" || n == "For"),
                    _ => false,
                });
                let arg = u.module.call(call.expr).and_then(|c| c.args.first()).filter(|_| of_marten);
                if let Some(arg) = arg {
                    let arg = Site { unit, expr: arg.value };
                    out.extend(opened(ev, site, arg, "postgres", Says::Address, "Marten", StoreRole::Store));
                }
                continue;
            }
            let is = |form: &str| match form.rsplit_once('.') {
                Some((owner, last)) => last == name && is_of(&u.module, call.expr, owner),
                None => form == name,
            };
            let Some(&(_, engine, says, library)) = FORMS.iter().find(|(form, ..)| is(form)) else { continue };
            let Some(c) = u.module.call(call.expr) else { continue };
            // Constructors are told from methods of the same name.
            let needs_new = name.ends_with("Connection") || name.ends_with("Builder") || name == "MongoClient";
            if needs_new != c.is_new || !is_outside(ev, site) {
                continue;
            }
            let Some(arg) = c.args.iter().find(|a| !is_code(ev, Site { unit, expr: a.value })) else {
                // `AddDbContext<T>()` elsewhere says it; `UseNpgsql(o => …)` sets options only.
                continue;
            };
            let role = if name.contains("Cache") { StoreRole::Cache } else { StoreRole::Store };
            out.extend(opened(ev, site, Site { unit, expr: arg.value }, engine, says, library, role));
        }
    }
    out
}

/// True for what does not open anything while the service runs as it is meant to: the factory that only the tools of
/// EF Core ask (<https://learn.microsoft.com/en-us/ef/core/cli/dbcontext-creation#from-a-design-time-factory>), and
/// the options of a context that was not given any (`if (!options.IsConfigured)`).
pub(super) fn is_spare(ev: &Evaluator<'_>, site: Site) -> bool {
    let unit = ev.program.unit(site.unit);
    if unit.module.language != Language::CSharp {
        return false;
    }
    let of_tools = unit.index.classes_around(&unit.module, site.expr).into_iter().any(|class| {
        let mut bases = unit.module.class(class).bases.iter();
        bases.any(|b| simple_name(&unit.module, *b).is_some_and(|name| name == "IDesignTimeDbContextFactory"))
    });
    let asks = |test: ExprId| match &unit.module.expr(test).kind {
        ExprKind::Not(asked) => {
            matches!(&unit.module.expr(*asked).kind, ExprKind::Attr { name, .. } if name == "IsConfigured")
        }
        _ => false,
    };
    of_tools
        || unit.index.ancestors(site.expr).any(|parent| match parent {
            Parent::Stmt(stmt) => {
                matches!(&unit.module.stmt(stmt).kind, StmtKind::If { test, .. } if asks(*test))
            }
            _ => false,
        })
}

/// Files that open a datastore.
pub(super) fn drivers(ev: &Evaluator<'_>, uses: &[StoreUse]) -> Vec<Driver> {
    let of_csharp = uses.iter().filter(|u| u.site.is_some_and(|s| ev.program.language(s.unit) == Language::CSharp));
    let driver =
        |u: &StoreUse| Driver { file: u.place.file, engine: u.engine.as_ref().and_then(|e| e.text.as_literal()) };
    of_csharp.map(driver).collect()
}

fn names_driver(module: &Module) -> bool {
    module.imports.iter().any(|import| import.module.starts_with("MongoDB."))
}

/// `client.GetDatabase("orders")`
fn chosen(ev: &Evaluator<'_>, site: Site) -> Option<StoreUse> {
    let module = &ev.program.unit(site.unit).module;
    let arg = Site { unit: site.unit, expr: module.call(site.expr)?.args.first()?.value };
    let reader = Reader::ways(ev, &[arg]).into_iter().next()?;
    let database = reader.settings(&reader.value(arg), arg).into_iter().next()?;
    let made = blank(ev, site, "mongodb", "MongoDB.Driver", StoreRole::Store);
    Some(StoreUse { database: Some(database), chooses: true, ..made })
}

/// `ConnectionMultiplexer.Connect(…)`
fn is_of(module: &Module, call: ExprId, owner: &str) -> bool {
    let callee = module.call(call).map(|c| &module.expr(c.callee).kind);
    let Some(ExprKind::Attr { object, .. }) = callee else { return false };
    matches!(&module.expr(*object).kind, ExprKind::Name(n) | ExprKind::Attr { name: n, .. } if n == owner)
}

/// False for a function or a class of the repository.
fn is_outside(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    let Some(call) = module.call(site.expr) else { return false };
    !ev.called(site, call).iter().any(|v| matches!(v, Value::Function { .. } | Value::Class { .. }))
}

fn is_code(ev: &Evaluator<'_>, site: Site) -> bool {
    let module = &ev.program.unit(site.unit).module;
    matches!(module.expr(site.expr).kind, ExprKind::Lambda(_)) || matches!(ev.eval(site), Value::Function { .. })
}

/// One use for each way in which the address is passed.
fn opened(
    ev: &Evaluator<'_>,
    site: Site,
    arg: Site,
    engine: &str,
    says: Says,
    library: &str,
    role: StoreRole,
) -> Vec<StoreUse> {
    let mut out = Vec::new();
    for reader in Reader::ways(ev, &[arg]) {
        let value = reader.value(arg);
        let made = blank(ev, site, engine, library, role);
        let anchor = reader.outermost().map_or(made.anchor, |outer| ev.program.unit(outer.unit).file);
        let mut settings = reader.settings(&value, arg);
        if says == Says::Name {
            settings = settings.into_iter().filter_map(named).collect();
        }
        if settings.is_empty() {
            settings.push(Setting {
                text: Text { parts: vec![TextPart::Hole], handed: false },
                place: made.place,
                fallback: None,
            });
        }
        let several = settings.len() > 1;
        for url in settings {
            out.push(StoreUse { url: Some(url), anchor, alternative: several, ..made.clone() });
        }
    }
    out.dedup();
    out
}

/// The setting behind the name of a connection.
fn named(name: Setting) -> Option<Setting> {
    let key = format_smolstr!("ConnectionStrings:{}", name.text.as_literal()?);
    let text = Text { parts: vec![TextPart::Env { name: key, default: None }], handed: false };
    Some(Setting { text, place: name.place, fallback: None })
}

/// `AddStackExchangeRedisCache(options => { options.Configuration = configuration["Cache:Redis"]; })`
fn redis_cache(ev: &Evaluator<'_>, site: Site) -> Vec<StoreUse> {
    let unit = ev.program.unit(site.unit);
    let span = unit.module.expr(site.expr).span;
    let assigned = unit
        .index
        .attribute_assignments
        .iter()
        .find(|(name, _, value)| name == "Configuration" && span.contains(unit.module.expr(*value).span));
    let Some((_, _, value)) = assigned else { return Vec::new() };
    let arg = Site { unit: site.unit, expr: *value };
    opened(ev, site, arg, "redis", Says::Address, "StackExchange.Redis", StoreRole::Cache)
}

fn blank(ev: &Evaluator<'_>, site: Site, engine: &str, library: &str, role: StoreRole) -> StoreUse {
    let place = ev.program.place(site);
    StoreUse {
        place,
        site: Some(site),
        anchor: place.file,
        opened_from: None,
        library: library.to_string(),
        engine: Some(Setting::literal(engine, place)),
        url: None,
        host: None,
        port: None,
        database: None,
        schema: None,
        user: None,
        default_database: None,
        default_host: None,
        role,
        alternative: false,
        chooses: false,
        spare: false,
    }
}
