//! Classes of the repository that extend or implement one another.

use rapidhash::{RapidHashMap as HashMap, RapidHashSet as HashSet};

use smol_str::SmolStr;

use super::types::simple_name;
use super::{Evaluator, Site, UnitId, Value};
use crate::facts::module::{Call, ClassId, ClassKind, ExprKind, FuncId, FunctionKind, Language, Module};

/// How many classes that take methods from another one are looked at.
const MAX_HEIRS: usize = 100;
/// How many steps up or down are followed.
const MAX_HOPS: usize = 6;

/// A class of the repository.
pub type ClassRef = (UnitId, ClassId);
/// A function of the repository.
pub type FuncRef = (UnitId, FuncId);

impl Evaluator<'_> {
    /// The classes and interfaces that a class names as its bases and that are of the repository.
    pub fn bases(&self, (unit, class): ClassRef) -> Vec<ClassRef> {
        let module = &self.program.unit(unit).module;
        let mut out = Vec::new();
        if module.language == Language::Go {
            out.extend(self.satisfied((unit, class)));
        }
        if module.language == Language::Python {
            out.extend(self.followed((unit, class)));
        }
        for &base in &module.class(class).bases {
            for value in self.at(unit, base).alternatives() {
                if let Value::Class { unit, class } = value {
                    out.push((*unit, *class));
                }
            }
        }
        out
    }

    /// The classes and interfaces above a class, nearest first.
    pub fn above(&self, class: ClassRef) -> Vec<ClassRef> {
        closure(class, |c| self.bases(c))
    }

    /// The classes below a class or interface.
    pub fn below(&self, class: ClassRef) -> Vec<ClassRef> {
        let table = self.subclasses.get_or_init(|| {
            let mut table: HashMap<ClassRef, Vec<ClassRef>> = HashMap::default();
            for unit in self.program.ids() {
                for i in 0..self.program.unit(unit).module.classes.len() as u32 {
                    for base in self.bases((unit, ClassId(i))) {
                        table.entry(base).or_default().push((unit, ClassId(i)));
                    }
                }
            }
            table
        });
        closure(class, |c| table.get(&c).cloned().unwrap_or_default())
    }

    /// The classes that are made by a constructor of a class above them: they have none of their own, in a language
    /// that hands constructors down.
    pub(super) fn constructed(&self, of: ClassRef) -> Vec<ClassRef> {
        closure(of, |class| self.heirs(class, false))
    }

    /// The calls of a constructor by those of the classes below: `super(channel)`, `super().__init__(channel)`.
    pub(super) fn raised(&self, of: ClassRef) -> Vec<Site> {
        let mut out = Vec::new();
        for (unit, class) in self.heirs(of, true) {
            let linked = self.program.unit(unit);
            let module = &linked.module;
            let own = module.class(class).methods.iter().find(|m| is_constructor(module, **m));
            let raises = |call: &Call| match &module.expr(call.callee).kind {
                ExprKind::Super => true,
                ExprKind::Attr { object, name, .. } => {
                    name == "__init__" && module.expr(*object).kind == ExprKind::Super
                }
                _ => false,
            };
            let calls = linked.index.calls.iter().filter(|call| call.func == own.copied());
            let raised = calls.filter(|call| module.call(call.expr).is_some_and(raises));
            out.extend(raised.map(|call| Site { unit, expr: call.expr }));
        }
        out
    }

    /// The classes that extend a class, with or without a constructor of their own. Names are compared first: what a
    /// base is may depend on who calls what it is made in.
    fn heirs(&self, (unit, class): ClassRef, with_constructor: bool) -> Vec<ClassRef> {
        let table = self.heirs.get_or_init(|| {
            let mut table: HashMap<SmolStr, Vec<(ClassRef, bool)>> = HashMap::default();
            for unit in self.program.ids().filter(|unit| hands_down(self.program.language(*unit))) {
                let module = &self.program.unit(unit).module;
                for (i, class) in module.classes.iter().enumerate() {
                    let own = class.methods.iter().any(|m| is_constructor(module, *m));
                    for name in class.bases.iter().filter_map(|base| simple_name(module, *base)) {
                        table.entry(name).or_default().push(((unit, ClassId(i as u32)), own));
                    }
                }
            }
            table
        });
        let module = &self.program.unit(unit).module;
        let named = table.get(&module.class(class).name).map_or(&[][..], Vec::as_slice);
        let extends = |heir: &ClassRef| {
            let bases = &self.program.unit(heir.0).module.class(heir.1).bases;
            let is_it = |v: &Value| matches!(v, Value::Class { unit: u, class: c } if (*u, *c) == (unit, class));
            bases.iter().any(|base| self.at(heir.0, *base).alternatives().iter().any(is_it))
        };
        let named = named.iter().filter(|(_, own)| *own == with_constructor).map(|(heir, _)| *heir);
        named.take(MAX_HEIRS).filter(extends).collect()
    }

    /// The methods of the same name in the classes above or below the class of a method.
    fn siblings(&self, (unit, func): FuncRef, classes: impl Fn(ClassRef) -> Vec<ClassRef>) -> Vec<FuncRef> {
        let function = self.program.unit(unit).module.func(func);
        let Some(class) = function.class else { return Vec::new() };
        let mut out = Vec::new();
        for (u, c) in classes(self.whole(unit, class)) {
            // The methods of a Go type can stand in several files.
            let own = &self.program.unit(u).module.class(c).name;
            let parts = match self.program.language(u) {
                Language::Go => self.program.types.parts(self.program.unit(u), own),
                _ => &[],
            };
            let parts = if parts.is_empty() { &[(u, c)] } else { parts };
            out.extend(parts.iter().find_map(|&(u, c)| {
                let module = &self.program.unit(u).module;
                let named = || module.class(c).methods.iter().filter(|m| module.func(**m).name == function.name);
                let overload = || named().find(|m| self.same_parameters((unit, func), (u, **m)));
                let several = module.language.has_packages() && named().count() > 1;
                let found = if several { overload() } else { None };
                found.or_else(|| named().next()).map(|m| (u, *m))
            }));
        }
        out
    }

    /// The methods that a method overrides or implements.
    pub fn overridden(&self, func: FuncRef) -> Vec<FuncRef> {
        let mut out = self.siblings(func, |c| self.above(c));
        // `class Orders : Repository, IOrders`: what `Repository` has implements what `IOrders` asks for.
        if self.inherits_bodies(func) {
            let interfaces = |c| self.interfaces_below(c, func);
            out.extend(self.siblings(func, interfaces));
            out.sort_unstable();
            out.dedup();
        }
        out
    }

    /// What a call of a function may run: the function itself, and what overrides or implements it.
    pub fn runs(&self, func: FuncRef) -> Vec<FuncRef> {
        let mut out = vec![func];
        out.extend(self.siblings(func, |c| self.below(c)));
        if self.is_of_interface(func) {
            out.extend(self.siblings(func, |c| self.bodies_beside(c, func)));
        }
        let mut seen = HashSet::default();
        out.retain(|f| seen.insert(*f));
        out
    }

    fn kind(&self, (unit, class): ClassRef) -> ClassKind {
        self.program.unit(unit).module.class(class).kind
    }

    fn has(&self, (unit, class): ClassRef, name: &str) -> bool {
        let module = &self.program.unit(unit).module;
        module.class(class).methods.iter().any(|m| module.func(*m).name == name)
    }

    /// True for a method of a class in a language whose classes hand their methods down to what implements
    /// an interface by them.
    fn inherits_bodies(&self, (unit, func): FuncRef) -> bool {
        let module = &self.program.unit(unit).module;
        let class = module.func(func).class;
        (module.language == Language::CSharp || module.language.is_jvm())
            && class.is_some_and(|class| module.class(class).kind == ClassKind::Class)
    }

    fn is_of_interface(&self, (unit, func): FuncRef) -> bool {
        let module = &self.program.unit(unit).module;
        let class = module.func(func).class;
        (module.language == Language::CSharp || module.language.is_jvm())
            && class.is_some_and(|class| module.class(class).kind == ClassKind::Interface)
    }

    /// The interfaces of the classes below one that take a method from it.
    fn interfaces_below(&self, class: ClassRef, (unit, func): FuncRef) -> Vec<ClassRef> {
        let name = &self.program.unit(unit).module.func(func).name;
        let heirs = self.below(class).into_iter().take(MAX_HEIRS).filter(|c| !self.has(*c, name));
        heirs.flat_map(|c| self.above(c)).filter(|c| self.kind(*c) == ClassKind::Interface).collect()
    }

    /// The classes that give a method to those which implement an interface and do not have it themselves.
    fn bodies_beside(&self, interface: ClassRef, (unit, func): FuncRef) -> Vec<ClassRef> {
        let name = &self.program.unit(unit).module.func(func).name;
        let heirs = self.below(interface).into_iter().take(MAX_HEIRS);
        let heirs = heirs.filter(|c| self.kind(*c) == ClassKind::Class && !self.has(*c, name));
        heirs
            .filter_map(|c| self.above(c).into_iter().find(|a| self.kind(*a) == ClassKind::Class && self.has(*a, name)))
            .collect()
    }
}

