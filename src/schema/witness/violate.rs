//! Values of the inner schema that break one assertion of the outer.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::build::{dedup, number, take};
use super::{Builder, MAX_DEPTH, WIDTH};
use crate::schema::facts::{
    Fact, and, exact, listed, max_of, min_of, property_names, strings, tuple_length, types, types_named, types_of,
};
use crate::schema::prove::parts;

impl Builder<'_> {
    /// Values of the facts that the schema should reject.
    pub(super) fn violating(&self, facts: &[Fact], schema: &Value, depth: u32) -> Vec<Value> {
        if depth > MAX_DEPTH || !self.world.step() {
            return Vec::new();
        }
        let map = match schema {
            Value::Bool(true) => return Vec::new(),
            Value::Bool(false) => return self.values(facts, depth + 1),
            Value::Object(map) => map,
            _ => return Vec::new(),
        };
        // What is known to hold is not broken: most members are as they were.
        if facts.iter().any(|fact| **fact == *schema) {
            return Vec::new();
        }
        let Some(flat) = self.world.flat(facts) else { return Vec::new() };
        if let Some(values) = listed(&flat) {
            let schema = [Rc::new(schema.clone())];
            return values.into_iter().filter(|value| self.world.is_valid(&schema, value) != Some(true)).collect();
        }
        // Alternatives of the inner side are taken one by one: what is known in each says more.
        if depth < MAX_DEPTH / 2 {
            for (index, fact) in flat.iter().enumerate() {
                for key in ["oneOf", "anyOf"] {
                    if let Some(branches) = fact.get(key).map(parts).filter(|all| all.len() <= WIDTH) {
                        let rest = super::build::plain_without(&flat, index, &[key]);
                        let each = branches
                            .iter()
                            .map(|branch| self.violating(&and(&rest, branch.clone()), schema, depth + 1));
                        return take(each);
                    }
                }
            }
        }
        take(map.keys().map(|key| self.breaking(&flat, map, key, depth)))
    }

    /// Values that break one keyword.
    fn breaking(&self, flat: &[Fact], map: &Map<String, Value>, key: &str, depth: u32) -> Vec<Value> {
        let value = &map[key];
        let limited = |more: Value| self.values(&and(flat, more), depth + 1);
        let shifted = |by: f64| exact(value).and_then(|limit| number(limit + by)).unwrap_or(Value::Null);
        let possible = types_of(flat);
        match key {
            "type" => self.other_types(flat, possible & !types_named(value), depth),
            "const" => self.other_values(flat, std::slice::from_ref(value), depth),
            "enum" => self.other_values(flat, parts(value), depth),
            "minimum" => limited(json!({"type": "number", "exclusiveMaximum": value})),
            "exclusiveMinimum" => limited(json!({"type": "number", "maximum": value})),
            "maximum" => limited(json!({"type": "number", "exclusiveMinimum": value})),
            "exclusiveMaximum" => limited(json!({"type": "number", "minimum": value})),
            "multipleOf" => limited(json!({"type": "number"})),
            "minLength" => limited(json!({"type": "string", "maxLength": shifted(-1.0)})),
            "maxLength" => limited(json!({"type": "string", "minLength": shifted(1.0)})),
            "minItems" => limited(json!({"type": "array", "maxItems": shifted(-1.0)})),
            "maxItems" => limited(json!({"type": "array", "minItems": shifted(1.0)})),
            "minProperties" => limited(json!({"type": "object", "maxProperties": shifted(-1.0)})),
            "maxProperties" => limited(json!({"type": "object", "minProperties": shifted(1.0)})),
            "pattern" if possible & types::STRING != 0 => {
                self.strings(flat, &value.as_str().into_iter().collect::<Vec<_>>())
            }
            "required" => self.lacking(flat, parts(value), depth),
            "properties" => {
                take(value.as_object().into_iter().flatten().map(|(name, schema)| self.with(flat, name, schema, depth)))
            }
            "patternProperties" => take(value.as_object().into_iter().flatten().map(|(pattern, schema)| {
                let names = self.names(flat, map, Some(pattern));
                take(names.iter().map(|name| self.with(flat, name, schema, depth)))
            })),
            "additionalProperties" | "unevaluatedProperties" => {
                let declared = |name: &String| map.get("properties").is_some_and(|all| all.get(name).is_some());
                let names = self.names(flat, map, None).into_iter().filter(|name| !declared(name));
                take(names.map(|name| self.with(flat, &name, value, depth)))
            }
            "propertyNames" => self.with_name(flat, value, depth),
            "dependentRequired" => {
                take(
                    value.as_object().into_iter().flatten().map(|(name, wanted)| {
                        self.lacking(&and(flat, json!({"required": [name]})), parts(wanted), depth)
                    }),
                )
            }
            "dependentSchemas" => take(value.as_object().into_iter().flatten().map(|(name, schema)| {
                self.violating(&and(flat, json!({"type": "object", "required": [name]})), schema, depth + 1)
            })),
            "items" => {
                let first = map.get("prefixItems").map_or(0, |tuple| parts(tuple).len());
                take((first..=tuple_length(flat).max(first)).map(|index| self.with_item(flat, index, value, depth)))
            }
            "prefixItems" => {
                let each = parts(value).iter().enumerate();
                take(each.map(|(index, schema)| self.with_item(flat, index, schema, depth)))
            }
            "uniqueItems" => self.repeated(flat, depth),
            "contains" => self.not_containing(flat, map, value, depth),
            "unevaluatedItems" => {
                take((0..=tuple_length(flat) + 1).map(|index| self.with_item(flat, index, value, depth)))
            }
            "not" => limited(value.clone()),
            "allOf" => take(parts(value).iter().map(|part| self.violating(flat, part, depth + 1))),
            "anyOf" => self.outside(flat, parts(value), depth),
            "oneOf" => {
                let branches = parts(value);
                let mut lists = vec![self.outside(flat, branches, depth)];
                for (at, one) in branches.iter().enumerate().take(8) {
                    for other in branches.iter().skip(at + 1).take(8) {
                        lists.push(self.values(&and(&and(flat, one.clone()), other.clone()), depth + 1));
                    }
                }
                take(lists.into_iter())
            }
            "$ref" => match value.as_str().and_then(|reference| self.world.target(reference)) {
                Some(target) => self.violating(flat, &target, depth + 1),
                None => Vec::new(),
            },
            "if" => {
                let met = and(flat, value.clone());
                let unmet = and(flat, json!({"not": value}));
                let case = |facts: &[Fact], key: &str| {
                    map.get(key).map_or_else(Vec::new, |schema| self.violating(facts, schema, depth + 1))
                };
                take([case(&met, "then"), case(&unmet, "else")].into_iter())
            }
            _ => Vec::new(),
        }
    }

    fn other_types(&self, flat: &[Fact], wanted: u8, depth: u32) -> Vec<Value> {
        let each = types::EACH.iter().filter(|(bit, _)| wanted & bit != 0);
        take(each.map(|(bit, name)| {
            let mut known = and(flat, json!({"type": name}));
            if wanted & bit == types::FRACTION {
                known.push(Rc::new(json!({"not": {"type": "integer"}})));
            }
            self.values(&known, depth + 1)
        }))
    }

    fn other_values(&self, flat: &[Fact], barred: &[Value], depth: u32) -> Vec<Value> {
        let mut all = self.values(flat, depth + 1);
        let number_of = |value: &Value| value.as_f64();
        all.extend(barred.iter().filter_map(|value| number_of(value).and_then(|n| number(n + 1.0))));
        all.extend(barred.iter().filter_map(Value::as_str).map(|text| Value::String(format!("{text}x"))));
        all.retain(|value| !barred.contains(value));
        all
    }

    /// Values that none of the alternatives accepts.
    fn outside(&self, flat: &[Fact], branches: &[Value], depth: u32) -> Vec<Value> {
        // Breaking one, and of what is left the next: the facts grow by what was not met.
        let mut lists: Vec<Vec<Value>> =
            branches.iter().take(WIDTH).map(|branch| self.violating(flat, branch, depth + 1)).collect();
        lists.push(self.values(flat, depth + 1));
        let schemas: Vec<[Fact; 1]> = branches.iter().map(|branch| [Rc::new(branch.clone())]).collect();
        let outside = |value: &Value| schemas.iter().all(|schema| self.world.is_valid(schema, value) != Some(true));
        let mut all = dedup(lists.into_iter().flatten().collect());
        // Most promising first; the others may still be changed by who asked.
        all.sort_by_key(|value| !outside(value));
        all.truncate(4 * WIDTH);
        all
    }

    fn lacking(&self, flat: &[Fact], names: &[Value], depth: u32) -> Vec<Value> {
        let known = strings(flat, "required");
        let missing = names.iter().filter_map(Value::as_str).filter(|name| !known.contains(name));
        take(missing.map(|name| {
            let object = and(flat, json!({"type": "object", "properties": {name: false}}));
            self.values(&object, depth + 1)
        }))
    }

    /// Objects of the facts with a member that breaks the schema.
    fn with(&self, flat: &[Fact], name: &str, schema: &Value, depth: u32) -> Vec<Value> {
        if types_of(flat) & types::OBJECT == 0 {
            return Vec::new();
        }
        let Some(member) = self.world.property(flat, name) else { return Vec::new() };
        let values = self.violating(&member, schema, depth + 1);
        take(values.into_iter().take(8).map(|value| {
            let fixed: Map<String, Value> = [(name.to_owned(), value)].into_iter().collect();
            let mut found = self.objects_of_branch(flat, &fixed, depth);
            found.truncate(4);
            found
        }))
    }

    /// Objects with these members, in each of the alternatives that the facts leave open.
    fn objects_of_branch(&self, flat: &[Fact], fixed: &Map<String, Value>, depth: u32) -> Vec<Value> {
        let constants: Map<String, Value> =
            fixed.iter().map(|(name, value)| (name.clone(), json!({"const": value}))).collect();
        let names: Vec<&String> = fixed.keys().collect();
        let mut found = self.objects_with(flat, fixed, depth + 1);
        let exact = json!({"type": "object", "properties": constants, "required": names});
        found.extend(self.values(&and(flat, exact), depth + 1));
        found
    }

    /// Names that members of the inner side may have, and that a pattern asks for.
    fn names(&self, flat: &[Fact], map: &Map<String, Value>, pattern: Option<&str>) -> Vec<String> {
        let mut names: Vec<String> = property_names(flat).into_iter().collect();
        names.extend(self.fresh_names(flat));
        let outer = [Rc::new(Value::Object(map.clone()))];
        names.extend(self.fresh_names(&outer));
        match pattern {
            Some(pattern) => names.retain(|name| self.world.patterns.is_match(pattern, name) != Some(false)),
            None => {
                let patterns = map.get("patternProperties").and_then(Value::as_object);
                names.retain(|name| {
                    !patterns.into_iter().flatten().any(|(p, _)| self.world.patterns.is_match(p, name) == Some(true))
                });
            }
        }
        names.truncate(2 * WIDTH);
        names
    }

    fn with_name(&self, flat: &[Fact], schema: &Value, depth: u32) -> Vec<Value> {
        let stated = flat.iter().filter_map(|fact| fact.get("propertyNames").cloned().map(Rc::new));
        let known: Vec<Fact> = stated.chain([Rc::new(json!({"type": "string"}))]).collect();
        let mut names: Vec<String> = property_names(flat).into_iter().collect();
        let built = self.violating(&known, schema, depth + 1);
        names.extend(built.iter().filter_map(Value::as_str).map(str::to_owned));
        take(names.into_iter().map(|name| {
            let value = self.world.property(flat, &name).map(|facts| self.values(&facts, depth + 1));
            let Some(value) = value.and_then(|values| values.into_iter().next()) else { return Vec::new() };
            let fixed: Map<String, Value> = [(name, value)].into_iter().collect();
            self.objects_of_branch(flat, &fixed, depth)
        }))
    }

    /// Arrays of the facts with an item that breaks the schema.
    fn with_item(&self, flat: &[Fact], index: usize, schema: &Value, depth: u32) -> Vec<Value> {
        if types_of(flat) & types::ARRAY == 0 || index > 200 {
            return Vec::new();
        }
        let Some(item) = self.world.item(flat, index) else { return Vec::new() };
        let least = (max_of(flat, "minItems").unwrap_or(0.0) as usize).max(index + 1);
        if min_of(flat, "maxItems").is_some_and(|max| least as f64 > max) {
            return Vec::new();
        }
        let values = self.violating(&item, schema, depth + 1);
        let mut lists = Vec::new();
        for value in values.into_iter().take(8) {
            let mut tuple: Vec<Value> = (0..index).map(|_| Value::Bool(true)).collect();
            tuple.push(json!({"const": value}));
            let wanted = json!({"type": "array", "prefixItems": tuple, "minItems": least});
            lists.push(self.values(&and(flat, wanted), depth + 1));
        }
        take(lists.into_iter())
    }

    fn repeated(&self, flat: &[Fact], depth: u32) -> Vec<Value> {
        let arrays = self.values(&and(flat, json!({"type": "array", "minItems": 2})), depth + 1);
        let doubled = arrays.iter().filter_map(|array| {
            let mut items = array.as_array()?.clone();
            let first = items.first()?.clone();
            items[1] = first;
            Some(Value::Array(items))
        });
        doubled.chain(arrays.iter().cloned()).collect()
    }

    fn not_containing(&self, flat: &[Fact], map: &Map<String, Value>, schema: &Value, depth: u32) -> Vec<Value> {
        let mut lists = Vec::new();
        let least = map.get("minContains").and_then(Value::as_u64).unwrap_or(1);
        if least > 0 {
            let none = json!({"type": "array", "items": {"not": schema}});
            lists.push(self.values(&and(flat, none), depth + 1));
            let fewer = json!({"type": "array", "maxItems": least - 1});
            lists.push(self.values(&and(flat, fewer), depth + 1));
            let fewer =
                json!({"type": "array", "contains": schema, "minContains": least - 1, "maxContains": least - 1});
            lists.push(self.values(&and(flat, fewer), depth + 1));
        }
        if let Some(most) = map.get("maxContains").and_then(Value::as_u64) {
            let more = json!({"type": "array", "contains": schema, "minContains": most + 1});
            lists.push(self.values(&and(flat, more), depth + 1));
        }
        take(lists.into_iter())
    }
}
