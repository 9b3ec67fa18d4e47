//! How is each piece of a message read, before the open question is asked?

use super::acts::{Act, Moment};
use super::pieces::{Join, Piece, cut};
use super::rules::Rules;
use super::{UnderstandContext, Understander};

/// A piece with what the classifier and the rules say of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    pub text: String,
    /// Best classes with probabilities, best first.
    pub classes: Vec<(String, f32)>,
    pub is_question: bool,
    pub is_request: bool,
    pub is_conditional: bool,
    pub is_additive: bool,
    pub is_handoff: bool,
    /// Says what is not wanted.
    pub is_negated: bool,
}

/// A whole message, read piece by piece.
pub(super) struct Readings<'a> {
    pub text: &'a str,
    pub pieces: Vec<Reading>,
    pub understander: &'a Understander,
    pub context: &'a UnderstandContext<'a>,
}

/// Classes kept of each piece.
const CLASSES_KEPT: usize = 5;
/// Both sides of a cut must be read this surely, and differently, for it to stand.
const CUT_SURE: f32 = 0.42;
/// Words of content in a part that only points at the one before it.
const POINTING_WORDS_MAX: usize = 2;
/// What follows an elaboration must be read more surely to be cut from it.
const CUT_FROM_DETAIL: f32 = 0.6;
/// From here the classifier alone is believed when it reads a wish for a person.
const HANDOFF_SURE: f32 = 0.5;

/// Share of known words below which the classifier is not believed: typos leave some, other matters none.
const HANDOFF_KNOWN: f32 = 0.35;
/// What is not wanted must be read this surely, without the words that say so.
pub(super) const REFUSED: f32 = 0.5;
/// A whole piece read this surely needs no look at its parts.
const CLEAR: f32 = 0.75;
/// A part of a piece must be read this surely.
const PART_SURE: f32 = 0.5;
const PARTED_WORDS_MIN: usize = 7;
const PARTS_MAX: usize = 8;

pub(super) const HANDOFF: &str = "repair:handoff";
pub(super) const ASK: &str = "ask";

impl Reading {
    fn new(understander: &Understander, context: &UnderstandContext<'_>, text: String) -> Self {
        let rules = &understander.rules;
        let body = rules.without_subordinate(rules.without_lead(&text)).to_owned();
        let classes = classes(understander, context, &body);
        let top = classes.first().cloned().unwrap_or_default();
        // What others said or did is no wish, nor is a person refused; what is left may still hold one.
        let wanted = rules.person.handoff_refused.replace_all(&body, " - ");
        let own = rules.person.handoff_unless.replace_all(&wanted, " - ");
        let named = rules.person.handoff.is_match(&own) || rules.machine_refused.is_match(&wanted);
        let known = understander.known_share(&body);
        let learnt = *own == body
            && top.0 == HANDOFF
            && top.1 >= HANDOFF_SURE
            && known > HANDOFF_KNOWN
            && rules.names_person(&body)
            && !rules.are_you_human.is_match(&body);
        Self {
            is_question: rules.question.is_match(&body)
                && (!rules.polite_request.is_match(&body) || rules.telling.is_match(&body)),
            is_request: rules.request.is_match(&body) || rules.opens_request(&body),
            is_conditional: is_conditional(rules, &text),
            is_additive: rules.additive.is_match(&text) || rules.enumerator.is_match(&text),
            is_handoff: named || learnt,
            is_negated: rules.refusals.negates(&body) || refuses(understander, context, &body, &classes),
            classes,
            text,
        }
    }

    /// The best class and its probability.
    pub(super) fn best(&self) -> (&str, f32) {
        self.classes.first().map_or(("", 0.0), |(class, p)| (class.as_str(), *p))
    }

    /// The best flow and its probability.
    pub(super) fn best_flow(&self) -> Option<(&str, f32)> {
        self.flows().next()
    }

    /// The flows among the best classes, best first.
    pub(super) fn flows(&self) -> impl Iterator<Item = (&str, f32)> {
        flows_of(&self.classes)
    }

