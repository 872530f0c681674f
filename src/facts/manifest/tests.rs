use proptest::prelude::*;

use super::*;

fn at(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

#[test]
fn package_json_is_read_with_places() {
    let text = r#"{
  "name": "@shop/orders", "private": true, "type": "module", "main": "dist/main.js",
  "bin": "cli.js",
  "exports": {".": {"import": "./a.mjs", "require": ["./a.cjs"]}, "./b": "./b.js"},
  "scripts": {"start": "node dist/main.js", "bad": 1},
  "dependencies": {"axios": "^1.6.0"},
  "devDependencies": {"jest": "29"},
  "peerDependencies": {"react": ">=18"},
  "workspaces": {"packages": ["apps/*"]}
}"#;
    let package = package_json(text).unwrap();
    assert_eq!(package.name.as_ref().unwrap().value, "@shop/orders");
    assert!(package.private && package.is_module);
    assert_eq!(package.bin[0].command.value, "cli.js");
    let axios = package.dependency("axios").unwrap();
    assert_eq!((axios.version.as_str(), axios.kind), ("^1.6.0", RequirementKind::Runtime));
    assert_eq!(at(text, axios.span), "\"axios\": \"^1.6.0\"");
    assert_eq!(package.dependency("jest").unwrap().kind, RequirementKind::Development);
    assert_eq!(package.dependency("react").unwrap().kind, RequirementKind::Peer);
    assert_eq!(package.script("start").unwrap().command.value, "node dist/main.js");
    assert_eq!(package.scripts.len(), 1);
    assert_eq!(package.workspaces[0].value, "apps/*");
    let exports: Vec<_> = package.exports.iter().map(|e| (e.name.as_str(), e.command.as_str())).collect();
    assert_eq!(exports, [(".", "./a.mjs"), (".", "./a.cjs"), ("./b", "./b.js")]);
    assert_eq!(package_json(r#"{"workspaces": ["a", "b"]}"#).unwrap().workspaces.len(), 2);
    assert!(package_json("[]").unwrap_err().message.contains("no object"));
    assert!(package_json("{\"a\"").is_err());
}

#[test]
fn pyproject_pep_621_and_uv() {
    let text = r#"
[project]
name = "Orders_Service"
dependencies = ["httpx[http2]>=0.27,<1 ; python_version > '3.9'", "Pika", "shop.events (>=1)"]
[project.optional-dependencies]
kafka = ["aiokafka"]
[project.scripts]
orders = "orders.main:run"
[dependency-groups]
dev = ["pytest", {include-group = "lint"}]
[tool.uv.workspace]
members = ["services/*"]
[tool.uv.sources]
shop-events = { workspace = true }
lib = { path = "../lib" }
"#;
    let project = pyproject(text).unwrap();
    assert_eq!(project.name.as_ref().unwrap().value, "Orders_Service");
    let names: Vec<_> = project.dependencies.iter().map(|d| (d.name.as_str(), d.version.as_str(), d.kind)).collect();
    assert_eq!(
        names,
        [
            ("httpx", ">=0.27,<1", RequirementKind::Runtime),
            ("pika", "", RequirementKind::Runtime),
            ("shop-events", ">=1", RequirementKind::Runtime),
            ("aiokafka", "", RequirementKind::Optional),
            ("pytest", "", RequirementKind::Development),
        ]
    );
    assert_eq!(at(text, project.dependency("pika").unwrap().span), "\"Pika\"");
    assert_eq!(project.scripts[0].command.value, "orders.main:run");
    assert_eq!(project.workspace_members[0].value, "services/*");
    let local: Vec<_> = project.local.iter().map(|(n, p)| (n.as_str(), p.as_ref().map(Spanned::as_str))).collect();
    assert_eq!(local, [("shop-events", None), ("lib", Some("../lib"))]);
}

#[test]
fn pyproject_poetry() {
    let text = r#"
[tool.poetry]
name = "orders"
packages = [{include = "app", from = "src"}]
[tool.poetry.dependencies]
python = "^3.12"
httpx = {version = "^0.27", extras = ["http2"]}
shared = {path = "../shared", develop = true}
any = "*"
opt = {version = "1", optional = true}
[tool.poetry.group.dev.dependencies]
pytest = "8"
"#;
    let project = pyproject(text).unwrap();
    assert_eq!(project.name.as_ref().unwrap().value, "orders");
    assert!(project.dependency("python").is_none());
    assert_eq!(project.dependency("httpx").unwrap().version, "^0.27");
    assert_eq!(project.dependency("any").unwrap().version, "");
    assert_eq!(project.dependency("opt").unwrap().kind, RequirementKind::Optional);
    assert_eq!(project.dependency("pytest").unwrap().kind, RequirementKind::Development);
    assert_eq!(project.local[0].1.as_ref().unwrap().value, "../shared");
    assert_eq!(project.packages[0].value, "src/app");
    assert!(pyproject("[project\n").is_err());
}

#[test]
fn requirements_forms() {
    let text = "# head\nfastapi==0.110.0  # web\nSQLAlchemy[asyncio]>=2,<3 ; python_version>'3'\n-r base.txt\n--requirement=more.txt\n-c constraints.txt\n-e ../shared[x]\n./libs/events\nhttpx @ https://x/y.whl\n--index-url https://x\npika \\\n    --hash=sha256:ab\n\n??\n";
    let found = requirements("requirements.txt", text);
    let names: Vec<_> = found.requirements.iter().map(|r| (r.name.as_str(), r.version.as_str())).collect();
    assert_eq!(
        names,
        [("fastapi", "==0.110.0"), ("sqlalchemy", ">=2,<3"), ("httpx", "@ https://x/y.whl"), ("pika", "")]
    );
    assert_eq!(at(text, found.requirements[1].name.span), "SQLAlchemy");
    let paths = |list: &[Spanned<String>]| list.iter().map(|p| p.value.clone()).collect::<Vec<_>>();
    assert_eq!(paths(&found.includes), ["base.txt", "more.txt", "constraints.txt"]);
    assert_eq!(paths(&found.local), ["../shared", "./libs/events"]);
    assert_eq!(requirements("a/requirements-dev.txt", "x").requirements[0].kind, RequirementKind::Development);
    assert_eq!(requirements("requirements/test.txt", "x").requirements[0].kind, RequirementKind::Development);
}

#[test]
fn tsconfig_with_comments_and_trailing_commas() {
    let text = r#"// base
{
  "extends": ["./a.json", "@tsconfig/node20"],
  "compilerOptions": {
    "baseUrl": "./", /* here */
    "paths": { "@shop/*": ["libs/*/src", "x/*",], },
    "outDir": "dist",
  },
  "references": [{"path": "../shared"}],
}"#;
    let config = tsconfig(text).unwrap();
    assert_eq!(config.extends.len(), 2);
    assert_eq!(config.base_url.unwrap().value, "./");
    assert_eq!(config.paths[0].pattern.value, "@shop/*");
    assert_eq!(config.paths[0].targets.len(), 2);
    assert_eq!(config.references[0].value, "../shared");
    assert_eq!(tsconfig(r#"{"extends": "./a.json"}"#).unwrap().extends[0].value, "./a.json");
    assert_eq!(tsconfig("  \n").unwrap(), TsConfig::default());
    assert!(tsconfig("{ // open").is_err());
}

#[test]
fn nest_cli_monorepo_and_pnpm() {
    let config = nest_cli(
        r#"{"sourceRoot": "apps/api/src", "monorepo": true, "root": "apps/api", "projects": {
            "api": {"type": "application", "root": "apps/api", "entryFile": "main", "sourceRoot": "apps/api/src"},
            "common": {"type": "library", "root": "libs/common"}}}"#,
    )
    .unwrap();
    assert!(config.monorepo && config.projects[0].is_application && !config.projects[1].is_application);
    assert_eq!(config.projects[1].root.as_ref().unwrap().value, "libs/common");
    assert_eq!(pnpm_workspace("packages:\n  - apps/*\n  - '!x'\n").unwrap()[1].value, "!x");
}

proptest! {
    #[test]
    fn requirements_never_panic_and_spans_are_inside(text in "[a-b\\[\\]=<>;#@ .\\\\/\t\r\nä-]{0,60}") {
        let found = requirements("requirements.txt", &text);
        let names = found.requirements.iter().flat_map(|r| [r.span, r.name.span]);
        for span in names.chain(found.includes.iter().chain(&found.local).map(|p| p.span)) {
            prop_assert!(text.get(span.start as usize..span.end as usize).is_some(), "{:?}", span);
        }
    }
}
