//! With what does the customer pay?

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::{CustomerView, records_of, require_customer, view};
use crate::clock::Day;
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::storage::record::Record;
use crate::storage::unit::{Read, Unit};

/// A way to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstrumentKind {
    Card,
    DirectDebit,
    BankTransfer,
}

/// A way to pay as stored. `brand` is the bank's name for other things than cards; `expires` is a month, for cards.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Instrument {
    pub id: String,
    pub customer_id: String,
    pub kind: InstrumentKind,
    pub brand: String,
    pub last4: String,
    pub is_default: bool,
    pub expires: Option<String>,
}

/// An instrument in short.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InstrumentName {
    pub id: String,
    pub kind: InstrumentKind,
    pub brand: String,
    pub last4: String,
}

/// An instrument, and whether it is expired today.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstrumentView {
    #[serde(flatten)]
    instrument: Instrument,
    expired: bool,
}

impl Record for Instrument {
    const KIND: &'static str = "instrument";
    const NOUN: &'static str = "instrument";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.customer_id
    }
}

impl Instrument {
    /// The instrument in short.
    pub fn name(&self) -> InstrumentName {
        InstrumentName { id: self.id.clone(), kind: self.kind, brand: self.brand.clone(), last4: self.last4.clone() }
    }

    /// A card holds to the end of the month printed on it.
    fn is_expired(&self, today: Day) -> bool {
        self.expires.as_ref().is_some_and(|expires| *expires < today.year_month())
    }

    /// Refuses a card whose month is over.
    pub fn must_not_be_expired(&self, today: Day) -> Result<(), Refusal> {
        if self.is_expired(today) {
            return Err(Refusal::rule("instrument_expired", format!("the card ending in {} has expired", self.last4)));
        }
        Ok(())
    }

    /// The instrument's view on a day.
    pub fn view(self, today: Day) -> InstrumentView {
        let expired = self.is_expired(today);
        InstrumentView { instrument: self, expired }
    }
}

/// A customer's instruments, the default first.
pub async fn instruments_of(unit: &mut Unit, customer_id: &str) -> Result<Vec<InstrumentView>, Refusal> {
    let mut instruments: Vec<Instrument> = records_of(unit, customer_id).await?;
    instruments.sort_by_key(|instrument| !instrument.is_default);
    let today = unit.now.day();
    Ok(instruments.into_iter().map(|instrument| instrument.view(today)).collect())
}

/// A customer's instruments, the default first.
#[utoipa::path(
    get, path = "/customers/{id}/instruments", tag = "instruments", params(("id" = String, Path)),
    responses((status = 200, body = [InstrumentView])),
)]
pub async fn customer_instruments(
    Path(id): Path<String>,
    Read(mut unit): Read,
) -> Result<Json<Vec<InstrumentView>>, Refusal> {
    instruments_of(&mut unit, &id).await.map(Json)
}

/// An instrument by id.
#[utoipa::path(
    get, path = "/instruments/{id}", tag = "instruments", params(("id" = String, Path)),
    responses((status = 200, body = InstrumentView)),
)]
pub async fn instrument(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<InstrumentView>, Refusal> {
    let instrument: Instrument = unit.require(&id).await?;
    Ok(Json(instrument.view(unit.now.day())))
}

/// What pays from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetDefaultInstrument {
    instrument_id: String,
}

/// The customer, and the instrument that is now the default.
#[derive(Debug, Serialize, ToSchema)]
pub struct DefaultInstrumentSet {
    receipt_id: String,
    customer: CustomerView,
    instrument: InstrumentView,
}

/// Makes an instrument the default; open plans are charged to it from then on.
#[utoipa::path(
    post, path = "/customers/{id}/default_instrument", tag = "instruments", params(("id" = String, Path)),
    request_body = SetDefaultInstrument,
    responses((status = 200, body = DefaultInstrumentSet), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn set_default_instrument(Path(id): Path<String>, mut write: Write<SetDefaultInstrument>) -> Response {
    let outcome = set_default(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn set_default(
    unit: &mut Unit,
    customer_id: &str,
    request: &SetDefaultInstrument,
) -> Result<DefaultInstrumentSet, Refusal> {
    let customer = require_customer(unit, customer_id).await?;
    customer.must_be_open()?;
    let chosen: Instrument = unit.require(&request.instrument_id).await?;
    if chosen.customer_id != customer.id {
        return Err(Refusal::rule("instrument_not_of_customer", "the instrument belongs to another customer"));
    }
    let today = unit.now.day();
    chosen.must_not_be_expired(today)?;
    if chosen.is_default {
        return Err(Refusal::rule("already_default", "this instrument is already the default"));
    }
    let all: Vec<Instrument> = unit.of_customer(customer_id).await?;
    for mut instrument in all {
        let is_default = instrument.id == chosen.id;
        if instrument.is_default != is_default {
            instrument.is_default = is_default;
            unit.save(&instrument, if is_default { "made_default" } else { "no_longer_default" }).await?;
        }
    }
    charge_open_plans(unit, customer_id, &chosen.id).await?;
    let receipt_id = unit.receipt("customer.default_instrument", &chosen).await?;
    let instrument = Instrument { is_default: true, ..chosen }.view(today);
    Ok(DefaultInstrumentSet { receipt_id, customer: view(unit, customer).await?, instrument })
}

async fn charge_open_plans(unit: &mut Unit, customer_id: &str, instrument_id: &str) -> Result<(), Refusal> {
    let plans: Vec<super::plans::Plan> = unit.of_customer(customer_id).await?;
    for mut plan in plans.into_iter().filter(|plan| plan.remaining().minor > 0) {
        plan.instrument_id = Some(instrument_id.to_owned());
        unit.save(&plan, "instrument_changed").await?;
    }
    Ok(())
}
