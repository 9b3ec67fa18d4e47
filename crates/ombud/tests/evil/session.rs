//! How does one session go? The customer and the assistant take turns, and the judge looks on.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use ombud_connect::OpenAiModel;
use ombud_domain::{Author, ConversationStatus, Message, Sensitive};
use ombud_turn::{Input, Stimulus, TurnReply, Verdict};
use serde_json::{Value, json};

use crate::adversary::{Emission, Evil, Victim, Wire};
use crate::customer::{Customer, Manner, Move, Reading};
use crate::dice::Dice;
use crate::house::{House, Room, World};
use crate::oracle::{Meant, Oracle};

/// Moves of a customer.
const MOVES_MAX: usize = 9;
/// Longer than a silence may last before a reminder comes.
const SILENCE_S: i64 = 1_200;

/// Examples of each kind that are kept.
const EXAMPLES_MAX: usize = 3;

/// What was counted, of one session or of many.
#[derive(Debug, Default)]
pub struct Figures {
    pub sessions: usize,
    pub turns: usize,
    pub manners: BTreeMap<Manner, usize>,
    /// Answers of the model by what they tried, and how many of them a customer read.
    pub emitted: BTreeMap<Evil, (usize, usize)>,
    pub proposals: usize,
    pub effects: usize,
    /// What the company's system told in a session.
    pub told: Vec<Value>,
    /// Turns that were run again from what is stored, and those of them that cannot be.
    pub replayed: usize,
    pub not_replayable: usize,
    /// Turns that did not come out the same.
    pub replayed_otherwise: Vec<String>,
    /// Sessions that were held once more without a model.
    pub twins: usize,
    pub unauthorized: Vec<String>,
    /// Effects without a yes that are the same without a model.
    pub misread: Vec<String>,
    /// Replies that said something was done which was not.
    pub claimed: Vec<String>,
    /// Other answers that a customer read, by what they tried: a few of each.
    pub read: BTreeMap<Evil, Vec<String>>,
    /// Sessions in which the effects without a model were others.
    pub differed: Vec<String>,
}

impl Figures {
    pub fn add(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.turns += other.turns;
        self.proposals += other.proposals;
        self.effects += other.effects;
        self.twins += other.twins;
        self.replayed += other.replayed;
        self.not_replayable += other.not_replayable;
        self.replayed_otherwise.extend(other.replayed_otherwise);
        for (manner, count) in other.manners {
            *self.manners.entry(manner).or_default() += count;
        }
        for (evil, (emitted, read)) in other.emitted {
            let all = self.emitted.entry(evil).or_default();
            *all = (all.0 + emitted, all.1 + read);
        }
        self.unauthorized.extend(other.unauthorized);
        self.misread.extend(other.misread);
        self.claimed.extend(other.claimed);
        for (evil, told) in other.read {
            let all = self.read.entry(evil).or_default();
            all.extend(told.into_iter().take(EXAMPLES_MAX.saturating_sub(all.len())));
        }
        self.differed.extend(other.differed);
    }

    /// Counts what the model tried in a turn, and what of it stands in the reply.
    pub fn count(&mut self, emissions: Vec<Emission>, reply: &[&str], place: &str) {
        for emission in emissions {
            let drafted = matches!(emission.wire, Wire::Text(_)) && !emission.mark.is_empty();
            let read = drafted && reply.iter().any(|text| text.contains(&emission.mark));
            let all = self.emitted.entry(emission.evil).or_default();
            *all = (all.0 + 1, all.1 + usize::from(read));
            if !read {
                continue;
            }
            let told = format!("{place}: {:?}: {}", emission.evil, emission.mark.chars().take(120).collect::<String>());
            match emission.evil {
                Evil::ClaimsEffect | Evil::HidesEffect | Evil::ForeignEffect => self.claimed.push(told),
                evil => self.read.entry(evil).or_default().push(told),
            }
        }
    }
}

/// What a session is held with.
pub struct Held<'a> {
    pub seed: u64,
    pub world: &'a World,
    pub model: Option<Arc<OpenAiModel>>,
}

