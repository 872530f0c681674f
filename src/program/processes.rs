//! Which files of C# run in one process: what a host is configured with in one project says nothing of another.
//!
//! The project files are not asked: a process is the folder of the file that builds a host, with the projects beside
//! it where no other process lies among them. A file of neither belongs to all.

use super::resolve::{parent, within};
use super::{Program, UnitId};
use crate::facts::module::Language;

/// Calls that build a host (<https://learn.microsoft.com/en-us/aspnet/core/fundamentals/host/generic-host>).
const HOSTS: [&str; 6] = [
    "CreateBuilder",
    "CreateSlimBuilder",
    "CreateEmptyBuilder",
    "CreateDefaultBuilder",
    "CreateApplicationBuilder",
    "CreateEmptyApplicationBuilder",
];

/// The processes of a program.
#[derive(Debug)]
pub struct Processes<'p> {
    program: &'p Program,
    /// The folders of the files that build a host.
    folders: Vec<&'p str>,
}

impl<'p> Processes<'p> {
    /// Finds them.
    pub fn new(program: &'p Program) -> Processes<'p> {
        let sites = HOSTS.iter().flat_map(|name| program.calls_named(name));
        let is_csharp = |unit: UnitId| program.language(unit) == Language::CSharp && program.is_production(unit);
        let units = sites.map(|site| site.unit).filter(|unit| is_csharp(*unit));
        let mut folders: Vec<&str> = units.map(|unit| parent(&program.unit(unit).path)).collect();
        folders.sort_unstable();
        folders.dedup();
        Processes { program, folders }
    }

    /// True unless two files run in different processes.
    pub fn together(&self, a: UnitId, b: UnitId) -> bool {
        let (a, b) = (self.of(a), self.of(b));
        a.is_none() || b.is_none() || a == b
    }

    /// True for a file that runs in one of them, and in no other.
    pub fn is_one_of(&self, unit: UnitId) -> bool {
        self.of(unit).is_some()
    }

    /// The process that a file runs in, by its folder; none for one that several may share.
    fn of(&self, unit: UnitId) -> Option<&'p str> {
        let path = self.program.unit(unit).path.as_str();
        let own = self.folders.iter().copied().filter(|folder| within(path, folder)).max_by_key(|folder| folder.len());
        own.or_else(|| {
            let mut beside = self.folders.iter().copied().filter(|folder| {
                let around = parent(folder);
                !around.is_empty()
                    && within(path, around)
                    && self.folders.iter().filter(|other| within(other, around)).count() == 1
            });
            beside.next()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::jvm_tests::program;
    use crate::program::resolve::Packages;

    #[test]
    fn a_process_is_the_project_that_builds_a_host_with_those_beside_it() {
        let files = [
            ("src/Orders/Orders.Api/Program.cs", "var b = WebApplication.CreateBuilder(args);"),
            ("src/Orders/Orders.Core/Order.cs", "class Order {}"),
            ("src/Stock/Program.cs", "var b = Host.CreateApplicationBuilder(args);"),
            ("src/Shared/Bus.cs", "class Bus {}"),
        ];
        let program = program(&files, &Packages::default());
        let unit = |path: &str| program.ids().find(|u| program.unit(*u).path == path).unwrap();
        let processes = Processes::new(&program);
        let together = |a: &str, b: &str| processes.together(unit(a), unit(b));
        assert!(together("src/Orders/Orders.Api/Program.cs", "src/Orders/Orders.Core/Order.cs"));
        assert!(!together("src/Orders/Orders.Core/Order.cs", "src/Stock/Program.cs"));
        assert!(together("src/Shared/Bus.cs", "src/Stock/Program.cs"));
    }
}
