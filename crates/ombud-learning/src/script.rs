//! What does a scripted customer want, know and say, and how must the books look afterwards? Three files of JSON lines.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A scripted customer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Script {
    /// The task's id.
    pub id: String,
    /// The first message.
    pub opening: String,
    /// What the customer can tell about himself; null for what he does not remember.
    #[serde(default)]
    pub facts: BTreeMap<String, Value>,
    /// What he says when asked who he is.
    pub identify: String,
    /// What he wants done, in order.
    #[serde(default)]
    pub goals: Vec<Goal>,
    /// What he wants to know.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// What he asks for first although the rules refuse it.
    #[serde(default)]
    pub refused_first: Vec<String>,
    /// What he says to a refusal, once.
    #[serde(default)]
    pub if_refused: Option<String>,
    /// How he agrees.
    pub confirm_yes: String,
    /// How he turns a proposal down.
    pub confirm_no: String,
    /// What he says when he cannot answer.
    pub does_not_know: String,
    /// Whether he wants a person in the end.
    #[serde(default)]
    pub transfer_expected: bool,
    /// His last message.
    pub closing: String,
    /// What kind of person he is.
    #[serde(default)]
    pub persona: String,
}

/// One thing the customer wants done.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Goal {
    /// The action that does it; only the judge looks at it.
    #[serde(rename = "tool")]
    pub action: String,
    /// The exact arguments; only the judge looks at them.
    pub arguments: Map<String, Value>,
    /// How he brings it up.
    pub say: String,
    /// Whether the opening speaks of it already.
    #[serde(default)]
    pub in_opening: bool,
    /// His answers, by the thing asked.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
}

/// One thing the customer wants to know.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Question {
    /// How he asks.
    pub say: String,
    /// What he must be told.
    #[serde(default)]
    pub expect: Vec<String>,
    /// When he asks.
    pub when: When,
}

/// When a question is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At the first chance.
    Opening,
    /// Once the goal of this position is reached.
    AfterGoal(usize),
    /// When nothing else is left.
    End,
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match (text.as_str(), text.strip_prefix("after_goal_").map(str::parse)) {
            ("opening", _) => Ok(Self::Opening),
            ("end", _) => Ok(Self::End),
            (_, Some(Ok(position))) => Ok(Self::AfterGoal(position)),
            _ => Err(serde::de::Error::custom(format!("`{text}` is no time, write opening, after_goal_N or end"))),
        }
    }
}

/// How the books must look after a task.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Gold {
    /// The task's id.
    pub id: String,
    /// Whether nothing may change.
    #[serde(default)]
    pub unchanged: bool,
    /// The records that must differ from the start.
    #[serde(default)]
    pub diff: Vec<GoldRecord>,
}

/// A record that must differ from the start.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct GoldRecord {
    /// Its table.
    pub table: String,
    /// Its id.
    pub id: String,
    /// The whole record as it must be.
    pub after: Map<String, Value>,
}

/// A task with its customer and how it must end.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The customer.
    pub script: Script,
    /// How it must end.
    pub gold: Gold,
}

/// Why the files cannot be used; whoever wrote them can fix it.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// A line is not what it should be.
    #[error("{file}:{line}: {source}")]
    Line {
        /// Which of the files.
        file: &'static str,
        /// Line from 1.
        line: usize,
        /// The cause.
        source: serde_json::Error,
    },
    /// A task lacks its customer or its end.
    #[error("task `{id}` has no line in the file of {file}")]
    Absent {
        /// The task.
        id: String,
        /// What is missing.
        file: &'static str,
    },
    /// Two lines of one id.
    #[error("the file of {file} has two lines for `{id}`")]
    Twice {
        /// The id.
        id: String,
        /// In which file.
        file: &'static str,
    },
    /// A question waits for a goal that is not there.
    #[error("a question of `{id}` waits for goal {goal}, which is not there; goals count from 0")]
    NoSuchGoal {
        /// The task.
        id: String,
        /// The position.
        goal: usize,
    },
}

