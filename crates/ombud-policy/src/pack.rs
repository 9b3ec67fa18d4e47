//! What is a company's pack, once read? Flows, actions, texts, policies and examples, checked against each other.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::authorize::{Policies, hex};
use crate::controls::Target;
use crate::feed::Feed;
use crate::flow::{self, AskSource, Flow, FlowKind, ValueKind};
use crate::graph::GraphSpec;
use crate::limits::{self, Limit};
use crate::memory::MemorySpec;
use crate::postings::{self, Chart};
use crate::problem::PackProblem;
use crate::short::{self, ShortAnswers};
use crate::spec::{ActionSpec, Risk};
use crate::text::Texts;

mod articles;
mod check;
mod context;
mod manifest;
mod names;

pub use context::{ContextWeights, Weight, WeightError};
pub use manifest::{DeskTimes, IdentityConfig, Limits, Manifest, Places};

/// Files of the packs folder: path such as `base/locales/en.yaml` to content.
pub type PackFiles = BTreeMap<String, String>;

/// Texts every pack has, by the base: what the engine itself says.
pub const ENGINE_TEXTS: [&str; 87] = [
    "greeting",
    "what_else",
    "anything_else",
    "handoff_text",
    "handoff_summary",
    "action_refused",
    "refused_switched_off",
    "refused_limit_reached",
    "refused_recent_change",
    "refused_approval_refused",
    "refused_approval_expired",
    "approval_requested",
    "approval_waits",
    "action_failed",
    "action_unknown",
    "action_pending",
    "action_found_done",
    "action_found_not_done",
    "lookup_failed",
    "what_instead",
    "resume_request",
    "resume_proposal",
    "as_it_stands",
    "next_request",
    "offer_request",
    "not_yet",
    "clarify",
    "slot_unread",
    "slot_unread_words",
    "identity_left",
    "no_person",
    "slot_several",
    "slot_unavailable",
    "slot_skipped",
    "ask_code",
    "code_in_chat",
    "code_open",
    "code_lost",
    "code_lost_words",
    "code_new",
    "code_new_words",
    "secret_hidden",
    "code_expired",
    "code_wrong",
    "code_blocked",
    "code_not_sent",
    "proof_wrong",
    "claims_too_many",
    "changed_meanwhile",
    "confirm_plainly",
    "wording_unplaced",
    "as_corrected",
    "code_accepted",
    "not_eligible",
    "none_eligible",
    "person_handoff",
    "person_no",
    "wait_text",
    "chitchat_greeting",
    "chitchat_thanks",
    "chitchat_thanks_words",
    "chitchat_goodbye",
    "chitchat_are_you_human",
    "chitchat_abilities",
    "chitchat_pleasantry",
    "chitchat_abuse",
    "own_account_only",
    "language_unread",
    "passage_in_language",
    "agent_joined",
    "agent_reopened",
    "agent_returned",
    "agent_resolved",
    "handoff_promise",
    "handoff_noted",
    "handoff_noted_again",
    "handoff_waits",
    "handoff_withdrawn",
    "handoff_case_kept",
    "handoff_beside",
    "handoff_misunderstood",
    "waiting_assistant",
    "waiting_wait",
    "colleague_said",
    "colleague_said_last",
    "colleague_back",
    "conversation_reopened",
];

/// Where the limits of a pack stand.
pub(crate) const LIMITS: &str = "policies/limits.yaml";
/// Where its accounts stand.
pub(crate) const ACCOUNTS: &str = "policies/accounts.yaml";
/// Where it stands which records form the customer graph.
pub(crate) const GRAPH: &str = "graph.yaml";
/// Where it stands what of a customer's words is remembered.
pub(crate) const MEMORY: &str = "memory.yaml";

