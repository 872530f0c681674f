//! Datastores of C# services: connection strings in settings files, variables and Aspire hosts.

use skillcheck::check::{Request, check};

/// The datastores, as `engine host/database by services`.
pub(crate) fn stores(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let outcome = check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap();
    let mut out: Vec<String> = outcome
        .system
        .map
        .datastores
        .iter()
        .map(|d| {
            let (host, database) = (d.host.as_deref().unwrap_or("?"), d.database.as_deref().unwrap_or("?"));
            format!("{} {host}/{database} {} by {}", d.engine, d.role, d.used_by.join(", "))
        })
        .collect();
    out.sort();
    out
}

const WEB: &str = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>\n";

#[test]
fn connection_strings_come_from_settings_and_variables() {
    let compose = "services:\n  orders:\n    build: ./Orders\n    environment:\n      - ConnectionStrings__Shop=Server=sql,1433;Initial Catalog=Orders;User Id=sa;Password=x\n  stock:\n    build: ./Stock\n  sql:\n    image: mcr.microsoft.com/mssql/server\n  db:\n    image: postgres\n";
    let docker = "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"App.dll\"]\n";
    let orders = "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddDbContext<OrdersContext>(o => o.UseSqlServer(builder.Configuration.GetConnectionString(\"shop\")));\nbuilder.Services.AddStackExchangeRedisCache(o => { o.Configuration = builder.Configuration[\"Cache:Address\"]; });\n";
    let stock = "public class Startup { public Startup(IConfiguration configuration) { Configuration = configuration; }\n    public IConfiguration Configuration { get; }\n    public void ConfigureServices(IServiceCollection services) { services.AddDbContext<StockContext>(o => o.UseNpgsql(Configuration[\"Database:Url\"])); } }\n";
    assert_eq!(
        stores(&[
            ("docker-compose.yml", compose),
            ("Orders/Dockerfile", docker),
            ("Orders/Orders.csproj", WEB),
            ("Orders/Program.cs", orders),
            (
                "Orders/appsettings.json",
                "{ \"ConnectionStrings\": { \"Shop\": \"Server=localhost;Database=Local\" }, \"Cache\": { \"Address\": \"redis:6379,abortConnect=false\" } }"
            ),
            ("Stock/Dockerfile", docker),
            ("Stock/Stock.csproj", WEB),
            ("Stock/Startup.cs", stock),
            (
                "Stock/appsettings.json",
                "{ // comment\n \"Database\": { \"Url\": \"Host=db;Port=5432;Database=stock;Username=u\" } }"
            ),
        ]),
        ["mssql sql/Orders store by orders", "postgres db/stock store by stock", "redis redis/0 cache by orders",]
    );
}

#[test]
fn an_aspire_host_hands_out_databases_also_to_referenced_projects() {
    let host = "var builder = DistributedApplication.CreateBuilder(args);\nvar postgres = builder.AddPostgres(\"postgres\").WithImage(\"x\");\nvar db = postgres.AddDatabase(\"orderdb\");\nbuilder.AddProject<Projects.Orders>(\"orders\").WithReference(db).WaitFor(db);\nbuilder.Build().Run();\n";
    let program = "var builder = WebApplication.CreateBuilder(args);\nbuilder.AddInfrastructure();\nvar app = builder.Build();\napp.Run();\n";
    let library = "namespace Microsoft.Extensions.Hosting;\npublic static class Infrastructure { public static void AddInfrastructure(this IHostApplicationBuilder builder) { builder.AddNpgsqlDbContext<Db>(\"orderdb\"); } }\n";
    assert_eq!(
        stores(&[
            ("host/AppHost/Program.cs", host),
            (
                "Orders/Orders.csproj",
                "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup><ProjectReference Include=\"..\\Infrastructure\\Infrastructure.csproj\" /></ItemGroup></Project>\n"
            ),
            ("Orders/Program.cs", program),
            ("Infrastructure/Infrastructure.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>\n"),
            ("Infrastructure/Infrastructure.cs", library),
        ]),
        ["postgres postgres/orderdb store by orders"]
    );
}

#[test]
fn a_schema_of_marten_may_have_a_name_of_its_own_when_no_variable_gives_one() {
    let services = |schema: &str| {
        let program = format!(
            "using Marten;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddMarten(_ => {{ var options = new StoreOptions(); {schema} options.Connection(builder.Configuration.GetConnectionString(\"db\")); return options; }});\nbuilder.Build().Run();\n"
        );
        let compose =
            "services:\n  orders:\n    build: ./Orders\n  stock:\n    build: ./Stock\n  pg:\n    image: postgres\n";
        let docker = "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"App.dll\"]\n";
        let settings = "{ \"ConnectionStrings\": { \"db\": \"Host=pg;Database=shop\" } }";
        let plain = "using Marten;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddMarten(builder.Configuration.GetConnectionString(\"db\"));\nbuilder.Build().Run();\n";
        stores(&[
            ("docker-compose.yml", compose),
            ("Orders/Dockerfile", docker),
            ("Orders/Program.cs", &program),
            ("Orders/appsettings.json", settings),
            ("Stock/Dockerfile", docker),
            ("Stock/Program.cs", plain),
            ("Stock/appsettings.json", settings),
        ])
    };
    assert_eq!(services(""), ["postgres pg/shop store by orders, stock"]);
    let named = "options.DatabaseSchemaName = Environment.GetEnvironmentVariable(\"SCHEMA\") ?? \"orders\";";
    assert_eq!(services(named), ["postgres pg/shop store by orders", "postgres pg/shop store by stock"]);
}

