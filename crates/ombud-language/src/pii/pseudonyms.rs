//! Which token stands for which value in a conversation, and who may have the value back?
//!
//! Pseudonymisation as of Article 4(5) of Regulation (EU) 2016/679: whoever has a text with tokens cannot tell whom it is about without this list, which
//! stays with the conversation and its key.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::{Deserialize, Serialize};

use super::kind::PiiKind;
use super::number::numbers;
use super::own::OwnValues;
use super::{PiiReader, PiiSpan};
use crate::safety::{RedactionKind, redact};

/// Tokens of one conversation; a longer one does without a model.
const TOKENS_MAX: usize = 2_000;
/// Digits from which on a number in the customer's own words is hidden: shorter ones are counts and days.
const HEARD_DIGITS_MIN: usize = 3;
/// The same in an article, where it is hidden only if it is one of the customer's records.
const SOURCE_DIGITS_MIN: usize = 3;

/// A value with its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pseudonym {
    /// What it is.
    pub kind: PiiKind,
    /// Which of its kind, from 1.
    pub number: usize,
    /// As it was first written.
    pub value: String,
}

impl Pseudonym {
    /// What stands for it: `[EMAIL_1]`.
    #[must_use]
    pub fn token(&self) -> String {
        format!("[{}_{}]", self.kind.as_str().to_uppercase(), self.number)
    }
}

/// What a text is shown to a model for. Its tokens are taken back for the same purpose alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose(pub &'static str);

/// A part of a prompt, by who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'t> {
    /// The customer: every longer number may be his.
    Heard(&'t str),
    /// The company's rules, from records: every number is one of them.
    Said(&'t str),
    /// An article, for everybody: only what is found in records or has the shape of personal data.
    Source(&'t str),
}

impl<'t> Part<'t> {
    /// As it was written.
    #[must_use]
    pub const fn text(self) -> &'t str {
        match self {
            Self::Heard(text) | Self::Said(text) | Self::Source(text) => text,
        }
    }
}

/// Why a text cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HideError {
    /// The conversation has as many tokens as it may.
    #[error("the conversation has {TOKENS_MAX} tokens already")]
    TooMany,
    /// It holds card data, for which there is no token.
    #[error("it would hold card data")]
    CardData,
}

/// Why an answer cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevealError {
    /// It was made for something else.
    #[error("its tokens were given out for `{0}`")]
    Purpose(&'static str),
    /// It names a token that the prompt did not hold.
    #[error("it names {0}, which it was not shown")]
    Unknown(String),
}

static TOKEN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\[\s*[a-z][a-z0-9]*(?:[_ ][a-z0-9]+)*[_ ]\d{1,6}\s*\]").ok());

/// The tokens of one conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pseudonyms(Vec<Pseudonym>);

