use super::*;
use crate::facts::probe::ProbeKind;
use crate::syntax::FileId;
use crate::syntax::data::yaml;

fn read(text: &str) -> Vec<Object> {
    let at = |span| Place::new(FileId(0), span);
    yaml(text).documents.iter().flat_map(|document| objects(document, &at)).collect()
}

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
  namespace: shop
spec:
  template:
    metadata:
      labels: {app: orders}
    spec:
      initContainers:
        - {name: migrate, image: acme/orders}
      containers:
        - name: app
          image: acme/orders:1.2
          args: [serve]
          ports:
            - {name: http, containerPort: 8080}
          env:
            - {name: STOCK_URL, value: \"http://stock:8000\"}
            - name: DB_URL
              valueFrom: {secretKeyRef: {name: db, key: url}}
            - name: POD
              valueFrom: {fieldRef: {fieldPath: metadata.name}}
          envFrom:
            - {configMapRef: {name: common}, prefix: APP_}
          readinessProbe:
            httpGet: {path: /ready?full=1, port: http}
          livenessProbe:
            exec: {command: [cat, /tmp/alive]}
          startupProbe:
            tcpSocket: {port: 8080}
";

#[test]
fn a_deployment_tells_its_containers() {
    let found = read(DEPLOYMENT);
    let [object] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((object.kind.as_str(), object.name.value.as_str()), ("Deployment", "orders"));
    assert_eq!(object.namespace.as_deref(), Some("shop"));
    let Body::Workload(workload) = &object.body else { panic!("{object:?}") };
    assert!(!workload.one_shot);
    assert_eq!(workload.labels, [("app".to_owned(), "orders".to_owned())]);
    // What runs before the others is no container of its own.
    let [container] = workload.containers.as_slice() else { panic!("{workload:?}") };
    assert_eq!(container.image.as_ref().map(|image| image.value.as_str()), Some("acme/orders:1.2"));
    let sources: Vec<&EnvSource> = container.env.iter().map(|variable| &variable.source).collect();
    assert_eq!(
        sources,
        [
            &EnvSource::Value("http://stock:8000".into()),
            &EnvSource::Key { object: "db".into(), key: "url".into(), secret: true },
            &EnvSource::Unknown
        ]
    );
    assert_eq!(container.env_from[0].prefix, "APP_");
    let place = container.env[0].place.span;
    assert_eq!(&DEPLOYMENT[place.start as usize..place.end as usize], "value: \"http://stock:8000\"");
}

#[test]
fn probes_say_what_they_ask() {
    let found = read(DEPLOYMENT);
    let Body::Workload(workload) = &found[0].body else { panic!() };
    let probes: Vec<_> = workload.containers[0].probes.iter().map(|p| (p.role, p.target.kind)).collect();
    assert_eq!(
        probes,
        [
            (ProbeRole::Liveness, ProbeKind::Exec),
            (ProbeRole::Readiness, ProbeKind::Http),
            (ProbeRole::Startup, ProbeKind::PortOnly)
        ]
    );
    let ready = &workload.containers[0].probes[1].target;
    assert_eq!((ready.path.as_deref(), ready.port), (Some("/ready"), Some(8080)));
    assert!(ready.is_local());
}

#[test]
fn lists_secrets_and_jobs_are_read() {
    let found = read(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: batch/v1\n  kind: CronJob\n  metadata: {name: report}\n  \
         spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: acme/report}]}}}}}\n\
         - apiVersion: v1\n  kind: Secret\n  metadata: {name: db}\n  data: {url: cG9zdGdyZXM6Ly9kYi9vcmRlcnM=}\n  \
         stringData: {user: shop}\n---\nkind: Deployment\nnothing: else\n---\n- a\n",
    );
    assert_eq!(found.len(), 2);
    assert!(matches!(&found[0].body, Body::Workload(workload) if workload.one_shot));
    let Body::Secret(entries) = &found[1].body else { panic!("{:?}", found[1]) };
    let values: Vec<_> = entries.iter().map(|(key, text)| (key.as_str(), text.value.as_str())).collect();
    assert_eq!(values, [("user", "shop"), ("url", "postgres://db/orders")]);
}

#[test]
fn only_manifests_are_worth_parsing() {
    assert!(looks_like_manifest("# a\napiVersion: v1\nkind: Service\n"));
    assert!(looks_like_manifest("- apiVersion: v1\n  kind: Service\n"));
    assert!(!looks_like_manifest("services:\n  kind: a\n"));
    assert!(!looks_like_manifest("# apiVersion: v1\n# kind: Service\n"));
}
