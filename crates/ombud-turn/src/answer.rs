//! Stage 7: the reply in words. Templates and quoted sentences; a model may only rephrase, and every claim of its draft is checked.

use ombud_domain::{Citation, Stage};
use ombud_language::{Part, Pseudonym, Purpose, Vocabulary};
use ombud_policy::{Dialogue, Ending, Origin, Saying};
use serde_json::json;

use crate::assistant::Assistant;
use crate::context::Grounds;
use crate::hiding::{Hiding, Question};
use crate::intake::Arrival;
use crate::safety::Screened;
use crate::trail::Trail;

/// Tokens of a draft.
const DRAFT_TOKENS_MAX: u32 = 400;
/// Characters that a draft may have beyond twice those of the template.
const DRAFT_CHARS_MORE: usize = 200;
/// Passages a model is shown.
const DRAFT_PASSAGES_MAX: usize = 4;
/// What a model is shown a reply for.
const REPHRASE: Purpose = Purpose("rephrase");
/// The prompt, with a version in its first line; guarded by the tests of this module.
const INSTRUCTIONS: &str = include_str!("../prompts/rephrase.md");

/// A reply that may be said. Made by this stage alone.
pub(crate) struct Checked {
    ending: Ending,
    dialogue: Dialogue,
    paragraphs: Vec<Paragraph>,
    given: Vec<Pseudonym>,
}

/// One paragraph of a reply.
pub(crate) struct Paragraph {
    pub text: String,
    pub citations: Vec<Citation>,
}

impl Checked {
    /// The last part are tokens that a model saw for the first time.
    pub(crate) fn into_parts(self) -> (Ending, Dialogue, Vec<Paragraph>, Vec<Pseudonym>) {
        (self.ending, self.dialogue, self.paragraphs, self.given)
    }
}

pub(crate) async fn write_and_check(
    assistant: &Assistant,
    (received, screened): (&Arrival, &Screened),
    grounds: &Grounds,
    decided: (Ending, Dialogue),
    trail: &mut Trail<'_>,
) -> Checked {
    let (mut ending, dialogue) = decided;
    let sayings = std::mem::take(&mut ending.sayings);
    let hiding = Hiding { assistant, conversation: &received.conversation, grounds, dialogue: &dialogue };
    let (draft, given, tokens) = draft(&hiding, screened, &sayings).await;
    let (paragraphs, drafted, summary) = match draft {
        Draft::NoModel => (paragraphs(sayings), false, "from templates and sources".to_owned()),
        Draft::Accepted(text) => {
            (merged(sayings, text), true, "rephrased by the model, every claim checked".to_owned())
        }
        Draft::Refused(why) => {
            (paragraphs(sayings), false, format!("from templates and sources, the model's draft was refused: {why}"))
        }
    };
    let citations = paragraphs.iter().map(|paragraph| paragraph.citations.len()).sum::<usize>();
    let mut detail = json!({"paragraphs": paragraphs.len(), "citations": citations, "drafted": drafted, "model": assistant.model_name()});
    if let Some(detail) = detail.as_object_mut().filter(|_| tokens > 0) {
        let shown = json!({"purpose": REPHRASE.0, "shown": tokens, "fresh": given.len()});
        detail.insert("tokens".to_owned(), shown);
    }
    trail.note(Stage::Answer, summary, detail);
    Checked { ending, dialogue, paragraphs, given }
}

/// The reply as it was decided, with no model asked.
pub(crate) fn as_decided((mut ending, dialogue): (Ending, Dialogue), trail: &mut Trail<'_>) -> Checked {
    let paragraphs = paragraphs(std::mem::take(&mut ending.sayings));
    trail.note(Stage::Answer, "from templates", json!({"paragraphs": paragraphs.len()}));
    Checked { ending, dialogue, paragraphs, given: Vec::new() }
}

enum Draft {
    NoModel,
    Accepted(String),
    Refused(String),
}

/// Whether a paragraph may be put in other words: notices, receipts and proposals never (R6, R9).
const fn rephrasable(origin: Origin) -> bool {
    matches!(origin, Origin::Template | Origin::Question | Origin::Record | Origin::Knowledge)
}

/// A draft with the tokens that were given out for it, and how many the model saw.
async fn draft(hiding: &Hiding<'_>, screened: &Screened, sayings: &[Saying]) -> (Draft, Vec<Pseudonym>, usize) {
    let (assistant, grounds) = (hiding.assistant, hiding.grounds);
    let plain: Vec<&str> =
        sayings.iter().filter(|saying| rephrasable(saying.origin)).map(|saying| saying.text.as_str()).collect();
    // What a model says beside them could mislead about what a yes does, or about what was done.
    let tells_of_effects = |saying: &Saying| matches!(saying.origin, Origin::Proposal | Origin::Receipt);
    if assistant.ports.model.is_none() || plain.is_empty() || sayings.iter().any(tells_of_effects) {
        return (Draft::NoModel, Vec::new(), 0);
    }
    let quotes_knowledge = sayings.iter().any(|saying| saying.origin == Origin::Knowledge);
    let passages: Vec<&str> = if quotes_knowledge {
        grounds.passages().iter().take(DRAFT_PASSAGES_MAX).map(|passage| passage.text.as_str()).collect()
    } else {
        Vec::new()
    };
    let marker = assistant.fresh_uuid().simple().to_string();
    let said = sayings.iter().filter(|saying| rephrasable(saying.origin)).map(|saying| match saying.origin {
        Origin::Knowledge => Part::Source(&saying.text),
        _ => Part::Said(&saying.text),
    });
    let sources = passages.iter().map(|passage| Part::Source(passage));
    let parts: Vec<Part<'_>> = [Part::Heard(screened.text())].into_iter().chain(said).chain(sources).collect();
    let question =
        Question { purpose: REPHRASE, instructions: INSTRUCTIONS, parts: &parts, tokens_max: DRAFT_TOKENS_MAX };
    let heard = hiding.ask(&question, |texts| prompt(&marker, texts, plain.len())).await;
    let language = Heard { customer: screened.text(), language: assistant.vocabulary(), marker: &marker };
    let checked = heard.answer.and_then(|text| {
        let text = text.trim().to_owned();
        check(&text, &plain, &passages, &language).map(|()| text)
    });
    (checked.map_or_else(Draft::Refused, Draft::Accepted), heard.given, heard.tokens)
}