impl Pseudonyms {
    /// Takes in tokens that were given out.
    pub fn extend(&mut self, fresh: impl IntoIterator<Item = Pseudonym>) {
        self.0.extend(fresh);
    }

    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parts of a prompt with tokens in the place of personal data and of the values of records. The same value has the same token as before.
    ///
    /// # Errors
    /// [`HideError`]; the model is not asked then.
    pub fn hide(
        &self,
        (reader, own): (&PiiReader, &OwnValues),
        purpose: Purpose,
        parts: &[Part<'_>],
    ) -> Result<Hidden, HideError> {
        let mut known = OwnValues::default();
        self.0.iter().for_each(|pseudonym| known.add_text(&pseudonym.value, pseudonym.kind));
        let mut giving = Giving { before: &self.0, fresh: Vec::new(), held: BTreeMap::new() };
        let mut texts = Vec::with_capacity(parts.len());
        for part in parts {
            if redact(part.text()).redactions.iter().any(|redaction| redaction.kind == RedactionKind::CardNumber) {
                return Err(HideError::CardData);
            }
            let places = places(*part, reader, &[own, &known]);
            texts.push(giving.replace(*part, &places));
        }
        if self.0.len() + giving.fresh.len() > TOKENS_MAX {
            return Err(HideError::TooMany);
        }
        let held = giving.held.into_iter().map(|(token, (_, value))| (token, value)).collect();
        Ok(Hidden { texts, held, purpose, fresh: giving.fresh })
    }
}

/// What is hidden of a part: what looks like a token, values of records, what has the shape of personal data, numbers.
fn places(part: Part<'_>, reader: &PiiReader, own: &[&OwnValues]) -> Vec<PiiSpan> {
    let text = part.text();
    let mut places: Vec<PiiSpan> = Vec::new();
    let mut add = |span: PiiSpan| {
        if !places.iter().any(|other| other.meets(&span)) {
            places.push(span);
        }
    };
    let literals = TOKEN.as_ref().into_iter().flat_map(|token| token.find_iter(text));
    // The markers of stage 2 end in digits too; those are hidden below.
    let literals = literals.filter(|found| !found.as_str().contains(" ending "));
    literals.for_each(|found| add(PiiSpan { kind: PiiKind::LITERAL, start: found.start(), end: found.end() }));
    // What has a shape first: an address holds a town that is a value too.
    reader.find(text).into_iter().for_each(&mut add);
    own.iter().flat_map(|own| own.find(text)).for_each(&mut add);
    for number in numbers(text) {
        let written = text.get(number.start..number.end).unwrap_or_default();
        let is_hidden = match part {
            Part::Said(_) => true,
            Part::Heard(_) => number.digits >= HEARD_DIGITS_MIN,
            Part::Source(_) => number.digits >= SOURCE_DIGITS_MIN && own.iter().any(|own| own.holds_number(written)),
        };
        if is_hidden && !reader.shows(number.kind) {
            add(PiiSpan { kind: number.kind, start: number.start, end: number.end });
        }
    }
    places.sort_by_key(|span| span.start);
    places
}

/// Tokens as they are given out for one prompt.
struct Giving<'p> {
    before: &'p [Pseudonym],
    fresh: Vec<Pseudonym>,
    /// By token: whose writing it is, and the value.
    held: BTreeMap<String, (Writer, String)>,
}

/// Whose writing of a value is given back: the reply's before the customer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Writer {
    Customer,
    Company,
}

impl Giving<'_> {
    fn replace(&mut self, part: Part<'_>, places: &[PiiSpan]) -> String {
        let (text, writer) = match part {
            Part::Heard(text) => (text, Writer::Customer),
            Part::Said(text) | Part::Source(text) => (text, Writer::Company),
        };
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for place in places {
            out.push_str(text.get(from..place.start).unwrap_or_default());
            out.push_str(&self.token(place.kind, text.get(place.start..place.end).unwrap_or_default(), writer));
            from = place.end;
        }
        out.push_str(text.get(from..).unwrap_or_default());
        out
    }

    fn token(&mut self, kind: PiiKind, value: &str, writer: Writer) -> String {
        let same = |other: &&Pseudonym| other.kind == kind && plain(kind, &other.value) == plain(kind, value);
        let known = self.before.iter().chain(&self.fresh).find(same);
        let token = if let Some(known) = known {
            known.token()
        } else {
            let number = 1 + self.before.iter().chain(&self.fresh).filter(|other| other.kind == kind).count();
            let fresh = Pseudonym { kind, number, value: value.to_owned() };
            let token = fresh.token();
            self.fresh.push(fresh);
            token
        };
        let held = self.held.entry(token.clone()).or_insert_with(|| (writer, value.to_owned()));
        if held.0 < writer {
            *held = (writer, value.to_owned());
        }
        token
    }
}

