mod entries;
mod modules;
mod packages;

use crate::files::{Tree, walk};
use crate::system::deployment::Deployment;

use super::{Correction, Service, ServiceKind, discover};

mod started;

struct World {
    #[allow(dead_code)]
    folder: tempfile::TempDir,
    tree: Tree,
    services: Vec<Service>,
}

/// The services of a tree given as (path, text).
fn world(files: &[(&str, &str)]) -> World {
    corrected(files, &[])
}

fn corrected(files: &[(&str, &str)], corrections: &[Correction]) -> World {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join("shop").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let tree = walk(&[folder.path().join("shop")], &globset::GlobSet::empty()).tree;
    let services = discover(&tree, &Deployment::read(&tree), corrections);
    World { folder, tree, services }
}

impl World {
    fn names(&self) -> Vec<&str> {
        self.services.iter().map(|service| service.name.as_str()).collect()
    }

    fn roots(&self) -> Vec<(&str, &str)> {
        self.services.iter().map(|service| (service.name.as_str(), service.root.as_str())).collect()
    }

    fn service(&self, name: &str) -> &Service {
        self.services.iter().find(|service| service.name == name).unwrap()
    }
}

const API: &str = "from fastapi import FastAPI\napp = FastAPI()\n";
const PYTHON: &str = "FROM python:3.12\nCOPY . .\nCMD [\"uvicorn\", \"app.main:app\"]\n";
const NODE: &str = "FROM node:22\nCOPY . .\nCMD [\"node\", \"dist/main.js\"]\n";
const NEST: &str = "async function bootstrap() {\n  const app = await NestFactory.create(AppModule);\n}\n";

#[test]
fn what_compose_builds_is_a_service_and_a_database_is_none() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  orders:\n    build: orders\n    healthcheck: {test: [CMD, curl, localhost/health]}\n    ports: ['8001:80']\n  \
             db:\n    build: db\n  cache:\n    image: redis:7\n  proxy:\n    image: nginx\n    volumes: [./nginx/a.conf:/etc/nginx/a.conf]\n",
        ),
        ("orders/Dockerfile", PYTHON),
        ("orders/app/main.py", API),
        ("db/Dockerfile", "FROM acme/postgres-with-extras:16\nCOPY seed.sql /docker-entrypoint-initdb.d/\n"),
        ("db/seed.sql", ""),
        ("nginx/a.conf", ""),
    ]);
    assert_eq!(world.roots(), [("orders", "orders")]);
    let orders = world.service("orders");
    assert_eq!(orders.kind, ServiceKind::Http);
    assert_eq!(orders.languages, ["python"]);
    assert_eq!(orders.probes[0].words, ["curl", "localhost/health"]);
    assert_eq!(orders.published_ports, ["8001"]);
    assert_eq!(world.tree.file(orders.place.unwrap().file).path, "compose.yaml");
    assert_eq!(world.tree.file(orders.entries[0]).path, "orders/app/main.py");
}

#[test]
fn an_api_and_its_worker_are_two_processes_of_one_code_base_and_a_migration_is_none() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  api:\n    build: .\n    depends_on:\n      migrate: {condition: service_completed_successfully}\n  \
             worker:\n    build: .\n    command: celery -A app.tasks worker\n  worker-2:\n    build: .\n    command: celery -A app.tasks worker\n  \
             migrate:\n    build: .\n    command: alembic upgrade head\n",
        ),
        ("Dockerfile", PYTHON),
        ("requirements.txt", "fastapi\ncelery\n"),
        ("app/main.py", API),
        ("app/tasks.py", "from celery import Celery\ncelery = Celery('x')\n"),
    ]);
    assert_eq!(world.names(), ["api", "worker"]);
    let (api, worker) = (world.service("api"), world.service("worker"));
    assert_eq!((api.kind, worker.kind), (ServiceKind::Http, ServiceKind::Worker));
    assert_eq!(api.code_base, worker.code_base);
    assert_eq!(worker.containers.len(), 2, "two copies of one process");
    assert_eq!(api.containers.len(), 2, "the migration is a step of it");
}

