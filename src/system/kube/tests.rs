use std::fmt::Write;

use super::{Cluster, Container};
use crate::files::walk;
use crate::system::deployment::Deployment;

/// What a tree given as (path, text) declares for clusters.
fn cluster(files: &[(&str, &str)]) -> Cluster {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let tree = walk(&[folder.path().to_path_buf()], &globset::GlobSet::empty()).tree;
    Deployment::read(&tree).cluster
}

impl Cluster {
    fn environments(&self) -> Vec<&str> {
        self.environments.iter().map(|environment| environment.name.as_str()).collect()
    }

    fn container(&self, environment: &str, key: &str) -> &Container {
        let environment = self.environments.iter().find(|e| e.name == environment);
        let environment = environment.unwrap_or_else(|| panic!("{:?}", self.environments()));
        environment.containers.iter().find(|c| c.key == key).unwrap_or_else(|| panic!("{:?}", environment.containers))
    }

    fn env(&self, environment: &str, key: &str) -> String {
        let mut out = String::new();
        for variable in &self.container(environment, key).env {
            let _ = write!(out, "{}={} ", variable.name, variable.value.as_deref().unwrap_or("?"));
        }
        out.trim_end().to_owned()
    }
}

fn deployment(name: &str, image: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  template:\n    metadata: \
         {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n      - name: {name}\n        image: {image}\n{more}"
    )
}

const SERVICE: &str =
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: orders-svc}\nspec: {selector: {app: orders}}\n";

#[test]
fn variables_come_from_config_maps_and_secrets() {
    let orders = deployment(
        "orders",
        "acme/orders:1",
        "        envFrom: [{configMapRef: {name: common}}, {secretRef: {name: vault}}]\n        env:\n        \
         - {name: HOST, value: stock}\n        - {name: URL, value: 'http://$(HOST):80'}\n        \
         - {name: DB, valueFrom: {secretKeyRef: {name: db, key: url}}}\n        \
         - {name: GONE, valueFrom: {secretKeyRef: {name: gone, key: url}}}\n",
    );
    let found = cluster(&[
        ("k8s/orders.yaml", &format!("{orders}{SERVICE}")),
        (
            "k8s/config.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: common}\ndata: {MODE: prod}\n---\napiVersion: v1\n\
             kind: Secret\nmetadata: {name: db}\nstringData: {url: postgres://db/orders}\n",
        ),
    ]);
    assert_eq!(found.environments(), ["kubernetes"]);
    assert_eq!(
        found.env("kubernetes", "orders"),
        "MODE=prod HOST=stock URL=http://stock:80 DB=postgres://db/orders GONE=?"
    );
    let container = found.container("kubernetes", "orders");
    assert!(container.open, "the Secret `vault` is not in the repository");
    assert_eq!(container.host_names, ["orders-svc"]);
}

#[test]
fn manifests_that_contradict_each_other_are_environments() {
    let with =
        |value: &str| deployment("orders", "acme/orders", &format!("        env: [{{name: A, value: {value}}}]\n"));
    let found = cluster(&[
        ("k8s/orders.yaml", &with("plain")),
        ("k8s/prod/orders.yaml", &with("real")),
        ("extras/orders.yaml", &with("extra")),
    ]);
    assert_eq!(found.environments(), ["kubernetes", "kubernetes of k8s", "kubernetes/prod"]);
    assert_eq!(found.env("kubernetes", "orders"), "A=extra");
    assert_eq!(found.env("kubernetes/prod", "orders"), "A=real");
}

#[test]
fn overlays_patch_their_base() {
    let base = deployment("orders", "orders", "        env: [{name: A, value: base}, {name: B, value: base}]\n");
    let patch = deployment("orders", "orders", "        env: [{name: B, value: prod}]\n");
    let found = cluster(&[
        ("deploy/base/orders.yaml", &base),
        ("deploy/base/kustomization.yaml", "resources: [orders.yaml]\n"),
        (
            "deploy/overlays/prod/kustomization.yaml",
            "resources: [../../base]\npatches: [{path: patch.yaml}]\nimages: [{name: orders, newName: acme/orders}]\n\
             configMapGenerator: [{name: c, literals: [X=1]}]\nnamespace: shop\n",
        ),
        ("deploy/overlays/prod/patch.yaml", &patch),
        (
            "deploy/overlays/stage/kustomization.yaml",
            "resources: [../../base]\npatches:\n- target: {kind: Deployment, name: orders}\n  patch: |-\n    - op: \
             replace\n      path: /spec/template/spec/containers/0/env/0/value\n      value: stage\n    - {op: add, path: \
             /spec/template/spec/containers/0/env/-, value: {name: C, value: new}}\n    - {op: remove, path: \
             /spec/template/spec/containers/9/env/7}\n",
        ),
        (
            "deploy/overlays/dev/kustomization.yaml",
            "bases: [../../base]\npatchesStrategicMerge:\n- |-\n  apiVersion: apps/v1\n  kind: Deployment\n  metadata: \
             {name: orders}\n  spec: {template: {spec: {containers: [{name: orders, env: [{name: A, value: dev}]}]}}}\n",
        ),
    ]);
    assert_eq!(found.environments(), ["kubernetes/dev", "kubernetes/prod", "kubernetes/stage"]);
    assert_eq!(found.env("kubernetes/stage", "orders"), "A=stage B=base C=new");
    assert_eq!(found.env("kubernetes/prod", "orders"), "A=base B=prod");
    assert_eq!(found.env("kubernetes/dev", "orders"), "A=dev B=base");
    let image = found.container("kubernetes/prod", "orders").image.as_ref().map(|(image, _)| image.as_str());
    assert_eq!(image, Some("acme/orders"));
}

