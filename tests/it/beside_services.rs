//! Code beside the services: what runs in a browser, and scripts that are started by hand.

use crate::support::{folder, skillcheck_in};

/// Where a timeout is missing.
fn without_timeout(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", "rest-client/missing-timeout", "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let place = |f: &serde_json::Value| format!("{}:{}", f["path"].as_str().unwrap(), f["line"]);
    output["findings"].as_array().unwrap().iter().map(place).collect()
}

#[test]
fn code_that_a_bundler_fills_in_runs_in_the_browser() {
    let package = r#"{"name": "shop", "scripts": {"server": "node server.js"}, "dependencies": {"express": "^4", "react": "^18"}, "devDependencies": {"vite": "^7"}}"#;
    let server = "import express from 'express';\nconst app = express();\napp.get('/items', async (req, res) => {\n  res.json(await (await fetch('http://stock/items')).json());\n});\napp.listen(3000);\n";
    let page = |base: &str| {
        format!(
            "const BASE = {base} || 'http://localhost:3000';\nexport const items = () => fetch(`${{BASE}}/items`);\n"
        )
    };
    let told = |base: &str| {
        without_timeout(&[("package.json", package), ("server.js", server), ("src/api/items.js", &page(base))])
    };
    assert_eq!(told("import.meta.env.VITE_BASE"), ["server.js:4"]);
    assert_eq!(told("process.env.REACT_APP_BASE"), ["server.js:4"]);
    assert_eq!(told("process.env.BASE"), ["server.js:4", "src/api/items.js:2"]);
}

#[test]
fn a_manifest_for_the_pages_says_nothing_of_services_in_other_languages() {
    let told = without_timeout(&[
        ("package.json", r#"{"name": "shop", "workspaces": ["web", "orders"], "devDependencies": {"react": "19"}}"#),
        ("compose.yaml", "services:\n  orders:\n    build: orders\n  billing:\n    build: billing\n"),
        ("orders/Dockerfile", "FROM golang:1.25\nCOPY . .\nRUN go build -o /orders .\nCMD [\"/orders\"]\n"),
        ("orders/go.mod", "module shop/orders\n\ngo 1.25\n"),
        (
            "orders/main.go",
            "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.Get(\"http://stock/items\")\n}\n",
        ),
        ("billing/Dockerfile", "FROM eclipse-temurin:21\nCOPY . .\nCMD [\"java\", \"Main.java\"]\n"),
        (
            "billing/client/Main.java",
            "package client;\n\nimport org.springframework.web.client.RestTemplate;\n\npublic class Main {\n  public static void main(String[] args) {\n    new RestTemplate().getForObject(\"http://orders/1\", String.class);\n  }\n}\n",
        ),
        ("web/package.json", r#"{"name": "web", "dependencies": {"react": "19"}}"#),
        ("web/src/api.ts", "export const items = () => fetch('http://orders/items');\n"),
    ]);
    assert_eq!(told, ["billing/client/Main.java:7", "orders/main.go:6"]);
}

#[test]
fn a_script_above_the_services_is_no_part_of_them() {
    let compose = "services:\n  orders:\n    build: orders\n";
    let ask = "import requests\n\n\ndef main():\n    requests.get(\"http://reports/today\")\n\n\n";
    let script = format!("{ask}if __name__ == \"__main__\":\n    main()\n");
    let told = |path: &str, text: &str| {
        without_timeout(&[
            ("compose.yaml", compose),
            ("orders/Dockerfile", "FROM python:3.13\nCOPY . .\nCMD [\"python\", \"main.py\"]\n"),
            ("orders/main.py", &script),
            (path, text),
        ])
    };
    assert_eq!(told("report.py", &script), ["orders/main.py:5"]);
    // It may be imported by what is not there.
    assert_eq!(told("report.py", ask), ["orders/main.py:5", "report.py:5"]);
    assert_eq!(told("billing/report.py", &script), ["billing/report.py:5", "orders/main.py:5"]);
}