fn is_constructor(module: &Module, func: FuncId) -> bool {
    module.func(func).kind == FunctionKind::Constructor
}

/// True for the languages in which a class without a constructor has that of its base.
fn hands_down(language: Language) -> bool {
    matches!(language, Language::Python | Language::JavaScript | Language::TypeScript)
}

fn closure(start: ClassRef, next: impl Fn(ClassRef) -> Vec<ClassRef>) -> Vec<ClassRef> {
    let mut out: Vec<ClassRef> = Vec::new();
    let mut level = vec![start];
    for _ in 0..MAX_HOPS {
        let mut above = Vec::new();
        for class in level {
            for found in next(class) {
                if found != start && !out.contains(&found) {
                    out.push(found);
                    above.push(found);
                }
            }
        }
        if above.is_empty() {
            break;
        }
        level = above;
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::facts::module::FuncId;
    use crate::program::resolve::Packages;
    use crate::program::{Evaluator, UnitId, load};

    #[test]
    fn callers_through_an_interface_are_callers_of_what_implements_it() {
        let bus = "export interface Bus { publish(x: string): void; }\nexport class Rabbit implements Bus { publish(x: string) { send(x); } }\n";
        let user = "import { Bus } from './bus';\nclass S { constructor(private bus: Bus) {} go() { this.bus.publish('a'); } }\n";
        let program = load::from_sources(&[("bus.ts", bus), ("user.ts", user)], &Packages::default());
        let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
        let unit = UnitId(0);
        let module = &program.unit(unit).module;
        let implementation = module
            .funcs
            .iter()
            .position(|f| f.name == "publish" && !f.body.is_empty())
            .map(|i| FuncId(i as u32))
            .unwrap();
        assert_eq!(ev.callers(unit, implementation).len(), 1);
    }

    #[test]
    fn callers_of_a_method_of_an_object_that_is_passed_in_are_found() {
        let bus = "class Bus:\n    def publish(self, x):\n        send(x)\n";
        let user = "class Service:\n    def __init__(self, bus):\n        self.bus = bus\n    def go(self):\n        self.bus.publish({})\n";
        let main = "from bus import Bus\nfrom user import Service\nService(Bus()).go()\n";
        let program =
            load::from_sources(&[("bus.py", bus), ("main.py", main), ("user.py", user)], &Packages::default());
        let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
        let unit = UnitId(0);
        let module = &program.unit(unit).module;
        let publish = module.funcs.iter().position(|f| f.name == "publish").map(|i| FuncId(i as u32)).unwrap();
        assert_eq!(ev.callers(unit, publish).len(), 1);
    }

    #[test]
    fn a_constructor_of_a_base_makes_what_extends_it() {
        let base = "export abstract class Listener { constructor(protected channel: any) {} }\n";
        let orders = "import { Listener } from './base';\nexport class Orders extends Listener {}\nexport class Own extends Listener { constructor() { super(0); } }\n";
        let main = "import { Orders, Own } from './orders';\nnew Orders(1);\nnew Own();\n";
        let texts = [("base.ts", base), ("main.ts", main), ("orders.ts", orders)];
        let program = load::from_sources(&texts, &Packages::default());
        let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
        let unit = program.find("base.ts").unwrap();
        // `new Orders(1)` and `super(0)`, not `new Own()`.
        assert_eq!(ev.callers(unit, FuncId(0)).len(), 2);
    }

    #[test]
    fn a_method_of_a_base_implements_the_interface_of_what_extends_it() {
        let texts = [
            (
                "a/IRepository.cs",
                "interface IRepository<T> { void Update(T item); }\ninterface IOrders : IRepository<Order> { }\n",
            ),
            (
                "a/Repository.cs",
                "class Repository<T> { public void Update(T item) { Save(); } }\nclass Orders : Repository<Order>, IOrders { }\nclass Order { }\n",
            ),
            ("a/Handler.cs", "class Handler(IOrders orders) { void Run(Order order) { orders.Update(order); } }\n"),
        ];
        let program = load::from_sources(&texts, &Packages::default());
        let ev = Evaluator::new(&program, Catalog::embedded().unwrap());
        let update = |path: &str| {
            let unit = program.find(path).unwrap();
            let module = &program.unit(unit).module;
            (unit, module.funcs.iter().position(|f| f.name == "Update").map(|i| FuncId(i as u32)).unwrap())
        };
        let (asked, given) = (update("a/IRepository.cs"), update("a/Repository.cs"));
        assert_eq!(ev.runs(asked), [asked, given]);
        assert_eq!(ev.callers(given.0, given.1).len(), 1);
    }
}
