//! Idempotency keys where no dictionary of headers is an argument: steps of a chain, statements, helpers.

use super::support::told::told;
use super::support::{folder, skillcheck_in};

/// Where a rule says that no key is sent.
fn without_key(path: &str, code: &str) -> Vec<String> {
    let rules = ["rest-client/missing-idempotency-key", "rest-client/unsafe-retry"];
    told(&[(path, code)], |finding| rules.contains(&finding.rule)).1
}

const JAVA: &str = r#"import java.time.Duration;
import org.springframework.http.*;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.util.retry.Retry;

class Charges {
    private final WebClient web = WebClient.create("http://ledger");
    private final RestClient rest = RestClient.create("http://ledger");
    private final RestTemplate template = new RestTemplate();

    void step(Charge c) {
        web.post().uri("/payments").header("Idempotency-Key", c.id()).bodyValue(c).retrieve().bodyToMono(String.class)
            .retryWhen(Retry.backoff(3, Duration.ofMillis(100))).block();
    }
    void callback(Charge c) {
        rest.post().uri("/payments").headers(h -> h.set(IDEMPOTENCY_KEY, c.id())).body(c).retrieve().toBodilessEntity();
    }
    void statement(Charge c) {
        HttpHeaders headers = new HttpHeaders();
        headers.set("Idempotency-Key", c.id());
        template.exchange("http://ledger/payments", HttpMethod.POST, new HttpEntity<>(c, headers), String.class);
    }
    void helper(Charge c) {
        template.exchange("http://ledger/payments", HttpMethod.POST, new HttpEntity<>(c, headers(c)), String.class);
    }
    private HttpHeaders headers(Charge c) {
        HttpHeaders headers = new HttpHeaders();
        headers.add("Idempotency-Key", c.id());
        return headers;
    }
    void repeated(Charge c) {
        web.post().uri("/payments").bodyValue(c).retrieve().bodyToMono(String.class)
            .retryWhen(Retry.backoff(3, Duration.ofMillis(100))).block();
    }
    void once(Charge c) {
        rest.post().uri("/payments").header("Accept", "application/json").body(c).retrieve().toBodilessEntity();
    }
}
"#;

#[test]
fn headers_that_a_chain_a_statement_or_a_helper_sets_are_sent_in_java() {
    assert_eq!(
        without_key("Charges.java", JAVA),
        ["missing-idempotency-key Charges.java:38", "unsafe-retry Charges.java:34"]
    );
}

const GO: &str = r#"package main

import (
	"bytes"
	"net/http"
	"time"
)

var client = &http.Client{Timeout: 2 * time.Second}

