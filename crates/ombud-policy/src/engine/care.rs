//! What of a message comes first? Somebody who needs care, what people see to before others, and a yes before what is asked beside it.

use ombud_domain::{AwaitingKind, Command, Understanding};

use super::absorb::describe;
use super::{Deliberation, Engine, Sight};
use crate::dialogue::tell_danger;

impl Engine<'_> {
    /// Why people see to a request of this message, or to one that runs, before others, if it ends with them in any case: "this is fraud, get me a person".
    pub(super) fn urgent(&self, state: &Deliberation, understood: &Understanding) -> Option<String> {
        let wished = understood.commands.iter().filter_map(|command| match command {
            Command::StartFlow { flow, .. } => Some(flow),
            _ => None,
        });
        let mut flows = wished.chain(state.dialogue.frames.iter().map(|frame| &frame.flow));
        flows.find_map(|flow| self.pack.flows.get(flow)?.ends_urgently().map(ToOwned::to_owned))
    }

    /// The commands in the order they are done. Where care begins, nothing is said before it, no question is answered beside it, and what sounds like a refusal ("I
    /// don't want to live any more") ends nothing of it (R53).
    pub(super) fn care_first<'c>(&self, state: &mut Deliberation, understood: &'c Understanding) -> Vec<&'c Command> {
        let agreed = self.agrees_first(state, understood);
        let cares = self.absorb_signals(state, &understood.signals);
        let is_care = |command: &&Command| match command {
            Command::StartFlow { flow, .. } => self.pack.manifest.signals.values().any(|care| care == flow),
            _ => false,
        };
        let (mut ordered, others): (Vec<_>, Vec<_>) = understood.commands.iter().partition(is_care);
        let waits = cares || !ordered.is_empty();
        let is_talk = |command: &Command| {
            matches!(
                command,
                Command::Ask { .. } | Command::Chitchat { .. } | Command::Clarify { .. } | Command::Repeat
            ) || matches!(command, Command::AskColleague | Command::CannotRead | Command::Cancel | Command::Deny { .. })
        };
        let is_done = |command: &Command| agreed && is_agreement(command);
        // What is asked beside a yes is answered once it is done, also where it stands in front.
        let agrees = |command: &&Command| **command == Command::Affirm;
        let asks = |command: &&Command| matches!(command, Command::Ask { .. });
        let mut others = others;
        if let (Some(yes), Some(question)) = (others.iter().position(agrees), others.iter().position(asks))
            && question < yes
        {
            let yes = others.remove(yes);
            others.insert(question, yes);
        }
        ordered.extend(others.into_iter().filter(|command| !(waits && is_talk(command) || is_done(command))));
        ordered
    }

    /// "Yes please. My nan passed on Sunday": what was agreed to is done, and the sorrow is answered after it. Not where somebody is in danger or
    /// under pressure.
    fn agrees_first(&self, state: &mut Deliberation, understood: &Understanding) -> bool {
        let agrees = understood.commands.contains(&Command::Affirm);
        let is_asked = state.dialogue.awaiting.kind == AwaitingKind::Confirm && self.moment.sight == Sight::Current;
        let agreed = agrees && is_asked && !understood.signals.is_empty() && !tell_danger(&understood.signals);
        for command in understood.commands.iter().filter(|command| agreed && is_agreement(command)) {
            state.ending.reasons.push(describe(command));
            match command {
                Command::Correct { text } => self.correct(state, text),
                _ => self.confirmed(state),
            }
        }
        agreed
    }
}

/// A yes, and what is put right with it.
const fn is_agreement(command: &Command) -> bool {
    matches!(command, Command::Affirm | Command::Correct { .. })
}
