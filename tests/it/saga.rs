//! Sagas: the skill's examples, the fixture systems, and what is no saga.

use crate::support::saga::{all_findings, examples, findings, sagas};

#[test]
fn every_example_of_the_skill_breaks_its_rule_and_no_other() {
    let markdown = include_str!("../../skills/saga/references/rules.md");
    let examples = examples(markdown);
    assert!(examples.len() > 12);
    // Circles of events are told from consumers and publishers, and a request stands in a file of its own:
    // tests/it/skill_examples.rs has both.
    let elsewhere = ["saga/event-cycle", "saga/uncompensated-request"];
    let of_sagas = examples.iter().filter(|example| !elsewhere.contains(&example.rule.as_str()));
    for (i, example) in of_sagas.enumerate() {
        let found = all_findings(&[(&example.file, &example.text)]);
        let rule = example.rule.trim_start_matches("saga/");
        let context = format!("example {i}, {} {}: {found:?}", example.rule, if example.good { "good" } else { "bad" });
        if example.good {
            assert!(found.is_empty(), "{context}");
        } else {
            assert!(!found.is_empty() && found.iter().all(|f| f.starts_with(&format!("{rule} "))), "{context}");
        }
    }
}

fn fixture(root: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let base = format!("{}/fixtures/{root}", env!("CARGO_MANIFEST_DIR"));
    let walked = skillcheck::files::walk(&[base.into()], &globset::GlobSet::empty());
    for file in &walked.tree.files {
        if [".py", ".ts", ".js"].iter().any(|s| file.path.ends_with(s)) {
            out.push((file.path.clone(), std::fs::read_to_string(&file.absolute).unwrap()));
        }
    }
    out
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect()
}

#[test]
fn the_shop_keeps_and_undoes_its_saga() {
    let files = fixture("shop");
    assert_eq!(all_findings(&borrowed(&files)), Vec::<String>::new());
    let sagas = sagas(&borrowed(&files));
    assert_eq!(sagas.len(), 1);
    assert!(sagas[0].persisted.is_present());
    assert_eq!(sagas[0].steps.len(), 3);
}

#[test]
fn the_broken_shop_breaks_each_rule_once() {
    let files = fixture("shop-broken");
    let expected = include_str!("../../fixtures/shop-broken/expected.txt");
    let of_sagas = expected.lines().filter_map(|l| l.strip_prefix("saga/")?.rsplit_once(' ').map(|(found, _)| found));
    // What is told from consumers and from the addresses of services is in tests/it/fixtures.rs.
    let elsewhere = |found: &&str| found.starts_with("event-cycle ") || found.starts_with("uncompensated-request ");
    let mut expected: Vec<&str> = of_sagas.filter(|found| !elsewhere(found)).collect();
    expected.sort();
    assert_eq!(all_findings(&borrowed(&files)), expected);
}

const STEP: &str = r#"
class Step:
    def __init__(self, name, action, compensation=None):
        self.name = name
        self.action = action
        self.compensation = compensation
"#;

/// A saga in Python that keeps its state, with the given steps and undo loop.
fn python_saga(steps: &str, undo: &str) -> String {
    format!(
        r#"import asyncpg
{STEP}
class OrderSaga:
    def __init__(self, db: asyncpg.Pool, stock, payments, shipping):
        self.db = db
        self.steps = [
{steps}
        ]

    async def run(self, order):
        done = []
        for step in self.steps:
            await self.db.execute("UPDATE sagas SET step = $1", step.name)
            try:
                await step.action(order)
            except Exception:
                await self.undo(order, done)
                raise
            done.append(step)

    async def undo(self, order, done):
        for step in reversed(done):
{undo}
"#
    )
}

const RAISES: &str = "            await step.compensation(order)";
const FULL: &str = r#"            Step("reserve", stock.reserve, stock.release),
            Step("charge", payments.charge, payments.refund),
            Step("ship", shipping.ship),"#;

fn with_steps(steps: &str) -> Vec<String> {
    findings(&[("orders/saga.py", &python_saga(steps, RAISES))])
}

fn with_undo(undo: &str) -> Vec<String> {
    findings(&[("orders/saga.py", &python_saga(FULL, undo))])
}

#[test]
fn queries_the_pivot_retried_and_last_steps_need_no_compensation() {
    assert!(with_steps(FULL).is_empty());
    let query = r#"            Step("verify_customer", payments.verify, None),
            Step("charge", payments.charge, payments.refund),
            Step("ship", shipping.ship),"#;
    assert!(with_steps(query).is_empty());
    let retried = format!(
        "            Step(\"reserve\", stock.reserve, stock.release),\n            Step(\"charge\", payments.charge),\n            {},",
        "dict(name=\"ship\", action=shipping.ship, retriable=True)"
    );
    assert!(with_steps(&retried).is_empty(), "{:?}", with_steps(&retried));
}

#[test]
fn a_compensation_that_is_none_or_empty_is_missing() {
    for undo in ["", ", None", ", lambda order: None", ", compensation=None"] {
        let steps = FULL.replace(", stock.release", undo);
        assert_eq!(with_steps(&steps), ["missing-compensation orders/saga.py:13"], "{undo}");
    }
}

