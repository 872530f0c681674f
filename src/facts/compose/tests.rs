use super::*;
use crate::facts::command::CommandForm;
use crate::syntax::data::yaml;

const FULL: &str = r#"
name: shop
include:
  - infra/compose.yaml
  - path: [a.yml, b.yml]
    project_directory: ./x
x-env: &env
  LOG: info
  SHARED: "1"
services:
  orders:
    build:
      context: ./orders
      dockerfile: Dockerfile.prod
      target: run
      args: {PY: "3.12"}
    command: uvicorn app.main:app --port 80
    entrypoint: ["tini", "--"]
    environment:
      <<: *env
      DATABASE_URL: postgres://u:${PW:-x}@orders-db/orders
      LOG: debug
      PORT: 8000
      PASSED:
    env_file:
      - .env
      - path: ./extra.env
        required: false
    ports:
      - "${PORT:-8000}:80"
      - 9000
      - target: 81
        published: "8081"
    expose: [80]
    depends_on:
      orders-db: {condition: service_healthy}
      broker:
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:80/health"]
      interval: 5s
    profiles: [web]
    labels: ["traefik.enable=true"]
    deploy: {replicas: 2}
    container_name: orders
    stop_grace_period: 30s
    networks:
      back: {aliases: [order-api]}
    volumes:
      - ./config:/etc/app:ro
      - type: volume
        source: data
        target: /data
  orders-db:
    image: postgres:16
    environment:
      - POSTGRES_DB=orders
      - "POSTGRES_PASSWORD=a=b"
      - TZ
    healthcheck: {test: pg_isready -U x}
    ports: !reset []
  worker:
    extends: {file: common.yml, service: base}
    build: ./worker
    healthcheck: {disable: true}
    env_file: worker.env
    depends_on: [orders]
"#;

fn at(span: Span) -> &'static str {
    &FULL[span.start as usize..span.end as usize]
}

fn setting<'a>(settings: &'a [Setting], key: &str) -> &'a Setting {
    settings.iter().find(|s| s.key.value == key).unwrap()
}

#[test]
fn a_service_is_read_with_its_places() {
    let file = compose(FULL);
    assert!(file.errors.is_empty(), "{:?}", file.errors);
    assert_eq!(file.name.unwrap().value, "shop");
    let orders = &file.services[0];
    assert_eq!(at(orders.name.span), "orders");
    let build = orders.build.as_ref().unwrap();
    assert_eq!(build.context.as_ref().unwrap().value, "./orders");
    assert_eq!(build.dockerfile.as_ref().unwrap().value, "Dockerfile.prod");
    assert_eq!(build.target.as_ref().unwrap().value, "run");
    assert_eq!(build.args[0].key.value, "PY");
    assert_eq!(orders.command.as_ref().unwrap().words()[1], "app.main:app");
    assert_eq!(orders.entrypoint.as_ref().unwrap().form, CommandForm::Exec(vec!["tini".into(), "--".into()]));
    let log = setting(&orders.environment, "LOG");
    assert_eq!((log.value.as_ref().unwrap().value.as_str(), at(log.span)), ("debug", "LOG: debug"));
    assert_eq!(setting(&orders.environment, "SHARED").value.as_ref().unwrap().value, "1");
    assert_eq!(setting(&orders.environment, "PORT").value.as_ref().unwrap().value, "8000");
    assert_eq!(setting(&orders.environment, "PASSED").value, None);
    let env: Vec<_> = orders.env_files.iter().map(|f| (f.path.as_str(), f.required)).collect();
    assert_eq!(env, [(".env", true), ("./extra.env", false)]);
    assert_eq!(orders.ports.len(), 3);
    assert_eq!((orders.ports[2].published.as_deref(), orders.ports[2].target.as_str()), (Some("8081"), "81"));
    assert_eq!(orders.depends_on[0].condition, "service_healthy");
    assert_eq!(orders.depends_on[1].condition, "service_started");
    let health = orders.healthcheck.as_ref().unwrap();
    assert_eq!(health.test.as_ref().unwrap().words()[0], "curl");
    assert_eq!(orders.replicas.as_ref().unwrap().value, "2");
    assert_eq!(orders.networks[0].aliases[0].value, "order-api");
    assert_eq!(orders.volumes.len(), 2);
    assert_eq!(setting(&orders.labels, "traefik.enable").value.as_ref().unwrap().value, "true");
}

