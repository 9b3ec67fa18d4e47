//! How is a CEL expression of a flow evaluated? Over JSON values, with a few functions of our own.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use cel::extractors::Arguments;
use cel::{Context, Env, ExecutionError, Program};
use serde_json::{Map, Value};

/// Why an expression cannot be compiled or evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExprError {
    /// Not CEL.
    #[error("`{source_text}` is not a CEL expression: {reason}")]
    Syntax {
        /// The expression.
        source_text: String,
        /// What the parser said.
        reason: String,
    },
    /// It failed on these values.
    #[error("`{source_text}` cannot be evaluated: {reason}")]
    Evaluation {
        /// The expression.
        source_text: String,
        /// What the interpreter said.
        reason: String,
    },
}

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A compiled expression.
pub struct Expr {
    source: String,
    program: Program,
    variables: BTreeSet<String>,
    functions: BTreeSet<String>,
}

impl std::fmt::Debug for Expr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expr").field(&self.source).finish()
    }
}

/// Values by name; inner scopes win.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Innermost first.
    pub layers: &'a [&'a Map<String, Value>],
}

impl Scope<'_> {
    /// The value of a name, if any layer has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.layers.iter().find_map(|layer| layer.get(name))
    }
}

impl Expr {
    /// Compiles CEL.
    ///
    /// # Errors
    /// [`ExprError::Syntax`]; the author of the pack can fix it.
    pub fn compile(source: &str) -> Result<Self, ExprError> {
        let program = ENVIRONMENT.compile(source).map_err(|errors| ExprError::Syntax {
            source_text: source.to_owned(),
            reason: errors.to_string().lines().next().unwrap_or_default().to_owned(),
        })?;
        let references = program.references();
        let variables = references.variables().into_iter().map(ToOwned::to_owned).collect();
        let functions = references.functions().into_iter().map(ToOwned::to_owned).collect();
        Ok(Self { source: source.to_owned(), program, variables, functions })
    }

    /// The expression as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Names it refers to, those of the macros' own variables among them.
    #[must_use]
    pub const fn variables(&self) -> &BTreeSet<String> {
        &self.variables
    }

    /// Names it takes from outside: without `o` of `orders.map(o, o.id)`.
    pub fn free_variables(&self) -> impl Iterator<Item = &str> {
        let is_bound = |name: &str| {
            let of_macro = |at: usize| {
                let (before, rest) = (self.source.get(..at), self.source.get(at + name.len()..));
                let opens = before.and_then(|before| before.trim_end().strip_suffix('('));
                opens.is_some_and(|before| MACROS.iter().any(|one| before.ends_with(one)))
                    && rest.is_some_and(|rest| rest.trim_start().starts_with(','))
            };
            self.source.match_indices(name).any(|(at, _)| of_macro(at))
        };
        self.variables.iter().map(String::as_str).filter(move |name| !is_bound(name))
    }

    /// Its value; a name that no layer has is null.
    ///
    /// # Errors
    /// [`ExprError::Evaluation`]; the author of the pack can fix it.
    pub fn eval(&self, scope: Scope<'_>) -> Result<Value, ExprError> {
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        for name in &self.variables {
            let value = scope.get(name).map_or(cel::Value::Null, to_cel);
            context.add_variable_from_value(name.as_str(), value);
        }
        self.add_functions(&mut context);
        let failed = |reason: String| ExprError::Evaluation { source_text: self.source.clone(), reason };
        let value = self.program.execute(&context).map_err(|error| failed(error.to_string()))?;
        json_of(&value).map_err(failed)
    }

    /// Its value as a condition: only `true` holds; null and errors about missing members do not.
    ///
    /// # Errors
    /// [`ExprError::Evaluation`] for anything but a boolean or null.
    pub fn holds(&self, scope: Scope<'_>) -> Result<bool, ExprError> {
        match self.eval(scope)? {
            Value::Bool(holds) => Ok(holds),
            Value::Null => Ok(false),
            other => Err(ExprError::Evaluation {
                source_text: self.source.clone(),
                reason: format!("gives {other}, not true or false"),
            }),
        }
    }