#[test]
fn a_program_that_is_told_no_environment_runs_in_production() {
    let compose = |environment: &str| {
        let given = match environment {
            "" => String::new(),
            name => format!("    environment:\n      ASPNETCORE_ENVIRONMENT: {name}\n"),
        };
        format!("services:\n  orders:\n    build: ./Orders\n{given}")
    };
    let found = |environment: &str| {
        stores(&[
            ("docker-compose.yml", &compose(environment)),
            ("Orders/Dockerfile", "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"App.dll\"]\n"),
            (
                "Orders/Program.cs",
                "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddDbContext<Db>(o => o.UseNpgsql(builder.Configuration.GetConnectionString(\"Db\")));\nbuilder.Build().Run();\n",
            ),
            ("Orders/appsettings.json", "{ \"ConnectionStrings\": { \"Db\": \"Host=base;Database=orders\" } }"),
            (
                "Orders/appsettings.Production.json",
                "{ \"ConnectionStrings\": { \"Db\": \"Host=live;Database=orders\" } }",
            ),
            (
                "Orders/appsettings.Staging.json",
                "{ \"ConnectionStrings\": { \"Db\": \"Host=stage;Database=orders\" } }",
            ),
        ])
    };
    assert_eq!(found(""), ["postgres live/orders store by orders"]);
    assert_eq!(found("Staging"), ["postgres stage/orders store by orders"]);
}

#[test]
fn the_factory_of_a_tool_opens_nothing_while_the_service_runs() {
    let factory = |name: &str| {
        format!(
            "namespace Shop.Data;\npublic class {name}ContextFactory : IDesignTimeDbContextFactory<{name}Context>\n{{\n    public {name}Context CreateDbContext(string[] args)\n    {{\n        var options = new DbContextOptionsBuilder<{name}Context>();\n        options.UseSqlServer(\"Server=localhost;Database={name}Db\");\n        return new {name}Context(options.Options);\n    }}\n}}\n"
        )
    };
    let context = "namespace Shop.Data;\npublic class SpareContext : DbContext\n{\n    protected override void OnConfiguring(DbContextOptionsBuilder options)\n    {\n        if (!options.IsConfigured)\n        {\n            options.UseSqlServer(\"Server=localhost;Database=SpareDb\");\n        }\n    }\n}\n";
    let program = |name: &str| {
        format!(
            "var builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddDbContext<{name}Context>(o => o.UseSqlServer(builder.Configuration.GetConnectionString(\"{name}\")));\nvar app = builder.Build();\napp.MapGet(\"/{name}\", () => \"\");\napp.Run();\n"
        )
    };
    let settings =
        |name: &str| format!("{{ \"ConnectionStrings\": {{ \"{name}\": \"Server=localhost;Database={name}Db\" }} }}");
    let referring = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><ItemGroup><ProjectReference Include=\"..\\Data\\Data.csproj\" /></ItemGroup></Project>\n";
    let with = |settings: &[(&str, &str)]| {
        let (orders, stock) = (program("Orders"), program("Stock"));
        let (of_orders, of_stock) = (factory("Orders"), factory("Stock"));
        let mut files = vec![
            ("Orders/Orders.csproj", referring),
            ("Orders/Program.cs", orders.as_str()),
            ("Stock/Stock.csproj", referring),
            ("Stock/Program.cs", stock.as_str()),
            ("Data/Data.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>\n"),
            ("Data/OrdersContextFactory.cs", of_orders.as_str()),
            ("Data/StockContextFactory.cs", of_stock.as_str()),
            ("Data/SpareContext.cs", context),
        ];
        files.extend(settings);
        stores(&files)
    };
    let (orders, stock) = (settings("Orders"), settings("Stock"));
    assert_eq!(
        with(&[("Orders/appsettings.json", orders.as_str()), ("Stock/appsettings.json", stock.as_str())]),
        ["mssql localhost/OrdersDb store by Orders", "mssql localhost/StockDb store by Stock"]
    );
}

