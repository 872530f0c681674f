//! Who owns which code, what runs in the browser, and who calls whom, on small trees.
use std::path::Path;

use skillcheck::cache::Cache;
use skillcheck::catalog::Catalog;
use skillcheck::extract::http;
use skillcheck::files::{self, Tree};
use skillcheck::program::{Evaluator, Program, load};
use skillcheck::system::browser::{Browser, browser};
use skillcheck::system::calls::{Call, calls};
use skillcheck::system::deployment::Deployment;
use skillcheck::system::imports::dependencies;
use skillcheck::system::owners::owners;
use skillcheck::system::services::{Service, discover};

struct World {
    #[allow(dead_code)]
    folder: tempfile::TempDir,
    tree: Tree,
    program: Program,
    services: Vec<Service>,
    owners: std::collections::HashMap<skillcheck::syntax::FileId, Vec<usize>>,
    browser: Browser,
}

fn world(given: &[(&str, &str)]) -> World {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in given {
        let path: &Path = &folder.path().join("shop").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let tree = files::walk(&[folder.path().join("shop")], &globset::GlobSet::empty()).tree;
    let deployment = Deployment::read(&tree);
    let packages = deployment.packages(&tree);
    let catalog = Catalog::embedded().unwrap();
    let program = load::load(&tree, catalog, &packages, load::Prefilter::Off, &Cache::in_memory()).program;
    let services = discover(&tree, &deployment, &[]);
    let dependencies = dependencies(&program);
    let owners = owners(&tree, &program, &dependencies, &services);
    let browser = browser(&tree, &deployment, &program, &dependencies);
    World { folder, tree, program, services, owners, browser }
}

impl World {
    fn owners(&self, path: &str) -> Vec<&str> {
        let owners = self.owners.get(&self.tree.find(path).unwrap());
        owners.into_iter().flatten().map(|index| self.services[*index].name.as_str()).collect()
    }

    fn in_browser(&self) -> Vec<&str> {
        let units = self.program.ids().filter(|unit| self.browser.is_browser(*unit));
        units.map(|unit| self.program.unit(unit).path.as_str()).collect()
    }

    fn calls(&self) -> Vec<Call> {
        let ev = Evaluator::new(&self.program, Catalog::embedded().unwrap());
        let clients = http::extract(&ev, &|unit| !self.browser.is_browser(unit));
        calls(&self.services, &self.owners, &clients)
    }
}

const API: &str = "from fastapi import FastAPI\napp = FastAPI()\n";
const PYTHON: &str = "FROM python:3.12\nCOPY . .\nCMD [\"uvicorn\", \"app.main:app\"]\n";

#[test]
fn shared_code_belongs_to_every_service_that_imports_it() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  orders:\n    build: {context: ., dockerfile: orders/Dockerfile}\n  users:\n    build: {context: ., dockerfile: users/Dockerfile}\n",
        ),
        ("orders/Dockerfile", PYTHON),
        ("orders/main.py", &format!("{API}from shared import events\n")),
        ("orders/tests/test_a.py", "from shared import unused\n"),
        ("users/Dockerfile", PYTHON),
        ("users/main.py", &format!("{API}from shared.tracing import start\n")),
        ("shared/events.py", "from . import tracing\n"),
        ("shared/tracing.py", "def start(): pass\n"),
        ("shared/unused.py", ""),
    ]);
    assert_eq!(world.owners("orders/main.py"), ["orders"]);
    assert_eq!(world.owners("shared/events.py"), ["orders"]);
    assert_eq!(world.owners("shared/tracing.py"), ["orders", "users"]);
    assert_eq!(world.owners("shared/unused.py"), [""; 0]);
}

