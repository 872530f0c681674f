//! Routes of JavaScript and TypeScript servers, each framework by an example in the manner of its
//! documentation.

use crate::support::servers::{routes, served};

#[test]
fn express_routers_come_from_other_modules_and_factories() {
    let found = routes(&[
        (
            "src/app.js",
            r#"
const express = require('express');
const orders = require('./orders');
const { users } = require('./users');
const createAdmin = require('./admin');

const app = express();
app.get('port');
app.use(express.json());
app.get('/health', (req, res) => res.json({ ok: true }));
app.use('/api', auth, orders);
app.use(['/users', '/people'], users);
app.use('/admin', createAdmin({ cache: true }));
require('./extra')(app);
app.route('/books').get(list).post(create);
function list(req, res) {}
function create(req, res) {}
function auth(req, res, next) { next(); }
"#,
        ),
        (
            "src/orders.js",
            r#"
const { Router } = require('express');
const items = require('./items');
const router = Router();
router.post('/orders', (req, res) => {});
router.use('/orders/:orderId/items', items);
module.exports = router;
"#,
        ),
        (
            "src/items.js",
            "const express = require('express');\nconst router = express.Router({ mergeParams: true });\nrouter.delete('/:id', (req, res) => {}).get('/', (req, res) => {});\nmodule.exports = router;\n",
        ),
        (
            "src/users.js",
            "const express = require('express');\nconst users = express.Router();\nusers.get('/:id(\\\\d+)', (req, res) => {});\nmodule.exports = { users };\n",
        ),
        (
            "src/admin.js",
            "const { Router } = require('express');\nmodule.exports = function createAdmin(options) {\n  const router = Router();\n  router.all('/cache', (req, res) => {});\n  return router;\n};\n",
        ),
        ("src/extra.js", "module.exports = (app) => {\n  app.get('/ready', (req, res) => res.sendStatus(200));\n};\n"),
    ]);
    assert_eq!(
        found,
        [
            "ANY /admin/cache",
            "DELETE /api/orders/{orderId}/items/{id}",
            "GET /api/orders/{orderId}/items",
            "GET /books",
            "GET /health",
            "GET /people/{id}",
            "GET /ready",
            "GET /users/{id}",
            "POST /api/orders",
            "POST /books",
        ]
    );
}

#[test]
fn express_in_typescript_classes_and_loops() {
    let found = routes(&[
        (
            "src/server.ts",
            r#"
import express, { Express, Router } from 'express';
import { OrderRoutes } from './orders';
import health from './health';

const routes: { path: string; router: Router }[] = [
  { path: '/orders', router: new OrderRoutes().router },
  { path: '/', router: health },
];

export class Server {
  private readonly app: Express;
  constructor() {
    this.app = express();
    this.configure();
  }
  private configure(): void {
    const v1 = Router();
    routes.forEach(({ path, router }) => v1.use(path, router));
    this.app.use('/v1', v1);
    for (const path of ['/livez', '/readyz']) {
      this.app.get(path, (_req, res) => { res.send('ok'); });
    }
  }
}
"#,
        ),
        (
            "src/orders.ts",
            r#"
import { Router } from 'express';
export class OrderRoutes {
  readonly router = Router();
  constructor() {
    this.router.get('/:id', this.find);
  }
  private find = (): void => {};
}
"#,
        ),
        (
            "src/health.ts",
            "import { Router } from 'express';\nconst router = Router();\nrouter.get('/health', (_req, res) => { res.send('ok'); });\nexport default router;\n",
        ),
    ]);
    assert_eq!(found, ["GET /livez", "GET /readyz", "GET /v1/health", "GET /v1/orders/{id}"]);
}

#[test]
fn what_is_mounted_but_not_read_is_a_gap() {
    use skillcheck::extract::routes::GapKind;
    let served = served(&[(
        "app.js",
        r#"
const express = require('express');
const { createProxyMiddleware } = require('http-proxy-middleware');
const cors = require('cors');
const { find } = require('./gone');
const app = express();
app.use(cors());
app.use('/api', createProxyMiddleware({ target: 'http://orders' }));
app.use(express.static('public'));
app.use('/late', find(process.argv).router);
app.get('/health', (req, res) => {});
"#,
    )]);
    let gaps: Vec<(&str, GapKind)> = served.gaps.iter().map(|g| (g.prefix.as_str(), g.kind)).collect();
    assert!(gaps.contains(&("/api", GapKind::External)), "{gaps:?}");
    assert!(gaps.contains(&("/", GapKind::Files)), "{gaps:?}");
    assert_eq!(served.routes.len(), 1);
}

