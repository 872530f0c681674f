//! `graph --format json` lists every route with method, full path, file and line: each framework of Python by an
//! example in the manner of its documentation.

use crate::support::endpoints;

/// The image of a service.
const IMAGE: &str = "FROM python:3.12\nCOPY . .\nCMD [\"python\", \"main.py\"]\n";

#[test]
fn fastapi_includes_routers_and_registers_methods() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "main.py",
            r#"from fastapi import FastAPI, APIRouter, Depends, WebSocket
from routers import items

app = FastAPI(root_path="/proxy")
v1 = APIRouter(prefix="/v1")
v1.include_router(items.router, prefix="/shop")
app.include_router(v1, prefix="/api", dependencies=[Depends(lambda: 1)])

@app.api_route("/multi", methods=["GET", "POST"])
def multi(): ...

@app.websocket("/ws")
async def ws(s: WebSocket): ...

class Registry:
    def __init__(self):
        self.router = APIRouter(prefix="/registry")
        self.router.add_api_route("/list", self.list, methods=["GET"])
    def list(self): ...

app.include_router(Registry().router)

for r in [items.extra]:
    app.include_router(r)
"#,
        ),
        ("requirements.txt", "fastapi\n"),
        ("routers/__init__.py", ""),
        (
            "routers/items.py",
            r#"from fastapi import APIRouter
router = APIRouter(prefix="/items", tags=["x"])
extra = APIRouter(prefix="/extra")

@router.get("/")
async def all(): ...

@router.get("/{item_id}")
async def one(item_id: str): ...

@router.put(
    "/{item_id}",
    tags=["custom"],
    responses={403: {"description": "no"}},
)
async def put(item_id: str): ...

@extra.head("/h")
def h(): ...
"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /api/v1/shop/items routers/items.py:5",
            "GET /api/v1/shop/items/{item_id} routers/items.py:8",
            "PUT /api/v1/shop/items/{item_id} routers/items.py:11",
            "HEAD /extra/h routers/items.py:18",
            "GET /multi main.py:9",
            "POST /multi main.py:9",
            "GET /registry/list main.py:18",
        ]
    );
}

#[test]
fn flask_registers_blueprints_views_and_rules() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "api.py",
            r#"from flask import Blueprint
bp = Blueprint("api", __name__, url_prefix="/gone")
child = Blueprint("child", __name__, url_prefix="/child")
@child.patch("/x/<path:rest>")
def x(rest): ...
bp.register_blueprint(child)
"#,
        ),
        (
            "main.py",
            r#"from flask import Flask
from flask.views import MethodView, View
from api import bp

def create_app():
    app = Flask(__name__)
    app.register_blueprint(bp, url_prefix="/api/v1")

    class UserAPI(MethodView):
        def get(self, user_id): ...
        def delete(self, user_id): ...

    app.add_url_rule("/users/<int:user_id>", view_func=UserAPI.as_view("users"))

    @app.get("/health")
    def health(): return "ok"

    @app.route("/login", methods=["GET", "POST"])
    def login(): ...

    app.add_url_rule("/about", "about", lambda: "x", methods=["GET"])
    return app

app = create_app()
app.run()
"#,
        ),
        ("requirements.txt", "flask\n"),
    ]);
    assert_eq!(
        found,
        [
            "GET /about main.py:21",
            "PATCH /api/v1/child/x/{*rest} api.py:4",
            "GET /health main.py:15",
            "GET /login main.py:18",
            "POST /login main.py:18",
            "DELETE /users/{user_id} main.py:13",
            "GET /users/{user_id} main.py:13",
        ]
    );
}

#[test]
fn django_includes_lists_modules_and_routers() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "manage.py",
            r#"import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")
