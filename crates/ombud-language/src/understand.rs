//! What does a message ask of us? From text and the open question to commands.
//!
//! A message is cut into pieces, each piece is read by the trained classifier, and the open question decides how the readings are
//! taken: as an answer, a correction, or something new. The rules are few, are data, and hold only what must not depend on training.

mod acts;
mod amend;
mod answer;
mod confirm;
mod consent_rules;
mod edit;
mod follow;
mod foreign;
mod leaving;
mod meaning;
mod model;
mod pieces;
mod reading;
mod refusals;
mod requests;
mod reword;
mod rules;
mod spelling;
mod story;
mod together;

use jiff::civil::Date;
use ombud_domain::{COMMANDS_MAX, Command, Expectation, Kind, Rewording, Understanding};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::classify::{Classifier, Example, TrainSettings, Vectors, words};
use crate::extract::Patterns;
use crate::shelf::{Place, SomeShelf};
use meaning::Meaning;
use reading::Readings;
use rules::Rules;

pub use acts::{Act, Acts, Moment, ReplyExample};
pub use model::{NluError, NluFile, NluModel, RuleFile, Together};

/// What the reading of one message needs to know beside its text.
#[derive(Clone, Copy)]
pub struct UnderstandContext<'a> {
    /// What the last reply asked for.
    pub expectation: &'a Expectation,
    /// Name of the flow that asked it.
    pub active_flow: Option<&'a str>,
    /// The request that came to its end last: "the other order too" asks for more of it.
    pub last_flow: Option<&'a str>,
    /// The request that answers a question which only points back at the last one: "and is it really stopped?" None where nothing was just done.
    pub follow_up: Option<&'a str>,
    /// Whether something was changed in this conversation: it may turn out not to have been wanted.
    pub acted: bool,
    /// Whether the last reply refused a request.
    pub refused: bool,
    /// Whether an article was quoted just before: "can she just try again?" goes on from it.
    pub after_article: bool,
    /// Whether what ended last is about what the customer had kept in mind: then "forget that" means it, and no goodbye.
    pub about_facts: bool,
    /// Requests that take the place of the open one when they are wished for: they need no more certainty than at the start of a conversation.
    pub gives_way_to: &'a [String],
    /// Requests that only look something up: asked for while something is proposed, they are answered, and change nothing of it.
    pub look_ups: &'a [String],
    /// The summary of the open proposal as shown, at [`Expectation::Confirm`]: words of a "yes" that are not in it are a correction.
    pub proposal: Option<&'a str>,
    /// What may be picked at the open question, a line each; empty where anything may be said.
    pub offered: &'a str,
    /// What the request under way began with, where it waits for who the customer is.
    pub request: Option<&'a str>,
    /// The customer's day.
    pub today: Date,
    /// Flows that this message cannot mean: the words for them are figures of speech or said in passing.
    pub barred: &'a [&'a str],
    /// What gives texts their vectors, asked where the words leave a reading open; none where no model is at hand.
    pub vectors: Option<&'a dyn Vectors>,
}

/// What a customer wants of a person who had the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfColleague {
    /// To speak with that person again.
    Wanted,
    /// To hear what that person said.
    Asked {
        /// What else the message says; empty if nothing.
        rest: String,
    },
}

/// What came last in a conversation that a person had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newest {
    /// That person's word.
    Word,
    /// Something the assistant did.
    Deed,
}

impl<'a> UnderstandContext<'a> {
    /// A message of which nothing but the question it answers is known.
    #[must_use]
    pub const fn alone(expectation: &'a Expectation, today: Date) -> Self {
        Self {
            expectation,
            active_flow: None,
            last_flow: None,
            follow_up: None,
            acted: false,
            refused: false,
            after_article: false,
            about_facts: false,
            gives_way_to: &[],
            look_ups: &[],
            proposal: None,
            offered: "",
            request: None,
            today,
            barred: &[],
            vectors: None,
        }
    }

