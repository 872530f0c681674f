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
