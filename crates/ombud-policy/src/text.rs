//! How do texts become words for the customer? Minijinja templates by locale and key, with money and dates.

mod dates;
mod formats;
mod listed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use minijinja::value::{Kwargs, Serde, Value as TemplateValue, ValueKind};
use minijinja::{Environment, ErrorKind, State, UndefinedBehavior};
use ombud_domain::Money;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::problem::PackProblem;
use dates::{Holidays, business_days_later, days_later};
use formats::Formats;
pub(crate) use formats::own_name;
pub use listed::THANKS_WORDS;

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

/// All texts of a pack, resolved: the flow's own, then the pack's, then the base's; what a language lacks is said in the pack's own.
///
/// A language is read when its first text is wanted: of thirty-five, most conversations of a day need a few.
#[derive(Debug, Default)]
pub struct Texts {
    default_locale: String,
    locales: BTreeMap<String, Locale>,
    holidays: Arc<Holidays>,
}

/// The files of one language, and what they say once they are read.
#[derive(Debug, Default)]
struct Locale {
    files: Vec<TextFile>,
    spoken: OnceLock<Spoken>,
}

/// A file of texts as it lies in the packs folder.
#[derive(Debug)]
struct TextFile {
    path: String,
    source: String,
    /// The flow it belongs to; empty for those of a pack.
    flow: String,
}

/// What a language says and hears.
pub(crate) struct Spoken {
    environment: Environment<'static>,
    /// Words of each template by its name: only values they can name are given to it.
    keys: BTreeMap<String, Words>,
    /// Titles of the flows by name.
    pub(crate) titles: BTreeMap<String, String>,
    /// Examples of messages: class (`flow:<name>`) and text.
    pub(crate) examples: Vec<(String, String)>,
    /// Words that name the wish for a flow, as regular expressions.
    pub(crate) wishes: Vec<(String, String)>,
    /// Words by which another request asks for a flow too: flow, the other, regular expression.
    pub(crate) together: Vec<(String, String, String)>,
    /// What is wrong with the files.
    pub(crate) problems: Vec<PackProblem>,
}

impl std::fmt::Debug for Spoken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spoken").field("templates", &self.keys.len()).finish_non_exhaustive()
    }
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

/// A value in a file of texts.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum TextEntry {
    One(String),
    Many(Vec<String>),
}

/// What a file of texts teaches, and nothing of what it says.
#[derive(Debug, Deserialize)]
struct Examples {
    examples: Option<TextEntry>,
}

impl Texts {
    /// No texts yet; `default_locale` is the language of the company, in which what another lacks is said.
    #[must_use]
    pub fn new(default_locale: &str) -> Self {
        Self { default_locale: default_locale.to_owned(), holidays: Arc::default(), locales: BTreeMap::new() }
    }

    /// Days from Monday to Friday that are no business days, by market; said before the first text is.
    #[must_use]
    pub(crate) fn with_holidays(self, holidays: &Holidays) -> Self {
        Self { holidays: Arc::new(holidays.clone()), ..self }
    }

    /// Adds a file of texts of a flow, or of the pack where `flow` is empty; what a later one says replaces what an earlier one says.
    pub(crate) fn add_file(&mut self, locale: &str, flow: &str, (path, source): (&str, &str)) {
        let file = TextFile { path: path.to_owned(), source: source.to_owned(), flow: flow.to_owned() };
        let of = self.locales.entry(locale.to_owned()).or_default();
        of.files.push(file);
        of.spoken.take();
    }

    /// What is said in a language; none where it has no file.
    pub(crate) fn spoken(&self, locale: &str) -> Option<&Spoken> {
        let of = self.locales.get(locale)?;
        Some(of.spoken.get_or_init(|| Spoken::read(locale, &of.files, &self.holidays)))
    }

