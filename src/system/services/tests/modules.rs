//! Modules of Maven, Gradle and .NET: which of them a service is built from.

use super::*;

const SPRING: &str = "plugins { id 'org.springframework.boot' }\n";
const MAIN: &str = "@SpringBootApplication\npublic class A { public static void main(String[] a) {} }\n";

#[test]
fn the_image_of_others_may_bring_the_command() {
    let dockerfile = "ARG v\nFROM acme/spring-base-image:$v\nARG s\nCOPY build/libs/stock-$s.jar service.jar\n";
    let services = world(&[
        ("stock/Dockerfile", dockerfile),
        ("stock/build.gradle", SPRING),
        ("stock/src/main/java/StockMain.java", MAIN),
        // Of a language as it is, nothing would start.
        ("orders/Dockerfile", "FROM eclipse-temurin:21\nCOPY build/libs/orders.jar service.jar\n"),
        ("orders/build.gradle", SPRING),
        ("orders/src/main/java/OrdersMain.java", MAIN),
    ]);
    assert_eq!(services.roots(), [("stock", "stock")]);
}

#[test]
fn an_image_is_found_in_the_module_that_has_the_program() {
    let deployment = |name: &str, image: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{template: {{spec: {{containers: [{{name: {name}, image: '{image}'}}]}}}}}}\n"
        )
    };
    let services = world(&[
        ("k8s/orders.yaml", &deployment("orders", "acme/shop-orders:1")),
        ("orders/orders-main/build.gradle", SPRING),
        ("orders/orders-main/src/main/java/OrdersMain.java", MAIN),
        ("orders/orders-domain/build.gradle", "plugins { id 'java-library' }\n"),
        ("orders/orders-domain/src/main/java/Order.java", "class Order {}\n"),
        ("k8s/stock.yaml", &deployment("stock", "acme/shop-stock-app-native:1")),
        ("stock/app/build.gradle", SPRING),
        ("stock/app/src/main/java/Application.java", MAIN),
        ("stock/cloud/build.gradle", SPRING),
        ("stock/cloud/src/main/java/Application.java", MAIN),
        ("users/app/build.gradle", SPRING),
        ("users/app/src/main/java/Application.java", MAIN),
    ]);
    // The library beside the program is a part of the service.
    assert_eq!(services.roots(), [("orders", "orders"), ("stock", "stock/app")]);
}

#[test]
fn the_modules_around_the_one_that_is_started_are_the_service() {
    let aggregator = "<project><packaging>pom</packaging><modules><module>a</module></modules></project>";
    let library = "<project><artifactId>a</artifactId></project>";
    let application = "<project><build>spring-boot-maven-plugin</build></project>";
    let services = world(&[
        ("pom.xml", aggregator),
        ("orders-service/pom.xml", aggregator),
        ("orders-service/orders-domain/pom.xml", aggregator),
        ("orders-service/orders-domain/orders-core/pom.xml", library),
        ("orders-service/orders-domain/orders-core/src/main/java/Order.java", "class Order {}\n"),
        ("orders-service/orders-boot/pom.xml", application),
        ("orders-service/orders-boot/src/main/java/OrdersMain.java", MAIN),
        ("stock/pom.xml", aggregator),
        ("stock/core/pom.xml", library),
        ("stock/core/src/main/java/Item.java", "class Item {}\n"),
        ("stock/api/pom.xml", application),
        ("stock/api/src/main/java/StockMain.java", MAIN),
        // Two programs are two services, and a program beside what it has in common with others is one of its own.
        ("users/pom.xml", aggregator),
        ("users/users-web/pom.xml", application),
        ("users/users-web/src/main/java/WebMain.java", MAIN),
        ("users/users-worker/pom.xml", application),
        ("users/users-worker/src/main/java/WorkerMain.java", MAIN),
        ("backoffice/pom.xml", aggregator),
        ("backoffice/common/pom.xml", library),
        ("backoffice/common/src/main/java/Money.java", "class Money {}\n"),
        ("backoffice/mails/pom.xml", application),
        ("backoffice/mails/src/main/java/MailsMain.java", MAIN),
    ]);
    assert_eq!(
        services.roots(),
        [
            ("mails", "backoffice/mails"),
            ("orders-service", "orders-service"),
            ("stock", "stock"),
            ("users-web", "users/users-web"),
            ("users-worker", "users/users-worker"),
        ]
    );
}

#[test]
fn a_module_of_gradle_needs_no_file_of_its_own() {
    let services = world(&[
        ("compose.yaml", "services:\n  registry:\n    image: shop/discovery-server\n"),
        ("platform/build.gradle", "subprojects { apply plugin: 'org.springframework.boot' }\n"),
        ("platform/settings.gradle", "include 'discovery-server'\n"),
        ("platform/discovery-server/src/main/kotlin/shop/Application.kt", "fun main() = runApplication<A>()\n"),
    ]);
    assert_eq!(services.roots(), [("registry", "platform/discovery-server")]);
}

