//! Routes of Go servers, each framework by an example in the manner of its documentation.

use crate::support::{folder, skillcheck_in};

fn graph(files: &[(&str, &str)]) -> serde_json::Value {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["graph", "--format", "json"]);
    serde_json::from_str(&run.stdout).unwrap()
}

/// The routes as `GET /path file:line`, in the order of their places.
fn routes(files: &[(&str, &str)]) -> Vec<String> {
    let graph = graph(files);
    let owned = graph["services"].as_array().unwrap().iter().flat_map(|s| s["endpoints"].as_array().unwrap());
    let all = owned.chain(graph["unassigned_endpoints"].as_array().unwrap());
    let mut out: Vec<_> = all
        .map(|e| {
            let text = |key: &str| e[key].as_str().unwrap().to_string();
            let route = format!("{} {} {}:{}", text("method"), text("path"), text("file"), e["line"]);
            ((text("file"), e["line"].as_u64().unwrap(), route.clone()), route)
        })
        .collect();
    out.sort();
    out.into_iter().map(|(_, route)| route).collect()
}

const MODULE: (&str, &str) = ("go.mod", "module example.com/shop\n\ngo 1.22\n");

#[test]
fn net_http_patterns_name_method_host_and_rest() {
    let found = routes(&[
        MODULE,
        (
            "main.go",
            r#"package main

import (
	"net/http"

	"example.com/shop/api"
)

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", order)
	mux.HandleFunc("POST shop.example.com/orders", create)
	mux.Handle("GET /files/{path...}", http.FileServer(http.Dir("static")))
	mux.HandleFunc("/{$}", home)
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.Handle("/api/v1/", http.StripPrefix("/api/v1", api.New()))
	mux.Handle("/admin/", admin())
	http.ListenAndServe(":8080", mux)
}

func admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("DELETE /admin/cache", clear)
	return mux
}

func order(w http.ResponseWriter, r *http.Request)  {}
func create(w http.ResponseWriter, r *http.Request) {}
func home(w http.ResponseWriter, r *http.Request)   {}
func clear(w http.ResponseWriter, r *http.Request)  {}
"#,
        ),
        (
            "api/api.go",
            r#"package api

import "net/http"

func New() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items", items)
	return mux
}

func items(w http.ResponseWriter, r *http.Request) {}
"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /api/v1/items api/api.go:7",
            "GET /orders/{id} main.go:11",
            "POST /orders main.go:12",
            "* / main.go:14",
            "* /healthz main.go:15",
            "DELETE /admin/cache main.go:23",
        ]
    );
}

