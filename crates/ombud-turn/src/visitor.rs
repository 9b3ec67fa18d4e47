//! What does somebody without an account ask? The rules, and no record: he is not asked who he is once he has said so.

use ombud_domain::{Command, IdentityLevel, Understanding};

use crate::assistant::Assistant;
use crate::intake::Arrival;
use crate::records::customer_of;

/// Digits of a number that belongs to a case of one's own.
const NUMBER_DIGITS_MIN: usize = 5;

/// What was understood, where requests that need an account are questions for the articles.
pub(crate) fn in_general(
    assistant: &Assistant,
    received: &Arrival,
    words: &str,
    mut understanding: Understanding,
) -> Understanding {
    let conversation = &received.conversation;
    let reader = assistant.reader(&conversation.locale);
    // Who gives an address or a number after all has a case of his own.
    let digits = words.chars().filter(char::is_ascii_digit).count();
    if customer_of(conversation).is_some() || words.contains('@') || digits >= NUMBER_DIGITS_MIN {
        return understanding;
    }
    let needs_account =
        |flow: &String| assistant.pack.flows.get(flow).is_some_and(|flow| flow.identity > IdentityLevel::Anonymous);
    if !conversation.dialogue.no_account && !reader.says_no_account(words) {
        // "What if I return something, do I still have to pay?" asks the rules twice.
        let asks = understanding.commands.iter().any(|command| matches!(command, Command::Ask { .. }));
        let is_question = |command: &Command| matches!(command, Command::StartFlow { flow, text, .. } if needs_account(flow) && reader.asks(text) && !reader.tells_own_case(text));
        understanding.commands.retain(|command| !(asks && is_question(command)));
        return understanding;
    }
    for command in &mut understanding.commands {
        let query = match command {
            Command::StartFlow { flow, text, .. } if needs_account(flow) => text.clone(),
            Command::Clarify { flows } if flows.iter().any(needs_account) => words.to_owned(),
            _ => continue,
        };
        *command = Command::Ask { query, confidence: 1.0 };
    }
    understanding.commands.dedup();
    understanding
}
