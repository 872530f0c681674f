//! What a container image is, by its name.

/// What an image brings by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum ImageRole {
    /// A database, cache or search engine.
    Datastore,
    /// A message broker.
    Broker,
    /// A server of static files or a proxy for them: nginx.
    WebServer,
    /// Any other off-the-shelf server: a log shipper, a gateway, a dashboard.
    Server,
    /// A language or operating system: what runs is put in.
    Runtime,
    /// A load generator.
    LoadTool,
    /// A test tool.
    TestTool,
    /// Not known.
    Unknown,
}

const DATASTORES: [&str; 42] = [
    "postgres",
    "postgresql",
    "postgis",
    "timescaledb",
    "pgvector",
    "pgbouncer",
    "mysql",
    "mariadb",
    "percona",
    "mongo",
    "mongodb",
    "redis",
    "valkey",
    "keydb",
    "dragonfly",
    "cassandra",
    "scylla",
    "neo4j",
    "elasticsearch",
    "opensearch",
    "couchdb",
    "couchbase",
    "influxdb",
    "clickhouse",
    "cockroach",
    "dynamodb",
    "mssql",
    "oracle",
    "db2",
    "etcd",
    "memcached",
    "minio",
    "arangodb",
    "qdrant",
    "milvus",
    "weaviate",
    "surrealdb",
    "rethinkdb",
    "dgraph",
    "meilisearch",
    "typesense",
    "solr",
];
const BROKERS: [&str; 13] = [
    "kafka",
    "zookeeper",
    "rabbitmq",
    "nats",
    "activemq",
    "artemis",
    "pulsar",
    "redpanda",
    "mosquitto",
    "emqx",
    "elasticmq",
    "eventstore",
    "nsqd",
];
const WEB_SERVERS: [&str; 6] = ["nginx", "httpd", "apache", "caddy", "openresty", "lighttpd"];
const SERVERS: [&str; 44] = [
    "traefik",
    "haproxy",
    "envoy",
    "kong",
    "krakend",
    "tyk",
    "fluentd",
    "fluent",
    "logstash",
    "filebeat",
    "metricbeat",
    "vector",
    "prometheus",
    "alertmanager",
    "grafana",
    "loki",
    "promtail",
    "tempo",
    "jaeger",
    "zipkin",
    "otel",
    "opentelemetry",
    "kibana",
    "keycloak",
    "vault",
    "consul",
    "pgadmin",
    "pgadmin4",
    "adminer",
    "phpmyadmin",
    "mailhog",
    "mailpit",
    "wiremock",
    "localstack",
    "varnish",
    "squid",
    "debezium",
    "temporal",
    "flower",
    "portainer",
    "connect",
    "hasura",
    "swagger",
    "kowl",
];
/// Words that make a tool of a store: `mongo-express`, `redis-exporter`.
const TOOLS: [&str; 12] = [
    "connect",
    "ui",
    "exporter",
    "express",
    "commander",
    "insight",
    "admin",
    "rest",
    "registry",
    "manager",
    "akhq",
    "kafdrop",
];
const LOAD_TOOLS: [&str; 5] = ["k6", "locust", "jmeter", "gatling", "artillery"];
const TEST_TOOLS: [&str; 5] = ["playwright", "cypress", "selenium", "newman", "testcafe"];
const RUNTIMES: [&str; 48] = [
    "node",
    "python",
    "pypy",
    "golang",
    "go",
    "openjdk",
    "java",
    "jdk",
    "jre",
    "temurin",
    "corretto",
    "amazoncorretto",
    "zulu",
    "graalvm",
    "liberica",
    "php",
    "ruby",
    "rust",
    "elixir",
    "erlang",
    "dotnet",
    "aspnet",
    "sdk",
    "runtime",
    "alpine",
    "ubuntu",
    "debian",
    "busybox",
    "scratch",
    "distroless",
    "static",
    "base",
    "tomcat",
    "jetty",
    "wildfly",
    "payara",
    "gradle",
    "maven",
    "bun",
    "deno",
    "fedora",
    "centos",
    "amazonlinux",
    "ubi",
    "uvicorn",
    "gunicorn",
    "miniconda3",
    "cuda",
];

/// Who publishes ready-made images: none of these is built in a folder of the tree, whatever it is called.
const VENDORS: [&str; 35] = [
    "apache",
    "axllent",
    "bitnami",
    "bitnamilegacy",
    "cockroachdb",
    "confluentinc",
    "curlimages",
    "debezium",
    "docker.elastic.co",
    "dpage",
    "elastic",
    "envoyproxy",
    "fluent",
    "grafana",
    "hashicorp",
    "istio",
    "linkerd-io",
    "jaegertracing",
    "library",
    "localstack",
    "mailhog",
    "minio",
    "obsidiandynamics",
    "openzipkin",
    "oliver006",
    "otel",
    "portainer",
    "prom",
    "provectuslabs",
    "redis",
    "redislabs",
    "registry.k8s.io",
    "temporalio",
    "timescale",
    "wurstmeister",
];

