//! The small language-neutral program that every front end lowers its syntax tree to.
//!
//! A [`Module`] keeps what decides a rule (imports, definitions with decorators, calls with their
//! arguments, literals, and the *order and nesting* of statements) and drops the rest. Nodes live
//! in arenas and refer to one another by index, so that a module is plain data: it can be cached,
//! sent to another thread and compared.
//!
//! Rules for front ends:
//! - Every call in the file appears as an [`ExprKind::Call`], whatever stands around it. A form that
//!   has no kind of its own becomes [`ExprKind::Other`] with its sub-expressions as children.
//! - `self`, `this`, `cls` in a method become [`ExprKind::This`].
//! - Types are expressions too: `Optional[Channel]` is an [`ExprKind::Index`], `A | B` a
//!   [`BinaryOp::BitOr`]; array types `T[]` are `Index { object: Name("Array"), index: T }`.
//! - Casts, non-null assertions and parentheses are transparent, except `x as T`, which is
//!   [`ExprKind::Cast`].
//! - Destructuring is spelled out: `const { a, b: c } = f()` becomes one hidden variable assigned
//!   from `f()` and two assignments from attributes of it; `a, b = x` becomes [`ExprKind::Index`]
//!   with the position. A default in a pattern becomes `attr ?? default`.
//! - A tagged template or an f-string is an [`ExprKind::Template`]; adjacent string literals and
//!   literals joined by `+` stay [`ExprKind::Binary`] unless the grammar itself joins them.
//! - In Java, Kotlin, Go and C# a local variable is told from a field that is assigned without `this` by its
//!   annotation; a declaration without a type (`var x`, `val x`) has the annotation `Name("var")`.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::syntax::Span;

/// Index of an expression in [`Module::exprs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExprId(pub u32);
/// Index of a statement in [`Module::stmts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StmtId(pub u32);
/// Index of a function in [`Module::funcs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FuncId(pub u32);
/// Index of a class in [`Module::classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClassId(pub u32);

/// The language a module was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Python 3 (and what of Python 2 still parses).
    Python,
    /// JavaScript, ESM or CommonJS, with or without JSX.
    JavaScript,
    /// TypeScript, with or without JSX.
    TypeScript,
    /// Java.
    Java,
    /// Kotlin.
    Kotlin,
    /// Go.
    Go,
    /// C#.
    CSharp,
}

impl Language {
    /// The name in output: `python`, `javascript`, `typescript`, `java`, `kotlin`, `go`, `csharp`.
    pub fn name(self) -> &'static str {
        match self {
            Language::Python => "python",
            Language::JavaScript => "javascript",
            Language::TypeScript => "typescript",
            Language::Java => "java",
            Language::Kotlin => "kotlin",
            Language::Go => "go",
            Language::CSharp => "csharp",
        }
    }

    /// True for Java and Kotlin.
    pub fn is_jvm(self) -> bool {
        matches!(self, Language::Java | Language::Kotlin)
    }

    /// True for JavaScript and TypeScript.
    pub fn is_script(self) -> bool {
        matches!(self, Language::JavaScript | Language::TypeScript)
    }

    /// True for languages in which a bare name can mean a member of the class around, and types of the
    /// same package are visible without an import: Java, Kotlin, C#.
    pub fn has_packages(self) -> bool {
        self.is_jvm() || self == Language::CSharp
    }
}

/// One source file, lowered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Module {
    /// The language of the file.
    pub language: Language,
    /// The package or namespace the file declares itself to belong to (Java, Kotlin, Go, C#):
    /// `com.acme.orders`.
    pub package: Option<SmolStr>,
    /// Imports in source order, also those inside functions.
    pub imports: Vec<Import>,
    /// Names this module offers under another name or from another module (JavaScript, TypeScript).
    pub exports: Vec<Export>,
    /// Top-level statements.
    pub body: Block,
    /// All expressions.
    pub exprs: Vec<Expr>,
    /// All statements.
    pub stmts: Vec<Stmt>,
    /// All functions: top-level, methods, nested ones and lambdas.
    pub funcs: Vec<Function>,
    /// All classes, interfaces, object types and enums.
    pub classes: Vec<Class>,
    /// Parts the parser could not read (tree-sitter ERROR or MISSING nodes).
    pub syntax_errors: Vec<Span>,
}

