//! How is a request told to somebody who writes policies?

use ombud_domain::Label;

use super::axes::Point;
use crate::spec::Risk;

/// An action, or any of a class.
pub(super) fn action(name: Option<&str>, risk: Risk) -> String {
    name.map_or_else(|| format!("any action of class {}", risk.as_str()), ToOwned::to_owned)
}

/// A request.
pub(super) fn of(point: &Point) -> String {
    let who = match point.number("level") {
        Some(0) => "for somebody nobody knows",
        Some(1) => "for an identified customer without a one-time code",
        _ => "for a customer after a one-time code",
    };
    let mut parts = vec![who.to_owned()];
    parts.extend(point.text("proof").map(|proof| format!("known by {proof}")));
    parts.push(if point.is("confirmed") { "who has said yes" } else { "who has not said yes" }.to_owned());
    parts.push(if point.is("owner") { "on his own record" } else { "on somebody else's record" }.to_owned());
    parts.extend(point.number("approvals").map(|count| format!("approved by {count}")));
    let label = point.number("label").and_then(Label::ranked).filter(|label| *label < Label::UserTyped);
    parts.extend(label.map(|label| format!("with a critical value of label {}", label.as_str())));
    parts.extend(point.number("amount_minor").map(|amount| format!("amount {amount} minor units")));
    parts.extend(point.text("currency").map(|currency| format!("in {currency}")));
    parts.extend(point.text("market").map(|market| format!("market {market}")));
    parts.extend(point.text("autonomy").map(|autonomy| format!("autonomy {autonomy}")));
    parts.extend(point.is("reversible").then(|| "reversible".to_owned()));
    parts.extend(point.within("args.").map(|(name, value)| format!("argument {name} {value}")));
    parts.extend(point.within("hours_since.").map(|(name, hours)| format!("{hours} hours after {name}")));
    parts.join(", ")
}
