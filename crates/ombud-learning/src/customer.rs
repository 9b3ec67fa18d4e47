//! What does a scripted customer do with a reply? He answers what it awaits, agrees only to what he wants, and goes down his list.

use std::collections::BTreeSet;

use ombud_domain::{AwaitingKind, AwaitingProposal};
use serde_json::{Map, Value};

use crate::channel::Heard;
use crate::dialogue::{Next, Utterance, UtteranceKind, Visitor};
use crate::goals::{differences, record_names};
use crate::script::{Goal, Script, When};
use crate::words::{Pick, folded, pick, telling};

/// Phrases by which a customer turns the first proposal down because he has changed his mind, not because it was wrong.
const CHANGES_OF_MIND: &[&str] =
    &["changed my mind", "changed mind", "second thought", "forget the", "not yet", "one more to add", "id regret it"];
/// Ways a question names a detail about the customer, with the fact that answers it.
const DETAILS: &[(&str, &[&str])] = &[
    ("email", &["email", "e-mail", "mail address"]),
    ("zip", &["zip", "postal", "postcode"]),
    ("first_name", &["name"]),
    ("last_name", &["name"]),
    ("user_id", &["user id", "username", "user name", "account id"]),
    ("order_ids", &["order number"]),
];
/// How surely another goal must be meant before the customer turns to it.
const TURN_MIN: f64 = 3.0;
/// What a reply that names a goal's record comes to at least.
const NAMED_MIN: f64 = 5.0;

/// How a goal stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// He has brought it up.
    pub mentioned: bool,
    /// The assistant has reported it done.
    pub done: bool,
    /// He has agreed to it.
    pub agreed: bool,
    /// Wrong proposals for it.
    pub wrong: usize,
    /// Arguments in which the nearest proposal differed; none when none came.
    pub nearest: Option<Vec<String>>,
}

/// A scripted customer in the middle of a conversation.
#[derive(Debug, Clone)]
pub struct Customer<'a> {
    script: &'a Script,
    goals: Vec<Progress>,
    /// Goal he spoke of last.
    current: Option<usize>,
    asked: Vec<bool>,
    refused_next: usize,
    if_refused_said: bool,
    refusals: usize,
    mismatches_in_a_row: usize,
    /// He still means to change his mind at the first proposal.
    undecided: bool,
    corrections: usize,
    stray_proposals: usize,
    times_identified: usize,
    facts_told: BTreeSet<&'static str>,
    told: String,
    last_request: String,
    agreed_last: Option<usize>,
    /// The choice he has answered in his own words.
    answered_choice: Option<String>,
}

impl<'a> Customer<'a> {
    /// A customer who has not said anything yet.
    #[must_use]
    pub fn new(script: &'a Script) -> Self {
        let goals = script.goals.iter().map(|goal| Progress { mentioned: goal.in_opening, ..Progress::default() });
        let no = folded(&script.confirm_no).replace('\'', "");
        Self {
            script,
            goals: goals.collect(),
            current: None,
            asked: vec![false; script.questions.len()],
            refused_next: 0,
            if_refused_said: false,
            refusals: 0,
            mismatches_in_a_row: 0,
            undecided: CHANGES_OF_MIND.iter().any(|phrase| no.contains(phrase)),
            corrections: 0,
            stray_proposals: 0,
            times_identified: 0,
            facts_told: BTreeSet::new(),
            told: String::new(),
            last_request: script.opening.clone(),
            agreed_last: None,
            answered_choice: None,
        }
    }

    /// How his goals stand.
    #[must_use]
    pub fn goals(&self) -> &[Progress] {
        &self.goals
    }

    /// How often he had to say no.
    #[must_use]
    pub const fn corrections(&self) -> usize {
        self.corrections
    }

    /// Proposals that had nothing to do with an open goal.
    #[must_use]
    pub const fn stray_proposals(&self) -> usize {
        self.stray_proposals
    }

    /// Requests that were refused.
    #[must_use]
    pub const fn refusals(&self) -> usize {
        self.refusals
    }

