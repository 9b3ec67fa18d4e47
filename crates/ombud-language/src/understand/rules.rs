//! Which words decide without training?

use std::collections::{BTreeMap, BTreeSet};

use regex::{Regex, RegexBuilder};

use ombud_domain::Expectation;

use super::consent_rules::ConsentRules;
use super::follow::FollowRules;
use super::foreign::Foreign;
use super::model::{NluError, RuleFile, Together};
use super::pieces::sentences;
use super::refusals::Refusals;
use super::reword::RewordRules;
use super::spelling::{Spelling, misspelt};
use super::together::Togethers;
use crate::classify::Example;
use crate::lean::lean;

/// The compiled rule layer of one language.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub lead_filler: Regex,
    pub affirm: Regex,
    pub affirm_weak: Regex,
    pub affirm_tail: Regex,
    /// What a proposal is answered with beside yes and no.
    pub consent: ConsentRules,
    pub deny: Regex,
    pub hold: Regex,
    pub deny_tail: Regex,
    pub contrast: Regex,
    pub restrict: Regex,
    /// One of what is offered is meant: "use the other one".
    pub picks: Regex,
    /// Several things are told of: each part of the sentence may be one.
    pub announces: Regex,

    pub additive: Regex,
    pub cancel_whole: Regex,
    /// A sentence that ends what is under way, whatever was said before it.
    leave: Regex,
    /// The whole message: nothing more, and goodbye.
    pub bye: Regex,
    /// What is written down in the customer's own words.
    pub written: Written,
    /// Who refuses to say who he is, or has no account.
    pub no_account: Regex,
    /// A question of rules, as its asker says himself.
    pub in_general: Regex,
    pub mind_changed: Regex,
    pub nothing_more: Regex,
    pub refusal: Regex,
    pub repeat: Regex,
    /// Talk of people of the company.
    pub person: PersonRules,
    pub machine_refused: Regex,
    pub are_you_human: Regex,
    /// Asks for what belongs to somebody else.
    somebody_else: Excepted,
    pub request: Regex,
    pub question: Regex,
    /// A question without its mark, or behind other words.
    pub asking: Regex,
    /// A question that may ask for a change.
    pub wish_question: Regex,
    /// What may be asked after a yes without taking it back.
    pub afterwards: Regex,
    pub polite_request: Regex,
    pub telling: Regex,
    pub general: Regex,
    pub own_case: Regex,
    pub conditional: Regex,
    pub cut: Regex,
    pub opener: Regex,
    pub enumerator: Regex,
    pub polite_lead: Regex,
    /// Before the name of what is not wanted: "I don't want to ...".
    pub unwanted: Regex,
    pub ellipsis: Regex,
    /// What is said not to be wanted.
    pub refusals: Refusals,
    pub if_so: Regex,
    pub subordinate: Regex,
    withdraw: Excepted,
    pub closing: Regex,
    pub follow: FollowRules,
    /// A greeting with a name, and nothing else.
    pub introduction: Regex,
    /// Verbs with which requests of this pack begin, learnt from its examples.
    pub verbs: BTreeSet<String>,
    /// Words that name the wish for a flow, of flows that do not begin beside another request without them.
    wishes: BTreeMap<String, Regex>,
    pub together: Togethers,
    /// Words that recur in the examples of each flow: saying them with a yes adds nothing.
    pub flow_words: BTreeMap<String, BTreeSet<String>>,
    pub abbreviations: BTreeSet<String>,
    /// Words without content of their own.
    pub stop: BTreeSet<String>,
    /// Words for a person one can talk to.
    people: BTreeSet<String>,
    /// Words that say which or how many.
    values: BTreeSet<String>,
    /// Tells a language that is not read.
    foreign: Foreign,
    /// What a colleague of the company is called whom a customer names; empty in a language without these rules.
    colleague: String,
    /// What misspelt words mean.
    pub spelling: Spelling,
}

