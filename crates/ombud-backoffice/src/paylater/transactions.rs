//! Which purchases were made in the customer's name, and how is an unknown one stopped?

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customers::{CustomerStatus, CustomerView, records_of, require_customer, view};
use super::orders::Order;
use super::plans::{PlanView, pause_plan};
use crate::clock::{Day, Moment};
use crate::errors::Refusal;
use crate::idempotency::Write;
use crate::money::Money;
use crate::storage::record::Record;
use crate::storage::unit::{Read, Unit};

const REASON_CHARS_MAX: usize = 500;

/// How far a purchase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransactionState {
    Authorized,
    Captured,
    Blocked,
}

/// A purchase in the customer's name, with what is known of how it was made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Transaction {
    pub id: String,
    pub customer_id: String,
    pub order_id: Option<String>,
    pub merchant: String,
    pub amount: Money,
    pub at: Moment,
    /// `online`, `in_store` or `card`.
    pub channel: String,
    pub city: String,
    pub country: String,
    pub device: String,
    /// The first day a purchase of the account was made on the device.
    pub device_seen_on: Option<Day>,
    pub state: TransactionState,
    pub fraud_case_id: Option<String>,
}

/// A suspicion that somebody looks into.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FraudCase {
    pub id: String,
    pub customer_id: String,
    pub transaction_id: String,
    /// `opened` until a person decides.
    pub state: String,
    pub reason: String,
    pub opened_at: Moment,
}

impl Record for Transaction {
    const KIND: &'static str = "transaction";
    const NOUN: &'static str = "transaction";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.customer_id
    }
}

impl Record for FraudCase {
    const KIND: &'static str = "fraud_case";
    const NOUN: &'static str = "fraud case";

    fn id(&self) -> &str {
        &self.id
    }

    fn customer_id(&self) -> &str {
        &self.customer_id
    }
}

/// The purchases in a customer's name, newest first.
#[utoipa::path(
    get, path = "/customers/{id}/transactions", tag = "transactions", params(("id" = String, Path)),
    responses((status = 200, body = [Transaction])),
)]
pub async fn customer_transactions(
    Path(id): Path<String>,
    Read(mut unit): Read,
) -> Result<Json<Vec<Transaction>>, Refusal> {
    let mut transactions: Vec<Transaction> = records_of(&mut unit, &id).await?;
    transactions.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    Ok(Json(transactions))
}

/// A purchase by id.
#[utoipa::path(
    get, path = "/transactions/{id}", tag = "transactions", params(("id" = String, Path)),
    responses((status = 200, body = Transaction)),
)]
pub async fn transaction(Path(id): Path<String>, Read(mut unit): Read) -> Result<Json<Transaction>, Refusal> {
    unit.require(&id).await.map(Json)
}

/// Why, in the customer's words.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockTransaction {
    #[serde(default)]
    reason: String,
}

/// The blocked purchase, the case, its plan, which pauses, and the customer, who can buy nothing until it is decided.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransactionBlocked {
    receipt_id: String,
    transaction: Transaction,
    fraud_case: FraudCase,
    plan: Option<PlanView>,
    customer: CustomerView,
}

/// Blocks a purchase the customer does not know, and the account for new ones.
#[utoipa::path(
    post, path = "/transactions/{id}/block", tag = "transactions", params(("id" = String, Path)),
    request_body = BlockTransaction,
    responses((status = 200, body = TransactionBlocked), (status = 409, body = crate::errors::ErrorBody)),
)]
pub async fn block_transaction(Path(id): Path<String>, mut write: Write<BlockTransaction>) -> Response {
    let outcome = block(&mut write.unit, &id, &write.body).await;
    write.finish(outcome).await
}

async fn block(unit: &mut Unit, id: &str, request: &BlockTransaction) -> Result<TransactionBlocked, Refusal> {
    let mut transaction: Transaction = unit.require(id).await?;
    if request.reason.chars().count() > REASON_CHARS_MAX {
        return Err(Refusal::invalid(format!("`reason` has at most {REASON_CHARS_MAX} characters")));
    }
    if transaction.state == TransactionState::Blocked {
        return Err(Refusal::rule("transaction_already_blocked", format!("transaction {id} is already blocked")));
    }
    let mut customer = require_customer(unit, &transaction.customer_id).await?;
    let fraud_case = FraudCase {
        id: unit.next_id("FRD").await?,
        customer_id: customer.id.clone(),
        transaction_id: transaction.id.clone(),
        state: "opened".to_owned(),
        reason: request.reason.clone(),
        opened_at: unit.now,
    };
    transaction.state = TransactionState::Blocked;
    transaction.fraud_case_id = Some(fraud_case.id.clone());
    unit.save(&fraud_case, "opened").await?;
    unit.save(&transaction, "blocked").await?;
    if customer.status == CustomerStatus::Active || customer.status == CustomerStatus::InCollection {
        customer.status = CustomerStatus::Blocked;
        unit.save(&customer, "blocked").await?;
    }
    let plan = match transaction.order_id.as_deref() {
        Some(order_id) => {
            let order: Order = unit.require(order_id).await?;
            pause_plan(unit, order.plan_id.as_deref(), "fraud_case", &fraud_case.id).await?
        }
        None => None,
    };
    let receipt_id = unit.receipt("transaction.block", &transaction).await?;
    Ok(TransactionBlocked { receipt_id, transaction, fraud_case, plan, customer: view(unit, customer).await? })
}