    /// Examples of messages in a language, class (`flow:<name>`) and text, without reading what it says: of most languages only these are ever wanted.
    pub(crate) fn examples(&self, locale: &str) -> Vec<(String, String)> {
        let Some(of) = self.locales.get(locale) else { return Vec::new() };
        if let Some(spoken) = of.spoken.get() {
            return spoken.examples.clone();
        }
        let mut all = Vec::new();
        for TextFile { source, flow, .. } in of.files.iter().filter(|file| !file.flow.is_empty()) {
            if let Ok(Examples { examples: Some(TextEntry::Many(lines)) }) = serde_saphyr::from_str(source) {
                all.extend(lines.into_iter().map(|line| (format!("flow:{flow}"), line)));
            }
        }
        all
    }

    /// Whether a language says this text itself.
    pub(crate) fn says(&self, locale: &str, flow: &str, key: &str) -> bool {
        self.spoken(locale).is_some_and(|spoken| spoken.name(flow, key).is_some())
    }

    /// Whether a text can be found for this flow.
    #[must_use]
    pub fn has(&self, locale: &str, flow: &str, key: &str) -> bool {
        self.find(locale, flow, key).is_some()
    }

    fn find(&self, locale: &str, flow: &str, key: &str) -> Option<(&Spoken, String)> {
        let locales = [locale, self.default_locale.as_str()];
        locales
            .into_iter()
            .filter_map(|locale| self.spoken(locale))
            .find_map(|spoken| Some((spoken, spoken.name(flow, key)?)))
    }

    /// Whether the text of `key` can name a value.
    pub(crate) fn mentions(&self, (locale, flow, key): (&str, &str, &str), value: &str) -> bool {
        let found = self.find(locale, flow, key);
        found.and_then(|(spoken, name)| spoken.keys.get(&name)).is_some_and(|words| words.mention(value))
    }

    /// Names that the templates of flows use in a language, as they are written: `order`, `order.name`.
    pub(crate) fn used(&self, locale: &str) -> Vec<Used<'_>> {
        let (Some(of), Some(spoken)) = (self.locales.get(locale), self.spoken(locale)) else { return Vec::new() };
        let files = of.files.iter().filter(|file| !file.flow.is_empty());
        files.flat_map(|file| spoken.used_in(file)).collect()
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
        let (spoken, name) = self
            .find(locale, flow, key)
            .ok_or_else(|| TextError::Missing { flow: flow.to_owned(), key: key.to_owned() })?;
        let failed = |error: minijinja::Error| TextError::Render { key: key.to_owned(), reason: error.to_string() };
        let words = spoken.keys.get(&name);
        let mut context = Map::new();
        for layer in layers.iter().rev() {
            let named = layer.iter().filter(|(name, _)| words.is_none_or(|words| words.mention(name)));
            context.extend(named.map(|(name, value)| (name.clone(), value.clone())));
        }
        let template = spoken.environment.get_template(&name).map_err(failed)?;
        Ok(template.render(Serde(context)).map_err(failed)?.trim().to_owned())
    }
}

/// A name that a template uses.
pub(crate) struct Used<'t> {
    /// The flow that the text belongs to.
    pub flow: &'t str,
    /// The file that the text stands in.
    pub file: &'t str,
    /// Line of the name from 1; 0 where it cannot be told.
    pub line: usize,
    /// The name, with members where they are named too.
    pub path: String,
}

