//! `data-ownership/shared-database`, as a user sees it: files in, findings out.

use skillcheck::check::{Outcome, Request, check};
use skillcheck::rules::{Confidence, Finding};
use skillcheck::skills;

const RULE: &str = "data-ownership/shared-database";

fn run(files: &[(&str, &str)]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    check(Request { paths: vec![folder.path().to_path_buf()], ..Request::default() }).unwrap()
}

fn findings(outcome: &Outcome) -> Vec<&Finding> {
    outcome.findings.iter().filter(|f| f.rule == RULE).collect()
}

/// Each finding as `path:line services`.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let outcome = run(files);
    let text = |path: &str| files.iter().find(|(p, _)| *p == path).map_or("", |(_, text)| *text);
    findings(&outcome)
        .iter()
        .map(|f| {
            let path = outcome.tree.file(f.place.file).path.clone();
            let line = text(&path)[..f.place.span.start as usize].matches('\n').count() + 1;
            format!("{path}:{line} {}", f.services.join("+"))
        })
        .collect()
}

fn compose(orders: &str, billing: &str) -> String {
    format!(
        "services:\n  orders:\n    build: ./orders\n    environment:\n      {orders}\n  billing:\n    build: ./billing\n    environment:\n      {billing}\n  db:\n    image: postgres:17\n"
    )
}

const PYTHON: &str = "import os\nfrom fastapi import FastAPI\nfrom sqlalchemy import create_engine\nengine = create_engine(os.environ[\"DATABASE_URL\"])\napp = FastAPI()\n";
const NODE: &str = "const { Pool } = require('pg');\nconst express = require('express');\nconst pool = new Pool({ connectionString: process.env.DATABASE_URL });\nexpress().listen(3000);\n";
const PACKAGE: &str =
    "{\"name\": \"billing\", \"main\": \"main.js\", \"dependencies\": {\"pg\": \"8\", \"express\": \"5\"}}";

fn pair(orders: &str, billing: &str) -> Vec<String> {
    let compose = compose(&format!("DATABASE_URL: {orders}"), &format!("DATABASE_URL: {billing}"));
    told(&[
        ("compose.yaml", &compose),
        ("orders/main.py", PYTHON),
        ("billing/main.js", NODE),
        ("billing/package.json", PACKAGE),
    ])
}

/// A service with SQLAlchemy and one with pg, each with its code.
fn python_pair(compose: &str, orders: &str, billing: &str) -> Vec<String> {
    let app = "from fastapi import FastAPI\napp = FastAPI()\n";
    told(&[
        ("compose.yaml", compose),
        ("orders/main.py", &format!("{app}{orders}")),
        ("billing/main.py", &format!("{app}{billing}")),
    ])
}

const SHARED: [&str; 1] = ["compose.yaml:9 billing+orders"];

#[test]
fn the_examples_of_the_skill_hold() {
    let rules = skills::of_skill("data-ownership");
    let rule = rules.iter().find(|r| r.id == RULE).unwrap();
    let files = |example: &skills::Example| -> Vec<(String, String)> {
        example.files.iter().map(|f| (f.path.clone(), f.text.clone())).collect()
    };
    for (bad, examples) in [(true, &rule.bad), (false, &rule.good)] {
        assert!(!examples.is_empty());
        for (i, example) in examples.iter().enumerate() {
            let files = files(example);
            let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
            assert_eq!(findings(&run(&files)).len(), usize::from(bad), "example {i} that is bad: {bad}");
        }
    }
}

#[test]
fn the_same_database_under_any_spelling_is_shared() {
    assert_eq!(pair("postgresql+psycopg2://a:x@db:5432/shop", "postgres://b:y@db/shop?sslmode=disable"), SHARED);
    assert_eq!(pair("postgresql://a:x@db/shop", "${DATABASE:-postgres://db/shop}"), SHARED);
    assert_eq!(pair("postgresql://a:${PW}@db/shop", "postgres://b:${OTHER}@DB/shop"), SHARED);
}

#[test]
fn the_same_unknown_variable_has_the_same_value_in_both() {
    let code = "import os\nimport asyncpg\nasync def main():\n    await asyncpg.connect(os.environ['DATABASE_URL'])\n";
    let shared = compose("DATABASE_URL: ${SHOP_DATABASE_URL}", "DATABASE_URL: ${SHOP_DATABASE_URL}");
    assert_eq!(python_pair(&shared, code, code), SHARED);
    let own = compose("DATABASE_URL: ${ORDERS_DATABASE_URL}", "DATABASE_URL: ${BILLING_DATABASE_URL}");
    assert_eq!(python_pair(&own, code, code), Vec::<String>::new());
    // Passed through from the host.
    let host = compose("DATABASE_URL:", "DATABASE_URL:");
    assert_eq!(python_pair(&host, code, code), SHARED);
}

#[test]
fn another_database_schema_host_or_port_is_not_shared() {
    for (orders, billing) in [
        ("postgresql://a@db/orders", "postgres://b@db/billing"),
        ("postgresql://a@orders-db/shop", "postgres://b@billing-db/shop"),
        ("postgresql://a@db:5432/shop", "postgres://b@db:5433/shop"),
        ("postgresql://a@db/shop?options=-csearch_path%3Dorders", "postgres://b@db/shop?schema=billing"),
        ("${ORDERS_DATABASE_URL}", "${BILLING_DATABASE_URL}"),
        ("postgresql://a@localhost/shop", "postgres://b@localhost/shop"),
        ("sqlite:///data/shop.db", "postgres://b@db/shop"),
    ] {
        assert_eq!(pair(orders, billing), Vec::<String>::new(), "{orders} {billing}");
    }
}

#[test]
fn the_database_of_a_service_is_its_own_and_the_other_acts() {
    let shared = pair("postgresql://a@db/orders", "postgres://b@db/orders");
    assert_eq!(shared, ["compose.yaml:9 billing+orders"]);
    let shared = pair("postgresql://a@db/billing", "postgres://b@db/billing");
    assert_eq!(shared, ["compose.yaml:5 orders+billing"]);
}

