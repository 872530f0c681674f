//! Where the address of a database stands: settings files of the JVM's frameworks, JDBC code, options classes of
//! .NET, and what Go's configuration libraries read.

use crate::dotnet_stores::stores;

/// A service `lots` beside the server `pg`, with a variable.
fn one(variable: &str, files: &[(&str, &str)]) -> Vec<String> {
    let compose = format!(
        "services:\n  lots:\n    build: ./lots\n    environment:\n      {variable}\n  pg:\n    image: postgres:16\n"
    );
    let below: Vec<(String, &str)> = files.iter().map(|(path, text)| (format!("lots/{path}"), *text)).collect();
    let mut all = vec![("compose.yaml", compose.as_str())];
    all.extend(below.iter().map(|(path, text)| (path.as_str(), *text)));
    stores(&all)
}

const IMAGE: &str =
    "FROM eclipse-temurin:21\nCOPY target/lots.jar /app.jar\nENTRYPOINT [\"java\", \"-jar\", \"/app.jar\"]\n";

/// A service on the JVM: what its build depends on, its code, one settings file.
fn jvm(variable: &str, depends: &str, code: (&str, &str), settings: (&str, &str)) -> Vec<String> {
    let pom = format!(
        "<project><modelVersion>4.0.0</modelVersion><artifactId>lots</artifactId><dependencies>\
         <dependency><artifactId>{depends}</artifactId></dependency></dependencies></project>"
    );
    one(variable, &[("pom.xml", &pom), ("Dockerfile", IMAGE), code, settings])
}

const LOTDB: [&str; 1] = ["postgres pg/lotdb store by lots"];
const RESOURCE: (&str, &str) = (
    "src/main/java/a/Lots.java",
    "package a;\nimport jakarta.ws.rs.*;\n@Path(\"/lots\") public class Lots { @GET public String all() { return \"\"; } }\n",
);
const BOOT: (&str, &str) = (
    "src/main/java/a/App.java",
    "package a;\nimport org.springframework.boot.*;\n@SpringBootApplication public class App { public static void main(String[] a) { SpringApplication.run(App.class, a); } }\n",
);

#[test]
fn quarkus_takes_the_settings_of_its_profile() {
    let text = "quarkus.datasource.db-kind=postgresql\n%dev.quarkus.datasource.jdbc.url=jdbc:postgresql://localhost/dev\n\
                quarkus.datasource.jdbc.url=jdbc:postgresql://${DB_HOST:pg}/lotdb\n";
    let settings = ("src/main/resources/application.properties", text);
    assert_eq!(jvm("A: b", "quarkus-jdbc-postgresql", RESOURCE, settings), LOTDB);
    let dev = jvm("QUARKUS_PROFILE: dev", "quarkus-jdbc-postgresql", RESOURCE, settings);
    assert_eq!(dev, ["postgres localhost/dev store by lots"]);
    let bare = ("src/main/resources/application.properties", "quarkus.datasource.db-kind=postgresql\n");
    let variable = "QUARKUS_DATASOURCE_REACTIVE_URL: postgresql://pg/lotdb";
    assert_eq!(jvm(variable, "quarkus-reactive-pg-client", RESOURCE, bare), LOTDB);
}

#[test]
fn micronaut_and_further_datasources_of_spring() {
    let text = "datasources:\n  default:\n    url: jdbc:postgresql://${DB_HOST:localhost}/lotdb\n";
    let settings = ("src/main/resources/application.yml", text);
    assert_eq!(jvm("DB_HOST: pg", "micronaut-jdbc-hikari", RESOURCE, settings), LOTDB);
    let text = "app:\n  datasource:\n    main:\n      url: jdbc:postgresql://pg/lotdb\n";
    let settings = ("src/main/resources/application.yml", text);
    assert_eq!(jvm("A: b", "spring-boot-starter-data-jpa", BOOT, settings), LOTDB);
}

#[test]
fn persistence_units_and_the_settings_of_hibernate() {
    let text = "<persistence><persistence-unit name=\"lots\"><properties>\n\
                <!-- <property name=\"jakarta.persistence.jdbc.url\" value=\"jdbc:postgresql://pg/old\"/> -->\n\
                <property name=\"jakarta.persistence.jdbc.url\" value=\"jdbc:postgresql://pg/lotdb\"/>\n\
                </properties></persistence-unit></persistence>\n";
    let settings = ("src/main/resources/META-INF/persistence.xml", text);
    assert_eq!(jvm("A: b", "hibernate-core", RESOURCE, settings), LOTDB);
    let text = "<hibernate-configuration><session-factory>\n<property name=\"hibernate.connection.url\">\n\
                jdbc:postgresql://pg/lotdb</property></session-factory></hibernate-configuration>\n";
    let settings = ("src/main/resources/hibernate.cfg.xml", text);
    assert_eq!(jvm("A: b", "hibernate-core", RESOURCE, settings), LOTDB);
}

