//! How does a described order become records?

use super::SeedError;
use super::build::Scene;
use super::build_aftermath::build_aftermath;
use super::build_plan::build_plan;
use super::catalogue::{Catalogue, terms};
use super::spec::OrderSpec;
use crate::clock::Moment;
use crate::money::Money;
use crate::paylater::invoices::{Invoice, InvoiceState};
use crate::paylater::orders::{Order, OrderItem, OrderStatus, Parcel, ParcelEvent, ParcelStatus};
use crate::paylater::plans::{InstallmentState, Plan};
use crate::paylater::products::Merchant;
use crate::paylater::transactions::{Transaction, TransactionState};
use crate::storage::record::Written;

/// Days a parcel usually takes.
const DELIVERY_DAYS: i64 = 4;
/// Days a parcel waits at a pick-up point.
const PICKUP_DAYS: i64 = 14;
/// Since when a device is known that nobody said anything of, in days.
const DEVICE_DAYS: i64 = 600;

/// Writes down an order with its plan, payments, invoice, transaction and what became of it.
pub fn build_order(scene: &Scene<'_>, number: u32, spec: &OrderSpec, into: &mut Vec<Written>) -> Result<(), SeedError> {
    let merchant = merchant(scene, spec)?;
    let items = items(scene, number, spec, merchant)?;
    let currency = scene.customer.spending_limit.currency;
    let shipping_fee = if spec.shipping > 0 { currency.price(spec.shipping) } else { Money::zero(currency) };
    let placed_at = scene.days_ago(spec.placed, number);
    let home = scene.customer.addresses.first().ok_or_else(|| scene.wrong("no address"))?;
    let mut order = Order {
        id: format!("ORD-{number}"),
        customer_id: scene.customer.id.clone(),
        status: spec.status,
        placed_at,
        shipped_at: shipped_at(scene, spec, placed_at),
        delivered_at: delivered_at(scene, spec, number)?,
        cancelled_at: spec.cancelled.map(|days| scene.days_ago(days, number)),
        cancel_reason: spec.cancelled.map(|_| "changed my mind".to_owned()),
        merchant: terms(merchant),
        total: Money::sum(currency, items.iter().map(OrderItem::cost)).plus(shipping_fee),
        items,
        shipping_fee,
        shipping_address: home.clone(),
        parcel: None,
        plan_id: Some(format!("PLN-{number}")),
    };
    order.parcel = parcel(&order, spec, &merchant.carrier, scene.now);
    let plan = build_plan(scene, number, spec, &order, into)?;
    into.push(Written::of(&invoice(&order, &plan, number))?);
    into.push(Written::of(&transaction(scene, &order, spec, number))?);
    let plan = build_aftermath(scene, spec, &mut order, plan, into)?;
    into.push(Written::of(&plan)?);
    into.push(Written::of(&order)?);
    Ok(())
}

