//! Does a flow still go as its author wrote down? Dialogues of `flows/<name>/tests.yaml`, turn by turn.

use ombud_domain::AwaitingKind;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::channel::{Channel, Heard};
use crate::dialogue::{Dialogue, Ending, Next, Utterance, UtteranceKind, Visitor, hold};
use crate::goals::covers;
use crate::grade::Grade;
use crate::place::{line_of, of_yaml};
use crate::variation::Manner;
use crate::words::folded;

/// A dialogue with what is expected of every reply.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// What it shows.
    pub name: String,
    /// Who is signed in; nobody if absent.
    #[serde(default)]
    pub customer: Option<String>,
    /// Whose phone he holds, for one-time codes; that of the one who is signed in if absent.
    #[serde(default)]
    pub phone: Option<String>,
    /// What he wrote in an earlier conversation, message by message.
    #[serde(default)]
    pub earlier: Vec<String>,
    /// The turns.
    pub turns: Vec<GoldenTurn>,
}

/// One message and what its reply must be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenTurn {
    /// What the customer writes; absent when he enters the code.
    #[serde(default)]
    pub say: Option<String>,
    /// He enters the one-time code that he has got.
    #[serde(default)]
    pub code: bool,
    /// What the reply must be.
    #[serde(default)]
    pub expect: Expected,
}

/// What a reply must be; what is absent may be anything.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// What it waits for.
    #[serde(default)]
    pub awaiting: Option<AwaitingKind>,
    /// For which slot.
    #[serde(default)]
    pub slot: Option<String>,
    /// What it says.
    #[serde(default)]
    pub contains: Vec<String>,
    /// What it does not say.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// What it proposes.
    #[serde(default)]
    pub proposal: Option<ExpectedProposal>,
    /// The reason code of a refusal.
    #[serde(default)]
    pub refused: Option<String>,
    /// An action that is done.
    #[serde(default)]
    pub done: Option<String>,
    /// Status of the conversation.
    #[serde(default)]
    pub status: Option<String>,
}

/// A proposal with some of its arguments.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedProposal {
    /// The action.
    pub action: String,
    /// Arguments that must be the same; others do not count.
    #[serde(default)]
    pub arguments: Map<String, Value>,
}

/// Why a file of dialogues cannot be used; its author can fix it.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct GoldenError {
    /// Which file.
    pub file: String,
    /// Its line; 0 where the whole file is meant.
    pub line: usize,
    /// What is wrong, with its line.
    pub reason: String,
}

/// The dialogues of one file.
///
/// # Errors
/// [`GoldenError`]; the author can fix it.
pub fn parse(file: &str, source: &str) -> Result<Vec<Golden>, GoldenError> {
    let wrong = |line: usize, reason: String| GoldenError { file: file.to_owned(), line, reason };
    let dialogues: Vec<Golden> = serde_saphyr::from_str(source).map_err(|error| {
        let (line, reason) = of_yaml(&error);
        wrong(line, reason)
    })?;
    for dialogue in &dialogues {
        let line = line_of(source, &dialogue.name);
        if dialogue.turns.is_empty() || dialogue.turns.iter().all(|turn| turn.expect == Expected::default()) {
            return Err(wrong(line, format!("`{}` expects nothing of any reply", dialogue.name)));
        }
        if dialogue.turns.iter().any(|turn| turn.say.is_some() == turn.code)
            || dialogue.turns.first().is_some_and(|turn| turn.code)
        {
            let needed =
                format!("a turn of `{}` needs either `say` or, but for the first, `code: true`", dialogue.name);
            return Err(wrong(line, needed));
        }
    }
    Ok(dialogues)
}

/// What the customers of some dialogues say in another language, by the dialogue (`<flow>: <name>`): a file `dialogues/<locale>.json` of a pack.
pub type Spoken = std::collections::BTreeMap<String, Vec<String>>;

impl Golden {
    /// The same dialogue with other words of the customer. What the replies say is not compared any more; what they ask, propose and do is.
    ///
    /// # Errors
    /// When there are not as many lines as messages; their author can fix it.
    pub fn in_words(&self, lines: &[String]) -> Result<Self, String> {
        let mut lines = lines.iter();
        let mut turns = self.turns.clone();
        for turn in &mut turns {
            if turn.say.is_some() {
                turn.say = Some(lines.next().ok_or("a line is missing")?.clone());
            }
            turn.expect.contains.clear();
            turn.expect.lacks.clear();
        }
        match lines.next() {
            None => Ok(Self { turns, ..self.clone() }),
            Some(_) => Err("there are more lines than messages".to_owned()),
        }
    }
}

