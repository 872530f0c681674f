//! What a container of Java or Kotlin puts into fields and parameters, and what code hands over itself.

use smol_str::SmolStr;

use super::UnitId;
use super::eval::Evaluator;
use super::jvm::INJECTED;
use super::types::simple_name;
use super::value::{Instance, Site, Value};
use crate::facts::module::{Arg, ClassId, ExprId, FuncId, FunctionKind, Language, Module};

/// Annotations of classes whose objects the container makes.
const STEREOTYPES: [&str; 14] = [
    "ApplicationScoped",
    "Component",
    "Configuration",
    "Controller",
    "Dependent",
    "Factory",
    "Named",
    "Path",
    "Repository",
    "RequestScoped",
    "RestController",
    "Service",
    "Singleton",
    "SpringBootApplication",
];
/// Annotations that give a bean its name: what they say is compared, not that both have one.
const SAYS_A_NAME: [&str; 3] = ["Named", "Qualifier", "Resource"];
/// Annotations of Lombok that write a constructor for the fields.
const WRITES_CONSTRUCTORS: [&str; 4] = ["AllArgsConstructor", "Data", "RequiredArgsConstructor", "Value"];

/// A method that makes a bean.
type Bean = (UnitId, FuncId);
/// One way to tell the bean that is meant from the others of its type.
type Form<'f> = &'f dyn Fn(&Bean) -> bool;