#[test]
fn compose_and_a_chart_that_call_a_service_differently_mean_one() {
    let chart = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: '{{ .Release.Name }}-order-service'}\nspec: {template: {spec: {containers: [{name: order-service, image: 'acme/shop-orders:1'}]}}}\n";
    let services = world(&[
        ("compose.yaml", "services:\n  ordersweb:\n    build: orders\n"),
        ("rancher/docker-compose.yml", "services:\n  ordersweb:\n    image: acme/shop-orders\n"),
        ("chart/Chart.yaml", "name: shop\n"),
        ("chart/templates/orders.yaml", chart),
        (
            "orders/Dockerfile",
            "FROM eclipse-temurin:21\nCOPY build/libs/orders.jar app.jar\nCMD [\"java\", \"-jar\", \"app.jar\"]\n",
        ),
        ("orders/build.gradle", SPRING),
        ("orders/src/main/java/OrdersApplication.java", MAIN),
    ]);
    assert_eq!(services.roots(), [("ordersweb", "orders")]);
}

#[test]
fn a_dockerfile_that_was_renamed_still_names_its_folder() {
    let services = world(&[
        (
            "deploy/compose.yaml",
            "services:\n  orders:\n    build: {context: .., dockerfile: src/Orders/dev.Dockerfile}\n  \
             stock:\n    build: {context: '..\\', dockerfile: 'src\\Stock\\dev.Dockerfile'}\n",
        ),
        ("src/Orders/Dockerfile.dev", "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nCMD [\"dotnet\", \"Orders.dll\"]\n"),
        ("src/Orders/Orders.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\">\n"),
        ("src/Orders/Program.cs", "var builder = WebApplication.CreateBuilder(args);\n"),
        ("src/Stock/Stock.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\">\n"),
        ("src/Stock/Program.cs", "var builder = WebApplication.CreateBuilder(args);\n"),
    ]);
    assert_eq!(services.roots(), [("orders", "src/Orders"), ("stock", "src/Stock")]);
}

#[test]
fn a_console_program_that_waits_for_nothing_is_an_exercise() {
    let project = "<Project Sdk=\"Microsoft.NET.Sdk\">\n<OutputType>Exe</OutputType>\n";
    let services = world(&[
        ("Sorting/Sorting.csproj", project),
        ("Sorting/Program.cs", "static void Main(string[] args) { Sort(); }\n"),
        ("Billing/Billing.csproj", project),
        (
            "Billing/Program.cs",
            "static void Main(string[] args) { channel.BasicConsume(\"bills\", false, consumer); }\n",
        ),
    ]);
    assert_eq!(services.names(), ["Billing"]);
}

#[test]
fn what_is_pushed_to_cloud_foundry_is_deployed() {
    let dockerfile = "FROM openjdk:17\nCOPY target/a.jar a.jar\nCMD [\"java\", \"-jar\", \"a.jar\"]\n";
    let services = world(&[
        ("orders/Dockerfile", dockerfile),
        ("orders/build.gradle", SPRING),
        ("orders/src/main/java/OrdersApplication.java", MAIN),
        ("stock/Dockerfile", dockerfile),
        ("stock/build.gradle", SPRING),
        ("stock/src/main/java/StockApplication.java", MAIN),
        ("login/manifest.yml", "applications:\n- name: login\n"),
        ("login/build.gradle", SPRING),
        ("login/src/main/java/LoginApplication.java", MAIN),
        ("batch/manifest.yml", "name: batch\n"),
        ("batch/build.gradle", SPRING),
        ("batch/src/main/java/BatchApplication.java", MAIN),
    ]);
    assert_eq!(services.roots(), [("login", "login"), ("orders", "orders"), ("stock", "stock")]);
}

#[test]
fn what_one_build_makes_beside_images_is_a_service_too() {
    let aggregator = "<project><packaging>pom</packaging><modules><module>a</module></modules></project>";
    let web = "<project><artifactId>a</artifactId><dependency><artifactId>spring-boot-starter-web</artifactId></dependency><plugin>spring-boot-maven-plugin</plugin></project>";
    let docker = "FROM eclipse-temurin:21\nCOPY target/app.jar app.jar\nCMD [\"java\", \"-jar\", \"app.jar\"]\n";
    let roots = |top: &str, compose: &str| {
        world(&[
            ("pom.xml", top),
            ("compose.yaml", compose),
            ("orders/pom.xml", web),
            ("orders/Dockerfile", docker),
            ("orders/src/main/java/OrdersMain.java", MAIN),
            ("users/pom.xml", web),
            ("users/Dockerfile", docker),
            ("users/src/main/java/UsersMain.java", MAIN),
            ("front/pom.xml", web),
            ("front/src/main/java/FrontMain.java", MAIN),
        ])
        .roots()
        .len()
    };
    let infrastructure = "services:\n  kafka:\n    image: apache/kafka\n";
    assert_eq!(roots(aggregator, infrastructure), 3);
    assert_eq!(roots("<project></project>", infrastructure), 2);
    // What Compose runs is what is deployed.
    let all = "services:\n  orders:\n    build: ./orders\n  users:\n    build: ./users\n";
    assert_eq!(roots(aggregator, all), 2);
}
