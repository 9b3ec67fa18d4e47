use std::path::PathBuf;
use std::sync::Arc;

use ombud_ports::{KnowledgeIndex, KnowledgeQuery, Words};
use ombud_retrieval::{Article, Knowledge, Outside, Synonyms, article, extract};

use super::documents::CANDIDATES_MAX;
use super::{ArticleIndex, IndexSettings};

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
    let vectors: Vec<&[f32]> = vec![&[1.0, 0.0]; 20];
    let narrow = IndexSettings { whole_passages_max: 0, folder: Some(folder("canaries")) };
    for settings in [IndexSettings::default(), narrow] {
        let index = ArticleIndex::build_with(of(articles.clone()), &settings).unwrap();
        only_what_may_be_shown(&index, None);
        index.deepen(&vectors[..index.lessons().len()]);
        only_what_may_be_shown(&index, Some(Arc::new([1.0, 0.0])));
    }
}

fn only_what_may_be_shown(index: &ArticleIndex, vector: Option<Arc<[f32]>>) {
    let query = |text: &str| KnowledgeQuery { vector: vector.clone(), ..query(text) };
    let ids = |query: &KnowledgeQuery| ids(index, query);
    assert_eq!(ids(&query("late fee")), ["shown"]);
    assert_eq!(ids(&KnowledgeQuery { passages_max: 1, ..query("late fee") }), ["shown"]);
    let agent = KnowledgeQuery { audience: "agent".to_owned(), ..query("late fee") };
    assert_eq!(ids(&agent), ["audience", "shown"]);
    let swedish = KnowledgeQuery { locale: "sv".to_owned(), ..query("late fee") };
    assert_eq!(ids(&swedish), ["language"]);
    let german = KnowledgeQuery { market: "de".to_owned(), ..query("late fee") };
    assert_eq!(ids(&german), ["market"]);
    for today in ["2026-06-14", "2026-06-16", "yesterday"] {
        let other_day = ids(&KnowledgeQuery { today: today.to_owned(), ..query("late fee") });
        assert!(!other_day.contains(&"shown".to_owned()), "{today}: {other_day:?}");
    }
    assert_eq!(ids(&KnowledgeQuery { locale: "ja".to_owned(), ..query("late fee") }), Vec::<String>::new());
    if vector.is_none() {
        assert_eq!(ids(&query("")), Vec::<String>::new());
    }
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

/// What was counted when the index was built gives the answers that counting everything gives, in two languages and beside topics outside.
#[test]
fn candidates_are_ranked_as_all_articles_are() {
    let body = |words: &str| {
        format!("It is about {words}. More of {words} follows.\n\n## How {words} works\n\nEvery {words} has a day.")
    };
    let article = |locale: &str, id: &str, title: &str, question: &str| {
        read(
            &format!("id: {id}\ntitle: {title}\nlocale: {locale}\nquestions: [{question}, about {title}]"),
            &body(title),
        )
    };
    let english = [
        ("fee", "Late fee", "what if i pay late"),
        ("refund", "Refunds", "when is my money back"),
        ("card", "New card", "replace a stolen card"),
        ("order", "Cancel an order", "stop the parcel"),
        ("limit", "Spending limit", "how much may i spend"),
    ];
    let swedish = [("avgift", "Avgift", "vad kostar det"), ("kort", "Nytt kort", "byta ut kortet")];
    let mut articles: Vec<Article> =
        english.iter().map(|(id, title, question)| article("en", id, title, question)).collect();
    articles.extend(swedish.iter().map(|(id, title, question)| article("sv", id, title, question)));
    let topic = |language: &str, question: &str| Outside {
        language: language.to_owned(),
        questions: vec![question.to_owned()],
    };
    let outside = vec![topic("en", "will it rain tomorrow"), topic("sv", "regnar det i morgon")];
    let knowledge = || Knowledge { articles: articles.clone(), outside: outside.clone(), ..Knowledge::default() };
    let whole = ArticleIndex::build(knowledge()).unwrap();
    for folder in [None, Some(folder("as-all"))] {
        let narrow = ArticleIndex::build_with(knowledge(), &IndexSettings { whole_passages_max: 0, folder }).unwrap();
        for (locale, asked) in [
            ("en", "what if i pay late"),
            ("en", "my card was stolen, replace it"),
            ("en", "stop my order"),
            ("en", "rain tomorrow late"),
            ("sv", "vad kostar det nya kortet"),
        ] {
            let query = KnowledgeQuery { locale: locale.to_owned(), ..query(asked) };
            let (expected, found) = (whole.search(&query).unwrap(), narrow.search(&query).unwrap());
            let first = |passages: &[ombud_domain::Passage]| {
                passages.first().map(|one| (one.article_id.clone(), one.text.clone()))
            };
            assert_eq!(first(&found), first(&expected), "{asked}");
            assert!(!expected.is_empty() && found.len() == expected.len(), "{asked}");
            // Only how rare a term is, rounded, tells them apart.
            assert!((found[0].support - expected[0].support).abs() < 0.1, "{asked}: {found:?} {expected:?}");
        }
    }
}

/// Some words in nearly every passage, others in few; enough passages that whole blocks of them can be skipped.
#[test]
fn what_is_found_without_looking_at_every_passage_is_what_looking_at_all_finds() {
    let mut state = 1_u64;
    let mut word = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (one, other) = ((state >> 33) % 40, (state >> 48) % 40);
        format!("zq{}", one * other)
    };
    let mut words = |count: usize| (0..count).map(|_| word()).collect::<Vec<_>>().join(" ");
    let articles: Vec<Article> = (0..1_500)
        .map(|number| {
            let audience = if number % 7 == 0 { "agent" } else { "customer" };
            let front = format!(
                "id: a{number:04}\ntitle: {}\nlocale: en\naudience: {audience}\nquestions: [{}]",
                words(3),
                words(5)
            );
            read(&front, &format!("{}.\n\n## {}\n\n{}.", words(20), words(2), words(20)))
        })
        .collect();
    let settings = IndexSettings { whole_passages_max: 0, folder: None };
    let index = ArticleIndex::build_with(of(articles), &settings).unwrap();
    for _ in 0..50 {
        let query = query(&words(5));
        let (found, all) = (index.candidates(&query).unwrap(), index.candidates_exhaustively(&query).unwrap());
        assert!(all.len() > 10, "{}", query.text);
        // Scores are summed in another order, so that two that are the same but for the last digit may change places.
        let is_there = |(place, one): (usize, &usize)| {
            all.iter().position(|other| other == one).is_some_and(|other| other.abs_diff(place) <= 1)
        };
        assert!(found.len() >= all.len().min(48) && found.iter().enumerate().all(is_there), "{found:?} {all:?}");
    }
}

