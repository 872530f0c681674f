//! The embedded skill pack, and its rule sections read from Markdown.

mod rules_md;

use include_dir::{Dir, DirEntry, include_dir};

use crate::rules::{Confidence, Severity};

pub use rules_md::parse;

static PACK: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/skills");

/// The rules about suppression comments are explained like those of a skill, though none is taught.
const SUPPRESSION: &str = include_str!("../findings/suppression.md");

/// What a skill says about a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleDoc {
    /// The id: `rest-client/missing-timeout`.
    pub id: String,
    /// How bad it is by default.
    pub severity: Severity,
    /// How sure its findings are.
    pub confidence: Confidence,
    /// The languages it looks at, as the section names them.
    pub languages: Vec<String>,
    /// The first paragraph, on one line.
    pub summary: String,
    /// The whole section, with its heading.
    pub markdown: String,
    /// Code that breaks the rule.
    pub bad: Vec<Example>,
    /// Code that follows it.
    pub good: Vec<Example>,
}

/// One example: one or more files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Example {
    /// The files, in the order of the section.
    pub files: Vec<ExampleFile>,
}

/// A file of an example.
#[derive(Clone, Debug, PartialEq)]
pub struct ExampleFile {
    /// Its path: `file=` of the info string.
    pub path: String,
    /// The language of the info string.
    pub language: String,
    /// Its text.
    pub text: String,
}

/// A file of the pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackFile {
    /// Its path in the pack, with `/`: `rest-client/SKILL.md`.
    pub path: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

/// The names of the skills, sorted: every folder of the pack with a `SKILL.md` or rules.
pub fn skills() -> Vec<&'static str> {
    let mut names: Vec<_> = PACK
        .dirs()
        .filter(|dir| {
            ["SKILL.md", "references/rules.md"].iter().any(|file| dir.get_file(dir.path().join(file)).is_some())
        })
        .filter_map(|dir| dir.path().to_str())
        .collect();
    names.sort_unstable();
    names
}

/// The heading of a skill's `SKILL.md`.
pub fn title(skill: &str) -> Option<&'static str> {
    let text = PACK.get_file(format!("{skill}/SKILL.md"))?.contents_utf8()?;
    text.lines().find_map(|line| line.strip_prefix("# ")).map(str::trim)
}

/// The rules of a skill in the order of its document; empty when there is no such skill.
pub fn of_skill(skill: &str) -> Vec<RuleDoc> {
    let text = match skill {
        "suppression" => Some(SUPPRESSION),
        _ => PACK.get_file(format!("{skill}/references/rules.md")).and_then(|file| file.contents_utf8()),
    };
    // A pack with a wrong section is caught by the tests; at run time the other sections still count.
    text.map(|text| parse(text).0).unwrap_or_default()
}

/// What the skills say about a rule.
pub fn doc(id: &str) -> Option<RuleDoc> {
    let (skill, _) = id.split_once('/')?;
    of_skill(skill).into_iter().find(|doc| doc.id == id)
}

/// The rules of all skills, sorted by id. The rules about suppression comments are not among them.
pub fn docs() -> Vec<RuleDoc> {
    let mut docs: Vec<_> = skills().into_iter().flat_map(of_skill).collect();
    docs.sort_by(|a, b| a.id.cmp(&b.id));
    docs
}

/// What is wrong with the rule documents of the pack: skill, line and reason. For tests.
pub fn faults() -> Vec<(String, rules_md::Fault)> {
    skills()
        .into_iter()
        .filter_map(|skill| Some((skill, PACK.get_file(format!("{skill}/references/rules.md"))?.contents_utf8()?)))
        .chain([("suppression", SUPPRESSION)])
        .flat_map(|(skill, text)| parse(text).1.into_iter().map(|fault| (skill.to_owned(), fault)))
        .collect()
}

pub use rules_md::Fault;

/// All files of the skills, sorted by path: what `init` copies.
pub fn files() -> Vec<PackFile> {
    let mut files = Vec::new();
    for skill in skills() {
        let mut open: Vec<&DirEntry<'static>> =
            PACK.get_dir(skill).map(|dir| dir.entries().iter().collect()).unwrap_or_default();
        while let Some(entry) = open.pop() {
            match entry {
                DirEntry::Dir(dir) => open.extend(dir.entries()),
                DirEntry::File(file) => {
                    if let Some(path) = file.path().to_str() {
                        files.push(PackFile { path, bytes: file.contents() });
                    }
                }
            }
        }
    }
    files.sort_by_key(|file| file.path);
    files
}

#[cfg(test)]
mod tests {
    use super::{doc, faults, of_skill};
    use crate::findings::own_rules;

    #[test]
    fn the_pack_has_no_faults() {
        assert_eq!(faults(), []);
    }

    #[test]
    fn every_rule_about_suppressions_is_explained_with_its_severity() {
        let docs = of_skill("suppression");
        let described: Vec<_> = docs.iter().map(|doc| (doc.id.as_str(), doc.severity)).collect();
        let known: Vec<_> = own_rules().iter().map(|rule| (rule.id, rule.severity)).collect();
        assert_eq!(described, known);
        assert!(doc("suppression/unused").is_some_and(|doc| doc.markdown.starts_with("## suppression/unused")));
        assert_eq!(doc("suppression/nothing"), None);
        assert_eq!(doc("no-slash"), None);
    }
}
