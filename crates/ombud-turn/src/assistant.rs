//! What is an assistant made of? Ports, a pack, and what was learnt from the pack at the start.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use ombud_domain::{ConversationId, Principal, TenantId};
use ombud_language::choose::Lexicon;
use ombud_language::{
    Act, DeepClassifier, Example, NluError, NluFile, NluModel, PatternSpec, PiiError, PiiReader, RuleFile, SignalError,
    SignalFile, SignalModel, SomeShelf, Together, TrainSettings, Understander, Vocabulary,
};
use ombud_policy::{ContextWeights, Pack};
use ombud_ports::{Attempts, BackOffice, Clock, Inbox, KnowledgeIndex, LanguageModel, Ledger, LiveBus};
use ombud_retrieval::article::{Article, Audience, Day};

use crate::approvals::Approvers;
use crate::attempts::AttemptLimits;
use crate::controls::Switchboard;
use crate::conversation::Conversation;
use crate::graph::Graphs;
use crate::hiding::Shown;
use crate::intake::{Input, KeysInFlight, Stimulus};
use crate::languages::{Languages, Spoken};
use crate::meaning::{Model, Progress, TOLD_MAX, ToldVectors};
use crate::people::People;
use crate::tape::Tape;
use crate::taped::taped;
use crate::turn::TurnError;
use crate::view::{ConversationView, TurnReply, TurnView};
use crate::{broken, desk, hiding, reader, shadow};

/// Conversations kept in memory; the others are folded again from the ledger.
const CACHED_MAX: u64 = 2_000;
/// Times a turn is run again when another writer was faster.
const RETRIES_MAX: usize = 2;

/// The outside world.
#[derive(Clone)]
pub struct Ports {
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// The desk's inbox.
    pub inbox: Arc<dyn Inbox>,
    /// Counts of what may be tried only so often.
    pub attempts: Arc<dyn Attempts>,
    /// The company's systems.
    pub back_office: Arc<dyn BackOffice>,
    /// Knowledge.
    pub knowledge: Arc<dyn KnowledgeIndex>,
    /// A language model, if one is configured.
    pub model: Option<Arc<dyn LanguageModel>>,
    /// Time and ids.
    pub clock: Arc<dyn Clock>,
    /// Open pages.
    pub live: Arc<dyn LiveBus>,
}

/// Whether what an assistant says and does reaches anybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Customers are answered, and what they agree to is done.
    #[default]
    Live,
    /// Everything is read, decided and written down; customers get nothing of it, and nothing is done.
    Shadow,
}

/// Settings of an assistant.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The company.
    pub tenant: TenantId,
    /// Time for one call of the company's systems, all attempts included, milliseconds.
    pub action_deadline_ms: u64,
    /// Time for the model's draft, milliseconds; then the template is sent.
    pub model_deadline_ms: u64,
    /// Time for reading a message, milliseconds; then a person takes over. With none, none is read.
    pub understanding_deadline_ms: u64,
    /// Time for searching the articles for all questions of a message, milliseconds; then they are answered as if nothing had been found.
    pub search_deadline_ms: u64,
    /// Identifications and codes in an hour.
    pub attempts: AttemptLimits,
    /// Whether what it says and does reaches anybody.
    pub mode: Mode,
    /// Who may approve what people must approve.
    pub approvers: Approvers,
    /// Keeps what was learnt from the pack for the next start; without one it is learnt at each.
    pub shelf: SomeShelf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tenant: TenantId("default".to_owned()),
            action_deadline_ms: 12_000,
            model_deadline_ms: 8_000,
            understanding_deadline_ms: 5_000,
            search_deadline_ms: 5_000,
            attempts: AttemptLimits::default(),
            mode: Mode::Live,
            approvers: Approvers::default(),
            shelf: None,
        }
    }
}

/// The phrases of `nlu/declines.<locale>.yaml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Declines {
    #[serde(rename = "locale")]
    _locale: String,
    phrases: Vec<String>,
}