    /// Probability of a class among the best.
    pub(super) fn probability(&self, class: &str) -> f32 {
        self.classes.iter().find(|(known, _)| known == class).map_or(0.0, |(_, p)| *p)
    }

    /// The kind of small talk or repair, if that is the best reading.
    pub(super) fn repair(&self) -> Option<(&str, f32)> {
        let (class, p) = self.best();
        Some((class.strip_prefix("repair:")?, p))
    }
}

/// "If not, cancel it" elaborates what was asked before; "if so, put it in my order" asks.
fn is_conditional(rules: &Rules, text: &str) -> bool {
    let body = rules.without_lead(text);
    rules.conditional.is_match(body) && !rules.if_so.is_match(body)
}

impl<'a> Readings<'a> {
    pub(super) fn new(understander: &'a Understander, text: &'a str, context: &'a UnderstandContext<'a>) -> Self {
        // The meaning is that of the whole message: parts of a story mean other things than the story.
        let by_words = UnderstandContext { vectors: None, ..*context };
        let merged = merge(understander, &by_words, (text, cut(text, &understander.rules)));
        let mut pieces: Vec<Reading> =
            merged.into_iter().flat_map(|reading| coordinated(understander, &by_words, reading)).collect();
        if let [only] = pieces.as_mut_slice() {
            *only = Reading::new(understander, context, std::mem::take(&mut only.text));
        }
        Self { text, pieces, understander, context }
    }

    pub(super) fn rules(&self) -> &'a Rules {
        &self.understander.rules
    }

    /// What a reply, the message or a part of it, does with what was shown, best first.
    pub(super) fn acts(&self, moment: Moment, reply: &str) -> Vec<(Act, f32)> {
        let shown = self.context.proposal.unwrap_or(self.context.offered);
        self.understander.acts((moment, shown), reply, self.context.vectors)
    }

    pub(super) fn any_handoff(&self) -> bool {
        // "Are you human?" anywhere else in the message does not take the wish away.
        self.pieces.iter().any(|piece| piece.is_handoff)
    }

    /// The message read as one.
    pub(super) fn whole(&self) -> Reading {
        match self.pieces.as_slice() {
            [only] => only.clone(),
            _ => Reading::new(self.understander, self.context, self.text.to_owned()),
        }
    }
}