/// Rules for texts that are written down in the customer's own words.
#[derive(Debug, Clone)]
pub(super) struct Written {
    /// A sentence that tells nothing: a protest at us, an exclamation, "I already told you".
    muttering: Regex,
    /// A question at us that is a protest.
    protest: Regex,
    /// How a shown text should read.
    pub reword: RewordRules,
    /// The number of a house and nothing else.
    pub house_number: Regex,
    /// A word with how it is spelt: "lindqvist with a q".
    pub spelt: Regex,
    /// Words in front of the name of a thing.
    pub articles: BTreeSet<String>,
    /// Words that are the subject of a clause.
    pub subjects: BTreeSet<String>,
}

impl Written {
    fn new(
        patterns: &BTreeMap<String, Vec<String>>,
        (articles, subjects): (BTreeSet<String>, BTreeSet<String>),
    ) -> Result<Self, NluError> {
        let rule = |name: &str| compile(patterns, name);
        Ok(Self {
            muttering: rule("muttering")?,
            protest: rule("protest")?,
            reword: RewordRules::new(patterns)?,
            house_number: rule("house_number")?,
            spelt: rule("spelt")?,
            articles,
            subjects,
        })
    }
}

/// Rules for talk of people of the company: the wish for one, and what one said.
#[derive(Debug, Clone)]
pub(super) struct PersonRules {
    pub handoff: Regex,
    pub handoff_unless: Regex,
    pub handoff_refused: Regex,
    pub handoff_withdrawn: Regex,
    /// Asks whether a person who is not wanted any more was called off.
    pub called_off: Regex,
    /// Something is asked until a person comes.
    pub meanwhile: Regex,
    pub misunderstood: Regex,
    /// What was done was not wanted.
    pub undo: Excepted,
    /// The same in words that turn a proposal down, where there is one.
    pub not_asked: Regex,
    /// What people were asked to take back is to stay.
    pub stays_done: Regex,
    /// A part of an earlier message was passed over.
    pub passed_over: Regex,
    /// A refusal is not accepted.
    pub objection: Regex,
    /// What was told is called unjust, whether or not it refused something.
    pub unjust: Regex,
    pub how_it_stands: Regex,
    /// Whether what is under way is done already.
    pub asks_if_done: Regex,
    pub news: Regex,
    pub word_of_colleague: Regex,
}

impl PersonRules {
    fn new(patterns: &BTreeMap<String, Vec<String>>) -> Result<Self, NluError> {
        let rule = |name: &str| compile(patterns, name);
        Ok(Self {
            handoff: rule("handoff")?,
            handoff_unless: rule("handoff_unless")?,
            handoff_refused: rule("handoff_refused")?,
            handoff_withdrawn: rule("handoff_withdrawn")?,
            called_off: rule("called_off")?,
            meanwhile: rule("meanwhile")?,
            misunderstood: rule("misunderstood")?,
            undo: Excepted::new(patterns, "undo")?,
            not_asked: rule("not_asked")?,
            stays_done: compile_if_there(patterns, "stays_done")?,
            passed_over: rule("passed_over")?,
            objection: rule("objection")?,
            unjust: rule("unjust")?,
            how_it_stands: rule("how_it_stands")?,
            asks_if_done: rule("asks_if_done")?,
            news: rule("news")?,
            word_of_colleague: rule("word_of_colleague")?,
        })
    }
}

/// A rule with exceptions: patterns `<name>` and `<name>_unless`.
#[derive(Debug, Clone)]
pub(super) struct Excepted {
    gives: Regex,
    unless: Regex,
}

impl Excepted {
    fn new(patterns: &BTreeMap<String, Vec<String>>, name: &str) -> Result<Self, NluError> {
        Ok(Self { gives: compile(patterns, name)?, unless: compile(patterns, &format!("{name}_unless"))? })
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.gives.is_match(text) && !self.unless.is_match(text)
    }
}

