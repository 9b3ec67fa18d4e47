//! What customers say, and which record or variant they mean by it; shops, products and sentences are invented.

mod course;
mod items;
mod records;
mod shop;
mod variants;