/// `from a.b import c as d`, `import x, { y as z } from "m"`, `const { y } = require("m")`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The module as written: `a.b`, `..shared.events`, `./client`, `@nestjs/common`.
    pub module: SmolStr,
    /// What is imported from it.
    pub kind: ImportKind,
    /// The local name; empty for [`ImportKind::SideEffect`] and [`ImportKind::Star`].
    pub local: SmolStr,
    /// The import statement or clause.
    pub span: Span,
}

/// What an [`Import`] binds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ImportKind {
    /// The module object: `import a.b` (local `a` when unaliased, see below), `import * as m`,
    /// `const m = require("m")`. Python's unaliased `import a.b.c` has module `a` and local `a`.
    Namespace,
    /// The default export (`import m from "m"`).
    Default,
    /// One exported name.
    Named(SmolStr),
    /// Everything (`from m import *`, `export * from "m"` is an [`Export`]).
    Star,
    /// Nothing is bound (`import "./tracing"`).
    SideEffect,
}

/// `export { a as b }`, `export { a } from "m"`, `export * from "m"`, `module.exports = { a }`,
/// `export default x`. Declarations with an `export` modifier are listed too (`local == name`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Export {
    /// The exported name; `default` for the default export; `*` for `export * from`.
    pub name: SmolStr,
    /// The exported value.
    pub value: ExportValue,
}

/// What an [`Export`] stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExportValue {
    /// A name of this module.
    Local(SmolStr),
    /// A name of another module (`*` for all).
    From {
        /// The module as written.
        module: SmolStr,
        /// The name there; `*` for all of it.
        name: SmolStr,
    },
    /// An expression (`export default express()`, `module.exports = new Client()`).
    Expr(ExprId),
}

/// A sequence of statements.
pub type Block = Vec<StmtId>;

/// An expression with its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expression that rules can tell apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExprKind {
    /// A name.
    Name(SmolStr),
    /// `self`, `this`, `cls`; `super()` and `super` are [`ExprKind::Super`].
    This,
    /// The base class part of the receiver.
    Super,
    /// A string or bytes literal, unescaped.
    Str(SmolStr),
    /// A string with holes.
    Template(Vec<TemplatePart>),
    /// A number.
    Num(f64),
    /// `true`, `False`.
    Bool(bool),
    /// `None`, `null`, `undefined`.
    Null,
    /// A list, tuple, set or array.
    List(Vec<ExprId>),
    /// A dictionary, object or struct literal.
    Dict(Vec<Entry>),
    /// `object.name`, `object?.name`.
    Attr {
        /// The object.
        object: ExprId,
        /// The attribute.
        name: SmolStr,
        /// The attribute's own span.
        name_span: Span,
    },
    /// `object[index]`, also a generic type application (index is a [`ExprKind::List`] when there
    /// are several arguments).
    Index {
        /// The object or generic type.
        object: ExprId,
        /// The index or type argument.
        index: ExprId,
    },
    /// A call or construction.
    Call(Call),
    /// `await x`.
    Await(ExprId),
    /// An anonymous function, or a function used as a value.
    Lambda(FuncId),
    /// A class used as a value.
    ClassExpr(ClassId),
    /// Two operands.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// The left operand.
        left: ExprId,
        /// The right operand.
        right: ExprId,
    },
    /// `not x`, `!x`.
    Not(ExprId),
    /// `-x`.
    Neg(ExprId),
    /// `then if test else other`, `test ? then : other`.
    Cond {
        /// The condition.
        test: ExprId,
        /// The value if it holds.
        then: ExprId,
        /// The value otherwise.
        other: ExprId,
    },
    /// An assignment used as an expression.
    Assign {
        /// What is assigned to.
        target: ExprId,
        /// The value.
        value: ExprId,
    },
    /// `x as T`, `<T>x`.
    Cast {
        /// The value.
        value: ExprId,
        /// The type.
        ty: ExprId,
    },
    /// Anything else; the children are its sub-expressions in source order.
    Other(Vec<ExprId>),
}

