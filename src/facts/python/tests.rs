//! What a user of a module sees of Python source, and what hostile text must not do.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::facts::dump::dump;
use crate::facts::module::{Entry, LoopHeader, StmtId, StmtKind, TemplatePart};

/// Each sample is a test; its snapshot is the dump of the module.
macro_rules! samples {
    ($($name:ident: $text:expr,)*) => {
        $(
            #[test]
            fn $name() {
                let module = lower($text).unwrap();
                check_spans(&module, $text);
                insta::assert_snapshot!(stringify!($name), dump(&module, $text), $text);
            }
        )*
        const SAMPLES: &[&str] = &[$($text),*];
    };
}

samples! {
    imports: "import a.b.c, os\nimport a.b as c\nfrom __future__ import annotations\nfrom ..shared . events import X as Y, Z\nfrom . import m\nfrom m import (p, q,)\nfrom m import *\nif TYPE_CHECKING:\n    from t import T\ndef f():\n    import late\n",
    calls_and_arguments: "f(1, *a, k=v, *b, **kw)\nf(x for x in y())\na.b(c)(d)[0].e()\nsuper().__init__(x)\n",
    literals: "x = [1, 2.5, (True, None), {3}, *rest]\ny = {'a': 1, **other, b(): c}\nz = (1,), (), 0xFF, 1_000, -1, +2, ...\n",
    strings: r#"a = "x\ty" 'z'; b = r"\d"; c = b"\xff"; d = '''m
n'''; e = ""; f = "\u00e9\N{DASH}"; g = "a" + "b"
"#,
    f_strings: "a = f'http://{host}:{port():>{width()}}/{x!r}/{{id}}'\nb = f'plain'\nc = 'a' f'{b}' 'c' 'd'\nd = f'{f\"{nested()}\"}'\ne = f'{x=}'\n",
    operators: "a + b - c * d / e // f % g ** h << i | j & k\na or b and not c\na is b, a is not b, a in b, a not in b, a <= b, a >= b, a != b\n0 < x() < 3\n~a\n'%s' % x\n",
    conditional_walrus_await: "x = a if b else c\nif (n := f()) > 1: pass\nasync def g():\n    y = await (await h()).json()\n",
    comprehensions: "[f(x) for x in g() if h(x)]\n{k(): v() for k, v in d.items()}\nany(p(x) async for x in y)\n{s() for a in b for c in a}\n",
    subscripts_and_slices: "a[0]; a[1:f():2]; a[1, 2]; a['k']['l']\n",
    assignments: "a = b = f()\nself.a = self.b = g()\na += 1\nx: int\ny: 'shared.Channel' = h()\na.b['c'] |= d\nf = lambda a, *b, c=1: a\ntype T = list[int]\n",
    unpacking: "a, b = x\na, b = f()\na, b = f(), g()\n(a, [b, c]), *d, e = f()\nfor i, (j, k) in z: pass\n",
    types: "def f(a: Optional['Channel'], b: list[int] | None, c: dict[str, t.Any], d: Annotated[X, Depends(get)], e: Literal['a', 'b'], g: Annotated['A', 'B'] = Depends('h')) -> 'a.B': pass\n",
    functions: "@app.get('/x/{id}', response_model=list[X])\n@retry(times=3)\nasync def f(a, /, b=1, *args, c: int, d: str = 'x', **kw) -> T:\n    def inner(): return a\n    return inner\ndef g(): 'doc'\ndef h((a, b), c): return a\n",
    receivers: "class A:\n    def m(this, x):\n        def inner(): return this.x\n        def hides(this): return this.x\n        return [lambda: this, lambda this: this]\n    @staticmethod\n    def s(self): return self\n    @classmethod\n    def c(cls, *a): return cls(*a)\n    @property\n    def p(self): return super().p\n    def __init__(self): self.x = self\ndef f(self): return self\n",
    classes: "@dataclass(frozen=True)\nclass A(Base, Generic[T], table=True):\n    '''doc'''\n    a: int = 1\n    b = Field(default_factory=list)\n    c: ClassVar[str]\n    class Config:\n        orm = True\n    if X:\n        d: int\n        def m(self): pass\n    else:\n        e = 1\n    register(a)\n    for n in ns:\n        def late(self): pass\nclass E(str, enum.Enum):\n    A = 'a'\nclass P(Protocol): ...\ndef f():\n    class Local: pass\n",
    if_chain: "if a(): x()\nelif b(): y()\nelif c(): z()\nelse:\n    w()\n",
    loops: "for x in f():\n    continue\nelse:\n    done()\nwhile True:\n    break\nwhile p(): pass\nelse: q()\nasync def g():\n    async for a in b: c()\n",
    try_statement: "try:\n    f()\nexcept (A, B.C) as e:\n    raise X(1) from e\nexcept D:\n    raise\nexcept:\n    raise Y from h()\nelse:\n    ok()\nfinally:\n    fin()\ntry:\n    g()\nexcept* (K, L): pass\n",
    with_statement: "with a() as b, c(): d()\nwith (open('x') as f, lock):\n    e()\nwith (yield_()): pass\nasync def g():\n    async with s() as t, u.v() as w.x: y()\n",
    match_statement: "match cmd.kind:\n    case 'a' | 'b': one()\n    case Color.RED if guard(): two()\n    case {'k': v}: three()\n    case Foo(x=1): four()\n    case -1: five()\n    case None: six()\n    case other: seven(other)\nmatch s:\n    case 1: a()\n    case _: b()\n",
    small_statements: "def f():\n    global g\n    del a[0], b\n    assert x(), m()\n    yield y()\n    yield from z()\n    return 1, 2\npass; ...\n",
    python_2: "print 'x', y()\nprint >>f, g()\nexec 'code'\nraise E, 'm'\ntry: pass\nexcept A, e: pass\n",
    errors_keep_what_parsed: "a()\nx = foo(b(),\ndef f(): return c()\n@@@ d()\ne()\n",
    unclosed_string: "a()\nb('x\nc()\n",
    empty_and_comments: "# nothing\n\n  # at all\n",
    byte_order_mark: "\u{feff}import a\nb('é')\n",
}

/// The number of calls in the tree, counted without the lowering.
fn calls_in(tree: &Tree) -> usize {
    let mut cursor = tree.walk();
    let mut calls = 0;
    loop {
        calls += usize::from(cursor.node().is_named() && cursor.node().kind() == "call");
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return calls;
            }
        }
    }
}

fn calls_of(module: &Module) -> usize {
    module.exprs.iter().filter(|expr| matches!(expr.kind, ExprKind::Call(_) | ExprKind::Super)).count()
}

#[test]
fn every_call_appears_whatever_stands_around_it() {
    for text in SAMPLES {
        let tree = parse(Grammar::Python, text).unwrap();
        assert_eq!(calls_of(&lower_tree(&tree, text)), calls_in(&tree), "{text}");
    }
}

#[test]
fn a_long_chain_of_operands_or_branches_keeps_every_call() {
    let sum = format!("x = {}f()\n", "f() +\\\n".repeat(5_000));
    let elifs = format!("if f(): f()\n{}", "elif f(): f()\n".repeat(2_000));
    let cases = format!("match x:\n{}", "  case 'a' if f(): f()\n".repeat(2_000));
    let targets = format!("x = {}f()\n", "a.b =\\\n".repeat(5_000));
    for (text, calls) in [(sum, 5_001), (elifs, 4_002), (cases, 4_000), (targets, 1)] {
        let module = lower(&text).unwrap();
        assert_eq!(calls_of(&module), calls);
        assert_eq!(module.syntax_errors, []);
        dump(&module, &text);
    }
}

#[test]
fn what_nests_too_deep_is_cut_off_and_listed() {
    let nested = |open: &str, close: &str| format!("{}x{}\n", open.repeat(900), close.repeat(900));
    let texts = [
        nested("f(", ")"),
        nested("[", "]"),
        nested("{1:", "}"),
        nested("(lambda: ", ")"),
        nested("(not ", ")"),
        nested("(y if x else ", ")"),
        nested("(await ", ")"),
        nested("a[", "]"),
        nested("[y for y in ", "]"),
        format!("{}\n", "a.b().\\\n".repeat(2_000) + "c"),
        format!("{} = x\n", nested("(a, ", ")").trim()),
        format!("x: {}", nested("A[", "]")),
        format!("x: {}", "A | ".repeat(2_000) + "B\n"),
        (0..90).map(|i| format!("{}if x:\n", " ".repeat(i))).collect::<String>() + &" ".repeat(90) + "f()\n",
        (0..600).map(|i| format!("{}class A:\n", " ".repeat(i))).collect::<String>() + &" ".repeat(600) + "f()\n",
        (0..600).map(|i| format!("{}def a():\n", " ".repeat(i))).collect::<String>() + &" ".repeat(600) + "f()\n",
    ];
    for text in texts {
        let module = lower(&text).unwrap();
        check_spans(&module, &text);
        dump(&module, &text);
        assert!(module.syntax_errors.len() <= MAX_SYNTAX_ERRORS);
    }
    assert!(!lower(&nested("f(", ")")).unwrap().syntax_errors.is_empty());
}

#[test]
fn hostile_text_is_refused_or_lowered_in_time() {
    let start = Instant::now();
    assert!(matches!(lower(&"(".repeat(100_000)), Err(ParseRefusal::LineTooLong { .. })));
    assert!(matches!(lower(&"(\n".repeat(100_000)), Err(ParseRefusal::TooDeep(_))));
    assert!(matches!(lower(&"x".repeat(50_000_000)), Err(ParseRefusal::TooLarge(_))));
    for text in ["@\n", "f'{\n", "if x:\n", "'''", "\\\n", "lambda:\n", "\t \n", "\0\n", "x = f(\n)]\n", "class\n"] {
        if let Ok(module) = lower(&text.repeat(5_000)) {
            assert!(module.syntax_errors.len() <= MAX_SYNTAX_ERRORS);
        }
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn a_refusal_says_why() {
    let refusal = lower(&"x".repeat(30_000)).unwrap_err();
    assert_eq!(refusal.to_string(), "line 1 has 30000 bytes; lines of more than 20000 bytes are not parsed");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(module) = lower(&text) {
            check_spans(&module, &text);
        }
    }

    #[test]
    fn random_pieces_of_python_never_panic(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        let text = pieces.concat();
        if let Ok(module) = lower(&text) {
            check_spans(&module, &text);
            dump(&module, &text);
        }
    }

    #[test]
    fn a_sample_cut_short_never_panics(sample in proptest::sample::select(SAMPLES), from in 0usize..200, len in 0usize..400) {
        let text: String = sample.chars().skip(from).take(len).collect();
        if let Ok(module) = lower(&text) {
            check_spans(&module, &text);
        }
    }
}