#[test]
fn parts_and_urls_meet() {
    let compose = compose("DATABASE_URL: postgresql://a@db:5432/shop", "{ DB_HOST: db, DB_NAME: shop }");
    let code = "import os\nfrom sqlalchemy import create_engine, URL\n";
    let orders = format!("{code}engine = create_engine(os.environ['DATABASE_URL'])\n");
    for open in [
        "engine = create_engine(URL.create('postgresql', host=os.environ['DB_HOST'], database=os.environ['DB_NAME']))\n",
        "engine = create_engine(f\"postgresql://u:p@{os.environ['DB_HOST']}/{os.environ['DB_NAME']}\")\n",
        "import psycopg\nconnection = psycopg.connect(host=os.environ['DB_HOST'], dbname=os.environ['DB_NAME'])\n",
        "import psycopg2\nOPTIONS = {'host': os.getenv('DB_HOST', 'localhost'), 'database': os.getenv('DB_NAME')}\nconnection = psycopg2.connect(**OPTIONS)\n",
        "import asyncpg\nasync def pool(host, name):\n    return await asyncpg.create_pool(host=host, database=name)\nasync def main():\n    await pool(os.environ['DB_HOST'], os.environ['DB_NAME'])\n",
    ] {
        let billing = format!("{code}{open}");
        assert_eq!(python_pair(&compose, &orders, &billing), SHARED, "{open}");
    }
}

#[test]
fn what_the_library_reads_itself_counts() {
    let compose = compose("{ PGHOST: db, PGDATABASE: shop }", "{ PGHOST: db, PGDATABASE: shop }");
    let orders = "import asyncpg\nasync def main():\n    await asyncpg.connect()\n";
    assert_eq!(python_pair(&compose, orders, orders), SHARED);
}

#[test]
fn defaults_of_the_code_count_unless_they_name_the_machine_itself() {
    let compose = compose("{ LEVEL: info }", "{ LEVEL: info }");
    let code = |host: &str| {
        format!(
            "from sqlalchemy import create_engine\nfrom pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    database_url: str = 'postgresql://u:p@{host}/shop'\nsettings = Settings()\nengine = create_engine(settings.database_url)\n"
        )
    };
    assert_eq!(python_pair(&compose, &code("db"), &code("db")), ["billing/main.py:6 billing+orders"]);
    assert_eq!(python_pair(&compose, &code("localhost"), &code("localhost")), Vec::<String>::new());
}

#[test]
fn without_any_deployment_the_same_local_database_is_weak_evidence() {
    let code = "from fastapi import FastAPI\nfrom sqlalchemy import create_engine\nengine = create_engine('postgresql://u:p@localhost/webshop')\napp = FastAPI()\n";
    let package = "fastapi\nsqlalchemy\n";
    let mut files = vec![
        ("orders/main.py", code),
        ("orders/requirements.txt", package),
        ("billing/main.py", code),
        ("billing/requirements.txt", package),
    ];
    let outcome = run(&files);
    assert_eq!(findings(&outcome).iter().map(|f| f.confidence).collect::<Vec<_>>(), [Confidence::Low]);
    // In a container the default is not what is used.
    let image = "FROM python:3.13\nCOPY . .\nCMD [\"uvicorn\", \"main:app\"]\n";
    files.extend([("orders/Dockerfile", image), ("billing/Dockerfile", image)]);
    assert_eq!(told(&files), Vec::<String>::new());
}

#[test]
fn a_variable_that_the_code_never_reads_is_no_use() {
    let compose = compose("DATABASE_URL: postgresql://a@db/shop", "DATABASE_URL: postgresql://a@db/shop");
    let orders =
        "import os\nfrom sqlalchemy import create_engine\nengine = create_engine(os.environ['DATABASE_URL'])\n";
    assert_eq!(python_pair(&compose, orders, "import httpx\n"), Vec::<String>::new());
    assert_eq!(python_pair(&compose, orders, "import sqlalchemy\n"), Vec::<String>::new());
}

#[test]
fn settings_that_all_services_share_do_not_say_which_of_them_opens_what() {
    let settings = "module.exports = { orders: { uri: process.env.ORDERS_DB_URL }, billing: { uri: process.env.BILLING_DB_URL } };\n";
    let driver =
        "const mongoose = require('mongoose');\nmodule.exports = { connect: (of) => mongoose.connect(of.uri) };\n";
    let main = "const express = require('express');\nconst all = require('../common/settings');\nconst { connect } = require('../common/mongo');\nconnect(all[process.argv[2]]);\nexpress().listen(3000);\n";
    let both = "ORDERS_DB_URL: mongodb://db/orders\n      BILLING_DB_URL: mongodb://db/billing";
    let files = [
        ("compose.yaml", compose(both, both)),
        ("common/settings.js", settings.to_owned()),
        ("common/mongo.js", driver.to_owned()),
        ("orders/main.js", format!("{main}require('mongoose').connect(process.env.ORDERS_DB_URL);\n")),
        ("orders/package.json", PACKAGE.replace("billing", "orders")),
        ("billing/main.js", main.to_owned()),
        ("billing/package.json", PACKAGE.to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert_eq!(told(&files), Vec::<String>::new());
}

#[test]
fn schemas_that_models_name_separate_services() {
    let compose = compose("DATABASE_URL: postgresql://a@db/shop", "DATABASE_URL: postgresql://a@db/shop");
    let code = |schema: &str| {
        format!(
            "import os\nfrom sqlalchemy import MetaData, create_engine\nengine = create_engine(os.environ['DATABASE_URL'])\nmetadata = MetaData(schema='{schema}')\n"
        )
    };
    assert_eq!(python_pair(&compose, &code("orders"), &code("billing")), Vec::<String>::new());
    assert_eq!(python_pair(&compose, &code("shop"), &code("shop")), SHARED);
}

#[test]
fn processes_of_one_context_and_helpers_share() {
    let code = "import os\nfrom sqlalchemy import create_engine\nengine = create_engine(os.environ['DATABASE_URL'])\nif __name__ == '__main__':\n    print(engine)\n";
    for (a, b) in [("orders-api", "orders-worker"), ("orders", "db-migrate"), ("order-command", "order-query")] {
        let compose = format!(
            "x-env: &env\n  DATABASE_URL: postgresql://u@db/shop\nservices:\n  {a}:\n    build: ./{a}\n    command: python main.py\n    environment: *env\n  {b}:\n    build: ./{b}\n    command: python main.py\n    environment: *env\n"
        );
        let files = [
            ("compose.yaml".to_string(), compose.as_str()),
            (format!("{a}/main.py"), code),
            (format!("{b}/main.py"), code),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), *t)).collect();
        assert_eq!(told(&files), Vec::<String>::new(), "{a} {b}");
    }
}