#[test]
fn fastify_plugins_nest_and_fastify_plugin_drops_the_prefix() {
    let found = routes(&[
        (
            "src/app.ts",
            r#"
import Fastify, { FastifyInstance } from 'fastify';
import orders from './orders';
import shared from './shared';

export async function build(): Promise<FastifyInstance> {
  const app = Fastify({ logger: true });
  app.get('/health', async () => ({ ok: true }));
  app.register(orders, { prefix: '/api' });
  app.register(shared, { prefix: '/ignored' });
  await app.register(async (scope) => {
    scope.route({ method: ['GET', 'POST'], url: '/events', handler: async () => [] });
  }, { prefix: '/v2' });
  return app;
}
"#,
        ),
        (
            "src/orders.ts",
            r#"
import { FastifyInstance } from 'fastify';
import items from './items';
export default async function (fastify: FastifyInstance) {
  fastify.get('/orders/:id', async () => ({}));
  fastify.register(items, { prefix: '/items' });
}
"#,
        ),
        ("src/items.ts", "export default async function items(f) {\n  f.post('/', async () => ({}));\n}\n"),
        (
            "src/shared.ts",
            "import fp from 'fastify-plugin';\nexport default fp(async (fastify) => {\n  fastify.get('/shared', async () => ({}));\n});\n",
        ),
    ]);
    assert_eq!(
        found,
        ["GET /api/orders/{id}", "GET /health", "GET /shared", "GET /v2/events", "POST /api/items", "POST /v2/events"]
    );
}

#[test]
fn koa_routers_have_prefixes_and_nest() {
    let found = routes(&[(
        "app.js",
        r#"
const Koa = require('koa');
const Router = require('@koa/router');
const app = new Koa();
const outer = new Router({ prefix: '/outer' });
const inner = new Router();
inner.prefix('/inner');
inner.get('/health', (ctx) => {});
outer.use('/mid', inner.routes(), inner.allowedMethods());
outer.del('/x/:id', (ctx) => {});
app.use(outer.routes()).use(outer.allowedMethods());
app.use(async (ctx, next) => {
  if (ctx.path === '/ping') { ctx.body = 'pong'; return; }
  await next();
});
"#,
    )]);
    assert_eq!(found, ["ANY /ping", "DELETE /outer/x/{id}", "GET /outer/mid/inner/health"]);
}

#[test]
fn hapi_takes_objects_lists_and_plugins() {
    let found = routes(&[(
        "app.js",
        r#"
const Hapi = require('@hapi/hapi');
const plugin = { name: 'orders', register: async (server, options) => {
  server.route({ method: 'GET', path: '/orders/{id?}', handler: () => '' });
} };
const init = async () => {
  const server = Hapi.server({ port: 3000 });
  server.route([
    { method: 'GET', path: '/health', handler: () => 'ok' },
    { method: ['PUT', 'POST'], path: '/users', handler: () => 'ok' },
  ]);
  await server.register({ plugin, routes: { prefix: '/api' } });
  await server.register(plugin, { routes: { prefix: '/v2' } });
};
"#,
    )]);
    assert_eq!(found, ["GET /api/orders/{id}", "GET /health", "GET /v2/orders/{id}", "POST /users", "PUT /users"]);
}

#[test]
fn hono_chains_base_paths_and_sub_applications() {
    let found = routes(&[(
        "app.ts",
        r#"
import { Hono } from 'hono';
const orders = new Hono().get('/', (c) => c.text('')).post('/:id/pay', (c) => c.text(''));
const app = new Hono();
app.get('/health', (c) => c.text('ok'));
app.on(['PUT', 'DELETE'], '/cache', (c) => c.text(''));
app.basePath('/api').route('/orders', orders);
export default app;
"#,
    )]);
    assert_eq!(found, ["DELETE /cache", "GET /api/orders", "GET /health", "POST /api/orders/{id}/pay", "PUT /cache"]);
}

const NEST_MODULE: &str = r#"
import { Module } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { OrdersController } from './orders.controller';
import { HealthController } from './health.controller';
import { AdminController } from './admin.controller';