/// A pack, ready to be used; immutable.
#[derive(Debug)]
pub struct Pack {
    /// `pack.toml`.
    pub manifest: Manifest,
    /// SHA-256 over all files that went into it, hexadecimal.
    pub hash: String,
    /// Flows by name.
    pub flows: BTreeMap<String, Flow>,
    /// Actions by name.
    pub actions: BTreeMap<String, ActionSpec>,
    /// All texts.
    pub texts: Texts,
    /// Further messages as customers write them, of `nlu/requests.<locale>.jsonl`: (locale, class, text); classes are `flow:<name>`, `ask`, `detail` and
    /// `repair:<kind>`.
    pub requests: Vec<(String, String, String)>,
    /// What customers write who mean one of a few options, of `nlu/choices.<locale>.jsonl`.
    pub choices: Vec<ChoiceExample>,
    /// What the company's systems report by themselves.
    pub feed: Option<Feed>,
    /// Which records form the customer graph.
    pub graph: Option<GraphSpec>,
    /// What of a customer's words is remembered.
    pub memory: Option<MemorySpec>,
    /// Policies of base and pack.
    pub policies: Policies,
    /// What may be done within a time.
    pub limits: Vec<Limit>,
    /// The accounts that actions post to.
    pub chart: Chart,
    /// Knowledge articles: (file, source); those of other languages lie in folders of their names.
    pub articles: Vec<(String, String)>,
    /// What articles say in short, for languages they are not written in.
    pub short: ShortAnswers,
    /// Other files the language crate reads, by path without the pack's folder: `nlu/...`, `lexicon/...`; the pack's own win.
    pub language_files: BTreeMap<String, String>,
}

/// A line of `nlu/requests.<locale>.jsonl`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    class: String,
    text: String,
}

/// A line of `nlu/choices.<locale>.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceExample {
    /// Language tag, of the file's name.
    #[serde(skip)]
    pub locale: String,
    /// The set, as asks name it under `examples:`.
    pub set: String,
    /// Id of the option that is meant; [`NO_CHOICE`] where the words say none.
    pub choice: String,
    /// What a customer may write.
    pub text: String,
}

/// The choice of words that mean no option.
pub const NO_CHOICE: &str = "none";

impl Pack {
    /// Reads a pack and the base it extends.
    ///
    /// # Errors
    /// All problems found, with file and line; the author of the pack can fix them.
    pub fn parse(name: &str, files: &PackFiles) -> Result<Self, Vec<PackProblem>> {
        let manifest = Manifest::parse(&format!("{name}/pack.toml"), files)?;
        let mut reader = Reader {
            name,
            files,
            locales: manifest.locales.clone(),
            problems: Vec::new(),
            texts: Texts::new(&manifest.default_locale).with_holidays(&manifest.holidays),
            requests: Vec::new(),
            choices: Vec::new(),
        };
        reader.pack_texts();
        let flows = reader.flows();
        let actions = reader.actions();
        let policies = reader.policies();
        let limits = reader.limits();
        let chart = reader.chart();
        let graph = reader.graph();
        let memory = reader.memory();
        let articles = reader
            .under("knowledge/", ".md")
            .into_iter()
            .map(|(file, source)| (file.clone(), source.clone()))
            .collect();
        let short = reader.short_answers();
        let language_files = reader.language_files();
        reader.requests(&flows);
        reader.choices(&flows);
        let file = format!("{name}/pack.toml");
        let source = files.get(&file).map_or("", String::as_str);
        let feed = manifest.feed.as_ref().map(|feed| Feed::compile(feed, &file, source)).transpose();
        let feed = feed.map_err(|problem| reader.problems.push(problem)).ok().flatten();
        let Reader { mut problems, texts, requests, choices, .. } = reader;
        let hash = hash_of(name, files);
        let Some(policies) = policies else { return Err(problems) };
        let pack = Self {
            manifest,
            hash,
            flows,
            actions,
            texts,
            requests,
            choices,
            feed,
            graph,
            memory,
            policies,
            limits,
            chart,
            articles,
            short,
            language_files,
        };
        problems
            .extend(pack.texts.spoken(&pack.manifest.default_locale).iter().flat_map(|spoken| spoken.problems.clone()));
        // What a file that cannot be read would have held is missing everywhere else.
        if problems.is_empty() {
            check::check(&pack, name, files, &mut problems);
        }
        if problems.is_empty() { Ok(pack) } else { Err(problems) }
    }

