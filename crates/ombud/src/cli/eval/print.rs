//! How are figures printed? As a table for people, one JSON object a line for programs.

use comfy_table::{CellAlignment, Table, presets};
use ombud_learning::eval::Figure;

use crate::cli::{Context, Output};
use crate::terminal::{complain, say, say_json};

/// Collects figures of one evaluation.
#[derive(Debug)]
pub(super) struct Figures {
    seed: u64,
    figures: Vec<Figure>,
}

impl Figures {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed, figures: Vec::new() }
    }

    pub(super) fn add(&mut self, figure: impl Into<String>, value: f64, n: usize) {
        self.figures.push(Figure { figure: figure.into(), value, n, seed: self.seed });
    }

    pub(super) fn print(&self, output: Output) -> anyhow::Result<()> {
        if output == Output::Json {
            return self.figures.iter().try_for_each(say_json);
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["figure", "value", "n", "seed"]);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for Figure { figure, value, n, seed } in &self.figures {
            table.add_row([figure.clone(), format!("{value:.4}"), n.to_string(), seed.to_string()]);
        }
        say(format_args!("{table}"));
        Ok(())
    }
}

/// Figures that are printed as they come.
pub(super) trait Shown {
    /// A share of examples; nothing is drawn.
    fn share(figure: impl Into<String>, part: usize, n: usize) -> Self;

    fn show(&self, context: &Context) -> anyhow::Result<()>;
}

impl Shown for Figure {
    #[expect(clippy::cast_precision_loss, reason = "counts of examples are far below 2^52")]
    fn share(figure: impl Into<String>, part: usize, n: usize) -> Self {
        let value = if n == 0 { 0.0 } else { part as f64 / n as f64 };
        Self { figure: figure.into(), value, n, seed: 0 }
    }

    fn show(&self, context: &Context) -> anyhow::Result<()> {
        match context.output {
            Output::Json => say_json(self)?,
            Output::Text => {
                say(format_args!("{:.4}  {}  (n = {}, seed = {})", self.value, self.figure, self.n, self.seed));
            }
        }
        Ok(())
    }
}

/// What has to be known beside the figures; on standard error, so that these can be read by programs.
pub(super) fn note(text: impl std::fmt::Display) {
    complain(format_args!("note: {text}"));
}
