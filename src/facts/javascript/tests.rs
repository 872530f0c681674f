//! What a module contains after lowering: one snapshot a sample, and what hostile texts do.

use proptest::prelude::*;

use super::{Dialect, lower};
use crate::facts::module::{ExprKind, FunctionKind, Module};
use crate::facts::walk::testing::{cases, check, samples, texts};
use crate::syntax::Span;
use crate::syntax::code::ParseRefusal;

samples! {
    esm_imports: Ts r#"
import d, { a, b as c, default as e } from "m";
import f, * as ns from 'n';
import "./tracing";
import type { T } from "./types";
import { type U } from "./types";
import legacy = require("legacy");
import Alias = ns.Inner;
"#;
    require_imports: Js r#"
const x = require('m');
const { a, b: c } = require('./n'), port = 1;
const Router = require('express').Router;
const app = require('express')();
const { deep: { inner } } = require("config");
require('dotenv').config();
require('./setup');
async function load() {
  const lazy = await import("./lazy");
  const { run } = await import("./run");
}
const name = require(`tick`);
const dynamic = require(process.env.MODULE);
"#;
    esm_exports: Ts r#"
export const a = 1, { b, c: [d] } = f();
export function g() {}
export default class H {}
export { a as z, g };
export { p, default as q } from './p';
export * from "./all";
export * as ns from "./ns";
export type { T } from "./t";
export interface I { x: number }
"#;
    export_default_of_a_call: Js "export default connect(config);";
    commonjs_exports: Js r#"
module.exports = { a, b: two, c() {}, ...require('./more'), d: require('./d') };
exports.e = async () => {};
module.exports.f = a;
exports = module.exports = new Client();
module.exports = require('./all');
"#;
    classes: Js r#"
class A extends B.C {
  static count = 0;
  #secret = make();
  handler = async (event) => this.#secret.send(event);
  constructor(x) { super(x); this.x = x; }
  static async create() { return new A(1); }
  get size() { return this.x; }
  set size(v) { this.x = v; }
  *items() { yield this.x; }
  [Symbol.iterator]() {}
  static { register(A); }
}
const D = class extends A {};
"#;
    nest_controller: Ts r#"
@Controller({ path: 'orders' })
@UseGuards(AuthGuard)
export class OrdersController extends Base<Order> implements OnModuleInit {
  @Inject(TOKEN) private readonly client: ClientProxy;
  static timeout?: number = 5_000;
  constructor(private readonly orders: OrdersService, @InjectRepository(Order) repo: Repository<Order>, plain = 1) { super(); }
  find(id: string): Order;
  @Get(':id')
  @UseInterceptors(Cache)
  async find(@Param('id') id: string, @Body() body?: Dto): Promise<Order[]> { return this.orders.find(id)!; }
}
export abstract class Port { abstract send(topic: string): void; }
"#;
    interfaces_aliases_enums: Ts r#"
interface A extends B<string>, ns.C { readonly id: string; tags?: string[]; send(x: number): Promise<void>; [key: string]: unknown }
type D = { 'content-type': string; n: number };
type E = A & { extra: boolean };
type Status = 'paid' | 'open' | 1;
enum Topic { Created = 'order.created', Paid = `order.paid`, Next }
const enum N { A }
"#;
    types: Ts r#"
let a: Map<string, Order[]>, b: string | null | undefined, c: [number, string], d: readonly string[];
let e: (x: number) => void, f: T extends U ? X : Y, g: { [K in keyof T]: T[K] }, h: typeof users.row;
let i: Order['id'], j: `v${Version}`, k: A & B, l: { id: string; m(): void }, n: -1, o: import('x').Y;
function is(x: unknown): x is Order { return true }
"#;
    functions: Js r#"
function a(x, y = 1, ...rest) { return x; }
async function* b() { yield* c(); }
const d = function () {}, e = function named() {}, f = x => x * 2, g = async () => ({ k: 1 });
(function () { start(); })();
(async () => { await main(); })();
emitter.on('x', function (message) { handle(message); });
const o = { m() {}, async n() {}, get p() { return 1; }, q: () => 2, [key()]: 3, 'r-s': 4, 5: 6, t, ...u };
"#;
    destructuring_declarations: Js r#"
const { a, b: c, d = 1, e: { f } = {}, 'g-h': i, [k()]: l, ...others } = source();
let [m, , n = 2, [o], ...tail] = list;
var { handler = async () => {} } = options;
"#;
    destructuring_parameters: Ts r#"
function a({ x, y: z = 1 }: Opts, [first] = []) { return x; }
const b = ({ body }, res) => res.send(body);
class C { constructor(this: C, { url }: { url: string }) {} }
"#;
    destructuring_assignments: Js r#"
({ a, b: this.b } = f());
[a, b] = [b, a];
while (([x] = next())) {}
"#;
    assignments: Js r#"
a = b = c();
a.b += 1;
a ??= b;
a ||= load();
a &&= 1;
i++; --j;
k = i++;
this.cache[key] = value;
run(a = 1, b += 2);
let bare, late = 1;
a = 1, b();
"#;
    templates_and_strings: Js r#"
x(`plain`, `a${b}c${d()}`, `\u0041\n`, "it's \"q\"", 'line\
joined', ``);
const q = gql`query { id }`;
db.sql`select ${id}`;
"#;
    operators: Js r#"
x = [a || b && c, a ?? b, !a, -1, +a, typeof a, void f(), delete a.b, a ? b : c, a in b, a instanceof B,
  a === b, a !== b, a < b, a >= b, a ** 2, a << 3, a | b, a ^ b, (a, f()), 0xFF, 1e3, 10_000, 30n, /re+/g, null, undefined, true];
"#;
    chains: Js r#"
fetch(url, { timeout: 5 }).then((r) => r.json()).catch(() => null).finally(done);
a?.b?.[c]?.(d);
new Client({ url }).connect();
new Bare;
new (factory())();
f(...args, last);
import('./lazy').then((m) => m.run());
import.meta.url;
"#;
    casts: Ts r#"
const a = (x as Foo).b, c = <Bar>y, d = z!, e = { k: 1 } as const, f = { k: 2 } satisfies Conf;
const g = create<Foo, Bar[]>(h), i = new Map<string, number>(), j = wrap<Foo>;
"#;
    conditions: Js r#"
if (a) b(); else if (c) { d(); } else { e(); }
if (x) return;
"#;
    loops: Js r#"
for (const x of xs) use(x);
for (const [k, v] of entries(m)) { use(k, v); }
for (const { id, name: n } of rows) use(id);
for (const key in object) use(key);
for (let i = 0, n = len(); i < n; i++) { if (i) continue; break; }
for (;;) { poll(); }
while (true) await sleep(1);
do { step(); } while (more());
outer: for (;;) { break outer; }
async function f() { for await (const m of stream()) use(m); }
"#;
    switches: Js r#"
switch (event.type) {
  case 'created':
  case 'paid': {
    pay();
    break;
  }
  case 'failed':
    if (quiet) break;
    undo();
  default:
    log();
}
switch (next()) { case 1: for (;;) { break; } break; case 2: two(); }
switch (true) { case a > b: big(); break; }
switch (x) { default: d(); break; case 1: case 2: last(); }
"#;
    errors_and_promises: Js r#"
try { await a(); } catch (e) { throw new Error('x', { cause: e }); } finally { close(); }
try { b(); } catch { }
try { c(); } catch ({ code }) { log(code); }
"#;
    jsx: Tsx r#"
export const App = () => <Layout.Main title="x" on={() => go()} {...props}>
  text {items.map((i) => <Item key={i.id} />)} <></>
</Layout.Main>;
"#;
    overloads_and_ambient: Ts r#"
declare const VERSION: string;
declare module 'x' { export function y(): void }
declare global { interface Window { z: number } }
function f(a: string): void;
function f(a: number): void;
function f(a: any) { g(a); }
namespace N { export const inner = h(); }
function assertIsNumber(val: any): asserts val is number {}
"#;
    express_service: Js r#"
const express = require('express');
const { Pool } = require('pg');
const app = express();
const pool = new Pool({ connectionString: process.env.DATABASE_URL || 'postgres://db/orders' });
app.get('/orders/:id', async (req, res) => {
  const { rows: [order] } = await pool.query('select * from orders where id = $1', [req.params.id]);
  res.json(order);
});
app.listen(process.env.PORT ?? 3000, () => console.log(`up on ${process.env.PORT}`));
"#;
    hash_bang_and_comments: Js r#"#!/usr/bin/env node
// before
f(/* inside */ 1, // after
  2);
"#;
    decorated_variants: Js r#"
@sealed
class A { @observable x = 1; @action.bound run() {} }
@a.b({ k: 1 }) export default class B {}
"#;
    export_assignment: Ts "export = { start, stop: () => halt() };";
    syntax_error_keeps_the_rest: Js r#"
first();
const = ;
function ok() { second(); }
third(;
fourth();
"#;
    unclosed_function: Ts "function f() { g(1); if (x) { h(2);";
    nested_functions: Ts r#"
class Outer { run() { const inner = () => { class Deep { m() { return () => this.x; } } }; } }
"#;
}

fn lowered(text: &str) -> Module {
    lower(text, Dialect::Ts).unwrap()
}

fn calls(module: &Module) -> usize {
    module.exprs.iter().filter(|expr| matches!(expr.kind, ExprKind::Call(_))).count()
}

#[test]
fn a_field_with_an_arrow_function_belongs_to_its_class_but_the_functions_inside_do_not() {
    let module = lowered("class A { f = () => g(() => 1); h = wrap(() => 2); k() { return () => 3; } }");
    let owners: Vec<(&str, FunctionKind, bool)> =
        module.funcs.iter().map(|f| (f.name.as_str(), f.kind, f.class.is_some())).collect();
    assert_eq!(
        owners,
        [
            ("f", FunctionKind::Lambda, true),
            ("", FunctionKind::Lambda, false),
            ("", FunctionKind::Lambda, false),
            ("k", FunctionKind::Method, true),
            ("", FunctionKind::Lambda, false),
        ]
    );
}

#[test]
fn definitions_have_the_span_of_their_decorators_and_their_name() {
    let text = "@D() export class A { @E()\n m() {} }\nconst f = async (x) => x;";
    let module = lowered(text);
    let quoted = |span: Span| &text[span.start as usize..span.end as usize];
    assert_eq!(quoted(module.classes[0].span), "@D() export class A { @E()\n m() {} }");
    assert_eq!(quoted(module.classes[0].name_span), "A");
    assert_eq!(quoted(module.funcs[0].span), "@E()\n m() {}");
    assert_eq!(quoted(module.funcs[0].name_span), "m");
    assert_eq!(quoted(module.funcs[1].name_span), "async (x) =>");
}

#[test]
fn what_the_parser_refuses_is_refused() {
    assert!(matches!(lower(&"(".repeat(100_000), Dialect::Js), Err(ParseRefusal::LineTooLong { line: 1, .. })));
    assert!(matches!(lower(&"(\n".repeat(100_000), Dialect::Ts), Err(ParseRefusal::TooDeep(_))));
    assert!(matches!(lower(&"a".repeat(30_000), Dialect::Tsx), Err(ParseRefusal::LineTooLong { .. })));
}

#[test]
fn long_chains_are_read_whole() {
    let sum = format!("x = a(){};", "\n + b()".repeat(900));
    let then = format!("x(){};", "\n.then(() => y())".repeat(450));
    let elses = format!("if (a()) b();{}", "\nelse if (a()) b();".repeat(400));
    let union = format!("type T = A{};", "\n | B".repeat(900));
    for (text, count) in [(&sum, 901), (&then, 901), (&elses, 802), (&union, 0)] {
        let module = lowered(text);
        assert_eq!(calls(&module), count);
        assert_eq!(module.syntax_errors, []);
    }
}

#[test]
fn what_is_too_deep_is_dropped_and_listed_and_the_rest_is_kept() {
    let deep =
        |open: &str, close: &str, n: usize| format!("before();\nx = {}1{};\nafter();", open.repeat(n), close.repeat(n));
    for text in [
        deep("[\n", "]", 900),
        deep("f(\n", ")", 900),
        deep("() => {\nreturn ", "}", 900),
        deep("{ a:\n", "}", 900),
        deep("(\n-", ")", 900),
        deep("a ? b :\n", "", 900),
        deep("await\n ", "", 2_000),
        deep("a() +\n ", "", 5_000),
        format!("before();\nx{};\nafter();", "\n.y".repeat(5_000)),
        format!("before();\n{}{};\nafter();", "if (a) {\n".repeat(900), "}".repeat(900)),
        format!("before();\n{}b();\nafter();", "if (a) b(); else\n".repeat(3_000)),
        format!("before();\nlet {}x{} = y;\nafter();", "[\n".repeat(900), "]".repeat(900)),
        format!("before();\nlet x: {}T{};\nafter();", "A<\n".repeat(900), ">".repeat(900)),
        format!("before();\nlet x: {}T;\nafter();", "A |\n".repeat(5_000)),
    ] {
        let module = lowered(&text);
        assert!(!module.syntax_errors.is_empty(), "{}", &text[..60]);
        assert!(module.syntax_errors.len() <= 100);
        let named: Vec<&str> = module
            .exprs
            .iter()
            .filter_map(|expr| match &expr.kind {
                ExprKind::Name(name) if name == "before" || name == "after" => Some(name.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(named, ["before", "after"], "{}", &text[..60]);
    }
}

#[test]
fn many_syntax_errors_are_listed_up_to_a_hundred() {
    let module = lowered(&"f(;\n".repeat(1_000));
    assert!((1..=100).contains(&module.syntax_errors.len()));
}

/// What the grammar knows.
const WORDS: &[&str] = &[
    "class ",
    "extends ",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    ";",
    ",",
    ":",
    "=",
    "=>",
    ".",
    "?.",
    "...",
    "@a",
    "a",
    "b",
    "1",
    "'s'",
    "`t${",
    "`",
    "\\",
    "é",
    "😀",
    "import ",
    "export ",
    "default ",
    "from ",
    "require",
    "async ",
    "await ",
    "function ",
    "if ",
    "else ",
    "switch ",
    "case ",
    "for ",
    "of ",
    "static ",
    "get ",
    "new ",
    "return ",
    "type ",
    "interface ",
    "enum ",
    "as ",
    "/",
    "//\n",
    "\n",
    "\r\n",
    "#p",
    "!",
    "-",
    "*",
    "|",
    "try ",
    "catch ",
    "const ",
    "namespace ",
    "declare ",
    "<a ",
    "/>",
];

/// Valid code that the grammars do not know, with which nothing is lost: no user can mend it.
#[test]
fn what_the_grammars_do_not_know_is_no_syntax_error() {
    for text in [
        "const a = <p>Terms & conditions {f(1)} & more</p>;",
        "const a = <a href=\"https://x.io/css?family=R&display=o&q=80\">{f(1)}</a>;",
        "const a = <Fade in timeout={500}><Row delete={f(1)} edit={g} /></Fade>;",
        "const A = styled.div<{ open: boolean; b?: string }>`\n color: ${f(1)};\n`;",
        "const A = styled(Text)<{ open: boolean }>`${f(1)}`;",
        "class A { public ready: (string) => boolean; x = f(1); }",
        "interface A { ready?: (string) => void; x: number }; f(1);",
        "const g = (v: string, onChange: (string) => void) => { f(1); };",
        "export type * from './models'; f(1);",
    ] {
        let module = lower(text, Dialect::Tsx).unwrap();
        assert_eq!(module.syntax_errors, [], "{text}");
        let calls = module.exprs.iter().filter(|expr| matches!(&expr.kind, ExprKind::Name(name) if name == "f"));
        assert_eq!(calls.count(), 1, "{text}");
    }
    for text in ["const a = <p>Terms { & }</p>;", "const a = b &;", "class A { x => ; }", "f(`${a `);"] {
        assert_ne!(lower(text, Dialect::Tsx).unwrap().syntax_errors, [], "{text}");
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_text_is_lowered_without_a_panic_and_with_spans_inside_it(text in texts(WORDS)) {
        for dialect in [Dialect::Js, Dialect::Ts, Dialect::Tsx] {
            if let Ok(module) = lower(&text, dialect) {
                check(&module, &text);
            }
        }
    }
}

#[test]
fn await_before_parentheses_waits_for_the_whole_chain() {
    let forms = |text: &str, dialect: Dialect| {
        let text = format!("async function f() {{ {text}; }}");
        let module = lower(&text, dialect).unwrap();
        let mut found: Vec<String> = Vec::new();
        for expr in &module.exprs {
            if let ExprKind::Await(value) = expr.kind {
                let of = module.expr(value).span;
                found.push(text[of.start as usize..of.end as usize].to_string());
            }
            assert!(!matches!(&expr.kind, ExprKind::Name(name) if name == "await"), "{text}");
        }
        found.sort();
        found
    };
    for dialect in [Dialect::Js, Dialect::Ts] {
        assert_eq!(forms("const a = await (await x()).y(1)", dialect).len(), 2);
        assert_eq!(forms("(await (x)).y()", dialect), ["x"]);
        assert_eq!(forms("await (x())", dialect), ["x()"]);
    }
}
