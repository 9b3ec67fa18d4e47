use ombud_ports::{KnowledgeIndex, KnowledgeQuery, Words};
use ombud_retrieval::{Article, Knowledge, Synonyms, article, extract};

use super::ArticleIndex;
use super::documents::CANDIDATES_MAX;

fn read(front: &str, body: &str) -> Article {
    article::parse("a.md", &format!("---\n{front}\n---\n{body}\n")).unwrap()
}

fn of(articles: Vec<Article>) -> Knowledge {
    Knowledge { articles, ..Knowledge::default() }
}

fn query(text: &str) -> KnowledgeQuery {
    KnowledgeQuery {
        balance: Default::default(),
        text: text.to_owned(),
        words: Words::Compared,
        vector: None,
        asked: None,
        locale: "en-GB".to_owned(),
        market: "SE".to_owned(),
        audience: "customer".to_owned(),
        today: "2026-06-15".to_owned(),
        passages_max: 8,
    }
}

fn ids(index: &ArticleIndex, query: &KnowledgeQuery) -> Vec<String> {
    let mut ids: Vec<String> = index.search(query).unwrap().into_iter().map(|passage| passage.article_id).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Every canary says the customer's words exactly; only the one that may be shown is found, however few passages are asked for.
#[test]
fn what_may_not_be_shown_is_never_found_though_it_fits_best() {
    let canary = "The late fee is 5 EUR.";
    let articles = vec![
        read(
            "id: shown\ntitle: Fees\nlocale: en\nmarkets: [SE, NO]\nvalid_from: 2026-06-15\nvalid_to: 2026-06-15",
            "Some words and a fee.",
        ),
        read("id: market\ntitle: Late fee\nlocale: en\nmarkets: [DE]\nquestions: [late fee]", canary),
        read("id: language\ntitle: Late fee\nlocale: sv\nquestions: [late fee]", canary),
        read("id: audience\ntitle: Late fee\nlocale: en\naudience: agent\nquestions: [late fee]", canary),
        read("id: not-yet\ntitle: Late fee\nlocale: en\nvalid_from: 2026-06-16\nquestions: [late fee]", canary),
        read("id: no-longer\ntitle: Late fee\nlocale: en\nvalid_to: 2026-06-14\nquestions: [late fee]", canary),
    ];
    let index = ArticleIndex::build(of(articles)).unwrap();
    assert_eq!(ids(&index, &query("late fee")), ["shown"]);
    assert_eq!(ids(&index, &KnowledgeQuery { passages_max: 1, ..query("late fee") }), ["shown"]);
    let agent = KnowledgeQuery { audience: "agent".to_owned(), ..query("late fee") };
    assert_eq!(ids(&index, &agent), ["audience", "shown"]);
    let swedish = KnowledgeQuery { locale: "sv".to_owned(), ..query("late fee") };
    assert_eq!(ids(&index, &swedish), ["language"]);
    let german = KnowledgeQuery { market: "de".to_owned(), ..query("late fee") };
    assert_eq!(ids(&index, &german), ["market"]);
    for today in ["2026-06-14", "2026-06-16", "yesterday"] {
        let other_day = ids(&index, &KnowledgeQuery { today: today.to_owned(), ..query("late fee") });
        assert!(!other_day.contains(&"shown".to_owned()), "{today}: {other_day:?}");
    }
    assert_eq!(ids(&index, &KnowledgeQuery { locale: "ja".to_owned(), ..query("late fee") }), Vec::<String>::new());
    assert_eq!(ids(&index, &query("")), Vec::<String>::new());
}

#[test]
fn lines_for_other_markets_are_neither_found_nor_quoted() {
    let body = "Cards work everywhere.\n\n## Bank transfer\n\n- **SE**: In Sweden pay by Bankgiro.\n- **NO**: In Norway pay by AvtaleGiro.\n\
        - Elsewhere ask your bank.";
    let index = ArticleIndex::build(of(vec![read("id: pay\ntitle: Ways to pay\nlocale: en", body)])).unwrap();
    let text = |market: &str, asked: &str| {
        let found = index.search(&KnowledgeQuery { market: market.to_owned(), ..query(asked) }).unwrap();
        found.into_iter().find(|passage| passage.heading == "Bank transfer").map(|passage| passage.text)
    };
    assert_eq!(text("SE", "bankgiro").unwrap(), "In Sweden pay by Bankgiro.\nElsewhere ask your bank.");
    assert_eq!(text("US", "ask bank").unwrap(), "Elsewhere ask your bank.");
    assert_eq!(text("SE", "avtalegiro"), None);
    let asked_for_another = text("SE", "avtalegiro bank transfer").unwrap();
    assert!(!asked_for_another.contains("AvtaleGiro"), "{asked_for_another}");
}

#[test]
fn any_word_in_any_form_or_synonym_makes_a_candidate_and_no_word_makes_none() {
    let articles = vec![
        read("id: a\ntitle: Late fee\nlocale: en", "It is 5 EUR."),
        read("id: b\ntitle: Parcels\nlocale: en\nquestions: [where is my courier]", "See the shop's page."),
        read("id: c\ntitle: Cards\nlocale: en", "Add one in the app.\n\n## Stolen wallet\n\nWe block it at once."),
    ];
    let synonyms = Synonyms::parse("s.yaml", "- [fee, surcharge]\n").unwrap();
    let index = ArticleIndex::build(Knowledge { articles, synonyms, ..Knowledge::default() }).unwrap();
    let cases: [(&str, &[usize]); 7] = [
        ("my dog ate two fees", &[0]),
        ("surcharges", &[0]),
        ("couriers", &[1]),
        ("wallets", &[2]),
        ("blocking", &[2]),
        ("who won the ice hockey match", &[]),
        ("?!", &[]),
    ];
    for (asked, expected) in cases {
        assert_eq!(index.candidates(&query(asked)).unwrap(), expected, "{asked}");
        assert_eq!(index.search(&query(asked)).unwrap().is_empty(), expected.is_empty(), "{asked}");
    }
}

#[test]
fn candidates_are_bounded_each_once_and_those_that_say_least_of_it_stay_out() {
    let article = |id: String, body: &str| read(&format!("id: {id}\ntitle: Costs\nlocale: en"), body);
    let passages: String = (0..20).map(|part| format!("\n\n## Part {part}\n\nA late fee.")).collect();
    let mut articles = vec![article("0".to_owned(), &format!("Long.{passages}"))];
    let at_bound = (1..CANDIDATES_MAX).map(|place| article(format!("{place:03}"), "A late fee."));
    articles.extend(at_bound);
    let candidates = |articles: &[Article]| {
        let mut places = ArticleIndex::build(of(articles.to_vec())).unwrap().candidates(&query("late fee")).unwrap();
        places.sort_unstable();
        places
    };
    assert_eq!(candidates(&articles), (0..CANDIDATES_MAX).collect::<Vec<_>>());
    articles.push(article("999".to_owned(), &format!("A fee, if late. {}", "Other words stand here. ".repeat(40))));
    assert_eq!(candidates(&articles), (0..CANDIDATES_MAX).collect::<Vec<_>>());
}

#[test]
fn a_question_in_the_words_of_an_example_is_answered_with_its_source() {
    let articles = vec![
        read(
            "id: late\ntitle: What if I pay late?\nlocale: en\nsource: https://help.example/late\nquestions: [what if i miss the due date, late fee]",
            "A late fee of 5 EUR is added on day 14. Reminders are free.\n\n## Cap\n\nFees of one order never exceed 25 percent of its value.",
        ),
        read(
            "id: refund\ntitle: When do I get my refund?\nlocale: en\nquestions: [refund time]",
            "A refund takes 5 days.",
        ),
        read("id: card\ntitle: Change the card\nlocale: en\nquestions: [new card]", "Open the app and add a card."),
    ];
    let index = ArticleIndex::build(of(articles.clone())).unwrap();
    let asked = "what if i miss the due date?";
    let found = extract(asked, &index.search(&query(asked)).unwrap()).unwrap();
    assert_eq!(found.citation.article_id, "late");
    assert_eq!(found.citation.url.as_deref(), Some("https://help.example/late"));
    assert_eq!(found.sentences.first().map(String::as_str), Some("A late fee of 5 EUR is added on day 14."));
    let unknown = "who won the ice hockey match";
    assert_eq!(extract(unknown, &index.search(&query(unknown)).unwrap()), None);

    let mut reversed = articles;
    reversed.reverse();
    let same = ArticleIndex::build(of(reversed.clone())).unwrap();
    assert_eq!(same.version(), index.version());
    reversed.pop();
    assert_ne!(ArticleIndex::build(of(reversed)).unwrap().version(), index.version());
}