fn merchant(scene: &Scene<'_>, spec: &OrderSpec) -> Result<&'static Merchant, SeedError> {
    let catalogue = Catalogue::get();
    let first = spec.items.first().and_then(|item| catalogue.variant(&item.variant));
    first.and_then(|sold| catalogue.merchant(sold)).ok_or_else(|| scene.wrong("an order without a known item"))
}

fn items(scene: &Scene<'_>, number: u32, spec: &OrderSpec, merchant: &Merchant) -> Result<Vec<OrderItem>, SeedError> {
    let catalogue = Catalogue::get();
    let currency = scene.customer.spending_limit.currency;
    let item = |(position, item): (usize, &super::spec::ItemSpec)| {
        let sold =
            catalogue.variant(&item.variant).ok_or_else(|| scene.wrong(format!("no variant {}", item.variant)))?;
        if catalogue.merchant(sold).is_none_or(|seller| seller.id != merchant.id) {
            return Err(scene.wrong(format!("{} is not sold by {}", item.variant, merchant.name)));
        }
        Ok(OrderItem {
            id: format!("ITM-{number}-{position}"),
            sku: sold.variant.sku.clone(),
            product_id: sold.product_id.clone(),
            variant_id: sold.variant.id.clone(),
            name: sold.product_name.clone(),
            options: sold.variant.options.clone(),
            quantity: item.quantity,
            price: currency.price(sold.variant.price_euro_minor),
            returnable: sold.returnable,
            returned: false,
        })
    };
    (1..).zip(&spec.items).map(item).collect()
}

fn shipped_at(scene: &Scene<'_>, spec: &OrderSpec, placed_at: Moment) -> Option<Moment> {
    match spec.status {
        OrderStatus::Shipped | OrderStatus::Delivered => {
            let next_day = placed_at.plus_seconds(26 * 3_600);
            let latest = scene.now.plus_days(-spec.delivered.unwrap_or_default()).plus_seconds(-4 * 3_600);
            Some(next_day.min(latest).max(placed_at))
        }
        OrderStatus::Placed | OrderStatus::Packed | OrderStatus::Cancelled => None,
    }
}

fn delivered_at(scene: &Scene<'_>, spec: &OrderSpec, number: u32) -> Result<Option<Moment>, SeedError> {
    match (spec.status, spec.delivered) {
        (OrderStatus::Delivered, Some(days)) if days <= spec.placed => Ok(Some(scene.days_ago(days, number))),
        (OrderStatus::Delivered, _) => Err(scene.wrong("a delivered order says when, after it was placed")),
        _ => Ok(None),
    }
}

fn parcel(order: &Order, spec: &OrderSpec, carrier: &str, now: Moment) -> Option<Parcel> {
    let implied = match order.status {
        OrderStatus::Placed | OrderStatus::Cancelled => return None,
        OrderStatus::Packed => ParcelStatus::LabelCreated,
        OrderStatus::Shipped => ParcelStatus::InTransit,
        OrderStatus::Delivered => ParcelStatus::Delivered,
    };
    let status = spec.parcel.unwrap_or(implied);
    let digits = order.id.replace("ORD-", "");
    let initials: String = carrier.chars().filter(char::is_ascii_uppercase).take(2).collect();
    let tracking_number = format!("{initials}{digits}{}", order.shipping_address.country);
    let expected = match spec.expected {
        Some(days) => now.day().plus_days(days),
        None => order.delivered_at.map_or_else(|| order.placed_at.plus_days(DELIVERY_DAYS).day(), Moment::day),
    };
    let events = events(order, status, now);
    let waits = events.last().filter(|event| event.status == ParcelStatus::AtPickupPoint);
    let near = &order.shipping_address;
    Some(Parcel {
        pickup_point: waits.map(|_| format!("{carrier} Point, Station Road 2, {} {}", near.postal_code, near.city)),
        collect_by: waits.map(|event| event.at.day().plus_days(PICKUP_DAYS)),
        carrier: carrier.to_owned(),
        tracking_url: format!("https://track.example/{tracking_number}"),
        tracking_number,
        status,
        estimated_delivery_on: expected,
        events,
    })
}

fn events(order: &Order, status: ParcelStatus, now: Moment) -> Vec<ParcelEvent> {
    let city = &order.shipping_address.city;
    let event = |at: Moment, status: ParcelStatus, location: &str, (code, text): (&str, &str)| ParcelEvent {
        at,
        status,
        location: location.to_owned(),
        code: code.to_owned(),
        text: text.to_owned(),
    };
    let labelled = order.placed_at.plus_seconds(3 * 3_600).min(now);
    let mut events = vec![event(
        labelled,
        ParcelStatus::LabelCreated,
        &order.merchant.name,
        ("label_created", "The merchant has printed the label"),
    )];
    if let Some(shipped) = order.shipped_at {
        events.push(event(shipped, ParcelStatus::PickedUp, "Warehouse", ("picked_up", "Handed to the carrier")));
        if !matches!(status, ParcelStatus::PickedUp) {
            events.push(event(
                shipped.plus_seconds(9 * 3_600).min(now),
                ParcelStatus::InTransit,
                "Sorting centre",
                ("in_transit", "Sorted and on its way"),
            ));
        }
    }
    let last = order
        .delivered_at
        .or_else(|| events.last().map(|event| event.at.plus_seconds(14 * 3_600).min(now)))
        .unwrap_or(now);
    if let Some(said) = last_words(status) {
        events.push(event(last, status, city, said));
    }
    events
}

/// Code and words of the last event of a parcel.
const fn last_words(status: ParcelStatus) -> Option<(&'static str, &'static str)> {
    match status {
        ParcelStatus::LabelCreated | ParcelStatus::PickedUp | ParcelStatus::InTransit => None,
        ParcelStatus::Customs => Some(("customs_check", "Held by customs for a check of the papers")),
        ParcelStatus::OutForDelivery => Some(("out_for_delivery", "Out for delivery today")),
        ParcelStatus::AtPickupPoint => Some(("at_pickup_point", "Ready to be collected at the pick-up point")),
        ParcelStatus::Delivered => Some(("left_at_door", "Left at the door")),
        ParcelStatus::DeliveryFailed => {
            Some(("nobody_home", "Nobody was at home; a new attempt follows on the next working day"))
        }
        ParcelStatus::Delayed => Some(("delayed", "Delayed by the carrier")),
        ParcelStatus::Lost => Some(("not_found", "The carrier cannot find the parcel")),
        ParcelStatus::ReturnedToSender => Some(("sent_back", "Not collected in time, sent back to the merchant")),
    }
}

fn invoice(order: &Order, plan: &Plan, number: u32) -> Invoice {
    let open = plan.remaining().minor > 0;
    let cancelled = plan.installments.iter().any(|installment| installment.state == InstallmentState::Cancelled);
    let issued_on = order.placed_at.day();
    Invoice {
        id: format!("INV-{number}"),
        customer_id: order.customer_id.clone(),
        order_id: order.id.clone(),
        plan_id: order.plan_id.clone(),
        number: format!("NP-{number}"),
        merchant: order.merchant.name.clone(),
        amount: order.total,
        issued_on,
        due_on: plan.installments.iter().map(|installment| installment.due_on).max().unwrap_or(issued_on),
        state: if open {
            InvoiceState::Open
        } else if cancelled {
            InvoiceState::Cancelled
        } else {
            InvoiceState::Paid
        },
        pdf_url: format!("https://invoices.example/INV-{number}.pdf"),
    }
}

fn transaction(scene: &Scene<'_>, order: &Order, spec: &OrderSpec, number: u32) -> Transaction {
    let place = spec.place.as_ref();
    let said = |of: fn(&super::spec::PlaceSpec) -> &String, usual: &str| {
        place.map_or_else(|| usual.to_owned(), |place| of(place).clone())
    };
    Transaction {
        id: format!("TXN-{number}"),
        customer_id: order.customer_id.clone(),
        order_id: Some(order.id.clone()),
        merchant: order.merchant.name.clone(),
        amount: order.total,
        at: order.placed_at,
        channel: said(|place| &place.channel, "online"),
        city: said(|place| &place.city, &scene.spec.city),
        country: said(|place| &place.country, &scene.spec.market),
        device: said(|place| &place.device, "iPhone"),
        device_seen_on: Some(
            order
                .placed_at
                .plus_days(-place.map_or(DEVICE_DAYS, |place| (place.device_seen - spec.placed).max(0)))
                .day(),
        ),
        state: TransactionState::Captured,
        fraud_case_id: None,
    }
}