/// A call or construction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What is called.
    pub callee: ExprId,
    /// The arguments in source order.
    pub args: Vec<Arg>,
    /// `new X(…)`.
    pub is_new: bool,
    /// Explicit type arguments (`create<Foo>()`).
    pub type_args: Vec<ExprId>,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arg {
    /// The keyword; none when positional.
    pub name: Option<SmolStr>,
    /// `*args`, `**kwargs`, `...args`. A `**kwargs` argument has an empty `name`.
    pub spread: bool,
    /// The value.
    pub value: ExprId,
}

/// A part of a string with holes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TemplatePart {
    /// Literal text, unescaped.
    Text(SmolStr),
    /// A hole.
    Hole(ExprId),
}

/// An entry of a [`ExprKind::Dict`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// `key: value`; shorthand `{ a }` has the key `a` and the value `Name(a)`.
    Pair {
        /// A literal key is a [`ExprKind::Str`].
        key: ExprId,
        /// The value; a method is a [`ExprKind::Lambda`].
        value: ExprId,
    },
    /// `...x`, `**x`.
    Spread(ExprId),
}

/// The operators that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`, `//`
    Div,
    /// `%` (also Python's string formatting)
    Mod,
    /// `**`
    Pow,
    /// `<<`
    Shl,
    /// `or`, `||`
    Or,
    /// `??`
    Coalesce,
    /// `and`, `&&`
    And,
    /// `|` (also union types)
    BitOr,
    /// `==`, `===`, `is`
    Eq,
    /// `!=`, `!==`, `is not`
    Ne,
    /// `<`, `<=`
    Lt,
    /// `>`, `>=`
    Gt,
    /// `in`
    In,
    /// `not in`
    NotIn,
    /// anything else
    Other,
}

/// A statement with its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of statement that rules can tell apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StmtKind {
    /// An expression.
    Expr(ExprId),
    /// An assignment or declaration of one target.
    Assign {
        /// Name, attribute or index.
        target: ExprId,
        /// The value; none for a bare declaration.
        value: Option<ExprId>,
        /// The declared type.
        annotation: Option<ExprId>,
        /// The operator of `x += …` (then `value` is the right operand).
        op: Option<BinaryOp>,
    },
    /// `return`, and the body of an expression-bodied lambda.
    Return(Option<ExprId>),
    /// `raise`, `throw`.
    Throw(Option<ExprId>),
    /// `if`; `else if` nests in `other`. A `switch`/`match` becomes a chain of these, each test
    /// `subject == value` (`Other` for a pattern).
    If {
        /// The condition.
        test: ExprId,
        /// If it holds.
        then: Block,
        /// Otherwise.
        other: Block,
    },
    /// Any loop.
    Loop {
        /// Which loop, with its header.
        header: LoopHeader,
        /// The body.
        body: Block,
        /// `async for`, `for await`.
        is_async: bool,
    },
    /// `try`.
    Try {
        /// The guarded block (with Python's `else` appended).
        body: Block,
        /// The handlers.
        handlers: Vec<Handler>,
        /// `finally`.
        finally: Block,
    },
    /// `with`, `async with`.
    With {
        /// The context managers and what they are bound to.
        items: Vec<(ExprId, Option<ExprId>)>,
        /// The body.
        body: Block,
        /// `async with`.
        is_async: bool,
    },
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// A named function.
    Func(FuncId),
    /// A class, interface, enum or object type.
    Class(ClassId),
    /// A bare block.
    Block(Block),
    /// Python's `global` and `nonlocal`: later assignments in this function bind the outer name.
    Global(Vec<SmolStr>),
}

