//! What starts a service, and where its code lies.

use super::*;

#[test]
fn nothing_and_nonsense_have_no_services() {
    assert!(world(&[("README.md", "x")]).services.is_empty());
    let broken = [
        ("compose.yaml", "services:\n  a:\n    build: [1, {]\n"),
        (
            "b/compose.yaml",
            "services:\n  a:\n    build: ../../..\n  b:\n    build: https://x/y.git\n  c:\n    build: nowhere\n",
        ),
        ("Dockerfile", "COPY x\nFROM\n"),
        ("a/package.json", "{"),
    ];
    assert!(world(&broken).services.is_empty());
}

#[test]
fn a_command_of_a_django_project_is_a_worker_beside_its_server() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  api:\n    build: orders\n  consumer:\n    build: orders\n    command: python manage.py consume orders\n  \
             dev:\n    build: billing\n    command: sh -c 'python manage.py migrate && python manage.py runserver'\n",
        ),
        ("orders/Dockerfile", "FROM python:3.12\nCOPY . .\nCMD [\"gunicorn\", \"shop.wsgi\"]\n"),
        ("orders/manage.py", ""),
        (
            "orders/shop/wsgi.py",
            "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
        ),
        ("billing/Dockerfile", "FROM python:3.12\nCOPY . .\n"),
        ("billing/manage.py", ""),
        (
            "billing/shop/wsgi.py",
            "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
        ),
    ]);
    let kinds: Vec<_> = world.services.iter().map(|s| (s.name.as_str(), s.kind)).collect();
    assert_eq!(kinds, [("api", ServiceKind::Http), ("consumer", ServiceKind::Worker), ("dev", ServiceKind::Http)]);
}

