//! Libraries of the catalog, each by what a user sees: a snippet that goes wrong with it and one that
//! is right.

use crate::support::{folder, skillcheck_in};

/// The findings of one rule in one file, as `line: message`.
fn found(rule: &str, path: &str, text: &str) -> Vec<String> {
    let folder = folder(&[(path, text)]);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap();
    findings.iter().map(|finding| format!("{}: {}", finding["line"], finding["message"].as_str().unwrap())).collect()
}

#[test]
fn urllib() {
    let call = |arguments: &str| {
        format!("from urllib.request import urlopen\n\nurlopen(\"https://stock/items\"{arguments})\n")
    };
    assert_eq!(
        found("rest-client/missing-timeout", "stock.py", &call("")),
        ["3: No timeout on a request to `https://stock/items`: urlopen waits for ever unless it has a `timeout`"]
    );
    assert_eq!(found("rest-client/missing-timeout", "stock.py", &call(", timeout=2")), [""; 0]);
}

#[test]
fn ofetch() {
    let client = |options: &str| {
        format!(
            "import {{ ofetch }} from \"ofetch\";\nconst stock = ofetch.create({{ baseURL: process.env.STOCK{options} }});\nstock(\"/items\");\n"
        )
    };
    let wrong = found("rest-client/missing-timeout", "stock.ts", &client(""));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with("2: No timeout on the ofetch client"), "{wrong:?}");
    assert_eq!(found("rest-client/missing-timeout", "stock.ts", &client(", timeout: 2000")), [""; 0]);
}

#[test]
fn stamina() {
    let call = |decorator: &str| {
        format!(
            "import httpx\nimport stamina\n\n\n{decorator}\ndef stock():\n    return httpx.get(\"https://stock/items\", timeout=2)\n"
        )
    };
    assert_eq!(found("rest-client/missing-retry", "stock.py", &call("")).len(), 1);
    let retried = call("@stamina.retry(on=httpx.TransportError, attempts=3)");
    for rule in ["rest-client/missing-retry", "rest-client/unbounded-retry", "rest-client/retry-without-backoff"] {
        assert_eq!(found(rule, "stock.py", &retried), [""; 0], "{rule}");
    }
}
