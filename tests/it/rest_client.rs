//! Clients as packs, articles and generators write them: what a reviewer would list is reported, and
//! nothing else.

use crate::support::{folder, skillcheck_in};

/// What `lint` reports of one file, as `line rule`, sorted by line.
fn reviewed(path: &str, text: &str) -> Vec<String> {
    let folder = folder(&[(path, text)]);
    let run = skillcheck_in(folder.path(), &["lint", "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(output["summary"]["incomplete"], false, "{output}");
    let findings = output["findings"].as_array().unwrap();
    let told = |f: &serde_json::Value| {
        format!("{} {}", f["line"], f["rule"].as_str().unwrap().trim_start_matches("rest-client/"))
    };
    findings.iter().map(told).collect()
}

#[test]
fn a_service_client_with_a_bare_retry() {
    let text = r##"import httpx
from tenacity import retry, stop_after_attempt, wait_exponential


class ServiceClient:
    def __init__(self, base_url: str):
        self.base_url = base_url
        self.client = httpx.AsyncClient(timeout=httpx.Timeout(5.0, connect=2.0))

    @retry(stop=stop_after_attempt(3), wait=wait_exponential(multiplier=1, min=2, max=10))
    async def get(self, path: str, **kwargs):
        response = await self.client.get(f"{self.base_url}{path}", **kwargs)
        response.raise_for_status()
        return response.json()

    async def post(self, path: str, data: dict = None, **kwargs):
        response = await self.client.post(f"{self.base_url}{path}", json=data, **kwargs)
        response.raise_for_status()
        return response.json()


payment_client = ServiceClient("http://payment-service:8001")


async def process_payment(customer_id: str, amount: float):
    return await payment_client.post("/payments", data={"customer": customer_id, "amount": amount})


async def payment(payment_id: str):
    return await payment_client.get(f"/payments/{payment_id}")
"##;
    assert_eq!(
        reviewed("orders/client.py", text),
        [
            "8 missing-circuit-breaker",
            "10 retry-on-client-error",
            "10 retry-without-jitter",
            "26 missing-idempotency-key",
            "30 unencoded-path-parameter",
        ]
    );
}

#[test]
fn a_user_client_that_throws_its_errors_away() {
    let text = r##"import axios, { AxiosInstance } from 'axios';

export class UserServiceClient {
  private client: AxiosInstance;

  constructor(private baseURL: string) {
    this.client = axios.create({ baseURL, timeout: 5000, headers: { 'Content-Type': 'application/json' } });
  }

  async getUser(id: string): Promise<User> {
    const response = await this.client.get(`/users/${id}`);
    return response.data;
  }

  async createUser(data: CreateUserDto): Promise<User> {
    try {
      const response = await this.client.post('/users', data);
      return response.data;
    } catch (error) {
      throw new Error('Failed to create user');
    }
  }
}
"##;
    assert_eq!(
        reviewed("users/user-client.ts", text),
        ["7 missing-circuit-breaker", "7 missing-retry", "11 unencoded-path-parameter", "20 lost-error",]
    );
}

#[test]
fn a_breaker_and_a_loop_written_by_hand() {
    let text = r##"const axios = require('axios');

class CircuitBreaker {
  constructor(threshold = 5, timeout = 60000) {
    this.failureCount = 0;
    this.threshold = threshold;
    this.timeout = timeout;
    this.state = 'CLOSED';
    this.nextAttempt = Date.now();
  }

  async call(fn) {
    if (this.state === 'OPEN') {
      if (Date.now() < this.nextAttempt) {
        throw new Error('Circuit breaker is OPEN');
      }
      this.state = 'HALF_OPEN';
    }
    try {
      const result = await fn();
      this.onSuccess();
      return result;
    } catch (error) {
      this.onFailure();
      throw error;
    }
  }

  onSuccess() {
    this.failureCount = 0;
    this.state = 'CLOSED';
  }

  onFailure() {
    this.failureCount++;
    if (this.failureCount >= this.threshold) {
      this.state = 'OPEN';
      this.nextAttempt = Date.now() + this.timeout;
    }
  }
}

const breaker = new CircuitBreaker();

async function fetchWithRetry(url, retries = 3) {
  for (let i = 0; i < retries; i++) {
    try {
      return await breaker.call(() => axios.get(url, { timeout: 3000 }));
    } catch (error) {
      if (i === retries - 1) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.pow(2, i) * 1000));
    }
  }
}

async function getProduct(id) {
  const response = await fetchWithRetry(`${process.env.PRODUCT_URL}/products/${id}`);
  return response.data;
}

module.exports = { getProduct };
"##;
    assert_eq!(
        reviewed("products/client.js", text),
        [
            "12 breaker-counts-client-errors",
            "17 unbounded-half-open",
            "46 retry-on-client-error",
            "46 retry-without-jitter",
        ]
    );
}

