//! Outbound adapters, a file each: the company's own systems, language models, pages that become articles, our own public API.
//!
//! Never: deciding anything. Start reading at [`back_office`], whose rule for lost answers is what keeps money from moving twice.

pub mod back_office;
pub mod back_office_admin;
mod client;
pub mod model;
pub mod pages;
pub mod probe;
pub mod public_api;

pub use back_office::{BackOfficeSettings, HttpBackOffice};
pub use back_office_admin::BackOfficeAdmin;
pub use client::ConnectError;
pub use model::{ModelSettings, OpenAiModel};
pub use pages::{HttpPages, Reach};
pub use probe::{Answer, probe};
pub use public_api::{ApiError, PublicApi};