#[test]
fn the_root_is_the_part_of_the_context_that_is_started() {
    let compose = "services:\n  orders:\n    build: {context: ., dockerfile: orders/Dockerfile}\n  \
                   users:\n    build: {context: ., dockerfile: docker/Dockerfile.node, args: {APP: users}}\n  \
                   billing:\n    build: {context: ., dockerfile: docker/Dockerfile.node}\n    command: node dist/apps/billing/main.js\n  \
                   returns:\n    build: {context: ., dockerfile: docker/Dockerfile.node, args: {APP: returns}}\n  \
                   mails:\n    image: node:22\n    volumes: ['.:/app']\n    command: sh -c \"npm ci && cd apps/mails && npm start\"\n  \
                   stock:\n    build: {context: ., dockerfile: docker/Dockerfile-stock}\n  \
                   prices:\n    build: {context: ., dockerfile: docker/Dockerfile.python}\n    command: uvicorn services.prices.main:app\n";
    let world = world(&[
        ("compose.yaml", compose),
        (
            "orders/Dockerfile",
            "FROM python:3\nCOPY orders ./orders\nCOPY shared ./shared\nCMD [\"python\", \"-m\", \"orders.main\"]\n",
        ),
        ("orders/main.py", API),
        ("shared/events.py", ""),
        ("docker/Dockerfile.node", "FROM node\nARG APP\nCOPY . .\n"),
        (
            "docker/Dockerfile-stock",
            "FROM golang AS b\nCOPY . .\nRUN go build -o /bin/app ./cmd/stock\nFROM scratch\nCMD [\"/app\"]\n",
        ),
        ("docker/Dockerfile.python", "FROM python:3\nCOPY . .\n"),
        ("apps/users/src/main.ts", NEST),
        ("apps/billing/src/main.ts", NEST),
        ("apps/mails/src/main.ts", NEST),
        ("apps/mails/package.json", "{}"),
        ("backend/services/returns/src/main.ts", NEST),
        ("backend/services/returns/package.json", "{}"),
        ("docker/mongo-init.js", "db.createUser({});"),
        ("cmd/stock/main.go", "package main\nfunc main() {}\n"),
        ("services/prices/main.py", API),
    ]);
    let expected = [
        ("billing", "apps/billing"),
        ("mails", "apps/mails"),
        ("orders", "orders"),
        ("prices", "services/prices"),
        ("returns", "backend/services/returns"),
        ("stock", "cmd/stock"),
        ("users", "apps/users"),
    ];
    assert_eq!(world.roots(), expected);
}

#[test]
fn an_image_of_ours_is_the_service_it_is_built_from() {
    let world = world(&[
        (
            "deploy/compose.yaml",
            "services:\n  orders:\n    image: ghcr.io/acme/shop-orders:1.2\n  store:\n    image: acme/shop-store\n  \
             accounts:\n    image: acme/accounts-db\n  search:\n    image: elasticsearch:8\n  other:\n    image: acme/other\n",
        ),
        ("orders/Dockerfile", PYTHON),
        ("orders/app/main.py", API),
        ("store/Dockerfile", "FROM mongo:5\nCOPY *.js /docker-entrypoint-initdb.d/\n"),
        ("store/users.js", "db.users.insert({})"),
        ("accounts/main.go", "package main\nfunc main() {}\n"),
        ("accounts/docker/accounts-db/Dockerfile", "FROM mysql:5.7\nCOPY dump.sql /docker-entrypoint-initdb.d/\n"),
    ]);
    assert_eq!(world.roots(), [("orders", "orders")]);
}

#[test]
fn code_that_is_mounted_into_a_language_image_is_a_service() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  orders:\n    image: node:22\n    working_dir: /app\n    volumes: [./orders:/app]\n    command: npm start\n  \
             db:\n    image: postgres:16\n    volumes: [./db:/docker-entrypoint-initdb.d]\n",
        ),
        (
            "orders/package.json",
            r#"{"name": "@shop/orders", "scripts": {"start": "node src/server.js"}, "dependencies": {"express": "4"}}"#,
        ),
        ("orders/src/server.js", "const app = express();\napp.listen(80);\n"),
        ("db/init.py", "print(1)\n"),
    ]);
    assert_eq!(world.roots(), [("orders", "orders")]);
    assert_eq!(world.tree.file(world.service("orders").entries[0]).path, "orders/src/server.js");
}

