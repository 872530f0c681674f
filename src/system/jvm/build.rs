//! What the builds of Maven and Gradle depend on, by their texts: a service's own build file, what it
//! inherits (the parents of Maven, `subprojects` and convention plugins of Gradle), the modules of the
//! repository that it includes, and what a version catalog means by its aliases.

use std::collections::{HashMap, HashSet};

use crate::files::{self, Tree, Zone, zone};
use crate::program::resolve::within;
use crate::syntax::data::{Node, toml};

/// How many modules of the repository a build can lead to.
const MAX_MODULES: usize = 60;

/// A build file.
struct Build {
    folder: String,
    /// The name under which other modules include it: the `artifactId`, else the folder's.
    name: String,
    /// Without comments and what only manages versions.
    text: String,
    is_maven: bool,
    /// What the text mentions, in the forms in which modules are included.
    mentions: Mentions,
}

impl Build {
    fn new(folder: &str, text: String, is_maven: bool) -> Build {
        let last = folder.rsplit('/').next().unwrap_or(folder);
        let name = artifact(&text).filter(|_| is_maven).unwrap_or_else(|| last.to_string());
        let mentions = Mentions::of(&text);
        Build { folder: folder.to_string(), name, text, is_maven, mentions }
    }

    /// True when this build includes the module that another one builds.
    fn includes(&self, other: &Build) -> bool {
        let last = other.folder.rsplit('/').next().unwrap_or(&other.folder);
        let Mentions { artifacts, modules, accessors } = &self.mentions;
        artifacts.contains(&other.name)
            || modules.contains(last)
            || (!accessors.is_empty() && accessors.contains(&last.replace(['-', '_'], "").to_lowercase()))
    }
}

/// The modules that a build file may include.
#[derive(Default)]
struct Mentions {
    /// `<artifactId>orders</artifactId>`
    artifacts: HashSet<String>,
    /// `project(":libs:orders")`: what follows the last colon.
    modules: HashSet<String>,
    /// `projects.libs.orderEvents`: the last part in lower case.
    accessors: HashSet<String>,
}

impl Mentions {
    fn of(text: &str) -> Mentions {
        let artifact = |rest: &str| rest.split_once("</artifactId>").map(|(name, _)| name.to_owned());
        let module = |(at, _): (usize, &str)| {
            let before = &text[..at];
            let from = before.rfind([':', '"', '\'', '\n'])?;
            before[from..].strip_prefix(':').map(str::to_owned)
        };
        let accessor = |line: &str| {
            let line = line.trim().trim_end_matches([')', ' ']);
            line.contains("projects.").then(|| line.rsplit('.').next().map(str::to_lowercase))?
        };
        Mentions {
            artifacts: text.split("<artifactId>").skip(1).filter_map(artifact).collect(),
            modules: text.match_indices(['"', '\'']).filter_map(module).collect(),
            accessors: text.lines().filter_map(accessor).collect(),
        }
    }
}

/// The build files of a tree.
pub(in crate::system) struct Builds {
    builds: Vec<Build>,
    names: Vec<String>,
}

impl Builds {
    /// Reads them.
    pub(in crate::system) fn read(tree: &Tree) -> Builds {
        let catalogs = catalogs(tree);
        let mut builds = Vec::new();
        for id in tree.ids() {
            let file = tree.file(id);
            let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
            let gradle = name.ends_with(".gradle") || name.ends_with(".gradle.kts") || is_plugin_folder(folder);
            let is_maven = name == "pom.xml";
            if (!is_maven && !gradle) || zone(&file.path) != Zone::Production {
                continue;
            }
            let Ok(text) = files::read(file) else { continue };
            let mut text = without_comments(&text, is_maven);
            if is_maven {
                text = without_element(&text, "dependencyManagement");
            } else {
                aliases(&mut text, folder, &catalogs);
            }
            builds.push(Build::new(folder, text, is_maven));
        }
        let names = builds.iter().map(|b| b.name.clone()).collect();
        Builds { builds, names }
    }

