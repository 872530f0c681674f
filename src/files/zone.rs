//! Which part of a repository a file belongs to: production code, or something that is never deployed.

use serde::{Deserialize, Serialize};

/// Which part of a repository a file belongs to, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Zone {
    /// What runs in production.
    Production,
    /// Tests, their helpers and their configuration.
    Test,
    /// Examples and samples.
    Example,
    /// Documentation.
    Docs,
    /// Scripts, tools, benchmarks, load generators, build configuration.
    Script,
    /// Database migrations and seeds.
    Migration,
    /// Generated code and build output.
    Generated,
    /// Code of others.
    Vendored,
}

/// The zone of a path relative to the linted root, with `/`. Whole segments decide: `tests/` is a
/// test folder, `attests/` is not; what stands above the linted root has no say.
pub fn zone(path: &str) -> Zone {
    let lower = path.to_ascii_lowercase();
    let mut segments: Vec<&str> = lower.split('/').collect();
    let name = segments.pop().unwrap_or("");
    if let Some(zone) = vendored_or_generated(&segments, name) {
        return zone;
    }
    // behave keeps the steps of its scenarios in `features/steps`.
    let is_steps = segments.windows(2).any(|pair| pair == ["features", "steps"]);
    // A source set of Gradle or Maven beside `src/main`.
    let is_source_set = segments.windows(2).any(|pair| pair[0] == "src" && is_test_source_set(pair[1]));
    let original = path.rsplit('/').next().unwrap_or(path);
    // What stands below `src/main/java` is the name of a package.
    let packages = segments
        .windows(3)
        .position(|s| s[0] == "src" && s[1] == "main" && matches!(s[2], "java" | "kotlin"))
        .unwrap_or(segments.len());
    let is_package = |i: usize, segment: &str| i > packages && matches!(segment, "playwright" | "cypress" | "testing");
    if is_steps
        || is_source_set
        || segments.iter().enumerate().any(|(i, s)| is_test_folder(s) && !is_package(i, s))
        || is_test_file(name)
        || is_jvm_test_file(original)
        || is_dotnet_test(path)
    {
        return Zone::Test;
    }
    // Below a source root, `tools` and `docs` are ordinary packages: an agent's tools, the API's
    // documentation module.
    let outside = segments.iter().position(|s| matches!(*s, "src" | "app" | "internal")).unwrap_or(segments.len());
    let above = &segments[..outside];
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_example =
        |s: &&str| matches!(*s, "examples" | "example" | "samples" | "sample" | "playground" | "playgrounds");
    let is_migration = |s: &&str| matches!(*s, "migrations" | "migration" | "alembic" | "seeders" | "seeds");
    let is_script = |s: &&str| {
        matches!(
            *s,
            "scripts" | "script" | "experiments" | "notebooks" | "benchmarks" | "benchmark" | "benches" | "bench"
        ) || ["bench-", "bench_", "benchmark-", "benchmark_"].iter().any(|begin| s.starts_with(begin))
    };
    if above.iter().any(is_example) || matches!(stem, "example" | "examples") {
        Zone::Example
    } else if above.iter().any(|s| matches!(*s, "docs" | "doc" | "documentation")) {
        Zone::Docs
    } else if segments.iter().any(is_migration)
        || [".migration.", ".seeder.", ".seed."].iter().any(|w| name.contains(w))
    {
        Zone::Migration
    } else if above.iter().any(|s| matches!(*s, "tools" | "tooling" | "hack" | ".github" | ".husky"))
        || segments.iter().any(is_script)
        || segments.iter().any(|s| is_load_generator(s))
        || is_script_file(name)
    {
        Zone::Script
    } else {
        Zone::Production
    }
}

fn vendored_or_generated(segments: &[&str], name: &str) -> Option<Zone> {
    // A marketplace has a service or a module called `vendor`; vendored code lies at the top without
    // a source root of its own, or among the assets of a web page.
    let is_vendor_folder = |(i, segment): (usize, &&str)| {
        matches!(*segment, "vendor" | "vendors" | "vendored")
            && match i.checked_sub(1).and_then(|before| segments.get(before)) {
                None => !matches!(segments.get(1).copied(), None | Some("src" | "app" | "lib" | "test" | "tests")),
                Some(before) => matches!(*before, "static" | "public" | "assets" | "js" | "javascripts"),
            }
    };
    let is_of_others = |s: &&str| {
        matches!(
            *s,
            "node_modules" | "bower_components" | "site-packages" | "third_party" | "third-party" | "_vendor"
            // Skills that an agent reads, with their templates.
            | ".claude" | ".agents" | ".codex" | ".gemini" | ".cursor"
        )
    };
    if segments.iter().any(is_of_others) || segments.iter().enumerate().any(is_vendor_folder) {
        return Some(Zone::Vendored);
    }
    let is_generated = |s: &&str| {
        matches!(*s, "dist" | "generated" | "__generated__" | "_generated" | ".nuxt" | "autogen" | "gen-src")
            // A build that was put aside keeps the beginning of its name: `.next_old`.
            || s.starts_with(".next")
    };
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let protobuf = (name.ends_with(".py") && (stem.ends_with("_pb2") || stem.ends_with("_pb2_grpc")))
        || [".pb.go", ".pb.gw.go", ".designer.cs", ".g.cs", ".g.i.cs", "modelsnapshot.cs"]
            .iter()
            .any(|e| name.ends_with(e))
        || ["_pb.js", "_pb.ts", "_grpc_pb.js", "_grpc_pb.ts", ".pb.ts", ".pb.js"].iter().any(|e| name.ends_with(e));
    let marked = [".generated", ".gen", ".min", ".bundle"].iter().any(|ending| stem.ends_with(ending));
    (protobuf || marked || segments.iter().any(is_generated)).then_some(Zone::Generated)
}

