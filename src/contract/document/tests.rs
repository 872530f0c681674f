use super::*;
use crate::files::File;

/// A tree of these files, the first one read as a document.
fn read(files: &[(&str, &str)]) -> Document {
    let mut all: Vec<File> = files
        .iter()
        .map(|(path, text)| File {
            path: (*path).to_owned(),
            size: text.len() as u64,
            content: Some(text.as_bytes().into()),
            ..File::default()
        })
        .collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    let tree = Tree { files: all, ..Tree::default() };
    Document::read(&tree, tree.find(files[0].0).unwrap()).unwrap()
}

fn faults(text: &str) -> Vec<String> {
    read(&[("openapi.yaml", text)]).faults.into_iter().map(|fault| fault.message).collect()
}

const ORDERS: &str = "\
openapi: 3.0.3
info: {title: Orders, version: 1.2.0}
servers:
  - url: https://shop.example/{stage}/v1
    variables: {stage: {default: live}}
security: [{key: []}]
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
paths:
  /orders/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
    get:
      operationId: readOrder
      parameters:
        - {name: full, in: query, schema: {type: boolean}}
      responses: {'200': {description: the order}}
    put:
      security: []
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: 'common.yaml#/Order'}}
      responses: {'204': {description: done}}
";

#[test]
fn operations_have_full_paths_parameters_and_bodies() {
    let common = "Order:\n  allOf:\n    - {$ref: '#/Base'}\n    - type: object\n      required: [lines]\n      properties: {lines: {type: array}}\nBase:\n  type: object\n  required: [id, made]\n  properties: {id: {type: string, readOnly: true}, made: {type: string}}\n";
    let document = read(&[("api/openapi.yaml", ORDERS), ("api/common.yaml", common)]);
    assert_eq!(document.faults, []);
    assert_eq!((document.version, document.title.as_deref()), (Version::V30, Some("Orders")));
    let [get, put] = document.operations.as_slice() else { panic!("{:?}", document.operations) };
    assert_eq!(
        (get.to_string().as_str(), get.full_paths()),
        ("GET /orders/{id}", vec!["/live/v1/orders/{id}".to_owned()])
    );
    let names: Vec<_> = get.parameters.iter().map(|p| (p.name.as_str(), p.location.as_str(), p.required)).collect();
    assert_eq!(names, [("full", "query", false), ("id", "path", true)]);
    assert_eq!(get.security, Some(vec![vec![("key".to_owned(), vec![])]]));
    assert_eq!(put.security, Some(vec![]));
    let body = put.body.as_ref().unwrap();
    assert!(body.required);
    let object = schema::sent(&document.library, body.media[0].schema.as_ref().unwrap().at()).unwrap();
    let required: Vec<&str> = object.required.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(required, ["lines", "made"], "what is read-only is not sent");
    assert!(!object.open);
}

#[test]
fn swagger_has_bodies_among_its_parameters() {
    let text = r##"{"swagger": "2.0", "info": {"title": "Users", "version": "1"}, "basePath": "/api/",
        "consumes": ["application/json"],
        "definitions": {"User": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
        "paths": {"/users": {"post": {
            "parameters": [{"name": "user", "in": "body", "required": true, "schema": {"$ref": "#/definitions/User"}}],
            "responses": {"201": {"description": "made", "schema": {"$ref": "#/definitions/User"}}}}}}}"##;
    let document = read(&[("swagger.json", text)]);
    assert_eq!(document.faults, []);
    let [post] = document.operations.as_slice() else { panic!("{:?}", document.operations) };
    assert_eq!(post.full_paths(), ["/api/users"]);
    assert!(post.parameters.is_empty());
    assert_eq!(post.body.as_ref().map(|body| body.media[0].name.as_str()), Some("application/json"));
    assert_eq!(post.responses[0].media[0].name, "application/json");
}

#[test]
fn circles_and_references_that_lead_nowhere_end() {
    let text = "\
openapi: 3.0.3
info: {title: T, version: '1'}
paths:
  /a:
    get:
      responses:
        '200': {$ref: '#/components/responses/A'}
        '400': {$ref: '#/components/responses/Gone'}
        '404': {$ref: 'https://example.com/r.yaml#/R'}
        '500': {$ref: 'gone.yaml#/R'}
components:
  responses:
    A: {$ref: '#/components/responses/B'}
    B: {$ref: '#/components/responses/A'}
";
    let document = read(&[("openapi.yaml", text)]);
    let told: Vec<&str> = document.faults.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "`$ref: #/components/responses/Gone` leads nowhere: there is no `/components/responses/Gone`",
            "`$ref: gone.yaml#/R` leads nowhere: there is no file `gone.yaml`",
        ]
    );
    assert_eq!(document.remote, ["https://example.com/r.yaml#/R"]);
    assert!(document.operations[0].partial);
}

#[test]
fn a_recursive_schema_has_an_end() {
    let text = "\
openapi: 3.0.3
info: {title: T, version: '1'}
paths: {}
components:
  schemas:
    Node: {allOf: [{$ref: '#/components/schemas/Node'}], type: object, required: [a], properties: {a: {}}}
";
    let document = read(&[("openapi.yaml", text)]);
    let root = document.library.root(document.file).unwrap();
    let node = root.node.at(["components", "schemas", "Node"]).unwrap();
    let object = schema::sent(&document.library, At { file: document.file, node }).unwrap();
    assert!(object.open);
    assert_eq!(object.required.len(), 1);
}

#[test]
fn faults_are_told_with_their_place() {
    let text = "\
openapi: 3.0.3
info: {title: T}
paths:
  orders: {}
  /a/{x}:
    get:
      operationId: one
      parameters: [{name: y, in: path, schema: {}}]
      responses: {'200': {}}
  /a/{y}:
    get:
      operationId: one
      parameters: [{name: y, in: path, required: true, schema: {}}, {name: b, in: body, schema: {}}]
      security: [{key: []}]
      responses: {}
";
    assert_eq!(
        faults(text),
        [
            "`info` has no `version`",
            "the path `orders` does not begin with `/`",
            "`GET /a/{x}` declares no parameter for `{x}`",
            "the path parameter `y` does not occur in `/a/{x}`",
            "the path parameter `y` is not `required`",
            "the response `200` has no `description`",
            "the paths `/a/{x}` and `/a/{y}` are the same",
            "`GET /a/{y}` asks for the security scheme `key`, which is not declared",
            "`GET /a/{y}` has no `responses`",
            "`operationId: one` stands at `GET /a/{x}` and at `GET /a/{y}`",
            "the parameter `b` has `in: body`",
        ]
    );
}

#[test]
fn what_3_1_leaves_out_is_no_fault() {
    assert_eq!(faults("openapi: 3.1.0\ninfo: {title: T, version: '1'}\nwebhooks: {}\n"), [""; 0]);
    assert_eq!(faults("openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {}}}\n"), [""; 0]);
    assert_eq!(faults("openapi: 3.0.0\ninfo: {title: T, version: '1'}\n"), ["the document has no `paths`"]);
}

proptest::proptest! {
    #[test]
    fn nothing_panics(text in "(openapi: 3.0.0\n|paths:\n|  /a/\\{b\\}:\n|    get:\n|      parameters: \\[\\{\\}\\]\n|      responses: \\{x: \\{\\}\\}\n|\\$ref: '#/'\n){0,9}") {
        let file = File { path: "openapi.yaml".into(), content: Some(text.as_bytes().into()), ..File::default() };
        let tree = Tree { files: vec![file], ..Tree::default() };
        let _ = Document::read(&tree, FileId(0));
    }
}
