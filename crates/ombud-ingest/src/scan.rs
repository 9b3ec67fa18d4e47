//! What speaks against letting a draft in? Each finding has a reason code; findings do not decide, they say what a second person must look at.
//!
//! R29. What an article of today says is the measure: a draft is compared with the article it would replace, sentence by sentence, and with the
//! sentences of all others that hold for the same customers.

mod compare;
mod contact;

use std::collections::{BTreeMap, HashSet};

use ombud_language::safety::redact::holds_card_marker;
use ombud_language::safety::{canonical, redact};
use ombud_language::{PiiReader, RedactionKind, SignalModel, claims};
use ombud_retrieval::query::language_of;
use ombud_retrieval::{Analyzer, Article, Audience, Knowledge, Sentences, Told, near};
use serde::{Deserialize, Serialize};

use crate::document::{Hidden, HiddenBy};
use crate::words::{Compiled, Words};
use compare::Compared;
use contact::Contacts;

/// Findings of one code that are kept; more say nothing new.
const FINDINGS_MAX: usize = 20;
/// How alike a sentence of the article of today is to the one that takes its place.
const SAME_ARTICLE: f32 = 0.5;
/// How alike sentences of two articles are that speak of the same thing.
const OTHER_ARTICLE: f32 = 0.75;
/// Words of meaning that they have at least.
const OTHER_WORDS: usize = 3;
/// The same for what only people of the company may read.
const INTERNAL: (f32, usize) = (0.85, 4);

/// Why something was found, by name; `--accept` takes these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Text that speaks to an assistant and not to a reader.
    Instruction,
    /// Text that no reader sees.
    HiddenText,
    /// Letters of another script that look alike.
    MixedScript,
    /// A script, or a link that runs one.
    Script,
    /// A number, amount, date, percentage or its unit differs from the article of today.
    FigureChanged,
    /// A figure that the article of today does not have at all.
    FigureNew,
    /// A sentence of the article of today says the opposite.
    MeaningTurned,
    /// A name in a sentence of the article of today was exchanged.
    NameChanged,
    /// A sentence with a figure, or one that forbids or warns, is gone.
    StatementRemoved,
    /// Other markets than today.
    MarketsChanged,
    /// Other days of validity than today.
    ValidityChanged,
    /// Read by customers, which today it is not.
    AudienceWidened,
    /// Tells customers what an article for people of the company says.
    InternalTold,
    /// Another article says it differently.
    Contradiction,
    /// Takes the question of another article.
    QuestionTaken,
    /// A card number.
    CardNumber,
    /// Personal data.
    PersonalData,
    /// Asks for a password, a code or a whole card number.
    SecretAsked,
    /// A link, e-mail address, phone number or account that no article has today.
    ContactNew,
    /// The article would no longer be there.
    Withdrawal,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Instruction,
        Self::HiddenText,
        Self::MixedScript,
        Self::Script,
        Self::FigureChanged,
        Self::FigureNew,
        Self::MeaningTurned,
        Self::NameChanged,
        Self::StatementRemoved,
        Self::MarketsChanged,
        Self::ValidityChanged,
        Self::AudienceWidened,
        Self::InternalTold,
        Self::Contradiction,
        Self::QuestionTaken,
        Self::CardNumber,
        Self::PersonalData,
        Self::SecretAsked,
        Self::ContactNew,
        Self::Withdrawal,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instruction => "instruction",
            Self::HiddenText => "hidden_text",
            Self::MixedScript => "mixed_script",
            Self::Script => "script",
            Self::FigureChanged => "figure_changed",
            Self::FigureNew => "figure_new",
            Self::MeaningTurned => "meaning_turned",
            Self::NameChanged => "name_changed",
            Self::StatementRemoved => "statement_removed",
            Self::MarketsChanged => "markets_changed",
            Self::ValidityChanged => "validity_changed",
            Self::AudienceWidened => "audience_widened",
            Self::InternalTold => "internal_told",
            Self::Contradiction => "contradiction",
            Self::QuestionTaken => "question_taken",
            Self::CardNumber => "card_number",
            Self::PersonalData => "personal_data",
            Self::SecretAsked => "secret_asked",
            Self::ContactNew => "contact_new",
            Self::Withdrawal => "withdrawal",
        }
    }

    /// The code of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }
}

/// Something that speaks against a draft.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// Why.
    pub code: Code,
    /// What the draft says there.
    pub said: String,
    /// What is said today instead, where that is what speaks against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub today: Option<String>,
    /// The article that says so, where it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
}

impl Finding {
    /// Of the draft alone.
    #[must_use]
    pub fn new(code: Code, said: &str) -> Self {
        Self { code, said: said.to_owned(), today: None, article: None }
    }

