use std::path::PathBuf;

use super::*;
use crate::facts::command::CommandForm;
use crate::facts::compose::compose;
use crate::files::{File, FileKind, classify};
use crate::syntax::data::dotenv;

struct System {
    tree: Tree,
    texts: Vec<String>,
    projects: Vec<ComposeProject>,
}

/// Joins the files of a tree given as (path, text).
fn system(files: &[(&str, &str)]) -> System {
    let mut files = files.to_vec();
    files.sort();
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).to_owned(),
        absolute: PathBuf::from(path),
        size: text.len() as u64,
        ..File::default()
    };
    let tree = Tree { roots: Vec::new(), files: files.iter().map(file).collect(), others: Vec::new() };
    let mut composes = BTreeMap::new();
    for id in tree.ids() {
        if matches!(classify(&tree.file(id).path), FileKind::Compose | FileKind::Yaml) {
            composes.insert(id, compose(files[id.0 as usize].1));
        }
    }
    let wanted = wanted_env_files(&tree, &composes);
    let is_env = |id: &FileId| classify(&tree.file(*id).path) == FileKind::Dotenv || wanted.contains(id);
    let env_files = tree.ids().filter(is_env).map(|id| (id, dotenv(files[id.0 as usize].1))).collect();
    let projects = join(ComposeInputs { tree: &tree, files: &composes, env_files: &env_files });
    System { tree, texts: files.iter().map(|(_, text)| (*text).to_owned()).collect(), projects }
}

impl System {
    fn service(&self, name: &str) -> &ResolvedService {
        self.projects.iter().flat_map(ComposeProject::services).find(|service| service.name == name).unwrap()
    }

    fn env(&self, service: &str, variable: &str) -> Option<&str> {
        self.service(service).env(variable).and_then(|variable| variable.value.as_deref())
    }

    fn at(&self, place: Place) -> (&str, &str) {
        let text = &self.texts[place.file.0 as usize];
        (&self.tree.file(place.file).path, &text[place.span.start as usize..place.span.end as usize])
    }

    /// Folder, then for each environment its name and services.
    #[allow(clippy::type_complexity)]
    fn names(&self) -> Vec<(&str, Vec<(&str, Vec<&str>)>)> {
        self.projects
            .iter()
            .map(|p| {
                let environments = p.environments.iter();
                let names =
                    environments.map(|e| (e.name.as_str(), e.services.iter().map(|s| s.name.as_str()).collect()));
                (p.folder.as_str(), names.collect())
            })
            .collect()
    }
}

#[test]
fn variables_come_from_the_projects_env_file_and_from_defaults() {
    let system = system(&[
        (
            "deploy/compose.yaml",
            "services:\n  api:\n    image: shop/api:${TAG:-1}\n    build: {context: ../api, dockerfile: docker/Dockerfile}\n    environment:\n      URL: postgres://${USER}:${PW}@${HOST:-db}/shop\n      PASSED:\n      NAMED:\n      PW: ${PW}\n    command: [run, --port, '${PORT:-80}']\n    ports: ['${PORT:-80}:8080', '${NOPE}:9']\n",
        ),
        ("deploy/.env", "USER=u\nPW='p$w'\nNAMED=yes\nTAG=${USER}-2\n"),
    ]);
    let api = system.service("api");
    assert_eq!(api.image.as_ref().unwrap().value.as_deref(), Some("shop/api:u-2"));
    assert_eq!((api.context(), api.dockerfile()), (Some("api"), Some("api/docker/Dockerfile")));
    assert_eq!(system.env("api", "URL"), Some("postgres://u:p$w@db/shop"));
    assert_eq!((system.env("api", "PASSED"), system.env("api", "NAMED")), (None, Some("yes")));
    assert_eq!(system.at(api.env("URL").unwrap().place).1, "URL: postgres://${USER}:${PW}@${HOST:-db}/shop");
    let ports: Vec<_> = api.ports.iter().map(|p| (p.published.as_deref(), p.target.as_deref())).collect();
    assert_eq!(ports, [(Some("80"), Some("8080")), (None, Some("9"))]);
    let words = ["run", "--port", "80"].map(String::from).to_vec();
    assert_eq!(api.command.as_ref().unwrap().command.form, CommandForm::Exec(words));
    assert_eq!(system.at(api.place), ("deploy/compose.yaml", "api"));
}

