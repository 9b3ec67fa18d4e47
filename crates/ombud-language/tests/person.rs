//! Is a wish for a person heard by words alone, in languages of every kind of writing?

use ombud_language::{Person, PersonExample, PersonFile, PersonWish};

#[expect(clippy::unwrap_used, reason = "called from tests only")]
fn lines(source: &str) -> Vec<PersonExample> {
    source.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[expect(clippy::unwrap_used, reason = "called from tests only")]
fn person() -> Person {
    let words: PersonFile = serde_saphyr::from_str(include_str!("../../../packs/base/lexicon/person.yaml")).unwrap();
    Person::new(words, lines(include_str!("../../../packs/base/nlu/person.jsonl")))
}

#[test]
fn plain_wishes_are_heard_and_plain_orders_are_none() {
    let person = person();
    for (language, wish, other) in [
        ("en", "Can I talk to a real person, please?", "When does my parcel arrive?"),
        ("de", "Ich möchte mit einem Mitarbeiter sprechen", "Wann kommt mein Paket an?"),
        ("sv", "Jag vill prata med en människa", "När kommer mitt paket?"),
        ("pl", "Chcę rozmawiać z konsultantem", "Kiedy dotrze moja paczka?"),
        ("fi", "Haluan puhua asiakaspalvelijan kanssa", "Milloin pakettini saapuu?"),
        ("el", "Θέλω να μιλήσω με έναν εκπρόσωπο", "Πότε θα έρθει το δέμα μου;"),
        ("ja", "オペレーターと話したいです", "荷物はいつ届きますか"),
        ("ar", "أريد التحدث مع موظف", "متى يصل طلبي؟"),
    ] {
        assert!(person.read(language, wish, None) > PersonWish::No, "{wish}");
        assert_eq!(person.read(language, other, None), PersonWish::No, "{other}");
    }
}

/// Without a model and on sentences that were not learnt from; the command `ombud eval handoff` prints the figures by language.
#[test]
fn most_wishes_are_heard_and_hardly_anything_else_is_handed_over() {
    let person = person();
    let (mut heard, mut wishes, mut wrong, mut others) = (0, 0, 0, 0);
    for one in lines(include_str!("../../../packs/base/eval/person.jsonl")) {
        let read = person.read(&one.language, &one.text, None);
        if one.wish {
            wishes += 1;
            heard += usize::from(read > PersonWish::No);
        } else {
            others += 1;
            wrong += usize::from(read == PersonWish::Wished);
        }
    }
    assert!(heard * 100 >= wishes * 92, "{heard} of {wishes}");
    assert!(wrong * 50 <= others, "{wrong} of {others}");
}

#[test]
fn vectors_are_learnt_once_and_only_in_the_number_of_the_lessons() {
    let person = person();
    let lessons = person.lessons();
    person.learn::<Vec<f32>>(&[]);
    person.learn(&vec![vec![1.0, 0.0]; lessons.len() - 1]);
    // Vectors that tell everything: then a message without a known word is read by its vector.
    let wish = [1.0, 0.0, 0.3];
    let other = [0.0, 1.0, 0.3];
    let text = "blorfq zvun";
    assert_eq!(person.read("xx", text, Some(&wish)), person.read("xx", text, None));
    let examples = lines(include_str!("../../../packs/base/nlu/person.jsonl"));
    let vectors: Vec<&[f32]> = examples.iter().map(|one| if one.wish { &wish[..] } else { &other[..] }).collect();
    person.learn(&vectors);
    assert_eq!(person.read("xx", text, Some(&wish)), PersonWish::Wished);
    assert_eq!(person.read("xx", text, Some(&other)), PersonWish::No);
}
