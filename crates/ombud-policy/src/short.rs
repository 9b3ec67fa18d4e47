//! What does an article say in short, in a language that it is not written in? Texts over the company's facts, by article.
//!
//! `knowledge/short.yaml` names the articles of each short answer, `knowledge/short/<locale>.yaml` says it. A text takes its figures from `facts.yaml`: the
//! whole file is `facts`, what it says of the customer's market is `m`, and `market` is the market's code. `knowledge/titles/<locale>.yaml` has the titles.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::problem::PackProblem;
use crate::text::Texts;

/// Which article is told by which short answer.
pub(crate) const INDEX: &str = "knowledge/short.yaml";
/// The figures and names that texts may show.
pub(crate) const FACTS: &str = "facts.yaml";
/// The texts stand beside those of flows under this name, which no flow can have.
pub(crate) const TEXTS: &str = "knowledge/short";
/// The titles of the same names, as they stand below an answer.
pub(crate) const TITLES: &str = "knowledge/titles";

/// The short answers of a pack.
#[derive(Debug, Default)]
pub struct ShortAnswers {
    /// Article id to the key of its text.
    keys: BTreeMap<String, String>,
    facts: Value,
}

impl ShortAnswers {
    /// Reads the index and the facts; either may be missing.
    pub(crate) fn parse(
        index: Option<(&str, &str)>,
        facts: Option<(&str, &str)>,
        problems: &mut Vec<PackProblem>,
    ) -> Self {
        let mut answers = Self::default();
        if let Some((file, source)) = index {
            match serde_saphyr::from_str::<BTreeMap<String, Vec<String>>>(source) {
                Ok(named) => {
                    for (key, articles) in named {
                        answers.keys.extend(articles.into_iter().map(|article| (article, key.clone())));
                    }
                }
                Err(error) => problems.push(PackProblem::of_yaml(file, &error)),
            }
        }
        if let Some((file, source)) = facts {
            match serde_saphyr::from_str(source) {
                Ok(read) => answers.facts = read,
                Err(error) => problems.push(PackProblem::of_yaml(file, &error)),
            }
        }
        answers
    }

    /// The short answer for an article, in a language and for a market; none where the language has none of its own.
    pub(crate) fn tell(&self, texts: &Texts, (locale, market): (&str, &str), article: &str) -> Option<String> {
        let key = self.keys.get(article).filter(|key| texts.says(locale, TEXTS, key))?;
        texts.render(locale, TEXTS, key, &[&self.values(market)]).ok().filter(|text| !text.is_empty())
    }

    /// The title of an article in a language that it is not written in.
    pub(crate) fn title(&self, texts: &Texts, locale: &str, article: &str) -> Option<String> {
        let key = self.keys.get(article).filter(|key| texts.says(locale, TITLES, key))?;
        texts.render(locale, TITLES, key, &[]).ok().filter(|title| !title.is_empty())
    }

    /// The articles without a title in a language, with the names that it would stand under.
    pub(crate) fn untitled(&self, texts: &Texts, locale: &str) -> impl Iterator<Item = (&str, &str)> {
        let without = self.keys.iter().filter(move |(_, key)| !texts.says(locale, TITLES, key));
        without.map(|(article, key)| (article.as_str(), key.as_str()))
    }

    fn values(&self, market: &str) -> Map<String, Value> {
        let of_market = self.facts.get("markets").and_then(|markets| markets.get(market)).cloned();
        let values = json!({"facts": self.facts, "m": of_market, "market": market});
        values.as_object().cloned().unwrap_or_default()
    }

    /// What is wrong with the texts of a language: one that is not there, cannot be rendered, or names a figure that neither its articles nor the facts
    /// have. `articles` are those in the company's own language, (id, source); `is_written` says which the language has itself.
    pub(crate) fn check<'m>(
        &self,
        texts: &Texts,
        (locale, markets): (&str, &'m [String]),
        articles: &BTreeMap<&str, &str>,
        is_written: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let of_market = |market: &'m String| OfMarket {
            market,
            values: self.values(market),
            figures: self.figures(market).collect(),
        };
        let of_markets: Vec<OfMarket<'m>> = markets.iter().map(of_market).collect();
        let mut problems = BTreeSet::new();
        for (article, key) in &self.keys {
            let Some(source) = articles.get(article.as_str()) else {
                problems.insert(format!("`{key}`: there is no article `{article}`"));
                continue;
            };
            if !texts.says(locale, TEXTS, key) {
                problems.extend((!is_written(article)).then(|| format!("`{key}` is missing")));
                continue;
            }
            let shown_in = member(source, "markets").unwrap_or_default();
            let differs = ["m", "market"].iter().any(|name| texts.mentions((locale, TEXTS, key), name));
            let named = |market: &str| shown_in.split(|c: char| !c.is_alphanumeric()).any(|one| one == market);
            let shown = of_markets.iter().filter(|of| shown_in.is_empty() || named(of.market));
            for of in shown.take(if differs { of_markets.len() } else { 1 }) {
                problems.extend(problem_of(texts, (locale, key), (article, source), of));
            }
        }
        problems.into_iter().collect()
    }

    /// Every figure of the facts that holds in a market.
    fn figures(&self, market: &str) -> impl Iterator<Item = String> {
        let mut facts = self.facts.clone();
        if let Some(markets) = facts.get_mut("markets").and_then(Value::as_object_mut) {
            markets.retain(|name, _| name == market);
        }
        let mut found = Vec::new();
        gather(&facts, &mut found);
        found.into_iter()
    }
}

