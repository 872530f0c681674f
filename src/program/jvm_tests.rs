//! What Java and Kotlin expressions evaluate to across the files of a repository.

use super::index::Index;
use super::value::Value;
use super::{Evaluator, Program, Unit, resolve};
use crate::catalog::Catalog;
use crate::facts::{csharp, golang, jvm};
use crate::syntax::FileId;

pub(super) fn program(files: &[(&str, &str)], packages: &resolve::Packages) -> Program {
    let units = files
        .iter()
        .enumerate()
        .map(|(i, (path, text))| {
            let module = match path.rsplit('.').next() {
                Some("kt") => jvm::kotlin::lower(text),
                Some("go") => golang::lower(text),
                Some("cs") => csharp::lower(text),
                _ => jvm::java::lower(text),
            };
            let module = module.unwrap();
            assert!(module.syntax_errors.is_empty(), "{path}: {:?}", module.syntax_errors);
            let index = Index::build(&module);
            Unit { file: FileId(i as u32), path: (*path).to_string(), module, index }
        })
        .collect();
    Program::link(units, packages, &[])
}

/// The values of the first arguments of all calls of `probe`, in words.
fn probed(files: &[(&str, &str)]) -> Vec<String> {
    probed_with(files, &resolve::Packages::default())
}

/// The same, with names of folders.
pub(super) fn probed_with(files: &[(&str, &str)], packages: &resolve::Packages) -> Vec<String> {
    let program = program(files, packages);
    let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
    let sites = program.calls_named("probe");
    sites
        .iter()
        .map(|site| {
            let call = program.unit(site.unit).module.call(site.expr).unwrap();
            words(&program, &ev.at(site.unit, call.args[0].value))
        })
        .collect()
}

fn words(program: &Program, value: &Value) -> String {
    match value {
        Value::Instance(instance) => match instance.call {
            Some(site) => {
                let place = program.place(site);
                let path = &program.unit(site.unit).path;
                format!("{} made in {path} at {}", instance.ty, place.span.start)
            }
            None => instance.ty.to_string(),
        },
        Value::Object { unit, class, .. } => format!("object of {}", program.unit(*unit).module.class(*class).name),
        Value::Class { unit, class } => {
            let unit = program.unit(*unit);
            format!("class {} of {}", unit.module.class(*class).name, unit.path)
        }
        Value::Function { unit, func, .. } => format!("function {}", program.unit(*unit).module.func(*func).name),
        Value::Method { symbol, .. } => format!("method {symbol}"),
        Value::External(symbol) => format!("external {symbol}"),
        Value::Env { name, default, .. } => match default {
            Some(default) => format!("setting {name}, else {}", words(program, default)),
            None => format!("setting {name}"),
        },
        Value::Str(_) | Value::Num(_) => match value.to_text() {
            Some(text) => format!("{:?}", text.with_env(&|name| Some(format!("<{name}>")))),
            None => String::new(),
        },
        Value::OneOf(values) => values.iter().map(|v| words(program, v)).collect::<Vec<_>>().join(" or "),
        other => format!("{other:?}"),
    }
}

const REST: &str = "import org.springframework.web.client.RestTemplate;";

#[test]
fn fields_and_constants_are_found_without_this() {
    let text = format!(
        r#"package a; {REST}
class Base {{ protected String base = "http://b"; String path() {{ return "/p"; }} }}
class A extends Base {{
  private static final String HOST = "http://a";
  private final RestTemplate rest;
  private String url;
  A(RestTemplate rest) {{ this.rest = rest; url = HOST + "/x"; }}
  void run(String local) {{
    probe(rest); probe(url); probe(base); probe(path()); probe(Limits.MAX); probe(this.url);
    Runnable r = new Runnable() {{ public void run() {{ probe(HOST); probe(A.this.url); }} }};
  }}
  void other() {{ String url = "local"; probe(url); }}
  static class Limits {{ static final int MAX = 3; }}
}}"#
    );
    assert_eq!(
        probed(&[("src/A.java", &text)]),
        [
            "org.springframework.web.client.RestTemplate",
            "\"http://a/x\"",
            "\"http://b\"",
            "\"/p\"",
            "\"3\"",
            "\"http://a/x\"",
            "\"http://a\"",
            "\"http://a/x\"",
            "\"local\"",
        ]
    );
}