#[test]
fn an_image_that_others_start_from_is_no_service() {
    let compose = |command: &str| {
        format!(
            "services:\n  base:\n    build: base\n    image: acme/base:latest\n{command}  orders:\n    build: orders\n"
        )
    };
    let named = |command: &str| {
        let compose = compose(command);
        let world = world(&[
            ("compose.yaml", &compose),
            ("base/Dockerfile", "FROM python:3.12\nRUN pip install fastapi\n"),
            ("base/main.py", API),
            ("orders/Dockerfile", "FROM acme/base\nCOPY . .\nCMD [\"uvicorn\", \"main:app\"]\n"),
            ("orders/main.py", API),
        ]);
        world.services.iter().map(|s| s.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(named(""), ["orders"]);
    assert_eq!(named("    command: uvicorn main:app\n"), ["base", "orders"]);
}

#[test]
fn one_image_in_the_compose_files_of_two_environments_is_one_service_at_the_root_of_its_code() {
    let compose = |name: &str, target: &str| {
        format!("services:\n  {name}:\n    build: {{context: .., dockerfile: infra/Dockerfile, target: {target}}}\n")
    };
    let dockerfile = "FROM python:3.12 AS base\nFROM base AS dev\nCOPY . .\nCMD [\"infra/api.sh\"]\nFROM base AS prod\nCOPY src src\nCMD [\"infra/api.sh\"]\n";
    let world = world(&[
        ("infra/docker-compose.yaml", &compose("orders", "dev")),
        ("infra/docker-compose.prod.yaml", &compose("orders-prod", "prod")),
        ("infra/Dockerfile", dockerfile),
        ("infra/api.sh", ""),
        ("pyproject.toml", "[project]\nname = 'orders'\n"),
        ("src/main.py", API),
    ]);
    assert_eq!(world.services.len(), 1);
    assert_eq!(world.services[0].root, "");
}

#[test]
fn what_compose_builds_in_a_folder_that_is_not_there_is_no_service() {
    let world = world(&[
        ("payments/compose.yaml", "services:\n  app:\n    build: ./payments\n"),
        ("payments/Dockerfile", PYTHON),
        ("payments/app/main.py", API),
    ]);
    assert_eq!(world.roots(), [("payments", "payments")]);
}

#[test]
fn an_image_with_a_server_of_its_own_needs_no_command_and_backend_is_no_name() {
    let world = world(&[
        ("users/docker/backend.dockerfile", "FROM tiangolo/uvicorn-gunicorn-fastapi:python3.11\nCOPY ./app /app/app\n"),
        ("users/docker/worker.dockerfile", "FROM python:3.12\nCOPY ./app /app/app\nCMD [\"arq\", \"app.worker.S\"]\n"),
        ("users/requirements.txt", "fastapi\n"),
        ("users/app/main.py", API),
        ("users/app/worker.py", "class S: ...\n"),
    ]);
    assert_eq!(world.roots(), [("users", "users"), ("worker", "users")]);
}

#[test]
fn an_application_that_nothing_deploys_and_nothing_describes_is_a_service() {
    let world = world(&[("app/main.py", API), ("app/models/order.py", "")]);
    assert_eq!(world.roots(), [("shop", "")]);
}

#[test]
fn a_dockerfile_that_starts_the_same_is_another_way_to_build_the_same() {
    let docker = |image: &str, command: &str| format!("FROM {image}\nCOPY . .\nCMD [\"python\", \"{command}\"]\n");
    let names = |original: &str| {
        let plain = docker("python:3", "main.py");
        world(&[("orders/Dockerfile", &plain), ("orders/Dockerfile.original", original), ("orders/main.py", API)])
            .names()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&docker("python:2", "main.py")), ["orders"]);
    assert_eq!(names(&docker("python:3", "other.py")).len(), 2);
}

const BOOT: &str = "package a;\n@SpringBootApplication\nclass App { public static void main(String[] a) {} }\n";

fn boot_pom(name: &str) -> String {
    format!("<project><artifactId>{name}</artifactId><plugin>spring-boot-maven-plugin</plugin></project>")
}

#[test]
fn applications_that_outnumber_the_one_with_a_dockerfile_are_services_beside_it() {
    let docker = ("users/Dockerfile", "FROM eclipse-temurin:21\nCOPY . .\nCMD [\"java\", \"-jar\", \"app.jar\"]\n");
    let names = ["users", "orders", "stock"];
    let poms: Vec<(String, String)> = names.iter().map(|name| (format!("{name}/pom.xml"), boot_pom(name))).collect();
    let mains: Vec<String> =
        names.iter().map(|name| format!("{name}/src/main/java/a/service/{name}/App.java")).collect();
    let files = |count: usize| {
        let mut files = vec![docker];
        files.extend(poms.iter().take(count).map(|(path, text)| (path.as_str(), text.as_str())));
        files.extend(mains.iter().take(count).map(|path| (path.as_str(), BOOT)));
        world(&files).names().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(files(3), ["orders", "stock", "users"]);
    // One beside it may be a tool that nobody deploys.
    assert_eq!(files(2), ["users"]);
}

#[test]
fn projects_that_outnumber_the_one_with_a_dockerfile_are_services_in_folders_of_their_own_too() {
    let web = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>\n";
    let program = "var app = WebApplication.CreateBuilder(args).Build();\napp.Run();\n";
    let docker = "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nCOPY . .\nENTRYPOINT [\"dotnet\", \"Users.Api.dll\"]\n";
    let others = |projects: &[&str]| {
        let mut files = vec![
            ("src/Services/Users/Users.Api/Users.Api.csproj".to_owned(), web),
            ("src/Services/Users/Users.Api/Program.cs".to_owned(), program),
            ("src/Services/Users/Users.Api/Dockerfile".to_owned(), docker),
        ];
        for project in projects {
            let (_, name) = project.rsplit_once('/').unwrap();
            files.push((format!("src/Services/{project}/{name}.csproj"), web));
            files.push((format!("src/Services/{project}/Program.cs"), program));
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let names = world(&files).names().iter().map(ToString::to_string).collect::<Vec<_>>();
        names.into_iter().filter(|name| !name.starts_with("Users")).collect::<Vec<_>>()
    };
    assert_eq!(others(&["Orders/Orders.Api", "Stock/src/Stock.Api"]), ["Orders.Api", "Stock.Api"]);
    // Two programs of one service are one beside it: they may be tools that nobody deploys.
    assert_eq!(others(&["Orders/Orders.Api", "Orders/Orders.Import"]), [""; 0]);
}

#[test]
fn a_go_module_without_a_main_is_a_library() {
    let server = "package http\nfunc New() *echo.Echo { return echo.New() }\n";
    let main = "package main\nfunc main() { gin.Default().Run() }\n";
    let world = world(&[
        ("internal/pkg/go.mod", "module acme.com/shop/pkg\n"),
        ("internal/pkg/server.go", server),
        ("internal/services/orders/go.mod", "module acme.com/shop/orders\n"),
        ("internal/services/orders/main.go", main),
        ("internal/services/stock/go.mod", "module acme.com/shop/stock\n"),
        ("internal/services/stock/main.go", main),
    ]);
    assert_eq!(world.names(), ["orders", "stock"]);
}

#[test]
fn an_image_is_of_the_folder_that_is_called_so_but_for_the_word_service() {
    let deployment = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: acme-{name}}}\nspec:\n  template:\n    spec:\n      \
             containers:\n        - {{name: acme-{name}, image: \"acme/{name}:latest\"}}\n"
        )
    };
    let (order, stock) = (deployment("order"), deployment("stock"));
    let jvm = "FROM ubi8/openjdk-17\nCOPY target/*-runner.jar /work/application.jar\nCMD [\"java\", \"-jar\", \"/work/application.jar\"]\n";
    let pom = "<project><artifactId>x</artifactId><plugin>quarkus-maven-plugin</plugin></project>";
    let code = "package a;\nclass Orders {}\n";
    let files = [
        ("order-service/pom.xml", pom),
        ("order-service/src/main/docker/Dockerfile.jvm", jvm),
        ("order-service/src/main/docker/Dockerfile.fast-jar", jvm),
        ("order-service/src/main/java/a/Orders.java", code),
        ("stock-service/pom.xml", pom),
        ("stock-service/src/main/java/a/Orders.java", code),
        ("k8s/order.yml", order.as_str()),
        ("k8s/stock.yml", stock.as_str()),
    ];
    assert_eq!(world(&files).roots(), [("acme-order", "order-service"), ("acme-stock", "stock-service")]);
    // Quarkus keeps the Dockerfiles of a project in `src/main/docker`, one for each packaging.
    assert_eq!(world(&files[..4]).roots(), [("order-service", "order-service")]);
}

#[test]
fn quarkus_makes_a_program_of_classes_without_a_main() {
    let pom = |plugin: &str| format!("<project><artifactId>x</artifactId><plugin>{plugin}</plugin></project>");
    let (app, library) = (pom("quarkus-maven-plugin"), pom("jandex-maven-plugin"));
    let code = "package a;\n@Path(\"/orders\")\nclass Orders {}\n";
    let world = world(&[
        ("orders/pom.xml", app.as_str()),
        ("orders/src/main/java/a/Orders.java", code),
        ("common/pom.xml", library.as_str()),
        ("common/src/main/java/a/Orders.java", code),
    ]);
    assert_eq!(world.names(), ["orders"]);
}

#[test]
fn a_module_that_others_depend_on_and_that_starts_nothing_is_a_library() {
    let pom = |name: &str, dependency: &str| {
        format!("<project><artifactId>{name}</artifactId>{dependency}<plugin>quarkus-maven-plugin</plugin></project>")
    };
    let docker = "FROM ubi8/openjdk-17\nCOPY target/*-runner.jar /work/application.jar\nCMD [\"java\", \"-jar\", \"/work/application.jar\"]\n";
    let names = |needs: &str, code: &str| {
        let orders = pom("orders", &format!("<dependency><artifactId>{needs}</artifactId></dependency>"));
        let shared = pom("shared-parts", "");
        let world = world(&[
            ("orders/pom.xml", orders.as_str()),
            ("orders/src/main/docker/Dockerfile.jvm", docker),
            ("orders/src/main/java/a/Orders.java", "package a;\n@Path(\"/orders\")\nclass Orders {}\n"),
            ("parts/pom.xml", shared.as_str()),
            ("parts/src/main/docker/Dockerfile.jvm", docker),
            ("parts/src/main/java/a/Part.java", code),
        ]);
        world.names().iter().map(ToString::to_string).collect::<Vec<String>>()
    };
    let record = "package a;\nrecord Part(String id) {}\n";
    assert_eq!(names("shared-parts", record), ["orders"]);
    assert_eq!(names("quarkus-arc", record), ["orders", "parts"]);
    let main = "package a;\nclass Part { public static void main(String[] args) {} }\n";
    assert_eq!(names("shared-parts", main), ["orders", "parts"]);
}

#[test]
fn a_log_shipper_that_is_deployed_says_nothing_of_how_the_programs_are() {
    let pom = "<project><artifactId>x</artifactId><plugin>spring-boot-maven-plugin</plugin></project>";
    let code = "package a;\n@SpringBootApplication\nclass App { public static void main(String[] args) {} }\n";
    let files = [
        ("orders/pom.xml", pom),
        ("orders/src/main/java/a/App.java", code),
        ("compose.yaml", "services:\n  shipper:\n    build: docker/logstash\n  page:\n    build: docker/page\n"),
        ("docker/logstash/Dockerfile", "FROM docker.elastic.co/logstash/logstash:8.15.0\nCOPY pipeline /pipeline\n"),
        ("docker/page/Dockerfile", "FROM nginx:1.27\nCOPY page /usr/share/nginx/html\n"),
        ("bills/Dockerfile", PYTHON),
        ("bills/app/main.py", API),
    ];
    assert!(world(&files[..5]).names().contains(&"orders"));
    assert!(!world(&files).names().contains(&"orders"), "another program is deployed, and this one is not");
}

#[test]
fn an_image_that_maven_builds_is_deployed_too() {
    let pom = |plugin: &str| {
        format!("<project><artifactId>x</artifactId><plugin>spring-boot-maven-plugin</plugin>{plugin}</project>")
    };
    let (jib, plain) = (pom("<plugin>jib-maven-plugin</plugin>"), pom(""));
    let code = "package a;\n@SpringBootApplication\nclass App { public static void main(String[] args) {} }\n";
    let world = world(&[
        ("compose.yaml", "services:\n  orders: {build: orders}\n  stock: {build: stock}\n"),
        ("orders/Dockerfile", "FROM eclipse-temurin\nCMD [\"java\", \"-jar\", \"app.jar\"]\n"),
        ("orders/pom.xml", plain.as_str()),
        ("orders/src/main/java/a/App.java", code),
        ("stock/Dockerfile", "FROM eclipse-temurin\nCMD [\"java\", \"-jar\", \"app.jar\"]\n"),
        ("stock/pom.xml", plain.as_str()),
        ("stock/src/main/java/a/App.java", code),
        ("gateway/pom.xml", jib.as_str()),
        ("gateway/src/main/java/a/App.java", code),
        ("tool/pom.xml", plain.as_str()),
        ("tool/src/main/java/a/App.java", code),
    ]);
    assert_eq!(world.names(), ["gateway", "orders", "stock"]);
}

#[test]
fn an_image_that_the_sdk_of_dotnet_makes_is_its_project() {
    let project = |property: &str| {
        format!("<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup>{property}</PropertyGroup></Project>\n")
    };
    let (orders, stock, other) = (
        project("<ContainerRepository>acme/shop-ordering</ContainerRepository>"),
        project("<ContainerImageName>shop.stock</ContainerImageName>"),
        project("<ContainerRepository>$(Prefix)</ContainerRepository>"),
    );
    let program = "var app = WebApplication.CreateBuilder(args).Build();\napp.Run();\n";
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  orders: {image: \"acme/shop-ordering:1\"}\n  stock: {image: \"acme/shop.stock\"}\n  queue: {image: \"acme/queue\"}\n",
        ),
        ("services/orders/Api/Api.csproj", orders.as_str()),
        ("services/orders/Api/Program.cs", program),
        ("services/stock/Api/Api.csproj", stock.as_str()),
        ("services/stock/Api/Program.cs", program),
        ("services/tool/Api/Api.csproj", other.as_str()),
        ("services/tool/Api/Program.cs", program),
    ]);
    assert_eq!(world.roots(), [("orders", "services/orders/Api"), ("stock", "services/stock/Api")]);
}