    fn goal(&self, position: usize) -> Option<&'a Goal> {
        self.script.goals.get(position)
    }

    fn is_open(&self, position: usize) -> bool {
        self.goals.get(position).is_some_and(|goal| !goal.done)
    }

    fn mention(&mut self, position: usize) {
        if let Some(goal) = self.goals.get_mut(position) {
            goal.mentioned = true;
        }
        self.current = Some(position);
    }

    fn note(&mut self, heard: &Heard) {
        self.told.push_str(&folded(&heard.text()));
        self.told.push('\n');
        self.refusals += heard.refused.len();
        for done in &heard.done {
            let open = (0..self.goals.len()).filter(|position| self.is_open(*position));
            let reached = open.into_iter().find(|position| {
                self.goal(*position).is_some_and(|goal| differences(goal, &done.action, &done.arguments).is_empty())
            });
            if let Some(goal) = reached.and_then(|position| self.goals.get_mut(position)) {
                goal.done = true;
            }
        }
    }

    /// The goal that the reply is about: the one he is at, else the first open one he has mentioned, unless another is clearly meant. What
    /// follows on a request that the rules should refuse is about one he has not mentioned only when it names its record.
    fn turn_to(&mut self, heard: &Heard) -> Option<usize> {
        let is_mentioned = |position: &usize| self.goals.get(*position).is_some_and(|goal| goal.mentioned);
        let open: Vec<usize> = (0..self.goals.len()).filter(|position| self.is_open(*position)).collect();
        let at = self.current.filter(|position| open.contains(position));
        let usual = at.or_else(|| open.iter().copied().find(is_mentioned));
        let usual_score = usual.map_or(0.0, |usual| self.nearness(usual, heard));
        let scores = open.iter().map(|position| (*position, self.nearness(*position, heard)));
        let is_refusable = self.script.refused_first.contains(&self.last_request);
        let meant = scores.filter(|(position, score)| {
            *score >= usual_score + TURN_MIN && (is_mentioned(position) || !is_refusable || *score >= NAMED_MIN)
        });
        let meant = meant.max_by(|one, two| one.1.total_cmp(&two.1).then(two.0.cmp(&one.0)));
        self.current = meant.map(|(position, _)| position).or(usual);
        self.current
    }

    /// How clearly a reply concerns a goal, against the other open ones.
    fn nearness(&self, position: usize, heard: &Heard) -> f64 {
        let Some(goal) = self.goal(position) else { return 0.0 };
        let is_other = |other: &usize| *other != position && self.is_open(*other);
        let others: Vec<&Goal> = (0..self.goals.len()).filter(is_other).filter_map(|other| self.goal(other)).collect();
        let question = question_of(heard);
        let text = folded(&question);
        let mut score = 0.0;
        let is_own = |name: &String| !others.iter().any(|other| record_names(&other.arguments).contains(name));
        if record_names(&goal.arguments).iter().any(|name| is_own(name) && text.contains(&name.to_lowercase())) {
            score += NAMED_MIN;
        }
        if let Some(slot) = heard.awaiting.slot.as_deref() {
            let answers = |goal: &Goal| answer_key(goal, slot).is_some();
            match (answers(goal), others.iter().any(|other| answers(other))) {
                (true, false) if !others.is_empty() => score += 3.0,
                (false, true) => score -= 3.0,
                _ => {}
            }
        }
        let asked = telling(&question);
        // What is asked to be done counts most: cancel, return, exchange, an address.
        if is_only_in(&deed(goal), others.iter().map(|other| deed(other)), &asked) > 0 {
            score += 3.0;
        }
        // Two words that only this goal's customer would use, such as the things it is about, are as clear.
        let shared = is_only_in(&vocabulary(goal), others.iter().map(|other| vocabulary(other)), &asked).min(3);
        score + f64::from(u32::try_from(shared).unwrap_or(3)) * TURN_MIN / 2.0
    }

    /// Says something for the goal he is at.
    fn request(&mut self, position: usize) -> Utterance {
        self.mention(position);
        let say = self.goal(position).map_or("", |goal| goal.say.as_str());
        say.clone_into(&mut self.last_request);
        Utterance::new(UtteranceKind::Request, say)
    }

    fn identify(&mut self, heard: &Heard) -> Utterance {
        self.times_identified += 1;
        if self.times_identified == 1 {
            return Utterance::new(UtteranceKind::Identify, &self.script.identify);
        }
        let question =
            folded(&format!("{} {}", question_of(heard), heard.awaiting.slot.as_deref().unwrap_or_default()));
        let wanted = DETAILS.iter().filter(|(_, phrases)| phrases.iter().any(|phrase| question.contains(phrase)));
        let mut known = Vec::new();
        for (fact, _) in wanted {
            if let Some(Value::String(value)) = self.script.facts.get(*fact)
                && self.facts_told.insert(fact)
            {
                known.push(value.clone());
            }
        }
        if known.is_empty() {
            return Utterance::new(UtteranceKind::Unknown, &self.script.does_not_know);
        }
        Utterance::new(UtteranceKind::Answer, known.join(" "))
    }

    fn answer(&mut self, heard: &Heard) -> Utterance {
        let slot = heard.awaiting.slot.as_deref().unwrap_or_default();
        let goal = self.turn_to(heard).and_then(|position| self.goal(position)).or_else(|| self.likely_goal(heard));
        match goal.and_then(|goal| goal.answers.get(answer_key(goal, slot)?)) {
            Some(answer) => Utterance::new(UtteranceKind::Answer, answer),
            None => Utterance::new(UtteranceKind::Unknown, &self.script.does_not_know),
        }
    }

    /// While something is asked for that no open goal he has mentioned speaks of: the open goal about the same thing, or, for a question
    /// of his own, what he last agreed to.
    fn likely_goal(&self, heard: &Heard) -> Option<&'a Goal> {
        let spoken: BTreeSet<String> = telling(&format!("{} {}", self.last_request, question_of(heard)));
        let open =
            (0..self.goals.len()).filter(|position| self.is_open(*position)).filter_map(|position| self.goal(position));
        let shared = |goal: &Goal| vocabulary(goal).intersection(&spoken).count();
        let same = open.filter(|goal| shared(goal) >= 2).max_by_key(|goal| shared(goal));
        let is_asking = self.script.questions.iter().any(|question| question.say == self.last_request);
        same.or_else(|| self.goal(self.agreed_last.filter(|_| is_asking)?))
    }

    fn choose(&mut self, heard: &Heard) -> Utterance {
        let labels: Vec<String> = heard.awaiting.options.iter().map(|option| option.label.clone()).collect();
        let slot = heard.awaiting.slot.clone().unwrap_or_default();
        let Some(goal) =
            self.turn_to(heard).and_then(|position| self.goal(position)).or_else(|| self.likely_goal(heard))
        else {
            return self.decline_and_go_on(&labels);
        };
        let own = answer_key(goal, &slot).and_then(|key| goal.answers.get(key));
        let is_fresh = self.answered_choice.as_ref() != Some(&slot);
        let several = answer_key(goal, &slot).is_some_and(|key| list_length(goal, key) > 1);
        let meant = match own {
            Some(answer) => pick(answer, &labels),
            None => pick(&format!("{}. {}", goal.action.replace('_', " "), goal.say), &labels),
        };
        match (own, meant) {
            // Several things, or none clearly: his own words, once; a second time the nearest label.
            (Some(answer), Pick::Unclear(_) | Pick::One(_))
                if is_fresh && (several || matches!(meant, Pick::Unclear(_))) =>
            {
                self.answered_choice = Some(slot);
                Utterance::new(UtteranceKind::Answer, answer)
            }
            (_, Pick::One(position) | Pick::Unclear(position)) => {
                Utterance::new(UtteranceKind::Label, labels.get(position).map_or("", String::as_str))
            }
            (_, Pick::None) => {
                self.corrections += 1;
                Utterance::new(UtteranceKind::No, format!("{} {}", self.script.confirm_no, goal.say))
            }
        }
    }

    /// A choice about none of his goals: a person if that is what he came for, else what fits what he said last, else no and the next thing
    /// on the list.
    fn decline_and_go_on(&mut self, labels: &[String]) -> Utterance {
        if self.script.transfer_expected
            && let Some(label) = labels.iter().find(|label| {
                ["person", "human", "colleague", "agent"].iter().any(|word| label.to_lowercase().contains(word))
            })
        {
            return Utterance::new(UtteranceKind::Label, label);
        }
        if let Pick::One(position) = pick(&self.last_request, labels) {
            return Utterance::new(UtteranceKind::Label, labels.get(position).map_or("", String::as_str));
        }
        match self.next_on_list() {
            Some(next) => Utterance::new(next.kind, format!("No, thanks. {}", next.text)),
            None => Utterance::new(UtteranceKind::No, &self.script.confirm_no),
        }
    }

    fn confirm(&mut self, proposal: &AwaitingProposal) -> Utterance {
        let wanted = |position: &usize| {
            self.is_open(*position)
                && self
                    .goal(*position)
                    .is_some_and(|goal| differences(goal, &proposal.action, &proposal.arguments).is_empty())
        };
        if let Some(position) = (0..self.goals.len()).find(wanted) {
            self.mention(position);
            if let Some(goal) = self.goals.get_mut(position) {
                (goal.agreed, goal.nearest) = (true, Some(Vec::new()));
            }
            (self.mismatches_in_a_row, self.undecided, self.agreed_last) = (0, false, Some(position));
            self.current = None;
            return Utterance::new(UtteranceKind::Yes, &self.script.confirm_yes);
        }
        self.corrections += 1;
        self.mismatches_in_a_row += 1;
        let concerned = self.concerned_by(&proposal.action, &proposal.arguments);
        self.count_wrong(concerned, proposal);
        let unmentioned = self.goals.iter().position(|goal| !goal.mentioned && !goal.done);
        match concerned.or(unmentioned).filter(|_| self.mismatches_in_a_row >= 2) {
            Some(position) => {
                let say = self.request(position).text;
                Utterance::new(UtteranceKind::No, format!("{} {say}", self.script.confirm_no))
            }
            None => Utterance::new(UtteranceKind::No, &self.script.confirm_no),
        }
    }

    fn count_wrong(&mut self, concerned: Option<usize>, proposal: &AwaitingProposal) {
        let deliberate = std::mem::take(&mut self.undecided);
        let Some(position) = concerned else {
            self.stray_proposals += 1;
            return;
        };
        let Some(goal) = self.goal(position) else { return };
        self.mention(position);
        let differing = differences(goal, &proposal.action, &proposal.arguments);
        if let Some(progress) = self.goals.get_mut(position) {
            progress.wrong += usize::from(!deliberate);
            if progress.nearest.as_ref().is_none_or(|nearest| differing.len() <= nearest.len()) {
                progress.nearest = Some(differing);
            }
        }
    }

    /// The open goal that a wrong proposal is an attempt at; none when it follows from a request that the rules should have refused.
    fn concerned_by(&self, action: &str, arguments: &Map<String, Value>) -> Option<usize> {
        let names = record_names(arguments);
        let shared = |goal: &Goal| record_names(&goal.arguments).iter().filter(|name| names.contains(name)).count();
        let is_mentioned = |position: &usize| self.goals.get(*position).is_some_and(|goal| goal.mentioned);
        let nearness = |position: &usize| {
            let goal = self.goal(*position);
            let same_action = goal.is_some_and(|goal| goal.action == action);
            (usize::from(same_action) + goal.map_or(0, shared).min(2), is_mentioned(position), usize::MAX - position)
        };
        let open = (0..self.goals.len()).filter(|position| self.is_open(*position));
        let meant =
            |position: &usize| is_mentioned(position) || self.goal(*position).is_some_and(|goal| shared(goal) > 0);
        open.filter(meant).max_by_key(nearness)
    }

    fn after_refusal(&mut self) -> Next {
        let goal_left = self.goals.iter().any(|goal| !goal.mentioned);
        match &self.script.if_refused {
            Some(words) if !self.if_refused_said && !goal_left => {
                self.if_refused_said = true;
                words.clone_into(&mut self.last_request);
                Next::Say(Utterance::new(UtteranceKind::Request, words))
            }
            _ => self.go_on(),
        }
    }

    fn go_on(&mut self) -> Next {
        match self.next_on_list() {
            Some(utterance) => Next::Say(utterance),
            None => Next::Close(Utterance::new(UtteranceKind::Closing, &self.script.closing)),
        }
    }

    /// The next thing on his list; none when only goodbye is left.
    fn next_on_list(&mut self) -> Option<Utterance> {
        self.current = None;
        let due = |when: When| match when {
            When::Opening => true,
            When::AfterGoal(goal) => !self.is_open(goal),
            When::End => false,
        };
        let due = self.unasked(due);
        if let Some(question) = due {
            return Some(self.ask(question));
        }
        if let Some(request) = self.script.refused_first.get(self.refused_next) {
            self.refused_next += 1;
            request.clone_into(&mut self.last_request);
            return Some(Utterance::new(UtteranceKind::Request, request));
        }
        if let Some(position) = self.goals.iter().position(|goal| !goal.mentioned && !goal.done) {
            return Some(self.request(position));
        }
        self.unasked(|_| true).map(|question| self.ask(question))
    }

    /// The first question he has not asked and not been answered already.
    fn unasked(&self, due: impl Fn(When) -> bool) -> Option<usize> {
        let is_told =
            |expect: &[String]| !expect.is_empty() && expect.iter().all(|text| self.told.contains(&folded(text)));
        let questions = self.script.questions.iter().enumerate().zip(&self.asked);
        questions
            .filter(|((_, question), asked)| !**asked && due(question.when) && !is_told(&question.expect))
            .map(|((position, _), _)| position)
            .next()
    }

    fn ask(&mut self, position: usize) -> Utterance {
        if let Some(asked) = self.asked.get_mut(position) {
            *asked = true;
        }
        let say = self.script.questions.get(position).map_or("", |question| question.say.as_str());
        say.clone_into(&mut self.last_request);
        Utterance::new(UtteranceKind::Question, say)
    }
}

