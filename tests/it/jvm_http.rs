//! Outgoing HTTP, routes and health of services in Java and Kotlin, as a user sees them: files in,
//! findings out.

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

/// What fires on the clients of the service.
fn clients(files: &[(&str, &str)]) -> Vec<String> {
    told(files).into_iter().filter(|f| !f.starts_with("missing-health")).collect()
}

/// The same for one more class.
fn class(text: &str) -> Vec<String> {
    clients(&[("orders/src/main/java/a/Peer.java", text)])
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
    let filtered = |ty: &str| {
        format!(
            "package a;\nimport org.springframework.web.reactive.function.client.WebClient;\n\
             class Peer {{ private final WebClient web;\n\
             Peer({ty} filter) {{ web = WebClient.builder().filter(filter).baseUrl(\"http://users\").build(); }}\n\
             Object get() {{ return web.get().uri(\"/x\").retrieve().bodyToMono(String.class); }} }}\n"
        )
    };
    // Who chooses an instance neither limits nor repeats; another filter may do both.
    assert_eq!(class(&filtered("ReactorLoadBalancerExchangeFilterFunction")), ALL);
    assert_eq!(class(&filtered("Own")), BOUNDED[..1]);
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
fn a_url_connection_waits_until_it_is_told_how_long() {
    let text = |told: &str| {
        format!(
            "package a;\nimport java.net.HttpURLConnection;\nimport java.net.URL;\n\
             class Peer {{ int get(String id) throws Exception {{\n\
             URL url = new URL(\"http://users/\" + id);\n\
             HttpURLConnection connection = (HttpURLConnection) url.openConnection();\n{told}\n\
             return connection.getResponseCode(); }} }}\n"
        )
    };
    assert_eq!(class(&text("")), ALL);
    assert_eq!(class(&text("connection.setReadTimeout(2000);")), BOUNDED);
}

/// The factory bounds each request of the client that it is given.
#[test]
fn a_jdk_client_below_a_rest_client_is_bounded_by_the_factory() {
    let text = "package a;\nimport java.net.http.HttpClient;\nimport org.springframework.web.client.RestClient;\n\
        import org.springframework.http.client.JdkClientHttpRequestFactory;\n\
        class Peer { private final RestClient rest;\n Peer(RestClient.Builder builder) {\n\
        HttpClient client = HttpClient.newBuilder().connectTimeout(d).build();\n\
        JdkClientHttpRequestFactory factory = new JdkClientHttpRequestFactory(client);\n factory.setReadTimeout(d);\n\
        this.rest = builder.requestFactory(factory).build(); }\n\
        String get() { return rest.get().uri(\"/x\").retrieve().body(String.class); } }\n";
    assert_eq!(class(text), BOUNDED);
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
    assert_eq!(clients(&code), BOUNDED);
    let on = "spring:\n  cloud:\n    openfeign:\n      circuitbreaker:\n        enabled: true\n";
    let own = ("orders/src/main/resources/application.yml", on);
    assert_eq!(clients(&[code[0], code[1], own]), ["missing-retry Peer.java"]);
    // A config server of the repository.
    let hystrix = ("config/src/main/resources/shared/orders.yml", "feign:\n  hystrix:\n    enabled: true\n");
    assert_eq!(clients(&[code[0], code[1], hystrix]), ["missing-retry Peer.java"]);
    // Settings that are elsewhere may switch it on.
    let remote =
        ("orders/src/main/resources/bootstrap.yml", "spring:\n  cloud:\n    config:\n      uri: http://config\n");
    assert_eq!(clients(&[code[0], code[1], remote]), ["missing-retry Peer.java"]);
}

#[test]
fn a_configuration_class_repeats_requests_when_it_gives_a_retryer() {
    let with =
        |class: &str| FEIGN.replace("name = \"users\"", &format!("name = \"users\", configuration = {class}.class"));
    let (peer, known) = (with("Config"), with("FeignClientProperties.FeignClientConfiguration"));
    let clients_of = |peer: &str, bean: &str| {
        let config =
            format!("package a;\nclass Config extends FeignClientProperties.FeignClientConfiguration {{ {bean} }}\n");
        let path = |name: &str| format!("orders/src/main/java/a/{name}.java");
        let (own, user, of) = (path("Peer"), path("User"), path("Config"));
        clients(&[(&own, peer), (&user, FEIGN_USER), (&of, &config)])
    };
    let decoder = "@Bean ErrorDecoder errorDecoder() { return new Decoder(); }";
    assert_eq!(clients_of(&peer, decoder), BOUNDED);
    assert_eq!(clients_of(&known, decoder), BOUNDED);
    let retryer = "@Bean Retryer retryer() { return new Retryer.Default(); }";
    assert_eq!(clients_of(&peer, retryer), ["missing-circuit-breaker Peer.java"]);
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
fn actuator_answers_for_health_unless_the_settings_hide_it() {
    let code = ("orders/src/main/java/a/Orders.java", CONTROLLER);
    let build = pom("<dependency><artifactId>spring-boot-starter-actuator</artifactId></dependency>");
    let with = |settings: &str| {
        told(&[code, ("orders/pom.xml", &build), ("orders/src/main/resources/application.yml", settings)])
    };
    let exposure =
        |names: &str| format!("management:\n  endpoints:\n    web:\n      exposure:\n        include: {names}\n");
    for shown in ["'*'", "health, info", "[info, health]", "${ENDPOINTS}"] {
        assert_eq!(with(&exposure(shown)), [""; 0], "{shown}");
    }
    for hidden in ["env, configprops", "[info]"] {
        assert_eq!(with(&exposure(hidden)), ["missing-health-endpoint docker-compose.yml"], "{hidden}");
    }
    // The same in a file that is imported.
    let import = "spring:\n  config:\n    import: classpath:common.yml\n";
    let common = ("shared/src/main/resources/common.yml", exposure("info"));
    let files = [
        code,
        ("orders/pom.xml", build.as_str()),
        ("orders/src/main/resources/application.yml", import),
        (common.0, &common.1),
    ];
    assert_eq!(told(&files), ["missing-health-endpoint docker-compose.yml"]);
}

#[test]
fn routes_are_composed_from_class_and_method() {
    let spring = "package a;\nimport org.springframework.web.bind.annotation.*;\n@RestController @RequestMapping({\"/a\", \"/b\"})\n\
        class C { static final String P = \"/p\";\n @GetMapping(P + \"/{id:[0-9]+}\") void one() {}\n\
        @RequestMapping(value = \"/x\", method = {RequestMethod.PUT, RequestMethod.POST}) void two() {}\n @PostMapping void three() {} }\n";
    let expected =
        ["GET /a/p/{id}", "GET /b/p/{id}", "POST /a", "POST /a/x", "POST /b", "POST /b/x", "PUT /a/x", "PUT /b/x"];
    assert_eq!(crate::support::servers::routes(&[("src/main/java/a/C.java", spring)]), expected);
    let jax = "package a;\nimport jakarta.ws.rs.*;\n@Path(\"cart\")\nclass C { @GET void all() {}\n @POST @Path(\"add/{pid}\") void add() {} }\n";
    let app = "package a;\nimport jakarta.ws.rs.ApplicationPath;\n@ApplicationPath(\"rest\")\nclass A {}\n";
    assert_eq!(
        crate::support::servers::routes(&[("src/main/java/a/C.java", jax), ("src/main/java/a/A.java", app)]),
        ["GET /rest/cart", "POST /rest/cart/add/{pid}"]
    );
    let micronaut = "package a;\nimport io.micronaut.http.annotation.*;\n@Controller(\"/x\")\nclass C { @Get(\"/y\") int y() { return 1; } }\n";
    assert_eq!(crate::support::servers::routes(&[("src/main/java/a/C.java", micronaut)]), ["GET /x/y"]);
}

#[test]
fn a_web_server_without_a_route_of_its_own_still_needs_a_health_endpoint() {
    // Spring Data REST makes the routes.
    assert_eq!(told(&[]), ["missing-health-endpoint docker-compose.yml"]);
    let none = ("orders/src/main/resources/application.properties", "spring.main.web-application-type=none\n");
    assert_eq!(told(&[none]), [""; 0]);
    // A library of the company may bring Actuator.
    let own = pom("<dependency><groupId>net.acme.platform</groupId><artifactId>web-base</artifactId></dependency>");
    let main = MAIN.replace("package a;", "package net.acme.orders;");
    assert_eq!(told(&[("orders/pom.xml", &own), ("orders/src/main/java/a/App.java", &main)]), [""; 0]);
    // Only the versions are said here.
    let managed = pom("").replace(
        "<dependencies>",
        "<dependencyManagement><dependencies><dependency><artifactId>spring-boot-starter-actuator</artifactId></dependency></dependencies></dependencyManagement><dependencies>",
    );
    assert_eq!(told(&[("orders/pom.xml", &managed)]), ["missing-health-endpoint docker-compose.yml"]);
}

/// The services of the graph: `name health-path: METHOD /path, …`.
fn graph(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let outcome = check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap();
    let system = &outcome.system;
    let mut out = Vec::new();
    for (index, service) in system.services.iter().enumerate() {
        let served = system.served_by_service().remove(index);
        let health = match skillcheck::system::health::verdict(service, &served) {
            skillcheck::system::health::Verdict::Present(Some(path)) => path,
            other => other.name().to_string(),
        };
        let mut routes: Vec<String> = served.routes.iter().map(|r| format!("{} {}", r.method, r.path)).collect();
        routes.sort();
        out.push(format!("{} {health}: {}", service.name, routes.join(", ")));
    }
    for call in &system.calls {
        let method = call.method.as_deref().unwrap_or("?");
        out.push(format!("{} -> {} {method} {}", call.from, call.to, call.path.as_deref().unwrap_or("")));
    }
    out
}

#[test]
fn settings_place_the_routes_and_the_health_endpoint() {
    let actuator = pom("<dependency><artifactId>spring-boot-starter-actuator</artifactId></dependency>");
    let controller = CONTROLLER.replace("\"/orders\"", "\"${api.prefix:/v1}/orders\"");
    let code = |yml: &'static str| {
        graph(&[
            ("docker-compose.yml", COMPOSE),
            ("orders/Dockerfile", DOCKER),
            ("orders/pom.xml", &actuator),
            ("orders/src/main/java/a/App.java", MAIN),
            ("orders/src/main/java/a/Orders.java", &controller),
            ("orders/src/main/resources/application.yml", yml),
        ])
    };
    assert_eq!(code(""), ["orders /actuator/health: GET /v1/orders/{id}"]);
    let placed = "server:\n  servlet:\n    context-path: /shop\napi:\n  prefix: /v2\nmanagement:\n  endpoints:\n    web:\n      base-path: /ops\n      path-mapping:\n        health: healthz\n";
    assert_eq!(code(placed), ["orders /shop/ops/healthz: GET /shop/v2/orders/{id}"]);
    let apart = "server.servlet.context-path: /shop\nmanagement.server.port: 9001\n";
    assert_eq!(code(apart), ["orders /actuator/health: GET /shop/v1/orders/{id}"]);
    let webflux = "spring.webflux.base-path: /flux\n";
    assert_eq!(code(webflux), ["orders /flux/actuator/health: GET /flux/v1/orders/{id}"]);
    let path = "spring.mvc.servlet.path: /mvc\nserver.servlet.context-path: /ctx\n";
    assert!(code(path)[0].ends_with("GET /ctx/mvc/v1/orders/{id}"), "{:?}", code(path));
}

#[test]
fn a_check_of_actuator_is_answered_by_the_dependency() {
    let actuator = pom("<dependency><artifactId>spring-boot-starter-actuator</artifactId></dependency>");
    let compose = format!(
        "{COMPOSE}    healthcheck:\n      test: [CMD, curl, -f, 'http://localhost:8080/actuator/health/readiness']\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("docker-compose.yml", compose.as_str()),
        ("orders/Dockerfile", DOCKER),
        ("orders/pom.xml", &actuator),
        ("orders/src/main/java/a/App.java", MAIN),
        ("orders/src/main/java/a/Orders.java", CONTROLLER),
    ];
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let outcome = check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap();
    let health: Vec<&str> =
        outcome.findings.iter().map(|f| f.rule).filter(|r| r.starts_with("service-health")).collect();
    assert_eq!(health, [""; 0]);
}

#[test]
fn operators_behind_a_variable_protect_what_it_holds() {
    let text = |tail: &str| {
        format!(
            "package a;\nimport org.springframework.web.reactive.function.client.WebClient;\n\
             class Peer {{ private final WebClient web = WebClient.create();\n\
             Object get() {{ Mono<R> response = web.get().uri(\"http://users/x\").exchange(); return response.flatMap(r -> r){tail}; }} }}\n"
        )
    };
    assert_eq!(class(&text("")), ALL);
    let guarded =
        ".transformDeferred(TimeLimiterOperator.of(limiter)).transformDeferred(CircuitBreakerOperator.of(breaker))";
    assert_eq!(class(&text(guarded)), ["missing-retry Peer.java"]);
}

/// A helper of the class puts the operators behind the publisher that it is handed.
#[test]
fn a_helper_that_is_handed_the_publisher_protects_it() {
    let text = |operators: &str| {
        format!(
            "package a;\nimport org.springframework.web.reactive.function.client.WebClient;\n\
             class Peer {{ private final WebClient web = WebClient.create();\n\
             Mono<String> get() {{ return guarded(web.get().uri(\"http://users/x\").retrieve().bodyToMono(String.class), e -> Mono.empty()); }}\n\
             private <T> Mono<T> guarded(Mono<T> reply, Function<Throwable, Mono<T>> other) {{\n\
             log(reply.toString()); return reply{operators}.onErrorResume(other); }} }}\n"
        )
    };
    assert_eq!(class(&text("")), ALL);
    assert_eq!(
        class(&text(
            ".transformDeferred(RetryOperator.of(retry)).transformDeferred(CircuitBreakerOperator.of(breaker))"
        )),
        [""; 0]
    );
    assert_eq!(class(&text(".timeout(Duration.ofSeconds(2))")), BOUNDED);
}

/// What a customizer adds to each client may repeat its requests; one that only looks does not.
#[test]
fn a_customizer_may_repeat_what_all_clients_send() {
    let peer = "package a;\nimport org.springframework.web.reactive.function.client.WebClient;\n@Service\nclass Peer { private final WebClient web;\n\
        Peer(WebClient.Builder builder) { this.web = builder.baseUrl(\"http://users\").build(); }\n\
        Object get() { return web.get().uri(\"/x\").retrieve().bodyToMono(String.class); } }\n";
    let conf = |filter: &str| {
        format!(
            "package a;\nimport org.springframework.web.reactive.function.client.*;\nclass Conf {{\n\
             @Bean WebClientCustomizer all() {{ return builder -> builder.filter({filter}); }} }}\n"
        )
    };
    let with = |filter: &str| {
        let paths = ("orders/src/main/java/a/Peer.java", "orders/src/main/java/a/Conf.java");
        clients(&[(paths.0, peer), (paths.1, &conf(filter))])
    };
    assert_eq!(with("ExchangeFilterFunction.ofRequestProcessor(r -> Mono.just(r))"), BOUNDED);
    let repeats = "(request, next) -> next.exchange(request).retryWhen(Retry.backoff(3, Duration.ofMillis(100)))";
    assert_eq!(with(repeats), ["missing-circuit-breaker Peer.java"]);
}

#[test]
fn spring_retry_repeats_for_a_rest_template_and_a_setting_for_a_web_client() {
    let web = "package a;\nimport org.springframework.web.reactive.function.client.WebClient;\n@Service\nclass Peer { private final WebClient web = WebClient.create(\"http://users\");\n\
        Object get() { return web.get().uri(\"/x\").retrieve().bodyToMono(String.class); } }\n";
    let rest = rest_template("return b.build();", "");
    let retry = pom("<dependency><artifactId>spring-retry</artifactId></dependency>");
    let repeated = |text: &str, settings: &str| {
        let files = [
            ("orders/pom.xml", retry.as_str()),
            ("orders/src/main/java/a/Peer.java", text),
            ("orders/src/main/resources/application.properties", settings),
        ];
        !clients(&files).contains(&ALL[1].to_string())
    };
    let enabled = "spring.cloud.loadbalancer.retry.enabled=true\n";
    assert!(repeated(&rest, ""));
    assert!(!repeated(web, ""));
    assert!(repeated(web, enabled));
    assert!(!repeated(web, "spring.cloud.loadbalancer.retry.enabled=false\n"));
}

#[test]
fn interfaces_with_annotations_of_their_own_are_protected_by_them() {
    let text = |annotations: &str| {
        format!(
            "package a;\nimport org.eclipse.microprofile.rest.client.inject.RegisterRestClient;\nimport org.eclipse.microprofile.faulttolerance.*;\nimport jakarta.ws.rs.*;\n\
             @Path(\"/users\") @RegisterRestClient(configKey = \"users\") interface Peer {{ @GET {annotations} String all(); }}\n\
             class User {{ @Inject Peer peer; String f() {{ return peer.all(); }} }}\n"
        )
    };
    assert_eq!(class(&text("")), BOUNDED);
    assert_eq!(class(&text("@Retry @CircuitBreaker")), [""; 0]);
}

/// What Spring Boot injects waits for ever, unless the settings, a bean or OkHttp limit it.
#[test]
fn builders_of_spring_boot_are_bounded_by_settings_and_beans_only() {
    let conf = |made: &str| rest_template(made, "");
    assert_eq!(class(&conf("return b.build();")), ALL);
    assert_eq!(class(&conf("return b.rootUri(\"http://users\").build();")), ALL);
    assert_eq!(class(&conf("return b.setReadTimeout(d).build();")), BOUNDED);
    assert_eq!(class(&conf("return b.requestFactory(F.class).build();")), BOUNDED);
    assert_eq!(class(&conf("b.setReadTimeout(d); return b.build();")), BOUNDED);
    let peer = conf("return b.build();");
    let peer = ("orders/src/main/java/a/Peer.java", peer.as_str());
    let settings = "spring.http.client.read-timeout=2s\n";
    assert_eq!(clients(&[peer, ("orders/src/main/resources/application.properties", settings)]), BOUNDED);
    let bean = "package a;\nimport org.springframework.boot.web.client.RestTemplateCustomizer;\nclass Limits implements RestTemplateCustomizer { public void customize(RestTemplate t) {} }\n";
    assert_eq!(clients(&[peer, ("orders/src/main/java/a/Limits.java", bean)]), BOUNDED);
    let remote = "spring:\n  cloud:\n    config:\n      uri: http://config\n";
    assert_eq!(clients(&[peer, ("orders/src/main/resources/bootstrap.yml", remote)]), BOUNDED);
    let ok = pom("<dependency><artifactId>okhttp</artifactId></dependency>");
    assert_eq!(clients(&[peer, ("orders/pom.xml", &ok)]), BOUNDED);
}

/// A bean that makes the builder decides; `@LoadBalanced` alone limits nothing.
#[test]
fn a_bean_that_makes_the_builder_may_limit_it() {
    let peer = "package a;\nimport org.springframework.web.reactive.function.client.WebClient;\n@Service\nclass Peer { private final WebClient web;\n\
        Peer(WebClient.Builder builder) { this.web = builder.baseUrl(\"http://users\").build(); }\n\
        Object get() { return web.get().uri(\"/x\").retrieve().bodyToMono(String.class); } }\n";
    let conf = |made: &str| {
        format!(
            "package a;\nimport org.springframework.web.reactive.function.client.WebClient;\nclass Conf {{\n\
             @Bean @LoadBalanced WebClient.Builder builder() {{ return WebClient.builder(){made}; }} }}\n"
        )
    };
    let path = ("orders/src/main/java/a/Peer.java", "orders/src/main/java/a/Conf.java");
    assert_eq!(clients(&[(path.0, peer)]), ALL);
    assert_eq!(clients(&[(path.0, peer), (path.1, &conf(""))]), ALL);
    assert_eq!(clients(&[(path.0, peer), (path.1, &conf(".clientConnector(c)"))]), BOUNDED);
}

/// `1..3` is a range, and a loop over one counts its attempts.
#[test]
fn a_loop_of_kotlin_over_a_range_repeats() {
    let vans = |header: &str| {
        format!(
            r#"package vans

import java.io.IOException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.time.Duration

class Vans(private val address: URI) {{
    private val client = HttpClient.newHttpClient()

    fun all(): String {{
        val request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(1)).GET().build()
        {header} {{
            try {{
                return client.send(request, BodyHandlers.ofString()).body()
            }} catch (e: IOException) {{
                Thread.sleep(500)
            }}
        }}
        throw IllegalStateException("no vans")
    }}
}}
"#
        )
    };
    let found = |header: &str| {
        let text = vans(header);
        let wanted = |f: &skillcheck::rules::Finding| f.rule.contains("retry");
        crate::support::told::told(&[("Vans.kt", &text)], wanted).1
    };
    let repeats = ["retry-without-backoff Vans.kt:15"];
    for header in ["for (attempt in 1..3)", "for (attempt in 0 until 3)"] {
        assert_eq!(found(header), repeats, "{header}");
    }
    assert_eq!(found("for (van in listOf(1, 2))"), ["missing-retry Vans.kt:11"]);
}