/// True for an image that somebody else publishes for everyone.
pub(super) fn of_vendor(image: &str) -> bool {
    let mut segments: Vec<&str> = image.split('/').collect();
    segments.pop();
    segments.iter().any(|segment| VENDORS.contains(segment))
}

/// The last segment of an image's name, without tag and digest: `orders` of `ghcr.io/shop/orders:1`.
pub(super) fn short_name(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or(image);
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split(':').next().unwrap_or(last)
}

/// True for the image of a language or an operating system as everybody has it, which starts nothing of ours by
/// itself.
pub(super) fn is_language(image: &str) -> bool {
    let lower = image.to_ascii_lowercase();
    let namespace = lower.split('@').next().unwrap_or(&lower).rsplit_once('/').map_or("", |(namespace, _)| namespace);
    let is_public = namespace.is_empty()
        || namespace.split(['/', '.']).any(|word| {
            matches!(word, "library" | "mcr" | "distroless" | "bitnami" | "amazoncorretto" | "redhat" | "chainguard")
        });
    is_public || (role(image) == ImageRole::Runtime && !short_name(&lower).split(['-', '_']).any(|word| word == "base"))
}

/// What an image is.
pub(super) fn role(image: &str) -> ImageRole {
    let lower = image.to_ascii_lowercase();
    let short = short_name(&lower);
    let words: Vec<&str> = short.split(['-', '_', '.']).collect();
    // `mysql8` is a MySQL.
    let has = |known: &[&str]| {
        words
            .iter()
            .any(|word| known.contains(word) || known.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit())))
    };
    let repository = lower.split(['@', ':']).next().unwrap_or(&lower);
    let microsoft = repository.starts_with("mcr.microsoft.com/");
    if microsoft && repository.contains("/mssql") {
        ImageRole::Datastore
    } else if has(&LOAD_TOOLS) {
        ImageRole::LoadTool
    } else if has(&TEST_TOOLS) || repository.contains("cypress/") {
        ImageRole::TestTool
    } else if (has(&DATASTORES) || has(&BROKERS)) && has(&TOOLS) {
        ImageRole::Server
    } else if has(&DATASTORES) {
        ImageRole::Datastore
    } else if has(&BROKERS) {
        ImageRole::Broker
    } else if has(&WEB_SERVERS) && !has(&RUNTIMES) {
        ImageRole::WebServer
    } else if has(&SERVERS) {
        ImageRole::Server
    } else if is_runtime(&words) || repository.contains("dotnet/") || repository.contains("distroless/") {
        ImageRole::Runtime
    } else {
        ImageRole::Unknown
    }
}

/// True for the name of a runtime. Who puts the language of a program behind its name (`orders-java`, `cart-node`)
/// has an image of that program.
fn is_runtime(words: &[&str]) -> bool {
    let known = |word: &&str| RUNTIMES.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit()));
    words.first().is_some_and(known)
        || words.iter().any(|word| matches!(*word, "temurin" | "base" | "sdk" | "runtime" | "distroless"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_stores_from_runtimes() {
        let cases = [
            ("mongo:5", ImageRole::Datastore),
            ("bitnami/postgresql:16", ImageRole::Datastore),
            ("mcr.microsoft.com/mssql/server:2022-latest", ImageRole::Datastore),
            ("amazon/dynamodb-local:1", ImageRole::Datastore),
            ("confluentinc/cp-kafka:7.4.1", ImageRole::Broker),
            ("confluentinc/cp-kafka-connect:7.4.1", ImageRole::Server),
            ("mongo-express", ImageRole::Server),
            ("acme/shop-mysql8:1", ImageRole::Datastore),
            ("nginx:alpine", ImageRole::WebServer),
            ("fluentd", ImageRole::Server),
            ("python:3.12-slim", ImageRole::Runtime),
            ("acme/orders-java:1", ImageRole::Unknown),
            ("acme/cart-app-graalvm:1", ImageRole::Unknown),
            ("node20-alpine", ImageRole::Runtime),
            ("eclipse-temurin:21-jre", ImageRole::Runtime),
            ("mcr.microsoft.com/dotnet/aspnet:8.0", ImageRole::Runtime),
            ("gcr.io/distroless/nodejs20", ImageRole::Runtime),
            ("shop/orders", ImageRole::Unknown),
            ("grafana/k6", ImageRole::LoadTool),
        ];
        for (image, expected) in cases {
            assert_eq!(role(image), expected, "{image}");
        }
        assert!(of_vendor("confluentinc/ksqldb-cli:0.28.2") && of_vendor("docker.elastic.co/beats/filebeat:8"));
        assert!(!of_vendor("acme/cli:1") && !of_vendor("prom"));
        assert!(is_language("openjdk:17") && is_language("mcr.microsoft.com/dotnet/runtime-deps:9.0"));
        assert!(!is_language("acme/spring-base-image:$version") && is_language("eclipse/temurin-17"));
        assert_eq!(short_name("ghcr.io:443/shop/orders:1@sha256:ab"), "orders");
    }
}