fn is_test_folder(segment: &str) -> bool {
    let exact = matches!(
        segment,
        "test"
            | "tests"
            | "__tests__"
            | "__test__"
            | "__mocks__"
            | "__fixtures__"
            | "e2e"
            | "tck"
            | "smoke"
            | "bdd"
            | "spec"
            | "specs"
            | "testing"
            | "testdata"
            | "test_data"
            | "test-data"
            | "test-utils"
            | "test_utils"
            | "testutils"
            | "test-helpers"
            | "test_helpers"
            | "cypress"
            | "playwright"
            | "fixtures"
            | "mocks"
    );
    // `smoke_test`, `integration-test`; what else ends so may be a service: `blood-test`.
    let kinds = [
        "smoke",
        "integration",
        "acceptance",
        "functional",
        "component",
        "contract",
        "regression",
        "system",
        "unit",
        "manual",
    ];
    let kind = || segment.strip_suffix("test").map(|kind| kind.trim_end_matches(['-', '_']));
    exact
        || ["-tests", "_tests", "-e2e", "_e2e", "-e2e-test"].iter().any(|e| segment.ends_with(e))
        || kind().is_some_and(|kind| kinds.contains(&kind))
}

/// True for the assets of web pages.
pub fn is_asset(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "static" | "assets" | "public" | "wwwroot"))
}

/// True for a library among the assets of a web page: its build keeps the comment with the licence
/// (`/*! Library v1.2`), which is what the exclamation mark is for.
/// Source: <https://github.com/terser/terser#keeping-copyright-notices-or-other-comments>
pub fn is_distribution(path: &str, text: &str) -> bool {
    text.starts_with("/*!") && path.ends_with(".js") && is_asset(path)
}

/// `Orders.UnitTests/Builder.cs`, `OrderTests.cs`: capitals tell words apart, a contest is no test.
fn is_dotnet_test(path: &str) -> bool {
    let Some(stem) = path.strip_suffix(".cs") else { return false };
    stem.split('/').any(|segment| ["Tests", "Test", ".Specs"].iter().any(|ending| segment.ends_with(ending)))
}

fn is_test_file(name: &str) -> bool {
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    match extension {
        "py" => stem.starts_with("test_") || stem.ends_with("_test") || matches!(stem, "conftest" | "tests"),
        "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" => {
            let marks =
                [".spec", ".test", ".e2e-spec", ".e2e", ".mock", ".stories", ".cy", "_test", "-spec", ".test-d"];
            let tools = ["jest.", "vitest.", "playwright.", "cypress.", "karma."];
            marks.iter().any(|mark| stem.ends_with(mark)) || tools.iter().any(|tool| name.starts_with(tool))
        }
        "go" => stem.ends_with("_test"),
        _ => false,
    }
}

/// `src/integrationTest`, `src/component-test`.
fn is_test_source_set(segment: &str) -> bool {
    let exact = matches!(
        segment,
        "it" | "inttest"
            | "integrationtest"
            | "componenttest"
            | "functionaltest"
            | "contracttest"
            | "acceptancetest"
            | "testfixtures"
    );
    exact || ["-test", "-tests", "_test"].iter().any(|e| segment.ends_with(e))
}

/// `OrderServiceTest.java`; the case tells it from `Latest.java`.
fn is_jvm_test_file(name: &str) -> bool {
    let stem = name.strip_suffix(".java").or_else(|| name.strip_suffix(".kt"));
    stem.is_some_and(|stem| {
        ["Test", "Tests", "TestCase", "IT"].iter().any(|e| stem.len() > e.len() && stem.ends_with(e))
    })
}

/// `load-*` alone would take in a load balancer.
fn is_load_generator(segment: &str) -> bool {
    let words = ["load-gen", "load_gen", "loadgen", "load-test", "load_test", "loadtest", "perf-test", "k6", "locust"];
    segment.starts_with(['l', 'p', 'k'])
        && words.iter().any(|word| {
            segment
                .strip_prefix(word)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', 'e', 's', 'i']))
        })
}

