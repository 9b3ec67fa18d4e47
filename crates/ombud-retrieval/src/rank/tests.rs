use super::*;
use crate::article::{Article, parse};
use crate::chunk::{Chunk, chunks};
use crate::knowledge::Outside;
use crate::query::Analyzer;
use crate::synonyms::Synonyms;

fn ranker(weights: Weights) -> Ranker {
    ranker_beside(weights, &[])
}

fn ranker_beside(weights: Weights, outside: &[&Outside]) -> Ranker {
    let texts = [
        ("late", "What if I pay late?", "[late fee, i missed the due date]", "A late fee of 5 EUR is added."),
        ("refund", "When do I get my refund?", "[refund time, money back when]", "A refund takes 5 business days."),
        ("card", "Change the card", "[new card, replace my card]", "Open the app and add a card."),
    ];
    let articles: Vec<(Article, Vec<Chunk>)> = texts
        .iter()
        .map(|(id, title, questions, body)| {
            let text = format!("---\nid: {id}\ntitle: {title}\nlocale: en\nquestions: {questions}\n---\n{body}\n");
            let article = parse("a.md", &text).unwrap();
            let cut = chunks(&article);
            (article, cut)
        })
        .collect();
    let views: Vec<(&Article, &[Chunk])> = articles.iter().map(|(article, cut)| (article, &**cut)).collect();
    Ranker::new(Corpus::new(Analyzer::new("en", &Synonyms::default()), &views, outside)).with_weights(&weights)
}

fn first(question: &str) -> (usize, f32) {
    let ranked = ranker(Weights::words()).rank(question, None, &[0, 1, 2]);
    ranked.first().map(|one| (one.article, one.support)).unwrap()
}

#[test]
fn an_example_question_is_strong_evidence_for_its_article() {
    for (question, article) in [("I missed the due date!", 0), ("money back when?", 1), ("how do i replace my card", 2)]
    {
        let (found, support) = first(question);
        assert_eq!(found, article, "{question}");
        assert!(support > crate::SUPPORT_MIN, "{question}: {support}");
    }
}

#[test]
fn what_no_article_knows_is_not_supported() {
    let ranker = ranker(Weights::words());
    for question in ["who won the ice hockey match", "will it snow in the mountains at night", ""] {
        let support = ranker.rank(question, None, &[0, 1, 2]).first().map_or(0.0, |first| first.support);
        assert!(support < crate::SUPPORT_MIN, "{question}: {support}");
    }
}

#[test]
fn a_held_out_question_counts_no_longer() {
    let ranker = ranker(Weights::words());
    let support = |ranked: Vec<Ranked>| ranked.into_iter().find(|one| one.article == 1).map(|one| one.score).unwrap();
    let with = support(ranker.rank("money back when", None, &[0, 1, 2]));
    let without = support(ranker.rank_held_out("money back when", None, &[1], &[0, 1, 2]));
    assert!(without < with, "{without} {with}");
}

#[test]
fn only_candidates_take_part_and_the_order_is_the_same_each_time() {
    let ranker = ranker(Weights::words());
    let ranked = ranker.rank("late fee", None, &[2, 1, 99]);
    let mut took_part: Vec<usize> = ranked.iter().map(|one| one.article).collect();
    took_part.sort_unstable();
    assert_eq!(took_part, [1, 2]);
    assert_eq!(ranked, ranker.rank("late fee", None, &[1, 2]));
    assert_eq!(ranker.rank("late fee", None, &[]), Vec::new());
    assert!(ranker.signals("late fee", &[]).is_none());
}

#[test]
fn what_is_likelier_outside_of_the_articles_is_answered_by_none() {
    let questions = ["when is the bus late", "is my train late", "money for a taxi"].map(str::to_owned).to_vec();
    let outside = Outside { language: "en".to_owned(), questions };
    let ranker = ranker_beside(Weights::words(), &[&outside]);
    let support = |question: &str| ranker.rank(question, None, &[0, 1, 2]).first().map_or(0.0, |first| first.support);
    assert!(support("is the bus late") < crate::SUPPORT_MIN, "{}", support("is the bus late"));
    assert!(support("i missed the due date") > crate::SUPPORT_MIN);
    assert!(support("late fee") > crate::SUPPORT_MIN, "an example counts word for word");
}

/// Decision 0016: what is asked in none of an article's words is found by what it means, and nothing is where no vectors are.
#[test]
fn meaning_orders_what_the_words_leave_open() {
    let ranker = ranker(Weights::meaning());
    // One direction for each of the three articles: their lessons are two examples and a title each.
    let direction = |place: usize| -> Vec<f32> { (0..3).map(|at| if at == place { 1.0 } else { 0.0 }).collect() };
    let vectors: Vec<Vec<f32>> = (0..ranker.lessons().len()).map(|lesson| direction(lesson / 3)).collect();
    ranker.deepen(&vectors.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let best = |vector: Option<&[f32]>| ranker.rank("the money", vector, &[0, 1, 2]).first().map(|one| one.article);
    assert_eq!(ranker.lessons().len(), 9);
    assert_eq!(best(None), Some(1), "by its words");
    for place in [0, 2] {
        assert_eq!(best(Some(&direction(place))), Some(place), "by its meaning");
    }
}
