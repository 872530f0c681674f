//! What Go expressions evaluate to across the files of a repository.

use super::jvm_tests::probed_with;
use super::resolve::Packages;

fn probed(files: &[(&str, &str)]) -> Vec<String> {
    let packages = Packages { go: vec![("acme.com/shop".into(), "".into())], ..Packages::default() };
    probed_with(files, &packages)
}

#[test]
fn the_files_of_a_folder_are_one_package() {
    let found = probed(&[
        ("svc/config.go", "package main\nconst topic = \"orders\"\nvar base = \"http://b\"\n"),
        ("svc/main.go", "package main\nfunc main() { probe(topic); probe(base + \"/x\"); probe(helper()) }\n"),
        ("svc/helper.go", "package main\nfunc helper() string { return \"h\" }\n"),
        ("other/a.go", "package main\nfunc f() { probe(topic) }\n"),
    ]);
    assert_eq!(found, ["external builtin.topic", "\"orders\"", "\"http://b/x\"", "\"h\""]);
}

#[test]
fn packages_are_imported_by_the_path_of_the_module() {
    let found = probed(&[
        ("pkg/bus/bus.go", "package bus\ntype Bus struct{ url string }\nconst Topic = \"t\"\n"),
        ("pkg/bus/new.go", "package bus\nfunc New(url string) *Bus { return &Bus{url: url} }\n"),
        ("pkg/bus/send.go", "package bus\nfunc (b *Bus) Send() { probe(b.url) }\n"),
        (
            "cmd/main.go",
            "package main\nimport (\n\"acme.com/shop/pkg/bus\"\nmy \"github.com/x/y\"\n)\nfunc main() { b := bus.New(\"u\"); probe(b); probe(bus.Topic); probe(my.Do) }\n",
        ),
    ]);
    assert_eq!(found[..3], ["object of Bus", "\"t\"", "external github.com/x/y.Do"]);
    assert!(found[3].starts_with("Param"), "{found:?}");
}

#[test]
fn an_import_binds_the_name_that_the_package_gives_itself() {
    let found = probed(&[
        ("internal/user-repo/user.go", "package repos\nconst Topic = \"users\"\n"),
        ("internal/user-repo/user_test.go", "package repos_test\n"),
        ("bus/bus.go", "package messaging\nconst Topic = \"t\"\n"),
        (
            "cmd/main.go",
            "package main\nimport (\n\"acme.com/shop/internal/user-repo\"\nbus \"acme.com/shop/bus\"\n)\nfunc main() { probe(repos.Topic); probe(bus.Topic) }\n",
        ),
    ]);
    assert_eq!(found, ["\"users\"", "\"t\""]);
}

#[test]
fn modules_without_their_file_lie_beside_the_others() {
    let packages = Packages { go: vec![("acme.com/shop/billing".into(), "billing".into())], ..Packages::default() };
    let files = |import: &str| {
        let main = format!("package main\nimport \"{import}\"\nfunc main() {{ probe(bus.Topic) }}\n");
        probed_with(
            &[("pkg/bus/bus.go", "package bus\nconst Topic = \"paid\"\n"), ("auth/main.go", main.as_str())],
            &packages,
        )
    };
    assert_eq!(files("acme.com/shop/pkg/bus"), ["\"paid\""]);
    // Another repository of the same owner is not this one.
    assert_eq!(files("acme.com/lib/pkg/bus"), ["external acme.com/lib/pkg/bus.Topic"]);
}

#[test]
fn several_results_are_told_apart() {
    let found = probed(&[(
        "a/a.go",
        r#"package a
import "acme.org/lib"
type Store struct{ dsn string }
func open(dsn string) (*Store, error) {
	if dsn == "" { return nil, errors.New("x") }
	return &Store{dsn: dsn}, nil
}
func again() (*Store, error) { return open("b") }
func named() (s *Store, err error) { s = &Store{}; return }
func f() {
	s, err := open("a")
	probe(s); probe(s.dsn); probe(err)
	r, _ := again()
	probe(r)
	n, _ := named()
	probe(n)
	c, err := lib.Dial("x")
	probe(c)
}
"#,
    )]);
    assert_eq!(found[0], "object of Store");
    assert_eq!(found[3], "object of Store");
    assert_eq!(found[4], "object of Store");
    assert!(found[5].starts_with("acme.org/lib.Dial made in"), "{found:?}");
}

#[test]
fn fields_have_what_literals_and_constructors_set() {
    let found = probed(&[(
        "a/a.go",
        r#"package a
import ("net/http"; "time")
type Client struct { base string; http *http.Client; wait time.Duration }
type Wrap struct { *Client; name string }
func NewClient() *Client { return &Client{base: "http://b", http: &http.Client{Timeout: 5}} }
func (c *Client) Get() { probe(c.base); probe(c.http) }
func (w *Wrap) Get() { probe(w.base); probe(Wrap{nil, "n"}.name) }
"#,
    )]);
    assert_eq!(found[0], "\"http://b\"");
    assert!(found[1].starts_with("net/http.Client made in a/a.go"), "{found:?}");
    assert_eq!(found[2..], ["\"http://b\"", "\"n\""]);
}

