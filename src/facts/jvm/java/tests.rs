//! What a module contains after lowering: one snapshot a sample, and what hostile texts do.

use proptest::prelude::*;

use super::lower;
use crate::facts::dump::dump;
use crate::facts::module::{ExprKind, Module};
use crate::facts::walk::testing::{cases, check, samples, texts};
use crate::syntax::code::ParseRefusal;

samples! {
    package_and_imports: r#"
package com.acme.orders;
import com.acme.api.Order;
import com.acme.api.*;
import static com.acme.Topics.ORDERS;
import static com.acme.Topics.*;
import com.acme.Outer.Inner;
"#;
    classes_and_bases: r#"
public abstract class Orders<T extends Base> extends Service<T> implements Runnable, java.io.Closeable {}
sealed interface Shape<T> extends A, B<T> permits Circle {}
"#;
    spring_controller: r#"
@RestController
@RequestMapping(path = "/orders", produces = {"a", "b"})
class OrdersController {
  @Autowired private OrdersService orders;
  @Value("${page.size:20}") int size;
  @GetMapping("/{id}") ResponseEntity<List<Order>> get(@PathVariable("id") Long id, @RequestParam(required = false) String... q) throws IOException {
    return ResponseEntity.ok(orders.find(id));
  }
  @web.PostMapping void post(@RequestBody @Valid final Order order) {}
}
"#;
    feign_client: r#"
@FeignClient(name = "payments", url = "${payments.url}", fallback = Fallback.class)
interface Payments {
  @RequestMapping(method = RequestMethod.POST, value = "/pay") Receipt pay(@RequestBody Payment payment);
  default void noop() { log(); }
}
"#;
    lombok_constructor_injection: r#"
@Slf4j @RequiredArgsConstructor
class A { private final RestTemplate rest; private static final String URL = "http://b" + "/x"; int a = 1, b[] = {1, 2}; }
"#;
    constructors: r#"
class A { A(int x) { super(x); this.x = x; y = x; } A() { this(1); } <T> A(T t) {} }
"#;
    records: r#"
record Point(@NotNull String host, int port) implements P { Point { check(port); } static Point of() { return new Point("h", 1); } Point(int port) { this("h", port); } }
"#;
    enums: r#"
enum Topic implements Named { @Old ORDERS("orders"), PAID("paid") { @Override String name() { return f(); } }, PLAIN; final String name; Topic(String name) { this.name = name; } }
"#;
    nested_classes: r#"
class Outer { static class Inner { class Deep {} } interface I { int X = 1; } enum E { A } void f() { class Local { void g() {} } new Local().g(); } }
"#;
    anonymous_classes: r#"
class A { Runnable field = new Runnable() { public void run() { go(); } }; void f() { call(new Thread("x") { int y = h(); { init(); } public void run() { outer(); } }); } }
"#;
    initialisers: "class A { static { load(); } { prepare(); } static final Map<String, Integer> M = new HashMap<>() {{ put(\"a\", 1); }}; }";
    annotation_types: r#"@Target({TYPE, METHOD}) @interface Command { String value() default "x"; int[] codes() default {1}; }"#;
    annotation_arguments: r#"@A(@B(c = 1)) @D({@E, @F("x")}) @G(h = String.class, i = 1 + 2, j = X.Y) class C {}"#;
    local_variables: r#"
class A { void f() { int a = 1, b; var c = g(); final List<String> d = new ArrayList<>(); String[] e = {"x"}; int[] h = new int[n()], i = new int[] {1, 2}; c = d; c += 1; this.x = c; a++; --b; } }
"#;
    method_calls: r#"
class A { void f() { g(); this.g(); super.g(); Outer.this.g(); a.b.c(1, "x"); Collections.<String>emptyList(); new A().g().h(); xs[0].g(); ((A) x).g(); } }
"#;
    builder_chain: r#"
class A { WebClient c = WebClient.builder().baseUrl(URL).clientConnector(new Conn(HttpClient.create().responseTimeout(Duration.ofSeconds(5)))).build(); }
"#;
    lambdas_and_references: r#"
class A { void f() { run(() -> g()); map(x -> x.id()); map((a, b) -> { return a; }); map((String s, int n) -> s); map(this::g); map(Order::getId); map(Order::new); map(String[]::new); } }
"#;
    streams: r#"
class A { Object f() { return xs.stream().filter(x -> x.ok()).map(X::id).collect(Collectors.toList()); } }
"#;
    strings: "class A { String a = \"q\\\"\\u0041\\n\", b = \"\"\"\n    select *\n      from t\n    \"\"\"; char c = 'x', d = '\\n'; String e = \"a\" + b + 1; }";
    numbers: "class A { long a = 10_000L, b = 0xFF, c = 0b11, d = 017; double e = 1.5e3, f = .5f, g = 2d; }";
    operators: r#"
class A { void f() { x(a || b && c, !a, -1, +a, ~a, a ? b : c, a == b, a != b, a < b, a >= b, a << 3, a | b, a % 2, true, false, null); y(a = 1, b += f(), i++); } }
"#;
    casts_and_instanceof: r#"
class A { void f() { g((List<String>) x); if (x instanceof Order) a(); if (x instanceof Order o && o.ok()) b(o); if (!(x instanceof Point(int a, var b))) c(); Class<?> k = Order.class; } }
"#;
    conditions: "class A { void f() { if (a) b(); else if (c) { d(); } else { e(); } if (x) return; } }";
    loops: r#"
class A { void f() { for (Order o : orders()) o.go(); for (int i = 0, j = n(); i < j; i++, j--) { if (i == 1) continue; break; } for (;;) {} while (a()) b(); do { c(); } while (d()); outer: while (true) { break outer; } for (final var x : xs) {} } }
"#;
    old_switch: r#"
class A { int f(E e) { switch (e.kind()) { case A: case B: { a(); break; } case C: if (q) break; c(); default: d(); } switch (x) { case 1: for (;;) { break; } break; case 2: return 2; } return 0; } }
"#;
    switch_expression: r#"
class A { int f(int k) { int v = switch (k) { case 1, 2 -> g(); case 3 -> { log(); yield 4; } default -> throw new E(); }; switch (k) { case 1 -> a(); default -> { b(); } } return switch (o) { case Order p when p.ok() -> 1; case null -> 2; default -> 3; }; } }
"#;
    try_catch: r#"
class A { void f() { try { a(); } catch (IOException | SqlException e) { throw new X("x", e); } catch (Exception e) {} finally { b(); } try (Client c = open(); d; this.e) { c.g(); } try (var s = t()) { u(); } catch (E e) { v(); } } }
"#;
    synchronized_and_assert: r#"class A { synchronized void f() { synchronized (this) { g(); } assert x() : y(); throw new E(z()); } }"#;
    generics_and_arrays: "class A { Map<String, List<? extends Order>>[] a; List<?> b; Outer<X>.Inner c; java.util.List<int[]> d; <T> T f(Class<T> t, T... ts) { return null; } }";
    generic_methods_and_varargs: "interface Repo<T, K extends Id> extends CrudRepository<T, K> { @Query(\"select o\") List<T> find(@Param(\"x\") String x, Object... rest); }";
    jax_rs_resource: r#"
@Path("orders") @Produces(MediaType.APPLICATION_JSON) public class R { @Inject @RestClient Payments p; @GET @Path("{id}") @Timeout(500) @Retry(maxRetries = 3) public Uni<Response> get(@PathParam("id") long id) { return p.get(id).onItem().transform(x -> Response.ok(x).build()); } }
"#;
    kafka_listener: r#"
class L { @KafkaListener(topics = {"${topics.orders}", Topics.PAID}, groupId = "g") public void on(ConsumerRecord<String, String> r, Acknowledgment ack) { ack.acknowledge(); kafka.send(new ProducerRecord<>(TOPIC, r.key(), r.value())).addCallback(ok -> {}, e -> fail(e)); } }
"#;
    syntax_error_keeps_the_rest: r#"
class A { void f() { first(); int = ; second(); } void g() { third(; } void h() { fourth(); } }
"#;
    unclosed_class: "class A { void f() { g(1); if (x) { h(2);";
    comments: "/** doc */ class A { /* a */ void f(/* b */ int x // c\n) { g(/* d */ x); } }";
}

fn calls(module: &Module) -> usize {
    module.exprs.iter().filter(|expr| matches!(expr.kind, ExprKind::Call(_))).count()
}

fn in_method(text: &str) -> String {
    format!("class A {{ void f() {{ before(); {text} after(); }} }}")
}

#[test]
fn every_call_is_kept_wherever_it_stands() {
    for text in [
        "x = a() ? b() : c();",
        "int[] x = {a(), b(), c()};",
        "x[a()] = b() + c();",
        "return a().b(c());",
        "for (a(); b(); c()) {}",
        "assert a() : b() + c();",
        "x = switch (a()) { case 1 -> b(); default -> c(); };",
        "switch (a()) { case 1: b(); default: c(); }",
        "int y = a() + b() + c();",
        "x = (a() + b()) instanceof C ? c() : null;",
        "new int[a()][b()].x = c();",
        "try (X x = a()) { b(); } finally { c(); }",
        "do a(); while (b() || c());",
        "X.<T>a(y -> b(z -> c()));",
        "label: { a(); b(); } c();",
        "synchronized (a()) { b(); c(); }",
    ] {
        let module = lower(&in_method(text)).unwrap();
        assert_eq!(calls(&module), 5, "{text}\n{}", dump(&module, text));
    }
}

#[test]
fn long_chains_and_deep_nesting_end_in_a_note_and_not_in_a_crash() {
    let deep = |open: &str, close: &str, n: usize| format!("{}x{}", open.repeat(n), close.repeat(n));
    for text in [
        format!("y = {};", deep("(\n", ")", 900)),
        format!("y = {};", deep("f(\n", ")", 900)),
        format!("y = {}b;", "a() +\n".repeat(20_000)),
        format!("x{};", "\n.y()".repeat(20_000)),
        format!("{}{}", "if (a) {\n".repeat(900), "}".repeat(900)),
        format!("{}b();", "if (a) b(); else\n".repeat(5_000)),
        format!("switch (x) {{ {} }}", "case 1: a(); break;\n".repeat(20_000)),
        format!("y = switch (x) {{ {} default -> 1; }};", "case 1 -> a();\n".repeat(20_000)),
        format!("y = {}b;", "a ? b :\n".repeat(5_000)),
        format!("y = {}b;", "x ->\n".repeat(5_000)),
        format!("{}x y;", "{\n".repeat(900)),
        format!("{} x;", "A<\n".repeat(900)),
        format!("y = {}", "new A() { int f = \n".repeat(900)),
    ] {
        match lower(&in_method(&text)) {
            Ok(module) => {
                crate::program::Index::build(&module);
                assert!(module.syntax_errors.len() <= 100);
            }
            Err(refusal) => assert_eq!(refusal, ParseRefusal::TooSlow, "{}", &text[..60]),
        }
    }
    let nested = lower(&"class A {\n".repeat(900)).unwrap();
    crate::program::Index::build(&nested);
    let classes = lower(&"class A {}\n".repeat(10_000)).unwrap();
    assert_eq!(classes.classes.len(), 10_000);
    crate::program::Index::build(&classes);
}

/// What the grammar knows.
const WORDS: &[&str] = &[
    "class ",
    "interface ",
    "record ",
    "enum ",
    "extends ",
    "implements ",
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
    "->",
    ".",
    "...",
    "@A",
    "a",
    "B",
    "1",
    "\"s\"",
    "'c'",
    "\"\"\"\n",
    "\\",
    "é",
    "😀",
    "import ",
    "package ",
    "static ",
    "new ",
    "return ",
    "switch ",
    "case ",
    "default ",
    "yield ",
    "try ",
    "catch ",
    "finally ",
    "for ",
    "while ",
    "do ",
    "if ",
    "else ",
    "instanceof ",
    "this",
    "super",
    "::",
    "?",
    "+",
    "!",
    "//\n",
    "\n",
    "int ",
    "void ",
    "synchronized ",
    "throw ",
    "|",
];

/// Valid code that the grammar does not know, with which nothing is lost: no user can mend it.
#[test]
fn what_the_grammar_does_not_know_is_no_syntax_error() {
    for text in [
        "class A extends B { A(String s) { check(s); super(f(s), 1); this.s = s; } A() { if (b) { g(); } this(1); } }",
        "class A { void g() { switch (o) { case R.Ok(User user) -> { f(user); } case R.No no -> h(); } } }",
    ] {
        let module = lower(text).unwrap();
        assert_eq!(module.syntax_errors, [], "{text}");
        assert!(module.exprs.iter().any(|expr| expr.kind == ExprKind::Name("f".into())), "{text}");
    }
    assert_ne!(lower("class A { A() { super; } }").unwrap().syntax_errors, []);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_text_is_lowered_without_a_panic_and_with_spans_inside_it(text in texts(WORDS)) {
        if let Ok(module) = lower(&text) {
            check(&module, &text);
        }
    }
}
