//! What holds an action back beside who asks? People of the company who have switched it off, and what the customer had done lately.

use std::collections::BTreeMap;

use ombud_domain::{RecordedEvent, StreamId, StreamKind, TimestampUs};
use serde::{Deserialize, Serialize};

use crate::spec::{ActionSpec, Autonomy, Risk};

/// Reason code of what is switched off.
pub const SWITCHED_OFF: &str = "switched_off";
/// Reason code of what must not be done so soon after something else; a person looks at it.
pub const RECENT_CHANGE: &str = "recent_change";
/// Kind of the event that switches something off.
pub const SWITCH_OFF: &str = "switch.off";
/// Kind of the event that has something done after a yes alone.
pub const SWITCH_CONFIRM: &str = "switch.confirm";
/// Kind of the event that has something put before the desk alone.
pub const SWITCH_SUGGEST: &str = "switch.suggest";
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

/// Which way something is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// It can be done as the pack says.
    On,
    /// It is done after a yes alone.
    Confirm,
    /// It is put before the desk, and done by nobody but people.
    Suggest,
    /// It cannot be done.
    Off,
}

impl Position {
    /// Kind of the event that switches so.
    #[must_use]
    pub const fn event(self) -> &'static str {
        match self {
            Self::On => SWITCH_ON,
            Self::Confirm => SWITCH_CONFIRM,
            Self::Suggest => SWITCH_SUGGEST,
            Self::Off => SWITCH_OFF,
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

/// Something that the assistant does less by itself than the pack says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What, why, who and since when.
    #[serde(flatten)]
    pub off: Off,
    /// How far it goes at most.
    pub to: Autonomy,
}

/// All that is switched off or held back, folded from the events of [`switches_stream`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    off: Vec<Off>,
    #[serde(default)]
    held: Vec<Held>,
}

impl Switches {
    /// Takes one more event: a target stands where it was switched to last. What stands so already stays so, for its first reason.
    ///
    /// # Errors
    /// When the event cannot be read; the caller must change nothing then.
    pub fn fold(&mut self, event: &RecordedEvent) -> Result<(), serde_json::Error> {
        let flip = Flip::deserialize(&event.payload)?;
        let to = match event.kind.as_str() {
            SWITCH_OFF => Position::Off,
            SWITCH_SUGGEST => Position::Suggest,
            SWITCH_CONFIRM => Position::Confirm,
            SWITCH_ON => Position::On,
            _ => return Ok(()),
        };
        if self.stands(&flip.target) == to {
            return Ok(());
        }
        self.off.retain(|off| off.flip.target != flip.target);
        self.held.retain(|held| held.off.flip.target != flip.target);
        let off = Off { flip, since: event.at };
        match to {
            Position::On => {}
            Position::Confirm => self.held.push(Held { off, to: Autonomy::Confirm }),
            Position::Suggest => self.held.push(Held { off, to: Autonomy::Suggest }),
            Position::Off => self.off.push(off),
        }
        Ok(())
    }

    /// The switch that stops an action for customers of a market.
    #[must_use]
    pub fn stops(&self, spec: &ActionSpec, market: &str) -> Option<&Off> {
        self.off.iter().find(|off| spec.risk != Risk::Read && off.flip.target.stops(spec, market))
    }

    /// How far an action for customers of a market may go at most.
    #[must_use]
    pub fn autonomy(&self, spec: &ActionSpec, market: &str) -> Autonomy {
        let held = self.held.iter().filter(|held| held.off.flip.target.stops(spec, market));
        held.map(|held| held.to).min().unwrap_or(Autonomy::Auto)
    }

    /// How exactly this stands.
    #[must_use]
    pub fn stands(&self, target: &Target) -> Position {
        let held = self.held.iter().find(|held| held.off.flip.target == *target);
        match held.map(|held| held.to) {
            _ if self.off.iter().any(|off| off.flip.target == *target) => Position::Off,
            Some(Autonomy::Suggest) => Position::Suggest,
            Some(_) => Position::Confirm,
            None => Position::On,
        }
    }

    /// What is held back, oldest first.
    #[must_use]
    pub fn held(&self) -> &[Held] {
        &self.held
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

    /// R18: the lowest of what holds for an action counts; a target stands where it was switched to last, and nothing goes further than the pack says.
    #[test]
    fn an_action_goes_no_further_than_anything_that_holds_it() {
        let mut switches = Switches::default();
        let pay = spec("pay", "money");
        let stands = |switches: &Switches| switches.autonomy(&pay, "SE").as_str();
        let (all, money) = (Target::All, Target::Risk(Risk::Money));
        let steps = [
            (SWITCH_CONFIRM, &all, "confirm"),
            (SWITCH_SUGGEST, &money, "suggest"),
            (SWITCH_ON, &all, "suggest"),
            (SWITCH_OFF, &money, "auto"),
            (SWITCH_CONFIRM, &money, "confirm"),
            (SWITCH_ON, &money, "auto"),
        ];
        for (kind, target, expected) in steps {
            flipped(&mut switches, kind, target);
            assert_eq!(stands(&switches), expected, "{kind} {target}");
            assert_eq!(switches.stops(&pay, "SE").is_some(), kind == SWITCH_OFF, "{kind} {target}");
            assert_eq!(switches.stands(target).event(), kind, "{target}");
        }
        flipped(&mut switches, SWITCH_SUGGEST, &Target::Market("DE".to_owned()));
        assert_eq!((stands(&switches), switches.autonomy(&pay, "DE")), ("auto", Autonomy::Suggest));
        assert_eq!(switches.autonomy(&spec("send", "challenge"), "DE"), Autonomy::Auto, "codes go on");
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