const PIECES: &[&str] = &[
    "if ", "elif ", "else:", "def ", "class ", "a", "self", "f(", ")", "[", "]", "{", "}", ":", "\n", "\n  ", "\n    ",
    ",", " = ", "*", "**", "lambda ", "@", "for ", " in ", "while ", "try:", "except ", "finally:", "with ", " as ",
    "match x:", "case ", "'", "\"", "f'", "{x}", "'''", "\\", "import ", "from ", ".", "async ", "await ", "yield ",
    "return ", "raise ", "1", "-", " | ", " not ", "is ", "print ", "type ", ":=", "->", "é", "super()", "None",
];

/// Every span lies inside the text, on character boundaries, and inside what it is part of.
fn check_spans(module: &Module, text: &str) {
    let inside = |span: Span| {
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} of {text:?}");
    };
    module.exprs.iter().for_each(|expr| inside(expr.span));
    module.stmts.iter().for_each(|stmt| inside(stmt.span));
    module.imports.iter().for_each(|import| inside(import.span));
    module.syntax_errors.iter().for_each(|error| inside(*error));
    let expr_in = |outer: Span, id: ExprId| {
        let expr = module.expr(id);
        assert!(outer.contains(expr.span), "{expr:?} outside {outer:?} of {text:?}");
    };
    let stmt_in = |outer: Span, id: StmtId| {
        let stmt = module.stmt(id);
        assert!(outer.contains(stmt.span), "{stmt:?} outside {outer:?} of {text:?}");
    };
    for expr in &module.exprs {
        parts_of(&expr.kind).into_iter().for_each(|part| expr_in(expr.span, part));
    }
    for stmt in &module.stmts {
        let (exprs, blocks) = parts_of_stmt(&stmt.kind);
        exprs.into_iter().for_each(|part| expr_in(stmt.span, part));
        blocks.into_iter().flatten().for_each(|part| stmt_in(stmt.span, *part));
    }
    for func in &module.funcs {
        inside(func.span);
        assert!(func.span.contains(func.name_span));
        func.body.iter().for_each(|part| stmt_in(func.span, *part));
        func.decorators.iter().chain(&func.returns).for_each(|part| expr_in(func.span, *part));
        for param in &func.params {
            assert!(func.span.contains(param.span));
            param.ty.iter().chain(&param.default).for_each(|part| expr_in(param.span, *part));
        }
    }
    for class in &module.classes {
        inside(class.span);
        class.bases.iter().chain(&class.decorators).for_each(|part| expr_in(class.span, *part));
        for field in &class.fields {
            assert!(class.span.contains(field.span));
            field.ty.iter().chain(&field.value).for_each(|part| expr_in(field.span, *part));
        }
    }
}