    fn add_functions(&self, context: &mut Context<'_, '_>) {
        for (name, function) in FUNCTIONS {
            if self.functions.contains(*name) {
                let function = *function;
                // Fails only when the standard library declares the name, which the tests of this module would show.
                let _ = context.add_function(
                    name,
                    move |Arguments(arguments): Arguments| -> Result<cel::Value, ExecutionError> {
                        let json: Vec<Value> =
                            arguments.iter().map(|argument| json_of(argument).unwrap_or(Value::Null)).collect();
                        function(&json)
                            .map(|value| to_cel(&value))
                            .ok_or_else(|| ExecutionError::function_error(name, "does not take these arguments"))
                    },
                );
            }
        }
    }
}

/// CEL's macros that name a variable of their own.
const MACROS: [&str; 5] = [".map", ".filter", ".exists", ".all", ".exists_one"];

type Function = fn(&[Value]) -> Option<Value>;

const FUNCTIONS: &[(&str, Function)] = &[
    ("sum", sum),
    ("values", values),
    ("keys", keys),
    ("flatten", flatten),
    ("unique", unique),
    ("join", join),
    ("lower", lower),
    ("round2", round2),
    ("first", first),
    ("last", last),
    ("sort_by", sort_by),
    ("days_between", days_between),
    ("date_of", date_of),
    ("month_of", month_of),
    ("money", money),
    ("count", count),
    ("get", get),
    ("strip_prefix", strip_prefix),
];

/// Names of our own functions, for validation and the reference.
pub fn function_names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, _)| *name)
}

fn list(arguments: &[Value]) -> Option<&Vec<Value>> {
    static EMPTY: Vec<Value> = Vec::new();
    match arguments.first()? {
        Value::Null => Some(&EMPTY),
        value => value.as_array(),
    }
}

fn sum(arguments: &[Value]) -> Option<Value> {
    let numbers = list(arguments)?;
    if numbers.iter().all(Value::is_i64) {
        return numbers.iter().try_fold(0_i64, |total, number| total.checked_add(number.as_i64()?)).map(Value::from);
    }
    let total: Option<f64> = numbers.iter().map(Value::as_f64).sum();
    total.map(|total| Value::from((total * 100.0).round() / 100.0))
}

fn values(arguments: &[Value]) -> Option<Value> {
    match arguments.first()? {
        Value::Object(map) => Some(Value::Array(map.values().cloned().collect())),
        Value::Null => Some(Value::Array(Vec::new())),
        _ => None,
    }
}

fn keys(arguments: &[Value]) -> Option<Value> {
    match arguments.first()? {
        Value::Object(map) => Some(Value::Array(map.keys().cloned().map(Value::from).collect())),
        Value::Null => Some(Value::Array(Vec::new())),
        _ => None,
    }
}