    fn beside(code: Code, said: &str, today: &str) -> Self {
        Self { today: Some(today.to_owned()), ..Self::new(code, said) }
    }
}

/// What drafts are held against: the articles of today.
pub struct Today<'a> {
    articles: &'a [Article],
    languages: BTreeMap<String, (Vec<&'a Article>, Sentences)>,
    contacts: Contacts,
}

impl<'a> Today<'a> {
    /// Of what a pack knows today.
    #[must_use]
    pub fn new(knowledge: &'a Knowledge, pii: &PiiReader) -> Self {
        let mut by_language: BTreeMap<String, Vec<&Article>> = BTreeMap::new();
        for article in &knowledge.articles {
            by_language.entry(language_of(&article.locale)).or_default().push(article);
        }
        let sentences = |(language, articles): (String, Vec<&'a Article>)| {
            let sentences = Sentences::new(Analyzer::new(&language, &knowledge.synonyms), &articles);
            (language, (articles, sentences))
        };
        Self {
            articles: &knowledge.articles,
            languages: by_language.into_iter().map(sentences).collect(),
            contacts: Contacts::of(&knowledge.articles, pii),
        }
    }

    /// The article that a draft would replace.
    #[must_use]
    pub fn replaced_by(&self, draft: &Article) -> Option<&'a Article> {
        self.articles.iter().find(|article| article.id == draft.id && article.locale == draft.locale)
    }

    /// The article that the public reads at this address.
    #[must_use]
    pub fn at_source(&self, source: &str) -> Option<&'a Article> {
        self.articles.iter().find(|article| article.source.as_deref() == Some(source))
    }
}

/// What findings are made with.
pub struct Scanner<'a> {
    /// Lists of the pack.
    pub words: &'a Words,
    /// The detector of injected instructions that messages are read with.
    pub signals: &'a SignalModel,
    /// What tells personal data.
    pub pii: &'a PiiReader,
}