#[test]
fn types_are_found_in_their_package_by_import_by_star_and_by_full_name() {
    let user = r#"package a;
import b.Other; import c.*; import static d.Names.TOPIC; import static d.Names.*; import e.Outer.Inner; import x.Y; import y.*;
class A { void f() {
  probe(Same.class); probe(Other.class); probe(Star.class); probe(TOPIC); probe(QUEUE); probe(d.Names.class);
  probe(Inner.class); probe(Y.class); probe(String.class); probe(Third.class); probe(org.x.Client.class);
} }"#;
    assert_eq!(
        probed(&[
            ("src/a/A.java", user),
            ("src/a/Same.java", "package a; class Same {}"),
            ("src/b/Other.java", "package b; public class Other {}"),
            ("src/c/Star.java", "package c; public class Star {}"),
            ("src/d/Names.java", r#"package d; interface Names { String TOPIC = "t"; String QUEUE = "q"; }"#),
            ("src/e/Outer.java", "package e; class Outer { static class Inner {} }"),
        ]),
        [
            "class Same of src/a/Same.java",
            "class Other of src/b/Other.java",
            "class Star of src/c/Star.java",
            "\"t\"",
            "\"q\"",
            "class Names of src/d/Names.java",
            "class Inner of src/e/Outer.java",
            "external x.Y",
            "external java.lang.String",
            "external y.Third",
            "external org.x.Client",
        ]
    );
}

#[test]
fn the_nearest_of_two_services_with_the_same_class_is_meant() {
    let user = "package a; class A { void f() { probe(Conf.URL); } }";
    let conf = |url: &str| format!("package a; class Conf {{ static final String URL = \"{url}\"; }}");
    assert_eq!(
        probed(&[
            ("one/src/main/java/a/A.java", user),
            ("one/src/main/java/a/Conf.java", &conf("one")),
            ("two/src/main/java/a/A.java", user),
            ("two/src/main/java/a/Conf.java", &conf("two")),
        ]),
        ["\"one\"", "\"two\""]
    );
}

#[test]
fn settings_are_read_from_annotations_of_fields_and_parameters() {
    let text = r##"package a;
import org.springframework.beans.factory.annotation.Value;
class A {
  @Value("${orders.url:http://orders}") private String url;
  @Value("http://${host}:${port:80}/x") String joined;
  @Value("#{1 + 2}") int spel;
  @ConfigProperty(name = "k", defaultValue = "d") String quarkus;
  private final String key;
  A(@Value("${key}") String key) { this.key = key; }
  void f() { probe(url); probe(joined); probe(spel); probe(quarkus); probe(key); probe(url + "/z"); }
}"##;
    assert_eq!(
        probed(&[("src/A.java", text)]),
        [
            "setting orders.url, else \"http://orders\"",
            "\"http://<host>:<port>/x\"",
            "Unknown",
            "setting k, else \"d\"",
            "setting key",
            "\"<orders.url>/z\"",
        ]
    );
}

#[test]
fn a_bean_brings_its_construction_to_the_fields_and_constructors_of_its_own_application() {
    let config = format!(
        r#"package a; {REST} class Config {{
  @Bean RestTemplate plain() {{ return new RestTemplate(factory()); }}
  @Bean("slow") public RestTemplate other() {{ return new RestTemplate(); }}
}}"#
    );
    let user = format!(
        r#"package a; {REST} @SpringBootApplication class A {{
  @Autowired private RestTemplate plain;
  @Autowired @Qualifier("slow") private RestTemplate rest;
  private final RestTemplate injected;
  A(RestTemplate plain) {{ this.injected = plain; }}
  void f() {{ probe(plain); probe(rest); probe(injected); }}
}}"#
    );
    let stranger = user.clone();
    let ty = "org.springframework.web.client.RestTemplate";
    let plain = format!("{ty} made in one/src/a/Config.java at {}", config.find("new RestTemplate(f").unwrap());
    let slow = format!("{ty} made in one/src/a/Config.java at {}", config.find("new RestTemplate()").unwrap());
    assert_eq!(
        probed(&[("one/src/a/A.java", &user), ("one/src/a/Config.java", &config), ("two/src/a/A.java", &stranger)]),
        [plain.clone(), slow, plain, ty.into(), ty.into(), ty.into()]
    );
}

