//! How does a conversation begin? With a greeting that tells of the AI (R46), and for an idempotency key once.

use std::collections::HashSet;

use ombud_domain::{
    Author, Awaiting, AwaitingKind, ConversationId, ConversationStatus, JsonText, Principal, SessionId,
};
use ombud_policy::Proof;
use ombud_ports::StoredReply;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::assistant::Assistant;
use crate::context::{self, Asker};
use crate::conversation::{Answered, Conversation, Opened};
use crate::intake::IdempotencyKey;
use crate::record::{MessageCreated, append, event, message};
use crate::turn::TurnError;
use crate::view::ConversationView;
use crate::{desk, shadow};

/// What a customer wishes for a conversation that he opens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// Language tag; the pack's default if it does not speak it.
    pub locale: Option<String>,
    /// Market code; his own if the pack knows it, else the first, if it does not serve it.
    pub market: Option<String>,
}

impl Assistant {
    /// Opens a conversation with the greeting that tells the customer of the AI (R46).
    ///
    /// # Errors
    /// [`TurnError::Store`] when the ledger cannot be written.
    pub async fn open(
        &self,
        principal: &Principal,
        locale: Option<&str>,
        market: Option<&str>,
    ) -> Result<ConversationView, TurnError> {
        let id = ConversationId(self.fresh_uuid());
        let wish = Wish { locale: locale.map(ToOwned::to_owned), market: market.map(ToOwned::to_owned) };
        let view = open(self, principal, &wish, (id, None)).await?;
        Ok(shadow::seen_by_customer(self, view))
    }

    /// Opens a conversation once for a key of the caller's session; a repeat opens none and gives it as it is now.
    ///
    /// # Errors
    /// [`TurnError::KeyReused`] when the key was used for another wish, [`TurnError::Erased`] when what was opened with it was erased, [`TurnError::Store`].
    pub async fn open_once(
        &self,
        principal: &Principal,
        wish: &Wish,
        key: IdempotencyKey,
    ) -> Result<ConversationView, TurnError> {
        let id = id_of(self, principal.session_id, &key);
        let lock = self.turn_lock(id);
        let _opening = lock.lock().await;
        if let Some(view) = self.opened_before(principal, id, &key).await? {
            return Ok(view);
        }
        match open(self, principal, wish, (id, Some(&key))).await {
            Ok(view) => Ok(shadow::seen_by_customer(self, view)),
            // Another process was faster with the same key.
            Err(TurnError::Conflict | TurnError::InFlight) => {
                self.forget(id);
                self.opened_before(principal, id, &key).await?.ok_or(TurnError::InFlight)
            }
            Err(error) => Err(error),
        }
    }

    /// The conversation that was opened with a key; none when none was. Once the key is forgotten, it is given whatever was wished.
    async fn opened_before(
        &self,
        principal: &Principal,
        id: ConversationId,
        key: &IdempotencyKey,
    ) -> Result<Option<ConversationView>, TurnError> {
        let Some(conversation) = self.load(id).await?.filter(|conversation| conversation.belongs_to(principal)) else {
            return Ok(None);
        };
        let stored = self.ports.ledger.stored_reply(&self.settings.tenant, &id.to_string(), &place(key)).await?;
        if stored.is_some_and(|stored| stored.body_hash != key.body_hash) {
            return Err(TurnError::KeyReused);
        }
        let view = desk::conversation_view(self, &conversation).await?;
        Ok(Some(shadow::seen_by_customer(self, view)))
    }
}

/// Where the key of an opening is kept: apart from those of messages, which a caller may send with the same key.
fn place(key: &IdempotencyKey) -> String {
    format!("opened {}", key.key)
}

/// Bytes of an id.
const ID_BYTES: usize = 16;

/// The id of the conversation that a session opens with a key: always the same, so that two processes cannot open two.
fn id_of(assistant: &Assistant, session: SessionId, key: &IdempotencyKey) -> ConversationId {
    let named = json!([assistant.settings.tenant.as_str(), session, key.key]).to_string();
    let digest = Sha256::digest(named.as_bytes());
    let mut bytes = [0; ID_BYTES];
    bytes.iter_mut().zip(digest.iter()).for_each(|(byte, digested)| *byte = *digested);
    ConversationId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

async fn open(
    assistant: &Assistant,
    principal: &Principal,
    wish: &Wish,
    (id, key): (ConversationId, Option<&IdempotencyKey>),
) -> Result<ConversationView, TurnError> {
    let at = assistant.ports.clock.now();
    let pack = &assistant.pack;
    let locale = assistant.locale_for(wish.locale.as_deref()).to_owned();
    let customer = match &principal.customer_id {
        None => None,
        Some(id) => {
            let (customer_id, market) = (id.to_string(), String::new());
            let asker = Asker { customer_id, level: principal.level, proof: Proof::Session, market };
            context::customer_record(assistant, &asker).await
        }
    };
    let member = |name: &str| customer.as_ref()?.get(name)?.as_str().map(ToOwned::to_owned);
    let market = wish.market.as_deref();
    let home = pack.manifest.identity.market.as_deref().filter(|_| market.is_none()).and_then(member);
    let opened = Opened {
        session_id: SessionId(principal.session_id.0),
        customer_id: principal.customer_id.clone(),
        customer_name: customer.as_ref().and_then(context::customer_name),
        locale: locale.clone(),
        market: pack.market_for(market.or(home.as_deref())).to_owned(),
        pack: pack.manifest.name.clone(),
        pack_hash: pack.hash.clone(),
    };
    let greeting = message(assistant, (1, at), Author::Assistant, greeting(assistant, &locale));
    let events = vec![event("conversation.opened", &opened)?, MessageCreated::of(&greeting).event()?];
    let mut state = Conversation { answered: Answered::Only(HashSet::new()), ..Conversation::opened(id, opened, at) };
    state.advance(&events, at, None);
    let kept = key.map(|key| {
        let (scope, body_hash, response) = (id.to_string(), key.body_hash.clone(), JsonText::from(Value::Null));
        StoredReply { scope, key: place(key), body_hash, response }
    });
    state.version = append(assistant, id, 0, events, kept, at).await?;
    let market = state.market.clone();
    assistant.keep(state);
    Ok(ConversationView {
        id,
        status: ConversationStatus::Open,
        locale,
        market,
        created_at: at,
        messages: vec![greeting],
        agent_name: None,
        awaiting: Awaiting { kind: AwaitingKind::None, ..Awaiting::default() },
    })
}

fn greeting(assistant: &Assistant, locale: &str) -> String {
    let pack = &assistant.pack;
    let menu: Vec<&str> = pack.manifest.menu.flows.iter().map(|flow| pack.title(locale, flow)).collect();
    let names =
        json!({"company": {"name": pack.manifest.title, "assistant": pack.manifest.assistant.name}, "menu": menu});
    pack.texts.render(locale, "", "greeting", &[names.as_object().unwrap_or(&Map::new())]).unwrap_or_default()
}
