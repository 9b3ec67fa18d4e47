//! How long does one text take, how much memory does the model hold, and how near are its vectors to those of the reference?
//!
//! `cargo run --release -p ombud-inference --example embed_bench -- [--reference PROGRAM]`, with the folder of the model in `OMBUD_MODELS_FOLDER`.
//! The reference is a program that is started as `PROGRAM MODEL` and answers each line `query TEXT` on its input with one line: microseconds of CPU, then
//! 384 numbers. Times are CPU of the one thread that works, so that a busy machine disturbs them less.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use ombud_inference::{E5, E5_SMALL};
use ombud_ports::{Embedder, TextKind};

/// Runs of each text; the median counts.
const RUNS: usize = 41;
/// Texts by length, from a word to more than the model reads.
const REPEATS: [usize; 6] = [0, 1, 2, 6, 12, 60];
const SENTENCE: &str = "I sent the shoes back and I am still told to pay. ";
/// One sentence in scripts that the vocabulary cuts differently.
const TEXTS: [&str; 8] = [
    "Where is my refund?",
    "Wo bleibt meine Rückerstattung für die zurückgeschickten Schuhe?",
    "Nie zamawiałem tej paczki, a dostałem rachunek.",
    "カードを紛失しました。すぐに止めてください。",
    "我的退款什么时候到账？",
    "لماذا تم خصم المبلغ مرتين من حسابي؟",
    "मेरा पार्सल अभी तक नहीं आया है",
    "ฉันต้องการยกเลิกคำสั่งซื้อ",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let program = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--reference"), program @ Some(_)) => program,
        _ => None,
    };
    let path = folder().join(E5_SMALL.file);
    let mut out = std::io::stdout().lock();

    let before = resident_mb();
    let started = Instant::now();
    let model = E5::open(&path)?;
    let opened_ms = started.elapsed().as_millis();
    writeln!(out, "opened and verified in {opened_ms} ms")?;
    let texts: Vec<String> =
        REPEATS.iter().map(|count| if *count == 0 { "refund".to_owned() } else { SENTENCE.repeat(*count) }).collect();
    model.embed(TextKind::Passage, &texts.iter().map(String::as_str).collect::<Vec<_>>())?;
    writeln!(out, "memory: {:.0} MB more than before, after texts of 512 tokens", resident_mb() - before)?;

    writeln!(out, "\n{:>8} {:>8} {:>12} {:>12}", "tokens", "runs", "median ms", "tokens/s")?;
    for text in &texts {
        let tokens = model.tokens(TextKind::Query, text);
        let median = median_ms(|| model.embed(TextKind::Query, &[text]).map(|_| ()))?;
        writeln!(out, "{tokens:>8} {RUNS:>8} {median:>12.2} {:>12.0}", per_second(tokens, median))?;
    }
    let batch: Vec<&str> = std::iter::repeat_n(TEXTS, 16).flatten().collect();
    let tokens: usize = batch.iter().map(|text| model.tokens(TextKind::Query, text)).sum();
    let started = cpu_ms();
    model.embed(TextKind::Query, &batch)?;
    let spent = cpu_ms() - started;
    writeln!(
        out,
        "{} texts at once, {tokens} tokens: {spent:.0} ms, {:.0} tokens/s",
        batch.len(),
        per_second(tokens, spent)
    )?;

    match program {
        Some(program) => compare(&model, &program, &path, &mut out),
        None => Ok(writeln!(out, "not compared: no `--reference`")?),
    }
}

/// Cosine and time beside another engine's, text by text, in turns, so that a busy machine slows both.
fn compare(model: &E5, program: &str, path: &Path, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut child = Command::new(program).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let (Some(mut questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("the reference has no pipes".into());
    };
    let mut answers = BufReader::new(answers).lines();
    writeln!(out, "\n{:>8} {:>12} {:>12} {:>10}", "tokens", "ours ms", "theirs ms", "cosine")?;
    for text in TEXTS {
        let (mut ours, mut theirs, mut cosine) = (Vec::new(), Vec::new(), 1.0_f32);
        for _ in 0..RUNS {
            writeln!(questions, "query {text}")?;
            questions.flush()?;
            let answer = answers.next().ok_or("the reference ended")??;
            let mut numbers = answer.split_whitespace().map(str::parse::<f32>);
            theirs.push(f64::from(numbers.next().ok_or("an empty answer")??) / 1_000.0);
            let reference: Vec<f32> = numbers.collect::<Result<_, _>>()?;
            let started = cpu_ms();
            let embeddings = model.embed(TextKind::Query, &[text])?;
            ours.push(cpu_ms() - started);
            let embedding = embeddings.first().ok_or("no vector")?;
            cosine = embedding.values().iter().zip(&reference).map(|(one, another)| one * another).sum();
        }
        let tokens = model.tokens(TextKind::Query, text);
        writeln!(out, "{tokens:>8} {:>12.2} {:>12.2} {cosine:>10.5}", median(ours), median(theirs))?;
    }
    drop(questions);
    child.wait()?;
    Ok(())
}

fn median_ms(mut run: impl FnMut() -> Result<(), ombud_ports::EmbedError>) -> Result<f64, Box<dyn Error>> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let started = cpu_ms();
        run()?;
        times.push(cpu_ms() - started);
    }
    Ok(median(times))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "counts of tokens are small")]
fn per_second(tokens: usize, ms: f64) -> f64 {
    tokens as f64 / ms * 1_000.0
}

#[expect(clippy::disallowed_methods, reason = "an example has no configuration of its own")]
fn folder() -> PathBuf {
    std::env::var_os("OMBUD_MODELS_FOLDER").map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// CPU time of this thread, milliseconds, as the kernel counts it; it brings its count up to date when a thread yields.
fn cpu_ms() -> f64 {
    std::thread::yield_now();
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    line.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or_default() / 1e6
}

/// Memory of this process that is in RAM, MB.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() / 1_000.0
}
