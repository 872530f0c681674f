//! Databases that live in the process and are gone with it.

use crate::extract::publish::call;
use crate::facts::module::Language;
use crate::program::processes::Processes;
use crate::program::{Evaluator, Site};

/// What says that a context of EF Core keeps its rows in the process
/// (<https://learn.microsoft.com/en-us/ef/core/providers/in-memory/>).
const IN_MEMORY: &str = "UseInMemoryDatabase";
/// What says that it keeps them in a database, or brings the provider with it
/// (<https://learn.microsoft.com/en-us/ef/core/providers/>).
const DATABASES: [&str; 15] = [
    "AddMongoDB",
    "AddMySqlDbContext",
    "AddNpgsqlDbContext",
    "AddOracleDatabaseDbContext",
    "AddSqlServerDbContext",
    "UseAzureSql",
    "UseCosmos",
    "UseFirebird",
    "UseMongoDB",
    "UseMySQL",
    "UseMySql",
    "UseNpgsql",
    "UseOracle",
    "UseSqlServer",
    "UseSqlite",
];

/// True for a query of EF Core in a process whose contexts all keep their rows in memory.
pub(super) fn is_asked(ev: &Evaluator<'_>, query: Site) -> bool {
    if ev.program.language(query.unit) != Language::CSharp {
        return false;
    }
    let named = |name: &str| {
        let sites = ev.program.calls_named(name).iter().copied();
        sites.filter(|site| ev.program.is_production(site.unit)).collect::<Vec<_>>()
    };
    let kept = named(IN_MEMORY);
    if kept.is_empty() {
        return false;
    }
    let of_context = |symbol: &str| symbol.starts_with("Microsoft.EntityFrameworkCore.");
    if !call::callees(ev, query).iter().any(|(symbol, _)| of_context(symbol)) {
        return false;
    }
    let processes = Processes::new(ev.program);
    let here = |site: &Site| processes.together(site.unit, query.unit);
    let is_stored = DATABASES.iter().flat_map(|name| named(name)).any(|site| here(&site));
    !is_stored && kept.iter().any(here)
}