#[test]
fn of_several_beans_the_qualifier_the_shared_mark_and_the_primary_one_choose() {
    let config = format!(
        r#"package a; {REST} class Config {{
  @Bean @LoadBalanced RestTemplate balanced() {{ return new RestTemplate(one()); }}
  @Bean @Primary RestTemplate plain() {{ return new RestTemplate(two()); }}
}}"#
    );
    let user = format!(
        r#"package a; {REST} @SpringBootApplication class A {{
  @Autowired @LoadBalanced private RestTemplate rest;
  @Autowired private RestTemplate other;
  @Autowired @Qualifier("balanced") private RestTemplate third;
  void f() {{ probe(rest); probe(other); probe(third); }}
}}"#
    );
    let made = |call: &str| {
        format!(
            "org.springframework.web.client.RestTemplate made in src/a/Config.java at {}",
            config.find(call).unwrap()
        )
    };
    let (balanced, plain) = (made("new RestTemplate(one"), made("new RestTemplate(two"));
    assert_eq!(probed(&[("src/a/A.java", &user), ("src/a/Config.java", &config)]), [balanced.clone(), plain, balanced]);
}

#[test]
fn an_object_that_code_makes_has_what_is_handed_over_and_a_component_what_the_container_has() {
    let step = format!(
        r#"package a; {REST} class Step {{
  private final RestTemplate rest;
  Step(RestTemplate rest) {{ this.rest = rest; }}
  void f() {{ probe(rest); }}
}}"#
    );
    let user = format!(
        r#"package a; {REST} @SpringBootApplication class User {{
  @Autowired @Qualifier("slow") private RestTemplate client;
  @Bean RestTemplate plain() {{ return new RestTemplate(factory()); }}
  @Bean("slow") RestTemplate other() {{ return new RestTemplate(); }}
  Step step() {{ return new Step(client); }}
}}"#
    );
    let ty = "org.springframework.web.client.RestTemplate";
    let slow = format!("{ty} made in src/a/User.java at {}", user.find("new RestTemplate()").unwrap());
    assert_eq!(probed(&[("src/a/Step.java", &step), ("src/a/User.java", &user)]), [slow]);
    let component = step
        .replace(" class Step", " @Component class Step")
        .replace("RestTemplate rest)", "RestTemplate plain)")
        .replace("= rest;", "= plain;");
    let plain = format!("{ty} made in src/a/User.java at {}", user.find("new RestTemplate(f").unwrap());
    assert_eq!(probed(&[("src/a/Step.java", &component), ("src/a/User.java", &user)]), [plain]);
}

#[test]
fn accessors_that_nobody_wrote_are_the_field_and_written_ones_are_called() {
    let text = r#"package a;
@Getter class Conf { private String url = "u"; boolean open; String getName() { return "named"; } private String name = "x"; }
record Point(String host, int port) {}
class A { void f(Conf conf) {
  probe(conf.getUrl()); probe(conf.getName()); Point p = new Point("h", 1); probe(p.host());
  probe(Topic.ORDERS.getName()); probe(Topic.PLAIN);
} }
enum Topic { ORDERS("orders"), PLAIN; private final String name; Topic(String name) { this.name = name; } Topic() { this(null); } }"#;
    assert_eq!(probed(&[("src/A.java", text)]), ["\"u\"", "\"named\"", "\"h\"", "\"orders\"", "\"PLAIN\""]);
}

