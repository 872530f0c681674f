//! Where names are bound in a module, and where each expression stands.

use rapidhash::{RapidHashMap as HashMap, RapidHashSet as HashSet};

use smol_str::SmolStr;

use crate::facts::module::{
    Block, CallId, ClassId, ExprId, ExprKind, FuncId, Handler, LoopHeader, Module, StmtId, StmtKind,
};

/// What encloses an expression or a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// An expression (for a statement: the body of a lambda stands in that expression).
    Expr(ExprId),
    /// A statement.
    Stmt(StmtId),
    /// The body of a named function or method.
    Func(FuncId),
    /// The header of a class: a decorator, a base, a field.
    Class(ClassId),
    /// The top of the module.
    Top,
}

/// How a name gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// Import number n of the module.
    Import(usize),
    /// A function.
    Func(FuncId),
    /// A class.
    Class(ClassId),
    /// An assignment from an expression.
    Value(ExprId),
    /// A declaration with a type only.
    Typed(ExprId),
    /// Parameter number n of a function.
    Param(FuncId, usize),
    /// The variable of a loop over the expression.
    Element(ExprId),
    /// `with expr as name`.
    Entered(ExprId),
    /// Something that has no value we could follow (a caught exception).
    Opaque,
}

/// The scope a name is looked up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The module.
    Top,
    /// A function.
    Func(FuncId),
}

/// A value assigned to `this.name`, with the method that does it.
pub type MemberAssignment = (ExprId, Option<FuncId>);

/// Lookup tables of one module.
#[derive(Debug, Default)]
pub struct Index {
    names: HashMap<(Scope, SmolStr), Vec<Binding>>,
    members: HashMap<(ClassId, SmolStr), Vec<MemberAssignment>>,
    /// Assignments to attributes of something that is not `this`: (attribute, object, value).
    pub attribute_assignments: Vec<(SmolStr, ExprId, ExprId)>,
    /// Assignments to elements, `object[index] = value`: (object, value).
    pub element_assignments: Vec<(ExprId, ExprId)>,
    /// The parent of each expression.
    pub expr_parent: Vec<Parent>,
    /// The parent of each statement.
    pub stmt_parent: Vec<Parent>,
    /// The innermost function around each expression.
    expr_func: Vec<Option<FuncId>>,
    /// The expression that holds each lambda.
    pub lambda_expr: HashMap<FuncId, ExprId>,
    /// The statement that defines each named function or class member.
    func_parent: Vec<Parent>,
    /// What encloses each class.
    class_parent: Vec<Parent>,
    /// Classes that are members of a class.
    nested: HashMap<(ClassId, SmolStr), ClassId>,
    /// All calls, in source order.
    pub calls: Vec<CallId>,
}

impl Index {
    /// Indexes a module.
    pub fn build(module: &Module) -> Index {
        let mut builder = Builder {
            module,
            index: Index {
                expr_parent: vec![Parent::Top; module.exprs.len()],
                stmt_parent: vec![Parent::Top; module.stmts.len()],
                expr_func: vec![None; module.exprs.len()],
                func_parent: vec![Parent::Top; module.funcs.len()],
                class_parent: vec![Parent::Top; module.classes.len()],
                nested: nested(module),
                ..Index::default()
            },
            seen_func: vec![false; module.funcs.len()],
            seen_class: vec![false; module.classes.len()],
            members: HashMap::default(),
            globals: HashSet::default(),
        };
        for (i, class) in module.classes.iter().enumerate() {
            if let Some(outer) = class.outer {
                builder.members.entry(outer).or_default().push(ClassId(i as u32));
            }
        }
        for (i, import) in module.imports.iter().enumerate() {
            if !import.local.is_empty() {
                builder.bind(Scope::Top, &import.local, Binding::Import(i));
            }
        }
        builder.block(&module.body, Parent::Top, None);
        for export in &module.exports {
            if let crate::facts::module::ExportValue::Expr(e) = export.value {
                builder.expr(e, Parent::Top, None);
            }
        }
        let mut index = builder.index;
        index.calls.sort_by_key(|c| (module.expr(c.expr).span.start, module.expr(c.expr).span.end, c.expr));
        index.calls.dedup();
        index
    }