#[test]
fn an_unknown_variable_leaves_the_value_unknown() {
    let system =
        system(&[("compose.yaml", "services:\n  a:\n    image: x\n    environment: ['URL=${HOST:?set}/x']\n")]);
    let url = system.service("a").env("URL").unwrap();
    assert_eq!((url.value.as_deref(), url.raw.as_str()), (None, "${HOST:?set}/x"));
}

#[test]
fn what_is_known_of_a_value_is_kept() {
    let text = "services:\n  a:\n    image: x\n    environment: ['URL=pg://${U}:${P}@${H:-db}/orders']\n";
    let system = system(&[("compose.yaml", text), (".env", "U=me\n")]);
    let url = system.service("a").env("URL").unwrap();
    assert_eq!((url.value.as_deref(), url.partial.as_str()), (None, "pg://me:${P}@db/orders"));
}

#[test]
fn a_dockerfile_is_found_in_the_context_or_else_beside_the_compose_file() {
    let text = "services:\n  a: {build: {context: .., dockerfile: ../a/Dockerfile}}\n  b: {build: {context: .., dockerfile: b/Dockerfile}}\n";
    let system = system(&[("deploy/compose.yaml", text), ("a/Dockerfile", ""), ("b/Dockerfile", "")]);
    assert_eq!(system.service("a").dockerfile(), Some("a/Dockerfile"));
    assert_eq!(system.service("b").dockerfile(), Some("b/Dockerfile"));
}

#[test]
fn the_folder_of_the_shell_is_where_people_start_compose() {
    let text =
        "services:\n  a:\n    build: {context: '${PWD}/a'}\n    volumes: ['${PWD}/a/src:/app', '$PWD:/all:ro']\n";
    let files = |compose| [(compose, text), ("a/Dockerfile", ""), ("a/src/main.py", "")];
    for compose in ["deploy/compose.prod.yaml", "compose.yaml"] {
        let system = system(&files(compose));
        assert_eq!(system.service("a").dockerfile(), Some("a/Dockerfile"), "{compose}");
        let volumes = &system.service("a").volumes;
        let mounted: Vec<_> = volumes.iter().map(|v| (v.path.as_deref(), v.target.as_deref())).collect();
        assert_eq!(mounted, [(Some("a/src"), Some("/app")), (Some(""), Some("/all"))], "{compose}");
    }
    let below = system(&[("shop/compose.yaml", text), ("shop/a/Dockerfile", ""), ("shop/a/src/main.py", "")]);
    assert_eq!(below.service("a").dockerfile(), Some("shop/a/Dockerfile"));
}

#[test]
fn environment_wins_over_env_files_and_later_env_files_over_earlier() {
    let system = system(&[
        (
            "compose.yaml",
            "services:\n  a:\n    image: x\n    env_file: [one.env, conf/two, {path: gone.env, required: false}]\n    environment: {A: compose}\n",
        ),
        ("one.env", "A=one\nB=one\nC=one\n"),
        ("conf/two", "B=two\nD=${C}-${B}\n"),
    ]);
    let values = ["A", "B", "C", "D"].map(|name| system.env("a", name).unwrap());
    assert_eq!(&values[..3], ["compose", "two", "one"]);
    let service = system.service("a");
    assert_eq!(service.env("B").unwrap().origin, Origin::EnvFile);
    assert_eq!(system.at(service.env("B").unwrap().place), ("conf/two", "B=two"));
    let unread: Vec<_> = service.unread_env_files.iter().map(|f| (f.path.as_str(), f.required, f.example)).collect();
    assert_eq!(unread, [("gone.env", false, false)]);
}

#[test]
fn an_example_stands_in_for_an_env_file_that_is_not_committed() {
    let system = system(&[
        (
            "compose.yaml",
            "services:\n  a:\n    image: x\n    env_file: .env\n    environment: {URL: 'db/${DB}', X: 'y'}\n",
        ),
        (".env.example", "DB=orders\n"),
    ]);
    let service = system.service("a");
    let (url, db) = (service.env("URL").unwrap(), service.env("DB").unwrap());
    assert_eq!((url.value.as_deref(), url.assumed), (Some("db/orders"), true));
    assert_eq!((db.value.as_deref(), db.assumed), (Some("orders"), true));
    assert!(!service.env("X").unwrap().assumed);
    assert!(service.unread_env_files[0].example);
}

