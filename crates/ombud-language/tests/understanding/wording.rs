//! A text that was shown is edited by what its writer says of it.

use ombud_domain::Rewording;
use ombud_language::Understander;

use super::reader;

const SHOWN: &str = "The courier threw the box over the fence and drove off. It was raining all day. I called twice, but nobody at Sportshop \
    picked up. I paid 20 euros for delivery on Monday. I want an apology.";

fn reads(reader: &Understander, said: &str) -> Option<String> {
    match reader.rewording(SHOWN, said)? {
        Rewording::Reads(text) => Some(text),
        Rewording::Unplaced => None,
    }
}

/// The shown text with other words in one place.
fn with(old: &str, new: &str) -> Option<String> {
    assert!(SHOWN.contains(old), "{old}");
    Some(SHOWN.replace(old, new))
}

#[test]
fn a_sentence_goes_by_its_place_or_by_what_it_is_about() {
    let reader = reader();
    for (said, gone) in [
        ("Take out the apology", " I want an apology."),
        ("please take the apology out", " I want an apology."),
        ("yes but leave out the last sentence", " I want an apology."),
        ("no, don't mention that I want an apology", " I want an apology."),
        ("the last sentence can go", " I want an apology."),
        ("fine, but remove the bit about the rain", " It was raining all day."),
        ("skip the second sentence please", " It was raining all day."),
        ("could you delete \"It was raining all day\"?", " It was raining all day."),
        ("everything but the part about the rain", " It was raining all day."),
        ("drop the last two sentences", " I paid 20 euros for delivery on Monday. I want an apology."),
        ("without what I paid for delivery", " I paid 20 euros for delivery on Monday."),
        ("leave out that he drove off", " and drove off"),
        ("cut the part where nobody picked up", ", but nobody at Sportshop picked up"),
        ("take out the words all day", " all day"),
        ("I don't need an apology, take that out", " I want an apology."),
        ("kick out the bit with the rain pls", " It was raining all day."),
    ] {
        assert_eq!(reads(&reader, said), with(gone, ""), "{said}");
    }
    assert_eq!(
        reads(&reader, "without the part about the courier"),
        with("The courier threw the box over the fence and drove off. ", "")
    );
    assert_eq!(
        reads(&reader, "keep only the first sentence").as_deref(),
        Some("The courier threw the box over the fence and drove off.")
    );
    assert_eq!(reads(&reader, "leave out the boring part"), None, "what fits nothing takes nothing out");
}

#[test]
fn a_word_or_a_number_is_exchanged_where_it_stands() {
    let reader = reader();
    for (said, old, new) in [
        ("change 20 to 19.90", "20", "19.90"),
        ("it's 19.90 not 20", "20", "19.90"),
        ("I paid 19.90, not 20", "20", "19.90"),
        ("sorry, not 20 but 19.90", "20", "19.90"),
        ("20 is wrong, it was 19.90", "20", "19.90"),
        ("20 euros should be 19.90 euros", "20", "19.90"),
        ("no, change the amount to 19.90", "20", "19.90"),
        ("it should be 19.90", "20", "19.90"),
        ("replace Sportshop with Fjällsport", "Sportshop", "Fjällsport"),
        ("write Fjällsport instead of sportshop please", "Sportshop", "Fjällsport"),
        ("it was on TUESDAY not monday", "Monday", "Tuesday"),
        ("replace the box with a parcel", "the box", "a parcel"),
        ("instead of fence write \"gate\"", "fence", "gate"),
        ("can you swap courier for driver?", "courier", "driver"),
        ("wait, change 'courier' to 'driver', i didnt see him myself", "courier", "driver"),
    ] {
        assert_eq!(reads(&reader, said), with(old, new), "{said}");
    }
}

/// What else is said with an edit neither stands in the text nor keeps it from being made.
#[test]
fn an_edit_is_read_beside_a_yes_a_remark_and_another_edit() {
    let reader = reader();
    let both = with("Monday", "Friday").map(|text| text.replace("20", "25"));
    for said in [
        "Change Monday to Friday, and 20 to 25. Then send it.",
        "change 20 to 25 and Monday to Friday",
        "25 instead of 20, and Friday instead of Monday",
    ] {
        assert_eq!(reads(&reader, said), both, "{said}");
    }
    let more = |more: &str| Some(format!("{SHOWN} {more}"));
    for (said, added) in [
        ("yes. and add that the driver saw me", "The driver saw me"),
        (
            "hang on, also put in that it's 20 EUROS and that the shop knows it. then yes",
            "It's 20 EUROS and the shop knows it",
        ),
        ("go on then, send it. Put the parcel arrived wet.", "The parcel arrived wet"),
    ] {
        let read = reads(&reader, said).map(|text| text.trim_end_matches('.').to_owned());
        assert_eq!(read, more(added), "{said}");
    }
    assert_eq!(
        reads(&reader, "Good grief. That was meant for you. Replace it with: the left side cuts out since day seven.")
            .as_deref(),
        Some("the left side cuts out since day seven.")
    );
    assert_eq!(
        reads(&reader, "last sentence should just be: The shop knows it."),
        with("I want an apology.", "The shop knows it")
    );
}

