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