    /// The classes without those of barred flows, whose share goes to the others.
    fn open_to(&self, classes: Vec<(&str, f32)>) -> Vec<(String, f32)> {
        let is_barred = |class: &str| class.strip_prefix("flow:").is_some_and(|flow| self.barred.contains(&flow));
        let (barred, open): (Vec<_>, Vec<_>) = classes.into_iter().partition(|(class, _)| is_barred(class));
        let left = (1.0 - barred.iter().map(|(_, p)| p).sum::<f32>()).max(SHARE_LEFT_MIN);
        open.into_iter().map(|(class, p)| (class.to_owned(), p / left)).collect()
    }
}

/// Slot name under which details that identify the customer are given.
pub const IDENTITY_SLOT: &str = "identity";
/// Slot name under which is asked what should be different about a proposal.
pub const CORRECTION_SLOT: &str = "correction";
/// Slot name under which is asked how a whole text should read.
pub const WORDING_SLOT: &str = "wording";
/// What other classes have at least when flows are barred: below it their order says nothing.
const SHARE_LEFT_MIN: f32 = 0.1;
/// A longer question says what it is about.
const GOES_ON_WORDS_MAX: usize = 12;
/// A request this sure is one, though a refusal is objected to.
const SURE: f32 = 0.8;
/// Beside a question for a colleague's word, a sentence of fewer words ("Thanks!") asks nothing of its own.
const REST_WORDS_MIN: usize = 2;
/// Characters of a message that are read; the rest of a pasted letter changes nothing.
const CHARS_MAX: usize = 6_000;

/// Reads messages into commands. Built once per pack and language, shared by all turns.
#[derive(Debug, Clone)]
pub struct Understander {
    locale: String,
    patterns: Patterns,
    rules: Rules,
    learnt: Learnt,
}

/// What the examples have taught.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Learnt {
    classifier: Classifier,
    acts: Option<Acts>,
    meaning: Meaning,
}

impl Learnt {
    /// From the first `written` of the examples, and of the others, which are questions, those of rules.
    fn of(mut model: NluModel, written: usize, (rules, settings): (&Rules, &TrainSettings)) -> Result<Self, NluError> {
        // What is told of one's own case is for a flow, as in [`requests`]: an article may answer it too, but must not teach against the flow.
        let asked = model.examples.split_off(written);
        let own = |text: &str| rules.own_case.is_match(text) && !rules.general.is_match(text);
        model.examples.extend(asked.into_iter().filter(|example| !own(&example.text)));
        model.examples.append(&mut model.requests);
        model.examples.extend(model.replies.iter().filter_map(ReplyExample::as_request));
        let (acts, acts_trial) = Acts::train(&model.replies, rules, settings)?.unzip();
        let (classifier, trial) = Classifier::train_and_try(&model.examples, settings)?;
        let meaning = Meaning::new((model.examples, trial), (model.replies, acts_trial.unwrap_or_default()));
        Ok(Self { classifier, acts, meaning })
    }
}

impl Understander {
    /// Trains the reader. Takes one to two seconds of CPU for seven thousand messages and six thousand replies (a dev build, `requests_eval` of `ombud-inference`).
    ///
    /// # Errors
    /// When there are too few classes, or a pattern or rule does not compile; the operator mends the pack.
    pub fn new(model: NluModel) -> Result<Self, NluError> {
        Self::new_or_find(model, &None)
    }

