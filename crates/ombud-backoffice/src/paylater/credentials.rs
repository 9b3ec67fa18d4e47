//! How do address, e-mail and phone change?
//!
//! Proof of who asks is the caller's task (see `challenges`); here it is only kept when it happened, and the old
//! address is told.

use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::{Address, Customer, CustomerView, phone_key, require_customer, view};
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::outbox::{Channel, Message};
use crate::storage::unit::Unit;

const LINE_CHARS_MAX: usize = 120;

/// The new home address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAddress {
    line1: String,
    line2: Option<String>,
    postal_code: String,
    city: String,
    region: Option<String>,
    country: Option<String>,
}

/// The new e-mail address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEmail {
    email: String,
}

/// The new phone number, with country code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePhone {
    phone: String,
}

/// A customer as changed, with the receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerChanged {
    receipt_id: String,
    customer: CustomerView,
}

/// Replaces the home address.
#[utoipa::path(
    patch, path = "/customers/{id}/address", tag = "customers", params(("id" = String, Path)),
    request_body = ChangeAddress,
    responses((status = 200, body = CustomerChanged), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn change_address(Path(id): Path<String>, mut write: Write<ChangeAddress>) -> Response {
    let outcome = move_home(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn move_home(unit: &mut Unit, id: &str, request: &ChangeAddress) -> Result<CustomerChanged, Refusal> {
    let mut customer = require_customer(unit, id).await?;
    customer.must_be_open()?;
    for line in [&request.line1, &request.postal_code, &request.city] {
        if line.trim().is_empty() || line.chars().count() > LINE_CHARS_MAX {
            return Err(Refusal::invalid(format!(
                "`line1`, `postal_code` and `city` have 1 to {LINE_CHARS_MAX} characters"
            )));
        }
    }
    let old = customer.addresses.iter().position(|address| address.kind == "home");
    let country = request.country.clone().unwrap_or_else(|| customer.market.clone());
    let fresh = Address {
        id: unit.next_id("ADR").await?,
        kind: "home".to_owned(),
        line1: request.line1.trim().to_owned(),
        line2: request.line2.clone(),
        postal_code: request.postal_code.trim().to_owned(),
        city: request.city.trim().to_owned(),
        region: request.region.clone(),
        country,
    };
    customer.postal_code.clone_from(&fresh.postal_code);
    match old.and_then(|position| customer.addresses.get_mut(position)) {
        Some(home) => *home = fresh,
        None => customer.addresses.push(fresh),
    }
    save(unit, customer, "address_changed", "customer.change_address").await
}

/// Changes the e-mail address and tells the old one.
#[utoipa::path(
    patch, path = "/customers/{id}/email", tag = "customers", params(("id" = String, Path)),
    request_body = ChangeEmail,
    responses((status = 200, body = CustomerChanged), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn change_email(Path(id): Path<String>, mut write: Write<ChangeEmail>) -> Response {
    let outcome = set_email(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn set_email(unit: &mut Unit, id: &str, request: &ChangeEmail) -> Result<CustomerChanged, Refusal> {
    let mut customer = require_customer(unit, id).await?;
    customer.must_be_open()?;
    let email = request.email.trim().to_lowercase();
    if !is_email(&email) {
        return Err(Refusal::invalid("`email` is not an e-mail address"));
    }
    let holders: Vec<Customer> = unit.find("email", &email).await?;
    if holders.iter().any(|holder| holder.id != customer.id) {
        return Err(Refusal::rule("email_in_use", "another account uses this e-mail address"));
    }
    tell_old(
        unit,
        &customer,
        Channel::Email,
        &customer.email,
        "The e-mail address of your Nimbus Pay account was changed.",
    )
    .await?;
    customer.email = email;
    customer.credentials_changed_at = Some(unit.now);
    save(unit, customer, "email_changed", "customer.change_email").await
}

/// Changes the phone number and tells the old one.
#[utoipa::path(
    patch, path = "/customers/{id}/phone", tag = "customers", params(("id" = String, Path)),
    request_body = ChangePhone,
    responses((status = 200, body = CustomerChanged), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn change_phone(Path(id): Path<String>, mut write: Write<ChangePhone>) -> Response {
    let outcome = set_phone(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn set_phone(unit: &mut Unit, id: &str, request: &ChangePhone) -> Result<CustomerChanged, Refusal> {
    let mut customer = require_customer(unit, id).await?;
    customer.must_be_open()?;
    let digits = phone_key(&request.phone);
    let written_internationally = request.phone.trim().starts_with('+') || request.phone.trim().starts_with("00");
    if !written_internationally || !(7..=15).contains(&digits.len()) {
        return Err(Refusal::invalid("`phone` begins with the country code, as +46701234567, and has 7 to 15 digits"));
    }
    let holders: Vec<Customer> = unit.find("phone", &digits).await?;
    if holders.iter().any(|holder| holder.id != customer.id) {
        return Err(Refusal::rule("phone_in_use", "another account uses this phone number"));
    }
    tell_old(
        unit,
        &customer,
        Channel::Sms,
        &customer.phone,
        "The phone number of your Nimbus Pay account was changed.",
    )
    .await?;
    customer.phone = format!("+{digits}");
    customer.credentials_changed_at = Some(unit.now);
    save(unit, customer, "phone_changed", "customer.change_phone").await
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let dotted = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
    !local.is_empty() && dotted && !domain.contains('@') && !text.contains(char::is_whitespace) && text.len() <= 254
}

async fn tell_old(unit: &mut Unit, customer: &Customer, channel: Channel, to: &str, text: &str) -> Result<(), Refusal> {
    let message = Message {
        id: String::new(),
        at: unit.now,
        customer_id: customer.id.clone(),
        channel,
        to: to.to_owned(),
        text: format!("{text} If this was not you, contact us at once."),
        code: None,
    };
    unit.send(message).await
}

async fn save(unit: &mut Unit, customer: Customer, change: &str, action: &str) -> Result<CustomerChanged, Refusal> {
    unit.save(&customer, change).await?;
    let receipt_id = unit.receipt(action, &customer).await?;
    Ok(CustomerChanged { receipt_id, customer: view(unit, customer).await? })
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn an_email_has_one_at_and_a_dotted_domain() {
        assert!(is_email("ann@example.org"));
        for wrong in ["ann", "ann@", "@example.org", "ann@example", "a b@example.org", "a@b@c.de", "a@.de"] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }
}