/// Why an assistant cannot be built; the author of the pack can fix it.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A word list cannot be read.
    #[error("the pack's `{file}` cannot be read: {reason}")]
    File {
        /// The file below the pack.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The classifier cannot be trained.
    #[error("messages cannot be learnt from the pack's examples")]
    Nlu(#[from] NluError),
    /// The signals cannot be used.
    #[error("the pack's signals cannot be used")]
    Signals(#[from] SignalError),
    /// The words for personal data cannot be used.
    #[error("the pack's words for personal data cannot be used")]
    Pii(#[from] PiiError),
    /// A model may not see what there is not.
    #[error("`shown_kinds` of `pack.toml` names `{kind}`, no kind of personal data is called so")]
    UnknownKind {
        /// The name.
        kind: String,
    },
}

/// What is read out of a pack's examples and word lists at the start.
pub(crate) struct Learnt {
    pub understander: Understander,
    pub signals: SignalModel,
    /// What is personal data, for language models.
    pub pii: PiiReader,
    /// Which of a few options is meant, by the name of the set.
    pub choices: BTreeMap<String, DeepClassifier>,
    pub lexicon: Lexicon,
    pub declines: Vec<String>,
    /// Flows that only look something up.
    pub look_ups: Vec<String>,
    /// What reading by meaning asks.
    pub model: Model,
    /// What reads the languages beside the company's own, as far as they were learnt.
    pub languages: RwLock<Option<Arc<Languages>>>,
    /// Those that customers wait for, longest first.
    pub wished: Mutex<Vec<String>>,
    /// What tells these languages, learnt or not.
    pub spoken: OnceLock<Arc<Spoken>>,
    /// How far the learning is.
    pub progress: Mutex<Progress>,
    vocabulary: OnceLock<Vocabulary>,
    /// Of sentences that answered, or could have.
    pub told: ToldVectors,
}

impl Learnt {
    /// Reads the word lists and learns the examples; patterns that the first message would wait for are compiled meanwhile.
    fn of(pack: &Pack, shelf: &SomeShelf) -> Result<Self, BuildError> {
        std::thread::scope(|beside| {
            beside.spawn(ombud_language::compile_patterns);
            Self::read(pack, shelf)
        })
    }

    fn read(pack: &Pack, shelf: &SomeShelf) -> Result<Self, BuildError> {
        let locale = pack.manifest.default_locale.clone();
        let (nlu, file, everyday) = lessons(pack, &locale)?;
        let lexicon = language_file(pack, &format!("lexicon/{locale}.yaml"))?;
        let Declines { phrases, .. } = language_file(pack, &format!("nlu/declines.{locale}.yaml"))?;
        let declines = phrases.iter().map(|phrase| phrase.to_lowercase()).collect();
        std::thread::scope(|beside| {
            let signals = beside.spawn(|| SignalModel::new_or_find(&file, &everyday, shelf));
            let understander = Understander::new_or_find(nlu, shelf)?;
            let signals = signals.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault))?;
            let look_ups = pack.flows.values().filter(|flow| flow.only_looks_up()).map(|flow| flow.name.clone());
            Ok(Self {
                understander,
                signals,
                pii: hiding::reader(pack)?,
                choices: choices(pack, &locale, shelf)?,
                lexicon,
                declines,
                look_ups: look_ups.collect(),
                model: Model::new(),
                languages: RwLock::default(),
                wished: Mutex::default(),
                spoken: OnceLock::new(),
                progress: Mutex::default(),
                vocabulary: OnceLock::new(),
                told: ToldVectors::new(TOLD_MAX),
            })
        })
    }
}

/// What a pack teaches in its own language: to understand messages, the lists of signals, and everyday sentences that give none.
fn lessons(pack: &Pack, locale: &str) -> Result<(NluModel, SignalFile, Vec<String>), BuildError> {
    let mut nlu = NluModel { locale: locale.to_owned(), patterns: patterns(pack), ..NluModel::default() };
    nlu.add(language_file::<NluFile>(pack, &format!("nlu/{locale}.yaml"))?);
    nlu.rules = language_file::<RuleFile>(pack, &format!("nlu/rules.{locale}.yaml"))?;
    nlu.examples.extend(pack.examples(locale).into_iter().map(|(class, text)| Example { class, text }));
    let requests = pack.requests.iter().filter(|(tag, ..)| tag == locale);
    nlu.requests.extend(requests.map(|(_, class, text)| Example { class: class.clone(), text: text.clone() }));
    nlu.questions = questions(pack, locale);
    nlu.wishes.extend_from_slice(pack.wishes(locale));
    nlu.together.extend(pack.together(locale).iter().cloned().map(|(flow, with, says)| Together { flow, with, says }));
    nlu.replies = json_lines(pack, &format!("nlu/replies.{locale}.jsonl"))?;
    nlu.words = word_list(pack, &format!("lexicon/words.{locale}.txt"));
    let mut file = language_file::<SignalFile>(pack, &format!("nlu/signals.{locale}.yaml"))?;
    file.add(json_lines(pack, &format!("nlu/signals.{locale}.jsonl"))?);
    let everyday = everyday(pack, &mut file, &nlu);
    Ok((nlu, file, everyday))
}

/// What reads documents as messages are read: the detector of injected instructions and what tells personal data, without the rest of an assistant.
///
/// # Errors
/// [`BuildError`] as [`Assistant::new`] would give it; the author of the pack can fix it.
pub fn document_readers(pack: &Pack, shelf: &SomeShelf) -> Result<(SignalModel, PiiReader), BuildError> {
    let (_, file, everyday) = lessons(pack, &pack.manifest.default_locale)?;
    Ok((SignalModel::new_or_find(&file, &everyday, shelf)?, hiding::reader(pack)?))
}

/// What customers write who are not in trouble: examples of requests, questions that articles answer, and replies. Examples of a flow that a sign starts
/// are left out, for they ask for help in milder words than a sign is given by; those of another flow that is named for a sign teach it.
fn everyday(pack: &Pack, file: &mut SignalFile, nlu: &NluModel) -> Vec<String> {
    let (mut harmless, mut signs) = (Vec::new(), Vec::new());
    for example in nlu.examples.iter().chain(&nlu.requests) {
        match example.class.strip_prefix("flow:") {
            Some(flow) if pack.manifest.signals.values().any(|care| care == flow) => {}
            Some(flow) if file.signals.contains_key(flow) => {
                signs.push(Example { class: flow.to_owned(), text: example.text.clone() });
            }
            _ => harmless.push(example.text.clone()),
        }
    }
    file.add(signs);
    let replies = nlu.replies.iter().filter(|reply| reply.act != Act::Upset).map(|reply| &reply.reply);
    harmless.extend(nlu.questions.iter().chain(replies).cloned());
    harmless
}

/// Whether an assistant could be built from a pack: its word lists are read and its examples learnt, and forgotten again.
///
/// # Errors
/// [`BuildError`] as [`Assistant::new`] would give it; the author of the pack can fix it.
pub fn check_pack(pack: &Pack) -> Result<(), BuildError> {
    Learnt::of(pack, &None).map(|_| ())
}

/// Answers the customers of one company. Cheap to share in an `Arc`.
pub struct Assistant {
    pub(crate) ports: Ports,
    pub(crate) pack: Arc<Pack>,
    pub(crate) settings: Settings,
    pub(crate) learnt: Arc<Learnt>,
    cache: moka::sync::Cache<ConversationId, Arc<Conversation>>,
    turns: Arc<Mutex<HashMap<ConversationId, Arc<tokio::sync::Mutex<()>>>>>,
    pub(crate) keys_in_flight: KeysInFlight,
    pub(crate) switchboard: Arc<Switchboard>,
    /// Records of customers, and how they link.
    pub(crate) graphs: Arc<Graphs>,
    /// How much each part of what is known counts.
    pub(crate) weights: ContextWeights,
    pub(crate) people: Arc<People>,
    /// What the turn that this one is for takes from outside; none where nobody runs a turn.
    tape: Option<Arc<Tape>>,
}

impl Assistant {
    /// Builds an assistant; learns the pack's examples (seconds of CPU), or takes from the shelf of the settings what came of that before.
    ///
    /// # Errors
    /// [`BuildError`] when files of the pack that only the language crate reads are wrong.
    pub fn new(ports: Ports, pack: Arc<Pack>, settings: Settings) -> Result<Self, BuildError> {
        let learnt = Arc::new(Learnt::of(&pack, &settings.shelf)?);
        Ok(Self::with(ports, pack, settings, learnt))
    }

    /// Another assistant with the same pack and what was learnt from it, on other ports.
    #[must_use]
    pub fn beside(&self, ports: Ports, settings: Settings) -> Self {
        Self::with(ports, Arc::clone(&self.pack), settings, Arc::clone(&self.learnt))
    }

    fn with(ports: Ports, pack: Arc<Pack>, settings: Settings, learnt: Arc<Learnt>) -> Self {
        // By last use: the default policy would not take new conversations in as long as old ones were used more often.
        let policy = moka::policy::EvictionPolicy::lru();
        let cache = moka::sync::Cache::builder().max_capacity(CACHED_MAX).eviction_policy(policy).build();
        let switchboard = Arc::new(Switchboard::new(Arc::clone(&ports.ledger), settings.tenant.clone()));
        let people = Arc::new(People::new(Arc::clone(&ports.ledger), settings.tenant.clone()));
        Self {
            switchboard,
            graphs: Arc::new(Graphs::new(&ports)),
            weights: pack.manifest.context,
            people,
            ports,
            pack,
            settings,
            learnt,
            cache,
            turns: Arc::default(),
            keys_in_flight: Arc::default(),
            tape: None,
        }
    }

    /// The same assistant with other weights than its pack says, for measuring what each part of the context is worth. Its turns are replayed with the same.
    #[must_use]
    pub fn weighing(self, weights: ContextWeights) -> Self {
        Self { weights, ..self }
    }

    /// This assistant for one turn: what the turn takes from outside goes through the tape.
    pub(crate) fn of_turn(&self, tape: Tape) -> Self {
        let tape = Arc::new(tape);
        Self {
            ports: taped(&self.ports, &tape),
            pack: Arc::clone(&self.pack),
            settings: self.settings.clone(),
            learnt: Arc::clone(&self.learnt),
            cache: self.cache.clone(),
            turns: Arc::clone(&self.turns),
            keys_in_flight: Arc::clone(&self.keys_in_flight),
            switchboard: Arc::clone(&self.switchboard),
            graphs: Arc::clone(&self.graphs),
            weights: self.weights,
            people: Arc::clone(&self.people),
            tape: Some(tape),
        }
    }

    /// What a language model is shown in the turn that runs.
    pub(crate) fn shown(&self) -> Shown {
        self.tape().map_or(Shown::Tokens, |tape| tape.read_with.shown)
    }

    /// The tape of the turn that runs.
    pub(crate) fn tape(&self) -> Option<&Tape> {
        self.tape.as_deref()
    }

    /// The pack it answers from.
    #[must_use]
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// Name of the configured model, if there is one.
    #[must_use]
    pub fn model_name(&self) -> Option<&str> {
        self.ports.model.as_ref().map(|model| model.name())
    }

    /// Whether what is decided can still be written down; nothing is done for anybody otherwise.
    #[must_use]
    pub fn accepts_writes(&self) -> bool {
        self.ports.ledger.accepts_writes()
    }

    /// The desk's inbox.
    #[must_use]
    pub fn inbox(&self) -> &dyn Inbox {
        self.ports.inbox.as_ref()
    }

    /// What people of the company have switched off, and how they do.
    #[must_use]
    pub fn switchboard(&self) -> &Switchboard {
        &self.switchboard
    }

    /// Whose access was revoked, and how that is done.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.people
    }

    /// The company.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.settings.tenant
    }

    /// Answers a stimulus.
    ///
    /// # Errors
    /// [`TurnError`]: what the sender can fix, or a ledger that cannot be used.
    pub async fn handle(&self, stimulus: Stimulus) -> Result<TurnReply, TurnError> {
        let lock = self.turn_lock(stimulus.conversation_id);
        let _turn = lock.lock().await;
        let mut retries = 0;
        loop {
            // The work of a turn is large; whoever awaits one need not be.
            let mut turn = self.of_turn(Tape::recording(Arc::clone(&self.ports.clock), self.reading()));
            if matches!(stimulus.input, Input::Approval(_)) {
                // Who counts now is what the turn is recorded and replayed with.
                turn.settings.approvers = self.approvers().await?;
            }
            match broken::run_or_hand_over(self, &Arc::new(turn), &stimulus).await {
                Err(TurnError::Conflict) if retries < RETRIES_MAX => {
                    retries += 1;
                    self.forget(stimulus.conversation_id);
                }
                ended => return ended.map(|reply| shadow::for_customer(self, reply)),
            }
        }
    }

    /// A conversation as its customer sees it; none when it is unknown or somebody else's.
    ///
    /// # Errors
    /// [`TurnError::Store`].
    pub async fn view(&self, principal: &Principal, id: ConversationId) -> Result<Option<ConversationView>, TurnError> {
        match self.load(id).await? {
            Some(conversation) if conversation.belongs_to(principal) => {
                Ok(Some(shadow::seen_by_customer(self, desk::conversation_view(self, &conversation).await?)))
            }
            _ => Ok(None),
        }
    }

    /// The stages of every turn of a conversation, oldest first.
    ///
    /// # Errors
    /// [`TurnError::Store`].
    pub async fn turns(&self, id: ConversationId) -> Result<Vec<TurnView>, TurnError> {
        desk::turns(self, id).await
    }

    /// An article as customers of a market may read it today, in the company's own language where it is not there in theirs; none when it is for others,
    /// not valid or unknown.
    #[must_use]
    pub fn article(&self, id: &str, locale: Option<&str>, market: Option<&str>) -> Option<Article> {
        let (locale, market) = (self.locale_for(locale), self.pack.market_for(market));
        let today = Day::parse(&reader::today(self).to_string())?;
        let articles =
            self.pack.articles.iter().filter_map(|(file, source)| ombud_retrieval::article::parse(file, source).ok());
        let may_be_read = |article: &Article| {
            article.id == id
                && article.audience == Audience::Customer
                && (article.markets.is_empty() || article.markets.iter().any(|one| one == market))
                && (article.valid_from..=article.valid_to).contains(&today)
        };
        let found: Vec<Article> = articles.filter(may_be_read).collect();
        let in_language = |tag: &str| found.iter().find(|article| article.locale == tag);
        in_language(locale).or_else(|| in_language(&self.pack.manifest.default_locale)).cloned()
    }

    /// The words that are said and heard in the pack's language; learnt with the first draft of a model.
    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        self.learnt.vocabulary.get_or_init(|| {
            let (pack, locale) = (&self.pack, &self.pack.manifest.default_locale);
            let examples = pack.examples(locale);
            let examples = examples.iter().map(|(_, text)| text);
            let own = pack.own_articles();
            let articles = own.values().copied();
            let replies = pack.language_files.get(&format!("nlu/replies.{locale}.jsonl"));
            let mut vocabulary = Vocabulary::default();
            vocabulary.learn(examples.chain(replies).map(String::as_str).chain(articles));
            vocabulary
        })
    }

    /// The conversation as the ledger has it.
    pub(crate) async fn load(&self, id: ConversationId) -> Result<Option<Arc<Conversation>>, TurnError> {
        if let Some(known) = self.cache.get(&id) {
            return Ok(Some(known));
        }
        let loaded = Conversation::load(self, id).await?.map(Arc::new);
        if let Some(conversation) = &loaded {
            self.cache.insert(id, Arc::clone(conversation));
        }
        Ok(loaded)
    }

    /// Keeps what has just been committed.
    pub(crate) fn keep(&self, conversation: Conversation) {
        self.cache.insert(conversation.id, Arc::new(conversation));
    }

    /// Forgets what this process has in memory of a conversation: it is read again, or was erased.
    pub fn forget(&self, id: ConversationId) {
        self.cache.invalidate(&id);
    }

    /// One turn of a conversation at a time in this process; the expected version guards against other processes.
    pub(crate) fn turn_lock(&self, id: ConversationId) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() > 4_096 {
            turns.retain(|_, lock| Arc::strong_count(lock) > 1);
        }
        Arc::clone(turns.entry(id).or_default())
    }

    /// Time for one call. In a replay every answer is there at once, or was never waited for to its end.
    pub(crate) fn deadline(&self) -> Duration {
        match self.tape() {
            Some(tape) if tape.is_played() => Duration::ZERO,
            _ => Duration::from_millis(self.settings.action_deadline_ms),
        }
    }

    pub(crate) fn fresh_uuid(&self) -> uuid::Uuid {
        uuid::Uuid::from_u128(self.ports.clock.fresh_id())
    }
}

