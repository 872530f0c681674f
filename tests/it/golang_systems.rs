//! Systems in Go without containers, as a user sees them: which programs are services, and who calls whom.

use crate::support::{folder, graph, skillcheck_in};

/// The services as `name@root`, and the calls as `from -> to`.
fn shown(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let graph = graph(files);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let services = graph["services"].as_array().unwrap();
    let services = services.iter().map(|s| format!("{}@{}", text(&s["name"]), text(&s["root"]))).collect();
    let calls = graph["calls"].as_array().unwrap();
    let calls = calls.iter().map(|c| format!("{} -> {}", text(&c["from"]), text(&c["to"]))).collect();
    (services, calls)
}

/// The findings of one rule as `path:line`.
fn found(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let run = skillcheck_in(folder.path(), &["lint", "--rule", rule, "--output", "json"]);
    let output: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = output["findings"].as_array().unwrap();
    findings.iter().map(|f| format!("{}:{}", f["path"].as_str().unwrap(), f["line"])).collect()
}

const SERVER: &str = r#"package main

import (
	"net"

	"example.com/shop/gen/stock"
	"google.golang.org/grpc"
)

func main() {
	listener, _ := net.Listen("tcp", ":50051")
	server := grpc.NewServer()
	stock.RegisterStockServiceServer(server, &service{})
	server.Serve(listener)
}
"#;

const CLIENT: &str = r#"package main

import (
	"net/http"
	"os"

	"example.com/shop/gen/stock"
	"google.golang.org/grpc"
)

func main() {
	conn, err := grpc.NewClient(os.Getenv("PEER"))
	if err != nil {
		panic(err)
	}
	client := stock.NewStockServiceClient(conn)
	http.HandleFunc("GET /orders", list(client))
	http.ListenAndServe(":8080", nil)
}
"#;

#[test]
fn programs_of_one_module_are_services_of_their_own_and_grpc_clients_lead_to_who_registers() {
    let module = ("go.mod", "module example.com/shop\n\ngo 1.24\n");
    let expected = (vec!["orders@orders".to_owned(), "stock@stock".to_owned()], vec!["orders -> stock".to_owned()]);
    assert_eq!(shown(&[module, ("orders/main.go", CLIENT), ("stock/cmd/server/main.go", SERVER)]), expected);
    // One program of a folder is called like the folder, whatever its command is called.
    let (services, calls) = shown(&[
        module,
        ("services/orders/cmd/http/main.go", CLIENT),
        ("services/stock/cmd/grpc/main.go", SERVER),
        ("tools/migrate/main.go", "package main\n\nfunc main() {}\n"),
    ]);
    assert_eq!(services, ["orders@services/orders", "stock@services/stock"]);
    assert_eq!(calls, ["orders -> stock"]);
    let health = "service-health/missing-health-endpoint";
    assert_eq!(found(health, &[module, ("stock/main.go", SERVER)]), ["stock/main.go:12"]);
}

#[test]
fn a_request_that_is_built_for_a_service_is_a_call_wherever_it_is_sent() {
    let orders = r#"package main

import "net/http"

func main() {
	req, _ := http.NewRequest("GET", "http://stock:8080/items", nil)
	breaker.Perform("orders-to-stock", req)
	http.ListenAndServe(":8080", nil)
}
"#;
    let stock = "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.ListenAndServe(\":8080\", nil)\n}\n";
    let files = [
        ("go.mod", "module example.com/shop\n\ngo 1.24\n"),
        ("services/orders/main.go", orders),
        ("services/stock/main.go", stock),
    ];
    assert_eq!(shown(&files).1, ["orders -> stock"]);
}

const ZERO_API: &str = r#"package main

import (
	"flag"
	"net/http"

	"mall/service/user/rpc/userclient"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/rest"
	"github.com/zeromicro/go-zero/zrpc"
)

var file = flag.String("f", "etc/user.yaml", "the config file")

func main() {
	var c Config
	conf.MustLoad(*file, &c)
	server := rest.MustNewServer(c.RestConf)
	users := userclient.NewUser(zrpc.MustNewClient(c.UserRpc))
	server.AddRoutes([]rest.Route{{Method: http.MethodPost, Path: "/api/user/login", Handler: login(users)}})
	server.Start()
}
"#;