@Module({ controllers: [AdminController] })
export class AdminModule {}

@Module({
  imports: [AdminModule, RouterModule.register([{ path: 'back', module: AdminModule }])],
  controllers: [OrdersController, HealthController],
})
export class AppModule {}
"#;

#[test]
fn nest_joins_global_prefix_version_module_controller_and_method() {
    let found = routes(&[
        (
            "svc/src/main.ts",
            r#"
import { NestFactory } from '@nestjs/core';
import { RequestMethod, VersioningType } from '@nestjs/common';
import { AppModule } from './app.module';

function configure(app) {
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.setGlobalPrefix('api', { exclude: ['health/live', { path: 'ready', method: RequestMethod.GET }] });
  configure(app);
  await app.listen(3000);
}
bootstrap();
"#,
        ),
        ("svc/src/app.module.ts", NEST_MODULE),
        (
            "svc/src/orders.controller.ts",
            r#"
import { Controller, Get, Post, Version } from '@nestjs/common';

abstract class Base {
  @Get('count')
  count() {}
}

@Controller({ path: 'orders', version: ['1', '2'] })
export class OrdersController extends Base {
  @Get(':id')
  find() {}

  @Version('3')
  @Post()
  create() {}
}
"#,
        ),
        (
            "svc/src/health.controller.ts",
            r#"
import { Controller, Get, VERSION_NEUTRAL } from '@nestjs/common';
@Controller({ version: VERSION_NEUTRAL })
export class HealthController {
  @Get('health/live')
  live() {}
  @Get('ready')
  ready() {}
  @Get(['health', 'healthz'])
  both() {}
}
"#,
        ),
        (
            "svc/src/admin.controller.ts",
            "import { Controller, All } from '@nestjs/common';\n@Controller('admin')\nexport class AdminController {\n  @All('cache')\n  cache() {}\n}\n",
        ),
        (
            // Left over from the generator: no module holds it, and nothing imports the file.
            "svc/src/app.controller.ts",
            "import { Controller, Get } from '@nestjs/common';\n@Controller()\nexport class AppController {\n  @Get('hello')\n  hello() {}\n}\n",
        ),
    ]);
    assert_eq!(
        found,
        [
            "ANY /api/v1/back/admin/cache",
            "GET /api/health",
            "GET /api/healthz",
            "GET /api/v1/orders/count",
            "GET /api/v1/orders/{id}",
            "GET /api/v2/orders/count",
            "GET /api/v2/orders/{id}",
            "GET /health/live",
            "GET /ready",
            "POST /api/v3/orders",
        ]
    );
}

#[test]
fn nest_applications_of_one_repository_keep_their_own_prefix() {
    let main = |prefix: &str| {
        format!(
            "import {{ NestFactory }} from '@nestjs/core';\nimport {{ AppModule }} from './app.module';\nasync function run() {{\n  const app = await NestFactory.create(AppModule);\n  app.setGlobalPrefix('{prefix}');\n}}\nrun();\n"
        )
    };
    let module = "import { Module } from '@nestjs/common';\nimport { HealthController } from '../../shared/health.controller';\n@Module({ controllers: [HealthController] })\nexport class AppModule {}\n";
    let (a, b) = (main("a"), main("b"));
    let found = routes(&[
        ("a/src/main.ts", &a),
        ("a/src/app.module.ts", module),
        ("b/src/main.ts", &b),
        ("b/src/app.module.ts", module),
        (
            "shared/health.controller.ts",
            "import { Controller, Get } from '@nestjs/common';\n@Controller('health')\nexport class HealthController {\n  @Get()\n  check() {}\n}\n",
        ),
    ]);
    assert_eq!(found, ["GET /a/health", "GET /b/health"]);
}

#[test]
fn next_routes_follow_from_file_names() {
    let found = routes(&[
        (
            "web/src/app/api/health/route.ts",
            "export async function GET() {\n  return Response.json({ ok: true });\n}\n",
        ),
        (
            "web/src/app/api/auth/[...nextauth]/route.ts",
            "import NextAuth from 'next-auth';\nconst handler = NextAuth({});\nexport { handler as GET, handler as POST };\n",
        ),
        ("old/pages/api/orders/[id].js", "export default function handler(req, res) {\n  res.status(200).end();\n}\n"),
        ("old/next.config.js", "module.exports = { basePath: '/shop' };\n"),
    ]);
    assert_eq!(
        found,
        ["ANY /shop/api/orders/{id}", "GET /api/auth/{*nextauth}", "GET /api/health", "POST /api/auth/{*nextauth}"]
    );
}