pub(crate) fn language_file<T: serde::de::DeserializeOwned>(pack: &Pack, file: &str) -> Result<T, BuildError> {
    let failed = |reason: String| BuildError::File { file: file.to_owned(), reason };
    let source = pack.language_files.get(file).ok_or_else(|| failed("it is missing".to_owned()))?;
    serde_saphyr::from_str(source).map_err(|error| failed(error.to_string()))
}

/// A word a line; lines that begin with `#` are notes. A language may have none.
fn word_list(pack: &Pack, file: &str) -> Vec<String> {
    let lines = pack.language_files.get(file).map(String::as_str).unwrap_or_default().lines();
    lines.filter(|line| !line.starts_with('#')).map(ToOwned::to_owned).collect()
}

/// A JSON object a line; a language may have none.
pub(crate) fn json_lines<T: serde::de::DeserializeOwned>(pack: &Pack, file: &str) -> Result<Vec<T>, BuildError> {
    let lines = pack.language_files.get(file).map(String::as_str).unwrap_or_default().lines();
    let read = |(number, line): (usize, &str)| {
        let failed = |error: serde_json::Error| format!("line {}: {error}", number + 1);
        serde_json::from_str(line).map_err(failed)
    };
    let read: Result<Vec<T>, String> = lines.enumerate().map(read).collect();
    read.map_err(|reason| BuildError::File { file: file.to_owned(), reason })
}

