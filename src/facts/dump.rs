//! A module as indented text, for tests and for looking at what a front end made of a file.

use std::fmt::Write;

use super::module::{
    Arg, Block, ClassId, Entry, ExportValue, ExprId, ExprKind, FuncId, Handler, LoopHeader, Module, Param, StmtId,
    StmtKind, TemplatePart,
};

/// Writes `module` as one line a statement. Expressions look like Python with explicit parentheses;
/// functions and classes used as values are named `fn#n` and `class#n` and follow their statement.
/// `text` is the source, from which the syntax errors are quoted.
pub fn dump(module: &Module, text: &str) -> String {
    let mut dump = Dump { module, out: String::new(), indent: 0, later: Vec::new() };
    if let Some(package) = &module.package {
        dump.line(&format!("package {package}"));
    }
    for import in &module.imports {
        dump.line(&format!("import {} {:?} as {}", import.module, import.kind, or_dash(&import.local)));
    }
    for export in &module.exports {
        let value = match &export.value {
            ExportValue::Local(name) => name.to_string(),
            ExportValue::From { module, name } => format!("{name} of {module}"),
            ExportValue::Expr(id) => dump.expr(*id),
        };
        dump.line(&format!("export {} = {value}", export.name));
        dump.flush();
    }
    dump.block(&module.body);
    for error in &module.syntax_errors {
        let quoted = text.get(error.start as usize..error.end as usize).unwrap_or_default();
        dump.line(&format!("syntax error {quoted:?}"));
    }
    dump.out
}

fn or_dash(name: &str) -> &str {
    if name.is_empty() { "-" } else { name }
}

enum Later {
    Func(FuncId),
    Class(ClassId),
}

struct Dump<'a> {
    module: &'a Module,
    out: String,
    indent: usize,
    /// Functions and classes met in the line being written.
    later: Vec<Later>,
}