impl Scanner<'_> {
    /// What speaks against a draft, sorted by code; `hidden` is what its document hid from readers.
    #[must_use]
    pub fn scan(&self, draft: &Article, hidden: &[Hidden], today: &Today<'_>) -> Vec<Finding> {
        let replaced = today.replaced_by(draft);
        let new = NewText::of(draft, replaced);
        let mut found: Vec<Finding> = hidden.iter().flat_map(|hidden| self.hidden(hidden)).collect();
        found.extend(new.texts().flat_map(|text| self.by_itself(text)));
        found.extend(today.contacts.new_in(draft, self.pii));
        if let Some(replaced) = replaced {
            found.extend(frame(draft, replaced));
            found.extend(self.against_own(draft, replaced, today));
        }
        found.extend(self.against_others(draft, &new, today));
        found.extend(taken_questions(draft, replaced, today));
        found.sort();
        found.dedup();
        let mut kept: BTreeMap<Code, usize> = BTreeMap::new();
        found.retain(|finding| {
            let count = kept.entry(finding.code).or_default();
            *count += 1;
            *count <= FINDINGS_MAX
        });
        found
    }

    fn hidden(&self, hidden: &Hidden) -> Vec<Finding> {
        let is_instruction = self.instructs(&hidden.text);
        let mut found: Vec<Finding> =
            is_instruction.then(|| Finding::new(Code::Instruction, &hidden.text)).into_iter().collect();
        match hidden.by {
            // Pages are full of comments that nobody means for a reader or an assistant.
            HiddenBy::Comment => {}
            HiddenBy::Script => found.push(Finding::new(Code::Script, &hidden.text)),
            _ if hidden.text.chars().any(char::is_alphanumeric) => {
                found.push(Finding::new(Code::HiddenText, &hidden.text));
            }
            _ => {}
        }
        found
    }

    fn instructs(&self, text: &str) -> bool {
        let view = canonical(text);
        self.signals.read(text, &view, None).signals.iter().any(|signal| signal == "injection")
            || self.words.all().any(|lists| lists.instructions.is_match(&view.check))
    }

    /// What a text says that needs nothing beside it to be wrong.
    fn by_itself(&self, text: &str) -> Vec<Finding> {
        let view = canonical(text);
        let mut found = Vec::new();
        if self.instructs(text) {
            found.push(Finding::new(Code::Instruction, text));
        }
        if view.mixed_script_words > 0 {
            found.push(Finding::new(Code::MixedScript, text));
        }
        let asks = self.words.all().any(|lists| lists.secrets.is_match(&view.check));
        if asks && !self.words.all().any(|lists| lists.warnings.is_match(&view.check)) {
            found.push(Finding::new(Code::SecretAsked, text));
        }
        let redacted = redact(text);
        if holds_card_marker(text) || redacted.redactions.iter().any(|one| one.kind == RedactionKind::CardNumber) {
            found.push(Finding::new(Code::CardNumber, &redacted.text));
        } else if let Some(kind) = contact::personal(text, self.pii) {
            found.push(Finding::new(Code::PersonalData, &format!("{kind} in: {}", redacted.text)));
        }
        found
    }

    /// Sentence by sentence against the article of today.
    fn against_own(&self, draft: &Article, replaced: &Article, today: &Today<'_>) -> Vec<Finding> {
        let language = language_of(&draft.locale);
        let lists = self.words.of(&language);
        let own = Sentences::new(Analyzer::general(&language), &[replaced]);
        let mut found = Vec::new();
        let title = Compared::of(&draft.title, &replaced.title, lists);
        found.extend(title.code().map(|code| Finding::beside(code, &draft.title, &replaced.title)));
        let (mine, theirs): (Vec<Told>, Vec<&Told>) = (near::told(0, draft), own.all().collect());
        let is_same = |one: &Told, other: &Told| one.text == other.text && one.markets == other.markets;
        let kept: HashSet<&str> = theirs
            .iter()
            .filter(|other| mine.iter().any(|one| is_same(one, other)))
            .map(|other| &*other.text)
            .collect();
        let mut answered: HashSet<&str> = kept.clone();
        for (place, line) in mine.iter().enumerate() {
            if theirs.iter().any(|other| is_same(line, other)) {
                continue;
            }
            if let Some(moved) = theirs.iter().find(|other| other.text == line.text) {
                answered.insert(&moved.text);
                found.push(Finding::beside(
                    Code::MarketsChanged,
                    &format!("{}: {}", line.markets.join(", "), line.text),
                    &moved.markets.join(", "),
                ));
                continue;
            }
            // A sentence whose place is taken by itself is not what another one replaces.
            let open = |told: &Told| told.markets == line.markets && !kept.contains(told.text.as_str());
            let nearest = own
                .nearest(&line.text, Some(place), open)
                .or_else(|| own.nearest(&line.text, Some(place), |told| !kept.contains(told.text.as_str())))
                .filter(|near| near.likeness >= SAME_ARTICLE);
            let Some(near) = nearest else {
                let is_known = today.tells(&language, &line.text, draft.audience);
                if !is_known && !claims::figures(&line.text).is_empty() {
                    found.push(Finding::new(Code::FigureNew, &line.text));
                }
                continue;
            };
            answered.insert(&near.told.text);
            let code = Compared::of(&line.text, &near.told.text, lists).code();
            found.extend(code.map(|code| Finding::beside(code, &line.text, &near.told.text)));
            if near.told.markets != line.markets {
                let said = format!("{}: {}", line.markets.join(", "), line.text);
                found.push(Finding::beside(Code::MarketsChanged, &said, &near.told.markets.join(", ")));
            }
        }
        let matters = |told: &&&Told| {
            !claims::figures(&told.text).is_empty() || lists.is_some_and(|lists| lists.forbids(&told.text))
        };
        let gone = theirs.iter().filter(|told| !answered.contains(told.text.as_str())).filter(matters);
        found.extend(gone.map(|told| Finding::beside(Code::StatementRemoved, "", &told.text)));
        found
    }

    /// New sentences against those of all other articles that hold for the same customers at the same time.
    fn against_others(&self, draft: &Article, new: &NewText, today: &Today<'_>) -> Vec<Finding> {
        let language = language_of(&draft.locale);
        let Some((articles, sentences)) = today.languages.get(&language) else { return Vec::new() };
        let lists = self.words.of(&language);
        let mut found = Vec::new();
        for line in new.lines.iter().filter(|line| !today.tells(&language, &line.text, draft.audience)) {
            let holds = |told: &Told, audience: Option<Audience>| {
                articles.get(told.article).is_some_and(|other| {
                    other.id != draft.id
                        && audience.is_none_or(|audience| other.audience == audience)
                        && other.valid_from <= draft.valid_to
                        && draft.valid_from <= other.valid_to
                        && meet(markets(line, draft), markets(told, other))
                })
            };
            let near = sentences.nearest(&line.text, None, |told| holds(told, None));
            let Some(near) = near else { continue };
            let id = articles.get(near.told.article).map(|article| article.id.clone());
            if near.likeness >= OTHER_ARTICLE && near.words >= OTHER_WORDS {
                let compared = Compared::of(&line.text, &near.told.text, lists);
                if compared.contradicts() {
                    let finding = Finding::beside(Code::Contradiction, &line.text, &near.told.text);
                    found.push(Finding { article: id.clone(), ..finding });
                }
            }
            if draft.audience == Audience::Customer {
                found.extend(internal(line, sentences, articles, &holds));
            }
        }
        found
    }
}