/// Untrusted parts stand between markers that nobody can guess (R19): the customer's words, then `said` paragraphs of the reply, then sources.
fn prompt(marker: &str, texts: &[String], said: usize) -> String {
    let (message, texts) = texts.split_first().map_or(("", texts), |(message, texts)| (message.as_str(), texts));
    let (plain, passages) = texts.split_at(said.min(texts.len()));
    let mut parts = vec![
        format!("<customer {marker}>\n{message}\n</customer {marker}>"),
        format!("<reply {marker}>\n{}\n</reply {marker}>", plain.join("\n\n")),
    ];
    parts.extend(passages.iter().map(|passage| format!("<source {marker}>\n{passage}\n</source {marker}>")));
    parts.join("\n\n")
}

/// What a draft is checked against besides its grounds.
struct Heard<'a> {
    customer: &'a str,
    language: &'a Vocabulary,
    marker: &'a str,
}

/// A draft may say nothing that its grounds do not say, and may leave out no figure and no question of the template.
fn check(text: &str, plain: &[&str], passages: &[&str], heard: &Heard<'_>) -> Result<(), String> {
    let template = plain.join("\n");
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.contains(heard.marker) || text.contains("http") && !template.contains("http") {
        return Err("it holds markers or links of its own".to_owned());
    }
    if text.chars().count() > template.chars().count().saturating_mul(2) + DRAFT_CHARS_MORE {
        return Err("it is too long".to_owned());
    }
    let grounds: Vec<&str> = plain.iter().chain(passages).copied().collect();
    let beyond = ombud_language::beyond(text, &grounds, heard.customer, heard.language);
    if !beyond.is_empty() {
        return Err(format!("it says {}", beyond.join(", ")));
    }
    let lost = ombud_language::unsupported(&template, &[text]);
    let lost: Vec<String> =
        lost.into_iter().filter(|claim| claim.chars().any(|character| character.is_ascii_digit())).collect();
    if !lost.is_empty() && passages.is_empty() {
        return Err(format!("it leaves out {}", lost.join(", ")));
    }
    if template.trim_end().ends_with('?') && !text.contains('?') {
        return Err("it leaves out the question".to_owned());
    }
    Ok(())
}

fn paragraphs(sayings: Vec<Saying>) -> Vec<Paragraph> {
    sayings.into_iter().map(|saying| Paragraph { text: saying.text, citations: saying.citations }).collect()
}

/// The draft in the place of the paragraphs it stands for, behind the notices.
fn merged(sayings: Vec<Saying>, draft: String) -> Vec<Paragraph> {
    let citations: Vec<Citation> = sayings
        .iter()
        .filter(|saying| rephrasable(saying.origin))
        .flat_map(|saying| saying.citations.clone())
        .collect();
    let fixed = sayings.into_iter().filter(|saying| !rephrasable(saying.origin)).collect();
    let mut merged = paragraphs(fixed);
    merged.push(Paragraph { text: draft, citations });
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str, plain: &[&str]) -> Result<(), String> {
        let mut language = Vocabulary::default();
        language.learn(["good news: your next payment is due soon, I can look into your refund for you."]);
        check(text, plain, &[], &Heard { customer: "when is it due?", language: &language, marker: "0f0f" })
    }

    #[test]
    fn a_draft_with_another_amount_is_refused() {
        let plain = ["Your next payment of 120.00 SEK is due on 1 December 2026."];
        assert_eq!(checked("Good news: 120.00 SEK is due on 1 December 2026.", &plain), Ok(()));
        assert!(checked("Your next payment of 20.00 SEK is due on 1 December 2026.", &plain).is_err());
        assert!(checked("Your next payment is due soon.", &plain).is_err(), "the amount is left out");
        assert!(checked("", &plain).is_err());
    }

    /// R6: a model cannot report an effect that no receipt shows.
    #[test]
    fn a_draft_that_claims_an_effect_is_refused() {
        let plain = ["I can look into your refund."];
        for claim in
            ["I have refunded your order.", "Your order has been cancelled.", "Done! I've sent the money back to you."]
        {
            assert!(checked(claim, &plain).is_err(), "{claim}");
        }
    }

    #[test]
    fn a_draft_is_little_longer_than_the_template() {
        let plain = ["I can look into your refund."];
        let long = |times: usize| checked(&"I can look into your refund. ".repeat(times), &plain);
        assert_eq!((long(8), long(9)), (Ok(()), Err("it is too long".to_owned())));
    }
}
