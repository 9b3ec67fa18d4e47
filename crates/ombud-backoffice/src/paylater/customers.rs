//! Who is the customer, and how is one found?

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::plans::{Plan, outstanding};
use crate::clock::{Day, Moment};
use crate::errors::Refusal;
use crate::extract::Asked;
use crate::money::Money;
use crate::seed::bench;
use crate::storage::record::Record;
use crate::storage::unit::{Read, Unit};

/// Whether and how the account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomerStatus {
    Active,
    /// No new purchases: fraud suspected, or the customer asked for it.
    Blocked,
    InCollection,
    Deceased,
    Closed,
}

/// Why a customer needs another way of being served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpecialCare {
    Bereavement,
    DebtSupport,
    Illness,
}

/// A reason of the spending limit: a stable code and a sentence.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LimitReason {
    pub code: String,
    pub text: String,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Address {
    pub id: String,
    /// `home`, or what the customer calls it.
    pub kind: String,
    pub line1: String,
    pub line2: Option<String>,
    pub postal_code: String,
    pub city: String,
    pub region: Option<String>,
    pub country: String,
}

/// A customer as stored.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Customer {
    pub id: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub phone: String,
    pub market: String,
    pub locale: String,
    pub postal_code: String,
    pub addresses: Vec<Address>,
    pub status: CustomerStatus,
    pub spending_limit: Money,
    pub limit_reasons: Vec<LimitReason>,
    /// When e-mail or phone last changed; a reason for caution with what follows.
    pub credentials_changed_at: Option<Moment>,
    pub customer_since: Day,
    pub special_care: Option<SpecialCare>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<String>,
}

impl Customer {
    /// Refuses changes to an account that is not the customer's to change.
    pub fn must_be_open(&self) -> Result<(), Refusal> {
        match self.status {
            CustomerStatus::Active | CustomerStatus::InCollection => Ok(()),
            CustomerStatus::Blocked | CustomerStatus::Deceased | CustomerStatus::Closed => Err(Refusal::rule(
                "account_blocked",
                format!("the account of {} is blocked; a person must look at it", self.id),
            )),
        }
    }
}

impl Record for Customer {
    const KIND: &'static str = "customer";
    const NOUN: &'static str = "customer";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.id
    }

    fn keys(&self) -> Vec<(&'static str, String)> {
        let name = name_key(&self.first_name, &self.last_name, &self.postal_code);
        let international = phone_key(&self.phone);
        let mut keys = vec![("email", self.email.to_lowercase()), ("name", name)];
        if let Some(national) = international.strip_prefix(dialling_code(&self.market)) {
            keys.push(("phone", format!("0{national}")));
        }
        keys.push(("phone", international));
        keys
    }
}

/// The dialling code of a market, without the plus.
pub fn dialling_code(market: &str) -> &'static str {
    match market {
        "SE" => "46",
        "DE" => "49",
        "GB" => "44",
        "NL" => "31",
        "FI" => "358",
        "NO" => "47",
        "DK" => "45",
        "PL" => "48",
        "JP" => "81",
        _ => "1",
    }
}

/// A phone number as its digits; a leading `+` or `00` makes no difference.
pub fn phone_key(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    digits.strip_prefix("00").map(str::to_owned).unwrap_or(digits)
}

fn name_key(first_name: &str, last_name: &str, postal_code: &str) -> String {
    format!("{}|{}|{}", folded(first_name), folded(last_name), folded(postal_code))
}

/// Lower case without blanks, hyphens and marks: how people type their names.
fn folded(text: &str) -> String {
    let fold = |c: char| match c {
        'å' | 'ä' | 'à' | 'á' | 'â' | 'ą' => 'a',
        'ö' | 'ø' | 'ó' | 'ô' => 'o',
        'ü' | 'ú' => 'u',
        'é' | 'è' | 'ë' | 'ê' | 'ę' => 'e',
        'í' | 'ï' => 'i',
        'ł' => 'l',
        'ć' | 'ç' => 'c',
        'ń' | 'ñ' => 'n',
        'ś' => 's',
        'ź' | 'ż' => 'z',
        other => other,
    };
    text.to_lowercase().chars().filter(|c| !c.is_whitespace() && !"-.'".contains(*c)).map(fold).collect()
}