#[test]
fn a_session_for_each_attempt() {
    let text = r##"import asyncio
import os
import aiohttp


async def call_service(url: str, payload: dict, max_retries: int = 3):
    for attempt in range(max_retries):
        try:
            async with aiohttp.ClientSession() as session:
                async with session.post(url, json=payload, timeout=aiohttp.ClientTimeout(total=5)) as response:
                    response.raise_for_status()
                    return await response.json()
        except aiohttp.ClientError:
            if attempt == max_retries - 1:
                raise
            await asyncio.sleep(2 ** attempt)


async def charge(order_id: str, amount: int):
    return await call_service(f"{os.environ['PAYMENTS_URL']}/payments", {"order": order_id, "amount": amount})
"##;
    assert_eq!(
        reviewed("payments/client.py", text),
        [
            "7 retry-on-client-error",
            "7 retry-without-jitter",
            "9 client-per-call",
            "9 missing-circuit-breaker",
            "20 unsafe-retry",
        ]
    );
}

/// A POST that asks for a token or an answer may be repeated.
#[test]
fn a_post_that_only_asks_is_repeated_without_harm() {
    let text = |path: &str| {
        format!(
            "import os\nimport httpx\nfrom tenacity import retry, stop_after_attempt, wait_random_exponential\n\n\n\
             @retry(stop=stop_after_attempt(3), wait=wait_random_exponential(max=2))\ndef ask(body: dict):\n    \
             return httpx.post(f\"{{os.environ['PEER_URL']}}/{path}\", json=body).json()\n"
        )
    };
    let unsafely = |path: &str| reviewed("shop/client.py", &text(path)).iter().any(|f| f.ends_with("unsafe-retry"));
    assert!(unsafely("invoices"));
    for path in ["oauth/token", "search?q=1", "graphql"] {
        assert!(!unsafely(path), "{path}");
    }
}

#[test]
fn a_rest_template_with_nothing() {
    let text = r##"package shop;

import org.springframework.stereotype.Service;
import org.springframework.web.client.RestTemplate;

@Service
public class ProductClient {
    private final RestTemplate restTemplate = new RestTemplate();

    public Product getProduct(String id) {
        try {
            return restTemplate.getForObject("http://product-service/products/" + id, Product.class);
        } catch (Exception e) {
            throw new RuntimeException("Product service unavailable");
        }
    }
}
"##;
    assert_eq!(
        reviewed("src/main/java/shop/ProductClient.java", text),
        [
            "8 missing-circuit-breaker",
            "8 missing-retry",
            "8 missing-timeout",
            "12 hard-coded-address",
            "12 unencoded-path-parameter",
            "14 lost-error",
        ]
    );
}

/// The findings of one rule in one file, as lines.
fn lines(rule: &str, path: &str, text: &str) -> Vec<u64> {
    let folder = folder(&[(path, text)]);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", &format!("rest-client/{rule}"), "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    output["findings"].as_array().unwrap().iter().map(|f| f["line"].as_u64().unwrap()).collect()
}

