//! What does a message ask of us? From text and the open question to commands.
//!
//! A message is cut into pieces, each piece is read by the trained classifier, and the open question decides how the readings are
//! taken: as an answer, a correction, or something new. The rules are few, are data, and hold only what must not depend on training.

mod answer;
mod confirm;
mod model;
mod pieces;
mod reading;
mod requests;
mod rules;
mod spelling;

use jiff::civil::Date;
use ombud_domain::{COMMANDS_MAX, Command, Expectation, Understanding};

use crate::classify::{Classifier, Example, TrainSettings};
use crate::extract::Patterns;
use reading::Readings;
use rules::Rules;

pub use model::{NluError, NluFile, NluModel, RuleFile};

/// What the reading of one message needs to know beside its text.
#[derive(Debug, Clone, Copy)]
pub struct UnderstandContext<'a> {
    /// What the last reply asked for.
    pub expectation: &'a Expectation,
    /// Name of the flow that asked it.
    pub active_flow: Option<&'a str>,
    /// The request that came to its end last: "the other order too" asks for more of it.
    pub last_flow: Option<&'a str>,
    /// The request that answers a question which only points back at the last one: "and is it really stopped?" None where nothing was just done.
    pub follow_up: Option<&'a str>,
    /// Whether an article was quoted just before: "can she just try again?" goes on from it.
    pub after_article: bool,
    /// Requests that take the place of the open one when they are wished for: they need no more certainty than at the start of a conversation.
    pub gives_way_to: &'a [String],
    /// The summary of the open proposal as shown, at [`Expectation::Confirm`]: words of a "yes" that are not in it are a correction.
    pub proposal: Option<&'a str>,
    /// The customer's day.
    pub today: Date,
    /// Flows that this message cannot mean: the words for them are figures of speech or said in passing.
    pub barred: &'a [&'a str],
}

impl UnderstandContext<'_> {
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
/// What other classes have at least when flows are barred: below it their order says nothing.
const SHARE_LEFT_MIN: f32 = 0.1;
/// A longer question says what it is about.
const GOES_ON_WORDS_MAX: usize = 12;
/// Characters of a message that are read; the rest of a pasted letter changes nothing.
const CHARS_MAX: usize = 6_000;

/// Reads messages into commands. Built once per pack and language, shared by all turns.
#[derive(Debug, Clone)]
pub struct Understander {
    locale: String,
    classifier: Classifier,
    patterns: Patterns,
    rules: Rules,
}

impl Understander {
    /// Trains the reader. Takes up to 300 ms of CPU in release for a few thousand examples.
    ///
    /// # Errors
    /// When there are too few classes, or a pattern or rule does not compile; the operator mends the pack.
    pub fn new(mut model: NluModel) -> Result<Self, NluError> {
        let patterns = Patterns::new(model.patterns)?;
        let settings = TrainSettings {
            fillers: model.rules.words.get("fillers").cloned().unwrap_or_default(),
            ..TrainSettings::default()
        };
        let written = model.examples.len();
        let asked = model.questions.into_iter().map(|text| Example { class: reading::ASK.to_owned(), text });
        model.examples.extend(asked);
        let rules = Rules::new(model.rules, &model.examples, &model.wishes)?;
        // What is told of one's own case is for a flow, as in [`requests`]: an article may answer it too, but must not teach against the flow.
        let asked = model.examples.split_off(written);
        let own = |text: &str| rules.own_case.is_match(text) && !rules.general.is_match(text);
        model.examples.extend(asked.into_iter().filter(|example| !own(&example.text)));
        let classifier = Classifier::train(&model.examples, &settings)?;
        Ok(Self { locale: model.locale, classifier, patterns, rules })
    }

    /// The compiled patterns, for [`crate::extract()`].
    #[must_use]
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// Reads one screened message. Signals are left empty: they come from [`crate::screen`]. About 100 µs for a usual message.
    #[must_use]
    pub fn understand(&self, text: &str, context: &UnderstandContext<'_>) -> Understanding {
        let mut text: String = straighten(text);
        // Who gives his name is taken at his word.
        if *context.expectation != Expectation::Identify {
            text = self.rules.spelling.mend(&text);
        }
        let scores = context.open_to(self.classifier.predict(&text, 5));
        let mut commands = self.commands(&text, context);
        commands.truncate(COMMANDS_MAX);
        Understanding { locale: self.locale.clone(), commands, scores, signals: Vec::new() }
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
        let rest = rules.handoff_refused.replace_all(&text, " ");
        let rest = rules.handoff_withdrawn.replace_all(&rest, " ");
        if *rest == text || rules.handoff.is_match(&rules.handoff_unless.replace_all(&rest, " - ")) {
            return None;
        }
        let left = rest.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '?' | '!' | '#' | '"' | '(' | ')'));
        Some(if rules.content_words(left).is_empty() { String::new() } else { left.trim().to_owned() })
    }

    /// Whether a question names nothing, or points at what was just told or done, or is about one's own case.
    #[must_use]
    pub fn points_back(&self, text: &str) -> bool {
        let text = straighten(text);
        self.rules.points_back.is_match(&text) || self.rules.own_case.is_match(&text)
    }

    /// Whether the text asks how something stands that was promised before.
    #[must_use]
    pub fn asks_how_it_stands(&self, text: &str) -> bool {
        self.rules.how_it_stands.is_match(straighten(text).trim())
    }

    /// Whether a question may go on from the answer before it: "and if I don't?", "how long does that take?" Whether it does, its own words decide.
    #[must_use]
    pub fn goes_on(&self, text: &str) -> bool {
        let text = straighten(text);
        text.split_whitespace().count() <= GOES_ON_WORDS_MAX && self.rules.goes_on.is_match(&text)
    }

    fn commands(&self, text: &str, context: &UnderstandContext<'_>) -> Vec<Command> {
        if !text.chars().any(|c| c.is_alphanumeric() || "👍👎✅❌".contains(c)) {
            return vec![if text.contains('?') { Command::Repeat } else { Command::CannotRead }];
        }
        let readings = Readings::new(self, text, context);
        let wants_person = readings.any_handoff();
        let mut commands = match context.expectation {
            Expectation::Confirm => confirm::read(&readings),
            Expectation::Slot { slot } => answer::slot(&readings, slot),
            Expectation::Choice { slot, options } => answer::choice(&readings, slot, options),
            Expectation::Identify => answer::identify(&readings),
            Expectation::AnythingElse => answer::anything_else(&readings),
            Expectation::Open => requests::open(&readings),
        };
        // R47: an explicit wish for a person comes first and nothing can veto it.
        if wants_person {
            commands.retain(|command| {
                !matches!(
                    command,
                    Command::Handoff | Command::Ask { .. } | Command::CannotRead | Command::Clarify { .. }
                )
            });
            commands.insert(0, Command::Handoff);
        }
        commands
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