impl Evaluator<'_> {
    /// What the container puts into a field or parameter of a declared type: the result of the bean
    /// method for it, with its construction, else the type alone.
    pub(super) fn injected(&self, unit_id: UnitId, declared: Value, name: &str, decorators: &[ExprId]) -> Value {
        let unit = self.program.unit(unit_id);
        if unit.module.language == Language::CSharp {
            return self.provided(unit_id, declared);
        }
        let ty = match &declared {
            Value::Instance(Instance { ty, call: None, .. }) => ty.rsplit('.').next().unwrap_or(ty).into(),
            Value::Object { unit, class, call: None } => self.program.unit(*unit).module.class(*class).name.clone(),
            _ => return declared,
        };
        let mut beans = self.program.types.beans(&self.program.units, &unit.path, &ty);
        if beans.len() > 1 {
            beans = self.chosen(beans, unit_id, name, decorators);
        }
        let values = beans.into_iter().map(|(u, f)| match (self.returned(u, f, None), &declared) {
            (Value::Instance(made), Value::Instance(known)) => {
                Value::Instance(Instance { ty: known.ty.clone(), call: made.call, from: made.from })
            }
            (made @ Value::Object { .. }, _) => made,
            _ => Value::Unknown,
        });
        match self.one_of(values.collect()) {
            Value::Unknown => declared,
            made => made,
        }
    }

    /// Which of several beans goes into a field or parameter: what its qualifier names, what has the same annotation
    /// as it has (`@LoadBalanced`), the primary one, the one that is called like it.
    fn chosen(
        &self,
        beans: Vec<(UnitId, FuncId)>,
        unit: UnitId,
        name: &str,
        decorators: &[ExprId],
    ) -> Vec<(UnitId, FuncId)> {
        let module = &self.program.unit(unit).module;
        let marks: Vec<_> = decorators
            .iter()
            .filter_map(|d| simple_name(module, *d))
            .filter(|mark| !INJECTED.contains(&mark.as_str()))
            .collect();
        let marked = |bean: &Bean, is_it: &dyn Fn(&SmolStr) -> bool| {
            let module = &self.program.unit(bean.0).module;
            module.func(bean.1).decorators.iter().filter_map(|d| simple_name(module, *d)).any(|mark| is_it(&mark))
        };
        let qualifier = self.qualifier(unit, decorators);
        let called = |bean: &Bean, wanted: &str| self.bean_name(bean.0, bean.1) == wanted;
        let forms: [Form<'_>; 4] = [
            &|bean| qualifier.as_deref().is_some_and(|wanted| called(bean, wanted)),
            &|bean| marked(bean, &|mark| !SAYS_A_NAME.contains(&mark.as_str()) && marks.contains(mark)),
            &|bean| marked(bean, &|mark| mark == "Primary"),
            &|bean| called(bean, name),
        ];
        for form in forms {
            let found: Vec<_> = beans.iter().copied().filter(|bean| form(bean)).collect();
            if !found.is_empty() {
                return found;
            }
        }
        beans
    }

    /// What is handed to a parameter of a constructor that code calls itself: no container makes the objects of a class
    /// without a stereotype, so it is what stands in `new PaymentStep(paymentClient)`.
    pub(super) fn handed(&self, unit_id: UnitId, func: FuncId, index: usize) -> Option<Value> {
        let module = &self.program.unit(unit_id).module;
        let function = module.func(func);
        let is_plain = function.kind == FunctionKind::Constructor && module.language.is_jvm();
        let class = function.class.filter(|_| is_plain)?;
        if is_managed(module, class, &function.decorators) {
            return None;
        }
        self.given(unit_id, class, |site, _| self.argument(site, unit_id, func, index))
    }

    /// The same for a field of a class whose constructor Lombok writes: it takes the fields without a value in the order
    /// they stand in (<https://projectlombok.org/features/constructor>).
    pub(super) fn handed_to_field(&self, unit_id: UnitId, class: ClassId, name: &str) -> Option<Value> {
        let module = &self.program.unit(unit_id).module;
        let declared = module.class(class);
        let is_written = declared
            .decorators
            .iter()
            .filter_map(|d| simple_name(module, *d))
            .any(|name| WRITES_CONSTRUCTORS.contains(&name.as_str()));
        if !is_written || is_managed(module, class, &[]) {
            return None;
        }
        let taken: Vec<_> = declared.fields.iter().filter(|f| !f.is_static && f.value.is_none()).collect();
        let index = taken.iter().position(|f| f.name == name)?;
        self.given(unit_id, class, |site, args| {
            (args.len() == taken.len()).then(|| self.at(site.unit, args[index].value))
        })
    }

    /// What all `new X(…)` of a class give, when each is something that code makes.
    fn given(&self, unit: UnitId, class: ClassId, argument: impl Fn(Site, &[Arg]) -> Option<Value>) -> Option<Value> {
        let name = &self.program.unit(unit).module.class(class).name;
        let made_of = Value::Class { unit, class };
        let given = self.program.calls_named(name).iter().filter_map(|site| {
            let call = self.program.unit(site.unit).module.call(site.expr)?;
            (self.at(site.unit, call.callee) == made_of).then(|| argument(*site, &call.args)).flatten()
        });
        let is_made = |value: &Value| match value {
            Value::Instance(made) => made.call.is_some(),
            Value::Object { call, .. } => call.is_some(),
            _ => false,
        };
        let made = self.one_of(given.collect());
        let is_known = match &made {
            Value::OneOf(values) => values.iter().all(is_made),
            value => is_made(value),
        };
        is_known.then_some(made)
    }

    fn bean_name(&self, unit: UnitId, func: FuncId) -> SmolStr {
        let function = self.program.unit(unit).module.func(func);
        self.text_of_decorator(unit, &function.decorators, &["Bean", "Named", "Qualifier"])
            .map_or_else(|| function.name.clone(), |(text, _)| text.into())
    }

    fn qualifier(&self, unit: UnitId, decorators: &[ExprId]) -> Option<SmolStr> {
        self.text_of_decorator(unit, decorators, &["Qualifier", "Named", "Resource"]).map(|(text, _)| text.into())
    }
}

/// True for a class whose objects a container makes, by an annotation of its own or of its constructor.
fn is_managed(module: &Module, class: ClassId, constructor: &[ExprId]) -> bool {
    let decorators = module.class(class).decorators.iter().chain(constructor);
    decorators
        .filter_map(|d| simple_name(module, *d))
        .any(|name| INJECTED.contains(&name.as_str()) || STEREOTYPES.contains(&name.as_str()))
}