fn flatten(arguments: &[Value]) -> Option<Value> {
    let mut flat = Vec::new();
    for element in list(arguments)? {
        match element {
            Value::Array(inner) => flat.extend(inner.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Some(Value::Array(flat))
}

fn unique(arguments: &[Value]) -> Option<Value> {
    let mut seen: Vec<Value> = Vec::new();
    for element in list(arguments)? {
        if !seen.contains(element) {
            seen.push(element.clone());
        }
    }
    Some(Value::Array(seen))
}

fn join(arguments: &[Value]) -> Option<Value> {
    let separator = arguments.get(1).and_then(Value::as_str).unwrap_or(", ");
    let parts: Vec<String> = list(arguments)?.iter().map(plain).collect();
    Some(Value::from(parts.join(separator)))
}

/// A value as words: text without quotes, everything else as JSON.
#[must_use]
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn lower(arguments: &[Value]) -> Option<Value> {
    Some(Value::from(plain(arguments.first()?).to_lowercase()))
}

fn round2(arguments: &[Value]) -> Option<Value> {
    arguments.first()?.as_f64().map(|number| Value::from((number * 100.0).round() / 100.0))
}

fn first(arguments: &[Value]) -> Option<Value> {
    Some(list(arguments)?.first().cloned().unwrap_or(Value::Null))
}

fn last(arguments: &[Value]) -> Option<Value> {
    Some(list(arguments)?.last().cloned().unwrap_or(Value::Null))
}

fn get(arguments: &[Value]) -> Option<Value> {
    let key = plain(arguments.get(1)?);
    Some(arguments.first()?.get(&key).cloned().unwrap_or(Value::Null))
}

/// A text without its beginning, where it begins so.
fn strip_prefix(arguments: &[Value]) -> Option<Value> {
    let (text, beginning) = (arguments.first()?.as_str()?, arguments.get(1)?.as_str()?);
    Some(Value::from(text.strip_prefix(beginning).unwrap_or(text)))
}

fn count(arguments: &[Value]) -> Option<Value> {
    list(arguments).map(|elements| Value::from(elements.len()))
}

fn sort_by(arguments: &[Value]) -> Option<Value> {
    let key = arguments.get(1)?.as_str()?;
    let mut sorted = list(arguments)?.clone();
    sorted.sort_by(|a, b| compare(a.get(key), b.get(key)));
    Some(Value::Array(sorted))
}

fn compare(a: Option<&Value>, b: Option<&Value>) -> std::cmp::Ordering {
    match (a.and_then(Value::as_f64), b.and_then(Value::as_f64)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.map(plain).cmp(&b.map(plain)),
    }
}

fn date_of(arguments: &[Value]) -> Option<Value> {
    Some(arguments.first()?.as_str()?.get(..10).map_or(Value::Null, Value::from))
}

/// The month of a date, `YYYY-MM`, or as many months later as the second argument says.
fn month_of(arguments: &[Value]) -> Option<Value> {
    let Some(date) = arguments.first()?.as_str() else { return Some(Value::Null) };
    let later = arguments.get(1).map_or(Some(0), Value::as_i64)?;
    let (year, month) = (date.get(..4)?.parse::<i64>().ok()?, date.get(5..7)?.parse::<i64>().ok()?);
    let months = year.checked_mul(12)?.checked_add(month.checked_sub(1)?)?.checked_add(later)?;
    Some(Value::from(format!("{:04}-{:02}", months.div_euclid(12), months.rem_euclid(12).checked_add(1)?)))
}

/// Whole days from the first date to the second, both `YYYY-MM-DD` or RFC 3339.
fn days_between(arguments: &[Value]) -> Option<Value> {
    let day = |index: usize| -> Option<i64> {
        let text = arguments.get(index)?.as_str()?.get(..10)?;
        let mut parts = text.split('-').map(|part| part.parse::<i64>().ok());
        days_from_civil(parts.next()??, parts.next()??, parts.next()??)
    };
    Some(Value::from(day(1)?.checked_sub(day(0)?)?))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`).
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(0..=9999).contains(&year) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

fn money(arguments: &[Value]) -> Option<Value> {
    let object: ombud_domain::Money = serde_json::from_value(arguments.first()?.clone()).ok()?;
    Some(Value::from(object.to_string()))
}

/// CEL to JSON. INVARIANT: the members of a map come in the order of their names, because CEL keeps them in no order of its own; held by
/// `maps_come_back_in_one_order`.
fn json_of(value: &cel::Value) -> Result<Value, String> {
    let mut json = value.json().map_err(|error| error.to_string())?;
    json.sort_all_objects();
    Ok(json)
}

/// JSON to CEL; whole numbers are `int`, all others `double`.
fn to_cel(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(flag) => cel::Value::Bool(*flag),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| cel::Value::Float(number.as_f64().unwrap_or(0.0)), cel::Value::Int)
        }
        Value::String(text) => cel::Value::String(Arc::new(text.clone())),
        Value::Array(elements) => cel::Value::List(Arc::new(elements.iter().map(to_cel).collect())),
        Value::Object(map) => {
            let entries: std::collections::HashMap<String, cel::Value> =
                map.iter().map(|(key, value)| (key.clone(), to_cel(value))).collect();
            cel::Value::Map(entries.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn eval(source: &str, scope: &Value) -> Value {
        let Value::Object(map) = scope.clone() else { panic!("scope must be an object") };
        Expr::compile(source).unwrap().eval(Scope { layers: &[&map] }).unwrap()
    }

    #[test]
    fn maps_come_back_in_one_order() {
        let scope = json!({"of": {"h": 1, "c": 2, "a": 3, "g": {"z": 1, "y": 2}, "b": 5, "f": 6, "e": 7, "d": 8}});
        for _ in 0..20 {
            assert_eq!(eval("keys(of)", &scope), json!(["a", "b", "c", "d", "e", "f", "g", "h"]));
            assert_eq!(
                eval("of", &scope).to_string(),
                r#"{"a":3,"b":5,"c":2,"d":8,"e":7,"f":6,"g":{"y":2,"z":1},"h":1}"#
            );
        }
    }

    #[test]
    fn expressions_read_records() {
        let scope = json!({"order": {"status": "pending", "items": [{"id": "a", "price": 10}, {"id": "b", "price": 2.5}]}, "none": null});
        let cases = [
            ("order.status == 'pending'", json!(true)),
            ("order.items.map(i, i.id)", json!(["a", "b"])),
            ("order.items.filter(i, i.price > 5.0).map(i, i.id)", json!(["a"])),
            ("sum(order.items.map(i, i.price))", json!(12.5)),
            ("none == null", json!(true)),
            ("absent == null", json!(true)),
            ("has(order.total)", json!(false)),
            ("count(order.items)", json!(2)),
            ("month_of('2026-11-30T10:00:00Z')", json!("2026-11")),
            ("month_of('2026-11-30', 2)", json!("2027-01")),
            ("month_of('2027-01-31', -1)", json!("2026-12")),
            ("'+49' + strip_prefix('0151', '0') + strip_prefix('7', '0')", json!("+491517")),
            ("size(order.items) == 2", json!(true)),
            ("flatten([['x'], ['y', 'z']])", json!(["x", "y", "z"])),
            ("values({'k': 'v'})", json!(["v"])),
            ("days_between('2026-11-21', '2026-12-01')", json!(10)),
            ("money({'minor': 1999, 'currency': 'EUR'})", json!("19.99 EUR")),
            ("join(order.items.map(i, i.id), '+')", json!("a+b")),
            ("sort_by(order.items, 'price').map(i, i.id)", json!(["b", "a"])),
            ("get({'a': 1}, 'b') == null", json!(true)),
            ("order.status in ['pending', 'processed'] && !(order.status == 'x')", json!(true)),
        ];
        for (source, expected) in cases {
            assert_eq!(eval(source, &scope), expected, "{source}");
        }
    }

    #[test]
    fn variables_of_macros_are_not_taken_from_outside() {
        let free =
            |source: &str| Expr::compile(source).unwrap().free_variables().map(ToOwned::to_owned).collect::<Vec<_>>();
        assert_eq!(free("orders.filter( o , o.shop == shop).map(p, p.id)"), ["orders", "shop"]);
        assert_eq!(free("o.total + count(o)"), ["o"]);
    }

    #[test]
    fn a_missing_name_is_null_and_a_typo_is_an_error() {
        assert!(Expr::compile("order..status").is_err());
        assert!(Expr::compile("nothing_here(1)").unwrap().eval(Scope { layers: &[] }).is_err());
    }
}
