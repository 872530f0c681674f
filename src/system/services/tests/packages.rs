//! Packages beside each other, of which only some are deployed.

use super::*;

const KOA: &str = "import { Server } from '@acme/server';\nnew Server().listen(() => console.log('up'));\n";

#[test]
fn a_package_that_others_of_the_workspace_use_is_no_service() {
    let world = world(&[
        ("package.json", r#"{"private": true, "workspaces": ["packages/*", "services/*"]}"#),
        (
            "packages/server/package.json",
            r#"{"name": "@acme/server", "main": "dist/index.js", "dependencies": {"koa": "2"}}"#,
        ),
        ("packages/server/src/index.ts", "export class Server { listen() { new Koa().listen(8080); } }\n"),
        (
            "services/orders/package.json",
            r#"{"name": "@acme/orders", "dependencies": {"@acme/server": "workspace:*"}}"#,
        ),
        ("services/orders/src/app/boot.ts", KOA),
        ("services/users/package.json", r#"{"name": "@acme/users", "dependencies": {"@acme/server": "workspace:*"}}"#),
        ("services/users/src/app/boot.ts", KOA),
    ]);
    assert_eq!(world.roots(), [("orders", "services/orders"), ("users", "services/users")]);
}

#[test]
fn a_package_whose_main_file_serves_is_one_also_when_no_script_starts_it() {
    let world = world(&[
        ("orders/package.json", r#"{"name": "orders", "main": "server.js", "dependencies": {"express": "4"}}"#),
        ("orders/server.js", "const app = express();\napp.listen(3000);\n"),
        (
            "users/package.json",
            r#"{"name": "users", "scripts": {"start": "node server.js"}, "dependencies": {"express": "4"}}"#,
        ),
        ("users/server.js", "const app = express();\napp.listen(3000);\n"),
    ]);
    assert_eq!(world.names(), ["orders", "users"]);
}

#[test]
fn a_web_project_of_dotnet_beside_one_with_a_dockerfile_is_a_service_too() {
    let web = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>";
    let program = "var app = WebApplication.CreateBuilder(args).Build();\napp.Run();\n";
    let world = world(&[
        ("src/apps/Catalog/Catalog.csproj", web),
        ("src/apps/Catalog/Program.cs", program),
        (
            "src/apps/Catalog/Dockerfile",
            "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"Catalog.dll\"]\n",
        ),
        ("src/apps/Basket/Basket.csproj", web),
        ("src/apps/Basket/Program.cs", program),
        ("src/apps/Contracts/Contracts.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>"),
        ("src/apps/Contracts/Order.cs", "public record Order(string Id);\n"),
    ]);
    assert_eq!(world.roots(), [("Basket", "src/apps/Basket"), ("Catalog", "src/apps/Catalog")]);
}

#[test]
fn a_library_of_dotnet_that_makes_servers_for_others_is_no_service() {
    let web = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>";
    let server =
        "public static class Server { public static void Run() { WebApplication.CreateBuilder().Build().Run(); } }\n";
    let with = |project: &str| {
        world(&[
            ("src/Orders/Orders.csproj", web),
            ("src/Orders/Program.cs", "Server.Run();\nWebApplication.CreateBuilder(args);\n"),
            ("src/Setup/Setup.csproj", project),
            ("src/Setup/Server.cs", server),
        ])
    };
    assert_eq!(with("<Project Sdk=\"Microsoft.NET.Sdk\"></Project>").names(), ["Orders"]);
    let program = "<Project Sdk=\"Microsoft.NET.Sdk\"><OutputType>Exe</OutputType></Project>";
    assert_eq!(with(program).names(), ["Orders", "Setup"]);
}

#[test]
fn a_script_around_the_command_in_compose_makes_no_second_service_beside_that_of_the_cluster() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: posts}\nspec:\n  template:\n    spec:\n      containers:\n        - {name: posts, image: acme/posts}\n";
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  post-api:\n    build: posts\n    command: sh /tmp/wait.sh db:5432\n    ports: ['80:80']\n",
        ),
        ("k8s/posts.yaml", deployment),
        ("posts/Dockerfile", PYTHON),
        ("posts/app/main.py", API),
    ]);
    assert_eq!(world.roots(), [("post-api", "posts")]);
}