#[test]
fn a_text_in_quotation_marks_is_taken_from_among_other_words() {
    let reader = reader();
    for (said, whole) in [
        (
            "No. That is not my statement; it was my answer. The statement should read: \"I ordered a speaker. The parcel held a lamp.\"",
            "I ordered a speaker. The parcel held a lamp.",
        ),
        (
            "Better. But please write \"a wired lamp instead of the speaker, lamp unused\". What happens if the shop refuses?",
            "a wired lamp instead of the speaker, lamp unused",
        ),
        (
            "You are repeating yourself. Please report to Soundbox: ordered a speaker, got a lamp.",
            "ordered a speaker, got a lamp.",
        ),
    ] {
        assert_eq!(reads(&reader, said).as_deref(), Some(whole), "{said}");
    }
    for said in [
        "its missing my sentence. \"the lamp is still unused\" put it at the end",
        "yes, and please add \"the lamp is still unused\" so they know. ok?",
    ] {
        assert_eq!(reads(&reader, said), Some(format!("{SHOWN} The lamp is still unused")), "{said}");
    }
    assert_eq!(
        reader.rewording(SHOWN, "you wrote \"I called twice\", what for?"),
        None,
        "his own words are no other text"
    );
    let said = "One correction before you send it. \"raining all day\" should read \"raining since the morning\".";
    assert_eq!(reader.rewording(SHOWN, said), None, "of two, neither is the whole text");
}

#[test]
fn who_says_that_it_reads_as_it_should_writes_nothing_anew() {
    let reader = reader();
    for said in ["yes thats how it should read, send it", "exactly what it should say. Please register it"] {
        assert_eq!(reader.rewording(SHOWN, said), None, "{said}");
    }
}

#[test]
fn the_whole_text_is_taken_word_for_word() {
    let reader = reader();
    for said in [
        "this is the text, word for word: Nobody came. Why not?",
        "write exactly this: Nobody came. Why not?",
        "No. It should read: \"Nobody came. Why not?\"",
        "here's my complaint:\nNobody came. Why not?",
        "replace everything with: Nobody came. Why not?",
        "use this instead: Nobody came. Why not?",
        "change it to: Nobody came. Why not?",
        "can u rewrite it: Nobody came. Why not?",
        "\"Nobody came. Why not?\"",
    ] {
        assert_eq!(reads(&reader, said).as_deref(), Some("Nobody came. Why not?"), "{said}");
    }
    assert_eq!(reader.account("write exactly this: Nobody came. Why not?").as_deref(), Some("Nobody came. Why not?"));
    for (said, text) in [
        ("not like that, just say the box was empty", "the box was empty"),
        ("the text should say instead that nobody came", "nobody came"),
        ("don't send that. simply write that I sent it back in May", "I sent it back in May"),
    ] {
        assert_eq!(reads(&reader, said).as_deref(), Some(text), "{said}");
    }
}

#[test]
fn sentences_are_added_and_edits_follow_each_other() {
    let reader = reader();
    let added = |more: &str| Some(format!("{SHOWN} {more}"));
    for (said, more) in [
        ("please also mention that the driver was rude", "The driver was rude"),
        ("yes and add that I want my money back", "I want my money back"),
        ("it must say I was at home all day", "I was at home all day"),
        ("ok. put in that my neighbour saw it", "My neighbour saw it"),
        ("I also want to say that I've been a customer for years", "I've been a customer for years"),
        ("also mention my son was hurt", "My son was hurt"),
        ("can you include: two calls, no answer", "Two calls, no answer"),
        (
            "add that it's the shop, not the courier. They never answer.",
            "It's the shop, not the courier. They never answer.",
        ),
    ] {
        assert_eq!(reads(&reader, said), added(more), "{said}");
    }
    let both = with(" I want an apology.", "").map(|text| text.replace("20", "19.90"));
    assert_eq!(reads(&reader, "Take out the apology and change 20 to 19.90"), both);
    assert_eq!(reads(&reader, "Take out the apology. And 20 should be 19.90."), both);
    let swapped = with("I want an apology.", "I want a refund.");
    assert_eq!(reads(&reader, "replace an apology with a refund"), swapped);
}

#[test]
fn an_edit_without_a_place_changes_nothing_and_other_words_are_no_edit() {
    let reader = reader();
    for said in [
        "take out the bit about my neighbour",
        "replace the manager with the boss",
        "change 35 to 36",
        "put my name under it",
        "add a sentence about the driver",
        "remove the ninth sentence",
        "it should be Tuesday",
        "take out the apology and the part about the dog's collar",
    ] {
        assert_eq!(reader.rewording(SHOWN, said), Some(Rewording::Unplaced), "{said}");
    }
    for said in [
        "yes",
        "no, I meant the other order",
        "what do they say to that?",
        "can I pay without the app?",
        "that's not what I wrote",
        "leave it",
    ] {
        assert_eq!(reader.rewording(SHOWN, said), None, "{said}");
    }
    let twice = "20 euros on 20 May.";
    assert_eq!(reader.rewording(twice, "it's 21 not 20"), None, "which of the two is not guessed");
}

#[test]
fn what_is_to_be_said_as_well_is_added_behind_a_yes_or_a_condition() {
    let reader = reader();
    let more = format!("{SHOWN} Both went in one parcel");
    for said in [
        "yes please send it. but change the bit to say both went in one parcel",
        "ok as long as it says both went in one parcel",
        "yes just put in that both went in one parcel",
        "sure, if you include that both went in one parcel",
        "yes, and also write that both went in one parcel",
        "ok open it but it should also say both went in one parcel",
        "yes. change the text so it says both went in one parcel",
        "fine, send it, plus a line that both went in one parcel",
        "go ahead, adding that both went in one parcel",
        "yes provided you mention that both went in one parcel",
        "yes, on the condition that the text says both went in one parcel",
        "yes but first add that both went in one parcel",
        "yes, with a sentence saying both went in one parcel",
    ] {
        assert_eq!(reads(&reader, said).as_deref(), Some(more.as_str()), "{said}");
    }
    for said in [
        "yes, with the one parcel sentence added at the end",
        "yep but with my phone number in it",
        "yes but add that at the end",
        "yes, and mention the parcel number",
    ] {
        assert_eq!(reader.rewording(SHOWN, said), Some(Rewording::Unplaced), "{said}");
    }
}
