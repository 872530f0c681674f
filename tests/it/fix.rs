//! `--fix` and `--diff`: the finding is gone, comments and layout stay, twice is as good as once.
use std::path::Path;

use crate::support::{folder, skillcheck_in};
use serde_json::Value;

fn read(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap()
}

fn number(folder: &Path, rule: &str) -> usize {
    let run = skillcheck_in(folder, &["lint", "--output", "json", "--rule", rule]);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(value["summary"]["incomplete"], false, "{run:?}");
    value["findings"].as_array().unwrap().len()
}

/// Repairs one file and compares; what was found before is gone, and a second time changes nothing.
#[track_caller]
fn repaired(rule: &str, path: &str, before: &str, after: &str, more: &[&str]) {
    let folder = folder(&[(path, before)]);
    let found = number(folder.path(), rule);
    let args = [&["lint", "--fix", "--rule", rule], more].concat();
    let run = skillcheck_in(folder.path(), &args);
    assert_eq!(read(folder.path(), path), after, "{}", run.stderr);
    assert!(found > 0, "nothing to repair");
    let same = before == after;
    assert_eq!(number(folder.path(), rule), if same { found } else { 0 });
    skillcheck_in(folder.path(), &args);
    assert_eq!(read(folder.path(), path), after, "twice");
}

const TIMEOUT: &str = "rest-client/missing-timeout";

#[test]
fn a_timeout_is_added_to_python_calls() {
    repaired(
        TIMEOUT,
        "a.py",
        "import requests\nfrom urllib.request import urlopen\n\nrequests.get(\"https://a/x\")  # a comment\nrequests.post(\n    \"https://a/x\",  # where\n    json={\"a\": 1},\n)\nurlopen(\"https://a/y\")\n",
        "import requests\nfrom urllib.request import urlopen\n\nrequests.get(\"https://a/x\", timeout=5)  # a comment\nrequests.post(\n    \"https://a/x\",  # where\n    json={\"a\": 1},\n    timeout=5,\n)\nurlopen(\"https://a/y\", timeout=5)\n",
        &[],
    );
    repaired(
        TIMEOUT,
        "crlf.py",
        "import requests\r\n\r\nrequests.get(\r\n    \"https://a/x\",\r\n    params={},\r\n)\r\n",
        "import requests\r\n\r\nrequests.get(\r\n    \"https://a/x\",\r\n    params={},\r\n    timeout=5,\r\n)\r\n",
        &[],
    );
}

#[test]
fn a_timeout_is_added_to_javascript_calls() {
    repaired(
        TIMEOUT,
        "a.ts",
        "import axios from 'axios';\n\nawait axios.get('https://a/x');\nawait axios.post('https://a/x');\nawait axios.post('https://a/x', { a: 1 }, { headers: {} /* none */ });\nawait fetch('https://a/y', {\n  method: 'POST',\n  body, // all of it\n});\n",
        "import axios from 'axios';\n\nawait axios.get('https://a/x', { timeout: 5000 });\nawait axios.post('https://a/x', undefined, { timeout: 5000 });\nawait axios.post('https://a/x', { a: 1 }, { headers: {}, timeout: 5000 /* none */ });\nawait fetch('https://a/y', {\n  method: 'POST',\n  body, // all of it\n  signal: AbortSignal.timeout(5000),\n});\n",
        &[],
    );
    repaired(
        TIMEOUT,
        "b.js",
        "const axios = require('axios');\nconst client = axios.create({ baseURL: 'https://a' });\nclient.get('/x');\n",
        "const axios = require('axios');\nconst client = axios.create({ baseURL: 'https://a', timeout: 5000 });\nclient.get('/x');\n",
        &[],
    );
}

#[test]
fn what_a_person_has_to_decide_is_left_alone() {
    let off = "import requests\n\nrequests.get(\"https://a/x\", timeout=None)\n";
    repaired(TIMEOUT, "off.py", off, off, &[]);
}

#[test]
fn confirm_mode_is_one_line() {
    let text = "import pika\n\nconnection = pika.BlockingConnection()\nchannel = connection.channel()  # one for all\nchannel.queue_declare(\"orders\", durable=True)\nchannel.basic_publish(\"\", \"orders\", b\"x\", pika.BasicProperties(delivery_mode=2))\n";
    let fixed = text.replace("# one for all\n", "# one for all\nchannel.confirm_delivery()\n");
    repaired("message-queue/unconfirmed-publish", "send.py", text, &fixed, &[]);
}

#[test]
fn a_diff_shows_and_changes_nothing() {
    let text = "import requests\n\nrequests.get(\"https://a/x\")\n";
    let folder = folder(&[("a.py", text)]);
    let run = skillcheck_in(folder.path(), &["lint", "--diff", "--rule", TIMEOUT]);
    assert_eq!((run.code, read(folder.path(), "a.py").as_str()), (1, text));
    let diff = "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n import requests\n \n-requests.get(\"https://a/x\")\n+requests.get(\"https://a/x\", timeout=5)\n";
    assert_eq!(run.stdout, diff);
    assert!(run.stderr.contains("would repair 1 finding in 1 file"), "{}", run.stderr);
    let run = skillcheck_in(folder.path(), &["lint", "--fix", "--rule", TIMEOUT]);
    assert_eq!(run.code, 0, "what is repaired does not fail");
    assert!(run.stderr.contains("repaired 1 finding in 1 file"), "{}", run.stderr);
}

#[test]
fn only_what_is_reported_is_repaired() {
    let text = "import requests\n\nrequests.get(\"https://a/x\")\n";
    let folder = folder(&[("old.py", text)]);
    skillcheck_in(folder.path(), &["baseline", "write"]);
    crate::support::write(folder.path(), &[("new.py", text)]);
    skillcheck_in(folder.path(), &["lint", "--fix"]);
    assert_eq!(read(folder.path(), "old.py"), text);
    assert!(read(folder.path(), "new.py").contains("timeout=5"));
}

#[test]
fn an_acknowledgement_flag_needs_a_person() {
    let text = "import pika\n\n\ndef handle(channel, method, properties, body):\n    save(body)\n    channel.basic_ack(method.delivery_tag)\n\n\nchannel = pika.BlockingConnection().channel()\nchannel.basic_consume(\"orders\", handle, auto_ack=True)\nchannel.start_consuming()\n";
    let rule = "message-queue/early-acknowledgement";
    let folder = folder(&[("consume.py", text)]);
    let run = skillcheck_in(folder.path(), &["lint", "--fix", "--rule", rule]);
    assert_eq!(read(folder.path(), "consume.py"), text);
    assert!(run.stderr.contains("1 more with --unsafe-fixes"), "{}", run.stderr);
    repaired(rule, "consume.py", text, &text.replace("auto_ack=True", "auto_ack=False"), &["--unsafe-fixes"]);
}