/// What was written for one of a few options, learnt by set.
fn choices(pack: &Pack, locale: &str, shelf: &SomeShelf) -> Result<BTreeMap<String, DeepClassifier>, BuildError> {
    let mut sets: BTreeMap<&str, Vec<Example>> = BTreeMap::new();
    for example in pack.choices.iter().filter(|example| example.locale == locale) {
        let text = Example { class: example.choice.clone(), text: example.text.clone() };
        sets.entry(&example.set).or_default().push(text);
    }
    let learn = |(set, examples): (&str, Vec<Example>)| {
        let learnt = DeepClassifier::train_or_find(examples, &TrainSettings::default(), shelf);
        Ok((set.to_owned(), learnt.map_err(NluError::Train)?))
    };
    sets.into_iter().map(learn).collect()
}

fn patterns(pack: &Pack) -> Vec<PatternSpec> {
    let listed = pack.manifest.patterns.iter();
    listed
        .flat_map(|(kind, regexes)| {
            regexes.iter().map(|regex| PatternSpec { kind: kind.clone(), regex: regex.clone(), format: None })
        })
        .collect()
}

/// Titles and example questions of the articles, each once, in order.
pub(crate) fn questions(pack: &Pack, locale: &str) -> Vec<String> {
    let articles = pack.articles.iter().filter_map(|(file, source)| ombud_retrieval::article::parse(file, source).ok());
    // Articles of several markets share their questions: one said seven times would drown what flows are asked for by.
    let texts: BTreeSet<String> = articles
        .filter(|article| article.locale == locale)
        .flat_map(|article| article.questions.into_iter().chain([article.title]))
        .collect();
    texts.into_iter().collect()
}