fn parts_of(kind: &ExprKind) -> Vec<ExprId> {
    match kind {
        ExprKind::Template(parts) => parts
            .iter()
            .filter_map(|part| match part {
                TemplatePart::Hole(id) => Some(*id),
                TemplatePart::Text(_) => None,
            })
            .collect(),
        ExprKind::List(items) | ExprKind::Other(items) => items.clone(),
        ExprKind::Dict(entries) => entries
            .iter()
            .flat_map(|entry| match entry {
                Entry::Pair { key, value } => vec![*key, *value],
                Entry::Spread(value) => vec![*value],
            })
            .collect(),
        ExprKind::Attr { object, .. } => vec![*object],
        ExprKind::Index { object, index } => vec![*object, *index],
        ExprKind::Call(call) => call.args.iter().map(|arg| arg.value).chain([call.callee]).collect(),
        ExprKind::Await(id) | ExprKind::Not(id) | ExprKind::Neg(id) => vec![*id],
        ExprKind::Binary { left, right, .. } => vec![*left, *right],
        ExprKind::Cond { test, then, other } => vec![*test, *then, *other],
        // The keyword of a class definition has its value's span.
        ExprKind::Assign { target, value } => vec![*target, *value],
        _ => Vec::new(),
    }
}

fn parts_of_stmt(kind: &StmtKind) -> (Vec<ExprId>, Vec<&Vec<StmtId>>) {
    match kind {
        StmtKind::Expr(id) => (vec![*id], vec![]),
        StmtKind::Assign { target, value, annotation, .. } => {
            ([*target].into_iter().chain(*value).chain(*annotation).collect(), vec![])
        }
        StmtKind::Return(value) | StmtKind::Throw(value) => (value.iter().copied().collect(), vec![]),
        StmtKind::If { test, then, other } => (vec![*test], vec![then, other]),
        StmtKind::Loop { header, body, .. } => match header {
            LoopHeader::Each { target, iter } => (vec![*target, *iter], vec![body]),
            LoopHeader::While(test) => (test.iter().copied().collect(), vec![body]),
            LoopHeader::Count { .. } => (vec![], vec![body]),
        },
        StmtKind::Try { body, handlers, finally } => {
            let types = handlers.iter().flat_map(|handler| handler.types.clone()).collect();
            (types, handlers.iter().map(|handler| &handler.body).chain([body, finally]).collect())
        }
        StmtKind::With { items, body, .. } => {
            (items.iter().flat_map(|(value, target)| [*value].into_iter().chain(*target)).collect(), vec![body])
        }
        StmtKind::Block(body) => (vec![], vec![body]),
        _ => (vec![], vec![]),
    }
}
