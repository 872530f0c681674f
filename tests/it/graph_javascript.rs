//! `graph --format json` lists every route with method, full path, file and line: each framework of JavaScript and TypeScript by an
//! example in the manner of its documentation.

use crate::support::endpoints;

/// The image of a service.
const IMAGE: &str = "FROM node:22\nCOPY . .\nCMD [\"node\", \"main.js\"]\n";

#[test]
fn express_routers_chains_lists_and_loops() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "birds.js",
            r"const { Router } = require('express')
const router = Router()
router.get('/', (req, res) => {})
router.get('/about', (req, res) => {})
module.exports = router
",
        ),
        (
            "main.js",
            r"const express = require('express')
const birds = require('./birds')
const app = express()
app.get('/', (req, res) => res.send('x'))
app.route('/book')
  .get((req, res) => {})
  .post((req, res) => {})
  .put(h)
app.use('/birds', birds)
app.all('/secret', h)
const api = express.Router({ mergeParams: true })
const v1 = express.Router()
api.use(['/v1', '/one'], auth, v1)
v1.delete('/items/:id', auth, h)
v1.get(['/a', '/b'], h)
app.use('/api', express.json(), api)
app.use(require('./more')(1))
for (const p of ['x', 'y']) app.get(`/loop/${p}`, h)
function h (req, res) {}
function auth (req, res, next) {}
app.listen(3000)
",
        ),
        (
            "more.js",
            r"const express = require('express')
module.exports = (db) => {
  const r = express.Router()
  r.patch('/more/:id?', (req, res) => {})
  return r
}
",
        ),
        ("package.json", "{\"name\":\"web\",\"main\":\"main.js\",\"dependencies\":{\"express\":\"4\"}}"),
    ]);
    assert_eq!(
        found,
        [
            "GET / main.js:4",
            "GET /api/one/a main.js:15",
            "GET /api/one/b main.js:15",
            "DELETE /api/one/items/{id} main.js:14",
            "GET /api/v1/a main.js:15",
            "GET /api/v1/b main.js:15",
            "DELETE /api/v1/items/{id} main.js:14",
            "GET /birds birds.js:3",
            "GET /birds/about birds.js:4",
            "GET /book main.js:6",
            "POST /book main.js:7",
            "PUT /book main.js:8",
            "GET /loop/x main.js:18",
            "GET /loop/y main.js:18",
            "PATCH /more/{id} more.js:4",
            "* /secret main.js:10",
        ]
    );
}

#[test]
fn koa_routers_name_prefix_and_nest() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "main.js",
            r"const Koa = require('koa')
const Router = require('@koa/router')
const mount = require('koa-mount')
const app = new Koa()
const router = new Router({ prefix: '/users' })
router.get('/', list).get('user', '/:id', one).post('/', list)
router.del('/:id', one)
const forums = new Router()
const posts = new Router()
posts.get('/:pid', one)
forums.use('/forums/:fid/posts', posts.routes(), posts.allowedMethods())
app.use(router.routes()).use(router.allowedMethods())
app.use(forums.routes())
const sub = new Koa()
const sr = new Router()
sr.all('/any', one)
sub.use(sr.routes())
app.use(mount('/sub', sub))
function list () {}
function one () {}
app.listen(1)
",
        ),
        (
            "package.json",
            "{\"name\":\"web\",\"main\":\"main.js\",\"dependencies\":{\"koa\":\"2\",\"@koa/router\":\"12\",\"koa-mount\":\"4\"}}",
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /forums/{fid}/posts/{pid} main.js:10",
            "* /sub/any main.js:16",
            "GET /users main.js:6",
            "POST /users main.js:6",
            "DELETE /users/{id} main.js:7",
            "GET /users/{id} main.js:6",
        ]
    );
}

#[test]
fn fastify_prefixes_plugins() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "main.js",
            r"const fastify = require('fastify')({ logger: true })