impl Visitor for Customer<'_> {
    fn opening(&mut self) -> Utterance {
        Utterance::new(UtteranceKind::Opening, &self.script.opening)
    }

    fn hear(&mut self, heard: &Heard) -> Next {
        self.note(heard);
        if heard.is_with_people() {
            return Next::Stop;
        }
        let refused = !heard.refused.is_empty();
        if !matches!(heard.awaiting.kind, AwaitingKind::Choice) {
            self.answered_choice = None;
        }
        match heard.awaiting.kind {
            AwaitingKind::Identify => Next::Say(self.identify(heard)),
            AwaitingKind::Slot => Next::Say(self.answer(heard)),
            AwaitingKind::Choice => Next::Say(self.choose(heard)),
            AwaitingKind::Confirm => Next::Say(match &heard.awaiting.proposal {
                Some(proposal) => self.confirm(proposal),
                None => {
                    self.corrections += 1;
                    Utterance::new(UtteranceKind::No, &self.script.confirm_no)
                }
            }),
            AwaitingKind::AnythingElse | AwaitingKind::None if refused => self.after_refusal(),
            AwaitingKind::AnythingElse | AwaitingKind::None => self.go_on(),
            AwaitingKind::Handoff => Next::Stop,
        }
    }
}

/// The member of a goal's answers that answers a slot: of the same name, or one that the slot's name begins with or is the beginning of.
fn answer_key<'g>(goal: &'g Goal, slot: &str) -> Option<&'g str> {
    if let Some((key, _)) = goal.answers.get_key_value(slot) {
        return Some(key);
    }
    let near =
        |key: &&String| slot.starts_with(key.trim_end_matches('s')) || (slot.len() >= 4 && key.starts_with(slot));
    goal.answers.keys().filter(near).max_by_key(|key| key.len()).map(String::as_str)
}