    /// The title of a flow, for menus; its name when it has none.
    #[must_use]
    pub fn title<'a>(&'a self, locale: &str, flow: &'a str) -> &'a str {
        let locales = [locale, self.manifest.default_locale.as_str()];
        let mut spoken = locales.into_iter().filter_map(|locale| self.texts.spoken(locale));
        spoken.find_map(|spoken| spoken.titles.get(flow)).map_or(flow, String::as_str)
    }

    /// Examples of messages in a language: class (`flow:<name>`) and text.
    #[must_use]
    pub fn examples(&self, locale: &str) -> Vec<(String, String)> {
        self.texts.examples(locale)
    }

    /// Words of a language that name the wish for a flow: its name and a regular expression. Such a flow does not begin beside another request without them.
    #[must_use]
    pub fn wishes(&self, locale: &str) -> &[(String, String)] {
        self.texts.spoken(locale).map_or(&[], |spoken| &spoken.wishes)
    }

    /// Words of a language by which one request asks for another too: the flow that begins as well, the one that was read, and a regular expression.
    #[must_use]
    pub fn together(&self, locale: &str) -> &[(String, String, String)] {
        self.texts.spoken(locale).map_or(&[], |spoken| &spoken.together)
    }

    /// What is wrong with the texts of a language: of the company's own at the start, of the others when they are asked for.
    #[must_use]
    pub fn problems_of_locale(&self, locale: &str) -> Vec<PackProblem> {
        check::locale(self, locale)
    }

    /// Names in texts that look misspelt, though nothing tells whether they are: of a record that the company's systems give only they know the members.
    #[must_use]
    pub fn misspelt(&self, files: &PackFiles) -> Vec<PackProblem> {
        names::misspelt(self, files)
    }

    /// The same for people at the desk, in the company's language: the text `desk_title` of the flow, else its title.
    #[must_use]
    pub fn desk_title(&self, flow: &str) -> String {
        let own = self.manifest.default_locale.as_str();
        self.texts.render(own, flow, "desk_title", &[]).unwrap_or_else(|_| self.title(own, flow).to_owned())
    }

    /// Whether there is anything that this switch could stop; a name that is mistyped stops nothing.
    #[must_use]
    pub fn has_target(&self, target: &Target) -> bool {
        match target {
            Target::All => true,
            Target::Action(name) => self.actions.get(name).is_some_and(|spec| spec.risk != Risk::Read),
            Target::Risk(risk) => *risk != Risk::Read,
            Target::Market(name) => self.manifest.markets.iter().any(|market| market.eq_ignore_ascii_case(name)),
        }
    }

    /// The locale that is used for a wished one.
    #[must_use]
    pub fn locale_for<'a>(&'a self, wished: Option<&'a str>) -> &'a str {
        // Norwegian is asked for in three ways, and written in one.
        let language = |tag: &'a str| match tag.split(['-', '_']).next().unwrap_or(tag) {
            "no" | "nn" => "nb",
            language => language,
        };
        wished
            .and_then(|tag| {
                self.manifest.locales.iter().find(|locale| locale.as_str() == tag || locale.as_str() == language(tag))
            })
            .unwrap_or(&self.manifest.default_locale)
    }

    /// The market that is used for a wished one.
    #[must_use]
    pub fn market_for<'a>(&'a self, wished: Option<&'a str>) -> &'a str {
        wished
            .and_then(|market| self.manifest.markets.iter().find(|known| known.eq_ignore_ascii_case(market)))
            .or_else(|| self.manifest.markets.first())
            .map_or("", String::as_str)
    }
}

fn hash_of(name: &str, files: &PackFiles) -> String {
    let mut hasher = Sha256::new();
    for (path, content) in files {
        let top = path.split('/').next().unwrap_or_default();
        if top == name || top == "base" {
            hasher.update(path.len().to_le_bytes());
            hasher.update(path.as_bytes());
            hasher.update(content.len().to_le_bytes());
            hasher.update(content.as_bytes());
        }
    }
    hex(&hasher.finalize())
}

struct Reader<'a> {
    name: &'a str,
    files: &'a PackFiles,
    locales: Vec<String>,
    problems: Vec<PackProblem>,
    texts: Texts,
    requests: Vec<(String, String, String)>,
    choices: Vec<ChoiceExample>,
}

