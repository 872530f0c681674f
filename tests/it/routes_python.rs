//! Routes of Python servers, each framework by an example in the manner of its documentation.

use crate::support::servers::{routes, served};

#[test]
fn fastapi_composes_the_prefixes_of_nested_routers() {
    let found = routes(&[
        (
            "app/main.py",
            r#"
from fastapi import FastAPI
from .api import api
from .settings import settings

app = FastAPI()
app.include_router(api, prefix=settings.API_PREFIX)

@app.get("/health")
async def health():
    return {"status": "ok"}

async def version():
    return "1"

app.add_api_route("/version", version, methods=["GET", "HEAD"])

admin = FastAPI()

@admin.delete("/cache")
def clear():
    ...

app.mount("/admin", admin)
"#,
        ),
        (
            "app/settings.py",
            "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    API_PREFIX: str = \"/api/v1\"\nsettings = Settings()\n",
        ),
        (
            "app/api.py",
            "from fastapi import APIRouter\nfrom . import orders\napi = APIRouter()\nfor router in [orders.router]:\n    api.include_router(router, prefix=\"/shop\")\n",
        ),
        (
            "app/orders.py",
            r#"
from fastapi import APIRouter
router = APIRouter(prefix="/orders")

@router.get("/")
def list_orders(): ...

@router.api_route("/{order_id}", methods=["PUT", "PATCH"])
def change(order_id: int): ...

@router.websocket("/live")
async def live(ws): ...
"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "DELETE /admin/cache",
            "GET /api/v1/shop/orders",
            "GET /health",
            "GET /version",
            "HEAD /version",
            "PATCH /api/v1/shop/orders/{order_id}",
            "PUT /api/v1/shop/orders/{order_id}",
        ]
    );
}

#[test]
fn fastapi_routers_reach_the_application_through_functions() {
    let found = routes(&[
        (
            "main.py",
            "from fastapi import FastAPI\nfrom wiring import register\n\ndef create_app():\n    app = FastAPI()\n    register(app, \"/v2\")\n    return app\n\napp = create_app()\n",
        ),
        (
            "wiring.py",
            r#"
from routers import orders_router

def register(app, prefix):
    app.include_router(orders_router(), prefix=prefix)

    @app.get("/ready")
    def ready(): ...
"#,
        ),
        (
            "routers.py",
            r#"
from fastapi import APIRouter

def orders_router():
    router = APIRouter(tags=["orders"])

    @router.post("/orders")
    def create(): ...

    return router
"#,
        ),
    ]);
    assert_eq!(found, ["GET /ready", "POST /v2/orders"]);
}

#[test]
fn an_application_that_is_built_twice_counts_as_built_last() {
    let served = served(&[(
        "main.py",
        "from fastapi import FastAPI\napp = FastAPI()\napp = FastAPI(title=\"x\")\n\n@app.get(\"/health\")\ndef health(): ...\n",
    )]);
    assert_eq!(served.routes.len(), 1);
}

#[test]
fn a_prefix_that_is_not_known_makes_the_route_partial() {
    let found = routes(&[(
        "main.py",
        r#"
import os
from fastapi import FastAPI, APIRouter
from elsewhere import prefix_of
app = FastAPI()
orders = APIRouter()
app.include_router(orders, prefix=prefix_of("orders"))
legacy = APIRouter()

@orders.get("/orders")
def orders_list(): ...

@legacy.get("/never-mounted")
def old(): ...
"#,
    )]);
    assert_eq!(found, ["GET /never-mounted ?", "GET /{}/orders ?"]);
}

#[test]
fn starlette_routes_stand_in_lists() {
    let found = routes(&[(
        "app.py",
        r#"
from starlette.applications import Starlette
from starlette.routing import Route, Mount
from starlette.staticfiles import StaticFiles

async def home(request): ...
class Orders:
    async def get(self, request): ...
    async def post(self, request): ...

app = Starlette(routes=[
    Route("/", home),
    Mount("/api", routes=[Route("/orders/{id:int}", Orders), Route("/ping", home, methods=["GET", "POST"])]),
    Mount("/static", app=StaticFiles(directory="static")),
])
"#,
    )]);
    assert_eq!(found, ["GET /", "GET /api/orders/{id}", "GET /api/ping", "POST /api/orders/{id}", "POST /api/ping"]);
}

#[test]
fn flask_blueprints_nest_and_a_prefix_at_registration_replaces_their_own() {
    let found = routes(&[(
        "app.py",
        r#"
from flask import Flask, Blueprint
from flask.views import MethodView

parent = Blueprint("parent", __name__, url_prefix="/own")
child = Blueprint("child", __name__, url_prefix="/child")
plain = Blueprint("plain", __name__, url_prefix="/plain")

@child.route("/health")
def health(): ...

@plain.get("/<int:item_id>")
def item(item_id): ...

class Items(MethodView):
    def get(self): ...
    def post(self): ...

def create_app():
    app = Flask(__name__)
    parent.register_blueprint(child)
    app.register_blueprint(parent, url_prefix="/override")
    app.register_blueprint(plain)
    app.add_url_rule("/items", view_func=Items.as_view("items"))

    @app.route("/pay/<id>", methods=["POST"])
    def pay(id): ...
    return app
"#,
    )]);
    assert_eq!(
        found,
        ["GET /items", "GET /override/child/health", "GET /plain/{item_id}", "POST /items", "POST /pay/{id}"]
    );
}

#[test]
fn flask_extensions_register_resources() {
    let found = routes(&[(
        "app.py",
        r#"
from flask import Flask
from flask_restful import Api, Resource
from flask_restx import Api as XApi, Namespace, Resource as XResource

app = Flask(__name__)
api = Api(app, prefix="/api")

class Health(Resource):
    def get(self): ...

api.add_resource(Health, "/health", "/healthz")

x = XApi(app, prefix="/x")
ns = Namespace("orders")

@ns.route("/<string:id>")
class Order(XResource):
    def get(self, id): ...
    def delete(self, id): ...

x.add_namespace(ns)
"#,
    )]);
    assert_eq!(found, ["DELETE /x/orders/{id}", "GET /api/health", "GET /api/healthz", "GET /x/orders/{id}"]);
}

#[test]
fn django_follows_include_and_routers() {
    let found = routes(&[
        (
            "shop/project/urls.py",
            r#"
from django.urls import path, include, re_path
from rest_framework.routers import DefaultRouter
from orders import views

router = DefaultRouter()
router.register("orders", views.OrderViewSet)

urlpatterns = [
    path("api/", include(router.urls)),
    path("api/users/", include("users.urls")),
    re_path(r"^healthz/?$", views.health),
    path("ht/", include("health_check.urls")),
]
"#,
        ),
        (
            "shop/orders/views.py",
            r#"
from rest_framework import viewsets
from rest_framework.decorators import action, api_view

class OrderViewSet(viewsets.ReadOnlyModelViewSet):
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk=None): ...

@api_view(["GET"])
def health(request): ...
"#,
        ),
        (
            "shop/users/urls.py",
            r#"
from django.urls import path
from django.views import View

class Users(View):
    def get(self, request): ...
    def post(self, request): ...

urlpatterns = [path("", Users.as_view())]
urlpatterns += [path("<int:pk>/", Users.as_view())]
"#,
        ),
    ]);
    assert_eq!(
        found,
        [
            "GET /api/orders",
            "GET /api/orders/{pk}",
            "GET /api/users",
            "GET /api/users/{pk}",
            "GET /healthz",
            "GET /ht",
            "POST /api/orders/{pk}/cancel",
            "POST /api/users",
            "POST /api/users/{pk}",
        ]
    );
}