#[test]
fn list_forms_have_key_and_value_places() {
    let file = compose(FULL);
    let db = &file.services[1];
    let name = setting(&db.environment, "POSTGRES_DB");
    assert_eq!((at(name.key.span), at(name.value.as_ref().unwrap().span)), ("POSTGRES_DB", "orders"));
    let password = setting(&db.environment, "POSTGRES_PASSWORD");
    assert_eq!((at(password.key.span), at(password.value.as_ref().unwrap().span)), ("POSTGRES_PASSWORD", "a=b"));
    assert_eq!(setting(&db.environment, "TZ").value, None);
    assert_eq!(db.healthcheck.as_ref().unwrap().test.as_ref().unwrap().text(), "pg_isready -U x");
    assert_eq!(db.resets, ["ports"]);
}

#[test]
fn extends_include_and_short_forms() {
    let file = compose(FULL);
    let worker = &file.services[2];
    let extends = worker.extends.as_ref().unwrap();
    assert_eq!((extends.file.as_ref().unwrap().as_str(), extends.service.as_str()), ("common.yml", "base"));
    assert!(worker.healthcheck.as_ref().unwrap().disabled);
    assert_eq!(worker.env_files[0].path.value, "worker.env");
    assert_eq!(worker.depends_on[0].service.value, "orders");
    assert_eq!(file.includes.len(), 2);
    assert_eq!(file.includes[1].paths.len(), 2);
}

#[test]
fn ports_and_volumes_are_split() {
    let port = |text: &str| {
        let (published, target) = parse_port(text);
        (published.unwrap_or_default(), target)
    };
    assert_eq!(port("8080:80"), ("8080".into(), "80".into()));
    assert_eq!(port("127.0.0.1:8080:80/tcp"), ("8080".into(), "80".into()));
    assert_eq!(port("127.0.0.1::80"), (String::new(), "80".into()));
    assert_eq!(port("80"), (String::new(), "80".into()));
    let volume = |text: &str| {
        let (source, target) = parse_volume(text);
        (source.unwrap_or_default(), target)
    };
    assert_eq!(volume("./a:/b:ro"), ("./a".into(), "/b".into()));
    assert_eq!(volume("/data"), (String::new(), "/data".into()));
    assert_eq!(volume("c:\\x:/b"), ("c:\\x".into(), "/b".into()));
    assert_eq!(volume("v:/b"), ("v".into(), "/b".into()));
}

#[test]
fn odd_and_broken_files_say_what_is_wrong() {
    assert!(compose("services: [a, b]\n").errors[0].message.contains("no map"));
    assert!(compose("services:\n  a: text\n").errors[0].message.contains("`a` is no map"));
    assert!(!compose("services:\n  a: [\n").errors.is_empty());
    assert!(compose("services:\n  a: {image: x, image: y}\n").errors[0].message.contains("`image` stands twice"));
    assert_eq!(compose("").services.len(), 0);
    assert_eq!(compose("services:\n  a:\n").services[0].name.value, "a");
    let odd = "services:\n  a: {build: [x], ports: 80, environment: 5, depends_on: {b}, healthcheck: 1, extends: {}}\n";
    assert_eq!(compose(odd).services[0].depends_on[0].service.value, "b");
}

#[test]
fn content_tells_a_compose_file_from_others() {
    let is = |text: &str| looks_like_compose(&yaml(text).single().unwrap());
    assert!(is("services:\n  a: {image: x}\n"));
    assert!(!is("services:\n  a: {port: 80}\n"));
    assert!(!is("services: [a]\n"));
    assert!(!is("jobs: {}\nservices:\n  db: {image: x}\n"));
    assert!(!is("- a\n"));
}
