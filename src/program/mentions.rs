//! The imports of a source text that is not parsed, found by their words alone: enough to know whom a
//! file may depend on. What looks like an import and is none (in a string, in a comment) costs a parse,
//! nothing else.

use std::collections::HashSet;

use memchr::memmem;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::facts::module::Language;

/// A module that a text names, and the name it takes from it, where the language needs that to find
/// the file (`from package import module`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mention {
    /// The module, as written.
    pub module: SmolStr,
    /// The name.
    pub name: Option<SmolStr>,
}

/// How long the name of a module can be, in bytes.
const MAX_NAME: usize = 300;

/// How far the list of names in parentheses can reach, in bytes.
const MAX_NAMES: usize = 4_000;

/// The modules that a text seems to import. Linear in its length.
pub fn mentions(language: Language, text: &str) -> Vec<Mention> {
    let mut found = match language {
        Language::Python => python(text),
        Language::JavaScript | Language::TypeScript => javascript(text),
        Language::Java | Language::Kotlin => jvm(text),
        Language::Go => go(text),
        Language::CSharp => types(text).map(|name| Mention { module: SmolStr::default(), name: Some(name) }).collect(),
    };
    found.sort();
    found.dedup();
    found
}

/// The types that a text in C# seems to declare, also those that are not called like its file.
pub fn declared(text: &str) -> Vec<SmolStr> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let mut found = Vec::new();
    let mut before = "";
    for word in words {
        let is_type = matches!(before, "class" | "record" | "struct" | "interface" | "enum");
        if is_type && word.starts_with(char::is_uppercase) && word.len() <= MAX_NAME {
            found.push(SmolStr::new(word));
        }
        before = word;
    }
    found.sort();
    found.dedup();
    found
}

/// Imports, and words that may be types of the file's own package.
fn jvm(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut package = SmolStr::default();
    for line in text.split(['\n', ';']) {
        let mut words = line.split([' ', '\t', '\r']).filter(|word| !word.is_empty());
        match (words.next(), words.next(), words.next()) {
            (Some("package"), Some(name), _) if name.len() <= MAX_NAME => package = name.into(),
            (Some("import"), Some("static"), Some(path)) | (Some("import"), Some(path), _)
                if path.len() <= MAX_NAME =>
            {
                if let Some((module, name)) = path.rsplit_once('.') {
                    found.push(Mention { module: module.into(), name: (name != "*").then(|| name.into()) });
                }
            }
            _ => {}
        }
    }
    found.extend(types(text).map(|name| Mention { module: package.clone(), name: Some(name) }));
    found
}

/// The words of a text that may be types, each once.
fn types(text: &str) -> impl Iterator<Item = SmolStr> {
    let words: HashSet<&str> = text
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| word.len() <= MAX_NAME && word.starts_with(char::is_uppercase))
        .collect();
    words.into_iter().map(SmolStr::new)
}

/// `import "x"`, and the lines of `import ( … )`. Imports stand before everything else but the package.
fn go(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut in_list = false;
    for line in text.lines().map(str::trim) {
        let spec = match line.strip_prefix("import") {
            Some(rest) if rest.trim_start().starts_with('(') => {
                in_list = true;
                rest.trim_start().trim_start_matches('(')
            }
            Some(rest) => rest,
            None if in_list => line,
            None if ["func ", "type ", "var ", "const "].iter().any(|word| line.starts_with(word)) => break,
            None => continue,
        };
        in_list = in_list && !line.starts_with(')');
        if let Some(module) = spec.split(['"', '`']).nth(1).filter(|module| module.len() <= MAX_NAME) {
            found.push(Mention { module: module.into(), name: None });
        }
    }
    found
}

fn python(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    for at in memmem::find_iter(text.as_bytes(), "import") {
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let Some(before) = text.get(line.max(at.saturating_sub(MAX_NAME))..at).map(str::trim) else { continue };
        let rest = &text[at + "import".len()..];
        if !rest.starts_with([' ', '\t', '(', '\\']) {
            continue;
        }
        if before.is_empty() {
            let names = rest.lines().next().unwrap_or_default().split(',');
            let modules = names.filter_map(|name| name.split_whitespace().next());
            found.extend(modules.map(|module| Mention { module: module.into(), name: None }));
        } else if let Some(module) = before.strip_prefix("from ").map(str::trim) {
            let names = match rest.trim_start().strip_prefix('(') {
                Some(list) => list.bytes().take(MAX_NAMES).position(|b| b == b')').map_or("", |end| &list[..end]),
                None => rest.lines().next().unwrap_or_default(),
            };
            for line in names.lines() {
                for name in line.split('#').next().unwrap_or_default().split(',') {
                    if let Some(name) = name.split_whitespace().next() {
                        found.push(Mention { module: module.into(), name: Some(name.into()) });
                    }
                }
            }
        }
    }
    found
}

/// `from "x"`, `import "x"`, `import("x")`, `require("x")`.
fn javascript(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    for word in ["from", "import", "require"] {
        for at in memmem::find_iter(text.as_bytes(), word) {
            let rest = text[at + word.len()..].trim_start();
            let rest = rest.strip_prefix('(').map_or(rest, str::trim_start);
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) else { continue };
            let name = &rest.as_bytes()[1..rest.len().min(MAX_NAME)];
            let end = name.iter().position(|&b| b == quote as u8 || b == b'\n');
            if let Some(module) = end.and_then(|end| rest.get(1..=end)).filter(|module| !module.is_empty()) {
                found.push(Mention { module: module.into(), name: None });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(language: Language, text: &str) -> Vec<String> {
        let name = |name: Option<SmolStr>| name.map(|name| format!(" {name}")).unwrap_or_default();
        mentions(language, text).into_iter().map(|m| format!("{}{}", m.module, name(m.name))).collect()
    }

    #[test]
    fn python_imports() {
        let text = "import os, app.clients as c\nfrom . import stock\nfrom app.peers import (\n    one,  # , no\n    two as t,\n)\n\
                    def f():\n    from ..late import x\nimportant = 1\n";
        let expected = [". stock", "..late x", "app.clients", "app.peers one", "app.peers two", "os"];
        assert_eq!(told(Language::Python, text), expected);
    }

    #[test]
    fn csharp_declarations() {
        let text = "namespace Shop;\npublic record OrderPlaced(Guid Id);\npublic readonly record struct Money(int Cents);\n\
                    internal class Store<T> where T : class { enum Kind { A } }\n";
        assert_eq!(declared(text), ["Kind", "Money", "OrderPlaced", "Store"]);
    }

    #[test]
    fn javascript_imports() {
        let text = "import a, {\n  b,\n} from './a';\nimport \"./effects\";\nexport * from `./c`;\n\
                    const d = require( './d' );\nawait import(\"./e\");\nconst from = 'x'; f(require(name)); from ''";
        assert_eq!(told(Language::TypeScript, text), ["./a", "./c", "./d", "./e", "./effects"]);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(import|from|require|[('\"`ä\n.,) a])*") {
            for language in [Language::Python, Language::TypeScript] {
                let _ = mentions(language, &text);
            }
        }
    }
}
