//! What a module contains after lowering: one snapshot a sample, and what hostile texts do.

use proptest::prelude::*;

use super::{lower, package_name};
use crate::facts::dump::dump;
use crate::facts::module::ExprKind;
use crate::facts::walk::testing::{cases, check, samples, texts};
use crate::syntax::code::ParseRefusal;

samples! {
    package_and_imports: r#"
package orders
import "net/http"
import (
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"
	"gopkg.in/yaml.v3"
	_ "github.com/lib/pq"
	. "acme.com/shop/dsl"
)
"#;
    functions_and_results: r#"
package a
func plain() {}
func one(a, b string, n int) error { return nil }
func two(ctx context.Context, ids ...string) (*Order, error) { return &Order{}, nil }
func named(url string) (client *Client, err error) {
	client = New(url)
	return
}
func generic[T any, K comparable](items []T, by func(T) K) map[K]T { return nil }
"#;
    methods_know_their_receiver: r#"
package a
func (s *Server) Get(id string) string { return s.store.find(id) }
type Server struct { store *Store }
func (s Server) loop() {
	for _, s := range s.all() { use(s) }
	s.done()
	func(s string) { use(s) }("x")
	go func() { s.run() }()
}
func (Server) anonymous() {}
func (h *Handler[T]) generic() { h.x() }
"#;
    structs_and_tags: "
package a
type Config struct {
	Port, Admin int `env:\"PORT\" env-default:\"8080\"`
	URL *string `json:\"url\"`
	HTTP struct { Timeout time.Duration `yaml:\"timeout\"` } `yaml:\"http\"`
	sync.Mutex
	*Base
	handlers map[string][]func(int) error
	events chan<- kafka.Message
}
";
    interfaces_and_other_types: r#"
package a
type Repository interface {
	Reader
	Find(ctx context.Context, id string) (*Order, error)
	Close()
}
type Number interface { ~int | ~float64 }
type Topic string
type Handler func(w http.ResponseWriter)
type Alias = other.Type
type List[T any] []T
type ( A struct{}; B A )
"#;
    composite_literals: r#"
package a
var a = Point{X: 1, Y: f()}
var b = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}
var c = Point{1, 2}
var d = []Point{{X: 1}, {2, 3}}
var e = map[string]*Point{"a": {X: 1}, key(): nil}
var f = gin.H{"status": "up", "n": 1}
var g = []struct{ name string }{{"a"}, {name: "b"}}
var h = struct{ A int }{A: 1}
var i = [...]string{"x", "y"}
var j = [2][]int{{1}, {2}}
var k = Box[int]{V: 1}
var l = http.Header{"Accept": {"json", "xml"}}
var m = []string{0: "a", 2: "b"}
"#;
    assignments: r#"
package a
func f() {
	a, err := open("x")
	b, c := 1, g()
	b, c = c, b
	v, ok := m["k"]
	t, ok := x.(*T)
	_, err = run()
	_ = run()
	n += 2
	i++
	s.field, err = load()
	var d, e string = "d", h()
	var u string
	var w io.Writer = os.Stdout
	arr[i] = 3
	x, y := <-ch
}
"#;
    constants_count: r#"
package a
const Name, Version = "orders", "v1"
const (
	Created Status = iota
	Paid
	Sent
)
const (
	_ = iota
	One
	Big = 10 * iota
	Bigger
	Text = "t"
	Same
)
const ( KB = 1 << (10 * (iota + 1)); MB )
const Timeout = 3 * time.Second
"#;
    if_and_else: r#"
package a
func f() error {
	if err := run(); err != nil {
		return fmt.Errorf("run: %w", err)
	} else if n := count(); n > 3 {
		a()
	} else {
		b()
	}
	return nil
}
"#;
    loops: r#"
package a
func f() {
	for { tick() }
	for ok() { a() }
	for i := 0; i < max(); i++ { b(i) }
	for ; ; step() { c() }
	for i, v := range list() { d(i, v) }
	for _, v := range items { e(v) }
	for k := range m { g(k) }
	for range 3 { h() }
	for m := range msgs { handle(m) }
}
"#;
    labels: r#"
package a
func f() {
outer:
	for {
		for {
			switch x { case 1: break; case 2: break outer }
			continue outer
		}
	}
	goto end
end:
}
"#;
    switches: r#"
package a
func f(x string) {
	switch x {
	case "a", "b": a()
	case c(): fallthrough
	default: d()
	}
	switch n := count(); { case n > 1: e(); case n < 0: return }
	switch g() { case 1: h() }
}
"#;
    type_switches: r#"
package a
func f(v any) {
	switch e := v.(type) {
	case *Created: a(e.ID)
	case Paid, Sent: b(e)
	case nil:
	default: c(e)
	}
	switch load().(type) { case error: d() }
}
"#;
    selects: r#"
package a
func f(ctx context.Context) {
	select {
	case <-ctx.Done(): return
	case m, ok := <-msgs: handle(m, ok)
	case out <- next(): a()
	case <-time.After(time.Second):
	default: b()
	}
	select {}
	select { case x := <-one: use(x) }
}
"#;
    defer_runs_at_the_end: r#"
package a
func f() error {
	resp, err := http.Get(url)
	if err != nil { return err }
	defer resp.Body.Close()
	mu.Lock()
	defer func() { mu.Unlock(); recover() }()
	return read(resp.Body)
}
"#;
    go_statements: r#"
package a
func f() {
	go serve(":8080")
	go func(id int) { work(id) }(next())
}
"#;
    channels: r#"
package a
func f() {
	ch := make(chan Job, 10)
	ch <- Job{ID: 1}
	x := <-ch
	process(<-ch)
	close(ch)
}
"#;
    closures_and_handlers: r#"