#[test]
fn a_binary_that_is_built_before_its_image_is_the_code_it_is_called_after() {
    let main = "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\":8080\", nil) }\n";
    let build = |name: &str, program: &str| {
        format!("  {name}:\n    build: {{context: ./build, args: {{SERVICE: {program}}}}}\n    ports: ['8080']\n")
    };
    let compose = format!("services:\n{}{}", build("orders", "order-svc"), build("edge", "gateway"));
    let world = world(&[
        ("compose.yaml", &compose),
        ("build/Dockerfile", "FROM alpine\nARG SERVICE\nCOPY ./bin/${SERVICE} /server\nENTRYPOINT [\"/server\"]\n"),
        ("go.mod", "module example.com/shop\n"),
        ("cmd/order-svc/main.go", main),
        ("cmd/gateway/main.go", main),
    ]);
    assert_eq!(world.roots(), [("edge", "cmd/gateway"), ("orders", "cmd/order-svc")]);
}

#[test]
fn a_dotnet_project_without_a_container_is_a_service() {
    let web = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>\n";
    let program = "var app = WebApplication.CreateBuilder(args).Build();\napp.Run();\n";
    let world = world(&[
        ("Shop.sln", ""),
        ("Shop.Orders/Shop.Orders.csproj", web),
        ("Shop.Orders/Program.cs", program),
        ("Shop.Stock/Shop.Stock.csproj", web),
        ("Shop.Stock/Program.cs", program),
        ("Shop.Bus/Shop.Bus.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>\n"),
        ("Shop.Bus/Bus.cs", "public class Bus {}\n"),
        ("tests/Shop.Tests/Shop.Tests.csproj", web),
        ("tests/Shop.Tests/Program.cs", program),
    ]);
    assert_eq!(world.roots(), [("Shop.Orders", "Shop.Orders"), ("Shop.Stock", "Shop.Stock")]);
}