/// An RPC of go-zero for an entity, with its configuration.
fn zero_rpc(entity: &str) -> String {
    r#"package main

import (
	"mall/service/x/rpc/types/x"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/stores/sqlx"
	"github.com/zeromicro/go-zero/zrpc"
	"google.golang.org/grpc"
)

type Config struct {
	zrpc.RpcServerConf
	Mysql struct {
		DataSource string
	}
}

func main() {
	var c Config
	conf.MustLoad("etc/x.yaml", &c)
	context := &ServiceContext{Conn: sqlx.NewMysql(c.Mysql.DataSource)}
	server := zrpc.MustNewServer(c.RpcServerConf, func(grpcServer *grpc.Server) {
		x.RegisterUppedServer(grpcServer, newServer(context))
	})
	server.Start()
}
"#
    .replace("Upped", &format!("{}{}", entity[..1].to_uppercase(), &entity[1..]))
    .replace("/x", &format!("/{entity}"))
    .replace("x.Register", &format!("{entity}.Register"))
}

const WRAPPER: &str = "package userclient

import (
	\"mall/service/user/rpc/types/user\"

	\"github.com/zeromicro/go-zero/zrpc\"
)

type defaultUser struct{ cli zrpc.Client }

func NewUser(cli zrpc.Client) *defaultUser { return &defaultUser{cli: cli} }

func (m *defaultUser) Login(ctx context.Context, in *user.LoginRequest) (*user.LoginResponse, error) {
	client := user.NewUserClient(m.cli.Conn())
	return client.Login(ctx, in)
}
";

#[test]
fn programs_of_go_zero_are_found_by_their_folders_and_share_what_their_configuration_names() {
    let (user, product) = (zero_rpc("user"), zero_rpc("product"));
    let source = "Name: rpc\nMysql:\n  DataSource: root:secret@tcp(mysql:3306)/mall?charset=utf8mb4\n";
    let files = [
        ("go.mod", "module mall\n\ngo 1.22\n"),
        ("service/user/api/user.go", ZERO_API),
        ("service/user/rpc/user.go", user.as_str()),
        ("service/user/rpc/etc/user.yaml", source),
        ("service/user/rpc/userclient/user.go", WRAPPER),
        ("service/product/rpc/product.go", product.as_str()),
        ("service/product/rpc/etc/product.yaml", source),
    ];
    let (services, calls) = shown(&files);
    assert_eq!(services, ["api@service/user/api", "product@service/product", "rpc@service/user/rpc"]);
    assert_eq!(calls, ["api -> rpc"]);
    assert_eq!(found("data-ownership/shared-database", &files), ["service/product/rpc/etc/product.yaml:3"]);
}

/// A program with a database whose name is in the environment.
const OPENS: &str = r#"package main