#[test]
fn a_step_class_inherits_an_empty_compensation() {
    let source = r#"
import requests

class SagaStep:
    def execute(self, ctx):
        raise NotImplementedError

    def compensate(self, ctx):
        pass

class Reserve(SagaStep):
    def execute(self, ctx):
        requests.post("http://stock/reservations", json=ctx)

    def compensate(self, ctx):
        requests.delete("http://stock/reservations").raise_for_status()

class Charge(SagaStep):
    def execute(self, ctx):
        requests.post("http://payments/charges", json=ctx)

class ReadQuote(SagaStep):
    def execute(self, ctx):
        requests.get("http://shipping/quotes")

class Ship(SagaStep):
    def execute(self, ctx):
        requests.post("http://shipping/parcels", json=ctx)

STEPS = [Reserve(), Charge(), ReadQuote(), Ship()]
"#;
    assert_eq!(findings(&[("orders/steps.py", source)]), ["missing-compensation orders/steps.py:30"]);
}

#[test]
fn a_failed_compensation_is_swallowed_or_not() {
    let swallowed = [
        "            try:\n                await step.compensation(order)\n            except Exception:\n                pass",
        "            try:\n                await step.compensation(order)\n            except Exception as e:\n                print(e)\n                continue",
        "            with contextlib.suppress(Exception):\n                await step.compensation(order)",
    ];
    for undo in swallowed {
        let found = with_undo(undo);
        assert!(found.len() == 1 && found[0].starts_with("swallowed-compensation-failure"), "{undo} {found:?}");
    }
    let handled = [
        RAISES,
        "            try:\n                await step.compensation(order)\n            except Exception as e:\n                self.errors.append(e)",
        "            try:\n                await step.compensation(order)\n            except Exception:\n                log.error('x')\n                await self.alerts.page(order)",
        "            for attempt in range(3):\n                try:\n                    await step.compensation(order)\n                    break\n                except Exception:\n                    log.error('again')",
        "            try:\n                await step.compensation(order)\n            except NotFoundError:\n                pass",
        "            await retry(step.compensation, order)",
    ];
    for undo in handled {
        assert_eq!(with_undo(undo), Vec::<String>::new(), "{undo}");
    }
}

const ORCHESTRATOR: &str = r#"
export class OrderSaga {
  constructor(private readonly store: SagaStore, private readonly steps: SagaStep[]) {}
  async run(order) {
    const done = [];
    for (const step of this.steps) {
      await this.store.save(order.id, step.name);
      try { await step.execute(order); } catch (error) {
        for (const s of done.reverse()) await s.compensate(order);
        throw error;
      }
      done.push(step);
    }
  }
}
"#;

#[test]
fn the_state_is_followed_to_who_implements_the_store() {
    let head =
        "import { Pool } from \"pg\";\nexport interface SagaStore { save(id: string, step: string): Promise<void>; }\n";
    let database = "export class Rows implements SagaStore { constructor(private pool: Pool) {} async save(id, step) { await this.pool.query(\"INSERT\", [id, step]); } }";
    let memory = "export class InMemory implements SagaStore { rows = new Map(); async save(id, step) { this.rows.set(id, step); } }";
    let run = |body: String| findings(&[("orders/src/order-saga.ts", &body)]);
    assert_eq!(run(format!("{head}{ORCHESTRATOR}{memory}")), ["volatile-state orders/src/order-saga.ts:4"]);
    assert!(run(format!("{head}{ORCHESTRATOR}{database}")).is_empty());
    // In a package that was not read.
    assert!(run(ORCHESTRATOR.to_string()).is_empty());
}

#[test]
fn builders_and_node_sagas_are_read() {
    let source = r#"
import { SagaBuilder } from "node-sagas";
import axios from "axios";
export function build() {
  return new SagaBuilder()
    .step("reserve").invoke(() => axios.post("http://stock/r")).withCompensation(() => axios.delete("http://stock/r"))
    .step("charge").invoke(() => axios.post("http://payments/c"))
    .step("ship").invoke(() => axios.post("http://shipping/s"))
    .build();
}
"#;
    let found = findings(&[("orders/src/flow.ts", source)]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("missing-compensation") && found[1].starts_with("volatile-state"));
}

#[test]
fn a_straight_line_saga_undoes_every_call_or_is_told() {
    let saga = |handler: &str| {
        format!(
            r#"
class PlaceOrderSaga:
    def __init__(self, stock, payments, shipping, repository):
        self.stock = stock
        self.payments = payments
        self.shipping = shipping
        self.repository = repository

    async def run(self, order):
        await self.repository.save(order)
        try:
            await self.stock.reserve(order)
            await self.payments.charge(order)
            await self.shipping.ship(order)
        except Exception:
{handler}
            raise
"#
        )
    };
    let find = |handler: &str| findings(&[("orders/place.py", &saga(handler))]);
    assert_eq!(find("            await self.stock.release(order)"), ["missing-compensation orders/place.py:13"]);
    assert!(
        find("            await self.payments.refund(order)\n            await self.stock.release(order)").is_empty()
    );
    let swallowed = "            await self.payments.refund(order)\n            try:\n                await self.stock.release(order)\n            except Exception:\n                pass";
    assert_eq!(find(swallowed), ["swallowed-compensation-failure orders/place.py:19"]);
}