/// The store of two services whose settings say `{"Store": {"Host": …, "Name": "shelf"}}` and that connect by this.
fn shelf(options: &str, connection: &str) -> Vec<String> {
    let program = format!(
        "using Microsoft.EntityFrameworkCore;\nusing Npgsql;\nnamespace Shop;\npublic class Row {{ public int Id {{ get; set; }} }}\npublic class ShelfDb(DbContextOptions<ShelfDb> o) : DbContext(o) {{ public DbSet<Row> Rows {{ get; set; }} }}\npublic class StoreOptions {{ {options} }}\npublic interface IConnections {{ string Text {{ get; }} }}\npublic class Connections : IConnections {{\nprivate readonly StoreOptions _store; private readonly IConfiguration _configuration;\npublic Connections(IOptions<StoreOptions> store, IConfiguration configuration) {{ _store = store.Value; _configuration = configuration; }}\npublic string Text {{ get {{ {connection} }} }}\nprivate string Plain(string name) => $\"Host={{_store.Host}};Database={{name}};Username=u\";\nprivate string Built(string name) {{ var builder = new NpgsqlConnectionStringBuilder {{ Host = _store.Host, Database = name, Username = \"u\" }}; return builder.ConnectionString; }}\n}}\npublic static class Program {{ public static void Main(string[] args) {{\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddOptions<StoreOptions>().Bind(builder.Configuration.GetSection(\"Store\"));\nbuilder.Services.AddSingleton<IConnections, Connections>();\nbuilder.Services.AddDbContext<ShelfDb>((services, o) => o.UseNpgsql(services.GetRequiredService<IConnections>().Text));\nbuilder.Build().Run();\n}} }}\n"
    );
    stores(&[
        ("docker-compose.yml", "services:\n  shelf:\n    build: ./Shelf\n"),
        ("Shelf/Dockerfile", "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"Shelf.dll\"]\n"),
        ("Shelf/Shelf.csproj", WEB),
        ("Shelf/Program.cs", &program),
        ("Shelf/appsettings.json", "{ \"Store\": { \"Host\": \"pg.shop.example\", \"Name\": \"shelf\" } }"),
    ])
}

#[test]
fn connection_strings_are_put_together_of_options() {
    let found = ["postgres pg.shop.example/shelf store by shelf"];
    let bare = "public string Host { get; set; } public string Name { get; set; } public string Other { get; set; } = \"rest\";";
    let with_defaults = "public string Host { get; set; } = \"localhost\"; public string Name { get; set; } = \"postgres\"; public string Other { get; set; } = \"rest\";";
    for options in [bare, with_defaults] {
        assert_eq!(shelf(options, "return Plain(_store.Name);"), found, "{options}");
        assert_eq!(shelf(options, "return Built(_store.Name);"), found, "{options}");
    }
    assert_eq!(
        shelf(with_defaults, "return Built(_store.Other);"),
        ["postgres pg.shop.example/rest store by shelf"],
        "the section does not say it"
    );
    let given =
        "var given = _configuration.GetConnectionString(\"shelf\") ?? _configuration.GetConnectionString(\"all\");\n";
    let or = |test: &str| format!("{given}return {test};");
    assert_eq!(shelf(bare, &or("string.IsNullOrWhiteSpace(given) ? Built(_store.Name) : given")), found);
    assert_eq!(shelf(bare, &or("given != null ? given : Plain(_store.Name)")), found);
}

#[test]
fn projects_that_an_aspire_host_starts_share_the_machine_of_the_host() {
    let told = |host: &str| {
        let program = "using Microsoft.EntityFrameworkCore;\nvar builder = WebApplication.CreateBuilder(args);\nbuilder.Services.AddDbContext<Db>(o => o.UseNpgsql(builder.Configuration.GetConnectionString(\"main\")));\nbuilder.Build().Run();\npublic class Db(DbContextOptions<Db> o) : DbContext(o) { }\n";
        let settings = "{ \"ConnectionStrings\": { \"main\": \"Host=localhost;Database=shop_rows;Username=u\" } }";
        let docker = "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"App.dll\"]\n";
        let files = [
            ("Orders/Orders.csproj", WEB),
            ("Orders/Program.cs", program),
            ("Orders/Dockerfile", docker),
            ("Orders/appsettings.json", settings),
            ("Stock/Stock.csproj", WEB),
            ("Stock/Program.cs", program),
            ("Stock/Dockerfile", docker),
            ("Stock/appsettings.json", settings),
            ("Host/Host.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"><Sdk Name=\"Aspire.AppHost.Sdk\" /></Project>\n"),
            ("Host/Program.cs", host),
        ];
        crate::support::told::told(&files, |f| f.rule == "data-ownership/shared-database").1
    };
    let host = "var builder = DistributedApplication.CreateBuilder(args);\nbuilder.AddProject<Projects.Orders>(\"orders\");\nbuilder.AddProject<Projects.Stock>(\"stock\");\nbuilder.Build().Run();\n";
    assert_eq!(told(host).len(), 1);
    assert_eq!(told("Console.WriteLine();\n"), [""; 0], "a container has a machine of its own");
}
