//! In which words is a customer's situation described?
//!
//! Stories are written by hand in these words (`data/stories.json`), the generator draws them; one builder turns both
//! into records, so that a generated order cannot differ in kind from a hand-written one. Days are counted from the
//! world's now.

use serde::Deserialize;

use crate::paylater::customers::{CustomerStatus, SpecialCare};
use crate::paylater::disputes::{DisputeKind, DisputeState};
use crate::paylater::instruments::InstrumentKind;
use crate::paylater::orders::{OrderStatus, ParcelStatus};
use crate::paylater::plans::PlanKind;
use crate::paylater::refunds::RefundState;
use crate::paylater::returns::{ReturnReason, ReturnState};
use crate::paylater::tickets::Priority;

/// A customer and everything that happened.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonSpec {
    /// The digits of the customer id.
    pub number: u32,
    /// The digits of the first order id.
    #[serde(default)]
    pub first_order: Option<u32>,
    pub first_name: String,
    pub last_name: String,
    pub market: String,
    pub line1: String,
    pub postal_code: String,
    pub city: String,
    /// In minor units of the market's currency.
    pub limit: i64,
    #[serde(default = "active")]
    pub status: CustomerStatus,
    #[serde(default)]
    pub special_care: Option<SpecialCare>,
    /// Codes; see `catalogue::limit_reason`.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// Days ago.
    #[serde(default = "two_years")]
    pub since: i64,
    #[serde(default)]
    pub credentials_changed_hours_ago: Option<i64>,
    #[serde(default)]
    pub instruments: Vec<InstrumentSpec>,
    #[serde(default)]
    pub orders: Vec<OrderSpec>,
    #[serde(default)]
    pub transactions: Vec<TransactionSpec>,
    #[serde(default)]
    pub notes: Vec<NoteSpec>,
    #[serde(default)]
    pub tickets: Vec<TicketSpec>,
    #[serde(default)]
    pub story: Option<String>,
}

const fn active() -> CustomerStatus {
    CustomerStatus::Active
}

const fn two_years() -> i64 {
    730
}

/// A way to pay; the first is the default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentSpec {
    #[serde(default = "card")]
    pub kind: InstrumentKind,
    #[serde(default = "visa")]
    pub brand: String,
    pub last4: String,
    /// Cards: months until it expires; negative when it has.
    #[serde(default = "seventeen")]
    pub months: i64,
}

const fn card() -> InstrumentKind {
    InstrumentKind::Card
}

fn visa() -> String {
    "visa".to_owned()
}

const fn seventeen() -> i64 {
    17
}

/// A purchase without an order of ours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionSpec {
    pub merchant: String,
    /// Minor units of the market's currency.
    pub amount: i64,
    /// Days ago.
    pub days: i64,
    pub place: PlaceSpec,
}

/// Where and on what a purchase was made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceSpec {
    pub channel: String,
    pub city: String,
    pub country: String,
    pub device: String,
    /// How many days ago the device was first seen.
    pub device_seen: i64,
}

/// A note, so many days ago.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteSpec {
    pub days: i64,
    pub author: String,
    pub text: String,
}

/// A ticket, opened so many days ago.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketSpec {
    pub days: i64,
    pub kind: String,
    #[serde(default)]
    pub subject: Option<String>,
    #[serde(default = "normal")]
    pub priority: Priority,
    pub description: String,
    #[serde(default = "open")]
    pub state: String,
}

const fn normal() -> Priority {
    Priority::Normal
}

fn open() -> String {
    "open".to_owned()
}

/// An order and what became of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderSpec {
    pub items: Vec<ItemSpec>,
    /// Days ago.
    pub placed: i64,
    pub status: OrderStatus,
    /// Days ago.
    #[serde(default)]
    pub delivered: Option<i64>,
    /// Days ago.
    #[serde(default)]
    pub cancelled: Option<i64>,
    /// Expected delivery, in days; negative when it has passed.
    #[serde(default)]
    pub expected: Option<i64>,
    /// What the carrier says, where it differs from what the order's status implies.
    #[serde(default)]
    pub parcel: Option<ParcelStatus>,
    #[serde(default)]
    pub plan: PlanSpec,
    #[serde(default)]
    pub returns: Vec<ReturnSpec>,
    #[serde(default)]
    pub refunds: Vec<RefundSpec>,
    #[serde(default)]
    pub disputes: Vec<DisputeSpec>,
    #[serde(default)]
    pub place: Option<PlaceSpec>,
    /// Shipping in euro cents, converted like any price.
    #[serde(default)]
    pub shipping: i64,
}

/// A line of an order.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemSpec {
    pub variant: String,
    #[serde(default = "one")]
    pub quantity: u32,
}

const fn one() -> u32 {
    1
}

/// How the order is paid.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlanSpec {
    pub kind: PlanKind,
    /// How many parts are paid; those whose day has passed, when absent.
    pub paid: Option<u32>,
    /// Numbers of the parts whose due date was moved.
    pub extended: Vec<u32>,
    /// All due dates moved by so many days.
    pub shift: i64,
    pub failed: Option<FailedSpec>,
    /// Which of the customer's instruments, from 1.
    pub instrument: usize,
    /// Positions of items whose price was taken off the plan, from 1.
    pub credited: Vec<usize>,
    /// The merchant's mistake: the order was cancelled and the plan runs on.
    pub runs_on: bool,
}

impl Default for PlanSpec {
    fn default() -> Self {
        Self {
            kind: PlanKind::PayIn30,
            paid: None,
            extended: Vec::new(),
            shift: 0,
            failed: None,
            instrument: 1,
            credited: Vec::new(),
            runs_on: false,
        }
    }
}

/// A charge that failed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedSpec {
    /// The number of the part.
    pub part: u32,
    pub code: String,
    /// Days ago.
    pub days: i64,
}

/// Goods that went back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnSpec {
    /// Positions of items, from 1.
    pub items: Vec<usize>,
    /// Days ago.
    pub days: i64,
    pub state: ReturnState,
    pub reason: ReturnReason,
}

/// Money that goes back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundSpec {
    /// Positions of the items it is for, from 1; all when empty.
    #[serde(default)]
    pub items: Vec<usize>,
    /// Which return it belongs to, from 1.
    #[serde(default)]
    pub of_return: Option<usize>,
    /// Requested so many days ago.
    pub days: i64,
    /// Expected in so many days; negative when late.
    pub expected: i64,
    pub state: RefundState,
    /// Set off against the plan instead of paid out.
    #[serde(default)]
    pub to_plan: bool,
    #[serde(default)]
    pub rejected: Option<String>,
    /// A search was opened so many days ago.
    #[serde(default)]
    pub traced: Option<i64>,
}

/// A problem that was reported.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisputeSpec {
    pub kind: DisputeKind,
    /// Days ago.
    pub days: i64,
    pub state: DisputeState,
    pub description: String,
    #[serde(default)]
    pub outcome: Option<String>,
}
