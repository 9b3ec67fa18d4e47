//! How do texts become words for the customer? Minijinja templates by locale and key, with money and dates.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::{Serde, Value as TemplateValue, ValueKind};
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use serde_json::{Map, Value};

/// Why a text could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// No text has this key.
    #[error("no text `{key}` for flow `{flow}`, add it to the flow's or the pack's texts")]
    Missing {
        /// The flow that asked.
        flow: String,
        /// The key.
        key: String,
    },
    /// The template failed.
    #[error("text `{key}` cannot be rendered: {reason}")]
    Render {
        /// The key.
        key: String,
        /// What the template engine said.
        reason: String,
    },
}

/// All texts of a pack, resolved: the flow's own, then the pack's, then the base's.
pub struct Texts {
    environment: Environment<'static>,
    /// Words of each template by its name: only values they can name are given to it.
    keys: BTreeMap<String, Words>,
}

/// What a template can name.
enum Words {
    /// These words, and names among them.
    Listed(BTreeSet<String>),
    /// More than stands in it: it takes in others.
    Any,
}

impl Words {
    fn of(template: &str) -> Self {
        let words = template.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let listed: BTreeSet<String> = words.filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect();
        if ["include", "extends", "import"].iter().any(|word| listed.contains(*word)) {
            Self::Any
        } else {
            Self::Listed(listed)
        }
    }

    fn mention(&self, name: &str) -> bool {
        match self {
            Self::Listed(words) => words.contains(name),
            Self::Any => true,
        }
    }
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Texts").field("templates", &self.keys.len()).finish()
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self::new()
    }
}

impl Texts {
    /// No texts yet.
    #[must_use]
    pub fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.add_filter("money", money);
        environment.add_filter("amount", amount);
        environment.add_filter("date", date);
        environment.add_filter("list_and", list_and);
        environment.add_filter("values", values);
        environment.add_function("plural", |count: i64, one: String, many: String| if count == 1 { one } else { many });
        Self { environment, keys: BTreeMap::new() }
    }

    /// Adds a template under `scope` (a flow's name, or empty for the pack); a later one replaces an earlier one.
    ///
    /// # Errors
    /// The parser's words, when it is not a template.
    pub fn add(&mut self, locale: &str, scope: &str, key: &str, template: &str) -> Result<(), String> {
        let name = format!("{locale}/{scope}/{key}");
        self.environment.add_template_owned(name.clone(), template.to_owned()).map_err(|error| error.to_string())?;
        self.try_without_values(&name)?;
        self.keys.insert(name, Words::of(template));
        Ok(())
    }

    /// Finds filters, functions and tests that do not exist, which the parser does not look for.
    fn try_without_values(&self, name: &str) -> Result<(), String> {
        let rendered = self
            .environment
            .get_template(name)
            .and_then(|template| template.render(Serde(Map::<String, Value>::new())));
        match rendered {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest
                ) =>
            {
                Err(error.to_string())
            }
            _ => Ok(()),
        }
    }

    /// Whether a text can be found for this flow.
    #[must_use]
    pub fn has(&self, locale: &str, flow: &str, key: &str) -> bool {
        self.name(locale, flow, key).is_some()
    }

    fn name(&self, locale: &str, flow: &str, key: &str) -> Option<String> {
        [format!("{locale}/{flow}/{key}"), format!("{locale}//{key}")]
            .into_iter()
            .find(|name| self.keys.contains_key(name))
    }

    /// Whether the text of `key` can name a value.
    pub(crate) fn mentions(&self, (locale, flow, key): (&str, &str, &str), value: &str) -> bool {
        let words = self.name(locale, flow, key).and_then(|name| self.keys.get(&name));
        words.is_some_and(|words| words.mention(value))
    }

    /// The text of `key` with these values.
    ///
    /// # Errors
    /// [`TextError`]; the author of the pack can fix both kinds.
    pub fn render(
        &self,
        locale: &str,
        flow: &str,
        key: &str,
        layers: &[&Map<String, Value>],
    ) -> Result<String, TextError> {
        let name = self
            .name(locale, flow, key)
            .ok_or_else(|| TextError::Missing { flow: flow.to_owned(), key: key.to_owned() })?;
        let failed = |error: minijinja::Error| TextError::Render { key: key.to_owned(), reason: error.to_string() };
        let words = self.keys.get(&name);
        let mut context = Map::new();
        for layer in layers.iter().rev() {
            let named = layer.iter().filter(|(name, _)| words.is_none_or(|words| words.mention(name)));
            context.extend(named.map(|(name, value)| (name.clone(), value.clone())));
        }
        let rendered = self.environment.get_template(&name).map_err(failed)?.render(Serde(context)).map_err(failed)?;
        Ok(rendered.trim().to_owned())
    }
}

