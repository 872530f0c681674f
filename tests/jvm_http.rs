//! Outgoing HTTP, routes and health of services in Java and Kotlin, as a user sees them: files in,
//! findings out.

#![allow(clippy::unwrap_used)] // a test that cannot set up its folder has failed

#[path = "support/servers.rs"]
#[allow(dead_code)]
mod servers;

use skillcheck::check::{Request, check};

const COMPOSE: &str = "services:\n  orders:\n    build: ./orders\n    ports: ['8080:8080']\n";
const DOCKER: &str = "FROM eclipse-temurin:17\nCOPY target/app.jar app.jar\nCMD [\"java\", \"-jar\", \"app.jar\"]\n";
const MAIN: &str = "package a;\nimport org.springframework.boot.autoconfigure.SpringBootApplication;\n@SpringBootApplication\nclass App { public static void main(String[] a) {} }\n";

fn pom(dependency: &str) -> String {
    format!(
        "<project><parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId></parent>\
         <artifactId>orders</artifactId><dependencies><dependency><artifactId>spring-boot-starter-web</artifactId></dependency>\
         {dependency}</dependencies><build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>"
    )
}

/// The rules that fire on one Spring service, sorted, each with the file.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let own = pom("");
    let base = [
        ("docker-compose.yml", COMPOSE),
        ("orders/Dockerfile", DOCKER),
        ("orders/pom.xml", own.as_str()),
        ("orders/src/main/java/a/App.java", MAIN),
    ];
    for (path, text) in base.iter().chain(files) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let outcome = check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap();
    let wanted = |f: &&skillcheck::rules::Finding| {
        ["rest-client/missing-timeout", "rest-client/missing-retry", "rest-client/missing-circuit-breaker"]
            .contains(&f.rule)
            || f.rule == "service-health/missing-health-endpoint"
    };
    let mut out: Vec<String> = outcome
        .findings
        .iter()
        .filter(wanted)
        .map(|f| {
            let path = &outcome.tree.file(f.place.file).path;
            format!("{} {}", f.rule.rsplit('/').next().unwrap(), path.rsplit('/').next().unwrap())
        })
        .collect();
    out.sort();
    out
}

/// What fires on one more class of the service.
fn class(text: &str) -> Vec<String> {
    told(&[("orders/src/main/java/a/Peer.java", text)])
}

const ALL: [&str; 3] = ["missing-circuit-breaker Peer.java", "missing-retry Peer.java", "missing-timeout Peer.java"];
const BOUNDED: [&str; 2] = ["missing-circuit-breaker Peer.java", "missing-retry Peer.java"];

fn rest_template(made: &str, annotations: &str) -> String {
    format!(
        "package a;\nimport org.springframework.web.client.RestTemplate;\nimport org.springframework.boot.web.client.RestTemplateBuilder;\n\
         import org.springframework.retry.annotation.Retryable;\nimport com.netflix.hystrix.contrib.javanica.annotation.HystrixCommand;\n\
         import io.github.resilience4j.retry.annotation.Retry;\nimport io.github.resilience4j.circuitbreaker.annotation.CircuitBreaker;\n\
         class Conf {{ @Bean RestTemplate rest(RestTemplateBuilder b) {{ {made} }} }}\n\
         class Peer {{ @Autowired private RestTemplate rest;\n {annotations} String get() {{ return rest.getForObject(\"http://users/x\", String.class); }} }}\n"
    )
}

#[test]
fn a_rest_template_is_bounded_by_its_builder_or_factory_only() {
    assert_eq!(class(&rest_template("return new RestTemplate();", "")), ALL);
    let built = "return new RestTemplateBuilder().setConnectTimeout(a).setReadTimeout(b).build();";
    assert_eq!(class(&rest_template(built, "")), BOUNDED);
    assert_eq!(class(&rest_template("return b.readTimeout(x).build();", "")), BOUNDED);
    // What a factory or the builder's settings say is not known.
    assert_eq!(class(&rest_template("return new RestTemplate(factory());", "")), BOUNDED);
    let set = "RestTemplate rest = new RestTemplate(); rest.setRequestFactory(f); return rest;";
    assert_eq!(class(&rest_template(set, "")), BOUNDED);
}