impl Today<'_> {
    /// Whether some article that these readers have says exactly this.
    fn tells(&self, language: &str, text: &str, readers: Audience) -> bool {
        self.languages.get(language).is_some_and(|(articles, sentences)| {
            let is_read = |told: &Told| {
                let audience = articles.get(told.article).map(|article| article.audience);
                readers == Audience::Agent || audience == Some(Audience::Customer)
            };
            sentences.all().any(|told| told.text == text && is_read(told))
        })
    }
}

/// What only people of the company may read, told to customers.
fn internal(
    line: &Told,
    sentences: &Sentences,
    articles: &[&Article],
    holds: &impl Fn(&Told, Option<Audience>) -> bool,
) -> Option<Finding> {
    let (likeness, words) = INTERNAL;
    let inside = sentences.nearest(&line.text, None, |told| holds(told, Some(Audience::Agent)))?;
    if inside.likeness < likeness || inside.words < words {
        return None;
    }
    let outside = sentences.nearest(&line.text, None, |told| holds(told, Some(Audience::Customer)));
    let is_public = outside.is_some_and(|outside| outside.likeness >= inside.likeness);
    let finding = Finding::beside(Code::InternalTold, &line.text, &inside.told.text);
    let article = articles.get(inside.told.article).map(|article| article.id.clone());
    (!is_public).then_some(Finding { article, ..finding })
}

/// What is in a draft and not in the article of today.
struct NewText {
    lines: Vec<Told>,
    others: Vec<String>,
}

impl NewText {
    fn of(draft: &Article, replaced: Option<&Article>) -> Self {
        let known: Vec<Told> = replaced.map(|article| near::told(0, article)).unwrap_or_default();
        let is_new = |line: &Told| !known.iter().any(|one| one.text == line.text && one.markets == line.markets);
        let mut lines = near::told(0, draft);
        let headings: HashSet<String> = lines.iter().map(|line| line.heading.clone()).collect();
        lines.retain(is_new);
        let mut others: Vec<String> = headings.into_iter().filter(|heading| !heading.is_empty()).collect();
        others.push(draft.title.clone());
        others.extend(draft.questions.iter().cloned());
        let is_known = |text: &String| {
            replaced.is_some_and(|article| {
                article.title == *text
                    || article.questions.contains(text)
                    || known.iter().any(|line| line.heading == *text)
            })
        };
        others.retain(|text| !is_known(text));
        Self { lines, others }
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| line.text.as_str()).chain(self.others.iter().map(String::as_str))
    }
}

/// For whom and when it holds, against today.
fn frame(draft: &Article, replaced: &Article) -> Vec<Finding> {
    let mut found = Vec::new();
    if draft.markets != replaced.markets {
        found.push(Finding::beside(Code::MarketsChanged, &draft.markets.join(", "), &replaced.markets.join(", ")));
    }
    let days = |article: &Article| format!("{} to {}", article.valid_from.number(), article.valid_to.number());
    if days(draft) != days(replaced) {
        found.push(Finding::beside(Code::ValidityChanged, &days(draft), &days(replaced)));
    }
    if draft.audience == Audience::Customer && replaced.audience == Audience::Agent {
        found.push(Finding::beside(Code::AudienceWidened, draft.audience.as_str(), replaced.audience.as_str()));
    }
    found
}

/// Questions that another article answers today: with them a draft would be found in its place.
fn taken_questions(draft: &Article, replaced: Option<&Article>, today: &Today<'_>) -> Vec<Finding> {
    let lower = |text: &String| text.to_lowercase();
    let own: HashSet<String> = replaced.iter().flat_map(|article| article.questions.iter().map(lower)).collect();
    let language = language_of(&draft.locale);
    let mut found = Vec::new();
    for question in draft.questions.iter().chain([&draft.title]).filter(|question| !own.contains(&lower(question))) {
        let other = today.articles.iter().find(|other| {
            other.id != draft.id
                && language_of(&other.locale) == language
                && meet(&draft.markets, &other.markets)
                && other.questions.iter().chain([&other.title]).any(|known| lower(known) == lower(question))
        });
        let is_title_kept = replaced.is_some_and(|article| article.title == *question);
        if let Some(other) = other.filter(|_| !is_title_kept) {
            found.push(Finding { article: Some(other.id.clone()), ..Finding::new(Code::QuestionTaken, question) });
        }
    }
    found
}

fn markets<'m>(line: &'m Told, article: &'m Article) -> &'m [String] {
    if line.markets.is_empty() { &article.markets } else { &line.markets }
}

/// Whether two lists of markets, empty for all, have one in common.
fn meet(one: &[String], other: &[String]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|market| other.contains(market))
}

/// What a language's lists say, for comparing.
pub(crate) type Lists<'a> = Option<&'a Compiled>;