fastify.get('/', async () => ({}))
fastify.route({ method: ['GET', 'HEAD'], url: '/both', handler: async () => {} })
fastify.register(require('./users'), { prefix: '/users' })
fastify.register(async function (instance, opts) {
  instance.post('/inner', async () => {})
  instance.register((child, o, done) => { child.put('/deep/:id', h); done() }, { prefix: '/deeper' })
}, { prefix: '/v1' })
async function h () {}
fastify.listen({ port: 3000 })
",
        ),
        ("package.json", "{\"name\":\"web\",\"main\":\"main.js\",\"dependencies\":{\"fastify\":\"4\"}}"),
        (
            "users.js",
            r"async function routes (fastify, options) {
  fastify.get('/', async () => {})
  fastify.delete('/:id', { schema: {} }, async () => {})
}
module.exports = routes
",
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET / main.js:2",
            "GET /both main.js:3",
            "HEAD /both main.js:3",
            "GET /users users.js:2",
            "DELETE /users/{id} users.js:3",
            "PUT /v1/deeper/deep/{id} main.js:7",
            "POST /v1/inner main.js:6",
        ]
    );
}

#[test]
fn nest_joins_prefix_version_module_and_controller() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        ("package.json", "{\"name\":\"web\",\"dependencies\":{\"@nestjs/core\":\"10\",\"@nestjs/common\":\"10\"}}"),
        (
            "src/app.module.ts",
            r"import { Module } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { CatsController, HealthController, AdminController } from './cats.controller';
@Module({ controllers: [AdminController] })
export class AdminModule {}
@Module({
  imports: [AdminModule, RouterModule.register([{ path: 'admin', module: AdminModule }])],
  controllers: [CatsController, HealthController],
})
export class AppModule {}
",
        ),
        (
            "src/cats.controller.ts",
            r"import { Controller, Get, Post, Param, All, Version, VERSION_NEUTRAL, Delete } from '@nestjs/common';
@Controller('cats')
export class CatsController {
  @Get() list() {}
  @Get(':id') one(@Param('id') id: string) {}
  @Version('2')
  @Post('create') create() {}
  @All('*') any() {}
}
@Controller({ path: 'health', version: VERSION_NEUTRAL })
export class HealthController { @Get() check() {} }
@Controller({ path: ['a', 'b'], version: '3' })
export class AdminController { @Delete('x') x() {} }
",
        ),
        (
            "src/main.ts",
            r"import { NestFactory } from '@nestjs/core';
import { VersioningType, RequestMethod } from '@nestjs/common';
import { AppModule } from './app.module';
async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.setGlobalPrefix('api', { exclude: [{ path: 'health', method: RequestMethod.GET }] });
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  await app.listen(3000);
}
bootstrap();
",
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /api/v1/cats src/cats.controller.ts:4",
            "* /api/v1/cats/{*} src/cats.controller.ts:8",
            "GET /api/v1/cats/{id} src/cats.controller.ts:5",
            "POST /api/v2/cats/create src/cats.controller.ts:7",
            "DELETE /api/v3/admin/a/x src/cats.controller.ts:13",
            "DELETE /api/v3/admin/b/x src/cats.controller.ts:13",
            "GET /health src/cats.controller.ts:11",
        ]
    );
}

#[test]
fn hono_base_paths_chains_and_sub_applications() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        ("package.json", "{\"name\":\"web\",\"dependencies\":{\"hono\":\"4\",\"@hono/node-server\":\"1\"}}"),
        (
            "src/books.ts",
            r"import { Hono } from 'hono';
export const books = new Hono();
books.get('/', (c) => c.json([]));
books.put('/:id', (c) => c.json([]));
",
        ),
        (
            "src/index.ts",
            r"import { Hono } from 'hono';
import { serve } from '@hono/node-server';
import { books } from './books';
const app = new Hono().basePath('/api');
app.get('/', (c) => c.text('x'));
app.get('/posts/:id{[0-9]+}', (c) => c.text('x')).post('/posts', (c) => c.text('y'));
app.on(['PUT', 'DELETE'], '/both', (c) => c.text('z'));
app.all('/all', (c) => c.text('z'));
app.route('/books', books);
serve({ fetch: app.fetch, port: 3000 });
export default app;
",
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /api src/index.ts:5",
            "* /api/all src/index.ts:8",
            "GET /api/books src/books.ts:3",
            "PUT /api/books/{id} src/books.ts:4",
            "DELETE /api/both src/index.ts:7",
            "PUT /api/both src/index.ts:7",
            "POST /api/posts src/index.ts:6",
            "GET /api/posts/{id} src/index.ts:6",
        ]
    );
}