#[test]
fn annotations_retry_and_break() {
    let plain = "return new RestTemplate();";
    let guarded = "@Retry(name = \"users\") @CircuitBreaker(name = \"users\")";
    assert_eq!(class(&rest_template(plain, guarded)), ["missing-timeout Peer.java"]);
    // A Hystrix command ends after a second.
    assert_eq!(class(&rest_template(plain, "@HystrixCommand(fallbackMethod = \"none\")")), ["missing-retry Peer.java"]);
    let retried = class(&rest_template(plain, "@Retryable(maxAttempts = 3)"));
    assert_eq!(retried, ["missing-circuit-breaker Peer.java", "missing-timeout Peer.java"]);
}

#[test]
fn a_web_client_is_bounded_by_its_connector_or_an_operator() {
    let text = |made: &str, tail: &str| {
        format!(
            "package a;\nimport org.springframework.web.reactive.function.client.WebClient;\n\
             class Peer {{ private final WebClient web = {made};\n\
             Object get() {{ return web.get().uri(\"/x\").retrieve().bodyToMono(String.class){tail}; }} }}\n"
        )
    };
    assert_eq!(class(&text("WebClient.create(\"http://users\")", "")), ALL);
    assert_eq!(class(&text("WebClient.builder().baseUrl(\"http://users\").build()", "")), ALL);
    assert_eq!(class(&text("WebClient.create()", ".timeout(Duration.ofSeconds(2))")), BOUNDED);
    assert_eq!(class(&text("WebClient.builder().clientConnector(c).build()", "")), BOUNDED);
    let retried = class(&text("WebClient.create()", ".retryWhen(Retry.backoff(3, d))"));
    assert_eq!(retried, ["missing-circuit-breaker Peer.java", "missing-timeout Peer.java"]);
}

#[test]
fn the_jdk_client_needs_a_limit_on_the_request() {
    let text = |client: &str, request: &str| {
        format!(
            "package a;\nimport java.net.http.HttpClient;\nimport java.net.http.HttpRequest;\n\
             class Peer {{ private final HttpClient http = {client};\n\
             Object get(URI uri) throws Exception {{ HttpRequest r = HttpRequest.newBuilder(uri){request}.build(); return http.send(r, null); }} }}\n"
        )
    };
    assert_eq!(class(&text("HttpClient.newHttpClient()", "")), ALL);
    // That bounds connecting only.
    assert_eq!(class(&text("HttpClient.newBuilder().connectTimeout(d).build()", "")), ALL);
    assert_eq!(class(&text("HttpClient.newHttpClient()", ".timeout(d)")), BOUNDED);
}

#[test]
fn apache_clients_wait_unless_configured_and_okhttp_does_not() {
    let apache = |made: &str| {
        format!(
            "package a;\nimport org.apache.http.impl.client.*;\nimport org.apache.http.client.methods.HttpPost;\n\
             class Peer {{ void go() throws Exception {{ CloseableHttpClient c = {made}; c.execute(new HttpPost(\"http://cart\")); }} }}\n"
        )
    };
    assert_eq!(class(&apache("HttpClients.createDefault()")), ALL);
    let ok = "package a;\nimport okhttp3.OkHttpClient;\nclass Peer { private final OkHttpClient c = new OkHttpClient();\n\
              void go(Object r) { c.newCall(r).execute(); } }\n";
    assert_eq!(class(ok), BOUNDED);
}

const FEIGN: &str = "package a;\nimport org.springframework.cloud.openfeign.FeignClient;\n@FeignClient(name = \"users\")\n\
    interface Peer { @GetMapping(\"/users/{id}\") String user(String id); }\n";
const FEIGN_USER: &str =
    "package a;\nclass User { @Autowired private Peer peer; String f() { return peer.user(\"1\"); } }\n";

