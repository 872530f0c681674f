//! Calls between services in Java and Kotlin, as the graph shows them: target, method and path.

use skillcheck::check::{Request, check};

const COMPOSE: &str = "services:\n  orders:\n    build: ./orders\n    environment:\n      STOCK_HOST: stock\n  stock:\n    build: ./stock\n";
const DOCKER: &str = "FROM eclipse-temurin:17\nCOPY target/app.jar app.jar\nCMD [\"java\", \"-jar\", \"app.jar\"]\n";
const POM: &str = "<project><artifactId>x</artifactId><dependencies><dependency><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>";

/// The calls of the service `orders`, made by one file of it, under some settings.
fn calls(file: &str, text: &str, settings: (&str, &str)) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let resources = format!("orders/src/main/resources/{}", settings.0);
    let files = [
        ("docker-compose.yml", COMPOSE),
        ("orders/Dockerfile", DOCKER),
        ("orders/pom.xml", POM),
        ("stock/Dockerfile", DOCKER),
        ("stock/pom.xml", POM),
        (
            "stock/src/main/java/b/App.java",
            "package b;\nimport org.springframework.boot.autoconfigure.SpringBootApplication;\n@SpringBootApplication\nclass App { public static void main(String[] a) {} }\n",
        ),
        ("stock/src/main/resources/application.properties", "spring.application.name=stock-service\n"),
        (resources.as_str(), settings.1),
        (file, text),
    ];
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let outcome = check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap();
    let show = |c: &skillcheck::system::calls::Call| {
        format!("{} {} {}", c.to, c.method.as_deref().unwrap_or("?"), c.path.as_deref().unwrap_or(""))
    };
    outcome.system.calls.iter().map(show).collect()
}

const NONE: (&str, &str) = ("application.properties", "");

fn java(text: &str) -> Vec<String> {
    calls("orders/src/main/java/a/Peer.java", text, NONE)
}

fn kotlin(text: &str) -> Vec<String> {
    calls("orders/src/main/kotlin/a/Peer.kt", text, NONE)
}