fn money(value: &TemplateValue) -> Result<String, minijinja::Error> {
    let parsed: Result<ombud_domain::Money, _> = serde_json::to_value(value).and_then(serde_json::from_value);
    parsed
        .map(|money| money.to_string())
        .map_err(|_| minijinja::Error::new(ErrorKind::InvalidOperation, "`money` takes {minor, currency}"))
}

/// A decimal number with two digits and thousands separators after the symbol given: `12.5|amount("$")` is `$12.50`.
fn amount(value: f64, symbol: Option<String>) -> String {
    let symbol = symbol.unwrap_or_default();
    let sign = if value < 0.0 { "-" } else { "" };
    let text = format!("{:.2}", value.abs());
    format!("{sign}{symbol}{text}")
}

fn date(text: &str) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let mut parts = text.get(..10).unwrap_or(text).split('-');
    let parsed = (|| {
        let year = parts.next()?.parse::<u32>().ok()?;
        let month = parts.next()?.parse::<usize>().ok()?;
        let day = parts.next()?.parse::<u32>().ok()?;
        Some(format!("{day} {} {year}", MONTHS.get(month.checked_sub(1)?)?))
    })();
    parsed.unwrap_or_else(|| text.to_owned())
}

/// The values of a map, in its order; the same as the function of that name in conditions.
fn values(map: &TemplateValue) -> Result<Vec<TemplateValue>, minijinja::Error> {
    map.try_iter()?.map(|key| map.get_item(&key)).collect()
}

fn list_and(value: &TemplateValue) -> Result<String, minijinja::Error> {
    if value.kind() != ValueKind::Seq {
        return Ok(value.to_string());
    }
    let parts: Vec<String> = value.try_iter()?.map(|part| part.to_string()).collect();
    Ok(match parts.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [head @ .., tail] => format!("{} and {tail}", head.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flows_own_text_wins_over_the_packs() {
        let mut texts = Texts::new();
        texts.add("en", "", "ask", "pack").unwrap();
        texts
            .add(
                "en",
                "cancel",
                "ask",
                "flow {{ names | list_and }} {{ total | money }} {{ due | date }} {{ price | amount('$') }}",
            )
            .unwrap();
        let vars = json!({"names": ["a", "b", "c"], "total": {"minor": 1999, "currency": "EUR"}, "due": "2026-12-01", "price": 12.5});
        let vars = vars.as_object().unwrap();
        assert_eq!(texts.render("en", "other", "ask", &[vars]).unwrap(), "pack");
        assert_eq!(
            texts.render("en", "cancel", "ask", &[vars]).unwrap(),
            "flow a, b and c 19.99 EUR 1 December 2026 $12.50"
        );
        assert!(matches!(texts.render("en", "cancel", "nope", &[]), Err(TextError::Missing { .. })));
    }

    #[test]
    fn a_filter_that_does_not_exist_is_found_when_the_text_is_read() {
        let mut texts = Texts::new();
        assert!(texts.add("en", "", "bad", "{{ order.total | moneyy }}").is_err());
        assert!(texts.add("en", "", "good", "{{ order.options | values | join(', ') }}").is_ok());
        let vars = json!({"order": {"options": {"colour": "blue", "size": "M"}}});
        assert_eq!(texts.render("en", "", "good", &[vars.as_object().unwrap()]).unwrap(), "blue, M");
    }
}