const TEMPLATE: &str = "\
{{- if .Values.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include \"name\" . }}
spec:
  template:
    metadata:
      labels: {app: {{ include \"name\" . }}}
    spec:
      {{- with .Values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .Chart.Name }}
          image: \"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}\"
          env:
            {{- range $key, $value := .Values.env }}
            - name: {{ $key }}
              value: {{ $value | quote }}
            {{- end }}
            - name: PASSWORD
              value: {{ .Values.password }}
          livenessProbe:
            {{- toYaml .Values.probe | nindent 12 }}
{{- end }}
";
const VALUES: &str = "enabled: true\nimage: {repository: acme/orders}\nenv: {STOCK_URL: 'http://stock'}\n\
                      probe: {httpGet: {path: /livez, port: http}}\n";
const HELPERS: &str = "{{- define \"name\" -}}{{ .Release.Name }}-{{ .Chart.Name }}{{- end -}}\n";

#[test]
fn charts_are_rendered_with_their_values() {
    let found = cluster(&[
        ("charts/orders/Chart.yaml", "apiVersion: v2\nname: orders\nappVersion: '1.2'\n"),
        ("charts/orders/values.yaml", VALUES),
        ("charts/orders/templates/deployment.yaml", TEMPLATE),
        ("charts/orders/templates/_helpers.tpl", HELPERS),
        ("charts/orders/templates/broken.yaml", "{{ if }}\nkind: x\napiVersion: y\n  - {{ nonsense ( }\n : [\n"),
    ]);
    assert_eq!(found.environments(), ["helm"]);
    let container = found.container("helm", "release-name-orders");
    assert_eq!(container.image.as_ref().map(|(image, _)| image.as_str()), Some("acme/orders:1.2"));
    assert_eq!(found.env("helm", "release-name-orders"), "STOCK_URL=http://stock PASSWORD=?");
    assert_eq!(container.probes[0].target.path.as_deref(), Some("/livez"));
}

#[test]
fn an_umbrella_gives_its_charts_their_values() {
    let found = cluster(&[
        (
            "shop/Chart.yaml",
            "apiVersion: v2\nname: shop\ndependencies:\n- {name: orders, repository: 'file://../orders', alias: ordering}\n\
             - {name: redis, repository: 'https://charts.example.com'}\n- {name: off, condition: off.enabled}\n",
        ),
        ("shop/values.yaml", "ordering: {env: {STOCK_URL: 'http://elsewhere'}}\noff: {enabled: false}\n"),
        ("shop/charts/off/Chart.yaml", "apiVersion: v2\nname: off\n"),
        ("shop/charts/off/templates/d.yaml", &deployment("off", "acme/off", "")),
        ("orders/Chart.yaml", "apiVersion: v2\nname: orders\n"),
        ("orders/values.yaml", VALUES),
        ("orders/templates/deployment.yaml", TEMPLATE),
        ("orders/templates/_helpers.tpl", HELPERS),
    ]);
    assert_eq!(found.environments.len(), 1);
    assert_eq!(found.environments[0].containers.len(), 1, "{:?}", found.environments);
    assert_eq!(found.env("helm", "release-name-orders"), "STOCK_URL=http://elsewhere PASSWORD=?");
}

#[test]
fn hostile_manifests_end() {
    let bomb = format!(
        "apiVersion: v1\nkind: List\nitems:\n- &a [x,x,x,x,x,x,x,x,x]\n{}",
        (0..20)
            .map(|n| format!(
                "- &a{n} [*a{m},*a{m},*a{m},*a{m}]\n",
                m = if n == 0 { String::new() } else { (n - 1).to_string() }
            ))
            .collect::<String>()
    );
    let lists = format!(
        "apiVersion: v1\nkind: List\nitems: [{}{}",
        "{apiVersion: v1, kind: List, items: [".repeat(150),
        "]}".repeat(150)
    );
    let found = cluster(&[
        ("k8s/bomb.yaml", &bomb),
        ("k8s/lists.yaml", &format!("{lists}]")),
        (
            "k8s/odd.yaml",
            "apiVersion: [1]\nkind: {a: b}\n---\napiVersion: v1\nkind: Deployment\nmetadata: 3\n---\napiVersion: v1\nkind: Deployment\nmetadata: {name: x}\nspec: {template: {spec: {containers: [1, {image: [2]}]}}}\n",
        ),
        ("a/kustomization.yaml", "resources: [../b, ../a, .]\n"),
        ("b/kustomization.yaml", "resources: [../a, ../../..]\n"),
        (
            "c/Chart.yaml",
            "name: c\ndependencies: [{name: c, repository: 'file://.'}, {name: d, repository: 'file://../d'}]\n",
        ),
        ("c/templates/a.yaml", "kind: A\n{{ include \"x\" . }}{{ define \"x\" }}{{ include \"x\" . }}{{ end }}"),
        ("d/Chart.yaml", "name: d\ndependencies: [{name: c, repository: 'file://../c'}]\n"),
    ]);
    assert!(found.environments.iter().all(|environment| environment.containers.len() <= 1));
}

#[test]
fn what_is_commented_out_declares_nothing() {
    let text: String = deployment("orders", "acme/orders", "").lines().map(|line| format!("# {line}\n")).collect();
    assert!(cluster(&[("k8s/orders.yaml", &text)]).environments.is_empty());
}
