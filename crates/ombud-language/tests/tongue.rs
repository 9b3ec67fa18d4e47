//! Which language does a message count as, in a conversation that has one?

use ombud_language::{Heard, Letters, ToldBy, TongueFile, Tongues};

/// Every language that has data.
const ALL: [&str; 35] = [
    "bg", "ca", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "is", "it", "lt", "lv", "nb", "nl",
    "pl", "pt", "ro", "sk", "sl", "sv", "tr", "uk", "ar", "he", "hi", "ja", "ko", "zh", "th", "vi",
];

#[expect(clippy::unwrap_used, reason = "called from tests only")]
fn tongues() -> Tongues {
    let file: TongueFile = serde_saphyr::from_str(include_str!("../../../packs/base/lexicon/tongues.yaml")).unwrap();
    Tongues::new(file, Letters::parse(include_str!("../../../packs/base/lexicon/letters.txt")).unwrap())
}

/// Language so far, message, language it counts as; read without a model.
const CASES: &[(&str, &str, &str)] = &[
    // Too short, or nobody's language: held.
    ("de", "ok", "de"),
    ("en", "ja", "en"),
    ("de", "no", "de"),
    ("fr", "ORD-100101", "fr"),
    ("sv", "Visa 4242", "sv"),
    ("de", "order ORD-100101", "de"),
    ("fi", "anna@example.com", "fi"),
    ("it", "https://shop.example/en/where-is-my-order", "it"),
    ("pl", "129,90", "pl"),
    ("el", "Visa 4242", "el"),
    ("ja", "OK", "ja"),
    ("he", "iPhone 15", "he"),
    ("da", "👍", "da"),
    ("nl", "super", "nl"),
    ("es", "perfect", "es"),
    ("tr", "Jonas Bergström", "tr"),
    ("en", "Müller", "en"),
    ("en", "Jonas Bergström, Storgatan 12, 111 22 Stockholm", "en"),
    ("de", "12 rue de la Paix, 75002 Paris", "de"),
    ("fr", "Hauptstraße 5, 10115 Berlin", "fr"),
    ("en", "Calle de la Luna 7, 28004 Madrid", "en"),
    ("de", "Ich möchte den Aurora Standing Desk With Drawer zurückgeben", "de"),
    ("sv", "Jag vill returnera min Trail Running Shoe For Women", "sv"),
    ("fr", "je veux rendre le Wireless Noise Cancelling Headset", "fr"),
    ("uk", "де мій iPhone 15 Pro Max", "uk"),
    ("ja", "MacBook Air の注文", "ja"),
    ("ja", "注文番号", "ja"),
    ("en", "thx", "en"),
    ("de", "sorry", "de"),
    ("nb", "hei", "nb"),
    // Clearly another one: switched.
    ("en", "Wo ist meine Bestellung und wann kommt sie?", "de"),
    ("de", "Where is my order and when will it arrive?", "en"),
    ("en", "¿Dónde está mi pedido y cuándo llega?", "es"),
    ("en", "Où est ma commande, je ne l'ai pas encore reçue", "fr"),
    ("en", "var är min beställning och när kommer den", "sv"),
    ("de", "Waar is mijn bestelling en wanneer komt het pakket?", "nl"),
    ("en", "Gdzie jest moje zamówienie i kiedy będzie?", "pl"),
    ("en", "missä minun tilaus on ja milloin se tulee", "fi"),
    ("sv", "Dov'è il mio ordine e quando arriva?", "it"),
    ("en", "Hol van a rendelésem és mikor érkezik?", "hu"),
    ("en", "Siparişim nerede ve ne zaman gelecek", "tr"),
    ("en", "Де моє замовлення?", "uk"),
    ("en", "Къде е поръчката ми и защо още не е дошла?", "bg"),
    ("en", "Πού είναι η παραγγελία μου;", "el"),
    ("en", "注文はどこですか", "ja"),
    ("en", "我的订单在哪里", "zh"),
    ("en", "제 주문은 어디에 있나요?", "ko"),
    ("de", "איפה ההזמנה שלי?", "he"),
    ("de", "أين طلبي؟", "ar"),
    ("en", "मेरा ऑर्डर कहाँ है?", "hi"),
    ("en", "คำสั่งซื้อของฉันอยู่ที่ไหน", "th"),
    ("en", "đơn hàng của tôi ở đâu rồi", "vi"),
    ("de", "WHERE IS MY MONEY, I WANT IT BACK", "en"),
    // Asked for: switched, however short.
    ("de", "can we speak English?", "en"),
    ("en", "auf Deutsch bitte", "de"),
    ("en", "på svenska tack", "sv"),
    ("fr", "English please", "en"),
    ("en", "Deutsch", "de"),
    ("de", "parlez-vous français ?", "fr"),
    ("sv", "können wir Deutsch sprechen", "de"),
    ("en", "po polsku proszę", "pl"),
    ("en", "日本語でお願いします", "ja"),
    ("fi", "voisimmeko puhua englantia", "en"),
    ("en", "magyarul", "hu"),
    // Naming a language asks for none.
    ("de", "Die Anleitung ist leider nur auf Englisch und ich verstehe sie nicht", "de"),
    ("en", "I ordered the German keyboard", "en"),
    // Romanised, and without accents.
    ("en", "pou einai i paraggelia mou", "el"),
    ("en", "kade e moyata poruchka i koga shte ya polucha", "bg"),
    ("en", "mera order kahan hai, mujhe abhi tak nahi mila", "hi"),
    ("de", "gdzie jest moje zamowienie i kiedy bedzie", "pl"),
];

