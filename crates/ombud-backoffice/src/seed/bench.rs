//! What exists in the load harness's world?
//!
//! Everything it may ask for, made from the digits of the id, so that a hundred thousand customers need no rows: order
//! ORD-nnnnnn is on its way and belongs to customer C-nnnnnn.

use std::collections::BTreeMap;

use crate::clock::Moment;
use crate::money::{Currency, Money};
use crate::paylater::customers::{Address, Customer, CustomerStatus};
use crate::paylater::orders::{MerchantTerms, Order, OrderItem, OrderStatus, Parcel, ParcelEvent, ParcelStatus};

fn digits<'a>(id: &'a str, prefix: &str) -> Option<&'a str> {
    let digits = id.strip_prefix(prefix)?;
    (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

fn address(digits: &str) -> Address {
    Address {
        id: format!("ADR-{digits}-1"),
        kind: "home".to_owned(),
        line1: "1 Harness Road".to_owned(),
        line2: None,
        postal_code: "10001".to_owned(),
        city: "Benchmark".to_owned(),
        region: None,
        country: "DE".to_owned(),
    }
}

/// The customer with this id.
pub fn customer(id: &str, now: Moment) -> Option<Customer> {
    let digits = digits(id, "C-")?;
    Some(Customer {
        id: id.to_owned(),
        first_name: "Load".to_owned(),
        last_name: format!("Customer{digits}"),
        email: format!("c{digits}@bench.example"),
        phone: format!("+4915{digits}00"),
        market: "DE".to_owned(),
        locale: "en-GB".to_owned(),
        postal_code: "10001".to_owned(),
        addresses: vec![address(digits)],
        status: CustomerStatus::Active,
        spending_limit: Money { minor: 100_000, currency: Currency::Eur },
        limit_reasons: Vec::new(),
        credentials_changed_at: None,
        customer_since: now.day().plus_days(-365),
        special_care: None,
        story: None,
    })
}

/// The customer with this e-mail.
pub fn customer_by_email(email: &str, now: Moment) -> Option<Customer> {
    let digits = email.strip_prefix('c')?.strip_suffix("@bench.example")?;
    customer(&format!("C-{digits}"), now)
}

/// The order with this id.
pub fn order(id: &str, now: Moment) -> Option<Order> {
    let digits = digits(id, "ORD-")?;
    let price = Money { minor: 4_999, currency: Currency::Eur };
    let shipped_at = now.plus_days(-1);
    Some(Order {
        id: id.to_owned(),
        customer_id: format!("C-{digits}"),
        status: OrderStatus::Shipped,
        placed_at: now.plus_days(-3),
        shipped_at: Some(shipped_at),
        delivered_at: None,
        cancelled_at: None,
        cancel_reason: None,
        merchant: MerchantTerms {
            id: "M-1001".to_owned(),
            name: "Fjällsport".to_owned(),
            return_days: 30,
            return_shipping: "free".to_owned(),
            exchanges: true,
        },
        items: vec![OrderItem {
            id: format!("ITM-{digits}-1"),
            sku: "FJ-1001-02".to_owned(),
            product_id: "P-1001".to_owned(),
            variant_id: "V-1001-02".to_owned(),
            name: "Rain jacket".to_owned(),
            options: BTreeMap::from([("color".to_owned(), "blue".to_owned()), ("size".to_owned(), "M".to_owned())]),
            quantity: 1,
            price,
            returnable: true,
            returned: false,
        }],
        shipping_fee: Money::zero(Currency::Eur),
        total: price,
        shipping_address: address(digits),
        parcel: Some(Parcel {
            carrier: "PostNord".to_owned(),
            tracking_number: format!("PN{digits}DE"),
            tracking_url: format!("https://track.example/PN{digits}DE"),
            status: ParcelStatus::InTransit,
            estimated_delivery_on: now.day().plus_days(2),
            pickup_point: None,
            collect_by: None,
            events: vec![ParcelEvent {
                at: shipped_at,
                status: ParcelStatus::PickedUp,
                location: "Borås".to_owned(),
                code: "picked_up".to_owned(),
                text: "Handed to the carrier".to_owned(),
            }],
        }),
        plan_id: None,
    })
}