#[test]
fn a_loop_that_looks_at_the_status_decides_for_itself() {
    let client = |handler: &str| {
        format!(
            "import httpx\n\n\ndef get(url):\n    for attempt in range(3):\n        try:\n            response = httpx.get(url)\n            response.raise_for_status()\n            return response\n        except httpx.HTTPStatusError as error:\n{handler}"
        )
    };
    assert_eq!(lines("retry-on-client-error", "a.py", &client("            print(error)\n")), [5]);
    let looks = "            if error.response.status_code < 500:\n                raise\n";
    assert_eq!(lines("retry-on-client-error", "a.py", &client(looks)), [0u64; 0]);
}

#[test]
fn a_client_that_is_returned_kept_or_shared_by_a_loop_is_not_built_for_each_call() {
    let built = |text: &str| lines("client-per-call", "a.py", &format!("import requests\n\n\n{text}"));
    assert_eq!(built("def get(url):\n    return requests.Session().get(url, timeout=2)\n"), [5]);
    assert_eq!(built("def session():\n    s = requests.Session()\n    return s\n"), [0u64; 0]);
    let shared = "def get(urls):\n    with requests.Session() as s:\n        for url in urls:\n            s.get(url, timeout=2)\n";
    assert_eq!(built(shared), [0u64; 0]);
    let script =
        "def get(url):\n    with requests.Session() as s:\n        s.get(url, timeout=2)\n\n\nget('http://a')\n";
    assert_eq!(built(script), [0u64; 0]);
}

#[test]
fn what_is_no_text_from_outside_may_stand_in_a_path() {
    let found = |parameter: &str, body: &str| {
        let text = format!(
            "import axios from 'axios';\nexport async function get({parameter}) {{\n{body}  return axios.get(`/items/${{id}}/parts`, {{ timeout: 1 }});\n}}\n"
        );
        lines("unencoded-path-parameter", "a.ts", &text)
    };
    assert_eq!(found("id: string", ""), [3]);
    assert_eq!(found("id: number", ""), [0u64; 0]);
    assert_eq!(found("id: string", "  if (!isUuid(id)) throw new Error('no id');\n"), [0u64; 0]);
}

#[test]
fn an_error_that_is_used_is_not_lost() {
    let found = |handler: &str| {
        let text = format!(
            "import axios from 'axios';\nexport async function get() {{\n  try {{\n    return await axios.get('/items', {{ timeout: 1 }});\n  }} catch (error) {{\n    {handler}\n  }}\n}}\n"
        );
        lines("lost-error", "a.ts", &text)
    };
    assert_eq!(found("return null;"), [5]);
    assert_eq!(found("throw new Error('no items');"), [6]);
    assert_eq!(found("throw new Error('no items', { cause: error });"), [0u64; 0]);
    assert_eq!(found("logger.warn('no items'); return null;"), [0u64; 0]);
}

#[test]
fn what_only_stands_for_a_credential_is_none() {
    let found = |value: &str| {
        let text = format!(
            "import requests\n\n\ndef get(url):\n    return requests.get(url, timeout=2, headers={{\"Authorization\": {value}}})\n"
        );
        lines("credential-in-code", "a.py", &text)
    };
    assert_eq!(found("\"Bearer 4f9d1c7be2a84d0f9a3e\""), [5]);
    assert_eq!(found("\"Bearer <token>\""), [0u64; 0]);
    assert_eq!(found("f\"Bearer {token}\""), [0u64; 0]);
}

#[test]
fn a_name_is_what_was_assigned_to_it_last() {
    let found = |body: &str| {
        let text = format!("import httpx\n\n\nasync def pay(order):\n{body}");
        lines("missing-retry", "a.py", &text)
    };
    // Each block has a client of its own.
    let twice = "    async with httpx.AsyncClient() as client:\n        await client.get('https://customers/1')\n    async with httpx.AsyncClient() as client:\n        await client.post('https://payments', json=order)\n";
    assert_eq!(found(twice), [5, 7]);
    let again = "    client = httpx.AsyncClient()\n    await client.get('https://customers/1')\n    client = httpx.AsyncClient(timeout=2)\n    await client.post('https://payments', json=order)\n";
    assert_eq!(found(again), [5, 7]);
}
