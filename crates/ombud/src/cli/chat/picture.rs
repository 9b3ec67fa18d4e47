//! How does a reply look in a terminal? Text, sources, numbered options, and the stages if they are wanted.

use ombud_connect::public_api::{Awaiting, Message};
use serde_json::Value;

use crate::terminal::{bold, dim, say};

/// What can be picked by number.
#[derive(Debug, Default)]
pub(super) struct Shown {
    labels: Vec<String>,
}

impl Shown {
    /// The label of the option that a number means.
    pub(super) fn option(&self, line: &str) -> Option<String> {
        let number: usize = line.parse().ok()?;
        self.labels.get(number.checked_sub(1)?).cloned()
    }
}

/// A message with its sources.
pub(super) fn print_message(message: &Message) {
    let author = match message.author.as_str() {
        "assistant" => "assistant (AI)".to_owned(),
        "agent" => message.author_name.clone().unwrap_or_else(|| "agent".to_owned()),
        other => other.to_owned(),
    };
    say(format_args!("{} {}", bold(format_args!("{author}>")), message.text));
    for citation in &message.citations {
        let address = citation.url.as_deref().map(|url| format!(" <{url}>")).unwrap_or_default();
        say(format_args!("{}", dim(format_args!("    source: {}{address}", citation.title))));
    }
}

/// What the reply waits for, as something to pick from.
pub(super) fn print_awaiting(awaiting: &Awaiting) -> Shown {
    let mut labels: Vec<String> = awaiting.options.iter().map(|option| option.label.clone()).collect();
    match (awaiting.kind.as_str(), awaiting.slot.as_deref()) {
        ("identify", Some("one_time_code")) => say(format_args!("{}", dim("    enter the code with /code 123456"))),
        ("confirm", _) if labels.is_empty() => labels = vec!["yes".to_owned(), "no".to_owned()],
        _ => {}
    }
    for (index, label) in labels.iter().enumerate() {
        say(format_args!("    {} {label}", bold(format_args!("{})", index + 1))));
    }
    Shown { labels }
}

/// The stages of a turn, as the API gives them.
pub(super) fn print_stages(stages: &Value) {
    let Some(stages) = stages.as_array() else {
        say(format_args!("{}", dim("    the stages are shown in the demo only, to signed-in customers")));
        return;
    };
    for stage in stages {
        let text = |member: &str| stage.get(member).and_then(Value::as_str).unwrap_or_default();
        let ms = stage.get("ms").and_then(Value::as_f64).unwrap_or_default();
        say(format_args!("{}", dim(format_args!("    {:>9.3} ms  {:<14} {}", ms, text("stage"), text("summary")))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_picks_an_option_and_nothing_else_does() {
        let shown = Shown { labels: vec!["Order 1".to_owned(), "Order 2".to_owned()] };
        assert_eq!(shown.option("2").as_deref(), Some("Order 2"));
        for line in ["0", "3", "-1", "two", "", "99999999999999999999"] {
            assert_eq!(shown.option(line), None, "{line}");
        }
    }
}