#[test]
fn what_only_looks_like_a_saga_is_none() {
    let none: &[(&str, &str)] = &[
        (
            "web/src/sagas.ts",
            "import { call, put } from \"redux-saga/effects\";\nimport axios from \"axios\";\nexport const steps = [{ execute: () => axios.post(\"/a\"), compensate: null }, { execute: () => axios.post(\"/b\"), compensate: () => axios.post(\"/c\") }, { execute: () => axios.post(\"/b\") }];",
        ),
        (
            "editor/src/history.ts",
            "export class History { done = []; run(commands) { for (const c of commands) { c.execute(); this.done.push(c); } } undo() { for (const c of this.done.reverse()) { try { c.undo(); } catch (e) { console.log(e); } } } }\nexport const commands = [{ execute: () => draw(), undo: () => erase() }, { execute: () => fill() }, { execute: () => crop() }];",
        ),
        (
            "orders/app/service.py",
            "import requests\n\ndef place(session, order):\n    try:\n        requests.post('http://stock/reserve')\n        requests.post('http://payments/charge')\n        session.commit()\n    except Exception:\n        session.rollback()\n        raise\n",
        ),
        (
            "orders/app/migrate.py",
            "def run(migrations, db):\n    for m in migrations:\n        try:\n            m.run(db)\n        except Exception:\n            try:\n                m.rollback(db)\n            except Exception:\n                print('x')\n",
        ),
        (
            "orders/app/workflow.py",
            "from temporalio import workflow\n\n@workflow.defn\nclass Report:\n    @workflow.run\n    async def run(self, id):\n        try:\n            await workflow.execute_activity('create_report', id)\n            await workflow.execute_activity('upload_report', id)\n        finally:\n            await workflow.execute_activity('cleanup_files', id)\n",
        ),
    ];
    for (path, text) in none {
        assert_eq!(findings(&[(path, text)]), Vec::<String>::new(), "{path}");
        assert!(sagas(&[(path, text)]).is_empty(), "{path}");
    }
}

#[test]
fn reading_the_database_keeps_nothing() {
    let source = python_saga(FULL, RAISES).replace("UPDATE sagas SET step = $1", "SELECT * FROM orders");
    let found = findings(&[("orders/saga.py", &source)]);
    assert!(found.len() == 1 && found[0].starts_with("volatile-state"), "{found:?}");
}

#[test]
fn an_index_loop_undoes_too() {
    let source = r#"import { db, stock, payments, shipping } from "./participants";
export class OrderSaga {
  constructor(private readonly db: Repository, private steps = []) { this.executed = []; }
  addStep(step) { this.steps.push(step); return this; }
  async execute(initial) {
    let state = initial;
    for (const step of this.steps) {
      await this.db.save(step.name);
      try { state = await step.execute(state); this.executed.push(step); }
      catch (error) { await this.compensate(state); throw error; }
    }
  }
  private async compensate(state) {
    for (let i = this.executed.length - 1; i >= 0; i--) {
      const step = this.executed[i];
      try { state = await step.compensate(state); }
      catch (failure) { console.error(`not undone: ${step.name}`, failure); }
    }
  }
}
export const saga = new OrderSaga(db)
  .addStep({ name: "reserve", execute: async (s) => stock.reserve(s), compensate: async (s) => stock.release(s) })
  .addStep({ name: "charge", execute: async (s) => payments.charge(s) })
  .addStep({ name: "ship", execute: async (s) => shipping.ship(s) });
"#;
    assert_eq!(
        findings(&[("orders/src/order.ts", source)]),
        ["missing-compensation orders/src/order.ts:23", "swallowed-compensation-failure orders/src/order.ts:17"]
    );
}

#[test]
fn compensations_in_a_list_of_functions_are_followed() {
    let saga = |run: &str| {
        format!(
            r#"
import requests

class CheckoutSaga:
    def run(self, order):
        compensations = []
        try:
            requests.post("http://stock/reservations", json=order)
            compensations.append(lambda: requests.delete("http://stock/reservations"))
            requests.post("http://payments/charges", json=order)
            requests.post("http://shipping/parcels", json=order)
        except Exception:
            for undo in reversed(compensations):
{run}
            raise
"#
        )
    };
    let find = |run: &str| findings(&[("orders/app/checkout.py", &saga(run))]);
    let missing = "missing-compensation orders/app/checkout.py:10";
    let volatile = "volatile-state orders/app/checkout.py:5";
    assert_eq!(find("                undo()"), [missing, volatile]);
    let swallowed = "                try:\n                    undo()\n                except Exception as e:\n                    print(e)";
    assert_eq!(find(swallowed), [missing, "swallowed-compensation-failure orders/app/checkout.py:16", volatile]);
}
