//! What C# expressions evaluate to across the files of a repository.

use super::jvm_tests::probed_with;
use super::resolve::Packages;

fn probed(files: &[(&str, &str)]) -> Vec<String> {
    probed_with(files, &Packages::default())
}

#[test]
fn types_are_found_by_namespace_and_using() {
    let found = probed(&[
        (
            "a/Topics.cs",
            "namespace Acme.Bus;\npublic static class Topics { public const string Orders = \"orders\"; }\n",
        ),
        ("a/Local.cs", "namespace Acme.Api;\nclass Local { public static string Url = \"u\"; }\n"),
        (
            "a/Api.cs",
            "using Acme.Bus;\nnamespace Acme.Api.Handlers;\nclass Api { void F() { probe(Topics.Orders); probe(Local.Url); probe(Acme.Bus.Topics.Orders); probe(new Local()); } }\n",
        ),
        ("b/GlobalUsings.cs", "global using Acme.Bus;\n"),
        ("b/sub/B.cs", "namespace B;\nclass B { void F() { probe(Topics.Orders); } }\n"),
        ("c/C.cs", "namespace C;\nclass C { void F() { probe(Topics.Orders); } }\n"),
        ("d/D.cs", "using static Acme.Bus.Topics;\nnamespace D;\nclass D { void F() { probe(Orders); } }\n"),
    ]);
    assert_eq!(
        found,
        ["\"orders\"", "\"u\"", "\"orders\"", "object of Local", "\"orders\"", "external Topics.Orders", "\"orders\""]
    );
}

#[test]
fn members_need_no_this_also_in_other_parts_and_bases() {
    let found = probed(&[
        (
            "a/A.cs",
            "namespace A;\npartial class A : Base { private readonly string _url; public A(string x) { _url = \"http://b\"; } void F() { probe(_url); probe(Other); probe(Inherited); probe(Make()); } }\n",
        ),
        (
            "a/A.Part.cs",
            "namespace A;\npartial class A { string Other = \"o\"; Peer Make() => new Peer(); }\nclass Peer {}\n",
        ),
        ("a/Base.cs", "namespace A;\nclass Base { protected string Inherited { get; } = \"i\"; }\n"),
        ("a/P.cs", "namespace A;\nclass P(Peer peer, int n = 3) { void F() { probe(peer); } }\n"),
    ]);
    assert_eq!(found, ["\"http://b\"", "\"o\"", "\"i\"", "object of Peer", "object of Peer"]);
}

#[test]
fn extension_methods_take_the_object_as_their_first_argument() {
    let extensions =
        "namespace A;\nstatic class Extensions { public static string Named(this Builder b, string name) => name; }\n";
    let calls = "class F { void G(Builder b) { probe(b.Named(\"x\")); probe(Extensions.Named(b, \"y\")); probe(b.Both()); } }\n";
    let found = probed(&[
        ("a/E.cs", extensions),
        ("a/F.cs", &format!("namespace A;\n{calls}")),
        ("b/E.cs", "namespace B;\nstatic class E { public static string Both(this Builder b) => \"b\"; }\n"),
        ("c/E.cs", "namespace C;\nstatic class E { public static string Both(this Other b) => \"c\"; }\n"),
    ]);
    assert_eq!(found, ["\"x\"", "\"y\"", "\"b\""]);
}

#[test]
fn settings_come_from_the_environment_and_the_configuration() {
    let found = probed(&[(
        "a/Program.cs",
        r#"var builder = WebApplication.CreateBuilder(args);
probe(builder.Configuration["Peer:Url"]);
probe(builder.Configuration.GetValue<string>("Key", "d"));
probe(Environment.GetEnvironmentVariable("PEER") ?? "http://b");
probe($"{Environment.GetEnvironmentVariable("HOST")}/x");
class Options { public string Url { get; set; } = "http://o"; }
class Client(IConfiguration configuration, IOptions<Options> options) {
    void F() { probe(configuration.GetSection("A")["B"]); probe(new Options { Url = "set" }.Url); }
}
"#,
    )]);
    assert_eq!(found[..3], ["setting Peer:Url", "setting Key, else \"d\"", "setting PEER, else \"http://b\""]);
    assert_eq!(found[4..], ["setting A:B", "\"set\""]);
}