"#,
        ),
        ("polls/__init__.py", ""),
        (
            "polls/urls.py",
            r#"from django.urls import path
from . import views
app_name = "polls"
urlpatterns = [
    path("", views.index, name="index"),
    path("<int:pk>/", views.Detail.as_view(), name="detail"),
]
"#,
        ),
        (
            "polls/views.py",
            r#"from django.views import View
from rest_framework import viewsets
from rest_framework.decorators import api_view
def index(request): ...
@api_view(["GET", "POST"])
def year(request): ...
class Detail(View):
    def get(self, request, pk): ...
    def post(self, request, pk): ...
class UserViewSet(viewsets.ModelViewSet):
    pass
"#,
        ),
        (
            "requirements.txt",
            r"django
djangorestframework
",
        ),
        ("site1/__init__.py", ""),
        (
            "site1/settings.py",
            r#"ROOT_URLCONF = "site1.urls"
INSTALLED_APPS = ["polls"]
"#,
        ),
        (
            "site1/urls.py",
            r#"from django.urls import path, include, re_path
from rest_framework.routers import DefaultRouter
from polls import views

router = DefaultRouter()
router.register(r"users", views.UserViewSet)

urlpatterns = [
    path("polls/", include("polls.urls")),
    re_path(r"^articles/(?P<year>[0-9]{4})/$", views.year),
    path("api/", include(router.urls)),
    path("extra/", include([path("a/", views.year), path("b/<slug:s>/", views.year)])),
]
"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /api/users site1/urls.py:6",
            "POST /api/users site1/urls.py:6",
            "DELETE /api/users/{pk} site1/urls.py:6",
            "GET /api/users/{pk} site1/urls.py:6",
            "PATCH /api/users/{pk} site1/urls.py:6",
            "PUT /api/users/{pk} site1/urls.py:6",
            "GET /articles/{year} site1/urls.py:10",
            "POST /articles/{year} site1/urls.py:10",
            "GET /extra/a site1/urls.py:12",
            "POST /extra/a site1/urls.py:12",
            "GET /extra/b/{s} site1/urls.py:12",
            "POST /extra/b/{s} site1/urls.py:12",
            "* /polls polls/urls.py:5",
            "GET /polls/{pk} polls/urls.py:6",
            "POST /polls/{pk} polls/urls.py:6",
        ]
    );
}

#[test]
fn starlette_takes_lists_of_routes_and_mounts() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "main.py",
            r#"from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.routing import Route, Mount, WebSocketRoute, Host, Router
async def h(request): ...
class User(HTTPEndpoint):
    async def get(self, request): ...
    async def put(self, request): ...
api = Router(routes=[Route("/in", h)])
app = Starlette(debug=True, routes=[
    Route("/", h),
    Route("/user/{username}", User),
    Mount("/users", routes=[Route("/", h, methods=["GET","POST"]), Route("/{id:int}", h)]),
    Mount("/api", app=api),
])
app.add_route("/late", h, methods=["POST"])
"#,
        ),
        (
            "requirements.txt",
            r"starlette
uvicorn
",
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET / main.py:10",
            "GET /api/in main.py:8",
            "POST /late main.py:15",
            "GET /user/{username} main.py:11",
            "PUT /user/{username} main.py:11",
            "GET /users main.py:12",
            "POST /users main.py:12",
            "GET /users/{id} main.py:12",
        ]
    );
}

#[test]
fn aiohttp_tables_resources_and_sub_applications() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "main.py",
            r#"from aiohttp import web
routes = web.RouteTableDef()

@routes.get("/hello")
async def hello(request): ...

@routes.view("/view")
class V(web.View):
    async def get(self): ...
    async def post(self): ...

async def h(request): ...

app = web.Application()
app.add_routes(routes)
app.add_routes([web.get("/a/{name}", h), web.post("/p", h)])
app.router.add_get("/g", h)
app.router.add_route("*", "/any", h)
resource = app.router.add_resource("/res")
resource.add_route("DELETE", h)
admin = web.Application()
admin.router.add_get("/x", h)
app.add_subapp("/admin/", admin)
web.run_app(app)
"#,
        ),
        ("requirements.txt", "aiohttp\n"),
    ]);
    assert_eq!(
        found,
        [
            "GET /a/{name} main.py:16",
            "GET /admin/x main.py:22",
            "* /any main.py:18",
            "GET /g main.py:17",
            "GET /hello main.py:4",
            "POST /p main.py:16",
            "DELETE /res main.py:20",
            "GET /view main.py:7",
            "POST /view main.py:7",
        ]
    );
}

#[test]
fn tornado_pairs_patterns_and_classes() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "main.py",
            r#"import asyncio
import tornado.web
from tornado.web import RequestHandler, url, StaticFileHandler
from tornado.routing import Rule, PathMatches

class Main(RequestHandler):
    def get(self):
        self.write("hi")