#[test]
fn a_conversation_keeps_its_language_until_a_message_is_clearly_in_another() {
    let tongues = tongues();
    let mut wrong = Vec::new();
    for (present, text, expected) in CASES {
        let found = tongues.decide(&Heard { text, scores: &[], present, begun: false, served: &ALL });
        if found.language != *expected {
            wrong.push(format!("{present}: {text}: {found:?}, not {expected}"));
        }
        assert!((0.0..=1.0).contains(&found.certainty) && found.is_served, "{text}: {found:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(CASES.len() >= 60);
}

#[test]
fn a_language_that_the_company_does_not_serve_is_told() {
    let tongues = tongues();
    let served = ["de", "en"];
    for (text, expected) in [
        ("Waar is mijn bestelling en wanneer komt het pakket?", "nl"),
        ("Где мой заказ? Вы обещали его ещё вчера", "ru"),
        ("Որտե՞ղ է իմ պատվերը", "hy"),
        ("سفارش من کجاست و چه زمانی می‌رسد؟", "fa"),
        ("can we continue en français", "fr"),
    ] {
        let found = tongues.decide(&Heard { text, scores: &[], present: "en", begun: false, served: &served });
        assert_eq!((found.language.as_str(), found.is_served), (expected, false), "{text}: {found:?}");
    }
    let scores = [("sw".to_owned(), 0.97), ("en".to_owned(), 0.01)];
    let text = "agizo langu liko wapi na litafika lini";
    let found = tongues.decide(&Heard { text, scores: &scores, present: "en", begun: false, served: &served });
    assert_eq!((found.language.as_str(), found.is_served, found.told_by), ("sw", false, ToldBy::Words));
}

#[test]
fn the_model_decides_where_words_are_unknown_and_little_text_holds_against_it() {
    let tongues = tongues();
    let scores = [("pt".to_owned(), 0.9), ("es".to_owned(), 0.05), ("en".to_owned(), 0.01)];
    let decide = |text| tongues.decide(&Heard { text, scores: &scores, present: "en", begun: false, served: &ALL });
    assert_eq!(decide("cancele ontem nada chegou").language, "pt");
    assert_eq!(decide("cancele").language, "en");
    assert_eq!(decide("cancele").told_by, ToldBy::Conversation);
    // Its letters look Portuguese and the model wavers: the language of the page is kept, and given up where all speaks for another.
    let wavers = [("es".to_owned(), 0.5), ("pt".to_owned(), 0.3)];
    let spanish = |text, scores| tongues.decide(&Heard { text, scores, present: "es", begun: false, served: &ALL });
    let found = spanish("dónde está mi reembolso?", &wavers);
    assert_eq!(found.language, "es", "{found:?}");
    assert_eq!(spanish("quando é que chega a minha encomenda nova", &scores).language, "pt");
}

/// Eight short questions of customers in each language, each without a conversation around it and without a model.
#[test]
fn short_questions_are_told_apart_by_letters_and_words_alone() {
    let tongues = tongues();
    let (mut wrong, mut all) = (Vec::new(), 0);
    for line in include_str!("data/questions.tsv").lines() {
        let (language, questions) = line.split_once('\t').unwrap();
        for question in questions.split('\t') {
            all += 1;
            let found = tongues.language_of(question, &[]).unwrap_or_default().0;
            if found != language {
                wrong.push(format!("{language}>{found}: {question}"));
            }
        }
    }
    assert_eq!(all, 8 * ALL.len());
    assert!(wrong.len() * 100 <= all * 5, "{} of {all}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The scores are what the model may say of so few words: it wavers between languages that are written alike.
#[test]
fn few_words_do_not_leave_a_conversation_for_a_language_that_is_written_alike() {
    let tongues = tongues();
    let heard = |text, scores, present, begun| Heard { text, scores, present, begun, served: &ALL };
    let language = |heard: &Heard<'_>| tongues.decide(heard).language;
    let danish = [("da".to_owned(), 0.8), ("nb".to_owned(), 0.15)];
    assert_eq!(language(&heard("hvor er pakken min", &danish, "nb", false)), "nb");
    assert_eq!(language(&heard("hvor er pakken min", &danish, "en", false)), "da");
    let finnish = [("fi".to_owned(), 0.9), ("de".to_owned(), 0.05)];
    assert_eq!(language(&heard("ja ja, schon klar", &finnish, "de", true)), "de");
    // Who begins with a whole sentence of the other is followed; in the middle nobody changes from one to the other.
    let sentence = "hej, jeg vil gerne vide hvornår jeg får mine penge tilbage efter jeg sendte pakken";
    assert_eq!(language(&heard(sentence, &danish, "nb", false)), "da");
    assert_eq!(language(&heard(sentence, &danish, "nb", true)), "nb");
    assert_eq!(language(&heard(sentence, &danish, "en", true)), "da");
}