#[test]
fn environments_are_compared_each_by_itself() {
    let base = compose("DATABASE_URL: postgresql://a@db/orders", "DATABASE_URL: postgres://b@db/billing");
    let prod = "services:\n  orders:\n    environment:\n      DATABASE_URL: postgresql://a@db/shop\n  billing:\n    environment:\n      DATABASE_URL: postgresql://a@db/shop\n";
    let dev = "services:\n  orders:\n    environment:\n      DATABASE_URL: postgresql://a@db/billing\n";
    let files = |overlay: &'static str, text: &'static str| {
        told(&[
            ("docker-compose.yml", &base),
            (overlay, text),
            ("orders/main.py", PYTHON),
            ("billing/main.js", NODE),
            ("billing/package.json", PACKAGE),
        ])
    };
    assert_eq!(files("docker-compose.prod.yml", prod), ["docker-compose.prod.yml:7 billing+orders"]);
    assert_eq!(files("docker-compose.dev.yml", dev), ["docker-compose.dev.yml:4 orders+billing"]);
}

#[test]
fn what_a_container_depends_on_belongs_to_its_own_project() {
    let own = |name: &str, dependency: &str| {
        format!(
            "services:\n  {name}:\n    build: .\n{dependency}    environment:\n      DATABASE_URL: postgresql://a@db/app\n"
        )
    };
    let told = |dependency: &str| {
        let [orders, billing] = ["orders", "billing"].map(|name| own(name, dependency));
        told(&[
            ("orders/compose-app.yaml", &orders),
            ("orders/main.py", PYTHON),
            ("billing/compose-app.yaml", &billing),
            ("billing/main.js", NODE),
            ("billing/package.json", PACKAGE),
        ])
    };
    assert_eq!(told("").len(), 1, "a name that only a network outside can know");
    assert!(told("    depends_on:\n      - db\n").is_empty());
}

#[test]
fn mongo_databases_are_those_that_are_chosen() {
    let compose = "services:\n  orders:\n    build: ./orders\n    environment:\n      MONGO_URL: mongodb://mongo:27017\n  billing:\n    build: ./billing\n    environment:\n      MONGO_URL: mongodb://mongo:27017\n  mongo:\n    image: mongo:8\n";
    let python = |name: &str| {
        format!(
            "import os\nfrom pymongo import MongoClient\nclient = MongoClient(os.environ['MONGO_URL'])\ndb = {name}\n"
        )
    };
    assert_eq!(
        python_pair(compose, &python("client['shop']"), &python("client.get_database('shop')")),
        ["billing/main.py:6 billing+orders"]
    );
    assert_eq!(python_pair(compose, &python("client.orders"), &python("client['billing']")), Vec::<String>::new());
    let node = |name: &str| {
        format!(
            "const {{ MongoClient }} = require('mongodb');\nconst express = require('express');\nMongoClient.connect(process.env.MONGO_URL || 'mongodb://x', (error, client) => {{ const db = client.db('{name}'); }});\nexpress().listen(1);\n"
        )
    };
    let pair = |orders: &str, billing: &str| {
        told(&[
            ("compose.yaml", compose),
            ("orders/main.js", orders),
            ("orders/package.json", PACKAGE),
            ("billing/main.js", billing),
            ("billing/package.json", PACKAGE),
        ])
        .len()
    };
    assert_eq!(pair(&node("shop"), &node("shop")), 1);
    assert_eq!(pair(&node("orders"), &node("billing")), 0);
}

#[test]
fn a_cache_and_a_queue_are_shared_by_right() {
    let compose = "services:\n  orders:\n    build: ./orders\n    environment:\n      REDIS_URL: redis://redis:6379\n  billing:\n    build: ./billing\n    environment:\n      REDIS_URL: redis://redis:6379\n";
    let cache = "import os\nimport redis\nr = redis.from_url(os.environ['REDIS_URL'])\ndef put():\n    r.set('order:1', 'x', ex=60)\n";
    assert_eq!(python_pair(compose, cache, cache), Vec::<String>::new());
    let queue = "import os\nfrom celery import Celery\ncelery = Celery('x', broker=os.environ['REDIS_URL'])\n";
    assert_eq!(python_pair(compose, queue, queue), Vec::<String>::new());
    // The only copy, under the same keys.
    let store = "import os\nimport redis\nr = redis.from_url(os.environ['REDIS_URL'])\ndef put(key):\n    r.hset(f'order:{key}', 'x', 1)\n";
    assert_eq!(python_pair(compose, store, store).len(), 1);
    assert_eq!(python_pair(compose, store, &store.replace("order:", "bill:")), Vec::<String>::new());
}

#[test]
fn nest_modules_say_where_their_database_is() {
    let compose = "services:\n  orders:\n    build: ./orders\n    environment: { DB_HOST: db, DB_NAME: shop }\n  billing:\n    build: ./billing\n    environment: { DATABASE_URL: 'postgres://u@db:5432/shop' }\n  db:\n    image: postgres:17\n";
    let main = "import { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module';\nNestFactory.create(AppModule).then((app) => app.listen(3000));\n";
    let orders = "import { Module } from '@nestjs/common';\nimport { ConfigModule, ConfigService } from '@nestjs/config';\nimport { TypeOrmModule } from '@nestjs/typeorm';\n@Module({ imports: [TypeOrmModule.forRootAsync({ inject: [ConfigService], useFactory: (config: ConfigService) => ({ type: 'postgres', host: config.get('DB_HOST'), port: +config.get('DB_PORT', 5432), database: config.get('DB_NAME') }) })] })\nexport class AppModule {}\n";
    let prisma = "import { Injectable } from '@nestjs/common';\nimport { PrismaClient } from '@prisma/client';\n@Injectable()\nexport class PrismaService extends PrismaClient {}\n";
    let schema = "generator client {\n  provider = \"prisma-client-js\"\n}\ndatasource db {\n  provider = \"postgresql\"\n  url      = env(\"DATABASE_URL\")\n}\n";
    let app = "import { Module } from '@nestjs/common';\nimport { PrismaService } from './prisma.service';\n@Module({ providers: [PrismaService] })\nexport class AppModule {}\n";
    let package = "{\"name\": \"x\", \"dependencies\": {\"@nestjs/core\": \"11\"}}";
    let files = [
        ("compose.yaml", compose),
        ("orders/package.json", package),
        ("orders/src/main.ts", main),
        ("orders/src/app.module.ts", orders),
        ("billing/package.json", package),
        ("billing/src/main.ts", main),
        ("billing/src/app.module.ts", app),
        ("billing/src/prisma.service.ts", prisma),
        ("billing/prisma/schema.prisma", schema),
    ];
    assert_eq!(told(&files), ["compose.yaml:7 billing+orders"]);
}