class Story(RequestHandler):
    def initialize(self, db):
        self.db = db
    async def get(self, story_id):
        ...
    async def put(self, story_id):
        ...
    def delete(self, story_id):
        ...

class Health(tornado.web.RequestHandler):
    def get(self):
        ...

def make_app():
    return tornado.web.Application([
        (r"/", Main),
        url(r"/story/([0-9]+)", Story, dict(db=1), name="story"),
        (r"/user/(?P<name>\w+)/?", Main),
        tornado.web.URLSpec(r"/health", Health),
        (r"/static/(.*)", StaticFileHandler, {"path": "x"}),
    ], debug=True)

async def main():
    app = make_app()
    app.add_handlers(r".*", [(r"/late", Main)])
    app.listen(8888)
    await asyncio.Event().wait()

asyncio.run(main())
"#,
        ),
        ("requirements.txt", "tornado\n"),
    ]);
    assert_eq!(
        found,
        [
            "GET / main.py:26",
            "GET /health main.py:29",
            "GET /late main.py:35",
            "DELETE /story/{} main.py:27",
            "GET /story/{} main.py:27",
            "PUT /story/{} main.py:27",
            "GET /user/{name} main.py:28",
        ]
    );
}

#[test]
fn falcon_routes_are_objects_with_responders() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "main.py",
            r#"import falcon

class Things:
    def on_get(self, req, resp): ...
    def on_post(self, req, resp): ...

app = falcon.App()
things = Things()
app.add_route("/things", things)
app.add_route("/things/{id:int}", Things())
"#,
        ),
        ("requirements.txt", "falcon\n"),
    ]);
    assert_eq!(
        found,
        [
            "GET /things main.py:9",
            "POST /things main.py:9",
            "GET /things/{id} main.py:10",
            "POST /things/{id} main.py:10",
        ]
    );
}

#[test]
fn bottle_decorates_and_mounts() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "main.py",
            r#"from bottle import route, run, Bottle, get, post

app = Bottle()

@app.route("/hello/<name>")
def hello(name): ...

@app.post("/login")
def login(): ...

@route("/global", method=["GET", "POST"])
def g(): ...

sub = Bottle()
@sub.get("/x")
def x(): ...
app.mount("/sub", sub)
run(app, host="localhost", port=8080)
"#,
        ),
        ("requirements.txt", "bottle\n"),
    ]);
    assert_eq!(found, ["GET /hello/{name} main.py:5", "POST /login main.py:8", "GET /sub/x main.py:15",]);
}

#[test]
fn quart_is_as_flask() {
    let found = endpoints(&[
        ("Dockerfile", IMAGE),
        (
            "main.py",
            r#"from quart import Quart, Blueprint
app = Quart(__name__)
bp = Blueprint("api", __name__, url_prefix="/api")

@bp.get("/items/<int:item_id>")
async def item(item_id): ...

@app.route("/json", methods=["POST"])
async def js(): ...

app.register_blueprint(bp, url_prefix="/v2")
if __name__ == "__main__":
    app.run()
"#,
        ),
        ("requirements.txt", "quart\n"),
    ]);
    assert_eq!(found, ["POST /json main.py:8", "GET /v2/items/{item_id} main.py:5",]);
}

#[test]
fn applications_under_one_manifest_that_outnumber_the_deployed_one_are_services() {
    let app = "from fastapi import FastAPI\n\napp = FastAPI()\n\n@app.get('/items')\ndef items(): ...\n";
    let services = |more: &[(&str, &str)]| {
        let mut files = vec![
            ("pyproject.toml", "[project]\nname = \"shop\"\nversion = \"0.1.0\"\ndependencies = [\"fastapi\"]\n"),
            ("main.py", "def main():\n    print('hello')\n\n\nif __name__ == '__main__':\n    main()\n"),
            ("stock/Dockerfile", IMAGE),
            ("stock/main.py", app),
        ];
        files.extend_from_slice(more);
        let graph = crate::support::graph(&files);
        let names = graph["services"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(services(&[("users/app/main.py", app), ("mail/app/main.py", app)]), ["mail", "stock", "users"]);
    // One that nobody deploys beside one that somebody does may be left over.
    assert_eq!(services(&[("users/app/main.py", app)]), ["stock"]);
}