#[test]
fn hocon_and_ktor_settings_name_variables() {
    let code = (
        "src/main/kotlin/a/App.kt",
        "package a\nimport io.ktor.server.application.*\nimport org.jetbrains.exposed.sql.Database\nfun Application.module() {\n  Database.connect(environment.config.property(\"storage.url\").getString())\n}\n",
    );
    let conf = "storage {\n  url = \"jdbc:postgresql://pg/lotdb\"\n  url = ${?JDBC_URL}\n}\n";
    let settings = ("src/main/resources/application.conf", conf);
    assert_eq!(jvm("A: b", "exposed-core", code, settings), LOTDB);
    let other = jvm("JDBC_URL: jdbc:postgresql://pg/other", "exposed-core", code, settings);
    assert_eq!(other, ["postgres pg/other store by lots"]);
    let yaml = ("src/main/resources/application.yaml", "storage:\n  url: \"$JDBC_URL:jdbc:postgresql://pg/lotdb\"\n");
    assert_eq!(jvm("A: b", "exposed-core", code, yaml), LOTDB);
    let play = ("conf/application.conf", "db.default.url=\"jdbc:postgresql://pg/lotdb\"\n");
    assert_eq!(jvm("A: b", "play-jdbc_2.13", RESOURCE, play), LOTDB);
}

#[test]
fn jdbc_code_opens_what_it_names() {
    let open = |text: &str| {
        let code = format!(
            "package a;\nimport java.sql.*;\nimport com.zaxxer.hikari.*;\nimport org.jooq.impl.DSL;\npublic class App {{ public static void main(String[] a) throws Exception {{\n{text}\n}} }}\n"
        );
        jvm("DB_URL: jdbc:postgresql://pg/lotdb", "postgresql", ("src/main/java/a/App.java", &code), ("x.txt", ""))
    };
    assert_eq!(
        open("Connection c = DriverManager.getConnection(\"jdbc:postgresql://pg/lotdb\", \"u\", \"p\");"),
        LOTDB
    );
    assert_eq!(open("HikariConfig c = new HikariConfig();\nc.setJdbcUrl(System.getenv(\"DB_URL\"));"), LOTDB);
    assert_eq!(open("var dsl = DSL.using(System.getenv(\"DB_URL\"), \"u\", \"p\");"), LOTDB);
    assert_eq!(open("Connection c = DriverManager.getConnection(a[0]);"), [""; 0]);
}

const GO: &str = "FROM golang:1.22\nCOPY . .\nRUN go build -o /app .\nENTRYPOINT [\"/app\"]\n";

fn go(variable: &str, code: &str, settings: (&str, &str)) -> Vec<String> {
    one(variable, &[("go.mod", "module ex.org/lots\ngo 1.22\n"), ("Dockerfile", GO), ("main.go", code), settings])
}

#[test]
fn viper_reads_files_and_variables() {
    let code = "package main\nimport (\"database/sql\"; \"github.com/spf13/viper\")\nfunc main() {\n\tviper.SetConfigName(\"config\")\n\tviper.AutomaticEnv()\n\tviper.ReadInConfig()\n\tdb, _ := sql.Open(\"postgres\", viper.GetString(\"database.url\"))\n\tdb.Ping()\n}\n";
    let settings = ("config.yaml", "database:\n  url: postgres://u:p@pg:5432/lotdb\n");
    assert_eq!(go("A: b", code, settings), LOTDB);
    let other = go("DATABASE_URL: postgres://u:p@pg:5432/other", code, settings);
    assert_eq!(other, ["postgres pg/other store by lots"]);
    let code = "package main\nimport (\"database/sql\"; \"github.com/spf13/viper\")\ntype Config struct {\n\tDB DatabaseConfig `mapstructure:\"database\"`\n}\ntype DatabaseConfig struct {\n\tURL string `mapstructure:\"url\"`\n}\nfunc main() {\n\tvar config Config\n\tviper.Unmarshal(&config)\n\tdb, _ := sql.Open(\"postgres\", config.DB.URL)\n\tdb.Ping()\n}\n";
    assert_eq!(go("A: b", code, settings), LOTDB);
}

#[test]
fn the_driver_of_mysql_puts_its_address_together() {
    let code = "package main\nimport (\"database/sql\"; \"os\"; \"github.com/go-sql-driver/mysql\")\nfunc main() {\n\tcfg := mysql.Config{User: \"u\", Net: \"tcp\", Addr: os.Getenv(\"DB_HOST\") + \":3306\", DBName: \"lotdb\"}\n\tdb, _ := sql.Open(\"mysql\", cfg.FormatDSN())\n\tdb.Ping()\n}\n";
    assert_eq!(go("DB_HOST: pg", code, ("x.txt", "")), ["mysql pg/lotdb store by lots"]);
}

#[test]
fn options_classes_are_filled_from_their_section() {
    let project = "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>\n";
    let image = "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nENTRYPOINT [\"dotnet\", \"Lots.dll\"]\n";
    let settings = "{\"Db\": {\"Connection\": \"Host=pg;Database=lotdb;Username=u\"}}";
    let code = |line: &str| {
        format!(
            "using Microsoft.Extensions.Options;\nvar b = WebApplication.CreateBuilder(args);\n{line}\nb.Services.AddDbContext<LotContext>((sp, o) => o.UseNpgsql(sp.GetRequiredService<IOptions<DbSettings>>().Value.Connection));\nb.Build().Run();\npublic class DbSettings {{ public string Connection {{ get; set; }} = \"\"; }}\n"
        )
    };
    let with = |line: &str| {
        one(
            "A: b",
            &[
                ("Lots.csproj", project),
                ("Dockerfile", image),
                ("Program.cs", &code(line)),
                ("appsettings.json", settings),
            ],
        )
    };
    assert_eq!(with("b.Services.Configure<DbSettings>(b.Configuration.GetSection(\"Db\"));"), LOTDB);
    assert_eq!(with("b.Services.AddOptions<DbSettings>().BindConfiguration(\"Db\");"), LOTDB);
    assert_eq!(with(""), ["postgres ?/? store by lots"]);
}