import (
	"fmt"
	"net/http"
	"os"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

func main() {
	dsn := fmt.Sprintf("host=%s dbname=%s", os.Getenv("DB_HOST"), os.Getenv("DB_NAME"))
	db, _ := gorm.Open(postgres.Open(dsn), &gorm.Config{})
	http.HandleFunc("GET /items", list(db))
	http.ListenAndServe(":8080", nil)
}
"#;

#[test]
fn programs_that_are_started_by_hand_have_the_variables_of_the_example_above_them() {
    let rule = "data-ownership/shared-database";
    let shared = [
        ("go.mod", "module example.com/shop\n\ngo 1.24\n"),
        (".env.example", "DB_HOST=127.0.0.1\nDB_NAME=inventory\n"),
        ("services/orders/main.go", OPENS),
        ("services/stock/main.go", OPENS),
    ];
    assert_eq!(found(rule, &shared), [".env.example:2"]);
    let own = [
        ("go.mod", "module example.com/shop\n\ngo 1.24\n"),
        ("services/orders/.env.example", "DB_HOST=127.0.0.1\nDB_NAME=orders\n"),
        ("services/stock/.env", "DB_HOST=127.0.0.1\nDB_NAME=stock\n"),
        ("services/orders/main.go", OPENS),
        ("services/stock/main.go", OPENS),
    ];
    assert_eq!(found(rule, &own), [""; 0]);
}

/// A consumer that publishes, after a test.
fn consumer(test: &str) -> String {
    format!(
        r#"package main

import (
	"context"

	"github.com/segmentio/kafka-go"
	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
)

type handler struct {{
	events *mongo.Collection
	writer *kafka.Writer
}}

func (h *handler) load(ctx context.Context, id string) ([]Event, error) {{
	cursor, err := h.events.Find(ctx, bson.M{{"stream": id}})
	if err != nil {{
		return nil, err
	}}
	var events []Event
	if err := cursor.All(ctx, &events); err != nil {{
		return nil, err
	}}
	return events, nil
}}

func (h *handler) consume(ctx context.Context, reader *kafka.Reader) {{
	for {{
		message, err := reader.FetchMessage(ctx)
		if err != nil {{
			return
		}}
		if err := h.handle(ctx, string(message.Key)); err == nil {{
			reader.CommitMessages(ctx, message)
		}}
	}}
}}

func (h *handler) handle(ctx context.Context, id string) error {{
	events, err := h.load(ctx, id)
	if err != nil {{
		return err
	}}
	{test}
	return h.writer.WriteMessages(ctx, kafka.Message{{Key: []byte(id)}})
}}
"#
    )
}

#[test]
fn what_was_asked_for_and_is_there_is_a_duplicate() {
    let rule = "message-queue/non-idempotent-consumer";
    let told = |test: &str| found(rule, &[("stock/main.go", &consumer(test))]).len();
    assert_eq!(told("if len(events) > 0 {\n\t\treturn nil\n\t}"), 0);
    assert_eq!(
        told(
            "order := newOrder(id)\n\torder.Replay(events)\n\tif order.Status == \"confirmed\" {\n\t\treturn nil\n\t}"
        ),
        0
    );
    // That the question failed says nothing about duplicates.
    assert_eq!(told("print(len(events))"), 1);
}

#[test]
fn a_program_opens_what_the_functions_open_that_it_calls() {
    let open = "package db\n\nimport \"database/sql\"\n\nfunc Orders() (*sql.DB, error) {\n\treturn sql.Open(\"postgres\", \"postgres://u@localhost:5432/orders\")\n}\n\nfunc Stock() (*sql.DB, error) {\n\treturn sql.Open(\"postgres\", \"postgres://u@localhost:5432/stock\")\n}\n";
    let program = |opens: &str| {
        format!(
            "package main\n\nimport (\n\t\"net/http\"\n\n\t\"example.com/shop/db\"\n)\n\nfunc store() {{\n\tdb.{opens}()\n}}\n\nfunc main() {{\n\tstore()\n\thttp.ListenAndServe(\":8080\", nil)\n}}\n"
        )
    };
    let system = |second: &str| {
        let programs = [program("Orders"), program(second)];
        found(
            "data-ownership/shared-database",
            &[
                ("go.mod", "module example.com/shop\n"),
                ("db/db.go", open),
                ("orders/main.go", &programs[0]),
                ("stock/main.go", &programs[1]),
            ],
        )
    };
    assert_eq!(system("Stock"), [""; 0]);
    assert_eq!(system("Orders"), ["db/db.go:6"]);
}

#[test]
fn a_program_that_asks_once_is_no_service() {
    let serves = "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.ListenAndServe(\":8080\", nil)\n}\n";
    let asks = "package main\n\nimport \"github.com/nats-io/nats.go\"\n\nfunc main() {\n\tnc, _ := nats.Connect(nats.DefaultURL)\n\tnc.Request(\"orders.place\", nil, 0)\n}\n";
    let (services, _) = shown(&[
        ("go.mod", "module example.com/shop\n"),
        ("orders/main.go", serves),
        ("stock/main.go", serves),
        ("place/main.go", asks),
    ]);
    assert_eq!(services, ["orders@orders", "stock@stock"]);
}

#[test]
fn commands_of_one_binary_are_services_with_code_of_their_own() {
    let compose =
        "services:\n  orders:\n    build: .\n    command: [orders]\n  stock:\n    build: .\n    command: [stock]\n";
    let dockerfile = "FROM golang:1.22 AS build\nCOPY . .\nRUN go build -o /shop .\nFROM scratch\nCOPY --from=build /shop /shop\nENTRYPOINT [\"/shop\"]\n";
    let command = |name: &str| {
        format!(
            "package cmd\n\nimport (\n\t\"example.com/shop/{name}\"\n\n\t\"github.com/spf13/cobra\"\n)\n\nfunc init() {{\n\troot.AddCommand(&cobra.Command{{Use: \"{name} [flags]\", Run: func(*cobra.Command, []string) {{ {name}.Run() }}}})\n}}\n"
        )
    };
    let serves = |name: &str| {
        format!(
            "package {name}\n\nimport \"net/http\"\n\nfunc Run() {{\n\thttp.HandleFunc(\"GET /{name}\", nil)\n\thttp.ListenAndServe(\":8080\", nil)\n}}\n"
        )
    };
    let graph = graph(&[
        ("compose.yaml", compose),
        ("Dockerfile", dockerfile),
        ("go.mod", "module example.com/shop\n"),
        ("main.go", "package main\n\nimport \"example.com/shop/cmd\"\n\nfunc main() {\n\tcmd.Execute()\n}\n"),
        (
            "cmd/root.go",
            "package cmd\n\nimport \"github.com/spf13/cobra\"\n\nvar root = &cobra.Command{Use: \"shop\"}\n\nfunc Execute() {\n\troot.Execute()\n}\n",
        ),
        ("cmd/orders.go", &command("orders")),
        ("cmd/stock.go", &command("stock")),
        ("orders/orders.go", &serves("orders")),
        ("stock/stock.go", &serves("stock")),
    ]);
    for (index, name) in ["orders", "stock"].into_iter().enumerate() {
        let service = &graph["services"][index];
        let paths: Vec<&str> =
            service["endpoints"].as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap()).collect();
        assert_eq!((service["name"].as_str().unwrap(), paths), (name, vec![format!("/{name}").as_str()]));
    }
}