impl Dump<'_> {
    fn line(&mut self, text: &str) {
        let indent = self.indent * 2;
        // Writing to a string does not fail.
        let _ = writeln!(self.out, "{:indent$}{text}", "");
    }

    /// A line, then what it refers to, then `body` indented.
    fn head(&mut self, text: &str, body: &Block) {
        self.line(text);
        self.flush();
        self.block(body);
    }

    fn flush(&mut self) {
        for later in std::mem::take(&mut self.later) {
            self.indent += 1;
            match later {
                Later::Func(id) => self.func(id),
                Later::Class(id) => self.class(id),
            }
            self.indent -= 1;
        }
    }

    fn block(&mut self, block: &Block) {
        self.indent += 1;
        for &id in block {
            self.stmt(id);
        }
        self.indent -= 1;
    }

    fn stmt(&mut self, id: StmtId) {
        let module = self.module;
        match &module.stmt(id).kind {
            StmtKind::Expr(value) => self.simple("", Some(*value)),
            StmtKind::Return(value) => self.simple("return ", *value),
            StmtKind::Throw(value) => self.simple("throw ", *value),
            StmtKind::Break => self.line("break"),
            StmtKind::Global(names) => self.line(&format!("global {}", names.join(", "))),
            StmtKind::Continue => self.line("continue"),
            StmtKind::Assign { target, value, annotation, op } => {
                let mut line = self.expr(*target);
                if let Some(annotation) = annotation {
                    line += &format!(": {}", self.expr(*annotation));
                }
                if let Some(value) = value {
                    let op = op.map_or(String::new(), |op| format!("{op:?}"));
                    line += &format!(" {op}= {}", self.expr(*value));
                }
                self.head(&line, &Vec::new());
            }
            StmtKind::If { test, then, other } => {
                let line = format!("if {}", self.expr(*test));
                self.head(&line, then);
                if !other.is_empty() {
                    self.head("else", other);
                }
            }
            StmtKind::Loop { header, body, is_async } => {
                let line = format!("{}{}", prefix(*is_async, "async "), self.header(header));
                self.head(&line, body);
            }
            StmtKind::Try { body, handlers, finally } => {
                self.head("try", body);
                for handler in handlers {
                    self.handler(handler);
                }
                if !finally.is_empty() {
                    self.head("finally", finally);
                }
            }
            StmtKind::With { items, body, is_async } => {
                let items: Vec<String> = items.iter().map(|item| self.with_item(item)).collect();
                self.head(&format!("{}with {}", prefix(*is_async, "async "), items.join(", ")), body);
            }
            StmtKind::Func(id) => self.func(*id),
            StmtKind::Class(id) => self.class(*id),
            StmtKind::Block(body) => self.head("block", body),
        }
    }

    fn simple(&mut self, word: &str, value: Option<ExprId>) {
        let value = value.map_or(String::new(), |value| self.expr(value));
        self.head(format!("{word}{value}").trim_end(), &Vec::new());
    }

    fn header(&mut self, header: &LoopHeader) -> String {
        match header {
            LoopHeader::Each { target, iter } => format!("for {} in {}", self.expr(*target), self.expr(*iter)),
            LoopHeader::While(None) => "loop".to_owned(),
            LoopHeader::While(Some(test)) => format!("while {}", self.expr(*test)),
            LoopHeader::Count { init, test, step } => {
                self.head("init", init);
                let mut part = |id: &Option<ExprId>| id.map_or(String::new(), |id| self.expr(id));
                format!("for ; {}; {}", part(test), part(step))
            }
        }
    }

    fn handler(&mut self, handler: &Handler) {
        let types = self.exprs(&handler.types);
        let name = handler.name.as_ref().map_or(String::new(), |name| format!(" as {name}"));
        self.head(&format!("except [{types}]{name}"), &handler.body);
    }

    fn with_item(&mut self, (value, target): &(ExprId, Option<ExprId>)) -> String {
        let value = self.expr(*value);
        target.map_or(value.clone(), |target| format!("{value} as {}", self.expr(target)))
    }

    fn func(&mut self, id: FuncId) {
        let func = self.module.func(id);
        for &decorator in &func.decorators {
            let line = format!("@{}", self.expr(decorator));
            self.line(&line);
        }
        let params: Vec<String> = func.params.iter().map(|param| self.param(param)).collect();
        let returns = func.returns.map_or(String::new(), |ty| format!(" -> {}", self.expr(ty)));
        let mut line = format!("{}{}", prefix(func.is_static, "static "), prefix(func.is_async, "async "));
        line += &format!("{:?} fn#{} {}({}){returns}", func.kind, id.0, or_dash(&func.name), params.join(", "));
        if let Some(parent) = func.parent {
            line += &format!(" in fn#{}", parent.0);
        }
        self.head(&line, &func.body);
    }

    fn param(&mut self, param: &Param) -> String {
        let mut text = String::new();
        for &decorator in &param.decorators {
            text += &format!("@{} ", self.expr(decorator));
        }
        text += &format!("{}{}{}", prefix(param.is_field, "field "), prefix(param.variadic, "*"), param.name);
        if let Some(ty) = param.ty {
            text += &format!(": {}", self.expr(ty));
        }
        if let Some(default) = param.default {
            text += &format!(" = {}", self.expr(default));
        }
        text
    }

    fn class(&mut self, id: ClassId) {
        let class = self.module.class(id);
        for &decorator in &class.decorators {
            let line = format!("@{}", self.expr(decorator));
            self.line(&line);
        }
        let bases = self.exprs(&class.bases);
        let parent = class.parent.map_or(String::new(), |parent| format!(" in fn#{}", parent.0));
        self.head(&format!("{:?} class#{} {}({bases}){parent}", class.kind, id.0, or_dash(&class.name)), &Vec::new());
        self.indent += 1;
        for field in &class.fields {
            let mut line = String::new();
            for &decorator in &field.decorators {
                line += &format!("@{} ", self.expr(decorator));
            }
            line += &format!("{}field {}", prefix(field.is_static, "static "), field.name);
            if let Some(ty) = field.ty {
                line += &format!(": {}", self.expr(ty));
            }
            if let Some(value) = field.value {
                line += &format!(" = {}", self.expr(value));
            }
            self.head(&line, &Vec::new());
        }
        for &method in &class.methods {
            self.func(method);
        }
        for (i, nested) in self.module.classes.iter().enumerate() {
            if nested.outer == Some(id) {
                self.class(ClassId(i as u32));
            }
        }
        self.indent -= 1;
    }

    fn exprs(&mut self, ids: &[ExprId]) -> String {
        let parts: Vec<String> = ids.iter().map(|&id| self.expr(id)).collect();
        parts.join(", ")
    }

    fn expr(&mut self, id: ExprId) -> String {
        let module = self.module;
        match &module.expr(id).kind {
            ExprKind::Name(name) => name.to_string(),
            ExprKind::This => "<this>".to_owned(),
            ExprKind::Super => "<super>".to_owned(),
            ExprKind::Str(text) => format!("{text:?}"),
            ExprKind::Template(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.part(part)).collect();
                format!("template({})", parts.join(", "))
            }
            ExprKind::Num(number) => number.to_string(),
            ExprKind::Bool(value) => value.to_string(),
            ExprKind::Null => "null".to_owned(),
            ExprKind::List(items) => format!("[{}]", self.exprs(items)),
            ExprKind::Dict(entries) => {
                let entries: Vec<String> = entries.iter().map(|entry| self.entry(entry)).collect();
                format!("{{{}}}", entries.join(", "))
            }
            ExprKind::Attr { object, name, .. } => format!("{}.{name}", self.expr(*object)),
            ExprKind::Index { object, index } => format!("{}[{}]", self.expr(*object), self.expr(*index)),
            ExprKind::Call(call) => {
                let callee = self.expr(call.callee);
                let types = match &call.type_args[..] {
                    [] => String::new(),
                    types => format!("<{}>", self.exprs(types)),
                };
                let args: Vec<String> = call.args.iter().map(|arg| self.arg(arg)).collect();
                format!("{}{callee}{types}({})", prefix(call.is_new, "new "), args.join(", "))
            }
            ExprKind::Await(value) => format!("(await {})", self.expr(*value)),
            ExprKind::Lambda(func) => {
                self.later.push(Later::Func(*func));
                format!("fn#{}", func.0)
            }
            ExprKind::ClassExpr(class) => {
                self.later.push(Later::Class(*class));
                format!("class#{}", class.0)
            }
            ExprKind::Binary { op, left, right } => format!("({} {op:?} {})", self.expr(*left), self.expr(*right)),
            ExprKind::Not(value) => format!("(not {})", self.expr(*value)),
            ExprKind::Neg(value) => format!("(-{})", self.expr(*value)),
            ExprKind::Cond { test, then, other } => {
                format!("({} if {} else {})", self.expr(*then), self.expr(*test), self.expr(*other))
            }
            ExprKind::Assign { target, value } => format!("({} := {})", self.expr(*target), self.expr(*value)),
            ExprKind::Cast { value, ty } => format!("({} as {})", self.expr(*value), self.expr(*ty)),
            ExprKind::Other(parts) => format!("other({})", self.exprs(parts)),
        }
    }

    fn part(&mut self, part: &TemplatePart) -> String {
        match part {
            TemplatePart::Text(text) => format!("{text:?}"),
            TemplatePart::Hole(id) => self.expr(*id),
        }
    }

    fn entry(&mut self, entry: &Entry) -> String {
        match entry {
            Entry::Pair { key, value } => format!("{}: {}", self.expr(*key), self.expr(*value)),
            Entry::Spread(value) => format!("**{}", self.expr(*value)),
        }
    }

    fn arg(&mut self, arg: &Arg) -> String {
        let value = self.expr(arg.value);
        match (&arg.name, arg.spread) {
            (Some(_), true) => format!("**{value}"),
            (None, true) => format!("*{value}"),
            (Some(name), false) => format!("{name}={value}"),
            (None, false) => value,
        }
    }
}

fn prefix(is: bool, word: &'static str) -> &'static str {
    if is { word } else { "" }
}
