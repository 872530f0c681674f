//! What a module contains after lowering: one snapshot a sample, and what hostile texts do.

use proptest::prelude::*;

use super::lower;
use crate::facts::dump::dump;
use crate::facts::module::{ExprKind, Module};
use crate::facts::walk::testing::{cases, check, samples, texts};
use crate::syntax::code::ParseRefusal;

samples! {
    package_and_imports: r#"
@file:JvmName("Orders")
package com.acme.orders
import com.acme.api.Order
import com.acme.api.*
import com.acme.Topics.ORDERS as TOPIC
"#;
    top_level: r#"
const val TOPIC = "orders"
private val client by lazy { HttpClient(CIO) }
val (a, b) = pair()
typealias Handler = (String) -> Unit
fun String.shout(times: Int = 1): String = uppercase() + times
suspend fun main() { run(TOPIC) }
"#;
    spring_controller: r#"
@RestController
@RequestMapping("/orders", produces = ["a", "b"])
class Orders(private val orders: OrdersService, @Value("\${page.size}") val size: Int = 20, plain: String) : Base(plain), Closeable {
    @field:Autowired lateinit var rest: RestTemplate
    @GetMapping("/{id}")
    suspend fun get(@PathVariable id: Long, vararg q: String?): List<Order>? = orders.find(id)
}
"#;
    constructors_and_init: r#"
class A @Inject constructor(x: Int) : B(x, 1) {
    val y = x
    init {
        z = x
        setup(x)
    }
    constructor() : this(1) { more() }
}
class C { init { go() } }
"#;
    properties: r#"
class A {
    private val log = LoggerFactory.getLogger(A::class.java)
    val full: String get() = "a"
    var counted: Int = 0
        set(value) { field = check(value) }
    val lazyClient by lazy { Client() }
    val two by lazy { one(); two() }
    var watched by Delegates.observable(1) { p, old, new -> changed(new) }
    lateinit var x: List<Map<String, Order?>>
}
"#;
    objects_and_companions: r#"
object Topics { const val ORDERS = "orders"
 fun all() = listOf(ORDERS) }
class A { companion object Factory { val X = f()
 fun of() = A() }
 class Inner
 inner class In { fun g() = this@A.h() } }
"#;
    enums_and_data: r#"
enum class E(val s: String) : I { A("a"), B("b") { override fun m() = 1 }; fun m() = 2 }
enum class Plain { X, Y }
data class D(val a: String = "x", val b: Int)
sealed interface S<T> { fun f(): T }
"#;
    object_expression: r#"
fun f() { listen(object : Listener(1), Other { override fun on(e: Event) { handle(e) } }) }
"#;
    calls_and_lambdas: r#"
fun f() {
    xs.filter { it.ok }.map { x -> x.id }.forEach(::println)
    withTimeout(5_000) { client.get(url) { header("a", b = "c") }.body<Order>() }
    pairs.map { (a, b) -> a + b }
    call(1, name = 2, *rest) { x: Int, y -> x }
    run(fun(x: Int): Int { return x })
    a.b(Order::id, this::g, ::h)
}
"#;
    null_safety: r#"
fun f() { a?.b()?.c!!.d(); val x = y ?: return; val z = w() ?: throw E(); (a as? B)?.c(); (a as B).c() }
"#;
    strings: r####"
val a = "x $b ${c.d()} \$e \n $this.f"
val q = """raw "$x" \n ${y}"""
val c = 'c'
val d = "cost: 5$ or $"
val e = ""
"####;
    if_expressions: r#"
fun f(): Int {
    if (a) b() else if (c) { d() } else { e() }
    val x = if (a) 1 else { g(); 2 }
    call(if (a) b else c)
    return if (a) { h() } else i()
}
"#;
    when_expressions: r#"
fun f(x: Any) = when (x) { is A -> a(); 1, 2 -> b(); in 3..4 -> c(); !in xs -> d(); else -> e() }
fun g() {
    when { a > 1 -> b()
        else -> { c(); d() } }
    when (val r = h()) { null -> i(r) }
    val y = when (z) { 1 -> "a"; else -> throw E() }
    call(when (q) { 1 -> 2; else -> 3 })
}
"#;
    try_expressions: r#"
fun f(): Int? { try { a() } catch (e: IOException) { b(e) } finally { c() }
    val x = try { d() } catch (e: E) { null }
    call(try { g() } catch (e: E) { h() })
    return try { i() } catch (e: E) { throw X(e) } }
"#;
    loops: r#"
fun f() { for (x in xs) use(x)
    for ((k, v) in m) { use(k, v) }
    for (i in 0 until 10) { if (i == 1) continue; break }
    while (a()) b()
    do { c() } while (d())
    outer@ for (x in xs) { break@outer }
    xs.forEach { return@forEach } }
"#;
    assignments: "fun f() { var a = 1; val b: String; a = 2; a += 3; this.c = a; d[0] = a; a++; --a; x.y = z }";
    operators: "fun f() { x(a || b && c, !a, -1, a == b, a === b, a != b, a < b, a..b, a in b, a !in b, a is B, a to b, a shl 2, a and b, a ?: b, a[1, 2], true, false, null, [1, 2]) }";
    numbers: "val a = 10_000L\nval b = 0xFF\nval c = 0b11\nval d = 1.5e3\nval e = 2f\nval g = 3u";
    ktor_routes: r#"
fun Application.module() {
    routing {
        route("/orders") {
            get("/{id}") { call.respond(repo.find(call.parameters["id"]!!)) }
            post { call.receive<Order>() }
        }
    }
}
fun main() { embeddedServer(Netty, port = 8080) { module() }.start(wait = true) }
"#;
    annotations: r#"
@A @B(1, c = 2) @field:D("x") @[E F("y")] class G(@param:H val x: Int, @get:I("z") val y: Int)
"#;
    many_annotations_on_members_of_an_annotated_class: r#"
import a.b

@RestController
@RequestMapping("/orders")
class Orders {
    @Autowired
    private lateinit var orders: OrdersService

    @PreAuthorize("hasAnyRole('ADMIN', 'CLIENT')")
    @ResponseStatus(HttpStatus.CREATED)
    @PostMapping("/create")
    fun create(@Valid @RequestBody order: Order): Order {
        return orders.create(order)
    }

    @PreAuthorize("hasRole('ADMIN')")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @DeleteMapping("/{id}")
    fun delete(@PathVariable id: UUID) {
        orders.delete(id)
    }
}
"#;
    generics_and_function_types: "class A<T : B>(val f: suspend (T) -> Unit, val g: (() -> Map<String, List<T?>>)?) : C<T>() where T : D { fun <R> h(x: Array<out R>): a.b.C<*> = x }";
    one_line_bodies: "class A { object I { val k = 1 }\n fun f() { val x = g() } }";
    syntax_error_keeps_the_rest: "fun f() { first() }\nfun g() { val = ; }\nfun h() { second() }";
    unclosed_function: "fun f() { g(1); if (x) { h(2)";
}