    /// The same, unless the shelf has what its training gave before; then it takes tenths of a second.
    ///
    /// # Errors
    /// As [`Understander::new`].
    pub fn new_or_find(mut model: NluModel, shelf: &SomeShelf) -> Result<Self, NluError> {
        let place = Place::of(shelf, "messages", &model);
        let patterns = Patterns::new(std::mem::take(&mut model.patterns))?;
        let settings = TrainSettings {
            fillers: model.rules.words.get("fillers").cloned().unwrap_or_default(),
            ..TrainSettings::default()
        };
        let written = model.examples.len();
        let asked = std::mem::take(&mut model.questions)
            .into_iter()
            .map(|text| Example { class: reading::ASK.to_owned(), text });
        model.examples.extend(asked);
        model.words.extend(model.requests.iter().flat_map(|request| words(&request.text)));
        let (rule_file, correct) = (std::mem::take(&mut model.rules), std::mem::take(&mut model.words));
        let rules = Rules::new(rule_file, &model.examples, (&model.wishes, &model.together, correct))?;
        let locale = model.locale.clone();
        let learnt = place.or_learn(|| Learnt::of(model, written, (&rules, &settings)))?;
        let learnt = Learnt { meaning: learnt.meaning.at(place), ..learnt };
        Ok(Self { locale, patterns, rules, learnt })
    }

    /// Takes what was learnt before from the vectors of a model, named by its SHA-256, and keeps what is learnt of them from then on.
    pub fn recall(&self, model: &str) {
        self.learnt.meaning.recall(model);
    }

    /// The texts of which [`Understander::deepen`] wants the vectors, in its order; none once it has learnt them.
    #[must_use]
    pub fn lessons(&self) -> Vec<String> {
        self.learnt.meaning.lessons()
    }

    /// Learns to read by meaning where words leave it open: from then on the [`Vectors`] of a context are asked. `vectors` belong to
    /// [`Understander::lessons`] one by one, from the model that the contexts ask; where they do not fit, and after the first time, nothing is learnt. About
    /// three seconds of CPU for eleven thousand lessons (a dev build).
    pub fn deepen<V: AsRef<[f32]>>(&self, vectors: &[V]) {
        let acts = self.learnt.acts.as_ref().map(Acts::classes).unwrap_or_default();
        self.learnt.meaning.learn(vectors, (self.learnt.classifier.classes(), acts));
    }

    /// The compiled patterns, for [`crate::extract()`].
    #[must_use]
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// What a reply does with what was shown, with probabilities, best first; nothing where the language has no replies to learn from.
    #[must_use]
    pub fn acts(&self, shown: (Moment, &str), reply: &str, vectors: Option<&dyn Vectors>) -> Vec<(Act, f32)> {
        let Some(acts) = &self.learnt.acts else { return Vec::new() };
        let reply = straighten(reply);
        let mut read = acts.probabilities(&self.rules, shown, &reply);
        if let Some(deeper) = self.learnt.meaning.of_reply(&read, (shown.0, &reply), vectors) {
            read = deeper;
        }
        acts.named(read)
    }

    /// Share of the text's words, by weight, that occur in the examples.
    fn known_share(&self, text: &str) -> f32 {
        self.learnt.classifier.known_share(text)
    }

    /// The classes of a text with their probabilities, best first, at most `best`: by its words, and where these leave it open by its meaning.
    fn predict(&self, text: &str, best: usize, context: &UnderstandContext<'_>) -> Vec<(&str, f32)> {
        let Learnt { classifier, meaning, .. } = &self.learnt;
        let words = classifier.probabilities(text);
        let known = classifier.known_share(text);
        let deeper = meaning.of_message((&words, known), text, context.vectors);
        classifier.named(deeper.unwrap_or(words), best)
    }

    /// Reads one screened message. Signals are left empty: they come from [`crate::screen`]. By words alone about 0.7 ms in a dev build (`requests_eval` and
    /// `acts_eval` of `ombud-inference`); a text that is embedded costs what the model takes.
    #[must_use]
    pub fn understand(&self, text: &str, context: &UnderstandContext<'_>) -> Understanding {
        let mut text: String = straighten(text);
        // Who gives his name is taken at his word.
        if *context.expectation != Expectation::Identify {
            text = self.rules.spelling.mend(&text);
        }
        let (mut commands, scores) = self.served(&text, context);
        commands.truncate(COMMANDS_MAX);
        Understanding { locale: self.locale.clone(), commands, scores, ..Understanding::default() }
    }

