//! When does paying late cost something, and how much?

use super::plans::{Installment, InstallmentStanding, Plan};
use crate::clock::Day;
use crate::money::{Currency, Money};

/// Days after the due date on which a late fee is added to what is still unpaid.
const FEE_DAYS: [i64; 2] = [14, 28];
/// Days after the last late fee on which those of an instalment are taken, as one payment of their own.
const TAKEN_AFTER_DAYS: i64 = 14;
/// All late fees together stay below this part of the order's value.
const PART_OF_ORDER_MAX: i64 = 4;

/// What one late fee costs in a market.
pub fn late_fee(market: &str, currency: Currency) -> Money {
    let minor = match (market, currency) {
        ("DE", Currency::Eur) => 250,
        (_, Currency::Eur) => 500,
        (_, Currency::Sek) => 6_000,
        (_, Currency::Nok) => 3_500,
        (_, Currency::Dkk) => 4_000,
        (_, Currency::Pln) => 2_000,
        (_, Currency::Jpy) => 700,
        (_, Currency::Gbp) => 600,
        (_, Currency::Usd) => 700,
    };
    Money { minor, currency }
}

/// The late fees that were added to an instalment up to a day.
pub fn late_fees(plan: &Plan, installment: &Installment, today: Day) -> Money {
    let added = days_of_fees(plan, installment, today).fold(0, |sum: i64, _| sum.saturating_add(1));
    let fees = plan.late_fee.times(added);
    let most = plan.total().plus(plan.credited).minor / PART_OF_ORDER_MAX;
    Money { minor: fees.minor.min(most), currency: fees.currency }
}

/// When the late fees of an instalment are taken; none where none was added. They do not wait for the instalment, nor are they part of what it costs.
pub fn late_fees_due_on(plan: &Plan, installment: &Installment, today: Day) -> Option<Day> {
    days_of_fees(plan, installment, today).last().map(|added| added.plus_days(TAKEN_AFTER_DAYS))
}

/// The days on which late fees were added to an instalment up to a day, in order.
fn days_of_fees(plan: &Plan, installment: &Installment, today: Day) -> impl Iterator<Item = Day> {
    let until = match plan.standing(installment, today) {
        InstallmentStanding::Cancelled => None,
        InstallmentStanding::Paid => Some(installment.paid_at.map_or(today, crate::clock::Moment::day)),
        InstallmentStanding::Paused => Some(plan.pause.as_ref().map_or(today, |pause| pause.since)),
        InstallmentStanding::Due | InstallmentStanding::Overdue | InstallmentStanding::Extended => Some(today),
    };
    let due_on = installment.due_on;
    let days = FEE_DAYS.into_iter().map(move |days| due_on.plus_days(days));
    days.filter(move |day| until.is_some_and(|until| *day <= until))
}

/// When the next late fee is added to an instalment, if nothing is paid until then.
pub fn next_late_fee_on(plan: &Plan, installment: &Installment, today: Day) -> Option<Day> {
    match plan.standing(installment, today) {
        InstallmentStanding::Due | InstallmentStanding::Overdue | InstallmentStanding::Extended => {
            let days = FEE_DAYS.iter().map(|days| installment.due_on.plus_days(*days));
            days.into_iter().find(|day| *day > today)
        }
        InstallmentStanding::Paid | InstallmentStanding::Paused | InstallmentStanding::Cancelled => None,
    }
}