struct Reader<'a> {
    turns: &'a [GoldenTurn],
    next: usize,
    grade: Grade,
}

impl Reader<'_> {
    fn next(&mut self) -> Next {
        let turn = self.turns.get(self.next);
        self.next += 1;
        match turn {
            None => Next::Stop,
            Some(GoldenTurn { say: Some(text), .. }) => Next::Say(Utterance::new(UtteranceKind::Request, text)),
            Some(_) => Next::Code,
        }
    }
}

impl Visitor for Reader<'_> {
    fn opening(&mut self) -> Utterance {
        let text = match self.next() {
            Next::Say(utterance) => utterance.text,
            _ => String::new(),
        };
        Utterance::new(UtteranceKind::Opening, text)
    }

    fn hear(&mut self, heard: &Heard) -> Next {
        if let Some(turn) = self.turns.get(self.next.saturating_sub(1)) {
            for difference in differences(&turn.expect, heard) {
                self.grade.fail("golden", format!("turn {}: {difference}", self.next));
            }
        }
        self.next()
    }
}

/// Plays a dialogue and says where it went another way; an assistant that does not answer fails it.
pub async fn play(golden: &Golden, channel: &dyn Channel) -> (Dialogue, Grade) {
    let mut reader = Reader { turns: &golden.turns, next: 0, grade: Grade::default() };
    let dialogue = hold(&mut reader, &mut Manner::plain(), channel).await;
    let mut grade = reader.grade;
    if let Ending::Broken(reason) = &dialogue.ending {
        grade.fail("broken", reason.clone());
    }
    let ending = if dialogue.ending == Ending::HandedOver { Ending::Closed } else { dialogue.ending };
    (Dialogue { ending, ..dialogue }, grade)
}

fn differences(expected: &Expected, heard: &Heard) -> Vec<String> {
    let mut found = Vec::new();
    let awaiting = &heard.awaiting;
    if let Some(kind) = expected.awaiting.filter(|kind| *kind != awaiting.kind) {
        found.push(format!("awaits {:?}, not {kind:?}", awaiting.kind));
    }
    if expected.slot.is_some() && expected.slot != awaiting.slot {
        found.push(format!("awaits slot {:?}, not {:?}", awaiting.slot, expected.slot));
    }
    let said = folded(&heard.text());
    found.extend(
        expected
            .contains
            .iter()
            .filter(|text| !said.contains(&folded(text)))
            .map(|text| format!("does not say `{text}`")),
    );
    found
        .extend(expected.lacks.iter().filter(|text| said.contains(&folded(text))).map(|text| format!("says `{text}`")));
    if let Some(wanted) = &expected.proposal {
        match &awaiting.proposal {
            Some(given) if given.action == wanted.action && covers(&wanted.arguments, &given.arguments) => {}
            Some(given) => found.push(format!(
                "proposes {} {}, not {} {}",
                given.action,
                Value::Object(given.arguments.clone()),
                wanted.action,
                Value::Object(wanted.arguments.clone())
            )),
            None => found.push(format!("proposes nothing, not {}", wanted.action)),
        }
    }
    if let Some(code) =
        expected.refused.as_ref().filter(|code| !heard.refused.iter().any(|refused| refused.reason_code == **code))
    {
        found.push(format!("does not refuse with `{code}`"));
    }
    if let Some(action) = expected.done.as_ref().filter(|action| !heard.done.iter().any(|done| done.action == **action))
    {
        found.push(format!("has not done `{action}`"));
    }
    if let Some(status) = expected.status.as_ref().filter(|status| **status != heard.status) {
        found.push(format!("is `{}`, not `{status}`", heard.status));
    }
    found
}

#[cfg(test)]
mod tests {
    use ombud_domain::{AwaitingProposal, DoneAction, RefusedRequest};
    use serde_json::json;

    use super::*;
    use crate::dialogue::tests::{Scripted, heard};

    const FILE: &str = r#"
- name: cancelled after a yes
  turns:
    - say: cancel it
      expect: { awaiting: confirm, proposal: { action: cancel, arguments: { order_id: O-1 } }, lacks: [sorry] }
    - say: "yes"
      expect: { done: cancel, contains: [gone], status: open }
"#;