/// How many things the goal's argument of that name has.
fn list_length(goal: &Goal, key: &str) -> usize {
    let stem = key.trim_end_matches('s');
    let lists =
        goal.arguments.iter().filter(|(name, _)| name.starts_with(stem)).filter_map(|(_, value)| value.as_array());
    lists.map(Vec::len).max().unwrap_or(1)
}

fn vocabulary(goal: &Goal) -> BTreeSet<String> {
    let answers = goal.answers.values().map(String::as_str);
    std::iter::once(goal.say.as_str()).chain(answers).flat_map(telling).collect()
}

/// What a goal's action is called, in words.
fn deed(goal: &Goal) -> BTreeSet<String> {
    telling(&goal.action.replace('_', " "))
}

/// How many of the words asked are this goal's and no other's.
fn is_only_in(
    own: &BTreeSet<String>,
    others: impl Iterator<Item = BTreeSet<String>>,
    asked: &BTreeSet<String>,
) -> usize {
    let shared: BTreeSet<String> = others.flatten().collect();
    asked.iter().filter(|word| own.contains(*word) && !shared.contains(*word)).count()
}

/// The end of a reply, where its question stands: the last message from its last blank line on, without the list of what can be picked.
fn question_of(heard: &Heard) -> String {
    let last = heard.texts.last().map_or("", String::as_str);
    let paragraph = last.rsplit("\n\n").next().unwrap_or_default();
    let is_option = |line: &&str| {
        heard.awaiting.options.len() > 1 && heard.awaiting.options.iter().any(|option| line.contains(&option.label))
    };
    paragraph.lines().filter(|line| !is_option(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