/// Applications of one workspace start where their package lies, and read the one `.env` there that nobody commits.
#[test]
fn applications_of_a_nest_workspace_read_one_env_file() {
    let main = "import { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module';\nNestFactory.create(AppModule).then((app) => app.listen(3000));\n";
    let app = "import { Module } from '@nestjs/common';\nimport { DatabaseModule } from '@app/common';\n@Module({ imports: [DatabaseModule] })\nexport class AppModule {}\n";
    let package = "{\"name\": \"shop\", \"dependencies\": {\"@nestjs/core\": \"11\", \"@nestjs/config\": \"4\", \"@nestjs/typeorm\": \"11\"}}";
    let workspace = "{\"monorepo\": true, \"projects\": {\"orders\": {\"type\": \"application\", \"root\": \"apps/orders\", \"entryFile\": \"main\", \"sourceRoot\": \"apps/orders/src\"}, \"billing\": {\"type\": \"application\", \"root\": \"apps/billing\", \"entryFile\": \"main\", \"sourceRoot\": \"apps/billing/src\"}, \"common\": {\"type\": \"library\", \"root\": \"libs/common\", \"entryFile\": \"index\", \"sourceRoot\": \"libs/common/src\"}}}";
    let paths = "{\"compilerOptions\": {\"baseUrl\": \"./\", \"paths\": {\"@app/common\": [\"libs/common/src\"]}}}";
    let found = |options: &str| {
        let database = format!(
            "import {{ Module }} from '@nestjs/common';\nimport {{ ConfigModule, ConfigService }} from '@nestjs/config';\nimport {{ TypeOrmModule }} from '@nestjs/typeorm';\n@Module({{ imports: [ConfigModule.forRoot({options}), TypeOrmModule.forRootAsync({{ inject: [ConfigService], useFactory: (config: ConfigService) => ({{ type: 'postgres', host: config.get('DB_HOST'), database: config.get('DB_NAME') }}) }})] }})\nexport class DatabaseModule {{}}\n"
        );
        told(&[
            ("package.json", package),
            ("nest-cli.json", workspace),
            ("tsconfig.json", paths),
            ("libs/common/src/index.ts", "export * from './database.module';\n"),
            ("libs/common/src/database.module.ts", &database),
            ("apps/orders/src/main.ts", main),
            ("apps/orders/src/app.module.ts", app),
            ("apps/billing/src/main.ts", main),
            ("apps/billing/src/app.module.ts", app),
        ])
        .len()
    };
    assert_eq!(found("{ isGlobal: true }"), 1);
    assert_eq!(found(""), 1);
    assert_eq!(found("{ ignoreEnvFile: true }"), 0);
}

#[test]
fn django_settings_are_read() {
    let compose = compose("{ DB_HOST: db, DB_NAME: shop }", "DATABASE_URL: postgres://u@db:5432/shop");
    let settings = "import os\nINSTALLED_APPS = ['django.contrib.auth']\nDATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': os.environ.get('DB_NAME', 'x'), 'HOST': os.environ['DB_HOST'], 'PORT': 5432}}\n";
    let manage = "import os\nimport sys\nfrom django.core.management import execute_from_command_line\nif __name__ == '__main__':\n    execute_from_command_line(sys.argv)\n";
    let files = [
        ("compose.yaml", compose.as_str()),
        ("orders/manage.py", manage),
        ("orders/shop/settings.py", settings),
        ("billing/main.py", PYTHON),
    ];
    assert_eq!(told(&files), SHARED);
}

#[test]
fn the_finding_shows_the_way_from_the_variable_to_the_code() {
    let compose = compose("DATABASE_URL: postgresql://a:secret@db/shop", "DATABASE_URL: postgresql://b:secret@db/shop");
    let outcome = run(&[("compose.yaml", &compose), ("orders/main.py", PYTHON), ("billing/main.py", PYTHON)]);
    let all = findings(&outcome);
    let finding = all[0];
    assert_eq!(finding.confidence, Confidence::High);
    assert_eq!(
        finding.message,
        "`billing` and `orders` keep their data in the same PostgreSQL database `shop` on `db`"
    );
    let related: Vec<String> =
        finding.related.iter().map(|r| format!("{} {}", outcome.tree.file(r.place.file).path, r.message)).collect();
    assert_eq!(
        related,
        [
            "billing/main.py `billing` opens it here with SQLAlchemy",
            "compose.yaml `orders` gets `DATABASE_URL` here",
            "orders/main.py `orders` opens it here with SQLAlchemy",
        ]
    );
    assert!(!format!("{finding:?}").contains("secret"));
}

const POM: &str = "<project><dependencies><dependency><artifactId>spring-boot-starter-data-jpa</artifactId></dependency></dependencies></project>";
const APPLICATION: &str = "import org.springframework.boot.SpringApplication;\npublic class App { public static void main(String[] a) { SpringApplication.run(App.class, a); } }\n";