    /// The bindings of a name, from the innermost scope that has any.
    pub fn lookup(&self, module: &Module, mut scope: Option<FuncId>, name: &str) -> Option<(Scope, &[Binding])> {
        let key = SmolStr::new(name);
        while let Some(func) = scope {
            if let Some(found) = self.names.get(&(Scope::Func(func), key.clone())) {
                return Some((Scope::Func(func), found));
            }
            scope = module.func(func).parent;
        }
        self.names.get(&(Scope::Top, key)).map(|found| (Scope::Top, found.as_slice()))
    }

    /// The bindings of a name at the top of the module.
    pub fn top(&self, name: &str) -> &[Binding] {
        self.names.get(&(Scope::Top, SmolStr::new(name))).map_or(&[], Vec::as_slice)
    }

    /// What is assigned to `this.name` in a class, with the method that does it.
    pub fn member(&self, class: ClassId, name: &str) -> &[MemberAssignment] {
        self.members.get(&(class, SmolStr::new(name))).map_or(&[], Vec::as_slice)
    }

    /// The class called `name` that is a member of a class.
    pub fn nested(&self, class: ClassId, name: &str) -> Option<ClassId> {
        self.nested.get(&(class, SmolStr::new(name))).copied()
    }

    /// The classes around an expression, innermost first.
    pub fn classes_around(&self, module: &Module, expr: ExprId) -> Vec<ClassId> {
        let mut out: Vec<ClassId> = Vec::new();
        for parent in self.ancestors(expr) {
            let class = match parent {
                Parent::Func(f) => module.func(f).class,
                Parent::Class(class) => Some(class),
                _ => None,
            };
            out.extend(class.filter(|c| !out.contains(c)));
        }
        out
    }

    /// The names of what is assigned to `this` in a class, sorted.
    pub fn member_names(&self, class: ClassId) -> Vec<&SmolStr> {
        let mut names: Vec<&SmolStr> = self.members.keys().filter(|(c, _)| *c == class).map(|(_, n)| n).collect();
        names.sort();
        names
    }

    /// The innermost function around an expression.
    pub fn func_of(&self, expr: ExprId) -> Option<FuncId> {
        self.expr_func.get(expr.0 as usize).copied().flatten()
    }

    /// The chain of parents of an expression, innermost first, up to the top of the module and
    /// through the bodies of lambdas and functions.
    pub fn ancestors(&self, expr: ExprId) -> Ancestors<'_> {
        Ancestors { index: self, next: self.expr_parent.get(expr.0 as usize).copied() }
    }

    /// The chain of parents of a statement.
    pub fn stmt_ancestors(&self, stmt: StmtId) -> Ancestors<'_> {
        Ancestors { index: self, next: self.stmt_parent.get(stmt.0 as usize).copied() }
    }
}

/// Iterates outwards; see [`Index::ancestors`].
#[derive(Debug)]
pub struct Ancestors<'a> {
    index: &'a Index,
    next: Option<Parent>,
}

impl Iterator for Ancestors<'_> {
    type Item = Parent;

    fn next(&mut self) -> Option<Parent> {
        let current = self.next?;
        self.next = match current {
            Parent::Expr(e) => self.index.expr_parent.get(e.0 as usize).copied(),
            Parent::Stmt(s) => self.index.stmt_parent.get(s.0 as usize).copied(),
            Parent::Func(f) => match self.index.lambda_expr.get(&f) {
                Some(&e) => Some(Parent::Expr(e)),
                None => self.index.func_parent.get(f.0 as usize).copied(),
            },
            Parent::Class(c) => self.index.class_parent.get(c.0 as usize).copied(),
            Parent::Top => None,
        };
        Some(current)
    }
}