    #[test]
    fn in_other_words_the_same_is_expected_but_for_what_is_said() {
        let [golden] = parse("tests.yaml", FILE).unwrap().try_into().unwrap();
        let lines = ["storniere sie", "ja"].map(ToOwned::to_owned);
        let german = golden.in_words(&lines).unwrap();
        assert_eq!(german.turns[0].say.as_deref(), Some("storniere sie"));
        assert_eq!(german.turns[0].expect.proposal, golden.turns[0].expect.proposal);
        assert!(german.turns[1].expect.contains.is_empty() && german.turns[1].expect.done.is_some());
        assert!(golden.in_words(&lines[..1]).is_err());
        assert!(golden.in_words(&["a", "b", "c"].map(ToOwned::to_owned)).is_err());
    }

    fn confirm(order: &str) -> Heard {
        let mut reply = heard(AwaitingKind::Confirm, None, "Cancel?");
        let arguments = json!({"order_id": order, "reason": "x"}).as_object().unwrap().clone();
        reply.awaiting.proposal =
            Some(AwaitingProposal { action: "cancel".to_owned(), arguments, summary: String::new() });
        reply
    }

    fn done() -> Heard {
        let done = DoneAction { action: "cancel".to_owned(), receipt_id: "1".to_owned(), arguments: Map::new() };
        Heard { done: vec![done], status: "open".to_owned(), ..heard(AwaitingKind::AnythingElse, None, "It is GONE.") }
    }

    #[tokio::test]
    async fn a_dialogue_that_goes_as_written_passes() {
        let golden = parse("tests.yaml", FILE).unwrap();
        let assistant = Scripted::new(vec![confirm("O-1"), done()]);
        let (dialogue, grade) = play(&golden[0], &assistant).await;
        assert!(grade.is_passed(), "{grade:?}");
        assert_eq!((dialogue.turns, assistant.was_told()), (2, vec!["cancel it".to_owned(), "yes".to_owned()]));
    }

    #[tokio::test]
    async fn every_other_way_is_named_with_its_turn() {
        let golden = parse("tests.yaml", FILE).unwrap();
        let (_, grade) = play(&golden[0], &Scripted::new(vec![confirm("O-2"), Heard::default()])).await;
        let found = grade.differences.join("\n");
        for part in [
            "turn 1: proposes cancel",
            "turn 2: has not done `cancel`",
            "turn 2: does not say `gone`",
            "turn 2: is ``, not `open`",
        ] {
            assert!(found.contains(part), "{found}");
        }
    }

    #[test]
    fn refusals_and_slots_are_compared() {
        let expected: Expected =
            serde_json::from_value(json!({"awaiting": "slot", "slot": "order", "refused": "late"})).unwrap();
        let mut reply = heard(AwaitingKind::Slot, Some("order"), "");
        reply.refused = vec![RefusedRequest { flow: "f".to_owned(), reason_code: "late".to_owned() }];
        assert_eq!(differences(&expected, &reply), Vec::<String>::new());
        assert_eq!(differences(&expected, &heard(AwaitingKind::None, None, "")).len(), 3);
    }

    #[test]
    fn every_key_of_a_dialogue_is_told_in_its_page() {
        const PAGE: &str = include_str!("../../../docs/ACTIONS.md");
        let told = [
            ombud_testkit::unnamed_keys::<Golden>(PAGE, "Dialogues of a flow"),
            ombud_testkit::unnamed_keys::<GoldenTurn>(&PAGE.replace("`code: true`", "`code`"), "Dialogues of a flow"),
            ombud_testkit::unnamed_keys::<Expected>(PAGE, "Dialogues of a flow"),
            ombud_testkit::unnamed_keys::<ExpectedProposal>(PAGE, "Dialogues of a flow"),
        ];
        assert_eq!(told.concat(), [""; 0]);
        assert!(ombud_testkit::keys_of::<Expected>().len() > 5);
    }

    #[test]
    fn a_dialogue_that_expects_nothing_is_refused() {
        assert!(parse("t", "- {name: a, turns: [{say: hi}]}").unwrap_err().to_string().contains("expects nothing"));
        assert!(
            parse("t", "- {name: a, turns: [{expect: {done: x}}]}")
                .unwrap_err()
                .to_string()
                .contains("needs either `say`")
        );
    }
}