/// An answer of fewer words may be a name.
const ANSWER_WORDS: usize = 3;
/// Verbs seen this often at the beginning of examples count.
const VERB_SEEN_MIN: usize = 2;
/// A name shorter than this is not looked for in what customers write.
const NAME_CHARS_MIN: usize = 2;
/// Words in this many examples of a flow belong to it.
const FLOW_WORD_SEEN_MIN: usize = 3;

impl Rules {
    pub(super) fn new(
        file: RuleFile,
        examples: &[Example],
        (wishes, together, correct): (&[(String, String)], &[Together], Vec<String>),
    ) -> Result<Self, NluError> {
        let RuleFile { patterns, words, .. } = file;
        let rule = |name: &str| compile(&patterns, name);
        let set =
            |name: &str| words.get(name).into_iter().flatten().map(|word| word.to_lowercase()).collect::<BTreeSet<_>>();
        let polite = rule("polite")?;
        let stop = set("stop");
        let correct = ["stop", "people", "fillers", "correct"].into_iter().flat_map(set).chain(correct);
        Ok(Self {
            lead_filler: rule("lead_filler")?,
            affirm: rule("affirm")?,
            affirm_weak: rule("affirm_weak")?,
            affirm_tail: rule("affirm_tail")?,
            consent: ConsentRules::new(&patterns)?,
            deny: rule("deny")?,
            hold: rule("hold")?,
            deny_tail: rule("deny_tail")?,
            contrast: rule("contrast")?,
            restrict: rule("restrict")?,
            picks: rule("picks")?,
            announces: rule("announces")?,
            additive: rule("additive")?,
            cancel_whole: rule("cancel_whole")?,
            leave: rule("leave")?,
            written: Written::new(&patterns, (set("articles"), set("subjects")))?,
            bye: rule("bye")?,
            no_account: rule("no_account")?,
            in_general: rule("in_general")?,
            mind_changed: rule("mind_changed")?,
            nothing_more: rule("nothing_more")?,
            refusal: rule("refusal")?,
            repeat: rule("repeat")?,
            person: PersonRules::new(&patterns)?,
            follow: FollowRules::new(&patterns)?,
            machine_refused: rule("machine_refused")?,
            are_you_human: rule("are_you_human")?,
            request: rule("request")?,
            somebody_else: Excepted::new(&patterns, "somebody_else")?,
            question: rule("question")?,
            asking: rule("asking")?,
            wish_question: rule("wish_question")?,
            afterwards: rule("afterwards")?,
            polite_request: rule("polite_request")?,
            telling: rule("telling")?,
            general: rule("general")?,
            own_case: rule("own_case")?,
            conditional: rule("conditional")?,
            cut: rule("break")?,
            opener: rule("opener")?,
            enumerator: rule("enumerator")?,
            polite_lead: rule("polite_lead")?,
            unwanted: rule("unwanted")?,
            ellipsis: rule("ellipsis")?,
            refusals: Refusals::new(&patterns)?,
            if_so: rule("if_so")?,
            subordinate: rule("subordinate")?,
            withdraw: Excepted::new(&patterns, "withdraw")?,
            closing: rule("closing")?,
            introduction: rule("introduction")?,
            flow_words: flow_words(examples),
            verbs: verbs(examples, &polite, &set("determiners")),
            wishes: compile_wishes(wishes)?,
            together: Togethers::new(together)?,
            abbreviations: set("abbreviations"),
            people: set("people"),
            values: set("values"),
            foreign: Foreign::new(examples.iter().map(|example| example.text.as_str()), set("foreign")),
            colleague: words.get("colleague").and_then(|list| list.first()).cloned().unwrap_or_default(),
            spelling: Spelling::new(examples, correct),
            stop,
        })
    }