fn nested(module: &Module) -> HashMap<(ClassId, SmolStr), ClassId> {
    let members = module.classes.iter().enumerate();
    members.filter_map(|(i, c)| Some(((c.outer?, c.name.clone()), ClassId(i as u32)))).collect()
}

struct Builder<'a> {
    module: &'a Module,
    index: Index,
    seen_func: Vec<bool>,
    seen_class: Vec<bool>,
    /// The classes that are members of a class.
    members: HashMap<ClassId, Vec<ClassId>>,
    globals: HashSet<(Option<FuncId>, SmolStr)>,
}

impl Builder<'_> {
    fn bind(&mut self, scope: Scope, name: &SmolStr, binding: Binding) {
        let bindings = self.index.names.entry((scope, name.clone())).or_default();
        if bindings.len() < 16 && !bindings.contains(&binding) {
            bindings.push(binding);
        }
    }

    fn scope(&self, func: Option<FuncId>) -> Scope {
        func.map_or(Scope::Top, Scope::Func)
    }

    /// Binds a plain name in Java and Kotlin, where what is assigned without having been declared in a
    /// function is a field.
    fn jvm_target(&mut self, name: &SmolStr, binding: Binding, func: Option<FuncId>, declares: bool) {
        let scope = match self.index.lookup(self.module, func, name) {
            Some((scope @ Scope::Func(_), _)) if !declares => scope,
            _ => self.scope(func),
        };
        let known = self.index.names.contains_key(&(scope, name.clone()));
        match (binding, self.class_of(func)) {
            (Binding::Value(value), Some(class)) if !declares && !known => {
                let class = self.declaring_class(class, name).unwrap_or(class);
                self.index.members.entry((class, name.clone())).or_default().push((value, func));
            }
            _ => self.bind(scope, name, binding),
        }
    }

    /// The class or the one around it that declares a field.
    fn declaring_class(&self, class: ClassId, name: &str) -> Option<ClassId> {
        let mut at = Some(class);
        while let Some(id) = at {
            let class = self.module.class(id);
            if class.fields.iter().any(|f| f.name == name) {
                return Some(id);
            }
            at = class.outer.or_else(|| self.class_of(class.parent)).filter(|next| next.0 < id.0);
        }
        None
    }

    /// Binds a target pattern; `declares` is true for a declaration.
    fn target(&mut self, target: ExprId, binding: Binding, func: Option<FuncId>, declares: bool) {
        match &self.module.expr(target).kind {
            ExprKind::Name(name) if self.module.language.has_packages() => {
                let name = name.clone();
                self.jvm_target(&name, binding, func, declares);
            }
            // `x := …` in a function is no assignment to a variable of the package.
            ExprKind::Name(name) if declares && self.module.language == crate::facts::module::Language::Go => {
                let name = name.clone();
                self.bind(self.scope(func), &name, binding);
            }
            ExprKind::Name(name) => {
                // An assignment in a closure to a variable of an outer function belongs there.
                let scope = if self.globals.contains(&(func, name.clone())) {
                    Scope::Top
                } else {
                    match self.index.lookup(self.module, func, name) {
                        Some((scope, _)) if self.module.language != crate::facts::module::Language::Python => scope,
                        _ => self.scope(func),
                    }
                };
                let name = name.clone();
                self.bind(scope, &name, binding);
            }
            ExprKind::List(items) => {
                // `message, ok := <-messages` in a `select`.
                let receives = match binding {
                    Binding::Value(value) => self.module.callee_name(value).is_some_and(|name| name == "<-"),
                    _ => false,
                };
                for (i, item) in items.clone().into_iter().enumerate() {
                    let binding = if receives && i == 0 { binding } else { Binding::Opaque };
                    self.target(item, binding, func, declares);
                }
            }
            ExprKind::Attr { object, name, .. } => {
                let value = match binding {
                    Binding::Value(v) | Binding::Entered(v) => Some(v),
                    _ => None,
                };
                let Some(value) = value else { return };
                if matches!(self.module.expr(*object).kind, ExprKind::This) {
                    if let Some(class) = self.class_of(func) {
                        self.index.members.entry((class, name.clone())).or_default().push((value, func));
                    }
                } else {
                    self.index.attribute_assignments.push((name.clone(), *object, value));
                }
            }
            ExprKind::Index { object, .. } => {
                if let Binding::Value(value) = binding {
                    self.index.element_assignments.push((*object, value));
                }
            }
            _ => {}
        }
    }

    /// The class whose `this` is visible in a function.
    fn class_of(&self, mut func: Option<FuncId>) -> Option<ClassId> {
        while let Some(f) = func {
            let function = self.module.func(f);
            if function.class.is_some() {
                return function.class;
            }
            func = function.parent;
        }
        None
    }

    fn block(&mut self, block: &Block, parent: Parent, func: Option<FuncId>) {
        for &stmt in block {
            self.stmt(stmt, parent, func);
        }
    }

    fn stmt(&mut self, id: StmtId, parent: Parent, func: Option<FuncId>) {
        self.index.stmt_parent[id.0 as usize] = parent;
        let here = Parent::Stmt(id);
        let module = self.module;
        match &module.stmt(id).kind {
            StmtKind::Expr(e) => self.expr(*e, here, func),
            StmtKind::Assign { target, value, annotation, op } => {
                if let Some(value) = value {
                    self.expr(*value, here, func);
                }
                if let Some(ty) = annotation {
                    self.expr(*ty, here, func);
                }
                match (value, annotation) {
                    (Some(value), _)
                        if op.is_none() || matches!(op, Some(crate::facts::module::BinaryOp::Coalesce)) =>
                    {
                        self.target(*target, Binding::Value(*value), func, annotation.is_some());
                    }
                    (None, Some(ty)) => self.target(*target, Binding::Typed(*ty), func, true),
                    (None, None) => self.target(*target, Binding::Opaque, func, true),
                    _ => {}
                }
                self.expr(*target, here, func);
            }
            StmtKind::Return(e) | StmtKind::Throw(e) => {
                if let Some(e) = e {
                    self.expr(*e, here, func);
                }
            }
            StmtKind::If { test, then, other } => {
                self.expr(*test, here, func);
                self.block(then, here, func);
                self.block(other, here, func);
            }
            StmtKind::Loop { header, body, .. } => {
                match header {
                    LoopHeader::Each { target, iter } => {
                        self.expr(*iter, here, func);
                        self.target(*target, Binding::Element(*iter), func, true);
                        self.expr(*target, here, func);
                    }
                    LoopHeader::While(test) => {
                        if let Some(test) = test {
                            self.expr(*test, here, func);
                        }
                    }
                    LoopHeader::Count { init, test, step } => {
                        self.block(init, here, func);
                        for e in [test, step].into_iter().flatten() {
                            self.expr(*e, here, func);
                        }
                    }
                }
                self.block(body, here, func);
            }
            StmtKind::Try { body, handlers, finally } => {
                self.block(body, here, func);
                for handler in handlers {
                    self.handler(handler, here, func);
                }
                self.block(finally, here, func);
            }
            StmtKind::With { items, body, .. } => {
                for (e, bound) in items {
                    self.expr(*e, here, func);
                    if let Some(bound) = bound {
                        self.target(*bound, Binding::Entered(*e), func, true);
                        self.expr(*bound, here, func);
                    }
                }
                self.block(body, here, func);
            }
            StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Func(f) => {
                let name = module.func(*f).name.clone();
                let scope = self.scope(func);
                self.bind(scope, &name, Binding::Func(*f));
                self.func(*f, here);
            }
            StmtKind::Class(c) => {
                let name = module.class(*c).name.clone();
                let scope = self.scope(func);
                self.bind(scope, &name, Binding::Class(*c));
                self.class(*c, here, func);
            }
            StmtKind::Block(block) => self.block(block, here, func),
            StmtKind::Global(names) => {
                for name in names {
                    self.globals.insert((func, name.clone()));
                }
            }
        }
    }

    fn handler(&mut self, handler: &Handler, here: Parent, func: Option<FuncId>) {
        for &ty in &handler.types {
            self.expr(ty, here, func);
        }
        if let Some(name) = &handler.name {
            let scope = self.scope(func);
            self.bind(scope, name, Binding::Opaque);
        }
        self.block(&handler.body, here, func);
    }

    fn func(&mut self, id: FuncId, parent: Parent) {
        if std::mem::replace(&mut self.seen_func[id.0 as usize], true) {
            return;
        }
        self.index.func_parent[id.0 as usize] = parent;
        let module = self.module;
        let function = module.func(id);
        // An annotation of Java or C# can name the constants of the class.
        let around = match function.class {
            Some(class) if module.language.has_packages() => Parent::Class(class),
            _ => parent,
        };
        for &decorator in &function.decorators {
            self.expr(decorator, around, function.parent);
        }
        for (i, param) in function.params.iter().enumerate() {
            self.bind(Scope::Func(id), &param.name, Binding::Param(id, i));
            for e in param.ty.iter().chain(&param.default).chain(&param.decorators) {
                self.expr(*e, Parent::Func(id), function.parent);
            }
        }
        if let Some(returns) = function.returns {
            self.expr(returns, Parent::Func(id), function.parent);
        }
        self.block(&function.body, Parent::Func(id), Some(id));
    }

    fn class(&mut self, id: ClassId, parent: Parent, func: Option<FuncId>) {
        if std::mem::replace(&mut self.seen_class[id.0 as usize], true) {
            return;
        }
        self.index.class_parent[id.0 as usize] = parent;
        let module = self.module;
        let class = module.class(id);
        for e in class.bases.iter().chain(&class.decorators) {
            self.expr(*e, Parent::Class(id), func);
        }
        for field in &class.fields {
            for e in field.ty.iter().chain(&field.value).chain(&field.decorators) {
                self.expr(*e, Parent::Class(id), func);
            }
        }
        for &method in &class.methods {
            self.func(method, parent);
        }
        for nested in self.members.get(&id).cloned().unwrap_or_default() {
            self.class(nested, Parent::Class(id), func);
        }
    }

    fn expr(&mut self, root: ExprId, parent: Parent, func: Option<FuncId>) {
        let mut todo = vec![(root, parent)];
        let module = self.module;
        while let Some((id, parent)) = todo.pop() {
            self.index.expr_parent[id.0 as usize] = parent;
            self.index.expr_func[id.0 as usize] = func;
            match &module.expr(id).kind {
                ExprKind::Lambda(f) => {
                    self.index.lambda_expr.insert(*f, id);
                    self.func(*f, Parent::Expr(id));
                }
                ExprKind::ClassExpr(c) => self.class(*c, Parent::Expr(id), func),
                ExprKind::Assign { target, value } => {
                    // `x instanceof Order o` declares `o`.
                    let declares = matches!(module.expr(*value).kind, ExprKind::Cast { .. });
                    self.target(*target, Binding::Value(*value), func, declares);
                }
                ExprKind::Call(call) => {
                    self.index.calls.push(CallId { expr: id, func });
                    todo.extend(call.type_args.iter().map(|&e| (e, Parent::Expr(id))));
                }
                ExprKind::Cast { ty, .. } => todo.push((*ty, Parent::Expr(id))),
                _ => {}
            }
            todo.extend(module.children(id).into_iter().map(|e| (e, Parent::Expr(id))));
        }
    }
}