#[test]
fn an_interface_with_one_implementation_in_the_module_is_that_class() {
    let service = "package a; interface Orders { String url(); }";
    let user = r#"package a; class A { @Autowired Orders orders; void f() { probe(orders); probe(orders.url()); probe(repo); } @Autowired Repo repo; }
interface Repo extends JpaRepository<X, Long> {}"#;
    assert_eq!(
        probed(&[
            ("src/a/Orders.java", service),
            (
                "src/a/OrdersImpl.java",
                r#"package a; class OrdersImpl implements Orders { public String url() { return "u"; } }"#
            ),
            ("src/a/User.java", user),
        ]),
        ["object of OrdersImpl", "\"u\"", "object of Repo"]
    );
}

#[test]
fn strings_are_formatted_and_overloads_told_apart_by_their_arguments() {
    let text = r#"package a; class A {
  static final String HOST = "h";
  String url(String a) { return url(a, "two"); }
  String url(String a, String b) { return b; }
  void f(String id) {
    probe(String.format("http://%s:%d/%s", HOST, 80, id)); probe("x/%s".formatted(HOST)); probe(url("a")); probe(url("a", "b"));
    probe(this::url); probe(id); String s = "a" + id; probe(s);
  }
}"#;
    assert_eq!(
        probed(&[("src/A.java", text)]),
        [
            "\"http://h:80/{}\"",
            "\"x/h\"",
            "\"two\"",
            "\"b\"",
            "function url",
            "Param { unit: UnitId(0), func: FuncId(2), index: 0 }",
            "\"a{}\""
        ]
    );
    let handler = r#"package a; class B {
  interface Handler { String on(Opened e); String on(Closed e); }
  static class Own implements Handler {
    public String on(Opened e) { return "opened"; }
    public String on(Closed e) { return "closed"; }
  }
  private final Own own = new Own();
  void f(Opened opened, Closed closed) { probe(own.on(opened)); probe(own.on(closed)); probe(own.on(new Closed())); }
}"#;
    assert_eq!(probed(&[("src/B.java", handler)]), ["\"opened\"", "\"closed\"", "\"closed\""]);
}

#[test]
fn kotlin_sees_constructor_parameters_companions_objects_and_top_level_names() {
    let text = r#"package a
import org.springframework.web.client.RestTemplate
const val TOPIC = "orders"
class A(@Value("\${orders.url}") private val url: String, host: String = "h", val rest: RestTemplate) {
    private val base = "http://$host"
    private val lazyUrl by lazy { "$url/lazy" }
    val full: String get() = "$TOPIC/x"
    companion object { const val NAME = "n" }
    fun f() {
        probe(url); probe(lazyUrl); probe(full); probe(NAME); probe(A.NAME); probe(Conf.KEY); probe(TOPIC); probe(rest)
        probe(RestTemplate().apply { tune() }); probe(helper("z")); val s: String? = null; probe(B("made").name)
    }
}
object Conf { val KEY = "k" }
data class B(val name: String)
fun helper(x: String) = "help/$x"
"#;
    let made = format!(
        "org.springframework.web.client.RestTemplate made in src/A.kt at {}",
        text.find("RestTemplate()").unwrap()
    );
    assert_eq!(
        probed(&[("src/A.kt", text)]),
        [
            "setting orders.url",
            "\"<orders.url>/lazy\"",
            "\"orders/x\"",
            "\"n\"",
            "\"n\"",
            "\"k\"",
            "\"orders\"",
            "org.springframework.web.client.RestTemplate",
            made.as_str(),
            "\"help/z\"",
            "\"made\"",
        ]
    );
}

#[test]
fn constructor_arguments_reach_the_fields_of_an_object_that_is_made_by_hand() {
    let text = r#"package a; class Client { private final String url; Client(String url) { this.url = url; } String at() { return url; } }
class A { Client client = new Client("http://x"); void f() { probe(client.url); Client c = new Client("http://y"); probe(c.url); } }"#;
    assert_eq!(probed(&[("src/A.java", text)]), ["\"http://x\"", "\"http://y\""]);
}