#[test]
fn scripts_of_one_package_that_start_several_folders_start_services() {
    let world = world(&[
        (
            "package.json",
            r#"{"name": "shop", "scripts": {
                "start:dev:orders": "ts-node-dev -r tsconfig-paths/register --project apps/orders/tsconfig.json apps/orders/src/main.ts",
                "start:stock": "node ./apps/stock/index.js",
                "seed": "node scripts/seed.js"}}"#,
        ),
        ("apps/orders/src/main.ts", "import { serve } from '../../../libs/serve';\nserve();\n"),
        ("apps/orders/src/orders.ts", "export class Orders {}\n"),
        ("apps/stock/index.js", "const express = require('express');\nconst app = express();\n"),
        ("apps/legacy/src/main.ts", "import { serve } from '../../../libs/serve';\nserve();\n"),
        ("libs/serve.ts", NEST),
        ("scripts/seed.js", "console.log(1);\n"),
    ]);
    assert_eq!(world.roots(), [("orders", "apps/orders"), ("stock", "apps/stock")]);
}

#[test]
fn scripts_that_start_one_folder_leave_the_package_one_service() {
    let world = world(&[
        (
            "package.json",
            r#"{"name": "shop", "scripts": {"start": "node src/index.js", "start:mails": "node src/mails/run.js"}}"#,
        ),
        ("src/index.js", "const app = express();\n"),
        ("src/mails/run.js", "const queue = require('./queue');\n"),
    ]);
    assert_eq!(world.roots(), [("shop", "")]);
}

