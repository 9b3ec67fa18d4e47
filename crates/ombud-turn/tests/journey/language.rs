//! What hears somebody who writes in a language that is not read?

use std::collections::BTreeMap;
use std::sync::Arc;

use ombud_domain::ConversationStatus;
use ombud_language::PhraseFile;
use ombud_ports::{EmbedError, Embedder, Embedding, EmbeddingModel, TextKind};
use ombud_testkit::ScriptedBackOffice;
use ombud_turn::{Progress, Replayed, Share};
use serde_json::Value;

use super::{World, files, text, train};

/// Which languages are read is told once; whoever goes on comes to a person, and whoever changes over is served.
#[tokio::test]
async fn which_languages_are_read_is_told_once() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    let told = text(&world.say("Где мой заказ?").await);
    assert!(told.contains("only read English"), "{told}");
    let again = world.say("Я не понимаю").await;
    assert!(!text(&again).contains("only read English"), "{}", text(&again));
    assert_eq!(again.status, ConversationStatus::Open);
    let served = text(&world.say("what can you do for me?").await);
    assert!(served.contains("I can help you with"), "{served}");
}

/// A language that is not read keeps nobody from a person (R47), and a restart forgets nothing of it.
#[tokio::test]
async fn whoever_goes_on_in_another_language_comes_to_a_person() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("¿Dónde está mi pedido?").await;
    let world = world.restarted();
    for _ in 0..5 {
        if world.say("quiero una respuesta, no entiendo nada de esto").await.status
            == ConversationStatus::WaitingForAgent
        {
            return;
        }
    }
    panic!("nobody came");
}

/// The retail pack with two more languages, which are being learnt.
async fn learning() -> World {
    let mut files = files();
    let manifest = files.get_mut("retail/pack.toml").unwrap();
    *manifest = manifest.replace(r#"locales = ["en"]"#, r#"locales = ["en", "sv", "ja"]"#);
    let world = World::of(&train(&files), ScriptedBackOffice::new(), None).await;
    world.assistant.note_progress(Progress::Learning(Share { done: 1, of: 2 }));
    world
}

/// Whoever writes in a language that is still being learnt is told so in it, as often as he asks, and English is served beside it; all of it is
/// replayed the same once it is learnt.
#[tokio::test]
async fn a_language_that_is_still_being_learnt_says_so_in_its_own_words() {
    let world = learning().await;
    for words in ["Hej, var är min beställning?", "Jag vill veta var mitt paket är", "注文はどこですか"] {
        let told = world.say(words).await;
        let expected =
            if words.is_ascii() || words.contains('ä') { "lära mig läsa svenska" } else { "「担当者」" };
        assert!(text(&told).contains(expected), "{words}: {}", text(&told));
        assert_eq!(told.status, ConversationStatus::Open);
    }
    let served = text(&world.say("what can you do for me?").await);
    assert!(served.contains("I can help you with"), "{served}");
    world.assistant.note_progress(Progress::Rests);
    let unread = text(&world.say("¿Dónde está mi pedido?").await);
    assert!(!unread.contains("still learning"), "{unread}");
}

/// Counts letters.
struct Letters;

impl Embedder for Letters {
    fn embed(&self, _: TextKind, texts: &[&str]) -> Result<Vec<Embedding>, EmbedError> {
        let of = |text: &&str| {
            let mut counts = vec![0.1_f32; 16];
            text.chars().for_each(|c| counts[c as usize % 16] += 1.0);
            Embedding::of(counts).unwrap()
        };
        Ok(texts.iter().map(of).collect())
    }

    fn model(&self) -> EmbeddingModel {
        EmbeddingModel { id: "letters", sha256: "letters", dimension: 16 }
    }
}

/// The language that a customer has written is learnt first and served while the others are still to come; in the end all of them are read.
#[tokio::test]
async fn the_language_that_a_customer_waits_for_comes_first() {
    let world = learning().await;
    let assistant = &world.assistant;
    let embedded = |lessons: Vec<String>| {
        Letters.embed(TextKind::Query, &lessons.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
    };
    assistant.deepen(&[], Arc::new(Letters));
    assert_eq!(assistant.next_language(), Some("sv"));
    world.say("注文はどこですか").await;
    assert_eq!(assistant.next_language(), Some("ja"));
    let course = assistant.course(&Letters.model(), None).unwrap().unwrap();
    assistant.learn_some(&course, &["ja"], &embedded(course.lessons_of(&["ja"]))).unwrap();
    assert_eq!((assistant.languages(), assistant.next_language()), (vec!["en", "ja"], Some("sv")));
    let served = text(&world.say("はい").await);
    assert!(!served.contains("「担当者」") && !served.is_ascii(), "{served}");
    let told = text(&world.say("Jag vill veta var mitt paket är").await);
    assert!(told.contains("lära mig läsa svenska"), "{told}");
    assert_eq!(assistant.locale_for(Some("sv")), "en");
    // Nothing is learnt from vectors that are not those of the lessons.
    assistant.learn_some(&course, &["sv"], &embedded(vec!["hej".to_owned()])).unwrap();
    assert_eq!(assistant.next_language(), Some("sv"));
    let all = embedded(course.lessons());
    assistant.learn_languages(course, &all).unwrap();
    assert_eq!((assistant.languages(), assistant.next_language()), (vec!["en", "sv", "ja"], None));
    assert_eq!(assistant.locale_for(Some("sv")), "sv");
    // What was read by one language alone is replayed by all together, and said to be.
    let ran_with = |turn: &Replayed| turn.ran_with.first().map(|other| (other.what, other.stored.clone()));
    let alone: Vec<_> = assistant.replay(world.conversation, None).await.unwrap().iter().filter_map(ran_with).collect();
    assert_eq!(alone, vec![("languages, each learnt by itself", "ja".to_owned()); 2]);
}

/// A person comes at the word that the text names (R47), whatever is learnt.
#[tokio::test]
async fn a_language_that_is_still_being_learnt_keeps_nobody_from_a_person() {
    let world = learning().await;
    world.say("Hej, var är min beställning?").await;
    assert_eq!(world.say("människa").await.status, ConversationStatus::WaitingForAgent);
}

/// The word that a text tells to write for a person is one that is heard, in every language of the base pack.
#[test]
fn the_word_that_brings_a_person_is_heard_while_a_language_is_being_learnt() {
    let files = files();
    let quotes = ['«', '»', '„', '“', '”', '"', '‘', '’', '「', '」', '״'];
    let mut languages = 0;
    for (path, source) in &files {
        let Some(locale) = path.strip_prefix("base/locales/").and_then(|file| file.strip_suffix(".yaml")) else {
            continue;
        };
        let Some(phrases) = files.get(&format!("base/nlu/phrases.{locale}.yaml")) else { continue };
        let texts: BTreeMap<String, Value> = serde_saphyr::from_str(source).unwrap();
        let phrases: PhraseFile = serde_saphyr::from_str(phrases).unwrap();
        let told = texts["language_learning"].as_str().unwrap();
        let is_heard = told.split(quotes).skip(1).any(|part| phrases.asks_for_person(part));
        assert!(is_heard, "{locale}: {told}");
        languages += 1;
    }
    assert_eq!(languages, 34);
}