#[test]
fn packages_of_a_workspace_belong_to_those_that_depend_on_them() {
    let world = world(&[
        ("package.json", r#"{"name": "shop", "workspaces": ["packages/*", "services/*"]}"#),
        ("packages/bus/package.json", r#"{"name": "@shop/bus", "main": "dist/index.js"}"#),
        ("packages/bus/src/index.ts", "export * from './bus';\n"),
        ("packages/bus/src/bus.ts", "export class Bus {}\n"),
        (
            "services/orders/package.json",
            r#"{"name": "@shop/orders", "dependencies": {"express": "4", "@shop/bus": "*"}}"#,
        ),
        ("services/orders/Dockerfile", "FROM node\nCMD [\"node\", \"dist/main.js\"]\n"),
        ("services/orders/src/main.ts", "import { Bus } from '@shop/bus';\nconst app = express();\napp.listen(1);\n"),
    ]);
    assert_eq!(world.owners("packages/bus/src/bus.ts"), ["orders"]);
}

#[test]
fn code_of_two_processes_belongs_to_the_one_that_reaches_it() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  api:\n    build: .\n  worker:\n    build: .\n    command: python -m app.worker\n",
        ),
        ("Dockerfile", PYTHON),
        ("requirements.txt", "fastapi\n"),
        ("app/main.py", &format!("{API}from app import store, routes\n")),
        ("app/worker.py", "from app import store\n"),
        ("app/store.py", ""),
        ("app/routes.py", ""),
        ("app/loose.py", ""),
    ]);
    assert_eq!(world.owners("app/main.py"), ["api"]);
    assert_eq!(world.owners("app/routes.py"), ["api"]);
    assert_eq!(world.owners("app/worker.py"), ["worker"]);
    assert_eq!(world.owners("app/store.py"), ["api", "worker"]);
    assert_eq!(world.owners("app/loose.py"), ["api", "worker"]);
}