/// Files that only run on a developer's machine or in the build.
fn is_script_file(name: &str) -> bool {
    let exact = [
        "setup.py",
        "noxfile.py",
        "fabfile.py",
        "locustfile.py",
        "gulpfile.js",
        "gruntfile.js",
        // The server of webpack while somebody develops, and its proxies in an application of React.
        "dev-server.js",
        "setupproxy.js",
        "seed.py",
        "seed.ts",
        "seed.js",
    ];
    let tools = [
        "webpack",
        "rollup",
        "vite",
        "babel",
        "eslint",
        "prettier",
        "tailwind",
        "postcss",
        "tsup",
        "esbuild",
        "commitlint",
        "metro",
        "astro",
        "next",
        "nuxt",
        "svelte",
        "lint-staged",
    ];
    let config = |tool: &&str| name.strip_prefix(*tool).is_some_and(|rest| rest.starts_with(".config."));
    exact.contains(&name)
        || (name.contains(".config.") && tools.iter().any(config))
        || name.starts_with(".eslintrc")
        || name.starts_with(".prettierrc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_of_a_web_page_is_known_by_its_kept_comment() {
        assert!(is_distribution("ui/static/js/slider.js", "/*!\n * Slider v2\n */\n"));
        assert!(!is_distribution("ui/static/js/shop.js", "/* the shop */\n"));
        assert!(!is_distribution("server/app.js", "/*!\n * the server\n */\n"));
    }

    #[test]
    fn whole_segments_and_file_names_decide() {
        let cases = [
            ("services/orders/app/main.py", Zone::Production),
            ("services/orders/tests/test_api.py", Zone::Test),
            ("attests/main.py", Zone::Production),
            (".claude/skills/rest-client/assets/python/client.py", Zone::Vendored),
            ("src/orders/orders.service.spec.ts", Zone::Test),
            ("src/orders/__tests__/a.ts", Zone::Test),
            ("orders/conftest.py", Zone::Test),
            ("orders/latest_test.py", Zone::Test),
            ("test/app.e2e-spec.ts", Zone::Test),
            ("packages/shop-e2e/src/a.ts", Zone::Test),
            ("integration_tests/a.py", Zone::Test),
            ("cmd/smoke_test/main.go", Zone::Test),
            ("cmd/integration-test/main.go", Zone::Test),
            ("cmd/bloodtest/main.go", Zone::Production),
            ("blood-test/main.go", Zone::Production),
            ("src/jest.config.ts", Zone::Test),
            ("orders/features/steps/order_steps.py", Zone::Test),
            ("orders/bdd/environment.py", Zone::Test),
            ("orders/features/steps.ts", Zone::Production),
            ("examples/orders/main.py", Zone::Example),
            ("playground/nextjs/pages/api/hello.ts", Zone::Example),
            ("src/playground/run.ts", Zone::Production),
            ("docs/conf.py", Zone::Docs),
            ("services/audit/examples.py", Zone::Example),
            ("services/model/experiments/compare.py", Zone::Script),
            ("src/docs/swagger.ts", Zone::Production),
            ("scripts/seed.py", Zone::Script),
            ("tools/release.py", Zone::Script),
            ("services/agent/app/tools/search.py", Zone::Production),
            ("load-gen/robot.py", Zone::Script),
            ("load-generator/a.py", Zone::Script),
            ("load-testing/a.py", Zone::Script),
            ("load-balancer/src/a.ts", Zone::Production),
            ("benchmarks/a.py", Zone::Script),
            ("cmd/bench-runner/main.go", Zone::Script),
            ("cmd/benches-api/main.go", Zone::Production),
            ("webpack.config.js", Zone::Script),
            ("web/build/dev-server.js", Zone::Script),
            ("web/src/setupProxy.js", Zone::Script),
            ("src/config/kafka.config.ts", Zone::Production),
            ("src/migrations/1_init.ts", Zone::Migration),
            ("alembic/versions/1.py", Zone::Migration),
            ("orders/orders_pb2_grpc.py", Zone::Generated),
            ("proto/orders.pb.go", Zone::Generated),
            ("orders/Migrations/1_Init.Designer.cs", Zone::Generated),
            ("orders/orders_test.go", Zone::Test),
            ("tests/Orders.UnitTests/OrderTests.cs", Zone::Test),
            ("src/Orders.UnitTests/Builder.cs", Zone::Test),
            ("src/Contests/Contest.cs", Zone::Production),
            ("dist/main.js", Zone::Generated),
            ("src/generated/client.ts", Zone::Generated),
            ("static/app.min.js", Zone::Generated),
            ("node_modules/a/index.js", Zone::Vendored),
            ("vendor/github.com/a/b.js", Zone::Vendored),
            ("public/vendor/jquery.js", Zone::Vendored),
            ("vendor/src/main.ts", Zone::Production),
            ("vendor/main.py", Zone::Production),
            ("src/vendor/vendor.service.ts", Zone::Production),
            ("main.py", Zone::Production),
            ("shots/src/main/kotlin/com/acme/playwright/Routes.kt", Zone::Production),
            ("playwright/src/main/kotlin/com/acme/Page.kt", Zone::Test),
        ];
        for (path, expected) in cases {
            assert_eq!(zone(path), expected, "{path}");
        }
    }
}
