//! A conversation as a customer sees it.

use ombud_domain as domain;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use ombud_turn::ConversationView;

/// Who answers at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The assistant answers.
    Open,
    /// Handed over, nobody has taken it yet.
    WaitingForAgent,
    /// A person answers.
    WithAgent,
    /// Ended.
    Resolved,
}

impl From<domain::ConversationStatus> for Status {
    fn from(status: domain::ConversationStatus) -> Self {
        match status {
            domain::ConversationStatus::Open => Self::Open,
            domain::ConversationStatus::WaitingForAgent => Self::WaitingForAgent,
            domain::ConversationStatus::WithAgent => Self::WithAgent,
            domain::ConversationStatus::Resolved => Self::Resolved,
        }
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The customer.
    Customer,
    /// The assistant, an AI.
    Assistant,
    /// A person of the company.
    Agent,
    /// The system.
    System,
}

impl From<domain::Author> for Author {
    fn from(author: domain::Author) -> Self {
        match author {
            domain::Author::Customer => Self::Customer,
            domain::Author::Assistant => Self::Assistant,
            domain::Author::Agent => Self::Agent,
            domain::Author::System => Self::System,
        }
    }
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Citation {
    /// Article id.
    pub article_id: String,
    /// Article title.
    pub title: String,
    /// The sentences that support the answer.
    pub quote: String,
    /// Where the public can read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl From<domain::Citation> for Citation {
    fn from(citation: domain::Citation) -> Self {
        let domain::Citation { article_id, title, quote, url } = citation;
        Self { article_id, title, quote, url }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Position in the conversation from 1; also its event id.
    pub seq: i64,
    /// Who wrote it.
    pub author: Author,
    /// Name of the person, for `agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// Text; card numbers and the like are masked.
    pub text: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// What it quotes.
    pub citations: Vec<Citation>,
    /// The turn it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_id: Option<String>,
    /// Whether the customer never got it, because it was written in shadow mode; left out if he did.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub withheld: bool,
}

impl From<domain::Message> for Message {
    fn from(message: domain::Message) -> Self {
        Self {
            id: message.id.to_string(),
            seq: message.seq,
            author: message.author.into(),
            author_name: message.author_name,
            text: message.text,
            at: message.at.to_rfc3339(),
            citations: message.citations.into_iter().map(Into::into).collect(),
            turn_id: message.turn_id.map(|id| id.to_string()),
            withheld: message.withheld,
        }
    }
}

/// The kind of thing a reply waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AwaitingKind {
    /// Details that identify the customer; with slot `one_time_code`, the code goes to `/step_up`.
    Identify,
    /// A value in free words.
    Slot,
    /// One of the options, or other words.
    Choice,
    /// Yes or no to the proposal.
    Confirm,
    /// Whether anything else is wanted.
    AnythingElse,
    /// A person.
    Handoff,
    /// Nothing.
    None,
}

impl From<domain::AwaitingKind> for AwaitingKind {
    fn from(kind: domain::AwaitingKind) -> Self {
        match kind {
            domain::AwaitingKind::Identify => Self::Identify,
            domain::AwaitingKind::Slot => Self::Slot,
            domain::AwaitingKind::Choice => Self::Choice,
            domain::AwaitingKind::Confirm => Self::Confirm,
            domain::AwaitingKind::AnythingElse => Self::AnythingElse,
            domain::AwaitingKind::Handoff => Self::Handoff,
            domain::AwaitingKind::None => Self::None,
        }
    }
}

/// What a reply waits for, so that a page can show buttons.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Awaiting {
    /// The kind of thing.
    pub kind: AwaitingKind,
    /// The slot an answer fills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// What can be picked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub options: Vec<AwaitingOption>,
    /// What "yes" would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<AwaitingProposal>,
}

/// An option that can be picked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AwaitingOption {
    /// What to send back, besides the label.
    pub id: String,
    /// What to show.
    pub label: String,
}

/// What "yes" would do.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AwaitingProposal {
    /// Action name.
    pub action: String,
    /// Exact arguments.
    #[schema(value_type = Object)]
    pub arguments: Map<String, Value>,
    /// The sentence to show.
    pub summary: String,
}

impl From<domain::Awaiting> for Awaiting {
    fn from(awaiting: domain::Awaiting) -> Self {
        Self {
            kind: awaiting.kind.into(),
            slot: awaiting.slot,
            options: awaiting
                .options
                .into_iter()
                .map(|option| AwaitingOption { id: option.id, label: option.label })
                .collect(),
            proposal: awaiting.proposal.map(|proposal| AwaitingProposal {
                action: proposal.action,
                arguments: proposal.arguments,
                summary: proposal.summary,
            }),
        }
    }
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// Who answers.
    pub status: Status,
    /// Language tag.
    pub locale: String,
    /// Market code.
    pub market: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// All messages, oldest first.
    pub messages: Vec<Message>,
    /// The person who has the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// What the last reply waits for.
    pub awaiting: Awaiting,
}

impl From<ConversationView> for Conversation {
    fn from(view: ConversationView) -> Self {
        Self {
            id: view.id.to_string(),
            status: view.status.into(),
            locale: view.locale,
            market: view.market,
            created_at: view.created_at.to_rfc3339(),
            messages: view.messages.into_iter().map(Into::into).collect(),
            agent_name: view.agent_name,
            awaiting: view.awaiting.into(),
        }
    }
}
