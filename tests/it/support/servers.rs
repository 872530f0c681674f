//! Programs for tests, written as pairs of a path and a text.

use skillcheck::catalog::Catalog;
use skillcheck::extract::routes::{self, Served};
use skillcheck::facts::module::Language;
use skillcheck::facts::{csharp, golang, javascript, jvm, python};
use skillcheck::files::{self, FileKind};
use skillcheck::program::resolve::Packages;
use skillcheck::program::{Evaluator, Index, Program, Unit};
use skillcheck::syntax::FileId;

/// A linked program.
pub(crate) fn program(sources: &[(&str, &str)]) -> Program {
    let units = sources.iter().enumerate().map(|(i, (path, text))| {
        let FileKind::Code(language) = files::classify(path) else { panic!("{path} is no source file") };
        let module = match language {
            Language::Python => python::lower(text).unwrap(),
            Language::JavaScript => javascript::lower(text, javascript::Dialect::Js).unwrap(),
            Language::TypeScript => javascript::lower(text, javascript::Dialect::Ts).unwrap(),
            Language::Java => jvm::java::lower(text).unwrap(),
            Language::Kotlin => jvm::kotlin::lower(text).unwrap(),
            Language::Go => golang::lower(text).unwrap(),
            Language::CSharp => csharp::lower(text).unwrap(),
        };
        assert!(module.syntax_errors.is_empty(), "{path} does not parse");
        Unit { file: FileId(i as u32), path: path.to_string(), index: Index::build(&module), module }
    });
    Program::link(units.collect(), &Packages::default(), &[])
}

/// What the servers of a program answer.
pub(crate) fn served(sources: &[(&str, &str)]) -> Served {
    let program = program(sources);
    let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
    routes::extract(&ev, &|_| true)
}

/// The routes as `GET /path`, sorted; `?` behind those that are not fully known.
pub(crate) fn routes(sources: &[(&str, &str)]) -> Vec<String> {
    let served = served(sources);
    let mut out: Vec<String> =
        served.routes.iter().map(|r| format!("{} {}{}", r.method, r.path, if r.partial { " ?" } else { "" })).collect();
    out.sort();
    out
}