#[test]
fn an_image_that_is_named_after_a_workspace_is_no_service_beside_its_applications() {
    let next = r#"{"name": "web", "dependencies": {"next": "15"}, "scripts": {"start": "next start"}}"#;
    let image = "FROM node:22\nCOPY . .\nCMD [\"node\", \"server.js\"]\n";
    let world = world(&[
        ("compose.yaml", "services:\n  frontend:\n    image: ghcr.io/acme/frontend:latest\n    ports: ['3000:3000']\n"),
        ("frontend/package.json", r#"{"name": "pages", "private": true, "scripts": {"dev": "turbo run dev"}}"#),
        ("frontend/turbo.json", "{}"),
        ("frontend/apps/web/package.json", next),
        ("frontend/apps/web/Dockerfile", image),
        ("frontend/apps/web/app/page.tsx", "export default function Page() { return null; }\n"),
        ("frontend/apps/admin/package.json", &next.replace("web", "admin")),
        ("frontend/apps/admin/Dockerfile", image),
        ("frontend/apps/admin/app/page.tsx", "export default function Page() { return null; }\n"),
    ]);
    assert_eq!(world.roots(), [("admin", "frontend/apps/admin"), ("web", "frontend/apps/web")]);
}

#[test]
fn a_stage_is_the_module_whose_output_it_takes_from_the_stage_that_built_all() {
    let pom = "<project><parent><artifactId>shop</artifactId></parent><artifactId>x</artifactId><build><plugins><plugin>\
               <groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>";
    let main = "@SpringBootApplication\nclass App { public static void main(String[] a) { SpringApplication.run(App.class, a); } }\n";
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  orders:\n    build: {context: ., target: orders-image}\n  users:\n    build: {context: ., target: users-image}\n",
        ),
        (
            "Dockerfile",
            "FROM maven:3 AS builder\nWORKDIR /app\nCOPY kit /app/kit\nCOPY orders /app/orders\nCOPY users /app/users\nRUN mvn package\n\
             FROM eclipse-temurin:25 AS users-image\nCOPY --from=builder /app/users/target/*.jar app.jar\nCMD [\"java\", \"-jar\", \"app.jar\"]\n\
             FROM eclipse-temurin:25 AS orders-image\nCOPY --from=builder /app/orders/target/*.jar app.jar\nCMD [\"java\", \"-jar\", \"app.jar\"]\n",
        ),
        (
            "pom.xml",
            "<project><packaging>pom</packaging><modules><module>orders</module><module>users</module></modules></project>",
        ),
        ("kit/pom.xml", "<project><artifactId>kit</artifactId></project>"),
        ("kit/src/main/java/Kit.java", "class Kit {}\n"),
        ("orders/pom.xml", pom),
        ("orders/src/main/java/App.java", main),
        ("users/pom.xml", pom),
        ("users/src/main/java/App.java", main),
    ]);
    assert_eq!(world.roots(), [("orders", "orders"), ("users", "users")]);
}

#[test]
fn what_compose_builds_by_a_dockerfile_in_a_folder_that_is_not_there_is_no_service() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  orders:\n    build: {context: ., dockerfile: orders/Dockerfile}\n  \
             reports:\n    build: {context: ., dockerfile: reports/Dockerfile}\n",
        ),
        ("orders/Dockerfile", PYTHON),
        ("orders/app/main.py", API),
    ]);
    assert_eq!(world.roots(), [("orders", "orders")]);
}

#[test]
fn an_image_that_others_start_from_and_that_starts_nothing_is_no_service() {
    let world = world(&[
        ("docker/framework.Dockerfile", "FROM acme-parent\nCOPY framework framework\nRUN mvn install\n"),
        ("framework/pom.xml", "<project><artifactId>framework</artifactId></project>"),
        ("framework/src/main/java/Kit.java", "class Kit {}\n"),
        (
            "orders/Dockerfile",
            "FROM acme-framework AS build\nCOPY . .\nFROM eclipse-temurin:25\nENTRYPOINT [\"java\", \"-jar\", \"app.jar\"]\n",
        ),
        ("orders/pom.xml", "<project><artifactId>orders</artifactId></project>"),
        ("orders/src/main/java/App.java", "class App { public static void main(String[] a) {} }\n"),
    ]);
    assert_eq!(world.roots(), [("orders", "orders")]);
}

#[test]
fn applications_in_a_folder_of_services_are_services_beside_a_monolith_with_a_dockerfile() {
    let app = |name: &str| {
        format!(r#"{{"name": "{name}", "scripts": {{"start": "node index.js"}}, "dependencies": {{"express": "4"}}}}"#)
    };
    let (shop, orders, users) = (app("shop"), app("orders"), app("users"));
    let server = "const app = express();\napp.listen(3000);\n";
    let world = world(&[
        ("monolith/package.json", &shop),
        ("monolith/index.js", server),
        ("monolith/Dockerfile", NODE),
        ("microservices/orders/package.json", &orders),
        ("microservices/orders/index.js", server),
        ("microservices/users/package.json", &users),
        ("microservices/users/index.js", server),
        ("tools/seed/package.json", &app("seed")),
        ("tools/seed/index.js", server),
    ]);
    assert_eq!(world.names(), ["orders", "shop", "users"]);
}

#[test]
fn servers_beside_each_other_are_services_although_the_package_around_them_is_one() {
    let server = "const express = require('express');\nconst app = express();\napp.listen(process.env.PORT);\n";
    let package = |name: &str, start: &str| {
        format!("{{\"name\":\"{name}\",\"scripts\":{{\"start\":\"{start}\"}},\"dependencies\":{{\"express\":\"4\"}}}}")
    };
    let (root, orders, users) =
        (package("shop", "node gateway.js"), package("orders", "node index.js"), package("users", "node index.js"));
    let page =
        "{\"name\":\"page\",\"scripts\":{\"start\":\"react-scripts start\"},\"dependencies\":{\"react\":\"18\"}}";
    let files = [
        ("package.json", root.as_str()),
        ("gateway.js", server),
        ("services/orders/package.json", &orders),
        ("services/orders/index.js", server),
        ("services/users/package.json", &users),
        ("services/users/index.js", server),
        ("shared/logger.js", "module.exports = console;\n"),
    ];
    assert_eq!(world(&files).roots(), [("gateway", ""), ("orders", "services/orders"), ("users", "services/users")]);
    // One server with a page in it is one service.
    let files = [files[0], ("index.js", server), ("client/package.json", page), ("client/src/index.js", "render();\n")];
    assert_eq!(world(&files).roots(), [("shop", "")]);
}