fn calls(module: &Module) -> usize {
    module.exprs.iter().filter(|expr| matches!(expr.kind, ExprKind::Call(_))).count()
}

#[test]
fn every_call_is_kept_wherever_it_stands() {
    for text in [
        "val x = if (a()) b() else c()",
        "val x = listOf[a(), b(), c()]",
        "x[a()] = b() + c()",
        "return a().b(c())",
        "for (x in a()) { b(); c() }",
        "val x = when (a()) { 1 -> b(); else -> c() }",
        "val x = \"${a()} ${b()} ${c()}\"",
        "val x = a() ?: b() ?: c()",
        "val x = try { a() } catch (e: E) { b() } finally { c() }",
        "a { b { c() } }",
        "val x by a(b(), c())",
        "val x = object : A { val y = b(); fun f() = c() }",
        "do a() while (b() || c())",
        "val (x, y) = a(b(), c())",
        "a(x = b(), *c())",
    ] {
        let text = format!("fun f() {{ before()\n{text}\nafter() }}");
        let module = lower(&text).unwrap();
        assert_eq!(calls(&module), 5, "{text}\n{}", dump(&module, &text));
    }
}

#[test]
fn long_chains_and_deep_nesting_end_in_a_note_and_not_in_a_crash() {
    let deep = |open: &str, close: &str, n: usize| format!("{}x{}", open.repeat(n), close.repeat(n));
    for text in [
        format!("y = {}", deep("(\n", ")", 900)),
        format!("y = {}", deep("f(\n", ")", 900)),
        format!("y = {}b", "a() +\n".repeat(10_000)),
        format!("x{}", ".y()".repeat(4_000)),
        format!("{}{}", "if (a) {\n".repeat(900), "}".repeat(900)),
        format!("{}b()", "if (a) b() else\n".repeat(3_000)),
        format!("when (x) {{ {} }}", "1 -> a()\n".repeat(10_000)),
        format!("y = when (x) {{ {} else -> 1 }}", "1 -> a()\n".repeat(10_000)),
        format!("y = {}", "\"${\n".repeat(390)),
        format!("y = {}{}", "f { \n".repeat(900), "}".repeat(900)),
        format!("y = {}b", "a ?:\n".repeat(5_000)),
        format!("val y: {}", "A<\n".repeat(900)),
        format!("y = {}", "object : A { val f = \n".repeat(900)),
    ] {
        match lower(&format!("fun f() {{ before()\n{text}\nafter() }}")) {
            Ok(module) => {
                crate::program::Index::build(&module);
                assert!(module.syntax_errors.len() <= 100);
            }
            Err(refusal) => assert_eq!(refusal, ParseRefusal::TooSlow, "{}", &text[..40]),
        }
    }
    let nested = lower(&"class A {\n".repeat(900)).unwrap();
    crate::program::Index::build(&nested);
}

/// What the grammar knows.
const WORDS: &[&str] = &[
    "class ",
    "interface ",
    "object ",
    "enum ",
    "companion ",
    "fun ",
    "val ",
    "var ",
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
    "?.",
    "?:",
    "!!",
    "@A",
    "a",
    "B",
    "1",
    "\"s$x\"",
    "\"${",
    "\"",
    "'c'",
    "\"\"\"",
    "\\",
    "é",
    "😀",
    "import ",
    "package ",
    "return ",
    "when ",
    "is ",
    "in ",
    "as ",
    "by ",
    "try ",
    "catch ",
    "finally ",
    "for ",
    "while ",
    "do ",
    "if ",
    "else ",
    "this",
    "super",
    "::",
    "+",
    "!",
    "//\n",
    "\n",
    "init ",
    "get() ",
    "set(v) ",
    "suspend ",
    "data ",
    "throw ",
    "break ",
    "..",
    "it ",
];

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_text_is_lowered_without_a_panic_and_with_spans_inside_it(text in texts(WORDS)) {
        if let Ok(module) = lower(&text) {
            check(&module, &text);
        }
    }
}