#[test]
fn code_that_is_mounted_into_an_image_with_tools_only_is_its_service() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  orders:\n    build: docker/tools\n    working_dir: /code/orders\n    volumes: [./internal:/code]\n",
        ),
        ("docker/tools/Dockerfile", "FROM golang:1.24\nCOPY start.sh /\nENTRYPOINT [\"/start.sh\"]\n"),
        ("docker/tools/start.sh", "go run .\n"),
        ("internal/orders/go.mod", "module shop/orders\n"),
        ("internal/orders/main.go", "package main\nfunc main() {}\n"),
        ("internal/stock/go.mod", "module shop/stock\n"),
        ("internal/stock/stock.go", "package stock\n"),
    ]);
    assert_eq!(world.roots(), [("orders", "internal/orders")]);
}

#[test]
fn a_program_of_go_is_called_after_what_it_is_the_program_of() {
    let program = "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.ListenAndServe(\":80\", nil)\n}\n";
    let world = world(&[
        ("go.mod", "module shop\n"),
        ("internal/orders/cmd/app/main.go", program),
        ("internal/stock/go.mod", "module shop/stock\n"),
        ("internal/stock/cmd/app/main.go", program),
    ]);
    assert_eq!(world.roots(), [("orders", "internal/orders"), ("stock", "internal/stock")]);
}

#[test]
fn one_dockerfile_with_a_stage_for_each_program() {
    let stages = |name: &str| {
        format!(
            "FROM source AS {name}-build\nRUN go build -o /out/{name} ./cmd/{name}\nFROM scratch AS {name}\n\
             COPY --from={name}-build /out/{name} /{name}\nENTRYPOINT [\"/{name}\"]\n"
        )
    };
    let file = format!("FROM golang:1.24 AS source\nCOPY . .\n{}{}", stages("migrator"), stages("relay"));
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  outbox:\n    build: {context: ., target: relay}\n  tables:\n    build: {context: ., target: migrator}\n",
        ),
        ("Dockerfile", &file),
        ("go.mod", "module shop\n"),
        ("cmd/migrator/main.go", "package main\nfunc main() {}\n"),
        ("cmd/relay/main.go", "package main\nfunc main() {}\n"),
    ]);
    assert_eq!(world.roots(), [("outbox", "cmd/relay"), ("tables", "cmd/migrator")]);
}

#[test]
fn one_image_with_several_programs_is_the_one_that_the_container_starts() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  api:\n    build: .\n    command: [/bin/orders, -config, /app/config.yaml]\n  \
             stock:\n    build: .\n    command: [/bin/stock]\n  mails:\n    build: .\n    command: ./mailer\n",
        ),
        (
            "Dockerfile",
            "FROM golang:1.25 AS b\nCOPY . .\nRUN CGO_ENABLED=0 go build \\\n  -o /bin/orders ./cmd/orders\n\
             RUN go build -ldflags=\"-s -w\" -o /bin/stock ./cmd/stock && go build -o /out/m ./cmd/mails\n\
             FROM scratch\nCOPY --from=b /bin/orders /bin/orders\nCOPY --from=b /bin/stock /bin/stock\n\
             COPY --from=b /out/m /app/mailer\n",
        ),
        ("go.mod", "module shop\n"),
        ("cmd/mails/main.go", "package main\nfunc main() {}\n"),
        ("cmd/orders/main.go", "package main\nfunc main() {}\n"),
        ("cmd/stock/main.go", "package main\nfunc main() {}\n"),
    ]);
    assert_eq!(world.roots(), [("api", "cmd/orders"), ("mails", "cmd/mails"), ("stock", "cmd/stock")]);
}

#[test]
fn a_web_server_with_workers_of_its_own_is_no_worker() {
    let world = world(&[
        ("Dockerfile", "FROM python:3.13\nCOPY . .\nCMD [\"gunicorn\", \"--workers\", \"2\", \"app:create()\"]\n"),
        ("app.py", "from shop import create\n"),
        ("shop/__init__.py", "from flask import Flask\n\n\ndef create():\n    return Flask(__name__)\n"),
    ]);
    let kinds: Vec<ServiceKind> = world.services.iter().map(|service| service.kind).collect();
    assert_eq!(kinds, [ServiceKind::Http]);
}