/// Two Spring services with their configuration, in one Compose project.
fn spring(environments: [&str; 2], configs: [&str; 2]) -> Vec<String> {
    let compose = format!(
        "services:\n  orders:\n    build: ./orders\n    environment:\n      A: b\n{}  billing:\n    build: ./billing\n    environment:\n      A: b\n{}  db:\n    image: mysql:8\n",
        environments[0], environments[1]
    );
    told(&[
        ("compose.yaml", &compose),
        ("orders/Dockerfile", "FROM eclipse-temurin:21\nCOPY . .\nCMD [\"java\", \"-jar\", \"app.jar\"]\n"),
        ("orders/pom.xml", POM),
        ("orders/src/main/java/App.java", APPLICATION),
        ("orders/src/main/resources/application.yml", configs[0]),
        ("billing/Dockerfile", "FROM eclipse-temurin:21\nCOPY . .\nCMD [\"java\", \"-jar\", \"app.jar\"]\n"),
        ("billing/pom.xml", POM),
        ("billing/src/main/java/App.java", APPLICATION),
        ("billing/src/main/resources/application.yml", configs[1]),
    ])
}

const SHOP: &str = "spring:\n  datasource:\n    url: jdbc:mysql://${DB_HOST:db}:3306/${DB_NAME:shop}?useSSL=false\n";

#[test]
fn spring_services_with_one_jdbc_database_share_it() {
    assert_eq!(spring(["", ""], [SHOP, SHOP]).len(), 1);
}

#[test]
fn placeholders_take_what_the_container_sets() {
    let apart = ["      DB_NAME: orders\n", "      DB_NAME: billing\n"];
    assert_eq!(spring(apart, [SHOP, SHOP]), [""; 0]);
    let unknown = "spring:\n  datasource:\n    url: jdbc:mysql://db/${DB_NAME}\n";
    assert_eq!(spring(["", ""], [unknown, unknown]), [""; 0]);
}

#[test]
fn the_environment_overrides_the_data_source() {
    let apart = ["      SPRING_DATASOURCE_URL: jdbc:mysql://db/orders\n", ""];
    assert_eq!(spring(apart, [SHOP, SHOP]), [""; 0]);
    let own = "spring.datasource.url: jdbc:mysql://db/billing\n";
    let joined = ["      SPRING_DATASOURCE_URL: jdbc:mysql://db/billing\n", ""];
    assert_eq!(spring(joined, [SHOP, own]).len(), 1);
}

#[test]
fn only_the_profile_that_is_active_counts() {
    let config = "spring.datasource.url: jdbc:mysql://db/own_x\n---\nspring:\n  config.activate.on-profile: prod\n  datasource.url: jdbc:mysql://db/shop\n";
    let other = config.replace("own_x", "own_y");
    assert_eq!(spring(["", ""], [config, &other]), [""; 0]);
    let active = ["      SPRING_PROFILES_ACTIVE: prod\n"; 2];
    assert_eq!(spring(active, [config, &other]).len(), 1);
    let unknown = ["      SPRING_PROFILES_ACTIVE: ${PROFILE}\n"; 2];
    assert_eq!(spring(unknown, [config, &other]), [""; 0]);
}

#[test]
fn a_configuration_server_in_the_repository_configures_the_others() {
    let bootstrap =
        |name: &str| format!("spring:\n  application.name: {name}\n  cloud.config.uri: http://config:8888\n");
    let (orders, billing) = (bootstrap("orders"), bootstrap("billing"));
    let run = |of_billing: &str| {
        told(&[
            (
                "compose.yaml",
                "services:\n  orders:\n    build: ./orders\n  billing:\n    build: ./billing\n  config:\n    build: ./config\n  mongo:\n    image: mongo:7\n",
            ),
            ("orders/Dockerfile", "FROM eclipse-temurin:21\nCMD [\"java\", \"-jar\", \"app.jar\"]\n"),
            ("orders/build.gradle", "implementation 'org.springframework.boot:spring-boot-starter-data-mongodb'\n"),
            ("orders/src/main/java/App.java", APPLICATION),
            ("orders/src/main/resources/bootstrap.yml", &orders),
            ("billing/Dockerfile", "FROM eclipse-temurin:21\nCMD [\"java\", \"-jar\", \"app.jar\"]\n"),
            ("billing/build.gradle", "implementation 'org.springframework.boot:spring-boot-starter-data-mongodb'\n"),
            ("billing/src/main/java/App.java", APPLICATION),
            ("billing/src/main/resources/bootstrap.yml", &billing),
            ("config/Dockerfile", "FROM eclipse-temurin:21\nCMD [\"java\", \"-jar\", \"app.jar\"]\n"),
            ("config/src/main/java/App.java", APPLICATION),
            (
                "config/src/main/resources/application.yml",
                "spring.cloud.config.server.native.search-locations: classpath:/shared\n",
            ),
            (
                "config/src/main/resources/shared/orders.yml",
                "spring.data.mongodb.host: mongo\nspring.data.mongodb.database: shop\n",
            ),
            ("config/src/main/resources/shared/billing.yml", of_billing),
        ])
    };
    assert_eq!(run("spring.data.mongodb:\n  host: mongo\n  database: shop\n").len(), 1);
    assert_eq!(run("spring.data.mongodb:\n  host: mongo\n  database: billing\n"), [""; 0]);
}

