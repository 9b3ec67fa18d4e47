//! What does Nimbus Pay, the pay-later company, keep and do?
//!
//! A file per noun: the record as it is stored, the view callers get (with what follows from today's date), and what may be done to it.

pub mod customers;
pub mod credentials;
pub mod orders;
pub mod order_views;
pub mod cancellations;
pub mod products;
pub mod plans;
pub mod extensions;
pub mod payments;
pub mod refunds;
pub mod returns;
pub mod exchanges;
pub mod disputes;
pub mod invoices;
pub mod instruments;
pub mod transactions;
pub mod tickets;
pub mod notes;
pub mod challenges;
pub mod overview;