#[test]
fn a_front_end_runs_in_the_browser_but_for_the_parts_on_its_server() {
    let world = world(&[
        ("web/package.json", r#"{"name": "web", "dependencies": {"next": "15", "react": "19", "next-auth": "4"}}"#),
        (
            "web/src/app/page.tsx",
            "'use client';\nimport { get } from '../lib/api';\nexport default function Page() { return get(); }\n",
        ),
        (
            "web/src/app/report/page.tsx",
            "export default async function Page() { return (await fetch('http://x')).json(); }\n",
        ),
        (
            "web/src/app/api/orders/route.ts",
            "import { orders } from '../../../lib/orders';\nexport async function GET() { return orders(); }\n",
        ),
        ("web/src/app/actions.ts", "'use server';\nexport async function save() {}\n"),
        ("web/src/lib/api.ts", "export const get = () => fetch('/api/orders');\n"),
        ("web/src/lib/orders.ts", "export const orders = () => fetch('http://orders/');\n"),
        ("web/src/lib/auth.ts", "import NextAuth from 'next-auth';\nexport const auth = NextAuth({});\n"),
        ("web/src/middleware.ts", "export function middleware() {}\n"),
        ("web/public/sw.js", "fetch('/x');\n"),
    ]);
    assert_eq!(world.in_browser(), ["web/public/sw.js", "web/src/app/page.tsx", "web/src/lib/api.ts"]);
}

#[test]
fn a_package_that_only_front_ends_use_runs_in_the_browser() {
    let world = world(&[
        ("web/package.json", r#"{"name": "web", "dependencies": {"react": "19", "@acme/lib": "workspace:*"}}"#),
        ("web/src/App.tsx", "import React from 'react';\nimport { api } from '@acme/lib';\napi.get('/orders');\n"),
        ("lib/package.json", r#"{"name": "@acme/lib", "main": "src/api.ts", "dependencies": {"axios": "1"}}"#),
        ("lib/src/api.ts", "import axios from 'axios';\nexport const api = axios.create({});\n"),
        ("orders/package.json", r#"{"name": "orders", "dependencies": {"express": "4", "@acme/kit": "workspace:*"}}"#),
        ("orders/server.js", "const express = require('express');\nexpress().listen(1);\n"),
        ("kit/package.json", r#"{"name": "@acme/kit", "main": "src/http.ts", "dependencies": {"axios": "1"}}"#),
        ("kit/src/http.ts", "import axios from 'axios';\nexport const http = axios.create({});\n"),
        ("session/package.json", r#"{"name": "session", "dependencies": {"axios": "1"}}"#),
        ("session/token.ts", "import axios from 'axios';\naxios.post('/login', localStorage.getItem('token'));\n"),
    ]);
    assert_eq!(world.in_browser(), ["lib/src/api.ts", "session/token.ts", "web/src/App.tsx"]);
}

#[test]
fn a_package_that_only_pages_import_runs_in_the_browser() {
    let page = "'use client';\nimport { api } from '@acme/shared';\napi.get('/orders');\n";
    let server = "import express from 'express';\nimport { api } from '@acme/shared';\nexpress().listen(1);\n";
    let told = |server: &str| {
        let world = world(&[
            ("web/package.json", r#"{"name": "web", "dependencies": {"next": "15"}}"#),
            ("web/app/orders.tsx", page),
            ("shared/package.json", r#"{"name": "@acme/shared", "main": "index.ts"}"#),
            ("shared/index.ts", "import axios from 'axios';\nexport const api = axios.create({});\n"),
            ("shared/stock.ts", "import axios from 'axios';\nexport const stock = axios.create({});\n"),
            ("orders/package.json", r#"{"name": "orders", "dependencies": {"express": "4"}}"#),
            ("orders/server.ts", server),
        ]);
        world.in_browser().join(" ")
    };
    assert_eq!(told(""), "shared/index.ts shared/stock.ts web/app/orders.tsx");
    assert_eq!(told(server), "web/app/orders.tsx");
}

#[test]
fn pages_inside_a_server_run_in_the_browser() {
    let world = world(&[
        ("shop/package.json", r#"{"name": "shop", "dependencies": {"express": "4"}}"#),
        ("shop/server.js", "const express = require('express');\nexpress().listen(1);\n"),
        ("shop/api/cart.js", "const request = require('request');\n"),
        ("shop/public/js/client.js", "fetch('/cart');\n"),
        ("shop/client/package.json", r#"{"name": "client", "dependencies": {"react": "19"}}"#),
        ("shop/client/src/App.jsx", "import React from 'react';\nfetch('/cart');\n"),
        ("orders/main.py", API),
        ("orders/static/app.js", "fetch('/orders');\n"),
    ]);
    assert_eq!(world.in_browser(), ["orders/static/app.js", "shop/client/src/App.jsx", "shop/public/js/client.js"]);
}

#[test]
fn requests_lead_to_the_service_behind_the_address() {
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  orders:\n    build: orders\n    environment: {USERS_URL: 'http://people:8000'}\n  \
             users:\n    build: users\n    container_name: people\n    ports: ['8002:8000']\n",
        ),
        ("orders/Dockerfile", PYTHON),
        (
            "orders/app/main.py",
            "import os\nimport httpx\nfrom fastapi import FastAPI\n\napp = FastAPI()\nURL = os.environ['USERS_URL']\n\n\
             def user(key):\n    return httpx.get(f'{URL}/users/{key}')\n\n\
             def save():\n    httpx.post('http://localhost:8002/users')\n    httpx.get('https://api.stripe.com/v1')\n",
        ),
        ("users/Dockerfile", PYTHON),
        ("users/app/main.py", API),
    ]);
    let found = world.calls();
    let calls: Vec<_> =
        found.iter().map(|c| (c.from.as_str(), c.to.as_str(), c.method.as_deref(), c.path.as_deref())).collect();
    let expected =
        [("orders", "users", Some("GET"), Some("/users/{}")), ("orders", "users", Some("POST"), Some("/users"))];
    assert_eq!(calls, expected);
}

/// What an editor writes into a new module of Java is no process; one that does something may be.
#[test]
fn a_main_that_only_greets_is_no_service() {
    let pom = "<project><artifactId>stock</artifactId></project>";
    let main = |body: &str| {
        format!("package a;\n\npublic class Main {{\n    public static void main(String[] args) {{\n{body}    }}\n}}\n")
    };
    let greets = main("        System.out.println(\"Hello world!\");\n");
    let counts = main(
        "        // Press it (twice).\n        for (int i = 1; i <= 5; i++) {\n            System.out.println(\"i = \" + i);\n        }\n",
    );
    let works = main("        System.out.println(\"up\");\n        new Worker().work();\n");
    let world = world(&[
        ("greets/pom.xml", pom),
        ("greets/src/main/java/a/Main.java", greets.as_str()),
        ("counts/pom.xml", pom),
        ("counts/src/main/java/a/Main.java", counts.as_str()),
        ("works/pom.xml", pom),
        ("works/src/main/java/a/Main.java", works.as_str()),
    ]);
    let roots: Vec<&str> = world.services.iter().map(|service| service.root.as_str()).collect();
    assert_eq!(roots, ["works"]);
}