/// What two writings of the same value have in common; where signs count, all of it.
fn plain(kind: PiiKind, value: &str) -> String {
    if matches!(kind, PiiKind::AMOUNT | PiiKind::NUMBER | PiiKind::VALUE | PiiKind::LITERAL) {
        return value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    }
    value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A prompt that may be shown, and what its tokens stand for.
#[derive(Debug, Clone)]
pub struct Hidden {
    texts: Vec<String>,
    held: BTreeMap<String, String>,
    purpose: Purpose,
    fresh: Vec<Pseudonym>,
}

impl Hidden {
    /// The parts, in their order.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Tokens that were not given out before.
    #[must_use]
    pub fn fresh(&self) -> &[Pseudonym] {
        &self.fresh
    }

    /// How many tokens the parts hold.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// An answer to these parts, with the values for their tokens.
    ///
    /// # Errors
    /// [`RevealError`] when it was made for another purpose, or names a token that these parts do not hold, as one of another customer or one that was made up.
    pub fn reveal(&self, answer: &str, purpose: Purpose) -> Result<String, RevealError> {
        if purpose != self.purpose {
            return Err(RevealError::Purpose(self.purpose.0));
        }
        let Some(token) = TOKEN.as_ref() else { return Ok(answer.to_owned()) };
        let mut unknown = None;
        let revealed = token.replace_all(answer, |found: &Captures<'_>| {
            let named = found.get(0).map(|whole| whole.as_str()).unwrap_or_default();
            match self.held.get(named) {
                Some(value) => value.clone(),
                None if named.contains(" ending ") => named.to_owned(),
                None => {
                    unknown.get_or_insert_with(|| named.to_owned());
                    String::new()
                }
            }
        });
        match unknown {
            Some(named) => Err(RevealError::Unknown(named)),
            None => Ok(revealed.into_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::reader;
    use super::*;

    const REPHRASE: Purpose = Purpose("rephrase");

    fn hide(known: &Pseudonyms, parts: &[Part<'_>]) -> Hidden {
        let reader = reader();
        let own =
            OwnValues::of(&reader, [&json!({"name": "Ada Byron", "amount_minor": 12_000, "email": "ada@example.com"})]);
        known.hide((&reader, &own), REPHRASE, parts).unwrap()
    }

    #[test]
    fn a_value_has_one_token_as_long_as_the_conversation_lasts_and_comes_back_as_the_reply_writes_it() {
        let mut known = Pseudonyms::default();
        let first = hide(
            &known,
            &[
                Part::Heard("I am ADA, ADA@example.com, order #W0000001"),
                Part::Said("Ada, #W0000001 costs 120.00 SEK, 3 payments; we write to ada@example.com."),
                Part::Source("A late fee of 60 kr is due after 14 days, 120 kr later."),
            ],
        );
        assert_eq!(
            first.texts(),
            [
                "I am [PERSON_NAME_1], [EMAIL_1], order [REFERENCE_1]",
                "[PERSON_NAME_1], [REFERENCE_1] costs [AMOUNT_1], [NUMBER_1] payments; we write to [EMAIL_1].",
                "A late fee of 60 kr is due after 14 days, [AMOUNT_2] later.",
            ]
        );
        let answer = first.reveal("Dear [PERSON_NAME_1], [AMOUNT_1], [EMAIL_1]", REPHRASE);
        assert_eq!(answer.as_deref(), Ok("Dear Ada, 120.00 SEK, ada@example.com"));
        known.extend(first.fresh().to_vec());
        let second = hide(&known, &[Part::Heard("and ada@example.com or bob@example.com?")]);
        assert_eq!(second.texts(), ["and [EMAIL_1] or [EMAIL_2]?"]);
        assert_eq!(second.fresh().len(), 1);
    }

    #[test]
    fn a_token_that_the_prompt_did_not_hold_is_not_taken_back_nor_for_another_purpose() {
        let mut known = Pseudonyms::default();
        known.extend(hide(&known, &[Part::Said("write to carl@example.com")]).fresh().to_vec());
        let hidden = hide(&known, &[Part::Heard("what about [EMAIL_1]?")]);
        assert_eq!(hidden.texts(), ["what about [LITERAL_1]?"]);
        for named in ["[EMAIL_1]", "[EMAIL_9]", "[email_1]", "[ EMAIL_1 ]", "[EMAIL 1]"] {
            assert_eq!(hidden.reveal(named, REPHRASE), Err(RevealError::Unknown(named.to_owned())));
        }
        assert_eq!(hidden.reveal("[LITERAL_1]", REPHRASE).as_deref(), Ok("[EMAIL_1]"));
        assert_eq!(hidden.reveal("yes", Purpose("summary")), Err(RevealError::Purpose("rephrase")));
    }

    #[test]
    fn card_data_and_too_many_tokens_are_not_shown() {
        let (reader, own) = (reader(), OwnValues::default());
        let hide = |text: &str| Pseudonyms::default().hide((&reader, &own), REPHRASE, &[Part::Said(text)]).err();
        assert_eq!(hide("card 4111 1111 1111 1111"), Some(HideError::CardData));
        assert_eq!(hide("[card ending 1111]"), None);
        let numbers = |many: usize| (1..=many).map(|n| n.to_string()).collect::<Vec<_>>().join(" and ");
        assert_eq!(hide(&numbers(TOKENS_MAX)), None);
        assert_eq!(hide(&numbers(TOKENS_MAX + 1)), Some(HideError::TooMany));
    }
}
