//! What containers start: images of others, scripts, several commands in one.

use super::*;

#[test]
fn an_image_of_a_vendor_or_one_that_opens_a_shell_is_no_folder_of_ours() {
    let compose = "services:\n  api:\n    build: ./api\n  ksqldb-cli:\n    image: confluentinc/ksqldb-cli:0.28.2\n    entrypoint: /bin/sh\n    tty: true\n  shell:\n    image: acme/shop-cli\n    command: bash\n";
    let files = [
        ("compose.yaml", compose),
        ("api/Dockerfile", PYTHON),
        ("api/app/main.py", API),
        ("cli/Dockerfile", PYTHON),
        ("cli/app/main.py", API),
    ];
    assert!(!world(&files).names().contains(&"ksqldb-cli") && !world(&files).names().contains(&"shell"));
    let started = compose.replace("    command: bash\n", "");
    let files = [files[1], files[2], files[3], files[4], ("compose.yaml", started.as_str())];
    assert_eq!(world(&files).service("shell").root, "cli");
}

#[test]
fn a_script_that_is_the_entry_point_starts_what_its_exec_says() {
    let dockerfile = "FROM python:3.12\nCOPY src /app/src\nCOPY services/ORDERS /app/services/ORDERS\nRUN pip install .\nENTRYPOINT [\"sh\", \"/app/services/ORDERS/entrypoint.sh\"]\n";
    let script = "#!/bin/sh\nset -eu\nexec python -m shop.ORDERS.app \"$@\"\n";
    let of = |text: &str, name: &str| text.replace("ORDERS", name);
    let (orders, mails) = (of(dockerfile, "orders"), of(dockerfile, "mails"));
    let (start_orders, start_mails) = (of(script, "orders"), of(script, "mails"));
    let manifest = |name: &str, image: &str, kind: &str| {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n      containers:\n        - name: {name}\n          image: shop-{image}:latest\n"
        )
    };
    let (deployed, job) = (manifest("orders", "orders", "Deployment"), manifest("mails-once", "mails", "Job"));
    let world = world(&[
        (
            "compose.yaml",
            "services:\n  orders:\n    build: {context: ., dockerfile: services/orders/Dockerfile}\n  mails:\n    build: {context: ., dockerfile: services/mails/Dockerfile}\n",
        ),
        ("pyproject.toml", "[project]\nname = \"shop\"\n"),
        ("services/orders/Dockerfile", &orders),
        ("services/mails/Dockerfile", &mails),
        ("services/orders/entrypoint.sh", &start_orders),
        ("services/mails/entrypoint.sh", &start_mails),
        ("src/shop/orders/app.py", API),
        ("src/shop/mails/app.py", "print(1)\n"),
        ("deploy/orders.yaml", &deployed),
        ("deploy/mails.yaml", &job),
    ]);
    assert_eq!(world.roots(), [("mails", ""), ("orders", "")]);
    let entries = |name: &str| {
        let entries = &world.service(name).entries;
        entries.iter().map(|id| world.tree.file(*id).path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(entries("orders"), ["src/shop/orders/app.py"]);
    assert_eq!(entries("mails"), ["src/shop/mails/app.py"]);
}

#[test]
fn the_last_of_several_commands_goes_on_running() {
    let compose = "services:\n  api:\n    build: .\n    command: sh -c \"python manage.py migrate && python manage.py runserver\"\n  queue:\n    build: .\n    command: sh -c \"python manage.py migrate && python consumer.py\"\n";
    let world = world(&[
        ("compose.yaml", compose),
        ("Dockerfile", PYTHON),
        ("requirements.txt", "django\n"),
        ("manage.py", "execute_from_command_line(sys.argv)\n"),
        ("consumer.py", "while True:\n    print(1)\n"),
    ]);
    let entries = |name: &str| {
        let entries = &world.service(name).entries;
        entries.iter().map(|id| world.tree.file(*id).path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(entries("api"), ["manage.py"]);
    assert_eq!(entries("queue"), ["consumer.py"]);
}

#[test]
fn programs_of_python_that_serve_on_ports_of_their_own_are_services() {
    let program = |port: &str| {
        format!(
            "from flask import Flask\napp = Flask(__name__)\nif __name__ == \"__main__\":\n    app.run({port}, debug=True)\n"
        )
    };
    let (first, second, unnamed) = (program("port=5001"), program("port=5002"), program(""));
    let of = |second: &str| {
        let world = world(&[
            ("setup.py", "setup(name='shop')\n"),
            ("services/__init__.py", "def root(): pass\n"),
            ("services/orders.py", &first),
            ("services/users.py", second),
        ]);
        world.names().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of(&second), ["orders", "users"]);
    // Another way to start the same.
    assert!(!of(&first).contains(&"users".to_owned()) && !of(&unnamed).contains(&"users".to_owned()));
}