func statement(id string, body []byte) error {
	req, err := http.NewRequest("POST", "http://ledger/payments", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Idempotency-Key", id)
	_, err = client.Do(req)
	return err
}

func helper(id string, body []byte) error {
	req, err := http.NewRequest("POST", "http://ledger/payments", bytes.NewReader(body))
	if err != nil {
		return err
	}
	sign(req, id)
	_, err = client.Do(req)
	return err
}

func sign(req *http.Request, id string) {
	req.Header.Set("Idempotency-Key", id)
}

func without(id string, body []byte) error {
	req, err := http.NewRequest("POST", "http://ledger/payments", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	_, err = client.Do(req)
	return err
}
"#;

#[test]
fn headers_that_a_statement_or_a_helper_sets_are_sent_in_go() {
    assert_eq!(without_key("charges.go", GO), ["missing-idempotency-key charges.go:41"]);
}

const SIDECAR: &str = r#"import os
import requests

SIDECAR = os.getenv("BASE_URL", "http://localhost") + ":" + os.getenv("DAPR_HTTP_PORT", "3500")


def announce(parcel):
    requests.post(f"{SIDECAR}/v1.0/publish/bus/orders", json=parcel, timeout=2)


def place(parcel):
    requests.post(f"{SIDECAR}/v1.0/invoke/depot/method/orders", json=parcel, timeout=2)
"#;

#[test]
fn a_topic_that_dapr_publishes_to_is_no_operation_with_a_key() {
    assert_eq!(without_key("parcels.py", SIDECAR), ["missing-idempotency-key parcels.py:12"]);
}

const FILLED: &str = r#"import httpx


def headers_of(more=None):
    headers: dict[str, str] = {}
    headers["X-Trace"] = "1"
    if more:
        headers.update(more)
    return headers


class Tolls:
    def __init__(self, key=None):
        self.key = key

    def charge(self, cents):
        tries = 0
        extras = {}
        if self.key:
            extras["Idempotency-Key"] = self.key
        with httpx.Client(timeout=2) as client:
            while True:
                failure = None
                try:
                    answer = client.post("https://tolls.example.com/charge", json={"cents": cents}, headers=headers_of(extras) or None)
                    if answer.status_code < 500:
                        return answer
                except httpx.RequestError as error:
                    failure = error
                tries += 1
                if tries >= 3:
                    if failure:
                        raise failure
                    answer.raise_for_status()


def pay(cents):
    return Tolls("k1").charge(cents)
"#;

#[test]
fn headers_that_statements_put_into_a_dictionary_may_have_the_key() {
    assert_eq!(without_key("tolls.py", FILLED), [""; 0]);
    let plain = FILLED
        .replace("        headers.update(more)\n", "        print(more)\n")
        .replace("extras[\"Idempotency-Key\"] = self.key", "print(self.key)");
    assert_eq!(without_key("tolls.py", &plain), ["unsafe-retry tolls.py:25"]);
}

#[test]
fn an_endless_loop_that_counts_and_gives_up_is_bounded() {
    let told = |code: &str| {
        let folder = folder(&[("tolls.py", code)]);
        let run =
            skillcheck_in(folder.path(), &["lint", "--rule", "rest-client/unbounded-retry", "--output", "concise"]);
        run.stdout.lines().filter(|line| line.contains("unbounded-retry")).count()
    };
    assert_eq!(told(FILLED), 0);
    assert_eq!(told(&FILLED.replace("if tries >= 3:", "if failure.fatal:")), 1);
}

#[test]
fn a_timeout_of_the_client_hides_no_key() {
    let text = "import requests


class Gateway:
    def __init__(self, base_url: str, timeout: int = 30):
        self.base_url = base_url
        self.timeout = timeout
        self.session = requests.Session()

    def request(self, method, endpoint, data=None):
        for attempt in range(3):
            try:
                response = self.session.request(method, f\"{self.base_url}/{endpoint}\", json=data, timeout=self.timeout)
                response.raise_for_status()
                return response.json()
            except requests.RequestException:
                continue

    def post(self, endpoint, data):
        return self.request('POST', endpoint, data)

    def charge(self, amount):
        return self.post('charges', {'amount': amount})
";
    let folder = crate::support::folder(&[("payments/gateway.py", text)]);
    let args = ["lint", "--rule", "rest-client/unsafe-retry", "--output", "concise"];
    let told = crate::support::skillcheck_in(folder.path(), &args).stdout;
    assert!(told.contains("gateway.py:23:"), "{told}");
}

#[test]
fn what_is_cancelled_twice_is_cancelled() {
    let told = |path: &str| {
        let text = format!(
            "import httpx


def call(order_id: str):
    httpx.post(f'http://orders/orders/{{order_id}}{path}', timeout=2)
"
        );
        let folder = crate::support::folder(&[("shop/orders.py", text.as_str())]);
        let args = ["lint", "--rule", "rest-client/missing-idempotency-key", "--output", "concise"];
        crate::support::skillcheck_in(folder.path(), &args).stdout.contains("missing-idempotency-key")
    };
    assert!(told(""));
    assert!(told("/refund"));
    assert!(!told("/cancel"));
}