    /// Whether the customer goes on without the person he waits for, and what else he says with it; none when he waits on, or wants another person.
    /// Read only while a person is awaited. A pack without these rules hears none.
    #[must_use]
    pub fn withdrawal(&self, text: &str) -> Option<String> {
        let rules = &self.rules;
        let text = straighten(text);
        if rules.cancel_whole.is_match(&text) {
            return Some(String::new());
        }
        let rest = rules.person.handoff_refused.replace_all(&text, " ");
        let rest = rules.person.handoff_withdrawn.replace_all(&rest, " ");
        if *rest == text || rules.person.handoff.is_match(&rules.person.handoff_unless.replace_all(&rest, " - ")) {
            return None;
        }
        let rest = rules.person.called_off.replace_all(&rest, " ");
        let left = rest.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '?' | '!' | '#' | '"' | '(' | ')'));
        Some(if rules.content_words(rules.without_lead(left)).is_empty() {
            String::new()
        } else {
            left.trim().to_owned()
        })
    }

    /// What else is asked by a customer who wants to stay as it is what a person was asked to take back; none when he does not say so. Read only
    /// while that person is awaited.
    #[must_use]
    pub fn keeps_deed(&self, text: &str) -> Option<String> {
        let text = straighten(text);
        if !self.rules.person.stays_done.is_match(&text) {
            return None;
        }
        let asked = |sentence: &&str| sentence.ends_with('?') && !self.rules.person.stays_done.is_match(sentence);
        let asked: Vec<&str> = pieces::sentences(&text, &self.rules).into_iter().filter(asked).collect();
        Some(asked.join(" "))
    }

    /// Whether a message asks for something: a question, or a request worded as one.
    #[must_use]
    pub fn asks(&self, text: &str) -> bool {
        let text = straighten(text);
        pieces::sentences(&text, &self.rules).into_iter().any(|sentence| {
            let body = self.rules.without_lead(sentence);
            sentence.ends_with('?')
                || [&self.rules.question, &self.rules.asking, &self.rules.request]
                    .iter()
                    .any(|rule| rule.is_match(body))
                || self.rules.opens_request(body)
        })
    }

    /// Whether a question names nothing, or points at what was just told or done, or is about one's own case.
    #[must_use]
    pub fn points_back(&self, text: &str) -> bool {
        let text = straighten(text);
        self.rules.follow.points_back.is_match(&text) || self.rules.own_case.is_match(&text)
    }

    /// Whether a question points at something with a pronoun or a word like "then".
    #[must_use]
    pub fn points(&self, text: &str) -> bool {
        self.rules.follow.points_back.is_match(&straighten(text))
    }

    /// What else is said by a customer to whom care was offered by mistake and who says so; none when he does not. Read only after care began.
    #[must_use]
    pub fn misunderstanding(&self, text: &str) -> Option<String> {
        let text = straighten(text);
        let rest = self.rules.person.misunderstood.replace_all(&text, " ");
        if *rest == text {
            return None;
        }
        let left = rest.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '?' | '#' | '"' | '(' | ')'));
        Some(if self.rules.content_words(left).len() < 2 { String::new() } else { left.trim().to_owned() })
    }

    /// Whether the text asks how something stands that was promised before.
    #[must_use]
    pub fn asks_how_it_stands(&self, text: &str) -> bool {
        self.rules.person.how_it_stands.is_match(straighten(text).trim())
    }

    /// Whether the text asks if what is under way is done already: "did you report it or not".
    #[must_use]
    pub fn asks_if_done(&self, text: &str) -> bool {
        self.rules.person.asks_if_done.is_match(straighten(text).trim())
    }

    /// Whether a reply says that what was asked for is not there yet: "I don't have the new one yet".
    #[must_use]
    pub fn lacks(&self, text: &str) -> bool {
        self.rules.refusals.lacks(straighten(text).trim())
    }

    /// Whether a question may go on from the answer before it: "and if I don't?", "how long does that take?" Whether it does, its own words decide.
    #[must_use]
    pub fn goes_on(&self, text: &str) -> bool {
        let text = straighten(text);
        text.split_whitespace().count() <= GOES_ON_WORDS_MAX && self.rules.follow.goes_on.is_match(&text)
    }

    /// An answer in free words, as it may be written down: without questions and protests at us; none if it tells nothing.
    #[must_use]
    pub fn account(&self, text: &str) -> Option<String> {
        self.rules.account(straighten(text).trim())
    }

    /// How a text that was shown should read, if the message says so.
    #[must_use]
    pub fn rewording(&self, shown: &str, text: &str) -> Option<Rewording> {
        self.rules.rewording(shown, straighten(text).trim())
    }

    /// A value of this kind as the message puts it right: only a part is said, and merged into what is known. None if it is not put right.
    #[must_use]
    pub fn amended(&self, kind: &str, known: &Value, text: &str) -> Option<Value> {
        self.rules.amended(kind, known, straighten(text).trim())
    }

    /// Whether the text is about a case of one's own: "my order", "I returned it".
    #[must_use]
    pub fn tells_own_case(&self, text: &str) -> bool {
        self.rules.own_case.is_match(&straighten(text))
    }

    /// Whether the text says that there is no account.
    #[must_use]
    pub fn says_no_account(&self, text: &str) -> bool {
        self.rules.no_account.is_match(&straighten(text))
    }

    /// Whether the customer says that he wants no person.
    #[must_use]
    pub fn refuses_person(&self, text: &str) -> bool {
        self.rules.person.handoff_refused.is_match(&straighten(text))
    }

    /// What a customer wants of the person who gave the conversation back under this name; none when it is nothing. Where something was done
    /// since ([`Newest::Deed`]), a question for news is not about that person's word any more.
    #[must_use]
    pub fn of_colleague(&self, text: &str, name: &str, newest: Newest) -> Option<OfColleague> {
        let rules = &self.rules;
        let text = straighten(text);
        let asks = |sentence: &str| {
            rules.person.word_of_colleague.is_match(sentence)
                || newest == Newest::Word && rules.person.news.is_match(sentence)
        };
        let mut rest: Vec<&str> = Vec::new();
        let mut asked = false;
        for sentence in pieces::sentences(&text, rules) {
            let general = rules.with_colleague(sentence, name);
            if asks(general.trim()) {
                asked = true;
            } else if general != sentence
                && rules.person.handoff.is_match(&rules.person.handoff_unless.replace_all(&general, " - "))
            {
                return Some(OfColleague::Wanted);
            } else if rules.without_lead(sentence).split_whitespace().nth(REST_WORDS_MIN - 1).is_some() {
                rest.push(sentence);
            }
        }
        asked.then(|| OfColleague::Asked { rest: rest.join(" ") })
    }

    /// The commands of what may be served: nothing in a language that is not read, and nothing that belongs to somebody else. The wish for a
    /// person is heard in every case (R47).
    fn served(&self, text: &str, context: &UnderstandContext<'_>) -> (Vec<Command>, Vec<(String, f32)>) {
        let rules = &self.rules;
        let is_foreign = rules.is_foreign(text, context.expectation);
        let (of_others, own): (Vec<&str>, Vec<&str>) =
            pieces::sentences(text, rules).into_iter().partition(|sentence| rules.is_of_somebody_else(sentence));
        let whole = self.commands(text, context);
        let wants_person = whole.0.contains(&Command::Handoff);
        if wants_person || !is_foreign && of_others.is_empty() {
            return whole;
        }
        if is_foreign {
            return (vec![Command::Chitchat { kind: Kind::OtherLanguage }], Vec::new());
        }
        let own = own.join(" ");
        let asks = rules.without_lead(&own).split_whitespace().nth(REST_WORDS_MIN - 1).is_some();
        let (mut commands, scores) = if asks { self.commands(&own, context) } else { (Vec::new(), Vec::new()) };
        commands.insert(0, Command::Chitchat { kind: Kind::SomebodyElse });
        (commands, scores)
    }

    /// The commands, and how the message as a whole is classed.
    fn commands(&self, text: &str, context: &UnderstandContext<'_>) -> (Vec<Command>, Vec<(String, f32)>) {
        if !text.chars().any(|c| c.is_alphanumeric() || "👍👎✅❌".contains(c)) {
            return (vec![if text.contains('?') { Command::Repeat } else { Command::CannotRead }], Vec::new());
        }
        // "That's not what I asked, can I buy again?" is about our answer, and neither about what was done nor about what is proposed.
        if let Some(asked) = self.rules.asked_behind_complaint(text) {
            return self.commands(asked, context);
        }
        // "But meanwhile, when is my next payment?" is answered before the person comes; anything else is for him.
        let bare = self.rules.person.meanwhile.replace_all(text, " ");
        let meanwhile = *bare != *text;
        let readings = Readings::new(self, &bare, context);
        let wants_person = readings.any_handoff();
        let mut commands = match context.expectation {
            _ if self.rules.person.passed_over.is_match(&bare) => vec![Command::Chitchat { kind: Kind::PassedOver }],
            Expectation::AnythingElse | Expectation::Open
                if context.acted && self.rules.only_complains_of_answer(&bare) =>
            {
                vec![Command::Chitchat { kind: Kind::PassedOver }]
            }
            _ if context.acted && self.rules.takes_back(&bare, context.expectation) => vec![Command::Undo],
            Expectation::Confirm => confirm::read(&readings),
            Expectation::Slot { slot } => answer::slot(&readings, slot),
            Expectation::Choice { slot, options } => answer::choice(&readings, slot, options),
            Expectation::Identify => answer::identify(&readings),
            Expectation::AnythingElse => answer::anything_else(&readings),
            Expectation::Open => requests::open(&readings),
        };
        let told = context.last_flow.is_some() && context.active_flow.is_none();
        let objects = context.refused && self.rules.person.objection.is_match(&bare)
            || told && self.rules.person.unjust.is_match(&bare);
        if objects && commands.iter().all(is_unsure) {
            commands = vec![Command::Chitchat { kind: Kind::Objection }];
        }
        // R47: an explicit wish for a person comes first and nothing can veto it.
        if wants_person && *context.expectation == Expectation::Confirm && confirm::orders_before_person(&readings) {
            commands = vec![Command::Affirm, Command::Handoff];
        } else if wants_person {
            commands.retain(|command| {
                !matches!(command, Command::Handoff | Command::CannotRead | Command::Clarify { .. })
                    && (meanwhile || !matches!(command, Command::Ask { .. }))
            });
            let place = if meanwhile { commands.len().min(COMMANDS_MAX - 1) } else { 0 };
            commands.insert(place, Command::Handoff);
        }
        (commands, readings.whole().classes)
    }
}

/// Whether a reading is none that could stand in the way of another.
const fn is_unsure(command: &Command) -> bool {
    match command {
        Command::StartFlow { confidence, .. } => *confidence < SURE,
        Command::Ask { .. } | Command::Clarify { .. } | Command::CannotRead => true,
        Command::Chitchat { kind } => matches!(kind, Kind::Abuse | Kind::Pleasantry),
        _ => false,
    }
}

/// Typographic apostrophes and blanks made plain, the length bounded.
fn straighten(text: &str) -> String {
    let plain = |c: char| match c {
        '’' | '‘' | '`' | '´' => '\'',
        '\u{a0}' | '\u{202f}' | '\t' => ' ',
        other => other,
    };
    text.trim().chars().take(CHARS_MAX).map(plain).collect()
}