impl<'a> Reader<'a> {
    /// Files below a folder, the base's first, so that the pack's own replace them.
    fn under(&self, folder: &str, ending: &str) -> Vec<(&'a String, &'a String)> {
        let of = |top: &str| {
            let prefix = format!("{top}/{folder}");
            self.files
                .iter()
                .filter(move |(path, _)| path.starts_with(&prefix) && path.ends_with(ending))
                .collect::<Vec<_>>()
        };
        let mut found = of("base");
        if self.name != "base" {
            found.extend(of(self.name));
        }
        found
    }

    fn pack_texts(&mut self) {
        for locale in self.locales.clone() {
            for (file, source) in self.under(&format!("locales/{locale}.yaml"), "") {
                self.texts.add_file(&locale, "", (file, source));
            }
        }
    }

    fn short_answers(&mut self) -> ShortAnswers {
        for locale in self.locales.clone() {
            for folder in [short::TEXTS, short::TITLES] {
                for (file, source) in self.under(&format!("{folder}/{locale}.yaml"), "") {
                    self.texts.add_file(&locale, folder, (file, source));
                }
            }
        }
        let one = |path: &str| {
            let files = self.under(path, "");
            files.last().map(|(file, source)| (file.as_str(), source.as_str()))
        };
        let (index, facts) = (one(short::INDEX), one(short::FACTS));
        ShortAnswers::parse(index, facts, &mut self.problems)
    }

    fn flows(&mut self) -> BTreeMap<String, Flow> {
        let mut flows = BTreeMap::new();
        for (file, source) in self.under("flows/", "/flow.yaml") {
            let Some(name) = file.split('/').nth(2) else { continue };
            match flow::parse(file, name, source) {
                Ok(flow) => {
                    flows.insert(name.to_owned(), flow);
                }
                Err(problems) => self.problems.extend(problems),
            }
        }
        let names: BTreeSet<String> = flows.keys().cloned().collect();
        for name in names {
            for locale in self.locales.clone() {
                for (file, source) in self.under(&format!("flows/{name}/texts/{locale}.yaml"), "") {
                    self.texts.add_file(&locale, &name, (file, source));
                }
            }
        }
        flows
    }

    /// What customers write, a JSON object a line; a line of a flow that is not there teaches nothing and is a mistake.
    fn requests(&mut self, flows: &BTreeMap<String, Flow>) {
        let known = |class: &str| match class.split_once(':') {
            Some(("flow", flow)) => flows.contains_key(flow),
            Some((kind, _)) => kind == "repair",
            None => matches!(class, "ask" | "detail"),
        };
        for (locale, Request { class, text }) in self.json_lines("requests", |request: &Request| {
            let class = &request.class;
            (!known(class)).then(|| {
                format!("class `{class}` is none: give `flow:<name>` of a flow, `ask`, `detail` or `repair:<kind>`")
            })
        }) {
            self.requests.push((locale, class, text));
        }
    }

    /// What is written for one of a few options, a JSON object a line; a line for an option that no ask has is a mistake.
    fn choices(&mut self, flows: &BTreeMap<String, Flow>) {
        let mut sets: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for ask in flows.values().flat_map(Flow::asks) {
            let Some(set) = &ask.examples else { continue };
            match &ask.source {
                AskSource::Options(options) => {
                    sets.entry(set).or_default().extend(options.iter().map(|option| option.id.as_str()));
                }
                AskSource::Value(ValueKind::YesNo) => sets.entry(set).or_default().extend(["yes", "no"]),
                _ => {}
            }
        }
        for faq in flows.values().filter_map(|flow| flow.faq.as_ref()) {
            sets.entry(&faq.examples).or_default().extend(faq.answers.iter().map(|answer| answer.id.as_str()));
        }
        let known =
            |set: &str, choice: &str| sets.get(set).is_some_and(|ids| choice == NO_CHOICE || ids.contains(choice));
        let lines = self.json_lines("choices", |example: &ChoiceExample| {
            let ChoiceExample { set, choice, .. } = example;
            (!known(set, choice)).then(|| {
                format!(
                    "neither an ask nor a `faq` with `examples: {set}` has the option `{choice}`; give the id of one of its options or answers, or `{NO_CHOICE}`"
                )
            })
        });
        self.choices = lines.into_iter().map(|(locale, example)| ChoiceExample { locale, ..example }).collect();
    }