#[test]
fn aiohttp_has_three_ways_to_add_routes_and_sub_applications() {
    let found = routes(&[(
        "app.py",
        r#"
from aiohttp import web

routes = web.RouteTableDef()

@routes.get("/orders")
async def orders(request): ...

async def health(request): ...

def make():
    app = web.Application()
    app.add_routes(routes)
    app.add_routes([web.post("/orders", orders), web.get("/health", health)])
    app.router.add_get("/ready", health)
    admin = web.Application()
    admin.router.add_route("DELETE", "/cache", health)
    app.add_subapp("/admin/", admin)
    return app
"#,
    )]);
    assert_eq!(found, ["DELETE /admin/cache", "GET /health", "GET /orders", "GET /ready", "POST /orders"]);
}

#[test]
fn litestar_joins_application_router_controller_and_handler() {
    let found = routes(&[(
        "app.py",
        r#"
from litestar import Litestar, Router, Controller, get, post

class Orders(Controller):
    path = "/orders"

    @get()
    async def all(self) -> list: ...

    @post("/{order_id:int}/pay")
    async def pay(self, order_id: int) -> None: ...

@get("/health")
async def health() -> str: ...

api = Router(path="/api", route_handlers=[Orders])
app = Litestar(path="/base", route_handlers=[api, health])
"#,
    )]);
    assert_eq!(found, ["GET /base/api/orders", "GET /base/health", "POST /base/api/orders/{order_id}/pay"]);
}

#[test]
fn sanic_puts_the_version_in_front() {
    let found = routes(&[(
        "app.py",
        r#"
from sanic import Sanic, Blueprint

app = Sanic("shop")
orders = Blueprint("orders", url_prefix="/orders")
group = Blueprint.group(orders, url_prefix="/shop", version=1)
app.blueprint(group)

@orders.get("/<order_id:int>")
async def order(request, order_id): ...

@app.get("/health")
async def health(request): ...
"#,
    )]);
    assert_eq!(found, ["GET /health", "GET /v1/shop/orders/{order_id}"]);
}

#[test]
fn a_handler_of_http_server_compares_the_path() {
    let found = routes(&[(
        "worker.py",
        r#"
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path in ("/health", "/healthz"):
            self.send_response(200)
        elif self.path == "/metrics":
            self.send_response(200)
        else:
            self.send_response(404)

HTTPServer(("", 8080), Handler).serve_forever()
"#,
    )]);
    assert_eq!(found, ["GET /health", "GET /healthz", "GET /metrics"]);
}

#[test]
fn a_grpc_health_service_is_seen() {
    let served = served(&[(
        "server.py",
        "from grpc_health.v1 import health, health_pb2_grpc\n\ndef serve(server):\n    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)\n",
    )]);
    assert_eq!(served.health.len(), 1);
}