#[derive(Deserialize)]
struct Task {
    id: String,
}

/// The three files, not yet read.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// The tasks, one JSON object a line.
    pub tasks: &'a str,
    /// Their customers.
    pub users: &'a str,
    /// How the books must look.
    pub gold: &'a str,
}

/// The cases in the order of the tasks.
///
/// # Errors
/// [`CaseError`]; whoever wrote the files can fix it.
pub fn cases(files: Files<'_>) -> Result<Vec<Case>, CaseError> {
    let tasks: Vec<Task> = lines("tasks", files.tasks)?;
    let mut users = by_id("users", lines::<Script>("users", files.users)?, |script| &script.id)?;
    let mut gold = by_id("gold", lines::<Gold>("gold", files.gold)?, |gold| &gold.id)?;
    let mut seen = BTreeSet::new();
    let mut cases = Vec::new();
    for Task { id } in tasks {
        if !seen.insert(id.clone()) {
            return Err(CaseError::Twice { id, file: "tasks" });
        }
        let script = users.remove(&id).ok_or_else(|| CaseError::Absent { id: id.clone(), file: "users" })?;
        let gold = gold.remove(&id).ok_or_else(|| CaseError::Absent { id: id.clone(), file: "gold" })?;
        for question in &script.questions {
            if let When::AfterGoal(goal) = question.when
                && goal >= script.goals.len()
            {
                return Err(CaseError::NoSuchGoal { id, goal });
            }
        }
        cases.push(Case { script, gold });
    }
    Ok(cases)
}

fn lines<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<Vec<T>, CaseError> {
    let filled = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    filled
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|source| CaseError::Line { file, line: index + 1, source })
        })
        .collect()
}

fn by_id<T>(file: &'static str, rows: Vec<T>, id: impl Fn(&T) -> &String) -> Result<BTreeMap<String, T>, CaseError> {
    let mut found = BTreeMap::new();
    for row in rows {
        let key = id(&row).clone();
        if found.insert(key.clone(), row).is_some() {
            return Err(CaseError::Twice { id: key, file });
        }
    }
    Ok(found)
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// A customer with these members besides the ones that every customer has.
    pub(crate) fn script(members: Value) -> Script {
        let mut all = json!({"id": "1", "opening": "Hello", "identify": "Ada Lovelace, 12345", "confirm_yes": "Yes, go ahead.",
            "confirm_no": "No, not that.", "does_not_know": "I don't know.", "closing": "That's all."});
        all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    const USER: &str = r#"{"id":"1","opening":"Hi","identify":"Me","confirm_yes":"y","confirm_no":"n","does_not_know":"?","closing":"bye","questions":[{"say":"q","expect":["1"],"when":"after_goal_0"}],"goals":[{"tool":"cancel","arguments":{},"say":"cancel it"}]}"#;
    const GOLD: &str = r#"{"id":"1","unchanged":true,"diff":[]}"#;

    #[test]
    fn tasks_meet_their_customers_and_gold() {
        let found = cases(Files { tasks: "{\"id\":\"1\",\"more\":2}\n\n", users: USER, gold: GOLD }).unwrap();
        assert_eq!((found.len(), found[0].script.questions[0].when), (1, When::AfterGoal(0)));
    }

    #[test]
    fn what_is_missing_double_or_wrong_is_said_with_its_place() {
        let task = "{\"id\":\"1\"}";
        let twice = format!("{task}\n{task}");
        let later = USER.replace("after_goal_0", "after_goal_1");
        let someday = USER.replace("after_goal_0", "someday");
        let table = [
            (task, "", GOLD, "task `1` has no line in the file of users"),
            (task, USER, "", "task `1` has no line in the file of gold"),
            (&twice, USER, GOLD, "two lines for `1`"),
            ("{", USER, GOLD, "tasks:1:"),
            (task, &later, GOLD, "waits for goal 1"),
            (task, &someday, GOLD, "`someday` is no time"),
        ];
        for (tasks, users, gold, message) in table {
            let error = cases(Files { tasks, users, gold }).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