    /// The lines of `nlu/<name>.<locale>.jsonl` with their language; those that cannot be read, or of which `fault` says why they are wrong, are problems.
    fn json_lines<T: serde::de::DeserializeOwned>(
        &mut self,
        name: &str,
        fault: impl Fn(&T) -> Option<String>,
    ) -> Vec<(String, T)> {
        let (mut read, mut problems) = (Vec::new(), Vec::new());
        for locale in &self.locales {
            for (file, source) in self.under(&format!("nlu/{name}.{locale}.jsonl"), "") {
                for (number, line) in source.lines().enumerate() {
                    let told =
                        serde_json::from_str::<T>(line).map_err(|error| format!("this line cannot be read: {error}"));
                    match told.and_then(|told| fault(&told).map_or(Ok(told), Err)) {
                        Ok(told) => read.push((locale.clone(), told)),
                        Err(message) => {
                            problems.push(PackProblem { file: file.clone(), line: number + 1, message });
                        }
                    }
                }
            }
        }
        self.problems.extend(problems);
        read
    }

    fn actions(&mut self) -> BTreeMap<String, ActionSpec> {
        let mut actions = BTreeMap::new();
        for (file, source) in self.under("actions/", ".yaml") {
            match ActionSpec::parse(file, source) {
                Ok(action) => {
                    actions.insert(action.name.clone(), action);
                }
                Err(problems) => self.problems.extend(problems),
            }
        }
        actions
    }

    fn policies(&mut self) -> Option<Policies> {
        let files: Vec<(String, String)> = self
            .under("policies/", ".cedar")
            .into_iter()
            .map(|(file, source)| (file.clone(), source.clone()))
            .collect();
        Policies::parse(&files).map_err(|problems| self.problems.extend(problems)).ok()
    }

    /// The pack's own limits; the base has none.
    fn limits(&mut self) -> Vec<Limit> {
        let file = format!("{}/{LIMITS}", self.name);
        let Some(source) = self.files.get(&file) else { return Vec::new() };
        limits::parse(&file, source).map_err(|problems| self.problems.extend(problems)).unwrap_or_default()
    }

    /// The pack's own accounts; the base keeps none.
    fn chart(&mut self) -> Chart {
        let file = format!("{}/{ACCOUNTS}", self.name);
        let Some(source) = self.files.get(&file) else { return Chart::default() };
        postings::parse(&file, source).map_err(|problems| self.problems.extend(problems)).unwrap_or_default()
    }

    /// The pack's own graph; the base has none.
    fn graph(&mut self) -> Option<GraphSpec> {
        let file = format!("{}/{GRAPH}", self.name);
        let source = self.files.get(&file)?;
        GraphSpec::parse(&file, source).map_err(|problems| self.problems.extend(problems)).ok()
    }

    /// The pack's own kinds of facts; the base has none.
    fn memory(&mut self) -> Option<MemorySpec> {
        let file = format!("{}/{MEMORY}", self.name);
        let source = self.files.get(&file)?;
        MemorySpec::parse(&file, source).map_err(|problems| self.problems.extend(problems)).ok()
    }

    fn language_files(&self) -> BTreeMap<String, String> {
        [("nlu/", ".yaml"), ("nlu/", ".jsonl"), ("lexicon/", ".yaml"), ("lexicon/", ".json"), ("lexicon/", ".txt")]
            .into_iter()
            .flat_map(|(folder, extension)| self.under(folder, extension))
            .filter_map(|(file, source)| Some((file.split_once('/')?.1.to_owned(), source.clone())))
            .collect()
    }
}

/// Names of the flows a customer can ask for.
pub fn requests(pack: &Pack) -> impl Iterator<Item = &Flow> {
    pack.flows.values().filter(|flow| flow.kind == FlowKind::Request)
}