/// A folder of a test's own, without what an earlier run has left.
fn folder(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("ombud-knowledge-{}-{test}", std::process::id()));
    drop(std::fs::remove_dir_all(&folder));
    folder
}

/// So many articles of one passage and two lessons each, none of which shares a word with another.
fn many(count: usize) -> Vec<Article> {
    let one = |number: usize| {
        read(
            &format!("id: a{number:03}\ntitle: Title{number}\nlocale: en\nquestions: [asked{number}]"),
            &format!("Body{number}."),
        )
    };
    (0..count).map(one).collect()
}

/// Of version `turn`, the lessons of article `n` point where article `n + turn` pointed in version 0.
fn turned(count: usize, turn: usize) -> Vec<Vec<f32>> {
    let direction =
        |article: usize| (0..count).map(|place| f32::from(u8::from(place == (article + turn) % count))).collect();
    (0..count).flat_map(|article| [direction(article), direction(article)]).collect()
}

/// Four threads ask while the vectors are replaced 100 times: no question fails, and each is answered by one version alone.
#[test]
fn vectors_are_swapped_a_hundred_times_under_load() {
    const ARTICLES: usize = 24;
    let settings = IndexSettings { whole_passages_max: 0, folder: Some(folder("swapped")) };
    let index = ArticleIndex::build_with(of(many(ARTICLES)), &settings).unwrap();
    let deepen = |turn: usize| {
        let vectors = turned(ARTICLES, turn);
        index.deepen(&vectors.iter().map(Vec::as_slice).collect::<Vec<_>>());
    };
    deepen(0);
    let ended = std::sync::atomic::AtomicBool::new(false);
    let asked = std::thread::scope(|scope| {
        let ask = || {
            let mut asked = 0;
            while !ended.load(std::sync::atomic::Ordering::Relaxed) {
                let mut direction = [0.1; ARTICLES];
                (direction[3], direction[4]) = (1.0, 0.9);
                let query = KnowledgeQuery { vector: Some(Arc::new(direction)), ..query("nothing of it") };
                let found = index.candidates(&query).unwrap();
                // In every version the article that points to 4 stands one behind the one that points to 3.
                assert_eq!((found.len(), (found[0] + 1) % ARTICLES), (ARTICLES, found[1]), "{found:?}");
                index.search(&query).unwrap();
                asked += 1;
            }
            asked
        };
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        (1..=100).for_each(deepen);
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
        asking.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    assert!(asked > 100, "{asked}");
}

#[test]
fn an_index_in_a_folder_is_found_again_and_built_anew_where_it_is_damaged() {
    let folder = folder("again");
    let settings = IndexSettings { whole_passages_max: 0, folder: Some(folder.clone()) };
    let built = || ArticleIndex::build_with(of(many(9)), &settings).unwrap();
    let artefacts = |kind: &str| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder.join(kind)).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let ask = |index: &ArticleIndex| {
        let vectors = turned(9, 0);
        index.deepen(&vectors.iter().map(Vec::as_slice).collect::<Vec<_>>());
        index.candidates(&query("asked7")).unwrap()
    };
    assert_eq!(ask(&built()), [7]);
    let all = || ["words", "counts", "vectors"].map(artefacts);
    let before = all();
    assert!(before.iter().all(|kind| kind.len() == 1), "{before:?}");
    assert_eq!(ask(&built()), [7]);
    assert_eq!(all(), before);
    for [one] in before.iter().map(|kind| [&kind[0]]) {
        let files = std::fs::read_dir(one).unwrap().map(|entry| entry.unwrap().path());
        let damaged = files.filter(|file| file.extension().is_none_or(|ending| ending != "json"));
        let damaged = damaged.max_by_key(|file| std::fs::metadata(file).unwrap().len()).unwrap();
        let mut bytes = std::fs::read(&damaged).unwrap();
        bytes[0] ^= 1;
        std::fs::write(&damaged, bytes).unwrap();
        let refused = crate::Artefact::open(one).unwrap_err().to_string();
        assert!(
            refused.contains(damaged.to_str().unwrap()) && refused.contains("is not what was written"),
            "{refused}"
        );
        assert_eq!(ask(&built()), [7]);
    }
    // The search library names its files anew each time, so that what was damaged is kept as the version before.
    assert!(all().iter().skip(1).flatten().all(|one| crate::Artefact::open(one).is_ok()));
}