/// Undoes the cuts that separate nothing; the words between come back.
fn merge(
    understander: &Understander,
    context: &UnderstandContext<'_>,
    (text, pieces): (&str, Vec<Piece<'_>>),
) -> Vec<Reading> {
    let mut readings: Vec<(Reading, usize)> = Vec::new();
    for piece in pieces {
        let reading = Reading::new(understander, context, piece.text.to_owned());
        let Some((before, start)) = readings.last_mut().filter(|_| piece.join == Join::Clause) else {
            readings.push((reading, piece.start));
            continue;
        };
        if stands_apart(before, &reading) && !only_points(&understander.rules, &reading) {
            readings.push((reading, piece.start));
        } else {
            *before = Reading::new(understander, context, text.get(*start..piece.end).unwrap_or_default().to_owned());
        }
    }
    readings.into_iter().map(|(reading, _)| reading).collect()
}

/// "Cancel or return everything": two requests that share their words, if the verbs are of two flows.
fn coordinated(understander: &Understander, context: &UnderstandContext<'_>, reading: Reading) -> Vec<Reading> {
    let rules = &understander.rules;
    let written: Vec<&str> = reading.text.split_whitespace().collect();
    let verb = |at: usize| written.get(at).is_some_and(|word| rules.is_verb(word));
    let joins = |at: usize| written.get(at).is_some_and(|word| matches!(*word, "or" | "and" | "&" | "/"));
    let Some(at) = (0..written.len()).find(|at| verb(*at) && joins(at + 1) && verb(at + 2)) else {
        return vec![reading];
    };
    let without = |left_out: [usize; 2]| {
        let kept = written.iter().enumerate().filter(|(place, _)| !left_out.contains(place)).map(|(_, word)| *word);
        Reading::new(understander, context, kept.collect::<Vec<_>>().join(" "))
    };
    let both = [without([at + 1, at + 2]), without([at, at + 1])];
    let flow = |reading: &Reading| reading.best_flow().filter(|(_, p)| *p >= CUT_SURE).map(|(flow, _)| flow.to_owned());
    match both.each_ref().map(flow) {
        [Some(one), Some(other)] if one != other => both.into(),
        _ => vec![reading],
    }
}

fn stands_apart(before: &Reading, after: &Reading) -> bool {
    let (one, other) = (before.best(), after.best());
    let asks = |class: &str| class.starts_with("flow:") || class == ASK;
    let both_ask = asks(one.0) && asks(other.0) && one.0 != other.0;
    let answers = one.0.starts_with("repair:") && asks(other.0)
        || one.0 == "detail" && asks(other.0) && after.is_request && other.1 >= CUT_FROM_DETAIL;
    let told = before.is_request || before.is_question || answers;
    told && (both_ask || answers) && one.1 >= CUT_SURE && other.1 >= CUT_SURE || after.is_handoff != before.is_handoff
}

/// "I want it in black, can you arrange that?": the second part only points at the first, and says nothing sure by itself.
fn only_points(rules: &Rules, after: &Reading) -> bool {
    let bare = rules.content_words(&after.text).len() <= POINTING_WORDS_MAX;
    bare && !after.is_handoff && after.best().1 < CUT_FROM_DETAIL && rules.follow.points_back.is_match(&after.text)
}

/// The classes of a text as it stands, without those that are barred.
fn classes_of(understander: &Understander, context: &UnderstandContext<'_>, text: &str) -> Vec<(String, f32)> {
    let kept = CLASSES_KEPT + context.barred.len();
    let mut classes = context.open_to(understander.predict(&without_ids(text), kept, context));
    classes.truncate(CLASSES_KEPT);
    classes
}

/// The flows among classes, in their order.
fn flows_of(classes: &[(String, f32)]) -> impl Iterator<Item = (&str, f32)> {
    classes.iter().filter_map(|(class, p)| Some((class.strip_prefix("flow:")?, *p)))
}

/// Whether what a piece says is not wanted is the very request it was read as: "I don't want to close my account".
fn refuses(
    understander: &Understander,
    context: &UnderstandContext<'_>,
    body: &str,
    classes: &[(String, f32)],
) -> bool {
    let Some((part, _)) = understander.rules.refusals.not_wanted(body) else { return false };
    let refused = classes_of(understander, context, part);
    let (Some((refused, p)), Some((read, _))) = (flows_of(&refused).next(), flows_of(classes).next()) else {
        return false;
    };
    p >= REFUSED && refused == read
}

/// The classes of a piece. Where the whole is not clear, the part of it that asks is read alone: "please exchange both: the red one ..., the blue one ...".
fn classes(understander: &Understander, context: &UnderstandContext<'_>, body: &str) -> Vec<(String, f32)> {
    let predict = |text: &str| classes_of(understander, context, text);
    let whole = predict(body);
    let clear = whole.first().is_some_and(|(class, p)| class != "detail" && *p >= CLEAR);
    if clear || body.split_whitespace().count() < PARTED_WORDS_MIN {
        return whole;
    }
    let rules = &understander.rules;
    let asks = |part: &&str| rules.request.is_match(part) || rules.opens_request(part);
    let parts = body
        .split([',', ':', ';', '(', ')', '…'])
        .map(str::trim)
        .filter(|part| part.split_whitespace().nth(1).is_some())
        .take(PARTS_MAX);
    let best = parts
        .filter(asks)
        .map(predict)
        .filter_map(|read| Some((flow_probability(&read)?, read)))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((p, part)) if p >= PART_SURE && p > flow_probability(&whole).unwrap_or_default() => part,
        _ => whole,
    }
}

/// The probability of the best class if that is a flow.
fn flow_probability(classes: &[(String, f32)]) -> Option<f32> {
    classes.first().filter(|(class, _)| class.starts_with("flow:")).map(|(_, p)| *p)
}

/// Ids and addresses of e-mail say nothing of the request; their digits are shapes already.
fn without_ids(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !word.contains('@'));
    words.collect::<Vec<_>>().join(" ")
}