/// The header of a loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LoopHeader {
    /// `for target in iter`, `for (const target of iter)`.
    Each {
        /// The variable (a name or a list of names).
        target: ExprId,
        /// What is iterated.
        iter: ExprId,
    },
    /// `while`, `do … while`; none for `loop {}` or `for (;;)`.
    While(Option<ExprId>),
    /// `for (init; test; step)`.
    Count {
        /// The initialiser statements.
        init: Block,
        /// The condition.
        test: Option<ExprId>,
        /// The step.
        step: Option<ExprId>,
    },
}

/// `except X as e`, `catch (e)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handler {
    /// The types caught; empty for all.
    pub types: Vec<ExprId>,
    /// The name bound.
    pub name: Option<SmolStr>,
    /// The body.
    pub body: Block,
    /// Where it stands.
    pub span: Span,
}

/// A function, method or lambda.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its name; for a lambda the name it is assigned to, where there is one, else empty.
    pub name: SmolStr,
    /// The whole definition, decorators included.
    pub span: Span,
    /// The name, or the head of a lambda.
    pub name_span: Span,
    /// The parameters, without the receiver.
    pub params: Vec<Param>,
    /// Decorators or annotations in source order: `@retry(...)` is the call without `@`.
    pub decorators: Vec<ExprId>,
    /// The declared result type.
    pub returns: Option<ExprId>,
    /// `async def`, `async () =>`.
    pub is_async: bool,
    /// `@staticmethod`, `static`.
    pub is_static: bool,
    /// `public` stands in front of it (C#; the other languages are not asked).
    pub is_public: bool,
    /// How it is written.
    pub kind: FunctionKind,
    /// The body.
    pub body: Block,
    /// The function it is nested in.
    pub parent: Option<FuncId>,
    /// The class it is a member of.
    pub class: Option<ClassId>,
}

/// How a function is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FunctionKind {
    /// A function.
    Function,
    /// A method of a class or an object literal.
    Method,
    /// `__init__`, `constructor`.
    Constructor,
    /// A property or accessor: `@property`, `get x()`.
    Getter,
    /// A lambda or function expression.
    Lambda,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// The name; for a destructured parameter a generated one (`$0`), and the body begins with the
    /// assignments.
    pub name: SmolStr,
    /// The declared type.
    pub ty: Option<ExprId>,
    /// The default.
    pub default: Option<ExprId>,
    /// `*args`, `**kwargs`, `...rest`.
    pub variadic: bool,
    /// TypeScript's `constructor(private readonly x: X)`: also declares the field `x`.
    pub is_field: bool,
    /// Decorators of the parameter (`@Inject(TOKEN)`, `@Body()`).
    pub decorators: Vec<ExprId>,
    /// Where it stands.
    pub span: Span,
}

/// A class, interface, object type or enum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Its name.
    pub name: SmolStr,
    /// The whole definition, decorators included.
    pub span: Span,
    /// The name.
    pub name_span: Span,
    /// Which of them it is.
    pub kind: ClassKind,
    /// The names of its type parameters (C#).
    pub type_params: Vec<SmolStr>,
    /// Base classes and interfaces, as written.
    pub bases: Vec<ExprId>,
    /// Decorators or annotations in source order.
    pub decorators: Vec<ExprId>,
    /// Fields declared in the body (not those only assigned in methods).
    pub fields: Vec<Field>,
    /// Methods, constructors and accessors.
    pub methods: Vec<FuncId>,
    /// The function it is nested in.
    pub parent: Option<FuncId>,
    /// The class it is a member of (Java, Kotlin, C#). Such a class is no statement: it is found by this only.
    pub outer: Option<ClassId>,
}

/// Which kind of type a [`Class`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClassKind {
    /// A class.
    Class,
    /// An interface, protocol or object type alias.
    Interface,
    /// An enum; the members are fields.
    Enum,
}

/// A field declared in a class body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The name.
    pub name: SmolStr,
    /// The declared type.
    pub ty: Option<ExprId>,
    /// The initialiser.
    pub value: Option<ExprId>,
    /// Decorators of the field (`@Column()`).
    pub decorators: Vec<ExprId>,
    /// A class attribute (`static`, or any unannotated Python class attribute).
    pub is_static: bool,
    /// Where it stands.
    pub span: Span,
}

