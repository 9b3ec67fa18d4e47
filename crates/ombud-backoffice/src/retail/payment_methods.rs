//! How is a user's way to pay found and charged?

use super::records::{PaymentMethod, RetailUser, round_to_cents};
use crate::errors::Refusal;

/// The user's way to pay with this id.
pub fn of_user<'a>(user: &'a RetailUser, payment_method_id: &str) -> Result<&'a PaymentMethod, Refusal> {
    let not_found = || Refusal::NotFound { noun: "payment method", id: payment_method_id.to_owned() };
    user.payment_methods.get(payment_method_id).ok_or_else(not_found)
}

/// Refuses when a gift card cannot cover an amount; other ways to pay always can.
pub fn must_cover(method: &PaymentMethod, amount: f64) -> Result<(), Refusal> {
    match method.balance() {
        Some(balance) if balance < amount => {
            Err(Refusal::rule("gift_card_balance_too_low", "the gift card's balance does not cover the amount"))
        }
        _ => Ok(()),
    }
}

/// Adds to a gift card's balance, or takes from it when negative. Other ways to pay keep no balance here.
///
/// Gives whether the user changed.
pub fn credit(user: &mut RetailUser, payment_method_id: &str, amount: f64) -> bool {
    match user.payment_methods.get_mut(payment_method_id) {
        Some(PaymentMethod::GiftCard { balance, .. }) => {
            *balance = round_to_cents(*balance + amount);
            true
        }
        _ => false,
    }
}