#[test]
fn a_node_server_compares_the_url() {
    let found = routes(&[(
        "worker.js",
        r#"
const http = require('http');
const server = http.createServer((req, res) => {
  if (req.method === 'GET' && req.url === '/health') {
    res.end('ok');
  } else if (req.url === '/metrics') {
    res.end('');
  }
});
server.listen(3000);
"#,
    )]);
    assert_eq!(found, ["ANY /metrics", "GET /health"]);
}

#[test]
fn health_libraries_serve_paths_of_their_own() {
    let found = routes(&[
        (
            "a.js",
            r#"
const http = require('http');
const express = require('express');
const { createTerminus } = require('@godaddy/terminus');
const app = express();
const server = http.createServer(app);
createTerminus(server, { healthChecks: { '/healthcheck': async () => {} } });
"#,
        ),
        ("b.js", "const { createLightship } = require('lightship');\nconst lightship = createLightship();\n"),
        (
            "c.js",
            "const fastify = require('fastify')();\nconst underPressure = require('@fastify/under-pressure');\nfastify.register(underPressure, { exposeStatusRoute: '/alive' });\n",
        ),
        ("d.js", "const { ApolloServer } = require('apollo-server');\nnew ApolloServer({}).listen();\n"),
    ]);
    assert_eq!(
        found,
        [
            "GET /.well-known/apollo/server-health",
            "GET /alive",
            "GET /health",
            "GET /healthcheck",
            "GET /live",
            "GET /ready",
            "POST /",
        ]
    );
}

#[test]
fn applications_exported_from_a_function_that_runs_at_once_are_mounted() {
    let found = routes(&[
        (
            "server.js",
            "var express = require('express')\n  , cart = require('./api/cart')\n  , app = express();\napp.use(cart);\n",
        ),
        (
            "api/cart/index.js",
            "(function () {\n  'use strict';\n  var express = require('express')\n    , app = express();\n  app.get('/cart', function (req, res) {});\n  module.exports = app;\n}());\n",
        ),
    ]);
    assert_eq!(found, ["GET /cart"]);
}

#[test]
fn an_application_that_is_passed_to_something_unknown_has_a_gap() {
    use skillcheck::extract::routes::GapKind;
    let code = "const express = require('express');\nconst api = container.resolve('api');\nconst app = express();\nconst register = api.bind(null, {});\nfunction start(register) {\n  register[0](app);\n}\napp.get('/orders', (req, res) => {});\n";
    let served = served(&[("server.js", code)]);
    assert_eq!(served.gaps.iter().map(|g| g.kind).collect::<Vec<_>>(), [GapKind::Unresolved]);
}

#[test]
fn nest_applications_that_a_shared_function_starts() {
    let controller = |name: &str| {
        format!(
            "import {{ Controller, Get }} from '@nestjs/common';\n@Controller('{name}')\nexport class C {{\n  @Get()\n  all() {{}}\n}}\n"
        )
    };
    let module = "import { Module } from '@nestjs/common';\nimport { C } from './c.controller';\n@Module({ controllers: [C] })\nexport class AppModule {}\n";
    let main = "import { AppModule } from './app.module';\nimport { start } from '../../../libs/start';\nvoid start(AppModule);\n";
    let (orders, users) = (controller("orders"), controller("users"));
    let found = routes(&[
        (
            "libs/start.ts",
            "import { NestFactory } from '@nestjs/core';\nexport async function start(root: unknown) {\n  const app = await NestFactory.create(root);\n  app.setGlobalPrefix('api');\n  await app.listen(3000);\n}\n",
        ),
        ("apps/orders/src/main.ts", main),
        ("apps/orders/src/app.module.ts", module),
        ("apps/orders/src/c.controller.ts", orders.as_str()),
        ("apps/users/src/main.ts", main),
        ("apps/users/src/app.module.ts", module),
        ("apps/users/src/c.controller.ts", users.as_str()),
    ]);
    assert_eq!(found, ["GET /api/orders", "GET /api/users"]);
}