impl Module {
    /// An empty module.
    pub fn new(language: Language) -> Self {
        Module {
            language,
            package: None,
            imports: Vec::new(),
            exports: Vec::new(),
            body: Vec::new(),
            exprs: Vec::new(),
            stmts: Vec::new(),
            funcs: Vec::new(),
            classes: Vec::new(),
            syntax_errors: Vec::new(),
        }
    }

    /// The expression behind an id of this module.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }

    /// The statement behind an id of this module.
    pub fn stmt(&self, id: StmtId) -> &Stmt {
        &self.stmts[id.0 as usize]
    }

    /// The function behind an id of this module.
    pub fn func(&self, id: FuncId) -> &Function {
        &self.funcs[id.0 as usize]
    }

    /// The class behind an id of this module.
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.0 as usize]
    }

    /// Adds an expression.
    pub fn add_expr(&mut self, kind: ExprKind, span: Span) -> ExprId {
        self.exprs.push(Expr { kind, span });
        ExprId(self.exprs.len() as u32 - 1)
    }

    /// Adds a statement.
    pub fn add_stmt(&mut self, kind: StmtKind, span: Span) -> StmtId {
        self.stmts.push(Stmt { kind, span });
        StmtId(self.stmts.len() as u32 - 1)
    }
}

/// A call with the function it stands in; see `program::Index::calls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallId {
    /// The call expression.
    pub expr: ExprId,
    /// The innermost function around it.
    pub func: Option<FuncId>,
}

impl Module {
    /// The call behind an expression.
    pub fn call(&self, id: ExprId) -> Option<&Call> {
        match &self.expr(id).kind {
            ExprKind::Call(call) => Some(call),
            _ => None,
        }
    }

    /// The last name of a call's callee: `send` of `a.b.send(x)`.
    pub fn callee_name(&self, id: ExprId) -> Option<&SmolStr> {
        let mut callee = self.call(id)?.callee;
        loop {
            match &self.expr(callee).kind {
                ExprKind::Name(name) | ExprKind::Attr { name, .. } => return Some(name),
                ExprKind::Index { object, .. } => callee = *object,
                ExprKind::Await(inner) => callee = *inner,
                _ => return None,
            }
        }
    }

    /// The direct sub-expressions of an expression, in source order. The body of a lambda is not
    /// among them.
    pub fn children(&self, id: ExprId) -> Vec<ExprId> {
        match &self.expr(id).kind {
            ExprKind::Template(parts) => parts
                .iter()
                .filter_map(|p| match p {
                    TemplatePart::Hole(e) => Some(*e),
                    TemplatePart::Text(_) => None,
                })
                .collect(),
            ExprKind::List(items) | ExprKind::Other(items) => items.clone(),
            ExprKind::Dict(entries) => entries
                .iter()
                .flat_map(|e| match e {
                    Entry::Pair { key, value } => vec![*key, *value],
                    Entry::Spread(value) => vec![*value],
                })
                .collect(),
            ExprKind::Attr { object, .. } => vec![*object],
            ExprKind::Index { object, index } => vec![*object, *index],
            ExprKind::Call(call) => {
                let mut out = vec![call.callee];
                out.extend(call.args.iter().map(|a| a.value));
                out
            }
            ExprKind::Await(e) | ExprKind::Not(e) | ExprKind::Neg(e) => vec![*e],
            ExprKind::Cast { value, .. } => vec![*value],
            ExprKind::Binary { left, right, .. } => vec![*left, *right],
            ExprKind::Cond { test, then, other } => vec![*test, *then, *other],
            ExprKind::Assign { target, value } => vec![*target, *value],
            ExprKind::Name(_)
            | ExprKind::This
            | ExprKind::Super
            | ExprKind::Str(_)
            | ExprKind::Num(_)
            | ExprKind::Bool(_)
            | ExprKind::Null
            | ExprKind::Lambda(_)
            | ExprKind::ClassExpr(_) => Vec::new(),
        }
    }
}