    /// The text of all that decides what a folder depends on; none without a build file of its own.
    pub(in crate::system) fn text(&self, root: &str) -> Option<String> {
        let included = self.of(root);
        if included.is_empty() {
            return None;
        }
        let mut out = String::new();
        for above in self.builds.iter().filter(|b| b.folder != root) {
            if is_plugin_folder(&above.folder) || (within(root, &above.folder) && above.is_maven) {
                out.push_str(&above.text);
                out.push('\n');
            } else if within(root, &above.folder) {
                for_modules(&above.text, &mut out);
            }
        }
        for build in included {
            out.push_str(&build.text);
            out.push('\n');
        }
        Some(out)
    }

    /// The folders of the modules that the build of a folder includes, its own among them.
    pub(super) fn included(&self, root: &str) -> HashSet<&str> {
        self.of(root).into_iter().map(|build| build.folder.as_str()).collect()
    }

    /// The builds of a folder, then those of the modules that they include.
    fn of(&self, root: &str) -> Vec<&Build> {
        let mut open: Vec<&Build> = self.builds.iter().filter(|b| b.folder == root).collect();
        let mut done: Vec<&Build> = Vec::new();
        while let Some(build) = open.pop() {
            let is_it = |other: &&Build| other.folder == build.folder && other.text == build.text;
            if done.len() > MAX_MODULES || done.iter().any(is_it) {
                continue;
            }
            done.push(build);
            // A list of modules is no dependency, but those of a service's own folder are the service.
            if build.text.contains("<modules>") {
                let is_module = |b: &&Build| {
                    b.folder
                        .strip_prefix(root)
                        .and_then(|rest| rest.strip_prefix('/'))
                        .is_some_and(|module| build.text.contains(&format!("<module>{module}</module>")))
                };
                open.extend(self.builds.iter().filter(|_| !root.is_empty() && build.folder == root).filter(is_module));
                continue;
            }
            open.extend(self.builds.iter().filter(|b| !b.folder.is_empty() && build.includes(b)));
        }
        done
    }

    /// True when the text depends on something of the company that is not in the repository: it may bring
    /// anything. `package` is that of the service's own code.
    pub(super) fn is_open(&self, text: &str, package: &str) -> bool {
        if foreign_parent(text) {
            return true;
        }
        let Some(group) = company(package) else { return false };
        let is_ours =
            |found: &str| found == group || found.strip_prefix(group.as_str()).is_some_and(|r| r.starts_with('.'));
        let maven = text.split("<dependency>").skip(1).any(|rest| {
            let dependency = rest.split("</dependency>").next().unwrap_or(rest);
            let artifact = element(dependency, "artifactId").unwrap_or("");
            element(dependency, "groupId").is_some_and(is_ours) && !self.names.iter().any(|n| n == artifact)
        });
        let gradle = text.split(['"', '\'']).skip(1).step_by(2).any(|coordinate| {
            let mut parts = coordinate.split(':');
            let (found, artifact) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            !artifact.is_empty() && is_ours(found) && !self.names.iter().any(|n| n == artifact)
        });
        maven || gradle
    }
}

/// The first two parts of a package, three where the first two are those of a host of many.
fn company(package: &str) -> Option<String> {
    const HOSTS: [&str; 8] = [
        "com.github",
        "io.github",
        "com.example",
        "org.example",
        "org.springframework",
        "io.quarkus",
        "io.micronaut",
        "org.acme",
    ];
    let parts: Vec<&str> = package.split('.').collect();
    let two = parts.get(..2)?.join(".");
    if HOSTS.contains(&two.as_str()) { Some(parts.get(..3)?.join(".")) } else { Some(two) }
}

/// Convention plugins: they are applied by name, and may add to any module.
fn is_plugin_folder(folder: &str) -> bool {
    ["buildSrc", "build-logic", "gradle/plugins"].iter().any(|p| folder == *p || folder.starts_with(&format!("{p}/")))
}

