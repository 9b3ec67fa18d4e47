//! Which other requests do the same words ask for? "Put it on all my orders and in my profile" has one verb and two requests.

use regex::Regex;

use super::model::{NluError, Together};
use super::rules::compile_wish;

/// The expressions by which one request asks for another too.
#[derive(Debug, Clone)]
pub(super) struct Togethers(Vec<(Together, Regex)>);

impl Togethers {
    pub(super) fn new(together: &[Together]) -> Result<Self, NluError> {
        let compile = |one: &Together| Ok((one.clone(), compile_wish(&one.flow, std::slice::from_ref(&one.says))?));
        together.iter().map(compile).collect::<Result<_, _>>().map(Self)
    }

    /// The requests that a text which asks for `flow` asks for too.
    pub(super) fn asked_with<'a>(&'a self, flow: &'a str, text: &'a str) -> impl Iterator<Item = &'a str> {
        let asks = move |(one, says): &&(Together, Regex)| one.with == flow && says.is_match(text);
        self.0.iter().filter(asks).map(|(one, _)| one.flow.as_str())
    }
}