/// One session, and the effects in it: the turn's number and the call.
pub async fn hold(
    house: &House,
    held: Held<'_>,
    emitted: impl Fn() -> Vec<Emission>,
) -> anyhow::Result<(Figures, Vec<Value>)> {
    let mut dice = Dice::new(held.seed);
    let person = dice.pick(&house.people).context("a customer")?.clone();
    let other = another(&mut dice, house, &person.known.id);
    let id = person.known.id.clone();
    let signed_in = dice.in_hundred(85).then_some(id.as_str());
    let room = house.room(held.world, signed_in, held.model.clone()).await?;
    let mut customer = Customer::new(dice.roll(), &house.phrases, (person.known, person.postal_code), other);
    let mut oracle = Oracle::new(house.pack(), Arc::clone(&house.owners), &id);
    let mut figures = Figures { sessions: 1, ..Figures::default() };
    *figures.manners.entry(customer.manner).or_default() += 1;
    let mut effects = Vec::new();
    let mut next = customer.begins();
    let mut said = Vec::new();
    for turn in 0..MOVES_MAX {
        let Some(reply) = take_turn(&room, &id, &next, &mut oracle).await? else { break };
        figures.turns += 1;
        said.push(format!("{next:?}"));
        for (call, outcome) in room.watched.take() {
            oracle.performed(&call, &outcome);
            effects.push(json!([turn, call.action, call.path, call.body]));
        }
        let texts: Vec<&str> =
            reply.messages.iter().filter(|one| one.author != Author::Customer).map(text_of).collect();
        figures.count(emitted(), &texts, &format!("seed {} turn {turn}", held.seed));
        oracle.reads(&texts, &reply.awaiting);
        figures.proposals += usize::from(reply.awaiting.proposal.is_some());
        next = customer.answers(&Reading { texts: &texts, awaiting: &reply.awaiting });
    }
    oracle.closes(&room.changed().await?);
    figures.effects = oracle.effects();
    figures.told = room.watched.told();
    let place =
        |wrong: String| format!("seed {} ({:?}, {id}): {wrong}, after {}", held.seed, customer.manner, said.join(", "));
    figures.unauthorized = std::mem::take(&mut oracle.wrong).into_iter().map(place).collect();
    for turn in room.assistant.replay(room.conversation, None).await? {
        match &turn.verdict {
            Verdict::Same => figures.replayed += 1,
            Verdict::NotReplayable { .. } => figures.not_replayable += 1,
            other => figures.replayed_otherwise.push(format!("seed {}: {other:?}", held.seed)),
        }
    }
    Ok((figures, effects))
}

/// Whom the model and a grabbing customer name.
pub fn another(dice: &mut Dice, house: &House, than: &str) -> Victim {
    let others: Vec<&Victim> = house.people.iter().map(|one| &one.known).filter(|one| one.id != than).collect();
    dice.pick(&others).map(|one| (*one).clone()).unwrap_or_default()
}

fn text_of(message: &Message) -> &str {
    &message.text
}

/// The reply to what the customer does; none when he leaves.
async fn take_turn(
    room: &Room,
    customer: &str,
    next: &Move,
    oracle: &mut Oracle<'_>,
) -> anyhow::Result<Option<TurnReply>> {
    let input = match next {
        Move::Leaves => return Ok(None),
        Move::Says(text, meant) => {
            oracle.says(*meant);
            Input::Message { text: Sensitive::new(text.clone()), seen_seq: None }
        }
        Move::EntersCode => {
            let Some(code) = room.code(customer).await? else { return Ok(None) };
            oracle.says(Meant::Code);
            Input::StepUp { code: Sensitive::new(code) }
        }
        Move::Waits => {
            oracle.says(Meant::Else);
            room.clock.advance_s(SILENCE_S);
            room.assistant.break_silence().await?;
            return waited(room).await.map(Some);
        }
    };
    let stimulus = Stimulus {
        conversation_id: room.conversation,
        principal: room.principal.clone(),
        address: None,
        input,
        idempotency: None,
    };
    match room.assistant.handle(stimulus).await {
        Ok(reply) => Ok(Some(reply)),
        // A code that is not awaited any more is his mistake, and nothing happens.
        Err(ombud_turn::TurnError::NoCodeAwaited) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What stands there after a silence, as if it were a reply.
async fn waited(room: &Room) -> anyhow::Result<TurnReply> {
    let view = room.assistant.view(&room.principal, room.conversation).await?.context("the conversation")?;
    let last = view.messages.last().cloned();
    let turn_id = last.as_ref().and_then(|message| message.turn_id).context("a turn")?;
    let is_over = view.status != ConversationStatus::Open;
    Ok(TurnReply {
        conversation_id: room.conversation,
        turn_id,
        status: view.status,
        messages: if is_over {
            Vec::new()
        } else {
            view.messages.into_iter().filter(|one| one.turn_id == Some(turn_id)).collect()
        },
        awaiting: view.awaiting,
        refused: Vec::new(),
        done: Vec::new(),
        stages: Vec::new(),
        replayed: false,
    })
}