#[test]
fn feign_is_bounded_and_its_breaker_stands_in_the_settings() {
    let code = [("orders/src/main/java/a/Peer.java", FEIGN), ("orders/src/main/java/a/User.java", FEIGN_USER)];
    assert_eq!(told(&code), BOUNDED);
    let on = "spring:\n  cloud:\n    openfeign:\n      circuitbreaker:\n        enabled: true\n";
    let own = ("orders/src/main/resources/application.yml", on);
    assert_eq!(told(&[code[0], code[1], own]), ["missing-retry Peer.java"]);
    // A config server of the repository.
    let hystrix = ("config/src/main/resources/shared/orders.yml", "feign:\n  hystrix:\n    enabled: true\n");
    assert_eq!(told(&[code[0], code[1], hystrix]), ["missing-retry Peer.java"]);
    // Settings that are elsewhere may switch it on.
    let remote =
        ("orders/src/main/resources/bootstrap.yml", "spring:\n  cloud:\n    config:\n      uri: http://config\n");
    assert_eq!(told(&[code[0], code[1], remote]), ["missing-retry Peer.java"]);
}

const CONTROLLER: &str = "package a;\nimport org.springframework.web.bind.annotation.*;\n@RestController\n@RequestMapping(\"/orders\")\n\
    class Orders { @GetMapping(\"/{id}\") String one(String id) { return id; } }\n";

#[test]
fn actuator_among_the_dependencies_is_a_health_endpoint() {
    let code = ("orders/src/main/java/a/Orders.java", CONTROLLER);
    assert_eq!(told(&[code]), ["missing-health-endpoint docker-compose.yml"]);
    let actuator = "<dependency><artifactId>spring-boot-starter-actuator</artifactId></dependency>";
    let with = pom(actuator);
    assert_eq!(told(&[code, ("orders/pom.xml", &with)]), [""; 0]);
    let commented = pom(&format!("<!-- {actuator} -->"));
    assert_eq!(told(&[code, ("orders/pom.xml", &commented)]), ["missing-health-endpoint docker-compose.yml"]);
    let parent = with.replace("<artifactId>orders</artifactId>", "<artifactId>all</artifactId>");
    assert_eq!(told(&[code, ("pom.xml", &parent)]), [""; 0]);
    let route = CONTROLLER.replace("/{id}", "/health").replace("(\"/orders\")", "");
    assert_eq!(told(&[("orders/src/main/java/a/Orders.java", &route)]), [""; 0]);
}

#[test]
fn routes_are_composed_from_class_and_method() {
    let spring = "package a;\nimport org.springframework.web.bind.annotation.*;\n@RestController @RequestMapping({\"/a\", \"/b\"})\n\
        class C { static final String P = \"/p\";\n @GetMapping(P + \"/{id:[0-9]+}\") void one() {}\n\
        @RequestMapping(value = \"/x\", method = {RequestMethod.PUT, RequestMethod.POST}) void two() {}\n @PostMapping void three() {} }\n";
    let expected =
        ["GET /a/p/{id}", "GET /b/p/{id}", "POST /a", "POST /a/x", "POST /b", "POST /b/x", "PUT /a/x", "PUT /b/x"];
    assert_eq!(servers::routes(&[("src/main/java/a/C.java", spring)]), expected);
    let jax = "package a;\nimport jakarta.ws.rs.*;\n@Path(\"cart\")\nclass C { @GET void all() {}\n @POST @Path(\"add/{pid}\") void add() {} }\n";
    let app = "package a;\nimport jakarta.ws.rs.ApplicationPath;\n@ApplicationPath(\"rest\")\nclass A {}\n";
    assert_eq!(
        servers::routes(&[("src/main/java/a/C.java", jax), ("src/main/java/a/A.java", app)]),
        ["GET /rest/cart", "POST /rest/cart/add/{pid}"]
    );
    let micronaut = "package a;\nimport io.micronaut.http.annotation.*;\n@Controller(\"/x\")\nclass C { @Get(\"/y\") int y() { return 1; } }\n";
    assert_eq!(servers::routes(&[("src/main/java/a/C.java", micronaut)]), ["GET /x/y"]);
}