#[test]
fn applications_beside_each_other_without_manifests_are_services() {
    let main = "print('hello')\n";
    let files = [
        ("pyproject.toml", "[project]\nname = 'shop'\ndependencies = ['fastapi']\n"),
        ("main.py", main),
        ("auth/app/main.py", API),
        ("users/app/main.py", API),
        ("common/app.py", API),
    ];
    assert_eq!(world(&files).roots(), [("auth", "auth"), ("users", "users")]);
    // One of them alone, or under a server that takes them in, is a part of the whole.
    assert_eq!(world(&files[..3]).roots(), [("shop", "")]);
    let mut mounted = files;
    mounted[1].1 = API;
    assert_eq!(world(&mounted).roots().len(), 1);
}

#[test]
fn processes_of_one_image_that_a_shell_starts() {
    let compose = "services:\n  api:\n    build: .\n    command: sh -c \"uvicorn app.api.main:app --port 80\"\n  payment:\n    build: .\n    command: sh -c \"uvicorn app.payment.main:app --port 80\"\n  mails:\n    build: .\n    command: python manage.py run_consumer\n";
    let world = world(&[
        ("compose.yaml", compose),
        ("Dockerfile", PYTHON),
        ("requirements.txt", "fastapi\n"),
        ("app/api/main.py", API),
        ("app/payment/main.py", API),
        ("manage.py", "execute_from_command_line(sys.argv)\n"),
    ]);
    let entries = |name: &str| {
        let entries = &world.service(name).entries;
        entries.iter().map(|id| world.tree.file(*id).path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(entries("api"), ["app/api/main.py"]);
    assert_eq!(entries("payment"), ["app/payment/main.py"]);
    assert_eq!(world.service("mails").kind, ServiceKind::Worker);
}