#[test]
fn an_override_is_merged_by_composes_rules() {
    let system = system(&[
        (
            "docker-compose.yml",
            "services:\n  a:\n    image: x\n    command: one\n    environment: {A: '1', B: '1'}\n    ports: ['80:80']\n    depends_on: [db]\n    volumes: ['./one:/data', 'v:/v']\n    expose: ['1']\n    healthcheck: {test: curl x}\n  db: {image: postgres}\n",
        ),
        (
            "docker-compose.override.yml",
            "services:\n  a:\n    image: y\n    command: two\n    environment: ['B=2', 'C=3']\n    ports: ['80:80', '81:81']\n    depends_on: {db: {condition: service_healthy}}\n    volumes: ['./two:/data']\n    expose: !override ['2']\n    healthcheck: {interval: 5s}\n  extra: {image: z}\n",
        ),
    ]);
    assert_eq!(system.names(), [("", vec![("default", vec!["a", "db", "extra"])])]);
    let a = system.service("a");
    assert_eq!(a.image.as_ref().unwrap().raw, "y");
    assert_eq!(a.command.as_ref().unwrap().command.text(), "two");
    assert_eq!(["A", "B", "C"].map(|n| system.env("a", n).unwrap()), ["1", "2", "3"]);
    assert_eq!(a.ports.len(), 2);
    assert_eq!(a.depends_on.len(), 1);
    assert_eq!(a.depends_on[0].condition, "service_healthy");
    let volumes: Vec<_> = a.volumes.iter().map(|v| (v.path.as_deref(), v.target.as_deref().unwrap())).collect();
    assert_eq!(volumes, [(Some("two"), "/data"), (None, "/v")]);
    assert_eq!(a.expose.iter().map(|e| e.raw.as_str()).collect::<Vec<_>>(), ["2"]);
    assert_eq!(a.healthcheck.as_ref().unwrap().test.as_ref().unwrap().text(), "curl x");
    assert_eq!(a.declarations.len(), 2);
    assert_eq!(system.at(a.place).0, "docker-compose.yml");
    assert_eq!(system.at(a.env("B").unwrap().place), ("docker-compose.override.yml", "'B=2'"));
}

#[test]
fn variants_are_environments_and_no_service_is_lost() {
    let system = system(&[
        ("docker-compose.yml", "services:\n  a: {image: x, environment: {E: base}}\n  db: {image: postgres}\n"),
        ("docker-compose.prod.yml", "services:\n  a: {environment: {E: prod}}\n"),
        ("docker-compose-load.yaml", "services:\n  load: {image: l, depends_on: [a]}\n"),
        ("docker-compose.light.yml", "services:\n  a: {image: light}\n"),
        ("infra/dev.yml", "services:\n  kafka: {image: kafka}\n"),
        ("ci.yml", "jobs: {}\n"),
    ]);
    assert_eq!(
        system.names(),
        [
            (
                "",
                vec![
                    ("default", vec!["a", "db"]),
                    ("light", vec!["a"]),
                    ("load", vec!["a", "db", "load"]),
                    ("prod", vec!["a", "db"]),
                ]
            ),
            ("infra", vec![("dev", vec!["kafka"])]),
        ]
    );
    let names: Vec<_> = system.projects[0].services().iter().map(|s| s.name.clone()).collect();
    assert_eq!(names, ["a", "db", "load"]);
    assert_eq!(system.env("a", "E"), Some("base"));
    let prod = &system.projects[0].environments[3];
    assert_eq!(prod.services[0].env("E").unwrap().value.as_deref(), Some("prod"));
}

#[test]
fn a_folder_without_a_base_file_has_only_variants() {
    let system = system(&[
        ("docker-compose.dev.yml", "services:\n  a: {image: x}\n"),
        ("docker-compose.test.yml", "services:\n  b: {image: x}\n"),
    ]);
    assert_eq!(system.names(), [("", vec![("dev", vec!["a"]), ("test", vec!["b"])])]);
}

#[test]
fn includes_belong_to_the_including_project() {
    let system = system(&[
        (
            "compose.yaml",
            "name: shop\ninclude:\n  - orders/compose.yaml\n  - gone.yaml\nservices:\n  web: {image: x, depends_on: [orders]}\n",
        ),
        (
            "orders/compose.yaml",
            "include: [../compose.yaml, db.yaml]\nservices:\n  orders: {build: ., env_file: o.env, environment: {TOP: '${TOP}'}}\n",
        ),
        ("orders/db.yaml", "services:\n  db: {image: postgres}\n"),
        ("orders/o.env", "A=1\n"),
        (".env", "TOP=t\n"),
        ("orders/.env", "TOP=below\n"),
    ]);
    assert_eq!(system.projects.len(), 1);
    assert_eq!(system.projects[0].name, "shop");
    let mut names: Vec<_> = system.projects[0].services().iter().map(|s| s.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["db", "orders", "web"]);
    assert_eq!(system.service("orders").context(), Some("orders"));
    assert_eq!((system.env("orders", "A"), system.env("orders", "TOP")), (Some("1"), Some("t")));
    let problem = &system.projects[0].problems[0];
    assert!(problem.message.contains("`gone.yaml`"), "{problem:?}");
    assert_eq!(system.at(problem.place), ("compose.yaml", "gone.yaml"));
}