#[test]
fn net_http_has_a_mux_of_its_own() {
    let found = routes(&[
        MODULE,
        (
            "main.go",
            r#"package main

import "net/http"

const prefix = "/v2"

func main() {
	http.HandleFunc(prefix+"/orders", orders)
	http.Handle("/metrics", metrics{})
	http.ListenAndServe(":8080", nil)
}

type metrics struct{}

func (metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {}

func orders(w http.ResponseWriter, r *http.Request) {}
"#,
        ),
    ]);
    assert_eq!(found, ["* /v2/orders main.go:8", "* /metrics main.go:9"]);
}

#[test]
fn gin_groups_nest_and_are_handed_to_functions() {
    let found = routes(&[
        MODULE,
        (
            "main.go",
            r#"package main

import (
	"github.com/gin-gonic/gin"

	"example.com/shop/users"
)

type server struct {
	router *gin.Engine
}

func main() {
	s := &server{router: gin.Default()}
	s.routes()
	s.router.Run()
}

func (s *server) routes() {
	s.router.GET("/ping", func(c *gin.Context) { c.JSON(200, gin.H{"message": "pong"}) })
	v1 := s.router.Group("/v1")
	{
		v1.POST("/login", login)
		users.Register(v1.Group("/users"))
	}
	s.router.Handle("PATCH", "/orders/:id", login)
	s.router.Any("/any/*rest", login)
}

func login(c *gin.Context) {}
"#,
        ),
        (
            "users/users.go",
            r#"package users

import "github.com/gin-gonic/gin"

func Register(group *gin.RouterGroup) {
	group.GET("", list)
	one := group.Group("/:id")
	one.DELETE("", remove)
}

func list(c *gin.Context)   {}
func remove(c *gin.Context) {}
"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /ping main.go:20",
            "POST /v1/login main.go:23",
            "PATCH /orders/{id} main.go:26",
            "* /any/{*rest} main.go:27",
            "GET /v1/users users/users.go:6",
            "DELETE /v1/users/{id} users/users.go:8",
        ]
    );
}

#[test]
fn echo_groups() {
    let found = routes(&[
        MODULE,
        (
            "main.go",
            r#"package main

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

func main() {
	e := echo.New()
	e.GET("/users/:id", getUser)
	g := e.Group("/admin", middleware)
	g.PUT("/users/:id", getUser)
	g.Add(http.MethodDelete, "/users/:id", getUser)
	e.Match([]string{"GET", "POST"}, "/both", getUser)
	e.Static("/static", "assets")
	e.Start(":1323")
}

func getUser(c echo.Context) error { return c.String(http.StatusOK, c.Param("id")) }
"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /users/{id} main.go:11",
            "PUT /admin/users/{id} main.go:13",
            "DELETE /admin/users/{id} main.go:14",
            "GET /both main.go:15",
            "POST /both main.go:15",
        ]
    );
}

#[test]
fn chi_routes_mounts_and_groups() {
    let found = routes(&[
        MODULE,
        (
            "main.go",
            r#"package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

func main() {
	r := chi.NewRouter()
	r.Use(middleware.Logger)
	r.Use(middleware.Heartbeat("/ping"))
	r.Route("/articles", func(r chi.Router) {
		r.With(paginate).Get("/", list)
		r.Route("/{articleID:[0-9]+}", func(r chi.Router) {
			r.Use(context)
			r.Put("/", update)
		})
	})
	r.Group(func(r chi.Router) {
		r.Post("/login", update)
	})
	r.Mount("/admin", adminRouter())
	r.MethodFunc("OPTIONS", "/opt", update)
	http.ListenAndServe(":3333", r)
}

func adminRouter() http.Handler {
	r := chi.NewRouter()
	r.Get("/accounts", list)
	return r
}

func list(w http.ResponseWriter, r *http.Request)   {}
func update(w http.ResponseWriter, r *http.Request) {}
"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /ping main.go:13",
            "GET /articles main.go:15",
            "PUT /articles/{articleID} main.go:18",
            "POST /login main.go:22",
            "OPTIONS /opt main.go:25",
            "GET /admin/accounts main.go:31",
        ]
    );
}

#[test]
fn fiber_groups_routes_and_mounts() {
    let found = routes(&[
        MODULE,
        (
            "main.go",
            r#"package main

import (
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/healthcheck"
)

func main() {
	app := fiber.New()
	app.Use(healthcheck.New())
	app.Get("/", handler)
	api := app.Group("/api")
	v1 := api.Group("/v1")
	v1.Get("/list/:id?", handler)
	app.Route("/test", func(api fiber.Router) {
		api.Post("/foo", handler)
	})
	micro := fiber.New()
	micro.All("/doe", handler)
	app.Mount("/john", micro)
	app.Listen(":3000")
}

func handler(c *fiber.Ctx) error { return c.SendString("ok") }
"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /livez main.go:10",
            "GET /readyz main.go:10",
            "GET / main.go:11",
            "GET /api/v1/list/{id} main.go:14",
            "POST /test/foo main.go:16",
            "* /john/doe main.go:19",
        ]
    );
}

#[test]
fn gorilla_mux_chains_methods_and_subrouters() {
    let found = routes(&[
        MODULE,
        (
            "main.go",
            r#"package main

import (
	"net/http"

	"github.com/gorilla/mux"
)

func main() {
	r := mux.NewRouter().StrictSlash(true)
	r.HandleFunc("/products/{key}", handler).Methods("GET", http.MethodPut)
	r.Methods("DELETE").Path("/products/{id:[0-9]+}").HandlerFunc(handler)
	r.Path("/plain").Handler(http.HandlerFunc(handler))
	s := r.PathPrefix("/api").Subrouter()
	s.HandleFunc("/orders", handler)
	get := r.Methods(http.MethodGet).Subrouter()
	get.HandleFunc("/stock", handler)
	r.PathPrefix("/static/").Handler(http.StripPrefix("/static/", http.FileServer(http.Dir("."))))
	http.Handle("/", r)
	http.ListenAndServe(":8000", nil)
}

func handler(w http.ResponseWriter, r *http.Request) {}
"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /products/{key} main.go:11",
            "PUT /products/{key} main.go:11",
            "DELETE /products/{id} main.go:12",
            "* /plain main.go:13",
            "* /api/orders main.go:15",
            "GET /stock main.go:17",
        ]
    );
}

#[test]
fn httprouter_and_go_zero() {
    let found = routes(&[
        MODULE,
        (
            "main.go",
            r#"package main

import (
	"net/http"

	"github.com/julienschmidt/httprouter"
)

func main() {
	router := httprouter.New()
	router.GET("/hello/:name", hello)
	router.HandlerFunc(http.MethodPost, "/hello", nil)
	router.ServeFiles("/src/*filepath", http.Dir("/var/www"))
	http.ListenAndServe(":8080", router)
}

func hello(w http.ResponseWriter, r *http.Request, ps httprouter.Params) {}
"#,
        ),
        (
            "zero/routes.go",
            r#"package zero

import (
	"net/http"

	"github.com/zeromicro/go-zero/rest"
)

func Register(server *rest.Server) {
	server.AddRoutes([]rest.Route{
		{Method: http.MethodGet, Path: "/from/:name", Handler: from()},
	}, rest.WithPrefix("/v1"))
}
"#,
        ),
    ]);
    assert_eq!(
        found,
        ["GET /hello/{name} main.go:11", "POST /hello main.go:12", "GET /v1/from/{name} zero/routes.go:11"]
    );
}

#[test]
fn a_grpc_service_of_health_is_health() {
    let found = |health: &str| {
        let main = format!(
            "package main\n\nimport (\n\t\"google.golang.org/grpc\"\n\t\"google.golang.org/grpc/health\"\n\thealthpb \"google.golang.org/grpc/health/grpc_health_v1\"\n)\n\nfunc main() {{\n\ts := grpc.NewServer()\n\t{health}\n\ts.Serve(lis)\n}}\n"
        );
        let graph = graph(&[
            ("compose.yaml", "services:\n  stock:\n    build: .\n    ports: [\"9000:9000\"]\n"),
            ("Dockerfile", "FROM golang:1.24\nCOPY . .\nRUN go build -o /stock .\nCMD [\"/stock\"]\n"),
            MODULE,
            ("main.go", &main),
        ]);
        graph["services"][0]["health"].to_string()
    };
    assert_ne!(found("healthpb.RegisterHealthServer(s, health.NewServer())"), found(""));
}

#[test]
fn the_routes_of_an_application_that_is_injected_are_complete() {
    let health = |path: &str| {
        let routes = format!(
            "package main\n\nimport \"github.com/labstack/echo/v4\"\n\nfunc Routes(echo *echo.Echo) {{\n\tgroup := echo.Group(\"/api\")\n\tgroup.GET(\"/orders\", list)\n\techo.GET(\"{path}\", other)\n}}\n"
        );
        let graph = graph(&[
            MODULE,
            (
                "main.go",
                "package main\n\nimport (\n\t\"github.com/labstack/echo/v4\"\n\t\"go.uber.org/fx\"\n)\n\nfunc NewServer() *echo.Echo { return echo.New() }\n\nfunc main() { fx.New(fx.Provide(NewServer), fx.Invoke(Routes)).Run() }\n",
            ),
            ("routes.go", &routes),
        ]);
        graph["services"][0]["health"]["verdict"].to_string()
    };
    assert_eq!(health("/prices"), "\"missing\"");
    assert_eq!(health("/healthz"), "\"present\"");
}

/// What oapi-codegen writes for echo and for chi, shortened to what registers.
fn generated(framework: &str, register: &str) -> String {
    format!(
        "// Code generated by github.com/oapi-codegen/oapi-codegen/v2 version v2.4.1 DO NOT EDIT.\npackage api\n\nimport (\n\t\"net/http\"\n\n\t\"{framework}\"\n)\n\ntype ServerInterface interface {{\n\tFindPets(w http.ResponseWriter, r *http.Request)\n}}\n\ntype ServerInterfaceWrapper struct{{ Handler ServerInterface }}\n\n{register}"
    )
}

#[test]
fn what_oapi_codegen_generates_is_served_where_it_is_registered() {
    let echo = generated(
        "github.com/labstack/echo/v4",
        "type EchoRouter interface {\n\tGET(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route\n}\n\nfunc RegisterHandlers(router EchoRouter, si ServerInterface) {\n\tRegisterHandlersWithBaseURL(router, si, \"\")\n}\n\nfunc RegisterHandlersWithBaseURL(router EchoRouter, si ServerInterface, baseURL string) {\n\twrapper := ServerInterfaceWrapper{Handler: si}\n\trouter.GET(baseURL+\"/pets/:id\", wrapper.FindPets)\n}\n",
    );
    let main = |register: &str| {
        format!(
            "package main\n\nimport (\n\t\"example.com/pets/api\"\n\t\"github.com/labstack/echo/v4\"\n)\n\nfunc main() {{\n\te := echo.New()\n\t{register}\n\te.Start(\":8080\")\n}}\n"
        )
    };
    let routes_of = |generated: &str, main: &str| {
        routes(&[("go.mod", "module example.com/pets\n"), ("api/api.gen.go", generated), ("main.go", main)])
    };
    assert_eq!(routes_of(&echo, &main("api.RegisterHandlers(e, nil)")), ["GET /pets/{id} main.go:10"]);
    let grouped = main("api.RegisterHandlersWithBaseURL(e.Group(\"/api\"), nil, \"/v1\")");
    assert_eq!(routes_of(&echo, &grouped), ["GET /api/v1/pets/{id} main.go:10"]);
    let chi = generated(
        "github.com/go-chi/chi/v5",
        "type ChiServerOptions struct {\n\tBaseURL string\n\tBaseRouter chi.Router\n}\n\nfunc HandlerFromMux(si ServerInterface, r chi.Router) http.Handler {\n\treturn HandlerWithOptions(si, ChiServerOptions{BaseRouter: r})\n}\n\nfunc HandlerWithOptions(si ServerInterface, options ChiServerOptions) http.Handler {\n\tr := options.BaseRouter\n\twrapper := ServerInterfaceWrapper{Handler: si}\n\tr.Group(func(r chi.Router) {\n\t\tr.Get(options.BaseURL+\"/pets\", wrapper.FindPets)\n\t})\n\treturn r\n}\n",
    );
    let main = "package main\n\nimport (\n\t\"net/http\"\n\n\t\"example.com/pets/api\"\n\t\"github.com/go-chi/chi/v5\"\n)\n\nfunc main() {\n\tr := chi.NewRouter()\n\tr.Route(\"/api\", func(r chi.Router) {\n\t\tapi.HandlerFromMux(nil, r)\n\t})\n\thttp.ListenAndServe(\":8080\", r)\n}\n";
    assert_eq!(routes_of(&chi, main), ["GET /api/pets main.go:13"]);
}

#[test]
fn tables_of_routes_are_read_item_by_item() {
    let module = ("go.mod", "module ex.org/a\ngo 1.22\n");
    let head = "package main\nimport (\"net/http\"; \"github.com/gorilla/mux\")\ntype Route struct { Name, Method, Pattern string; HandlerFunc http.HandlerFunc }\ntype Routes []Route\nfunc x(w http.ResponseWriter, r *http.Request) {}\n";
    let chained = format!(
        "{head}var routes = Routes{{\n\tRoute{{\"Index\", \"GET\", \"/\", x}},\n\tRoute{{\"Add\", \"POST\", \"/lots/{{id}}\", x}},\n}}\nfunc main() {{\n\trouter := mux.NewRouter()\n\tfor _, route := range routes {{\n\t\trouter.Methods(route.Method).Path(route.Pattern).Name(route.Name).Handler(route.HandlerFunc)\n\t}}\n\thttp.ListenAndServe(\":1\", router)\n}}\n"
    );
    assert_eq!(routes(&[module, ("main.go", &chained)]), ["GET / main.go:13", "POST /lots/{id} main.go:13"]);
    let map = "package main\nimport \"net/http\"\nfunc x(w http.ResponseWriter, r *http.Request) {}\nfunc main() {\n\ths := map[string]http.HandlerFunc{\"/a\": x, \"/b\": x}\n\tfor path, h := range hs {\n\t\thttp.HandleFunc(path, h)\n\t}\n\thttp.ListenAndServe(\":1\", nil)\n}\n";
    assert_eq!(routes(&[module, ("main.go", map)]), ["* /a main.go:7", "* /b main.go:7"]);
}

#[test]
fn a_router_that_a_struct_keeps_has_the_prefix_of_its_groups() {
    let main = "package main\n\nimport (\n\t\"example.com/shop/app\"\n\n\t\"github.com/gin-gonic/gin\"\n)\n\nfunc main() {\n\tapp.New(gin.Default()).Run()\n}\n";
    let app = "package app\n\nimport \"github.com/gin-gonic/gin\"\n\ntype App struct {\n\tengine *gin.Engine\n}\n\nfunc New(engine *gin.Engine) *App {\n\treturn &App{engine: engine}\n}\n\nfunc (a *App) Run() {\n\ta.routes()\n\tadmin(a)\n\ta.engine.Run(\":8080\")\n}\n";
    let routes = "package app\n\nfunc (a *App) routes() {\n\tgroup := a.engine.Group(\"/api/v1\")\n\torders := group.Group(\"/orders\")\n\torders.GET(\"/:id\", nil)\n}\n\nfunc admin(app *App) {\n\tapp.engine.Group(\"/admin\").GET(\"/users\", nil)\n}\n";
    let graph = graph(&[
        ("go.mod", "module example.com/shop\n"),
        ("main.go", main),
        ("app/app.go", app),
        ("app/routes.go", routes),
    ]);
    let endpoints = graph["services"][0]["endpoints"].as_array().unwrap();
    let paths: Vec<&str> = endpoints.iter().map(|e| e["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/admin/users", "/api/v1/orders/{id}"]);
}

#[test]
fn protobuf_services_are_served_over_http_where_they_are_registered() {
    let proto = "syntax = \"proto3\";\npackage shop;\n\nservice OrderService {\n  rpc GetOrder(GetOrderRequest) returns (Order) {\n    option (google.api.http) = {\n      get: \"/v1/orders/{id}\"\n    };\n  }\n  rpc PlaceOrder(Order) returns (Order) {\n    option (google.api.http) = {\n      post: \"/v1/orders\"\n      body: \"*\"\n    };\n  }\n}\n";
    let main = "package main\n\nimport (\n\t\"context\"\n\t\"net/http\"\n\n\t\"example.com/shop/gen\"\n\t\"github.com/grpc-ecosystem/grpc-gateway/v2/runtime\"\n\t\"google.golang.org/grpc\"\n)\n\nfunc main() {\n\tmux := runtime.NewServeMux()\n\tgen.RegisterOrderServiceHandlerFromEndpoint(context.Background(), mux, \"orders:50051\", []grpc.DialOption{})\n\thttp.ListenAndServe(\":8080\", mux)\n}\n";
    let graph = graph(&[("go.mod", "module example.com/shop\n"), ("proto/orders.proto", proto), ("main.go", main)]);
    let endpoints = graph["services"][0]["endpoints"].as_array().unwrap();
    let shown: Vec<String> = endpoints
        .iter()
        .map(|e| format!("{} {}", e["method"].as_str().unwrap(), e["path"].as_str().unwrap()))
        .collect();
    assert_eq!(shown, ["POST /v1/orders", "GET /v1/orders/{id}"]);
}