    /// The text without the words people say before the point.
    pub(super) fn without_lead<'t>(&self, text: &'t str) -> &'t str {
        let mut rest = text.trim_start();
        for _ in 0..6 {
            let Some(found) = self.lead_filler.find(rest).filter(|found| found.end() > 0) else { break };
            let Some(after) = rest.get(found.end()..).filter(|after| after.chars().any(char::is_alphanumeric)) else {
                break;
            };
            rest = after;
        }
        rest
    }

    /// The text without the word that holds a proposal up: "wait, are you a person?"
    pub(super) fn without_hold<'t>(&self, text: &'t str) -> &'t str {
        let rest = self.hold.find(text).and_then(|found| text.get(found.end()..));
        rest.map_or(text, |rest| rest.trim_start_matches([' ', ',', '.', '!', '…', '-']))
    }

    /// The text without the reason in front of what is asked: "since the lamp is broken, send me another one".
    pub(super) fn without_subordinate<'t>(&self, text: &'t str) -> &'t str {
        let rest = self.subordinate.find(text).and_then(|found| text.get(found.end()..));
        rest.filter(|rest| self.opens_request(rest)).unwrap_or(text)
    }

    /// Whether a sentence asks for what belongs to somebody else.
    pub(super) fn is_of_somebody_else(&self, sentence: &str) -> bool {
        self.somebody_else.is_match(sentence)
    }

    /// Whether a message is in a language that is not read. What answers a question may be a name or an address, however it is written.
    pub(super) fn is_foreign(&self, text: &str, expectation: &Expectation) -> bool {
        let words: Vec<String> = words(text).collect();
        let answers = matches!(expectation, Expectation::Slot { .. } | Expectation::Identify)
            && (words.len() < ANSWER_WORDS || text.contains(|c: char| c == '@' || c.is_ascii_digit()));
        !answers && (self.foreign.is_script(text) || self.foreign.is_language(&words, &self.stop))
    }

    /// Whether a message ends what is under way: as a whole, or by its last sentence.
    pub(super) fn leaves(&self, text: &str) -> bool {
        let last = sentences(text, self).last().copied().unwrap_or_default();
        self.cancel_whole.is_match(text) || self.leave.is_match(self.without_lead(last))
    }

    /// The words as an account of what happened, without mutterings, protests and questions; none if nothing is left.
    pub(super) fn account(&self, text: &str) -> Option<String> {
        if let Some(words) = self.written.reword.verbatim(text) {
            return Some(words.to_owned());
        }
        let tells = |sentence: &&str| {
            let body = self.without_lead(sentence);
            let asks = sentence.ends_with('?') || self.question.is_match(body) && self.asking.is_match(body);
            !asks
                && !self.written.muttering.is_match(body)
                && !self.written.protest.is_match(body)
                && !self.leave.is_match(body)
                && !self.content_words(body).is_empty()
        };
        let all = sentences(text, self);
        let kept: Vec<&str> = all.iter().copied().filter(tells).collect();
        if kept.len() == all.len() && !kept.is_empty() {
            return Some(text.to_owned());
        }
        (!kept.is_empty()).then(|| kept.join(" "))
    }

    /// The text with the word for a colleague of the company where one stands by name.
    pub(super) fn with_colleague(&self, text: &str, name: &str) -> String {
        let first = name.split_whitespace().next().unwrap_or_default();
        if self.colleague.is_empty() || first.chars().count() < NAME_CHARS_MIN {
            return text.to_owned();
        }
        let mut general = String::new();
        for part in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
            let word = part.trim_end_matches(|c: char| !c.is_alphanumeric());
            let is_name = word.to_lowercase() == first.to_lowercase();
            general.push_str(if is_name { &self.colleague } else { word });
            general.push_str(part.get(word.len()..).unwrap_or_default());
        }
        general
    }

    /// Whether a message takes its request back and asks for nothing else.
    pub(super) fn withdraws(&self, text: &str) -> bool {
        self.withdraw.is_match(text)
    }

    /// Whether a text that resembles a flow only has its tone: the flow's wish has words, and they are not there.
    pub(super) fn is_tone(&self, flow: &str, text: &str) -> bool {
        self.wishes.get(flow).is_some_and(|wish| !wish.is_match(text))
    }

    /// Whether a text says that what the flow is for is not wanted.
    pub(super) fn refuses(&self, flow: &str, text: &str) -> bool {
        let wish = self.wishes.get(flow);
        let said = |refusal: regex::Match<'_>| {
            text.get(refusal.end()..).and_then(|rest| rest.split(['.', '!', '?', ';', ',']).next())
        };
        wish.is_some_and(|wish| self.unwanted.find_iter(text).filter_map(said).any(|rest| wish.is_match(rest)))
    }

    /// Whether what was done is contested; a proposal that waits for a yes is what "that's not what I asked for" turns down.
    pub(super) fn takes_back(&self, text: &str, expectation: &Expectation) -> bool {
        // "That's not what I asked: is it lost?" and "can I still take it back?" ask.
        let only_asks = text.contains('?') && !self.wish_question.is_match(text);
        let contests = *expectation != Expectation::Confirm && self.person.not_asked.is_match(text);
        !only_asks && (contests || self.person.undo.is_match(text))
    }

    /// What is asked behind a complaint about our last answer: "that's not what I asked, can I buy again now". None where nothing is complained of so,
    /// nothing asked, or what was done is contested too.
    pub(super) fn asked_behind_complaint<'t>(&self, text: &'t str) -> Option<&'t str> {
        let behind = self.consent.misanswered.find(text).and_then(|found| text.get(found.end()..))?;
        let body = self.without_lead(behind);
        let asks = behind.contains('?') || [&self.asking, &self.question].iter().any(|rule| rule.is_match(body));
        (asks && !self.person.undo.is_match(behind)).then_some(behind)
    }

    /// Whether a message complains about our last answer, and says nothing else.
    pub(super) fn only_complains_of_answer(&self, text: &str) -> bool {
        let found = self.consent.misanswered.find(text);
        !self.person.not_asked.is_match(text)
            && found.is_some_and(|found| !text.get(found.end()..).unwrap_or_default().contains(char::is_alphanumeric))
    }

    /// Whether a piece begins as requests do.
    pub(super) fn opens_request(&self, text: &str) -> bool {
        let rest = self.polite_lead.find(text).and_then(|found| text.get(found.end()..)).unwrap_or(text);
        let first = rest
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
            .find(|word| !word.is_empty());
        self.opener.is_match(text) || first.is_some_and(|word| self.is_verb(&word))
    }

    /// Whether requests of this pack begin with this word.
    pub(super) fn is_verb(&self, word: &str) -> bool {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        self.verbs.contains(&bare)
    }

    /// Whether a word says which or how many.
    pub(super) fn is_value(&self, word: &str) -> bool {
        self.values.contains(word)
    }

    /// Whether a word for a person stands in the text, spelled well or badly.
    pub(super) fn names_person(&self, text: &str) -> bool {
        self.people.is_empty() || self.names_people(text)
    }

    /// Whether a text names somebody of the company in a word that is known.
    pub(super) fn names_people(&self, text: &str) -> bool {
        words(text).any(|word| self.people.contains(&word) || self.people.iter().any(|known| misspelt(&word, known)))
    }

    /// The verbs of what a proposal offers to do: "report" of "Shall I report it?", and its first word.
    pub(super) fn proposed_verbs(&self, proposal: &str) -> Vec<String> {
        let offered = self
            .consent
            .proposes
            .captures_iter(proposal)
            .filter_map(|found| Some(found.iter().skip(1).flatten().next()?.as_str().to_lowercase()));
        words(proposal).take(1).chain(offered).collect()
    }

    /// Words of a text that mean something, lower case, without a plural s.
    pub(super) fn content_words(&self, text: &str) -> Vec<String> {
        words(text)
            .filter(|word| word.chars().count() > 1 && !self.stop.contains(word))
            .map(|word| singular(&word))
            .collect()
    }
}