/// What a build of Gradle says for the modules below it: `subprojects { … }`, `allprojects { … }`.
fn for_modules(text: &str, out: &mut String) {
    for word in ["subprojects", "allprojects", "configure("] {
        for (at, _) in text.match_indices(word) {
            let rest = &text[at..];
            let Some(open) = rest.find('{').filter(|open| *open < 200) else { continue };
            let mut depth = 0;
            let end = rest[open..].char_indices().find_map(|(i, c)| {
                depth += i32::from(c == '{') - i32::from(c == '}');
                (depth == 0).then_some(open + i)
            });
            out.push_str(&rest[open..end.unwrap_or(rest.len())]);
            out.push('\n');
        }
    }
}

/// A parent that is neither in the repository nor Spring Boot's own can bring any dependency.
fn foreign_parent(text: &str) -> bool {
    text.split("<parent>").skip(1).any(|rest| {
        let parent = rest.split("</parent>").next().unwrap_or(rest);
        let local = parent.contains("<relativePath>") || parent.contains("spring-boot-starter-parent");
        let group = element(parent, "groupId").unwrap_or("");
        // The parents of the repository are part of the text, under their own names.
        let artifact = element(parent, "artifactId").unwrap_or("");
        let known = ["io.micronaut", "io.quarkus", "org.springframework"].iter().any(|g| group.starts_with(g));
        !local
            && !known
            && !group.is_empty()
            && text.matches(&format!("<artifactId>{artifact}</artifactId>")).count() < 2
    })
}

fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let rest = text.split_once(&format!("<{name}>"))?.1;
    Some(rest.split('<').next().unwrap_or(rest).trim())
}

/// The name of a Maven module: the first `artifactId` that is not the parent's.
fn artifact(text: &str) -> Option<String> {
    let own = without_element(text, "parent");
    let own = own.split("<dependencies>").next().unwrap_or(&own);
    element(own.split("<build>").next().unwrap_or(own), "artifactId").map(str::to_string)
}

fn without_element(text: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    cut(text, &open, &close)
}

fn cut(text: &str, open: &str, close: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        out.push_str(before);
        rest = after.split_once(close).map_or("", |(_, tail)| tail);
    }
    out.push_str(rest);
    out
}