#[test]
fn rest_template() {
    let text = "package a;\nimport org.springframework.web.client.RestTemplate;\n
class Peer {
    private static final String BASE = \"http://stock-service\";
    private final RestTemplate rest = new RestTemplate();
    @Value(\"${stock.url}\") private String url;
    void go(String id) {
        rest.getForObject(BASE + \"/items/{id}\", Item.class, id);
        rest.exchange(\"http://stock/items\", HttpMethod.POST, entity, Item.class);
        rest.exchange(RequestEntity.put(URI.create(\"http://stock/put\")).build(), Item.class);
        rest.delete(UriComponentsBuilder.fromHttpUrl(url).path(\"/old\").queryParam(\"a\", 1).toUriString());
        rest.postForObject(String.format(\"%s/f/%s\", url, id), null, Item.class);
    }
}";
    let settings = ("application.yml", "stock:\n  url: http://${STOCK_HOST:nowhere}:8080\n");
    assert_eq!(
        calls("orders/src/main/java/a/Peer.java", text, settings),
        ["stock DELETE /old", "stock GET /items/{id}", "stock POST /f/{}", "stock POST /items", "stock PUT /put"]
    );
}

#[test]
fn web_client_and_rest_client() {
    let text = "package a;\nimport org.springframework.web.client.RestClient;\nimport org.springframework.web.reactive.function.client.WebClient;\n
class Peer {
    private final WebClient web = WebClient.builder().baseUrl(\"http://stock/api\").build();
    private final RestClient rest = RestClient.create();
    void go(String id) {
        web.get().uri(\"/items/{id}\", id).retrieve().bodyToMono(Item.class);
        web.method(HttpMethod.PATCH).uri(b -> b.path(\"/x\").queryParam(\"q\", 1).build()).retrieve();
        rest.post().uri(\"http://stock/orders\").body(id).retrieve().toBodilessEntity();
    }
}";
    assert_eq!(java(text), ["stock GET /api/items/{id}", "stock PATCH /api/x", "stock POST /orders"]);
    let text = "package a\nimport org.springframework.web.reactive.function.client.WebClient\n
class Peer {
    private val web = WebClient.create(\"http://stock\")
    suspend fun go(id: String) = web.put().uri(\"/items/$id\").retrieve().awaitBody<Item>()
}";
    assert_eq!(kotlin(text), ["stock PUT /items/{}"]);
}

/// What the settings of a gateway say, without code of ours.
fn gateway(name: &str, settings: &str) -> Vec<String> {
    let text = "package a;\nimport org.springframework.boot.autoconfigure.SpringBootApplication;\n@SpringBootApplication\nclass App { public static void main(String[] a) {} }\n";
    calls("orders/src/main/java/a/App.java", text, (name, settings))
}

#[test]
fn routes_of_gateways_are_calls() {
    let routes = "
      routes:
        - id: stock
          uri: lb://STOCK-SERVICE
          predicates: [Path=/stock/**]
        - id: fallback
          uri: forward:/sorry
";
    let spring = format!("spring:\n  cloud:\n    gateway:{routes}");
    assert_eq!(gateway("application.yml", &spring), ["stock ? "]);
    let newer = "spring.cloud.gateway.server.webflux.routes[0].uri=http://${STOCK_HOST}:8080\n";
    assert_eq!(gateway("application.properties", newer), ["stock ? "]);
    let zuul = "zuul:\n  routes:\n    stock:\n      path: /stock/**\n      serviceId: stock-service\n";
    assert_eq!(gateway("application.yml", zuul), ["stock ? "]);
    let coded = "package a;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
@SpringBootApplication
class App {
    @Bean RouteLocator routes(RouteLocatorBuilder builder) {
        return builder.routes()
            .route(\"stock\", r -> r.path(\"/stock/**\").filters(f -> f.stripPrefix(1)).uri(\"lb://stock-service\"))
            .build();
    }
}";
    assert_eq!(java(coded), ["stock ? "]);
    let for_servlets = "package a;
import static org.springframework.cloud.gateway.server.mvc.handler.HandlerFunctions.http;
import static org.springframework.cloud.gateway.server.mvc.filter.LoadBalancerFilterFunctions.lb;
@SpringBootApplication
class App {
    @Bean RouterFunction<ServerResponse> stock() {
        return route(\"stock\").route(path(\"/stock\"), http(\"http://stock:8080\")).build();
    }
    @Bean RouterFunction<ServerResponse> items() {
        return route(\"items\").route(path(\"/items\"), http()).filter(lb(\"stock-service\")).build();
    }
}";
    assert_eq!(java(for_servlets), ["stock ? ", "stock ? "]);
}

#[test]
fn feign_by_name_and_by_url() {
    let text = "package a;\nimport org.springframework.cloud.openfeign.FeignClient;\n
@FeignClient(name = \"STOCK-SERVICE\", path = \"/api\")
interface Stock { @GetMapping(\"/items/{id}\") Item item(String id); }
@FeignClient(name = \"whatever\", url = \"${stock.url:http://stock:8080}\")
interface Other { @RequestMapping(method = RequestMethod.POST, value = \"/x\") void x(); }
class Peer {
    @Autowired private Stock stock;
    @Autowired private Other other;
    void go() { stock.item(\"1\"); other.x(); }
}";
    assert_eq!(java(text), ["stock GET /api/items/{id}", "stock POST /x"]);
}

#[test]
fn http_interfaces() {
    let text = "package a;\nimport org.springframework.web.service.annotation.*;\n
@HttpExchange(\"/items\")
interface Stock { @GetExchange(\"/{id}\") Item item(String id); @PostExchange void add(Item item); }
class Config {
    @Bean Stock stock(WebClient.Builder builder) {
        WebClient client = builder.baseUrl(\"http://stock\").build();
        return HttpServiceProxyFactory.builderFor(WebClientAdapter.create(client)).build().createClient(Stock.class);
    }
}
class Peer { private final Stock stock; Peer(Stock stock) { this.stock = stock; } void go() { stock.item(\"1\"); stock.add(null); } }";
    assert_eq!(java(text), ["stock GET /items/{id}", "stock POST /items"]);
}

#[test]
fn micronaut_quarkus_and_retrofit() {
    let micronaut = "package a;\nimport io.micronaut.http.client.annotation.Client;\nimport io.micronaut.http.annotation.*;\n
@Client(id = \"stock\", path = \"/api\")
interface Stock { @Get(\"/items/{id}\") Item item(String id); @Delete(\"/{id}\") void remove(String id); }
@Client(\"warehouse\")
interface Warehouse { @Post(\"/w\") void w(); }
class Peer { @Inject Stock stock; @Inject Warehouse house; void go() { stock.item(\"1\"); stock.remove(\"1\"); house.w(); } }";
    let settings = (
        "application.yml",
        "micronaut:\n  http:\n    services:\n      warehouse:\n        urls:\n          - http://stock:8080\n",
    );
    assert_eq!(
        calls("orders/src/main/java/a/Peer.java", micronaut, settings),
        ["stock DELETE /api/{id}", "stock GET /api/items/{id}", "stock POST /w"]
    );
    let quarkus = "package a;\nimport org.eclipse.microprofile.rest.client.inject.*;\nimport jakarta.ws.rs.*;\n
@Path(\"/items\")
@RegisterRestClient(configKey = \"stock-api\")
interface Stock { @GET @Path(\"/{id}\") Item item(@PathParam(\"id\") String id); @POST void add(Item item); }
@RegisterRestClient
interface Other { @GET @Path(\"/o\") Item o(); }
class Peer { @RestClient Stock stock; @Inject @RestClient Other other; void go() { stock.item(\"1\"); stock.add(null); other.o(); } }";
    let settings = (
        "application.properties",
        "quarkus.rest-client.stock-api.url=http://stock:8080/v1\nquarkus.rest-client.\"a.Other\".url=http://stock\n",
    );
    assert_eq!(
        calls("orders/src/main/java/a/Peer.java", quarkus, settings),
        ["stock GET /o", "stock GET /v1/items/{id}", "stock POST /v1/items"]
    );
    let retrofit = "package a\nimport retrofit2.Retrofit\nimport retrofit2.http.*\n
interface Stock { @GET(\"items/{id}\") suspend fun item(@Path(\"id\") id: String): Item }
class Peer {
    private val stock = Retrofit.Builder().baseUrl(\"http://stock/api/\").build().create(Stock::class.java)
    suspend fun go() = stock.item(\"1\")
}";
    assert_eq!(kotlin(retrofit), ["stock GET /api/items/{id}"]);
}

#[test]
fn ktor_ok_http_jdk_and_jax_rs() {
    let ktor = "package a\nimport io.ktor.client.*\nimport io.ktor.client.engine.cio.*\nimport io.ktor.client.request.*\n
class Peer {
    private val client = HttpClient(CIO) { install(HttpTimeout) { requestTimeoutMillis = 1000 } }
    suspend fun go(id: String) { client.get(\"http://stock/items/$id\"); client.post(\"http://stock/items\") { setBody(id) } }
}";
    assert_eq!(kotlin(ktor), ["stock GET /items/{}", "stock POST /items"]);
    let others = "package a;\nimport java.net.URI;\nimport java.net.http.HttpClient;\nimport java.net.http.HttpRequest;\nimport okhttp3.OkHttpClient;\nimport okhttp3.Request;\nimport jakarta.ws.rs.client.ClientBuilder;\n
class Peer {
    private final HttpClient http = HttpClient.newHttpClient();
    private final OkHttpClient ok = new OkHttpClient();
    void jdk() throws Exception {
        HttpRequest request = HttpRequest.newBuilder().uri(URI.create(\"http://stock/jdk\")).POST(null).build();
        http.send(request, null);
    }
    void ok(String id) { Request r = new Request.Builder().url(\"http://stock/ok/\" + id).delete().build(); ok.newCall(r).execute(); }
    void jax() { ClientBuilder.newClient().target(\"http://stock\").path(\"jax\").request().get(); }
}";
    assert_eq!(java(others), ["stock DELETE /ok/{}", "stock GET /jax", "stock POST /jdk"]);
}

const PROPERTIES: &str = "package a;\nimport org.springframework.boot.context.properties.ConfigurationProperties;\n
@ConfigurationProperties(prefix = \"peers\")
public class Peers {
    private String stockUrl = \"http://nobody:1/items\";
    public String getStockUrl() { return stockUrl; }
    public void setStockUrl(String url) { stockUrl = url; }
}\n";
const BOUND: &str = "package a;\nimport org.springframework.web.client.RestTemplate;\n
class Peer {
    private final Peers peers;
    private final RestTemplate rest = new RestTemplate();
    Peer(Peers peers) { this.peers = peers; }
    void go() { rest.getForObject(peers.getStockUrl() + \"/7\", Item.class); }
}\n";

#[test]
fn configuration_properties_are_settings() {
    let both = format!("{BOUND}{}", PROPERTIES.split_once("\n\n").unwrap().1.replace("public class", "class"));
    let settings = ("application.yml", "peers:\n  stock-url: http://stock/items\n");
    assert_eq!(calls("orders/src/main/java/a/Peer.java", &both, settings), ["stock GET /items/7"]);
}

#[test]
fn records_inside_of_configuration_properties_are_settings_too() {
    let code = "package a;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.web.client.RestTemplate;
@ConfigurationProperties(\"peers\")
record Peers(Stock stock, Other other) {
    record Stock(String url) {}
    record Other(String name) {}
}
class Peer {
    private final Peers peers;
    private final RestTemplate rest = new RestTemplate();
    Peer(Peers peers) { this.peers = peers; }
    void go() { rest.getForObject(peers.stock().url() + \"/7\", Item.class); }
}\n";
    let settings = ("application.yml", "peers:\n  stock:\n    url: http://stock/items\n");
    assert_eq!(calls("orders/src/main/java/a/Peer.java", code, settings), ["stock GET /items/7"]);
}

/// Files with the addresses that the linter calls hard-coded.
fn hard_coded(files: &[(&str, &str)]) -> Vec<String> {
    let folder = crate::support::folder(files);
    let run = crate::support::skillcheck_in(folder.path(), &["lint", "--output", "concise"]);
    let lines = run.stdout.lines().filter(|line| line.contains("hard-coded-address"));
    lines.map(|line| line.split_once(": ").unwrap().0.to_owned()).collect()
}

#[test]
fn a_default_of_configuration_properties_is_not_written_into_the_code() {
    let peers = "orders/src/main/java/a/Peers.java";
    let peer = "orders/src/main/java/a/Peer.java";
    assert_eq!(hard_coded(&[(peers, PROPERTIES), (peer, BOUND)]), [""; 0]);
    let plain = PROPERTIES.replace("@ConfigurationProperties(prefix = \"peers\")", "");
    assert_eq!(hard_coded(&[(peers, &plain), (peer, BOUND)]).len(), 1);
}

#[test]
fn a_name_that_discovery_looks_up_is_no_address() {
    let config = "package a;\nimport org.springframework.web.client.RestTemplate;\n
class Config {
    @Bean @LoadBalanced RestTemplate rest() { return new RestTemplate(); }
}\n";
    let peer = "package a;\nimport org.springframework.web.client.RestTemplate;\n
class Peer {
    private final RestTemplate rest;
    Peer(RestTemplate rest) { this.rest = rest; }
    void go() { rest.getForObject(\"http://stock/items\", Item.class); }
}\n";
    let files = |config: &str| {
        hard_coded(&[
            ("docker-compose.yml", COMPOSE),
            ("orders/Dockerfile", DOCKER),
            ("orders/pom.xml", POM),
            ("orders/src/main/java/a/Config.java", config),
            ("orders/src/main/java/a/Peer.java", peer),
        ])
    };
    assert_eq!(files(config), [""; 0]);
    assert_eq!(files(&config.replace("@LoadBalanced", "")).len(), 1);
}

#[test]
fn an_app_on_a_phone_waits_for_its_user() {
    let api =
        "package a;\nimport java.net.http.HttpClient;\nclass Api { HttpClient client = HttpClient.newHttpClient();\n
    void go() throws Exception { client.send(request, handler); } }\n";
    let findings = |manifest: &str| {
        let files = [("phone/app/src/main/java/a/Api.java", api), (manifest, "<manifest/>\n")];
        let folder = crate::support::folder(&files);
        crate::support::skillcheck_in(folder.path(), &["lint", "--output", "concise"]).stdout.lines().count()
    };
    assert!(findings("phone/app/src/main/Other.xml") > findings("phone/app/src/main/AndroidManifest.xml"));
}

/// Each step calls the client that stands in its `new`, also where Lombok writes the constructor.
#[test]
fn a_constructor_that_lombok_writes_hands_over_the_client_of_its_call() {
    let compose = "services:\n  orders: {build: orders}\n  payment: {build: payment}\n  stock: {build: stock}\n";
    let steps = "package a;
import lombok.RequiredArgsConstructor;
import org.springframework.stereotype.Service;
import org.springframework.web.reactive.function.client.WebClient;
@Configuration
class Clients {
    @Bean(\"payments\") WebClient payments() { return WebClient.create(\"http://payment\"); }
    @Bean(\"stocks\") WebClient stocks() { return WebClient.create(\"http://stock\"); }
}
@RequiredArgsConstructor
class PaymentStep {
    private final WebClient client;
    private final String id;
    private boolean done = false;
    void run() { client.post().uri(\"/debit\").retrieve().bodyToMono(String.class); }
}
@RequiredArgsConstructor
class StockStep {
    private final WebClient client;
    private final String id;
    void run() { client.post().uri(\"/reserve\").retrieve().bodyToMono(String.class); }
}
@Service
class Steps {
    private final WebClient payments;
    private final WebClient stocks;
    Steps(@Qualifier(\"payments\") WebClient payments, @Qualifier(\"stocks\") WebClient stocks) {
        this.payments = payments;
        this.stocks = stocks;
    }
    void all(String id) { new PaymentStep(this.payments, id).run(); new StockStep(this.stocks, id).run(); }
}";
    let folder = crate::support::folder(&[
        ("docker-compose.yml", compose),
        ("orders/Dockerfile", DOCKER),
        ("orders/pom.xml", POM),
        ("payment/Dockerfile", DOCKER),
        ("payment/pom.xml", POM),
        ("stock/Dockerfile", DOCKER),
        ("stock/pom.xml", POM),
        ("orders/src/main/java/a/Steps.java", steps),
    ]);
    let graph = crate::support::skillcheck_in(folder.path(), &["graph", "--format", "json"]).stdout;
    let graph: serde_json::Value = serde_json::from_str(&graph).unwrap();
    let calls = graph["calls"].as_array().unwrap();
    let mut calls: Vec<_> =
        calls.iter().filter_map(|c| Some(format!("{} {}", c["to"].as_str()?, c["path"].as_str()?))).collect();
    calls.sort();
    assert_eq!(calls, ["payment /debit", "stock /reserve"]);
}
