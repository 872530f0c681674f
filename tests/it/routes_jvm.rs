//! Routes of Java and Kotlin servers: every example is written the way the framework's documentation
//! writes it, with the requests that it answers.

use crate::support::servers::routes;
use crate::support::{folder, skillcheck_in};

/// The routes of one file: `.java` or `.kt` by its text.
fn one(text: &str) -> Vec<String> {
    let kotlin = text.contains("fun ") || text.contains("routing {");
    let path = if kotlin { "src/main/kotlin/a/Web.kt" } else { "src/main/java/a/Web.java" };
    routes(&[(path, text)])
}

#[test]
fn spring_controllers_in_java() {
    let text = "package a;\nimport org.springframework.web.bind.annotation.*;\n
@RestController
@RequestMapping(path = \"/persons\", produces = \"application/json\")
class PersonController {
    static final String ITEM = \"/{id}\";
    @GetMapping(ITEM)
    public Person getPerson(@PathVariable Long id) { return null; }
    @PostMapping
    @ResponseStatus(HttpStatus.CREATED)
    public void add(@RequestBody Person person) { }
    @GetMapping(\"/{name:[a-z-]+}-{version:\\\\d\\\\.\\\\d\\\\.\\\\d}{ext:\\\\.[a-z]+}\")
    public void handle(String name) { }
    @RequestMapping(method = {RequestMethod.PUT, RequestMethod.PATCH}, value = {\"/a\", \"/b/\"})
    public void two() { }
    @GetMapping(\"/files/**\")
    public void files() { }
    @GetMapping(\"/resources/{*path}\")
    public void rest() { }
}";
    assert_eq!(
        one(text),
        [
            "GET /persons/files/{*}",
            "GET /persons/resources/{*path}",
            "GET /persons/{id}",
            "GET /persons/{name}-{version}{ext}",
            "PATCH /persons/a",
            "PATCH /persons/b",
            "POST /persons",
            "PUT /persons/a",
            "PUT /persons/b",
        ]
    );
}

#[test]
fn spring_controllers_in_kotlin() {
    let text = "package a\nimport org.springframework.web.bind.annotation.*\n
const val BASE = \"/api\"
@RestController
@RequestMapping(\"$BASE/articles\")
class ArticleController(private val repository: ArticleRepository) {
    @GetMapping(\"/\")
    fun findAll() = repository.findAll()
    @GetMapping(\"/{slug}\")
    fun findOne(@PathVariable slug: String) = repository.find(slug)
    @RequestMapping(value = [\"/x\", \"/y\"], method = [RequestMethod.PUT])
    fun put() { }
    @PostMapping(path = [\"/new\"])
    suspend fun create(@RequestBody article: Article): Article = article
}";
    assert_eq!(
        one(text),
        [
            "GET /api/articles",
            "GET /api/articles/{slug}",
            "POST /api/articles/new",
            "PUT /api/articles/x",
            "PUT /api/articles/y",
        ]
    );
}

#[test]
fn mappings_are_inherited_from_interfaces_and_base_classes() {
    let api = "package a;\nimport org.springframework.web.bind.annotation.*;\n
@RequestMapping(\"/pets\")
public interface PetsApi {
    @GetMapping(\"/{id}\") Pet byId(Long id);
    @RequestMapping(method = RequestMethod.POST) default Pet add(Pet pet) { return null; }
}";
    let impl_ = "package a;\nimport org.springframework.web.bind.annotation.*;\n
@RestController
public class PetsController implements PetsApi {
    @Override public Pet byId(Long id) { return null; }
}";
    let files = [("src/main/java/a/PetsApi.java", api), ("src/main/java/a/PetsController.java", impl_)];
    assert_eq!(routes(&files), ["GET /pets/{id}", "POST /pets"]);
    assert!(crate::support::servers::served(&files).gaps.is_empty());
    let base = "package a;\nimport jakarta.ws.rs.*;\n
@Path(\"abstract\")
public abstract class AbstractEndpoint<T> {
    @GET @Path(\"/{id:[0-9]+}\") public T find(@PathParam(\"id\") Long id) { return null; }
    @POST public T add(T it) { return it; }
}";
    let orders = "package a;\nimport jakarta.ws.rs.Path;\n@Path(\"orders\")\npublic class Orders extends AbstractEndpoint<Order> { }";
    let files = [("src/main/java/a/AbstractEndpoint.java", base), ("src/main/java/a/Orders.java", orders)];
    assert_eq!(routes(&files), ["GET /orders/{id}", "POST /orders"]);
    // What a generated or foreign interface maps is not known.
    let foreign = impl_.replace("implements PetsApi", "implements org.acme.gen.PetsApi");
    assert!(!crate::support::servers::served(&[("src/main/java/a/PetsController.java", &foreign)]).gaps.is_empty());
}

#[test]
fn http_interfaces_are_mappings_of_the_controller_that_implements_them() {
    let text = "package a;\nimport org.springframework.web.service.annotation.*;\n
@HttpExchange(\"/persons\")
interface PersonService {
    @GetExchange(\"/{id}\") Person getPerson(Long id);
    @PostExchange void add(Person person);
}
@RestController
class PersonController implements PersonService {
    public Person getPerson(Long id) { return null; }
    public void add(Person person) { }
}";
    assert_eq!(one(text), ["GET /persons/{id}", "POST /persons"]);
}

#[test]
fn router_functions_in_java() {
    let text = "package a;\nimport static org.springframework.web.reactive.function.server.RequestPredicates.accept;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;
import org.springframework.web.reactive.function.server.*;\n
class Routes {
    @Bean
    RouterFunction<ServerResponse> persons(PersonHandler handler, RouterFunction<ServerResponse> otherRoute) {
        return route()
            .GET(\"/person/{id}\", accept(APPLICATION_JSON), handler::getPerson)
            .path(\"/people\", builder -> builder
                .nest(accept(APPLICATION_JSON), inner -> inner
                    .GET(\"/{id}\", handler::getPerson)
                    .GET(handler::listPeople))
                .POST(handler::createPerson))
            .path(\"/admin\", this::admin)
            .add(otherRoute)
            .build();
    }
    private void admin(RouterFunctions.Builder builder) { builder.DELETE(\"/{id}\", r -> null); }
    @Bean
    RouterFunction<ServerResponse> old(H h) {
        return RouterFunctions.route(RequestPredicates.GET(\"/hello\").and(accept(TEXT_PLAIN)), h::hello)
            .andRoute(RequestPredicates.POST(\"/echo\"), h::echo)
            .andNest(RequestPredicates.path(\"/v2\"), route(RequestPredicates.PUT(\"/x\"), h::x));
    }
}";
    assert_eq!(
        one(text),
        [
            "DELETE /admin/{id}",
            "GET /hello",
            "GET /people",
            "GET /people/{id}",
            "GET /person/{id}",
            "POST /echo",
            "POST /people",
            "PUT /v2/x",
        ]
    );
}

#[test]
fn router_functions_in_kotlin() {
    let text = "package a\nimport org.springframework.web.reactive.function.server.coRouter
import org.springframework.web.reactive.function.server.router\n
@Configuration
class RouterConfiguration {
    @Bean
    fun mainRouter(userHandler: UserHandler) = router {
        accept(TEXT_HTML).nest {
            GET(\"/\") { ok().render(\"index\") }
        }
        \"/api\".nest {
            accept(APPLICATION_JSON).nest {
                GET(\"/users\", userHandler::findAll)
            }
            (\"/v2\" and accept(JSON)).nest { POST(\"/users\", userHandler::add) }
            (accept(JSON) and \"/v3\").nest { PUT(\"/users\", userHandler::put) }
        }
        resources(\"/**\", ClassPathResource(\"static/\"))
    }
    @Bean
    fun other(h: Handler) = coRouter {
        GET(\"/co\", h::list)
        path(\"/orders\").nest { DELETE(\"/{id}\", h::remove) }
    }
}";
    let found =
        ["DELETE /orders/{id}", "GET /", "GET /api/users", "GET /co", "POST /api/v2/users", "PUT /api/v3/users"];
    assert_eq!(one(text), found);
}

#[test]
fn jax_rs_and_quarkus() {
    let text = "package a;\nimport jakarta.ws.rs.*;\nimport jakarta.ws.rs.core.MediaType;\n
@ApplicationPath(\"/api\")
class App extends jakarta.ws.rs.core.Application { }
@Path(\"/fruits\")
@Produces(MediaType.APPLICATION_JSON)
class FruitResource {
    @GET
    public List<Fruit> list() { return null; }
    @GET @Path(\"{id}\")
    public Fruit one(@PathParam(\"id\") Long id) { return null; }
    @DELETE @Path(\"/{id: [0-9]+}\")
    public void remove() { }
    @GET @Path(\"files/{path: .*}\")
    public void rest() { }
    @Path(\"/{id}/reviews\")
    public ReviewResource reviews(@PathParam(\"id\") Long id) { return new ReviewResource(); }
}
class ReviewResource {
    @GET public String all() { return null; }
    @POST @Path(\"new\") public void add() { }
}";
    assert_eq!(
        one(text),
        [
            "DELETE /api/fruits/{id}",
            "GET /api/fruits",
            "GET /api/fruits/files/{*path}",
            "GET /api/fruits/{id}",
            "GET /api/fruits/{id}/reviews",
            "POST /api/fruits/{id}/reviews/new",
        ]
    );
    let kotlin = "package a\nimport jakarta.ws.rs.GET\nimport jakarta.ws.rs.Path\n
@Path(\"/hello\")
class GreetingResource {
    @GET
    fun hello() = \"hello\"
    @GET
    @Path(\"/greeting/{name}\")
    suspend fun greet(name: String): String = \"hi $name\"
}";
    assert_eq!(one(kotlin), ["GET /hello", "GET /hello/greeting/{name}"]);
    // A client is no server.
    let client = "package a;\nimport jakarta.ws.rs.*;\n@Path(\"/x\")\n@RegisterRestClient(configKey = \"x\")\ninterface X { @GET String get(); }";
    assert!(one(client).is_empty());
}

#[test]
fn micronaut_controllers() {
    let java = "package a;\nimport io.micronaut.http.annotation.*;\n
@Controller(\"/issues\")
class IssuesController {
    @Get(\"/{number}\")
    public String issue(@PathVariable Integer number) { return \"\"; }
    @Get(uri = \"/books{?max,offset}\")
    public String books() { return \"\"; }
    @Get(\"/show{/id}\")
    public String show() { return \"\"; }
    @Post(value = \"/\", consumes = MediaType.TEXT_PLAIN)
    public void add() { }
    @Head(\"/{+rest}\")
    public void head() { }
}";
    assert_eq!(
        one(java),
        ["GET /issues/books", "GET /issues/show/{id}", "GET /issues/{number}", "HEAD /issues/{*rest}", "POST /issues",]
    );
    let kotlin = "package a\nimport io.micronaut.http.annotation.*\n
@Controller(\"/hello\")
class HelloController {
    @Get(produces = [MediaType.TEXT_PLAIN])
    fun index() = \"Hello\"
    @Put(\"/{name}\")
    fun put(name: String) { }
}";
    assert_eq!(one(kotlin), ["GET /hello", "PUT /hello/{name}"]);
}

#[test]
fn ktor_nests_routes() {
    let text =
        "package a\nimport io.ktor.http.*\nimport io.ktor.server.application.*\nimport io.ktor.server.routing.*\n
fun Application.module() {
    routing {
        get(\"/\") { call.respondText(\"Hello\") }
        route(\"/customer\") {
            listCustomers()
            authenticate(\"auth-jwt\") {
                post { }
                route(\"{id}\") { delete { } }
            }
        }
        orderRoutes()
        route(\"/old\", HttpMethod.Get) { handle { } }
        webSocket(\"/ws\") { }
        get(\"/user/{login?}\") { }
        get(\"/files/{...}\") { }
        get(\"/docs/{path...}\") { }
        put(\"/fun\", ::answer)
        staticResources(\"/static\", \"static\")
    }
}
fun answer() { }
fun Route.listCustomers() {
    get { call.respond(customers) }
}
fun Route.orderRoutes() {
    route(\"/order\") {
        get(\"{id}/total\") { }
        patch<Order>(\"/x\") { order -> }
    }
}";
    assert_eq!(
        one(text),
        [
            "DELETE /customer/{id}",
            "GET /",
            "GET /customer",
            "GET /docs/{*path}",
            "GET /files/{*}",
            "GET /old",
            "GET /order/{id}/total",
            "GET /user/{login}",
            "GET /ws",
            "PATCH /order/x",
            "POST /customer",
            "PUT /fun",
        ]
    );
}

#[test]
fn ktor_resources_have_the_path_of_their_class() {
    let text = "package a\nimport io.ktor.resources.*\nimport io.ktor.server.resources.*\nimport io.ktor.server.routing.routing\n
@Resource(\"/articles\")
class Articles(val sort: String? = \"new\") {
    @Resource(\"new\")
    class New(val parent: Articles = Articles())
    @Resource(\"{id}\")
    class Id(val parent: Articles = Articles(), val id: Long) {
        @Resource(\"edit\")
        class Edit(val parent: Id)
    }
}
fun Application.module() {
    install(Resources)
    routing {
        get<Articles> { article -> }
        get<Articles.New> { }
        post<Articles> { }
        get<Articles.Id.Edit> { }
        route(\"/v1\") { put<Articles.Id> { } }
    }
}";
    assert_eq!(
        one(text),
        ["GET /articles", "GET /articles/new", "GET /articles/{id}/edit", "POST /articles", "PUT /v1/articles/{id}",]
    );
}

#[test]
fn servlets_answer_the_methods_that_they_override() {
    let text = "package a;\nimport jakarta.servlet.annotation.WebServlet;\n
@WebServlet(name = \"cart\", urlPatterns = {\"/cart\", \"/basket/*\"})
class Cart extends HttpServlet {
    protected void doGet(HttpServletRequest q, HttpServletResponse r) { }
    protected void doPost(HttpServletRequest q, HttpServletResponse r) { }
}";
    assert_eq!(one(text), ["GET /basket/{*}", "GET /cart", "POST /basket/{*}", "POST /cart"]);
}

#[test]
fn vertx_routers() {
    let java = "package a;
import io.vertx.core.AbstractVerticle;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.BodyHandler;
public class Api extends AbstractVerticle {
    public void start() {
        Router router = Router.router(vertx);
        router.route().handler(BodyHandler.create());
        router.get(\"/orders/:id\").handler(this::get);
        router.post(\"/orders\").handler(this::add);
        router.route(\"/any\").handler(this::any);
        vertx.createHttpServer().requestHandler(router).listen(8080);
    }
}";
    assert_eq!(one(java), ["ANY /any", "GET /orders/{id}", "POST /orders"]);
    let kotlin = "package a
import io.vertx.ext.web.Router
class Api : CoroutineVerticle() {
    override suspend fun start() {
        val router = Router.router(vertx)
        router.delete(\"/orders/:id\").handler { ctx -> ctx.end() }
    }
}";
    assert_eq!(one(kotlin), ["DELETE /orders/{id}"]);
}

#[test]
fn reactive_routes_of_quarkus() {
    let text = "package a;\nimport io.quarkus.vertx.web.Route;\nimport io.quarkus.vertx.web.RouteBase;\n@RouteBase(path = \"yard\")\nclass Lots {\n    @Route(path = \"/lots/:id\", methods = Route.HttpMethod.GET) void one(RoutingContext c) { }\n    @Route(methods = {Route.HttpMethod.POST, Route.HttpMethod.PUT}) void closeLot(RoutingContext c) { }\n}\n";
    assert_eq!(one(text), ["GET /yard/lots/{id}", "POST /yard/close-lot", "PUT /yard/close-lot"]);
}

/// The routes that `graph` shows, with what settings put before them.
fn shown(files: &[(&str, &str)]) -> Vec<String> {
    let folder = crate::support::folder(files);
    let run = crate::support::skillcheck_in(folder.path(), &["graph", "--format", "json"]);
    let graph: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let owned = graph["services"].as_array().unwrap().iter().flat_map(|s| s["endpoints"].as_array().unwrap());
    let all = owned.chain(graph["unassigned_endpoints"].as_array().unwrap());
    all.map(|e| format!("{} {}", e["method"].as_str().unwrap(), e["path"].as_str().unwrap())).collect()
}

#[test]
fn settings_and_configurers_put_prefixes_before_paths() {
    let controller = (
        "src/main/java/a/Lots.java",
        "package a;\nimport org.springframework.web.bind.annotation.*;\n@RestController class Lots { @GetMapping(\"/lots\") public String all() { return \"\"; } }\n",
    );
    let settings = ("src/main/resources/application.yml", "server:\n  servlet:\n    context-path: /yard\n");
    assert_eq!(shown(&[controller, settings]), ["GET /yard/lots"]);
    let web = |predicate: &str| {
        format!(
            "package a;\nimport org.springframework.web.servlet.config.annotation.*;\nclass Web implements WebMvcConfigurer {{\n\
             public void configurePathMatch(PathMatchConfigurer c) {{ c.addPathPrefix(\"/api\", {predicate}); }} }}\n"
        )
    };
    let all = web("HandlerTypePredicate.forAnnotation(RestController.class)");
    assert_eq!(shown(&[controller, ("src/main/java/a/Web.java", &all)]), ["GET /api/lots"]);
    let others = web("HandlerTypePredicate.forBasePackage(\"b.c\")");
    assert_eq!(shown(&[controller, ("src/main/java/a/Web.java", &others)]), ["GET /lots"]);
    let ktor = (
        "src/main/kotlin/a/App.kt",
        "package a\nimport io.ktor.server.application.*\nimport io.ktor.server.routing.*\nfun Application.module() { routing { get(\"/lots\") { } } }\n",
    );
    let conf = ("src/main/resources/application.conf", "ktor { deployment { port = 8080, rootPath = \"/yard\" } }\n");
    assert_eq!(shown(&[ktor, conf]), ["GET /yard/lots"]);
}

#[test]
fn routes_of_a_shared_module_belong_to_the_services_that_import_it() {
    let build = "plugins { application }\n";
    let main = |name: &str, call: &str| {
        format!(
            "package {name}\nimport io.ktor.server.application.*\nimport io.ktor.server.routing.*\nimport shop.common.{call}\nfun main(args: Array<String>) = io.ktor.server.netty.EngineMain.main(args)\nfun Application.module() {{\n  {call}()\n  routing {{ get(\"/{name}\") {{ }} }}\n}}\n"
        )
    };
    let health = "package shop.common\nimport io.ktor.server.application.*\nimport io.ktor.server.routing.*\nfun Application.installHealth() {\n  routing { get(\"/health\") { } }\n}\n";
    let log = "package shop.common\nimport io.ktor.server.application.*\nfun Application.installLog() {}\n";
    let folder = folder(&[
        ("settings.gradle.kts", "include(\":orders\", \":users\", \":common\")\n"),
        ("build.gradle.kts", "allprojects { version = \"1\" }\n"),
        ("common/build.gradle.kts", build),
        ("common/src/main/kotlin/shop/common/Health.kt", health),
        ("common/src/main/kotlin/shop/common/Log.kt", log),
        ("orders/build.gradle.kts", build),
        ("orders/src/main/kotlin/Main.kt", &main("orders", "installHealth")),
        ("users/build.gradle.kts", build),
        ("users/src/main/kotlin/Main.kt", &main("users", "installLog")),
    ]);
    let run = skillcheck_in(folder.path(), &["graph", "--format", "json"]);
    let graph: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let shown: Vec<String> = graph["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            let paths = s["endpoints"].as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap());
            format!(
                "{} {} {}",
                s["name"].as_str().unwrap(),
                s["health"]["verdict"].as_str().unwrap(),
                paths.collect::<Vec<_>>().join(" ")
            )
        })
        .collect();
    assert_eq!(shown, ["orders present /health /orders", "users missing /users"]);
}

#[test]
fn controllers_that_the_scan_of_spring_finds_belong_to_who_finds_them() {
    let library = |name: &str| format!("<project><artifactId>{name}</artifactId></project>");
    let application = |name: &str, of: &str| {
        format!(
            "<project><artifactId>{name}</artifactId><dependencies><dependency><artifactId>{of}</artifactId></dependency></dependencies><build>spring-boot-maven-plugin</build></project>"
        )
    };
    let main = |package: &str, scan: &str| {
        format!(
            "package {package};\nimport com.shop.stock.StockRoot;\nimport org.springframework.boot.autoconfigure.SpringBootApplication;\n@SpringBootApplication{scan}\npublic class Main {{ public static void main(String[] args) {{}} }}\n"
        )
    };
    let controller = |package: &str, path: &str| {
        format!(
            "package {package};\nimport org.springframework.web.bind.annotation.*;\n@RestController class Web {{ @GetMapping(\"{path}\") String get() {{ return \"\"; }} }}\n"
        )
    };
    let folder = folder(&[
        ("orders-web/pom.xml", &library("orders-web")),
        ("orders-web/src/main/java/com/shop/orders/web/Web.java", &controller("com.shop.orders.web", "/orders")),
        // Below no package that is scanned, and of a module that is not included.
        ("orders-web/src/main/java/com/shop/admin/Web.java", &controller("com.shop.admin", "/admin")),
        ("legacy/pom.xml", &library("legacy")),
        ("legacy/src/main/java/com/shop/orders/legacy/Web.java", &controller("com.shop.orders.legacy", "/legacy")),
        ("orders/pom.xml", &application("orders", "orders-web")),
        ("orders/src/main/java/com/shop/orders/Main.java", &main("com.shop.orders", "")),
        ("stock-core/pom.xml", &library("stock-core")),
        (
            "stock-core/src/main/java/com/shop/stock/StockRoot.java",
            "package com.shop.stock;\npublic interface StockRoot {}\n",
        ),
        ("stock-core/src/main/java/com/shop/stock/web/Web.java", &controller("com.shop.stock.web", "/stock")),
        ("stock/pom.xml", &application("stock", "stock-core")),
        (
            "stock/src/main/java/com/shop/runs/Main.java",
            &main("com.shop.runs", "(scanBasePackageClasses = {StockRoot.class})"),
        ),
    ]);
    let run = skillcheck_in(folder.path(), &["graph", "--format", "json"]);
    let graph: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let paths = |endpoints: &serde_json::Value| -> Vec<String> {
        endpoints.as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap().to_owned()).collect()
    };
    let owned: Vec<(&str, Vec<String>)> = graph["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|service| (service["name"].as_str().unwrap(), paths(&service["endpoints"])))
        .collect();
    assert_eq!(owned, [("orders", vec!["/orders".to_owned()]), ("stock", vec!["/stock".to_owned()])]);
    let mut left = paths(&graph["unassigned_endpoints"]);
    left.sort();
    assert_eq!(left, ["/admin", "/legacy"]);
}