#[test]
fn extends_takes_what_the_base_says() {
    let system = system(&[
        (
            "compose.yaml",
            "services:\n  a:\n    extends: {file: base/common.yml, service: python}\n    environment: {B: a}\n  worker:\n    extends: a\n    command: work\n",
        ),
        (
            "base/common.yml",
            "services:\n  python:\n    extends: root\n    build: ./app\n    env_file: base.env\n    environment: {A: base, B: base}\n  root: {environment: {R: root, A: root}}\n",
        ),
        ("base/base.env", "F=file\n"),
    ]);
    assert_eq!(system.names(), [("", vec![("default", vec!["a", "worker"])])]);
    for service in ["a", "worker"] {
        assert_eq!(system.service(service).context(), Some("base/app"));
        assert_eq!(["A", "B", "R", "F"].map(|n| system.env(service, n).unwrap()), ["base", "a", "root", "file"]);
    }
    assert_eq!(system.service("worker").command.as_ref().unwrap().command.text(), "work");
    assert_eq!(system.at(system.service("worker").place).1, "worker");
    assert!(system.projects[0].problems.is_empty(), "{:?}", system.projects[0].problems);
}

#[test]
fn circles_and_missing_targets_are_told() {
    let system = system(&[
        (
            "compose.yaml",
            "services:\n  a: {extends: b, image: x}\n  b: {extends: {service: a}}\n  c: {extends: gone}\n  d: {extends: {file: ../up.yml, service: d}, image: x}\n",
        ),
        ("x/compose.yaml", "include: [../y/compose.yaml]\nservices: {x: {image: i}}\n"),
        ("y/compose.yaml", "include: [../x/compose.yaml]\nservices: {y: {image: i}}\n"),
    ]);
    let messages: Vec<_> = system.projects[0].problems.iter().map(|p| p.message.as_str()).collect();
    assert!(messages.iter().any(|m| m.contains("leads back to itself")), "{messages:?}");
    assert!(messages.iter().any(|m| m.contains("`gone`") && m.contains("does not exist")), "{messages:?}");
    assert!(messages.iter().any(|m| m.contains("`../up.yml`") && m.contains("not in the linted tree")), "{messages:?}");
    let all: Vec<_> = system.projects.iter().flat_map(ComposeProject::services).map(|s| s.name.as_str()).collect();
    assert!(["a", "b", "c", "d", "x", "y"].iter().all(|name| all.contains(name)), "{all:?}");
}

#[test]
fn a_long_chain_of_extends_ends() {
    let mut text = String::from("services:\n  s0: {image: x}\n");
    for i in 1..1_500 {
        text.push_str(&format!("  s{i}: {{extends: s{}}}\n", i - 1));
    }
    let system = system(&[("compose.yaml", &text)]);
    assert_eq!(system.projects[0].services().len(), 1_500);
    assert!(system.projects[0].problems[0].message.contains("more than 50 levels"));
}

#[test]
fn names_contexts_and_places_outside_the_tree() {
    let system = system(&[(
        "compose.yaml",
        "services:\n  a:\n    build: ../outside\n    container_name: shop-a\n    hostname: host-a\n    networks: {back: {aliases: [alias-a, a]}}\n  b: {build: {context: 'https://x/y.git'}}\n  c: {build: {dockerfile_inline: FROM x}}\n  d: {build: .}\n",
    )]);
    assert_eq!(system.service("a").context(), None);
    assert_eq!(system.service("a").build.as_ref().unwrap().raw_context, "../outside");
    assert_eq!(system.service("a").host_names, ["a", "shop-a", "host-a", "alias-a"]);
    assert_eq!(system.service("b").context(), None);
    assert_eq!((system.service("c").context(), system.service("c").dockerfile()), (Some(""), None));
    assert_eq!((system.service("d").context(), system.service("d").dockerfile()), (Some(""), Some("Dockerfile")));
}