#[test]
fn copies_of_what_nacos_hands_out_configure_the_services() {
    let bootstrap = |name: &str, more: &str| {
        format!(
            "spring:\n  application.name: {name}\n  profiles.active: prod\n  cloud.nacos.config:\n    server-addr: nacos:8848\n    file-extension: yaml\n{more}"
        )
    };
    let run = |more: &str, files: &[(&str, &str)]| {
        let (orders, billing) = (bootstrap("orders", more), bootstrap("billing", more));
        let mut all = vec![
            (
                "compose.yaml",
                "services:\n  orders:\n    build: ./orders\n  billing:\n    build: ./billing\n  db:\n    image: mysql:8\n",
            ),
            ("orders/Dockerfile", "FROM eclipse-temurin:21\nCMD [\"java\", \"-jar\", \"app.jar\"]\n"),
            ("orders/build.gradle", "implementation 'com.mysql:mysql-connector-j'\n"),
            ("orders/src/main/java/App.java", APPLICATION),
            ("orders/src/main/resources/bootstrap.yml", &orders),
            ("billing/Dockerfile", "FROM eclipse-temurin:21\nCMD [\"java\", \"-jar\", \"app.jar\"]\n"),
            ("billing/build.gradle", "implementation 'com.mysql:mysql-connector-j'\n"),
            ("billing/src/main/java/App.java", APPLICATION),
            ("billing/src/main/resources/bootstrap.yml", &billing),
            ("k8s/orders-prod.yaml", "apiVersion: v1\nkind: Service\nmetadata:\n  name: orders\n"),
        ];
        all.extend(files);
        told(&all).len()
    };
    let shop = "spring.datasource.url: jdbc:mysql://db:3306/shop\n";
    let own = "spring.datasource.url: jdbc:mysql://db:3306/billing\n";
    assert_eq!(run("", &[("nacos/orders-prod.yaml", shop), ("nacos/billing-prod.yaml", shop)]), 1);
    assert_eq!(run("", &[("nacos/orders-prod.yaml", shop), ("nacos/billing-prod.yaml", own)]), 0);
    assert_eq!(run("", &[("nacos/orders-prod.yaml", shop), ("nacos/billing-dev.yaml", shop)]), 0);
    let twice = [("nacos/orders-prod.yaml", shop), ("nacos/billing-prod.yaml", shop), ("old/billing-prod.yaml", own)];
    assert_eq!(run("", &twice), 0);
    let shared = "    shared-configs:\n      - data-id: common-${spring.profiles.active}.yaml\n";
    assert_eq!(run(shared, &[("nacos/common-prod.yaml", shop)]), 1);
    assert_eq!(run(shared, &[("nacos/common-prod.yaml", shop), ("nacos/billing.yaml", own)]), 0);
    let import = "  config.import: 'optional:nacos:store.yaml?group=SHOP,nacos:${spring.application.name}.yaml'\n";
    assert_eq!(run(import, &[("nacos/store.yaml", shop)]), 1);
    assert_eq!(run("", &[("nacos/store.yaml", shop)]), 0);
}

#[test]
fn statements_that_name_a_schema_of_their_own_share_nothing() {
    let of = |schema: &str| {
        format!(
            "const {{ Pool }} = require('pg');\nconst express = require('express');\nconst pool = new Pool({{ connectionString: process.env.DATABASE_URL }});\nexports.done = (id) => pool.query(`\n  insert into {schema}processed_events (id) values ($1)\n  on conflict do nothing`, [id]);\nexpress().listen(3000);\n"
        )
    };
    let told = |orders: &str, billing: &str| {
        let address = "DATABASE_URL: postgres://db/shop";
        told(&[
            ("compose.yaml", &compose(address, address)),
            ("orders/main.js", &of(orders)),
            ("orders/package.json", &PACKAGE.replace("billing", "orders")),
            ("billing/main.js", &of(billing)),
            ("billing/package.json", PACKAGE),
        ])
    };
    assert_eq!(told("orders.", "billing."), Vec::<String>::new());
    assert_eq!(told("", ""), SHARED);
    assert_eq!(told("shop.", "shop."), SHARED);
}

#[test]
fn prose_is_no_statement_that_names_a_schema() {
    let prose = |of: &str| format!("{PYTHON}def f():\n    \"\"\"Update {of}. Set all.\"\"\"\n");
    let address = "DATABASE_URL: postgres://db/shop";
    let (compose, orders, billing) = (compose(address, address), prose("orders"), prose("billing"));
    let files = [("compose.yaml", compose.as_str()), ("orders/main.py", &orders), ("billing/main.py", &billing)];
    assert_eq!(told(&files), SHARED);
}

#[test]
fn schemas_that_migrations_and_settings_name_separate_services() {
    let config = |more: &str| format!("spring:\n  datasource.url: jdbc:postgresql://db/shop\n{more}");
    let plain = config("");
    assert_eq!(spring(["", ""], [&plain, &plain]).len(), 1);
    let flyway = |name: &str| config(&format!("  flyway:\n    schemas: {name}\n"));
    assert_eq!(spring(["", ""], [&flyway("orders"), &flyway("billing")]), [""; 0]);
    let compose =
        "services:\n  orders:\n    build: ./orders\n  billing:\n    build: ./billing\n  db:\n    image: postgres:17\n";
    let image = "FROM eclipse-temurin:21\nCOPY . .\nCMD [\"java\", \"-jar\", \"app.jar\"]\n";
    let with = |orders: &str, billing: &str| {
        told(&[
            ("compose.yaml", compose),
            ("orders/Dockerfile", image),
            ("orders/pom.xml", POM),
            ("orders/src/main/java/App.java", APPLICATION),
            ("orders/src/main/resources/application.yml", &plain),
            ("orders/src/main/resources/db/migration/V1__init.sql", orders),
            ("billing/Dockerfile", image),
            ("billing/pom.xml", POM),
            ("billing/src/main/java/App.java", APPLICATION),
            ("billing/src/main/resources/application.yml", &plain),
            ("billing/src/main/resources/db/migration/V1__init.sql", billing),
        ])
    };
    let orders = "CREATE SCHEMA orders;\nCREATE TABLE orders.lines (id bigint primary key);\n";
    let billing = "SET search_path TO billing;\nCREATE TABLE IF NOT EXISTS bills (id bigint primary key);\n";
    assert_eq!(with(orders, billing), [""; 0]);
    let everybodys = "CREATE TABLE lines (id bigint primary key);\nCREATE TABLE billing.bills (id int);\n";
    assert_eq!(with("CREATE TABLE lines (id bigint primary key);\n", everybodys).len(), 1);
}

/// Two programs of one module of Go, both on the database `shop`.
fn programs(code: &[(&str, &str)]) -> Vec<String> {
    let compose = "services:\n  api:\n    build: {context: ., dockerfile: cmd/api/Dockerfile}\n    environment: {DATABASE_URL: 'postgres://shop:x@db:5432/shop'}\n  \
                   settler:\n    build: {context: ., dockerfile: cmd/settler/Dockerfile}\n    environment: {DATABASE_URL: 'postgres://shop:x@db:5432/shop'}\n  \
                   db:\n    image: postgres:17\n";
    let image =
        |name: &str| format!("FROM golang:1.25\nCOPY . .\nRUN go build -o /bin/app ./cmd/{name}\nCMD [\"/bin/app\"]\n");
    let (api, settler) = (image("api"), image("settler"));
    let mut files = vec![
        ("compose.yaml", compose),
        ("go.mod", "module acme/shop\n\nrequire github.com/jackc/pgx/v5 v5.7.0\n"),
        ("cmd/api/Dockerfile", api.as_str()),
        ("cmd/settler/Dockerfile", settler.as_str()),
    ];
    files.extend(code);
    told(&files)
}