impl Spoken {
    /// Names that the texts of a file use; none where it cannot be read, which is told elsewhere.
    fn used_in<'t>(&self, file: &'t TextFile) -> Vec<Used<'t>> {
        let entries: BTreeMap<String, TextEntry> = serde_saphyr::from_str(&file.source).unwrap_or_default();
        let globals: BTreeSet<&str> = self.environment.globals().map(|(name, _)| name).collect();
        let mut used = Vec::new();
        for (key, entry) in entries {
            let TextEntry::One(template) = entry else { continue };
            let Ok(template) = self.environment.template_from_str(&template) else { continue };
            let paths: BTreeSet<String> = template.undeclared_variables(true).into_iter().collect();
            let paths = paths.into_iter().filter(|path| !globals.contains(path.as_str()));
            used.extend(paths.map(|path| Used {
                flow: &file.flow,
                file: &file.path,
                line: line_of(&file.source, &key, &path),
                path,
            }));
        }
        used
    }

    fn read(locale: &str, files: &[TextFile], holidays: &Arc<Holidays>) -> Self {
        let mut spoken = Self {
            environment: environment(locale, holidays),
            keys: BTreeMap::new(),
            titles: BTreeMap::new(),
            examples: Vec::new(),
            wishes: Vec::new(),
            together: Vec::new(),
            problems: Vec::new(),
        };
        for file in files {
            spoken.add(file);
        }
        spoken
    }

    fn add(&mut self, file: &TextFile) {
        let entries: BTreeMap<String, TextEntry> = match serde_saphyr::from_str(&file.source) {
            Ok(entries) => entries,
            Err(error) => return self.problems.push(PackProblem::of_yaml(&file.path, &error)),
        };
        let flow = file.flow.as_str();
        for (key, entry) in entries {
            let problem = match (key.as_str(), entry) {
                ("title", TextEntry::One(title)) if !flow.is_empty() => {
                    self.titles.insert(flow.to_owned(), title);
                    continue;
                }
                ("examples", TextEntry::Many(lines)) if !flow.is_empty() => {
                    self.examples.extend(lines.into_iter().map(|line| (format!("flow:{flow}"), line)));
                    continue;
                }
                ("wishes", TextEntry::Many(lines)) if !flow.is_empty() => {
                    self.wishes.extend(lines.into_iter().map(|line| (flow.to_owned(), line)));
                    continue;
                }
                ("together", TextEntry::Many(lines)) if !flow.is_empty() => {
                    let split = |line: &String| {
                        line.split_once(": ").map(|(with, says)| (flow.to_owned(), with.to_owned(), says.to_owned()))
                    };
                    self.together.extend(lines.iter().filter_map(split));
                    if lines.iter().all(|line| split(line).is_some()) {
                        continue;
                    }
                    "a line of `together` must be the name of a flow, a colon and an expression".to_owned()
                }
                (_, TextEntry::One(template)) => match self.add_template(flow, &key, &template) {
                    Ok(()) => continue,
                    Err(reason) => format!("text `{key}` is not a template: {reason}"),
                },
                (_, TextEntry::Many(_)) => {
                    format!("text `{key}` must be one text, only `examples`, `wishes` and `together` are lists")
                }
            };
            self.problems.push(PackProblem::at(&file.path, &file.source, &format!("{key}:"), problem));
        }
    }

    /// Adds a template under a flow's name, or an empty one for the pack.
    fn add_template(&mut self, flow: &str, key: &str, template: &str) -> Result<(), String> {
        let name = format!("{flow}/{key}");
        let added = self.environment.add_template_owned(name.clone(), template.to_owned());
        added.map_err(|error| error.to_string())?;
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

    fn name(&self, flow: &str, key: &str) -> Option<String> {
        [format!("{flow}/{key}"), format!("/{key}")].into_iter().find(|name| self.keys.contains_key(name))
    }
}

/// The line of a name in the text of a key.
fn line_of(source: &str, key: &str, name: &str) -> usize {
    let starts = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'));
    let lines = || source.lines().enumerate();
    let first = lines().find(|(_, line)| starts(line)).map_or(0, |(index, _)| index);
    let found = lines().skip(first).find(|(_, line)| line.contains(name));
    found.map_or(0, |(index, _)| index + 1)
}

/// The filters and functions that texts may use, as the language writes.
fn environment(locale: &str, holidays: &Arc<Holidays>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.add_filter("values", values);
    environment.add_filter("days_later", days_later);
    let closed = Arc::clone(holidays);
    let business = move |text: &str, days: u32, market: Option<&str>| {
        business_days_later(text, days, market.and_then(|market| closed.get(market)).map_or(&[], Vec::as_slice))
    };
    environment.add_filter("business_days_later", business);
    environment.add_function("fact", fact);
    environment.add_function("coded", coded);
    let Some(formats) = Formats::of(locale).map(Arc::new) else { return environment };
    let of = Arc::clone(&formats);
    environment.add_filter("money", move |value: &TemplateValue, code: Option<&str>| money(&of, value, code));
    let of = Arc::clone(&formats);
    environment.add_filter("amount", move |value: f64, symbol: Option<String>| amount(&of, value, symbol));
    let of = Arc::clone(&formats);
    environment.add_filter("number", move |value: f64| of.number(value));
    let of = Arc::clone(&formats);
    environment.add_filter("date", move |text: &str| of.date(text).unwrap_or_else(|| text.to_owned()));
    let of = Arc::clone(&formats);
    environment.add_filter("list_and", move |value: &TemplateValue| joined(value, |parts| of.list_and(parts)));
    let of = Arc::clone(&formats);
    environment.add_filter("list_or", move |value: &TemplateValue| joined(value, |parts| of.list_or(parts)));
    environment.add_function("plural", move |count: i64, forms: Kwargs| plural(&formats, count, &forms));
    environment
}