#[test]
fn addresses_of_a_dotenv_file_lead_to_the_port_that_another_program_listens_on() {
    let orders = "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n)\n\nfunc main() {\n\thttp.HandleFunc(\"GET /orders\", func(w http.ResponseWriter, r *http.Request) {\n\t\thttp.Get(os.Getenv(\"STOCK_URL\") + \"/items\")\n\t})\n\thttp.ListenAndServe(\":8081\", nil)\n}\n";
    let stock = "package main\n\nimport \"github.com/gin-gonic/gin\"\n\nfunc main() {\n\tengine := gin.Default()\n\tengine.GET(\"/items\", nil)\n\tengine.Run(\":5000\")\n}\n";
    let (_, calls) = shown(&[
        ("orders/go.mod", "module example.com/orders\n"),
        ("orders/main.go", orders),
        ("orders/.env", "STOCK_URL=http://localhost:5000\n"),
        ("stock/go.mod", "module example.com/stock\n"),
        ("stock/main.go", stock),
    ]);
    assert_eq!(calls, ["orders -> stock"]);
}

#[test]
fn kubernetes_names_the_hosts_of_services_in_the_environment() {
    let deployment = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  template:\n    spec:\n      containers:\n        - {{name: {name}, image: shop/{name}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 8080}}]}}\n"
        )
    };
    let orders = "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n)\n\nfunc main() {\n\thttp.HandleFunc(\"GET /orders\", func(w http.ResponseWriter, r *http.Request) {\n\t\thttp.Get(\"http://\" + os.Getenv(\"STOCK_KEEPER_SERVICE_HOST\") + \":\" + os.Getenv(\"STOCK_KEEPER_SERVICE_PORT\") + \"/items\")\n\t})\n\thttp.ListenAndServe(\":8080\", nil)\n}\n";
    let stock = "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.HandleFunc(\"GET /items\", nil)\n\thttp.ListenAndServe(\":8080\", nil)\n}\n";
    let dockerfile = "FROM golang:1.22\nCOPY . .\nRUN go build -o /app .\nCMD [\"/app\"]\n";
    let (_, calls) = shown(&[
        ("k8s/orders.yaml", &deployment("orders")),
        ("k8s/stock-keeper.yaml", &deployment("stock-keeper")),
        ("orders/go.mod", "module example.com/orders\n"),
        ("orders/main.go", orders),
        ("orders/Dockerfile", dockerfile),
        ("stock-keeper/go.mod", "module example.com/stock\n"),
        ("stock-keeper/main.go", stock),
        ("stock-keeper/Dockerfile", dockerfile),
    ]);
    assert_eq!(calls, ["orders -> stock-keeper"]);
}

#[test]
fn the_configuration_for_development_says_which_databases_are_the_same() {
    let main = "package main\n\nimport (\n\t\"database/sql\"\n\t\"fmt\"\n\t\"net/http\"\n\n\t\"github.com/spf13/viper\"\n)\n\ntype Config struct {\n\tDatabase Database `mapstructure:\"database\"`\n}\n\ntype Database struct {\n\tHost string `mapstructure:\"host\"`\n\tName string `mapstructure:\"name\"`\n}\n\nfunc main() {\n\tvar config Config\n\tviper.Unmarshal(&config)\n\tsql.Open(\"postgres\", fmt.Sprintf(\"host=%s port=5432 user=u dbname=%s\", config.Database.Host, config.Database.Name))\n\thttp.ListenAndServe(\":8080\", nil)\n}\n";
    let settings = |name: &str| format!("{{\"database\": {{\"host\": \"localhost\", \"name\": \"{name}\"}}}}\n");
    let system = |second: &str| {
        found(
            "data-ownership/shared-database",
            &[
                ("orders/go.mod", "module example.com/orders\n"),
                ("orders/main.go", main),
                ("orders/config/config.development.json", &settings("shop")),
                ("stock/go.mod", "module example.com/stock\n"),
                ("stock/main.go", main),
                ("stock/config/config.development.json", &settings(second)),
            ],
        )
    };
    assert_eq!(system("stock"), [""; 0]);
    assert_eq!(system("shop").len(), 1);
}