const PGX: &str = "import (\n\t\"context\"\n\t\"os\"\n\n\t\"github.com/jackc/pgx/v5/pgxpool\"\n)\n\nfunc Open() *pgxpool.Pool {\n\tpool, _ := pgxpool.New(context.Background(), os.Getenv(\"DATABASE_URL\"))\n\treturn pool\n}\n";

#[test]
fn programs_of_a_module_that_run_the_same_code_are_one_service_and_others_are_two() {
    let main = |package: &str| {
        format!("package main\n\nimport \"acme/shop/internal/{package}\"\n\nfunc main() {{\n\t{package}.Open()\n}}\n")
    };
    let code = |package: &str| format!("package {package}\n\n{PGX}");
    let (orders, billing) = (main("orders"), main("billing"));
    let (of_orders, of_billing) = (code("orders"), code("billing"));
    let same = programs(&[
        ("cmd/api/main.go", &orders),
        ("cmd/settler/main.go", &orders),
        ("internal/orders/db.go", &of_orders),
    ]);
    assert_eq!(same, [] as [String; 0]);
    let apart = programs(&[
        ("cmd/api/main.go", &orders),
        ("cmd/settler/main.go", &billing),
        ("internal/orders/db.go", &of_orders),
        ("internal/billing/db.go", &of_billing),
    ]);
    assert_eq!(apart.len(), 1, "{apart:?}");
}

#[test]
fn another_database_of_django_is_none_that_its_models_live_in() {
    let settings = |name: &str, more: &str| {
        format!(
            "DATABASES = {{'default': {{'ENGINE': 'django.db.backends.mysql', 'NAME': '{name}', 'HOST': '{name}-db'}}, 'old': {{'ENGINE': 'django.db.backends.mysql', 'NAME': 'monolith', 'HOST': 'mysql.internal'}}}}\n{more}"
        )
    };
    let shared = |more: &str| {
        let (orders, users) = (settings("orders", more), settings("users", more));
        let outcome = run(&[
            ("compose.yaml", "services:\n  orders:\n    build: ./orders\n  users:\n    build: ./users\n"),
            ("orders/Dockerfile", "FROM python:3.12\nCOPY . .\nCMD python manage.py runserver\n"),
            ("users/Dockerfile", "FROM python:3.12\nCOPY . .\nCMD python manage.py runserver\n"),
            ("orders/manage.py", "import os, sys\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'app.settings')\n"),
            ("users/manage.py", "import os, sys\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'app.settings')\n"),
            ("orders/app/settings.py", &orders),
            ("users/app/settings.py", &users),
        ]);
        !findings(&outcome).is_empty()
    };
    assert!(!shared(""));
    assert!(shared("DATABASE_ROUTERS = ['app.routers.Legacy']\n"));
}

#[test]
fn shared_code_that_opens_what_the_settings_name_works_in_their_schema() {
    let pom = |name: &str| {
        format!(
            "<project><artifactId>{name}</artifactId><dependencies>\
             <dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-data-jpa</artifactId></dependency>\
             <dependency><groupId>acme</groupId><artifactId>kit</artifactId></dependency></dependencies></project>"
        )
    };
    let main = "package acme.app;\nimport acme.kit.Database;\nimport org.springframework.boot.autoconfigure.SpringBootApplication;\n@SpringBootApplication\nclass App { Database database; public static void main(String[] a) {} }\n";
    let kit = "package acme.kit;\nimport javax.sql.DataSource;\nimport org.springframework.beans.factory.annotation.Value;\nimport org.springframework.jdbc.datasource.DriverManagerDataSource;\npublic class Database {\n  @Value(\"${spring.datasource.url}\")\n  private String url;\n  DataSource open() { return new DriverManagerDataSource(url); }\n}\n";
    let settings = |schema: &str| {
        format!(
            "spring:\n  datasource:\n    url: jdbc:postgresql://db:5432/shop\n  jpa:\n    properties:\n      hibernate:\n        default_schema: {schema}\n"
        )
    };
    let with = |orders: &str, billing: &str| {
        told(&[
            ("compose.yaml", "services:\n  orders:\n    build: orders\n  billing:\n    build: billing\n"),
            ("kit/pom.xml", "<project><artifactId>kit</artifactId></project>"),
            ("kit/src/main/java/acme/kit/Database.java", kit),
            ("orders/Dockerfile", "FROM eclipse-temurin:25\nCOPY . .\nCMD java -jar app.jar\n"),
            ("orders/pom.xml", &pom("orders")),
            ("orders/src/main/java/acme/app/App.java", main),
            ("orders/src/main/resources/application.yml", &settings(orders)),
            ("billing/Dockerfile", "FROM eclipse-temurin:25\nCOPY . .\nCMD java -jar app.jar\n"),
            ("billing/pom.xml", &pom("billing")),
            ("billing/src/main/java/acme/app/App.java", main),
            ("billing/src/main/resources/application.yml", &settings(billing)),
        ])
    };
    assert_eq!(with("orders", "billing"), [""; 0]);
    assert_eq!(with("shop", "shop").len(), 1);
}

#[test]
fn clients_that_a_framework_wraps() {
    let flask = "from flask import Flask\nfrom flask_pymongo import PyMongo\napp = Flask(__name__)\nfilms = PyMongo(app, uri=\"mongodb://mongo:27017/films\")\n";
    let worker = "import gridfs\nfrom pymongo import MongoClient\nclient = MongoClient(\"mongo\", 27017)\nfiles = gridfs.GridFS(client.films)\nif __name__ == \"__main__\":\n    files.put(b\"\")\n";
    let files = [
        (
            "compose.yaml",
            "services:\n  gateway:\n    build: ./gateway\n  converter:\n    build: ./converter\n  mongo:\n    image: mongo:8\n",
        ),
        ("gateway/Dockerfile", "FROM python:3.12\nCOPY . .\nCMD [\"python\", \"main.py\"]\n"),
        ("gateway/main.py", flask),
        ("converter/Dockerfile", "FROM python:3.12\nCOPY . .\nCMD [\"python\", \"main.py\"]\n"),
        ("converter/main.py", worker),
    ];
    assert_eq!(told(&files), ["converter/main.py:4 converter+gateway"]);
}