/// A fact in words: the text `fact_<kind>_<value>` of the same language, or `fact_<kind>` over `value`.
fn fact(state: &State<'_, '_>, kind: &str, value: &str) -> Result<String, minijinja::Error> {
    let names = [format!("/fact_{kind}_{value}"), format!("/fact_{kind}")];
    let template = names.iter().find_map(|name| state.env().get_template(name).ok());
    let missing = || minijinja::Error::new(ErrorKind::InvalidOperation, format!("no text says fact `{kind}`"));
    let said =
        template.ok_or_else(missing)?.render(Serde(Map::from_iter([("value".to_owned(), Value::from(value))])))?;
    Ok(said.trim().to_owned())
}

/// A code of a record in words: the text `code_<kind>_<code>` of the same language, or what the record says itself.
fn coded(state: &State<'_, '_>, kind: &str, code: Option<&str>, otherwise: Option<&str>) -> String {
    let template = code.and_then(|code| state.env().get_template(&format!("/code_{kind}_{code}")).ok());
    let said = template.and_then(|template| template.render(()).ok());
    said.map_or_else(|| otherwise.unwrap_or_default().to_owned(), |said| said.trim().to_owned())
}

/// An amount: `{minor, currency}`, or a number of major units and the code of its currency, without digits behind the point where it is whole:
/// `2.5|money("EUR")` is `2.50 EUR`, `60|money("SEK")` is `60 SEK`.
fn money(formats: &Formats, value: &TemplateValue, code: Option<&str>) -> Result<String, minijinja::Error> {
    if let Some(code) = code {
        let wrong =
            |_| minijinja::Error::new(ErrorKind::InvalidOperation, "`money(code)` takes a number of major units");
        let major = f64::try_from(value.clone()).map_err(wrong)?;
        return Ok(format!("{} {code}", formats.major(major)));
    }
    let parsed: Result<Money, _> = serde_json::to_value(value).and_then(serde_json::from_value);
    parsed
        .map(|money| formats.money(money))
        .map_err(|_| minijinja::Error::new(ErrorKind::InvalidOperation, "`money` takes {minor, currency}"))
}

/// A number with two digits behind the point, after the symbol given: `12.5|amount("$")` is `$12.50`.
fn amount(formats: &Formats, value: f64, symbol: Option<String>) -> String {
    let symbol = symbol.unwrap_or_default();
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{symbol}{}", formats.amount(value.abs()))
}

/// The form for a count, by the plural category that the language has for it: `plural(n, one="order", other="orders")`. `other` stands in for
/// those not given.
fn plural(formats: &Formats, count: i64, forms: &Kwargs) -> Result<String, minijinja::Error> {
    let other: String = forms.get("other")?;
    let mut form = None;
    for category in ["zero", "one", "two", "few", "many"] {
        let given: Option<String> = forms.get(category)?;
        if category == formats.plural(count) {
            form = given;
        }
    }
    forms.assert_all_used()?;
    Ok(form.unwrap_or(other))
}

/// The values of a map, in its order; the same as the function of that name in conditions.
fn values(map: &TemplateValue) -> Result<Vec<TemplateValue>, minijinja::Error> {
    map.try_iter()?.map(|key| map.get_item(&key)).collect()
}