pub(super) fn compile(patterns: &BTreeMap<String, Vec<String>>, name: &str) -> Result<Regex, NluError> {
    let broken = || NluError::Rule { name: name.to_owned() };
    let source = match patterns.get(name) {
        Some(list) if !list.is_empty() => {
            list.iter().map(|pattern| format!("(?:{})", lean(pattern))).collect::<Vec<_>>().join("|")
        }
        // A language without a rule file has the classifier alone.
        _ if patterns.is_empty() => "[^\\s\\S]".to_owned(),
        _ => return Err(broken()),
    };
    // The lazily built automata of long lists outgrow the default cache of 2 MB, give up, and leave the search to a method ten times slower.
    RegexBuilder::new(&format!("(?i){source}")).dfa_size_limit(16 << 20).build().map_err(|_| broken())
}

/// The same of a rule that packs of earlier releases do not have, which never matches there.
pub(super) fn compile_if_there(patterns: &BTreeMap<String, Vec<String>>, name: &str) -> Result<Regex, NluError> {
    if patterns.contains_key(name) { compile(patterns, name) } else { compile(&BTreeMap::new(), name) }
}

fn compile_wishes(wishes: &[(String, String)]) -> Result<BTreeMap<String, Regex>, NluError> {
    let mut sources: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (flow, wish) in wishes {
        sources.entry(flow).or_default().push(wish.clone());
    }
    sources.into_iter().map(|(flow, wishes)| Ok((flow.to_owned(), compile_wish(flow, &wishes)?))).collect()
}

