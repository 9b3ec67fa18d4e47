//! From what is the reading of messages built?

use std::collections::BTreeMap;

use serde::Deserialize;

use super::acts::ReplyExample;
use crate::classify::{Example, TrainError};
use crate::extract::{PatternError, PatternSpec};

/// A file of labelled sentences: `packs/base/nlu/<locale>.yaml` and its like in other packs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NluFile {
    /// Language tag of the sentences.
    pub locale: String,
    /// Sentences by class.
    pub classes: BTreeMap<String, Vec<String>>,
}

/// The small rule layer: `packs/base/nlu/rules.<locale>.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleFile {
    /// Language tag of the words.
    pub locale: String,
    /// Regular expressions by the name under which the code asks for them; case is ignored.
    pub patterns: BTreeMap<String, Vec<String>>,
    /// Word lists: `fillers`, `abbreviations`, `stop`.
    pub words: BTreeMap<String, Vec<String>>,
}

/// A request that the words of another one ask for too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Together {
    /// Name of the flow that begins as well.
    pub flow: String,
    /// Name of the flow that the words were read as.
    pub with: String,
    /// Regular expression for words of it that name the other: "and in my profile".
    pub says: String,
}

/// Everything the understander learns from.
#[derive(Debug, Clone, Default, Hash)]
pub struct NluModel {
    /// Language tag of the examples, such as `en`.
    pub locale: String,
    /// Labelled sentences: `flow:<name>`, `ask`, `repair:<kind>`, `detail`.
    pub examples: Vec<Example>,
    /// Further messages with their classes, stories and slang among them: the classifier learns from them, and the rules take no words from them.
    pub requests: Vec<Example>,
    /// Example questions of the articles: of rules, and of one's own case.
    pub questions: Vec<String>,
    /// Patterns of the pack: order numbers, user ids, tracking numbers.
    pub patterns: Vec<PatternSpec>,
    /// Regular expressions for the words that name the wish for a flow: (flow, expression). Without them such a flow does not begin beside
    /// another request, and "I don't want to" with them ends it.
    pub wishes: Vec<(String, String)>,
    /// Requests that are asked for together with another by the same words.
    pub together: Vec<Together>,
    /// Words of the language that need no mending, beside those of the examples.
    pub words: Vec<String>,
    /// Replies with what they do; without them only the rules tell a yes from a no.
    pub replies: Vec<ReplyExample>,
    /// The rule layer of the language; without one the classifier stands alone, and a wish for a person may be missed.
    pub rules: RuleFile,
}

/// Why no understander could be built; the operator mends the pack.
#[derive(Debug, thiserror::Error)]
pub enum NluError {
    /// The examples cannot be learnt from.
    #[error("examples cannot be learnt from")]
    Train(#[from] TrainError),
    /// A pattern of the pack does not compile.
    #[error("a pattern of the pack cannot be used")]
    Pattern(#[from] PatternError),
    /// A `wishes` or `together` expression of a flow does not compile.
    #[error("a wish of flow `{flow}` cannot be read, write a regular expression in RE2 syntax")]
    Wish {
        /// Name of the flow.
        flow: String,
    },
    /// A pattern of the rule file does not compile, or a needed one is missing.
    #[error("rule `{name}` cannot be read, give it a list of regular expressions in RE2 syntax")]
    Rule {
        /// Name of the rule.
        name: String,
    },
}

impl NluModel {
    /// Adds the sentences of a file.
    pub fn add(&mut self, file: NluFile) {
        for (class, texts) in file.classes {
            self.examples.extend(texts.into_iter().map(|text| Example { class: class.clone(), text }));
        }
    }
}