#[test]
fn next_files_and_exports_are_routes() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        ("app/(group)/api/docs/[...slug]/route.ts", "export function GET() { return Response.json({}); }\n"),
        (
            "app/api/items/[id]/route.ts",
            r"export async function GET(request: Request) { return Response.json({}); }
export const DELETE = async () => Response.json({});
export { handler as POST };
function handler() {}
",
        ),
        ("app/page.tsx", "export default function Page() { return null; }\n"),
        ("package.json", "{\"name\":\"web\",\"dependencies\":{\"next\":\"15\",\"react\":\"19\"}}"),
        (
            "pages/api/hello.ts",
            r"import type { NextApiRequest, NextApiResponse } from 'next';
export default function handler(req: NextApiRequest, res: NextApiResponse) {
  if (req.method === 'POST') { res.status(200).json({}); } else { res.status(405).end(); }
}
",
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /api/docs/{*slug} app/(group)/api/docs/[...slug]/route.ts:1",
            "* /api/hello pages/api/hello.ts:2",
            "DELETE /api/items/{id} app/api/items/[id]/route.ts:2",
            "GET /api/items/{id} app/api/items/[id]/route.ts:1",
            "POST /api/items/{id} app/api/items/[id]/route.ts:4",
        ]
    );
}

#[test]
fn restify_has_names_of_its_own() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "main.js",
            r"const restify = require('restify')
const server = restify.createServer()
server.get('/hello/:name', h)
server.del('/hello/:name', h)
server.opts('/x', h)
server.listen(8080)
function h (req, res, next) { next() }
",
        ),
        ("package.json", "{\"name\":\"web\",\"main\":\"main.js\",\"dependencies\":{\"restify\":\"11\"}}"),
    ]);
    assert_eq!(found, ["DELETE /hello/{name} main.js:4", "GET /hello/{name} main.js:3", "OPTIONS /x main.js:5",]);
}

#[test]
fn polka_is_as_express() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "main.js",
            r"const polka = require('polka')
polka().use(x).get('/users/:id', (req, res) => res.end('x')).listen(3000)
function x (req, res, next) { next() }
",
        ),
        ("package.json", "{\"name\":\"web\",\"main\":\"main.js\",\"dependencies\":{\"polka\":\"0.5\"}}"),
    ]);
    assert_eq!(found, ["GET /users/{id} main.js:2",]);
}

#[test]
fn an_application_of_nest_that_only_takes_messages_serves_no_routes() {
    let controller = "import { Controller, Get } from '@nestjs/common';\nimport { MessagePattern } from '@nestjs/microservices';\n@Controller()\nexport class AppController {\n  @Get()\n  hello() {}\n  @MessagePattern('find')\n  find() {}\n}\n";
    let module = "import { Module } from '@nestjs/common';\nimport { AppController } from './app.controller';\n@Module({ controllers: [AppController] })\nexport class AppModule {}\n";
    let main = |made: &str| {
        format!(
            "import {{ NestFactory }} from '@nestjs/core';\nimport {{ Transport }} from '@nestjs/microservices';\nimport {{ AppModule }} from './app.module';\nasync function bootstrap() {{\n  const app = await NestFactory.{made};\n  await app.listen(3000);\n}}\nbootstrap();\n"
        )
    };
    let of = |made: &str| {
        endpoints(&[
            ("stock/Dockerfile", IMAGE),
            ("stock/package.json", "{\"dependencies\":{\"@nestjs/core\":\"11\",\"@nestjs/microservices\":\"11\"}}"),
            ("stock/src/main.ts", &main(made)),
            ("stock/src/app.module.ts", module),
            ("stock/src/app.controller.ts", controller),
        ])
    };
    assert_eq!(of("createMicroservice(AppModule, { transport: Transport.NATS })"), [""; 0]);
    assert_eq!(of("create(AppModule)"), ["GET / stock/src/app.controller.ts:5"]);
}