package a
func main() {
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200) })
	mw := func(next http.Handler) http.Handler { return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) }) }
	r.Use(mw)
}
"#;
    chains_and_conversions: r#"
package a
var a = resty.New().SetTimeout(5*time.Second).R().SetBody(b).Post(base + "/x")
var b = []byte("raw")
var c = string(d[1:len(d)])
var e = Topic("orders")
var f = (*Config)(nil)
var g = (func(int))(h)
var i = append(xs, ys...)
var j = new(Client)
var k = *p.next
var l = x.(interface{ Close() })
"#;
    generics: r#"
package a
var a = Map[string, int](xs, f)
var b = gobreaker.NewCircuitBreaker[*http.Response](settings)
var c Set[pkg.Item]
func (s *Store[K, V]) Get(key K) (V, bool) { return s.items[key], true }
"#;
    strings_and_numbers: "
package a
var a = \"tab\\t\\x41\\u00e9\\\"q\\\"\"
var b = `raw \\n
line`
var c = 'x'
var d, e, f, g = 0xFF, 1_000, 1.5e3, 0o17
var h = \"http://\" + host + \":\" + port
var i = 2i
";
    operators: r#"
package a
var a = !b && c || d == nil
var e = -1 + 2*3%4 | 5&^6 ^ 7<<8
var f = ^g
"#;
    gin_server: r#"
package main
import "github.com/gin-gonic/gin"
func main() {
	r := gin.Default()
	v1 := r.Group("/api/v1")
	{
		v1.GET("/orders/:id", h.get)
		v1.POST("/orders", auth(), func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"ok": true}) })
	}
	if err := r.Run(":8080"); err != nil { log.Fatal(err) }
}
"#;
    amqp_consumer: r#"
package main
func (c *Consumer) Run(ctx context.Context) error {
	conn, err := amqp.Dial(os.Getenv("AMQP_URL"))
	if err != nil { return err }
	defer conn.Close()
	ch, _ := conn.Channel()
	msgs, err := ch.Consume("orders", "", false, false, false, false, amqp.Table{"x": 1})
	for d := range msgs {
		if err := c.handle(d.Body); err != nil { d.Nack(false, true); continue }
		d.Ack(false)
	}
	return nil
}
"#;
    nested_declarations: r#"
package a
func f() {
	type local struct { A int }
	const limit = 3
	var x = local{A: limit}
	{ y := 1; use(x, y) }
}
"#;
    syntax_error_keeps_the_rest: r#"
package a
func f( { broken
func g() { kept() }
"#;
}

#[test]
fn the_name_of_a_package_follows_from_its_path() {
    for (path, name) in [
        ("net/http", "http"),
        ("github.com/gin-gonic/gin", "gin"),
        ("github.com/cenkalti/backoff/v4", "backoff"),
        ("github.com/redis/go-redis/v9", "redis"),
        ("github.com/segmentio/kafka-go", "kafka"),
        ("github.com/nats-io/nats.go", "nats"),
        ("gopkg.in/yaml.v3", "yaml"),
        ("v2", "v2"),
        ("", ""),
    ] {
        assert_eq!(package_name(path), name, "{path}");
    }
}

#[test]
fn deep_texts_are_cut_and_said_so() {
    let sum = format!("package a\nvar a = {}\n", vec!["f()"; 900].join(" + "));
    let module = lower(&sum).unwrap();
    assert_eq!(module.exprs.iter().filter(|e| matches!(e.kind, ExprKind::Call(_))).count(), 900);
    for text in [
        format!("package a\nvar a = {}1{}\n", "f(".repeat(900), ")".repeat(900)),
        format!("package a\nfunc f() {{ {}{} }}\n", "if a { ".repeat(900), "}".repeat(900)),
        format!("package a\nvar a = {}x{}\n", "[]T{".repeat(900), "}".repeat(900)),
        format!("package a\nvar a {}int\n", "[]".repeat(3_000)),
    ] {
        let module = lower(&text).unwrap();
        assert!(!module.syntax_errors.is_empty());
        dump(&module, &text);
    }
    let defers = format!("package a\nfunc f() {{\n{}}}\n", "defer g()\n".repeat(5_000));
    assert_eq!(lower(&defers).unwrap().exprs.iter().filter(|e| matches!(e.kind, ExprKind::Call(_))).count(), 5_000);
    let too_deep = format!("package a\nvar a = {}", "(\n".repeat(5_000));
    assert!(matches!(lower(&too_deep), Err(ParseRefusal::TooDeep(_))));
}

/// What the grammar knows.
const WORDS: &[&str] = &[
    "package a\n",
    "import ",
    "func ",
    "(s *T) ",
    "f",
    "s",
    "T",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ";",
    ":",
    ":=",
    "=",
    "+",
    "<-",
    "*",
    "&",
    ".",
    "...",
    "\"x\"",
    "`r`",
    "'c'",
    "1",
    "iota",
    "if ",
    "else ",
    "for ",
    "range ",
    "switch ",
    "select ",
    "case ",
    "default:",
    "go ",
    "defer ",
    "return ",
    "type ",
    "struct",
    "interface",
    "map",
    "chan ",
    "var ",
    "const ",
    "break\n",
    "fallthrough\n",
    "\n",
    "\\",
    "é",
    "😀",
    "//\n",
    "/*",
    "new(",
    "_",
    "x.(type)",
];

#[test]
fn pointers_to_values_are_the_values() {
    let text = "package a\nvar x = T{A: new(\"a\"), B: new(T), C: new(f(1)), D: new(-1)}\n";
    let module = lower(text).unwrap();
    assert_eq!(module.syntax_errors, []);
    insta::assert_snapshot!(dump(&module, text));
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