/// One expression of several that name the wish for a flow.
pub(super) fn compile_wish(flow: &str, wishes: &[String]) -> Result<Regex, NluError> {
    let sources: Vec<String> = wishes.iter().map(|wish| format!("(?:{})", lean(wish))).collect();
    let regex = RegexBuilder::new(&format!("(?i){}", sources.join("|"))).build();
    regex.map_err(|_| NluError::Wish { flow: flow.to_owned() })
}

pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

fn singular(word: &str) -> String {
    word.strip_suffix('s').unwrap_or(word).to_owned()
}

/// Words that stand in several examples of a flow.
fn flow_words(examples: &[Example]) -> BTreeMap<String, BTreeSet<String>> {
    let mut counts: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    for example in examples {
        if let Some(flow) = example.class.strip_prefix("flow:") {
            let distinct: BTreeSet<String> = words(&example.text).map(|word| singular(&word)).collect();
            for word in distinct {
                *counts.entry(flow).or_default().entry(word).or_default() += 1;
            }
        }
    }
    let often = |counts: BTreeMap<String, usize>| {
        counts.into_iter().filter(|(_, count)| *count >= FLOW_WORD_SEEN_MIN).map(|(word, _)| word).collect()
    };
    counts.into_iter().map(|(flow, counts)| (flow.to_owned(), often(counts))).collect()
}

/// First words of the requests in the examples, politeness aside; "the" begins sentences of every kind.
fn verbs(examples: &[Example], polite: &Regex, determiners: &BTreeSet<String>) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for example in examples.iter().filter(|example| example.class.starts_with("flow:")) {
        let lower = example.text.to_lowercase();
        let rest = polite.find(&lower).and_then(|found| lower.get(found.end()..)).unwrap_or(&lower);
        let first = rest.split(|c: char| !c.is_alphanumeric()).find(|word| word.chars().count() > 2);
        *seen.entry(first.unwrap_or_default().to_owned()).or_default() += 1;
    }
    let is_verb = |word: &str, count: usize| count >= VERB_SEEN_MIN && !word.is_empty() && !determiners.contains(word);
    seen.into_iter().filter(|(word, count)| is_verb(word, *count)).map(|(word, _)| word).collect()
}