fn joined(value: &TemplateValue, join: impl Fn(&[String]) -> String) -> Result<String, minijinja::Error> {
    // Lists that `map` or `selectattr` give are iterators.
    if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Ok(value.to_string());
    }
    let parts: Vec<String> = value.try_iter()?.map(|part| part.to_string()).collect();
    Ok(join(&parts))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(files: &[(&str, &str, &str)]) -> Texts {
        let mut texts = Texts::new("en");
        for (locale, flow, source) in files {
            texts.add_file(locale, flow, ("texts.yaml", source));
        }
        texts
    }

    #[test]
    fn a_date_is_told_some_days_later() {
        let texts =
            texts(&[("en", "", "due: \"by {{ day | days_later(14) }}\"\nwrong: \"{{ day | days_later(n) }}\"")]);
        let told = |day: &str| {
            let values = json!({"day": day, "n": 9_999_999_999_i64});
            texts.render("en", "", "due", &[values.as_object().unwrap()]).ok()
        };
        assert_eq!(told("2026-12-20").as_deref(), Some("by 2027-01-03"));
        assert_eq!(told("2028-02-20T10:00:00Z").as_deref(), Some("by 2028-03-05"));
        assert_eq!(told("soon"), None, "what is no date is an error of the pack");
        let values = json!({"day": "2026-12-20", "n": 9_999_999_999_i64});
        assert!(texts.render("en", "", "wrong", &[values.as_object().unwrap()]).is_err(), "there is no such day");
    }

    #[test]
    fn examples_are_the_same_whether_a_language_is_read_or_only_they_are() {
        let texts = texts(&[
            ("fi", "refund", "title: Palautus\nask: paljonko\nexamples: [haluan rahat, palauta]"),
            ("fi", "", "examples: [of no flow]"),
            ("fi", "broken", "examples: [unclosed"),
            ("fi", "one", "examples: a text"),
            ("fi", "move", "examples: [muutan]\nwishes: [muut]"),
        ]);
        let alone = texts.examples("fi");
        assert!(texts.locales["fi"].spoken.get().is_none());
        assert_eq!(alone.len(), 3);
        assert_eq!(alone, texts.spoken("fi").unwrap().examples);
        assert_eq!(alone, texts.examples("fi"));
        assert!(texts.examples("sv").is_empty());
    }

    #[test]
    fn a_flows_own_text_wins_over_the_packs() {
        let texts = texts(&[
            ("en", "", "ask: pack"),
            (
                "en",
                "cancel",
                "ask: \"flow {{ names | list_and }} {{ total | money }} {{ due | date }} {{ price | amount('$') }}\"",
            ),
        ]);
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
    fn what_a_language_lacks_is_said_in_that_of_the_company() {
        let texts = texts(&[
            ("en", "", "ask: 'Which? {{ n }} {{ plural(n, one=\"order\", other=\"orders\") }}'\nnote: for the desk"),
            (
                "pl",
                "",
                "ask: '{{ n }} {{ plural(n, one=\"zamówienie\", few=\"zamówienia\", many=\"zamówień\", other=\"zamówienia\") }}, {{ at | date }}'",
            ),
        ]);
        let said = |locale: &str, key: &str, n: i64| {
            let vars = json!({"n": n, "at": "2026-11-15"});
            texts.render(locale, "", key, &[vars.as_object().unwrap()]).unwrap()
        };
        assert_eq!(said("pl", "ask", 5), "5 zamówień, 15 listopada 2026");
        assert_eq!(said("pl", "ask", 1), "1 zamówienie, 15 listopada 2026");
        assert_eq!(said("pl", "note", 1), "for the desk");
        assert_eq!(said("xx", "ask", 2), "Which? 2 orders");
        assert!(texts.says("pl", "", "ask") && !texts.says("pl", "", "note"));
    }

    #[test]
    fn a_filter_that_does_not_exist_is_found_when_the_text_is_read() {
        let read = texts(&[(
            "en",
            "",
            "bad: '{{ order.total | moneyy }}'\ngood: \"{{ order.options | values | join(', ') }}\"",
        )]);
        assert_eq!(read.spoken("en").unwrap().problems.len(), 1);
        let vars = json!({"order": {"options": {"colour": "blue", "size": "M"}}});
        assert_eq!(read.render("en", "", "good", &[vars.as_object().unwrap()]).unwrap(), "blue, M");
    }
}
