//! What was bought, and where is it?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::Address;
use crate::clock::{Day, Moment};
use crate::errors::Refusal;
use crate::money::Money;
use crate::seed::bench;
use crate::storage::record::Record;
use crate::storage::unit::Unit;

/// How far an order is. Only a placed one can be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    Placed,
    Packed,
    Shipped,
    Delivered,
    Cancelled,
}

/// The merchant and its terms, as they were when the order was placed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MerchantTerms {
    pub id: String,
    pub name: String,
    /// Days after delivery within which items may go back.
    pub return_days: i64,
    /// `free`, or who pays: `customer_pays`.
    pub return_shipping: String,
    /// Whether the merchant swaps items for other variants.
    pub exchanges: bool,
}

/// One line of an order. `price` is per unit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderItem {
    pub id: String,
    pub sku: String,
    pub product_id: String,
    pub variant_id: String,
    pub name: String,
    pub options: BTreeMap<String, String>,
    pub quantity: u32,
    pub price: Money,
    /// False for what no merchant takes back: opened hygiene goods, personalised items.
    pub returnable: bool,
    /// True as soon as a return or exchange was reported.
    pub returned: bool,
}

impl OrderItem {
    /// What the line cost.
    pub fn cost(&self) -> Money {
        self.price.times(i64::from(self.quantity))
    }
}

/// Where a parcel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParcelStatus {
    LabelCreated,
    PickedUp,
    InTransit,
    Customs,
    OutForDelivery,
    AtPickupPoint,
    Delivered,
    DeliveryFailed,
    Delayed,
    Lost,
    ReturnedToSender,
}

/// One scan by the carrier.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ParcelEvent {
    pub at: Moment,
    pub status: ParcelStatus,
    pub location: String,
    /// What happened, from a closed list (`left_at_door`); empty if the carrier gave words alone.
    pub code: String,
    /// The carrier's own words.
    pub text: String,
}

/// A parcel and its journey, oldest event first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Parcel {
    pub carrier: String,
    pub tracking_number: String,
    pub tracking_url: String,
    pub status: ParcelStatus,
    pub estimated_delivery_on: Day,
    /// Name and address of the pick-up point where it waits, once it is there.
    pub pickup_point: Option<String>,
    /// The last day it waits at the pick-up point.
    pub collect_by: Option<Day>,
    pub events: Vec<ParcelEvent>,
}

/// An order as stored.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Order {
    pub id: String,
    pub customer_id: String,
    pub status: OrderStatus,
    pub placed_at: Moment,
    pub shipped_at: Option<Moment>,
    pub delivered_at: Option<Moment>,
    pub cancelled_at: Option<Moment>,
    pub cancel_reason: Option<String>,
    pub merchant: MerchantTerms,
    pub items: Vec<OrderItem>,
    pub shipping_fee: Money,
    pub total: Money,
    pub shipping_address: Address,
    pub parcel: Option<Parcel>,
    pub plan_id: Option<String>,
}

impl Record for Order {
    const KIND: &'static str = "order";
    const NOUN: &'static str = "order";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.customer_id
    }
}

impl Order {
    /// The last day on which items may go back; none before delivery.
    pub fn returnable_until(&self) -> Option<Day> {
        match (self.status, self.delivered_at) {
            (OrderStatus::Delivered, Some(at)) => Some(at.day().plus_days(self.merchant.return_days)),
            _ => None,
        }
    }

    /// The item with this id, which must be part of the order.
    pub fn item(&self, item_id: &str) -> Result<&OrderItem, Refusal> {
        let foreign = || Refusal::rule("item_not_in_order", format!("item {item_id} is not part of order {}", self.id));
        self.items.iter().find(|item| item.id == item_id).ok_or_else(foreign)
    }

    /// Refuses what may only happen to delivered goods, and after the return window.
    pub fn must_be_returnable(&self, today: Day) -> Result<(), Refusal> {
        if self.status == OrderStatus::Cancelled {
            return Err(Refusal::rule("order_already_cancelled", format!("order {} was cancelled", self.id)));
        }
        let Some(until) = self.returnable_until() else {
            return Err(Refusal::rule("order_not_delivered", format!("order {} was not delivered yet", self.id)));
        };
        if today > until {
            return Err(Refusal::rule(
                "return_window_closed",
                format!("items of order {} could go back until {until}", self.id),
            ));
        }
        Ok(())
    }

    /// The item, if it may go back: part of the order, of a returnable kind, and not on its way back.
    pub fn item_to_take_back(&self, item_id: &str) -> Result<&OrderItem, Refusal> {
        let item = self.item(item_id)?;
        if item.returned {
            return Err(Refusal::rule(
                "item_already_returned",
                format!("a return or exchange of item {item_id} was already reported"),
            ));
        }
        if !item.returnable {
            return Err(Refusal::rule(
                "item_not_returnable",
                format!("item {item_id} is of a kind that cannot be returned"),
            ));
        }
        Ok(item)
    }

    /// Marks an item as on its way back.
    pub fn mark_returned(&mut self, item_id: &str) {
        for item in self.items.iter_mut().filter(|item| item.id == item_id) {
            item.returned = true;
        }
    }
}

/// The order, or the refusal that says there is none.
pub async fn require_order(unit: &mut Unit, id: &str) -> Result<Order, Refusal> {
    if let Some(order) = unit.get(id).await? {
        return Ok(order);
    }
    let made = if unit.world.is_bench() { bench::order(id, unit.now) } else { None };
    made.ok_or_else(|| Refusal::NotFound { noun: "order", id: id.to_owned() })
}
