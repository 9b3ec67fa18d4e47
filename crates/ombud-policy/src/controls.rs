//! What holds an action back beside who asks? People of the company who have switched it off, and what the customer had done lately.

use std::collections::BTreeMap;

use ombud_domain::{RecordedEvent, StreamId, StreamKind, TimestampUs};
use serde::{Deserialize, Serialize};

use crate::spec::{ActionSpec, Risk};

/// Reason code of what is switched off.
pub const SWITCHED_OFF: &str = "switched_off";
/// Reason code of what must not be done so soon after something else; a person looks at it.
pub const RECENT_CHANGE: &str = "recent_change";
/// Kind of the event that switches something off.
pub const SWITCH_OFF: &str = "switch.off";
/// Kind of the event that switches it on again.
pub const SWITCH_ON: &str = "switch.on";

/// The stream of a company's switches.
#[must_use]
pub fn switches_stream() -> StreamId {
    StreamId { kind: StreamKind::Control, id: "switches".to_owned() }
}

/// What a switch stops. Reads go on in every case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Target {
    /// Every change, whatever it is.
    All,
    /// One action.
    Action(String),
    /// All actions of a risk class.
    Risk(Risk),
    /// Every change for customers of a market.
    Market(String),
}

impl Target {
    /// Whether an action for a market is stopped. One-time codes are stopped by their own name or class alone: without them nobody whom the
    /// site has not signed in could be told anything.
    fn stops(&self, spec: &ActionSpec, market: &str) -> bool {
        let changes = spec.risk != Risk::Challenge;
        match self {
            Self::All => changes,
            Self::Action(name) => *name == spec.name,
            Self::Risk(risk) => *risk == spec.risk,
            Self::Market(name) => changes && name.eq_ignore_ascii_case(market),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("everything"),
            Self::Action(name) => write!(f, "action {name}"),
            Self::Risk(risk) => write!(f, "risk {}", risk.as_str()),
            Self::Market(name) => write!(f, "market {name}"),
        }
    }
}

/// Somebody switches something; payload of the events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flip {
    /// What.
    pub target: Target,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
}

/// Something that is switched off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Off {
    /// What, why and who.
    #[serde(flatten)]
    pub flip: Flip,
    /// Since when.
    pub since: TimestampUs,
}

/// All that is switched off, folded from the events of [`switches_stream`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    off: Vec<Off>,
}

impl Switches {
    /// Takes one more event. What is off already stays off, for its first reason.
    ///
    /// # Errors
    /// When the event cannot be read; the caller must change nothing then.
    pub fn fold(&mut self, event: &RecordedEvent) -> Result<(), serde_json::Error> {
        let flip = Flip::deserialize(&event.payload)?;
        match event.kind.as_str() {
            SWITCH_OFF if !self.is_off(&flip.target) => self.off.push(Off { flip, since: event.at }),
            SWITCH_ON => self.off.retain(|off| off.flip.target != flip.target),
            _ => {}
        }
        Ok(())
    }

    /// The switch that stops an action for customers of a market.
    #[must_use]
    pub fn stops(&self, spec: &ActionSpec, market: &str) -> Option<&Off> {
        self.off.iter().find(|off| spec.risk != Risk::Read && off.flip.target.stops(spec, market))
    }

    /// Whether exactly this is switched off.
    #[must_use]
    pub fn is_off(&self, target: &Target) -> bool {
        self.off.iter().any(|off| off.flip.target == *target)
    }

    /// What is off, oldest first.
    #[must_use]
    pub fn off(&self) -> &[Off] {
        &self.off
    }
}

/// What holds a customer's actions back in this turn, as it was looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What is switched off.
    pub switches: Switches,
    /// Whole hours since the customer's last effect, by action and by class; as policies read it.
    #[serde(default)]
    pub hours_since: BTreeMap<String, i64>,
    /// How many of his effects have a name that policies ask for.
    #[serde(default)]
    pub known: i64,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(name: &str, risk: &str) -> ActionSpec {
        let method = if risk == "read" { "GET" } else { "POST" };
        let source = format!("action: {name}\nrisk: {risk}\nmethod: {method}\npath: /x\n");
        ActionSpec::parse(&format!("p/actions/{name}.yaml"), &source).unwrap()
    }

    fn flipped(switches: &mut Switches, kind: &str, target: &Target) {
        let payload = json!({"target": target, "reason": "r", "by": "Maja"});
        let stream = switches_stream();
        let at = TimestampUs(1);
        let event = RecordedEvent { position: 1, stream, version: 1, kind: kind.to_owned(), at, payload };
        switches.fold(&event).unwrap();
    }

    #[test]
    fn a_switch_stops_what_it_names_and_no_read() {
        let targets = [
            Target::All,
            Target::Action("pay".to_owned()),
            Target::Risk(Risk::Money),
            Target::Market("se".to_owned()),
            Target::Risk(Risk::Challenge),
            Target::Risk(Risk::Read),
        ];
        let actions = [
            spec("pay", "money"),
            spec("rename", "credential"),
            spec("note", "write"),
            spec("send", "challenge"),
            spec("look", "read"),
        ];
        // By target: the actions it stops in its market, and in another one.
        let expected = [("pay rename note", "pay rename note"), ("pay", "pay"), ("pay", "pay")];
        let expected = expected.into_iter().chain([("pay rename note", ""), ("send", "send"), ("", "")]);
        for (target, (here, elsewhere)) in targets.iter().zip(expected) {
            let mut switches = Switches::default();
            flipped(&mut switches, SWITCH_OFF, target);
            for (market, stopped) in [("SE", here), ("DE", elsewhere)] {
                let names = actions.iter().filter(|spec| switches.stops(spec, market).is_some());
                let names: Vec<&str> = names.map(|spec| spec.name.as_str()).collect();
                assert_eq!(names.join(" "), stopped, "{target} in {market}");
            }
            flipped(&mut switches, SWITCH_ON, target);
            assert_eq!(switches, Switches::default(), "{target}");
        }
    }

    #[test]
    fn switches_are_independent_and_an_event_that_cannot_be_read_is_an_error() {
        let mut switches = Switches::default();
        flipped(&mut switches, SWITCH_OFF, &Target::All);
        flipped(&mut switches, SWITCH_OFF, &Target::All);
        flipped(&mut switches, SWITCH_OFF, &Target::Risk(Risk::Money));
        flipped(&mut switches, SWITCH_ON, &Target::All);
        let left: Vec<String> = switches.off().iter().map(|off| off.flip.target.to_string()).collect();
        assert_eq!(left, ["risk money"]);
        let kind = SWITCH_OFF.to_owned();
        let (at, payload) = (TimestampUs(1), json!({"target": {"kind": "moon"}, "reason": "", "by": ""}));
        let event = RecordedEvent { position: 1, stream: switches_stream(), version: 1, kind, at, payload };
        assert!(switches.fold(&event).is_err());
    }
}