/// A customer with what follows from the plans.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerView {
    #[serde(flatten)]
    pub customer: Customer,
    /// The limit less what is still to be paid; nothing while the account is not active.
    pub available_to_spend: Money,
}

/// The customer, or the refusal that says there is none.
pub async fn require_customer(unit: &mut Unit, id: &str) -> Result<Customer, Refusal> {
    if let Some(customer) = unit.get(id).await? {
        return Ok(customer);
    }
    let made = if unit.world.is_bench() { bench::customer(id, unit.now) } else { None };
    made.ok_or_else(|| Refusal::NotFound { noun: "customer", id: id.to_owned() })
}

/// The records of a customer who exists.
pub async fn records_of<R: Record>(unit: &mut Unit, customer_id: &str) -> Result<Vec<R>, Refusal> {
    require_customer(unit, customer_id).await?;
    unit.of_customer(customer_id).await
}

/// The view of a customer.
pub async fn view(unit: &mut Unit, customer: Customer) -> Result<CustomerView, Refusal> {
    let plans: Vec<Plan> = unit.of_customer(&customer.id).await?;
    let currency = customer.spending_limit.currency;
    let available_to_spend = match customer.status {
        CustomerStatus::Active => customer.spending_limit.minus(outstanding(&plans, currency)).or_zero(),
        _ => Money::zero(currency),
    };
    Ok(CustomerView { customer, available_to_spend })
}

/// By e-mail, by phone, or by all three of name and postal code.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CustomersQuery {
    email: Option<String>,
    phone: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    postal_code: Option<String>,
}

/// The customers with this e-mail, phone, or name and postal code; case, blanks and accents do not matter.
#[utoipa::path(
    get, path = "/customers", tag = "customers", params(CustomersQuery),
    responses((status = 200, body = [CustomerView])),
)]
pub async fn customers(
    Asked(query): Asked<CustomersQuery>,
    Read(mut unit): Read,
) -> Result<Json<Vec<CustomerView>>, Refusal> {
    let found: Vec<Customer> = match query {
        CustomersQuery { email: Some(email), phone: None, .. } => {
            let email = email.trim().to_lowercase();
            let mut found = unit.find("email", &email).await?;
            if found.is_empty() && unit.world.is_bench() {
                found.extend(bench::customer_by_email(&email, unit.now));
            }
            found
        }
        CustomersQuery { phone: Some(phone), email: None, .. } => unit.find("phone", &phone_key(&phone)).await?,
        CustomersQuery { first_name: Some(first), last_name: Some(last), postal_code: Some(code), .. } => {
            unit.find("name", &name_key(&first, &last, &code)).await?
        }
        _ => {
            return Err(Refusal::invalid(
                "ask by `email`, by `phone`, or by `first_name`, `last_name` and `postal_code`",
            ));
        }
    };
    let mut views = Vec::new();
    for customer in found {
        views.push(view(&mut unit, customer).await?);
    }
    Ok(Json(views))
}

/// A customer by id.
#[utoipa::path(
    get, path = "/customers/{id}", tag = "customers", params(("id" = String, Path)),
    responses((status = 200, body = CustomerView), (status = 404, body = crate::errors::ErrorBody)),
)]
pub async fn customer(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<CustomerView>, Refusal> {
    let customer = require_customer(&mut unit, &id).await?;
    view(&mut unit, customer).await.map(Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_people_type_them() {
        assert_eq!(name_key("Jörg", "Müller-Weiß", "10 115"), name_key("jorg", "muller weiß", "10115"));
        assert_ne!(name_key("Jan", "Vos", "1011 AB"), name_key("Jan", "Vos", "1012 AB"));
    }

    #[test]
    fn phones_are_found_with_or_without_prefix() {
        assert_eq!(phone_key("+46 70-174 00 01"), phone_key("0046701740001"));
    }
}