#[test]
fn one_file_of_variables_that_is_not_there_says_the_same_to_everyone() {
    let node = |code: &str| {
        format!(
            "const {{ Pool }} = require('pg');\nconst express = require('express');\n{code}\nexpress().listen(3000);\n"
        )
    };
    let url = node("const pool = new Pool({ connectionString: process.env.DATABASE_URL });");
    let told = |orders: &str, billing: &str, code: &str, other: &str| {
        let compose = format!(
            "services:\n  orders:\n    build: ./orders\n    env_file: {orders}\n  billing:\n    build: ./billing\n    env_file: {billing}\n  db:\n    image: postgres:17\n"
        );
        told(&[
            ("compose.yaml", &compose),
            ("orders/main.js", code),
            ("orders/package.json", &PACKAGE.replace("billing", "orders")),
            ("billing/main.js", other),
            ("billing/package.json", PACKAGE),
        ])
    };
    let shared = ["compose.yaml:7 billing+orders"];
    assert_eq!(told("./.env", ".env", &url, &url), shared);
    let parts = node(
        "const pool = new Pool({ host: process.env.DB_HOST, database: process.env.DB_NAME, user: process.env.DB_USER });",
    );
    assert_eq!(told(".env", ".env", &parts, &parts), shared);
    // A file of one's own, another variable, a default in the code: nobody knows.
    assert_eq!(told("orders/.env", "billing/.env", &url, &url), [""; 0]);
    assert_eq!(told("[.env, orders/.env]", "[.env, billing/.env]", &url, &url), [""; 0]);
    assert_eq!(told(".env", ".env", &url, &url.replace("DATABASE_URL", "BILLING_DATABASE_URL")), [""; 0]);
    assert_eq!(told(".env", ".env", &parts, &parts.replace("process.env.DB_NAME", "'billing'")), [""; 0]);
    let or = |name: &str| url.replace("DATABASE_URL", &format!("DATABASE_URL || 'postgres://db/{name}'"));
    assert_eq!(told(".env", ".env", &or("orders"), &or("billing")), [""; 0]);
}

#[test]
fn one_file_of_variables_that_the_code_loads_says_the_same_to_everyone() {
    let of = |load: &str| {
        format!(
            "package main\n\nimport (\n\t\"fmt\"\n\t\"net/http\"\n\t\"os\"\n\n\t\"github.com/joho/godotenv\"\n\t\"gorm.io/driver/mysql\"\n\t\"gorm.io/gorm\"\n)\n\n\
             func main() {{\n\tgodotenv.Load({load})\n\tdsn := fmt.Sprintf(\"%s:%s@tcp(%s:%s)/%s?parseTime=true\", os.Getenv(\"DB_USER\"), os.Getenv(\"DB_PASS\"), os.Getenv(\"DB_HOST\"), os.Getenv(\"DB_PORT\"), os.Getenv(\"DB_NAME\"))\n\
             \tdb, _ := gorm.Open(mysql.Open(dsn), &gorm.Config{{}})\n\thttp.ListenAndServe(\":8080\", nil)\n\t_ = db\n}}\n"
        )
    };
    let told = |orders: &str, billing: &str| {
        told(&[
            (
                "go.mod",
                "module example.com/shop\n\nrequire (\n\tgorm.io/gorm v1.25.0\n\tgorm.io/driver/mysql v1.5.0\n)\n",
            ),
            ("orders/cmd/main.go", &of(orders)),
            ("billing/cmd/main.go", &of(billing)),
        ])
    };
    assert_eq!(told("\"../../.env\"", "\"../../.env\""), ["billing/cmd/main.go:14 billing+orders"]);
    // A file of one's own, or one that nobody can find.
    assert_eq!(told("\"../.env\"", "\"../.env\""), [""; 0]);
    assert_eq!(told("\".env\"", "\".env\""), [""; 0]);
    assert_eq!(told("\"../../../.env\"", "\"../../../.env\""), [""; 0]);
    assert_eq!(told("\"../../.env\", \".env\"", "\"../../.env\""), [""; 0]);

    let node = |load: &str| format!("{load}\n{NODE}");
    let of_node = |load: &str| {
        let code = node(load);
        super::shared_database::told(&[
            ("orders/main.js", &code),
            ("orders/package.json", &PACKAGE.replace("billing", "orders")),
            ("billing/main.js", &code),
            ("billing/package.json", PACKAGE),
        ])
    };
    assert_eq!(of_node("require('dotenv').config({ path: '../.env' });"), ["billing/main.js:1 billing+orders"]);
    assert_eq!(of_node("require('dotenv').config();"), [""; 0]);
}

#[test]
fn one_secret_that_is_not_there_says_the_same_to_everyone() {
    let deployment = |name: &str, secret: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n        - name: {name}\n          image: acme/{name}\n          envFrom:\n            - secretRef: {{name: {secret}}}\n"
        )
    };
    let told = |billing: &str| {
        told(&[
            ("k8s/orders.yaml", &deployment("orders", "database")),
            ("k8s/billing.yaml", &deployment("billing", billing)),
            ("orders/main.js", NODE),
            ("orders/Dockerfile", "FROM node:24\nCOPY . .\nCMD [\"node\", \"main.js\"]\n"),
            ("orders/package.json", &PACKAGE.replace("billing", "orders")),
            ("billing/main.js", NODE),
            ("billing/Dockerfile", "FROM node:24\nCOPY . .\nCMD [\"node\", \"main.js\"]\n"),
            ("billing/package.json", PACKAGE),
        ])
    };
    assert_eq!(told("database"), ["k8s/billing.yaml:12 billing+orders"]);
    assert_eq!(told("billing-database"), [""; 0]);
}