#[test]
fn stubs_libraries_tests_and_apps_on_telephones_are_no_services() {
    let world = world(&[
        ("package.json", r#"{"name": "shop", "workspaces": ["services/*", "packages/*", "apps/*"]}"#),
        ("services/orders/package.json", r#"{"name": "@shop/orders", "dependencies": {"@nestjs/core": "10"}}"#),
        ("services/orders/Dockerfile", NODE),
        ("services/orders/src/main.ts", NEST),
        ("services/carbon/package.json", r#"{"name": "@shop/carbon"}"#),
        ("packages/events/package.json", r#"{"name": "@shop/events"}"#),
        ("packages/events/src/index.ts", "export class OrderPlaced {}\n"),
        ("apps/mobile/package.json", r#"{"name": "mobile", "dependencies": {"react-native": "0.74", "react": "18"}}"#),
        ("apps/mobile/src/App.tsx", "export const App = () => null;\n"),
        ("tests/e2e/package.json", r#"{"name": "e2e", "dependencies": {"express": "4"}}"#),
        ("tests/e2e/server.js", "express().listen(1)"),
        ("mockups/index.html", "<html></html>"),
        ("scripts/seed.py", "if __name__ == '__main__':\n    pass\n"),
    ]);
    assert_eq!(world.roots(), [("orders", "services/orders")]);
}

#[test]
fn a_next_application_is_a_service_without_a_container_and_a_bare_page_is_none() {
    let world = world(&[
        ("compose.yaml", "services:\n  orders:\n    build: services/orders\n"),
        ("services/orders/Dockerfile", PYTHON),
        ("services/orders/app/main.py", API),
        ("apps/web/package.json", r#"{"name": "web", "dependencies": {"next": "15", "react": "19"}}"#),
        ("apps/web/app/page.tsx", "export default function Page() { return null; }\n"),
        (
            "apps/panel/package.json",
            r#"{"name": "panel", "scripts": {"build": "vite build"}, "dependencies": {"react": "19"}}"#,
        ),
        ("apps/panel/src/main.tsx", "render();\n"),
        ("apps/landing/package.json", r#"{"name": "landing", "dependencies": {"vue": "3"}}"#),
        ("apps/landing/src/main.ts", "mount();\n"),
        ("apps/landing/netlify.toml", "[build]\n"),
    ]);
    assert_eq!(world.names(), ["landing", "orders", "web"]);
    assert_eq!(world.service("web").kind, ServiceKind::Frontend);
}

#[test]
fn a_web_server_is_a_front_end_with_pages_and_infrastructure_without() {
    let world = world(&[
        (
            "web/Dockerfile",
            "FROM node AS b\nRUN npm run build\nFROM nginx\nCOPY --from=b /app/dist /usr/share/nginx/html\n",
        ),
        ("web/package.json", r#"{"name": "web", "dependencies": {"react": "19"}}"#),
        ("web/src/main.jsx", "render();\n"),
        ("edge/Dockerfile", "FROM nginx:1\nCOPY nginx.conf /etc/nginx/nginx.conf\n"),
        ("edge/nginx.conf", ""),
        ("logs/Dockerfile", "FROM fluentd\nRUN gem install fluent-plugin-kafka\n"),
        ("seed/Dockerfile", "FROM postgres:16\nCOPY seed.sql /docker-entrypoint-initdb.d/\n"),
    ]);
    let kinds: Vec<_> = world.services.iter().map(|s| (s.name.as_str(), s.kind)).collect();
    let expected =
        [("edge", ServiceKind::Infrastructure), ("logs", ServiceKind::Infrastructure), ("web", ServiceKind::Frontend)];
    assert_eq!(kinds, expected);
}

#[test]
fn services_of_the_same_name_are_told_apart_and_one_that_is_declared_twice_is_one() {
    let own = "services:\n  app:\n    build: .\n    container_name: NAME\n";
    let both = world(&[
        ("orders/compose.yaml", &own.replace("NAME", "orders-api")),
        ("orders/Dockerfile", PYTHON),
        ("orders/app/main.py", API),
        ("users/compose.yaml", "services:\n  app:\n    build: .\n"),
        ("users/Dockerfile", PYTHON),
        ("users/app/main.py", API),
    ]);
    assert_eq!(both.roots(), [("orders-api", "orders"), ("users", "users")]);
    let twice = world(&[
        ("compose.yaml", "services:\n  orders:\n    build: orders\n"),
        ("orders/compose.yaml", own),
        ("orders/Dockerfile", PYTHON),
        ("orders/app/main.py", API),
    ]);
    assert_eq!(twice.roots(), [("orders", "orders")]);
    assert_eq!(twice.services[0].containers.len(), 2);
}

#[test]
fn a_name_that_was_copied_stays_with_the_folder_that_is_called_so() {
    let package = "{\"name\": \"teach\", \"scripts\": {\"start\": \"nodemon\"}}";
    let image = "FROM node:20\nCOPY . /app\nCMD [\"npm\", \"start\"]\n";
    let runs = "{\"exec\": \"node -r ts-node/register src/index.ts\"}";
    let index = "import { setup } from './rabbit';\nconst start = async () => { await setup(); };\nstart();\n";
    let world = world(&[
        ("services/chat/package.json", package),
        ("services/chat/Dockerfile", image),
        ("services/chat/nodemon.json", runs),
        ("services/chat/src/index.ts", index),
        ("services/teach/package.json", package),
        ("services/teach/Dockerfile", image),
        ("services/teach/nodemon.json", runs),
        ("services/teach/src/index.ts", index),
    ]);
    assert_eq!(world.roots(), [("chat", "services/chat"), ("teach", "services/teach")]);
}

#[test]
fn one_image_for_several_containers_starts_what_is_called_like_each() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  tasks:\n    build: .\n    volumes: [./services/tasks:/app/services/tasks]\n  users:\n    \
             build: .\n  mails:\n    build: .\n    command: python services/users/mails.py\n",
        ),
        ("Dockerfile", "FROM python:3\nCOPY services services\nCMD [\"python\", \"services/users/main.py\"]\n"),
        ("services/tasks/main.py", API),
        ("services/users/main.py", API),
        ("services/users/mails.py", API),
    ]);
    assert_eq!(world.roots(), [("mails", "services/users"), ("tasks", "services/tasks"), ("users", "services/users")]);
}

#[test]
fn a_load_generator_is_a_job_and_a_container_of_tests_is_nothing() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  load:\n    build: load-gen\n  e2e:\n    build: orders\n    command: npm test\n  \
             check:\n    build: orders\n    command: [pytest, -q]\n  orders:\n    build: orders\n",
        ),
        ("load-gen/Dockerfile", "FROM python:3\nCOPY . .\nCMD [\"locust\", \"-f\", \"shop.py\"]\n"),
        ("load-gen/shop.py", "class User: pass\n"),
        ("orders/Dockerfile", PYTHON),
        ("orders/app/main.py", API),
    ]);
    assert_eq!(world.names(), ["load", "orders"]);
    assert_eq!(world.service("load").kind, ServiceKind::Job);
}

#[test]
fn without_any_container_the_entry_points_tell() {
    let world = world(&[
        (
            "nest-cli.json",
            r#"{"monorepo": true, "projects": {"orders": {"type": "application", "root": "apps/orders"}, "users": {"type": "application", "root": "apps/users"}, "common": {"type": "library", "root": "libs/common"}}}"#,
        ),
        ("package.json", r#"{"name": "shop", "dependencies": {"@nestjs/core": "10"}}"#),
        ("apps/orders/src/main.ts", NEST),
        ("apps/users/src/main.ts", "const app = await NestFactory.createMicroservice(AppModule);\n"),
        ("libs/common/src/index.ts", "export const a = 1;\n"),
    ]);
    assert_eq!(world.roots(), [("orders", "apps/orders"), ("users", "apps/users")]);
    assert_eq!(world.service("users").kind, ServiceKind::Worker);
}

#[test]
fn packages_for_others_playgrounds_and_development_containers_are_no_services() {
    let world = world(&[
        ("compose.yaml", "services:\n  api:\n    build: apps/api\n"),
        (
            ".devcontainer/compose.yaml",
            "services:\n  app:\n    build: {context: .., dockerfile: .devcontainer/Dockerfile}\n",
        ),
        (".devcontainer/Dockerfile", NODE),
        ("apps/api/Dockerfile", NODE),
        ("apps/api/package.json", r#"{"name": "api", "dependencies": {"@nestjs/core": "10"}}"#),
        ("apps/api/src/main.ts", NEST),
        (
            "packages/nextjs/package.json",
            r#"{"name": "@shop/nextjs", "main": "dist/index.js", "devDependencies": {"next": "14"}, "peerDependencies": {"next": ">=13"}, "scripts": {"build": "tsup"}}"#,
        ),
        ("packages/nextjs/src/index.ts", "export const a = 1;\n"),
        (
            "playground/web/package.json",
            r#"{"name": "try", "dependencies": {"next": "14"}, "scripts": {"build": "next build"}}"#,
        ),
        ("playground/web/pages/index.tsx", "export default () => null;\n"),
    ]);
    assert_eq!(world.roots(), [("api", "apps/api")]);
}

#[test]
fn one_image_for_every_application_of_a_monorepo_is_no_service() {
    let nest = r#"{"projects": {"orders": {"type": "application", "root": "apps/orders"}, "users": {"type": "application", "root": "apps/users"}}}"#;
    let world = world(&[
        ("nest-cli.json", nest),
        ("package.json", r#"{"name": "shop", "dependencies": {"@nestjs/core": "10"}}"#),
        ("Dockerfile", "FROM node:22\nCOPY . .\nCMD [\"npm\", \"run\", \"start:dev\"]\n"),
        ("docker-compose.yml", "services:\n  db:\n    image: postgres:16\n"),
        ("apps/orders/src/main.ts", NEST),
        ("apps/users/src/main.ts", NEST),
    ]);
    assert_eq!(world.roots(), [("orders", "apps/orders"), ("users", "apps/users")]);
}

#[test]
fn an_argument_of_the_build_names_one_of_several_applications() {
    let package = |name: &str| format!(r#"{{"name": "{name}", "scripts": {{"start": "node src/main.js"}}}}"#);
    let main = "const { start } = require('../../common');\nstart();\n";
    let files = |copy: &str| {
        world(&[
            (
                "Dockerfile.app",
                &format!("FROM node:22\nARG APP\nCOPY common /code/common\n{copy}\nCMD [\"npm\", \"start\"]\n"),
            ),
            ("common/package.json", r#"{"name": "common", "main": "index.js", "dependencies": {"express": "4"}}"#),
            ("common/index.js", "const app = require('express')();\nexports.start = () => app.listen(80);\n"),
            ("apps/orders/package.json", &package("orders")),
            ("apps/orders/src/main.js", main),
            ("apps/users/package.json", &package("users")),
            ("apps/users/src/main.js", main),
        ])
    };
    let expected = [("orders", "apps/orders"), ("users", "apps/users")];
    assert_eq!(files("COPY apps/$APP /code/apps/$APP").roots(), expected);
    assert_eq!(files("COPY . .\nRUN cd apps/${APP} && npm ci").roots(), expected);
}

#[test]
fn an_argument_of_the_build_names_one_of_several_programs_of_go() {
    let files = |rest: &str| {
        world(&[
            ("go.mod", "module example.com/shop\n"),
            ("web/Dockerfile", "FROM nginx\nCOPY dist /usr/share/nginx/html\n"),
            ("web/package.json", r#"{"name": "web", "dependencies": {"react": "19"}}"#),
            ("web/src/index.js", "import React from 'react';\n"),
            ("build/Dockerfile", &format!("FROM golang AS b\nARG APP_PATH\n{rest}\nCMD [\"./server\"]\n")),
            ("app/orders/service/cmd/server/main.go", "package main\nfunc main() { kratos.New() }\n"),
            ("app/users/service/cmd/server/main.go", "package main\nfunc main() { kratos.New() }\n"),
            ("tools/seed/main.go", "package main\nfunc main() {}\n"),
        ])
    };
    let expected = [("orders", "app/orders"), ("users", "app/users"), ("web", "web")];
    assert_eq!(files("COPY . /src\nWORKDIR /src/app/${APP_PATH}\nRUN make build").roots(), expected);
    assert_eq!(files("COPY . .\nRUN go build -o /server ./app/$APP_PATH/cmd/server").roots(), expected);
}

#[test]
fn one_image_for_the_modules_of_a_gradle_build_is_no_service() {
    let main = |name: &str| format!("package {name}\nfun main() {{ embeddedServer(Netty).start() }}\n");
    let module = "plugins { application }\n";
    let engine = "application { mainClass.set(\"io.ktor.server.netty.EngineMain\") }\n";
    let files = [
        ("build.gradle.kts", "allprojects { version = \"1\" }\n"),
        ("settings.gradle.kts", "include(\":orders\", \":users\", \":stock\", \":common\")\n"),
        (
            "Dockerfile",
            "FROM eclipse-temurin:21\nARG SERVICE\nCOPY ${SERVICE}/build/install/${SERVICE} /app\nENTRYPOINT [\"/app/bin/run\"]\n",
        ),
        ("common/build.gradle.kts", module),
        ("common/src/main/kotlin/Log.kt", "package common\nclass Log\n"),
        ("orders/build.gradle.kts", module),
        ("orders/src/main/kotlin/Main.kt", &main("orders")),
        ("stock/build.gradle.kts", engine),
        ("stock/src/main/kotlin/Routes.kt", "package stock\nfun Application.module() {}\n"),
        ("users/build.gradle.kts", module),
        ("users/src/main/kotlin/Main.kt", &main("users")),
    ];
    let found = world(&files);
    assert_eq!(found.roots(), [("orders", "orders"), ("stock", "stock"), ("users", "users")]);
}

#[test]
fn a_build_argument_names_the_package_that_a_shared_dockerfile_builds() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  iam:\n    build:\n      context: .\n      dockerfile: docker/Dockerfile.node\n      args: [APP_NAME=@shop/iam-service, APP_DIR=api/iam-service]\n",
        ),
        ("package.json", r#"{"name": "shop", "private": true, "devDependencies": {"turbo": "2"}}"#),
        ("docker/Dockerfile.node", NODE),
        (
            "apps/api/iam-service/package.json",
            r#"{"name": "@shop/iam-service", "dependencies": {"@nestjs/core": "10"}}"#,
        ),
        ("apps/api/iam-service/src/main.ts", NEST),
        ("packages/shared/package.json", r#"{"name": "@shop/shared"}"#),
        ("packages/shared/src/index.ts", "export const a = 1;\n"),
    ]);
    assert_eq!(world.roots(), [("iam", "apps/api/iam-service")]);
}

#[test]
fn manifests_of_other_languages_tell_as_well() {
    let pom = "<project><artifactId>NAME</artifactId><plugin>spring-boot-maven-plugin</plugin></project>";
    let world = world(&[
        ("pom.xml", "<project><packaging>pom</packaging><modules></modules></project>"),
        ("orders/pom.xml", &pom.replace("NAME", "orders")),
        (
            "orders/Dockerfile",
            "FROM eclipse-temurin:21\nCOPY target/orders.jar app.jar\nCMD [\"java\", \"-jar\", \"app.jar\"]\n",
        ),
        ("orders/src/main/java/a/OrdersApplication.java", "@SpringBootApplication\nclass OrdersApplication {}\n"),
        ("common/pom.xml", "<project><artifactId>common</artifactId></project>"),
        ("common/src/main/java/a/Money.java", "class Money {}\n"),
        ("lambda/serverless.yml", "service: x\nfunctions:\n  a: {handler: a.b}\n"),
        ("lambda/handler.py", "def b(event, context): pass\n"),
    ]);
    assert_eq!(world.roots(), [("lambda", "lambda"), ("orders", "orders")]);
}

#[test]
fn the_application_class_of_spring_may_be_called_anything() {
    let pom = "<project><artifactId>NAME</artifactId><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>";
    let start = "@SpringBootApplication\npublic class X {\n  public static void main(String[] args) { SpringApplication.run(X.class, args); }\n}\n";
    let world = world(&[
        (
            "pom.xml",
            "<project><packaging>pom</packaging><modules><module>orders</module><module>stock</module></modules></project>",
        ),
        ("orders/pom.xml", &pom.replace("NAME", "orders")),
        ("orders/src/main/java/com/acme/orders/OrdersRest.java", start),
        ("orders/src/main/java/com/acme/orders/web/Orders.java", "@RestController\nclass Orders {}\n"),
        ("stock/pom.xml", &pom.replace("NAME", "stock")),
        ("stock/src/main/java/com/acme/stock/Stock.java", "class Stock {}\n"),
    ]);
    assert_eq!(world.roots(), [("orders", "orders")]);
}

#[test]
fn a_container_that_starts_our_code_is_a_service_and_one_that_starts_a_tool_is_none() {
    let world = world(&[
        ("expiration/Dockerfile", "FROM node:22\nCOPY . .\nCMD [\"npm\", \"start\"]\n"),
        (
            "expiration/package.json",
            r#"{"name": "expiration", "scripts": {"start": "ts-node src/index.ts"}, "dependencies": {"bull": "3"}}"#,
        ),
        ("expiration/src/index.ts", "new OrderCreatedListener(client).listen();\n"),
        ("openapi/Dockerfile", "FROM node:22\nCOPY . .\nENTRYPOINT [\"/app/node_modules/dredd/bin/dredd\"]\n"),
        ("openapi/package.json", r#"{"name": "openapi", "devDependencies": {"dredd": "1"}}"#),
        ("check/Dockerfile", "FROM alpine\nCOPY check.rb .\nENTRYPOINT [\"ruby\", \"check.rb\"]\n"),
        ("check/check.rb", "puts 1\n"),
        ("base/Dockerfile", "FROM python:3.12\nRUN pip install fastapi\n"),
    ]);
    assert_eq!(world.roots(), [("expiration", "expiration")]);
    assert_eq!(world.service("expiration").kind, ServiceKind::Worker);
}

#[test]
fn the_configuration_corrects() {
    let files = [
        (
            "compose.yaml",
            "services:\n  api:\n    build: api\n  cron:\n    build: cron\n  docs:\n    build: docs-site\n",
        ),
        ("api/Dockerfile", PYTHON),
        ("api/app/main.py", API),
        ("cron/Dockerfile", PYTHON),
        ("cron/app/main.py", "print(1)\n"),
        ("docs-site/Dockerfile", "FROM nginx\n"),
        ("batch/run.py", "print(1)\n"),
    ];
    let correction = |key: &str| Correction { key: key.into(), ..Correction::default() };
    let world = corrected(
        &files,
        &[
            Correction { name: Some("orders".into()), ..correction("api") },
            Correction { part_of: Some("orders".into()), kind: Some(ServiceKind::Job), ..correction("cron") },
            Correction { ignore: true, ..correction("docs") },
            Correction { root: Some("batch".into()), kind: Some(ServiceKind::Job), ..correction("batch") },
        ],
    );
    assert_eq!(world.roots(), [("batch", "batch"), ("cron", "cron"), ("orders", "api")]);
    assert_eq!(world.service("cron").code_base, world.service("orders").code_base);
    assert_eq!(world.service("cron").kind, ServiceKind::Job);
}

#[test]
fn images_are_named_after_the_folder_of_a_program_of_one_module() {
    let main = "package main\n\nfunc main() { http.ListenAndServe(\":80\", nil) }\n";
    let world = world(&[
        ("go.mod", "module shop\n"),
        ("Dockerfile-multi-arch", "FROM golang\nARG name\nCOPY . .\nRUN make -C $name\nENTRYPOINT $name\n"),
        ("shop-orders/cmd/server.go", main),
        ("shop-stock/cmd/server.go", main),
        (
            "compose.yaml",
            "services:\n  orders:\n    image: acme/shop-orders:1\n  stock:\n    image: acme/shop-stock:1\n  other:\n    image: acme/shop-bills:1\n",
        ),
    ]);
    assert_eq!(world.roots(), [("orders", "shop-orders"), ("stock", "shop-stock")]);
}