fn without_comments(text: &str, xml: bool) -> String {
    if xml {
        return cut(text, "<!--", "-->");
    }
    // Globs such as `"**/*.class"` open no comment.
    let out = if text.contains("*/") { cut(text, "/*", "*/") } else { text.to_string() };
    out.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The version catalogs: the folder they apply to, and what each alias stands for.
type Catalogs = Vec<(String, HashMap<String, String>)>;

fn catalogs(tree: &Tree) -> Catalogs {
    let mut out = Vec::new();
    for id in tree.ids() {
        let file = tree.file(id);
        let Some(folder) = file.path.strip_suffix("gradle/libs.versions.toml") else { continue };
        let Some(root) = files::read(file).ok().and_then(|text| toml(&text).ok()) else { continue };
        let mut found: HashMap<String, String> = HashMap::new();
        for table in ["libraries", "plugins"] {
            for entry in root.get(table).map(Node::entries).unwrap_or_default() {
                let text = |key: &str| entry.value.get(key).and_then(|n| n.text()).map(str::to_string);
                let module = text("module").or_else(|| Some(format!("{}:{}", text("group")?, text("name")?)));
                let module = module.or_else(|| text("id")).or_else(|| entry.value.text().map(str::to_string));
                found.insert(alias(entry.name()), module.unwrap_or_default());
            }
        }
        for entry in root.get("bundles").map(Node::entries).unwrap_or_default() {
            let members: Vec<String> = entry
                .value
                .items()
                .iter()
                .filter_map(|i| i.text())
                .filter_map(|a| found.get(&alias(a)).cloned())
                .collect();
            found.insert(format!("bundles.{}", alias(entry.name())), members.join("\n"));
        }
        out.push((folder.trim_end_matches('/').to_string(), found));
    }
    out
}

/// `spring-boot_web` is written `libs.spring.boot.web`.
fn alias(name: &str) -> String {
    name.replace(['-', '_'], ".")
}

/// Adds what the aliases of a build file stand for.
fn aliases(text: &mut String, folder: &str, catalogs: &Catalogs) {
    let Some((_, catalog)) = catalogs.iter().filter(|(root, _)| within(folder, root)).max_by_key(|(r, _)| r.len())
    else {
        return;
    };
    let mut found = Vec::new();
    for (at, _) in text.match_indices("libs.") {
        let rest = &text[at + 5..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_')).unwrap_or(rest.len());
        found.extend(catalog.get(rest[..end].trim_end_matches(".get")).cloned());
    }
    for module in found {
        text.push_str(&format!("\n\"{}\"", module.replace('\n', "\"\n\"")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(folder: &str, text: &str) -> Build {
        Build::new(folder, text.to_owned(), text.starts_with('<'))
    }

    fn builds(files: &[(&str, &str)]) -> Builds {
        let builds: Vec<Build> = files.iter().map(|(folder, text)| build(folder, text)).collect();
        Builds { names: builds.iter().map(|b| b.name.clone()).collect(), builds }
    }

    #[test]
    fn gradle_modules_inherit_what_is_said_for_them_only() {
        let root = "dependencies { implementation 'a:root-only' }\nsubprojects {\n  dependencies { implementation 'a:every' }\n}\n";
        let found = builds(&[
            ("", root),
            ("orders", "dependencies { implementation project(':libs:web') }"),
            ("libs/web", "api 'a:web'"),
            ("other", "api 'a:other'"),
        ]);
        let text = found.text("orders").unwrap();
        assert!(text.contains("a:every") && text.contains("a:web"), "{text}");
        assert!(!text.contains("root-only") && !text.contains("a:other"), "{text}");
        assert_eq!(found.text("nowhere"), None);
    }

    #[test]
    fn the_modules_of_a_service_are_the_service() {
        let modules = |name: &str, modules: &str| {
            format!("<project><artifactId>{name}</artifactId><modules>{modules}</modules></project>")
        };
        let (all, orders) = (modules("all", "<module>orders</module>"), modules("orders", "<module>web</module>"));
        let web = "<project><artifactId>orders-web</artifactId><dependencies><dependency><artifactId>actuator</artifactId></dependency></dependencies></project>";
        let found = builds(&[
            ("", &all),
            ("orders", &orders),
            ("orders/web", web),
            ("orders/tools", "<project>tools</project>"),
        ]);
        let text = found.text("orders").unwrap();
        assert!(text.contains("actuator") && !text.contains("tools"), "{text}");
        // The list of the whole repository is none of a service.
        assert!(!found.text("").unwrap().contains("actuator"));
    }

    #[test]
    fn maven_modules_inherit_from_the_parent_and_include_by_artifact() {
        let parent = "<project><artifactId>all</artifactId><modules><module>x</module></modules><dependencies><dependency><artifactId>every</artifactId></dependency></dependencies></project>";
        let own = "<project><parent><groupId>a</groupId><artifactId>all</artifactId></parent><artifactId>orders</artifactId><dependencies><dependency><groupId>com.acme</groupId><artifactId>acme-web</artifactId></dependency></dependencies></project>";
        let web = "<project><artifactId>acme-web</artifactId><dependencies><dependency><artifactId>deep</artifactId></dependency></dependencies></project>";
        let found = builds(&[("", parent), ("orders", own), ("libs/web", web)]);
        let text = found.text("orders").unwrap();
        assert!(text.contains("every") && text.contains("deep"), "{text}");
        assert!(!found.is_open(&text, "com.acme.orders"));
        // The module is somewhere else.
        let without = builds(&[("", parent), ("orders", own)]);
        assert!(without.is_open(&without.text("orders").unwrap(), "com.acme.orders"));
    }

    #[test]
    fn aliases_of_a_version_catalog_mean_modules() {
        let catalog = HashMap::from([
            ("boot.web".to_string(), "org.springframework.boot:spring-boot-starter-web".to_string()),
            ("bundles.ops".to_string(), "a:actuator\nb:prometheus".to_string()),
        ]);
        let mut text = "implementation(libs.boot.web)\nimplementation(libs.bundles.ops)\n".to_string();
        aliases(&mut text, "orders", &vec![(String::new(), catalog)]);
        assert!(text.contains("starter-web") && text.contains("a:actuator") && text.contains("b:prometheus"), "{text}");
    }
}