/// What texts can show customers of a market.
struct OfMarket<'m> {
    market: &'m str,
    values: Map<String, Value>,
    figures: BTreeSet<String>,
}

/// What is wrong with a text as customers of a market read it.
fn problem_of(
    texts: &Texts,
    (locale, key): (&str, &str),
    (article, source): (&str, &str),
    of: &OfMarket<'_>,
) -> Option<String> {
    let text = match texts.render(locale, TEXTS, key, &[&of.values]) {
        Ok(text) => text,
        Err(error) => return Some(format!("`{key}`: {error}")),
    };
    let of_article: BTreeSet<String> = figures(source).collect();
    let strange: Vec<String> =
        figures(&text).filter(|figure| !of_article.contains(figure) && !of.figures.contains(figure)).collect();
    let strange = (!strange.is_empty()).then(|| strange.join(", "))?;
    Some(format!("`{key}` says {strange} in {}, which `{article}` and the facts do not", of.market))
}

fn gather(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Number(number) => {
            found.extend(figures(&number.to_string()));
            found.extend(
                number.as_f64().into_iter().flat_map(|number| figures(&format!("{number:.2}")).collect::<Vec<_>>()),
            );
        }
        Value::String(text) => found.extend(figures(text)),
        Value::Array(parts) => parts.iter().for_each(|part| gather(part, found)),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            found.extend(figures(name));
            gather(member, found);
        }),
        _ => {}
    }
}

/// The figures of a text as their digits, however a language separates them: `1,234.50` and `1 234,50` are `123450`, `08:00`
/// and `8.00` are `800`.
fn figures(text: &str) -> impl Iterator<Item = String> {
    let is_between = |c: char| matches!(c, '.' | ',' | ':' | '\u{a0}' | '\u{202f}' | '\'' | '’');
    let mut found: Vec<String> = Vec::new();
    let mut digits = String::new();
    let mut separated = false;
    for c in text.chars().chain([' ', ' ']) {
        if c.is_ascii_digit() {
            digits.push(c);
            separated = false;
        } else if is_between(c) && !digits.is_empty() && !separated {
            separated = true;
        } else if !digits.is_empty() {
            let figure = std::mem::take(&mut digits);
            let kept = figure.trim_start_matches('0');
            found.push(if kept.is_empty() { "0".to_owned() } else { kept.to_owned() });
            separated = false;
        }
    }
    found.into_iter()
}

/// A member of the front matter, as it is written.
fn member<'a>(source: &'a str, name: &str) -> Option<&'a str> {
    source.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS_FILE: &str = "company: {founded: 2017}\nextension: {days: 14}\n\
                              markets:\n  SE: {late_fee: 60, currency: SEK}\n  DE: {late_fee: 2.50, currency: EUR}\n";
    const ARTICLE: &str = "---\nid: late\nmarkets: [SE, DE]\n---\nA late fee is 60 SEK or 2.50 EUR, after 13 days.\n";

    fn told(text: &str) -> (ShortAnswers, Texts) {
        let mut texts = Texts::new("en");
        texts.add_file("fi", TEXTS, ("fi.yaml", &format!("fee: \"{text}\"\n")));
        let mut problems = Vec::new();
        let short = ShortAnswers::parse(Some((INDEX, "fee: [late]\n")), Some((FACTS, FACTS_FILE)), &mut problems);
        assert_eq!(problems, Vec::new());
        (short, texts)
    }

    fn problems(text: &str) -> Vec<String> {
        let (short, texts) = told(text);
        short.check(
            &texts,
            ("fi", &["SE", "DE", "GB"].map(ToOwned::to_owned)),
            &BTreeMap::from([("late", ARTICLE)]),
            |_| false,
        )
    }

    #[test]
    fn an_amount_is_the_markets_and_written_as_the_language_writes() {
        let (short, texts) = told("Maksu on {{ m.late_fee | money(m.currency) }}.");
        assert_eq!(short.tell(&texts, ("fi", "SE"), "late").as_deref(), Some("Maksu on 60 SEK."));
        assert_eq!(short.tell(&texts, ("fi", "DE"), "late").as_deref(), Some("Maksu on 2,50 EUR."));
        assert_eq!(short.tell(&texts, ("sv", "SE"), "late"), None, "no text of its own");
        assert_eq!(short.tell(&texts, ("fi", "SE"), "other"), None);
    }

    #[test]
    fn a_figure_stands_in_the_article_or_in_the_facts() {
        assert_eq!(
            problems(
                "{{ m.late_fee | money(m.currency) }}, 13 p, {{ facts.extension.days }} p, {{ facts.company.founded }}"
            ),
            Vec::<String>::new()
        );
        let wrong = problems("12 p, {{ m.late_fee | money(m.currency) }}");
        assert_eq!(wrong.len(), 2, "in Sweden and in Germany, not where the article is not shown: {wrong:?}");
        assert!(wrong[0].contains("says 12 in DE"), "{wrong:?}");
        assert!(
            problems("{{ facts.nothing | money(m.currency) }}")
                .iter()
                .any(|problem| problem.contains("cannot be rendered"))
        );
    }

    #[test]
    fn figures_are_compared_by_their_digits() {
        let all: Vec<String> = figures("1.234,50 EUR, 13 days (2x), no. 7, 08:00, 0.").collect();
        assert_eq!(all, ["123450", "13", "2", "7", "800", "0"]);
    }
}