#[test]
fn settings_come_from_the_environment_and_from_tags() {
    let found = probed(&[(
        "a/a.go",
        "package a\nimport (\"os\"; \"fmt\"; \"net\"; \"github.com/spf13/viper\")\ntype Config struct {\n\tURL string `env:\"PEER_URL,required\" env-default:\"http://b\"`\n\tHTTP struct { Port string `yaml:\"port\" env:\"PORT\"` }\n}\ntype Topic string\nfunc f(c *Config) {\n\tprobe(os.Getenv(\"A\"))\n\tb, ok := os.LookupEnv(\"B\")\n\tprobe(b)\n\tprobe(c.URL)\n\tprobe(c.HTTP.Port)\n\tprobe(fmt.Sprintf(\"http://%s:%d\", \"h\", 80))\n\tprobe(Topic(\"t\"))\n\tprobe(viper.GetString(\"x.y\"))\n\tprobe(net.JoinHostPort(\"h\", \"1\"))\n}\n",
    )]);
    assert_eq!(
        found,
        [
            "setting A",
            "setting B",
            "setting PEER_URL, else \"http://b\"",
            "setting PORT",
            "\"http://h:80\"",
            "\"t\"",
            "setting x.y",
            "\"h:1\"",
        ]
    );
}

#[test]
fn a_local_variable_hides_the_one_of_the_package() {
    let found = probed(&[(
        "a/a.go",
        "package a\nvar url = \"top\"\nfunc f() { url := \"own\"; probe(url) }\nfunc g() { probe(url) }\n",
    )]);
    assert_eq!(found, ["\"own\"", "\"top\""]);
}

#[test]
fn a_variable_called_like_its_package_begins_after_its_declaration() {
    let found = probed(&[(
        "a/a.go",
        r#"package a
import "github.com/gin-gonic/gin"
func f() {
	gin.SetMode("release")
	probe(gin.ReleaseMode)
	gin := gin.Default()
	probe(gin)
}
func g(gin *gin.Engine) { probe(gin) }
"#,
    )]);
    assert_eq!(found[0], "external github.com/gin-gonic/gin.ReleaseMode");
    assert!(found[1].starts_with("github.com/gin-gonic/gin.Engine made in a/a.go"), "{found:?}");
    assert_eq!(found[2], "github.com/gin-gonic/gin.Engine");
}

#[test]
fn programs_that_know_nothing_of_each_other_share_no_interface() {
    let client = "package client\ntype Client struct{}\nfunc (c *Client) Get(path string) string { return path }\n";
    let user = |module: &str| {
        format!(
            "package use\nimport \"{module}/client\"\ntype Getter interface {{ Get(path string) string }}\n\
             func run(g Getter) {{ probe(g.Get(\"{module}\")) }}\nfunc start() {{ run(&client.Client{{}}) }}\n"
        )
    };
    let (a, b) = (user("acme.com/a"), user("acme.com/b"));
    let go = vec![("acme.com/a".into(), "a".into()), ("acme.com/b".into(), "b".into())];
    let packages = Packages { go, ..Packages::default() };
    let files = [("a/client/c.go", client), ("a/use/u.go", &a), ("b/client/c.go", client), ("b/use/u.go", b.as_str())];
    let program = super::load::from_sources(&files, &packages);
    let ev = super::Evaluator::new(&program, crate::catalog::Catalog::embedded().unwrap());
    let unit = program.find("a/client/c.go").unwrap();
    let get = program.unit(unit).module.funcs.iter().position(|f| f.name == "Get").unwrap();
    let callers = ev.callers(unit, crate::facts::module::FuncId(get as u32));
    let paths: Vec<&str> = callers.iter().map(|site| program.unit(site.unit).path.as_str()).collect();
    assert_eq!(paths, ["a/use/u.go"]);
}

#[test]
fn a_name_is_what_reaches_the_place_where_it_is_used() {
    let found = probed(&[(
        "a/a.go",
        r#"package a
func again() { x := "one"; probe(x); x = "two"; probe(x); x = x + "three"; probe(x) }
func either(fast bool) { x := "one"; if fast { x = "two"; probe(x) }; probe(x) }
func round(all []string) {
	x := "one"
	for _, _ = range all { probe(x); x = "two" }
	for _, _ = range all { y := "three"; probe(y); y = "four"; probe(y) }
}
func later() func() { x := "one"; run := func() { probe(x) }; x = "two"; return run }
"#,
    )]);
    let expected = [
        "\"one\"",
        "\"two\"",
        "\"twothree\"",
        "\"two\"",
        "\"one\" or \"two\"",
        "\"one\" or \"two\"",
        "\"three\"",
        "\"four\"",
        "\"one\" or \"two\"",
    ];
    assert_eq!(found, expected);
}
