//! What does Nimbus Pay, the pay-later company, keep and do?
//!
//! A file per noun: the record as it is stored, the view callers get (with what follows from today's date), and what
//! may be done to it.

pub mod cancellations;
pub mod challenges;
pub mod credentials;
pub mod customers;
pub mod disputes;
pub mod exchanges;
pub mod extensions;
pub mod instruments;
pub mod invoices;
pub mod late_fees;
pub mod notes;
pub mod order_views;
pub mod orders;
pub mod overview;
pub mod payment_refunds;
pub mod payments;
pub mod plans;
pub mod price_differences;
pub mod products;
pub mod refunds;
pub mod returns;
pub mod tickets;
pub mod transactions;
