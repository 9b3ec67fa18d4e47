//! Is a proposal accepted, turned down, or changed, in a language that is read by meaning? Short phrases agree; meaning alone agrees to nothing.

use ombud_domain::{Command, Kind};

use super::phrases::{PART_MARKS, Says, words};
use super::{BEGUN, DONE, ENDED, Interpreter, SHORT_WORDS_MAX, Said};
use crate::UnderstandContext;
use crate::understand::{Act, Moment};

/// A reply that holds a yes among other words is a yes if it is meant this likely ...
const YES: f32 = 0.6;
/// ... this likely where it begins with the yes and something holds it up ("yes, but I've lost the receipt") ...
const YES_HELD: f32 = 0.97;
/// ... this likely where it stands in the middle of a sentence ...
const YES_WITHIN: f32 = 0.9;
/// ... and no longer than this.
const YES_WORDS_MAX: usize = 20;
/// A short reply that begins with a yes is one if it is meant this likely.
const YES_FIRST: f32 = 0.6;
/// A yes with a remark behind it ("ja gerne, das Paket kam nie an") is one if it is meant this likely, with a question or without ...
const YES_REMARKED: f32 = 0.8;
/// ... and not as a change this likely ...
const CHANGES: f32 = 0.15;
/// ... or as a no or an end.
const TURNS_DOWN: f32 = 0.25;
/// A yes ahead agrees beside a question from this probability on.
const YES_ASKING: f32 = 0.85;
/// What is asked behind a yes is a question this surely.
const ASKED_AFTER: f32 = 0.5;
/// A yes that is a sentence of its own counts for nothing beside what is meant this likely as a change, a no or an end.
const OBJECTS: f32 = 0.5;
/// What is asked behind a yes is asked without a mark that says so too, where a yes and a question are meant this likely.
const ASKED_UNMARKED: f32 = 0.3;
/// What customers wrote is shown between these.
const QUOTES: [char; 10] = ['"', '„', '“', '”', '«', '»', '「', '」', '『', '』'];
/// An order that begins as a word of what is shown does, with so many letters alike ...
const ORDER_LETTERS_MIN: usize = 4;
/// ... and no more than so many of its own behind them, is a yes if it is meant this likely ...
const ORDER_ENDING_MAX: usize = 4;
const ORDERS: f32 = 0.7;
/// ... and in so many words at most.
const ORDER_WORDS_MAX: usize = 12;
/// Letters of a word that repeats what is shown.
const SHOWN_LETTERS_MIN: usize = 5;

impl Interpreter<'_> {
    /// An answer to a proposal.
    pub(super) fn confirm(&self, said: &Said<'_>, context: &UnderstandContext<'_>) -> Vec<Command> {
        let acts = self.acts(Moment::Proposal, said.text, context);
        if self.orders_what_is_shown(said, context, &acts) {
            return vec![Command::Affirm];
        }
        if self.is_cancel(&said.words) && !self.is_no(&said.words) {
            return vec![Command::Cancel];
        }
        if self.is_no(&said.words) {
            return vec![Command::Deny { text: String::new() }];
        }
        if self.is_yes(&said.words) && !said.asks {
            return vec![Command::Affirm];
        }
        // "Oui. Juste le manteau" agrees to no list.
        if let Some(text) = context.proposal.and_then(|shown| self.only_those_left(said.text, shown)) {
            return vec![if said.asks { Command::CannotRead } else { Command::Correct { text } }];
        }
        if let Some(commands) = self.says_yes_first(said, context, &acts) {
            return commands;
        }
        if self.ends_in_a_part(said.text) {
            return vec![Command::Cancel];
        }
        if let Some(commands) = self.turns_down_first(said, context) {
            return commands;
        }
        if self.only_names_what_is_shown(said, context) {
            return vec![Command::Repeat];
        }
        self.by_meaning(said, context, &acts)
    }

    /// An answer to a proposal that no short phrase decides.
    fn by_meaning(&self, said: &Said<'_>, context: &UnderstandContext<'_>, acts: &[(Act, f32)]) -> Vec<Command> {
        let (act, p) = acts.first().copied().unwrap_or((Act::Hesitate, 0.0));
        // "Yes, block it": the verb of what is proposed may sound like an end.
        let meant = |meant: Act| acts.iter().find(|(act, _)| *act == meant).map_or(0.0, |(_, p)| *p);
        let is_short = said.words.len() <= SHORT_WORDS_MAX && self.phrases.begins(Says::Yes, &said.words);
        let has_remark = self.phrases.says_first(Says::Yes, &[Says::YesWith], said.text)
            && meant(Act::Change) <= CHANGES
            && meant(Act::Decline) + meant(Act::Leave) <= TURNS_DOWN
            && !self.phrases.says(Says::All, &said.words);
        let accepts = meant(Act::Accept) + if has_remark { meant(Act::AcceptAsk) } else { 0.0 };
        let needed = if has_remark {
            YES_REMARKED
        } else if is_short {
            YES_FIRST
        } else {
            YES
        };
        // "Ja, dann den Umtausch", where a return is shown, agrees to nothing.
        let instead = self.begins(said, context).filter(
            |command| matches!(command, Command::StartFlow { flow, .. } if context.gives_way_to.contains(flow)),
        );
        if let Some(start) = instead {
            return vec![start];
        }
        if self.is_yes_among_others(said, context, (accepts, needed)) {
            return vec![Command::Affirm];
        }
        if let Some(commands) = self.agrees_and_asks(said, acts) {
            return commands;
        }
        let other = || self.begins(said, context).map(|start| vec![start]);
        match act {
            Act::Decline if p >= ENDED => vec![Command::Deny { text: self.told_beside(said) }],
            Act::Leave if p >= ENDED => vec![Command::Cancel],
            Act::Close if p >= ENDED => vec![Command::Cancel, Command::Chitchat { kind: Kind::Goodbye }],
            Act::New if p >= BEGUN => other().unwrap_or_else(|| vec![Command::CannotRead]),
            Act::Ask | Act::AcceptAsk if p >= BEGUN => other().unwrap_or_else(|| vec![said.ask()]),
            Act::Change if p >= DONE => vec![Command::Correct { text: said.text.to_owned() }],
            // "I never said that it was lost, it is broken": a no or a change, whichever.
            Act::Change | Act::Decline
                if !said.asks
                    && meant(Act::Change) + meant(Act::Decline) >= DONE
                    && !self.told_beside(said).is_empty() =>
            {
                vec![Command::Deny { text: said.text.to_owned() }]
            }
            _ if said.asks => other().unwrap_or_else(|| vec![said.ask()]),
            _ => self.talk(said).or_else(other).unwrap_or_else(|| vec![Command::CannotRead]),
        }
    }

    /// "Ja! Und muss ich dann trotzdem zahlen?", "ja mach. und das porto zahl ich oder ihr": a first sentence that is nothing but a yes agrees, and what is asked behind
    /// it is asked, unless something holds it up; a "but" that asks holds up no order: "ja gör det. men hur lång tid tar det".
    fn says_yes_first(
        &self,
        said: &Said<'_>,
        context: &UnderstandContext<'_>,
        acts: &[(Act, f32)],
    ) -> Option<Vec<Command>> {
        let (yes, behind) = said.text.split_once(['.', '!', '。', '！', '।'])?;
        let (yes, held) = (words(yes), words(behind));
        if held.is_empty() || !self.is_yes(&yes) || self.is_no(&yes) {
            return None;
        }
        let meant = |wanted: Act| acts.iter().find(|(act, _)| *act == wanted).map_or(0.0, |(_, p)| *p);
        let objects = meant(Act::Change) + meant(Act::Decline) + meant(Act::Leave);
        let orders = self.phrases.says_more_than(Says::Yes, &[Says::Yes, Says::YesWith], &yes) && objects <= CHANGES;
        // "Je veux pas être en retard" is no no where the whole is meant as a yes.
        let denies = |(start, end): &(usize, usize)| objects > CHANGES || end - start == 1;
        let is_denied = self.phrases.places(Says::No, &held).iter().any(denies)
            || self.phrases.says_apart(Says::No, &[Says::NoWith], behind)
            || self.phrases.says(Says::Cancel, &held);
        let shown = context.proposal.unwrap_or_default();
        let is_other = |word: &String| word.chars().any(|c| c.is_ascii_digit()) && !shown.contains(word.as_str());
        let names_less = [Says::All, Says::Only, Says::Keeps].iter().any(|says| self.phrases.says(*says, &held));
        let is_held = !(orders && said.asks) && self.phrases.begins(Says::Hold, &held);
        if is_denied || is_held || names_less || held.iter().any(is_other) || !said.asks && objects > OBJECTS {
            return None;
        }
        let asks = said.asks || meant(Act::AcceptAsk) >= ASKED_UNMARKED;
        let ask = asks.then(|| Command::Ask { query: behind.trim().to_owned(), confidence: ASKED_AFTER });
        Some(std::iter::once(Command::Affirm).chain(ask).collect())
    }

    /// "No, don't send that. Never mind": a part that ends it ends it, where little else is said.
    fn ends_in_a_part(&self, text: &str) -> bool {
        let (ending, rest): (Vec<_>, Vec<_>) = text
            .split(PART_MARKS)
            .map(words)
            .filter(|words| !words.is_empty() && !self.is_no(words))
            .partition(|words| self.is_cancel(words));
        let begins_with_yes = self.phrases.begins(Says::Yes, &words(text));
        !ending.is_empty() && rest.iter().map(Vec::len).sum::<usize>() <= SHORT_WORDS_MAX && !begins_with_yes
    }

    /// The words of a longer no, which may say what should be different; nothing of a short one.
    fn told_beside(&self, said: &Said<'_>) -> String {
        if said.words.len() > SHORT_WORDS_MAX { said.text.to_owned() } else { String::new() }
    }

    /// "Ja, mach das. Aber steht das dann in der Schufa?": a yes ahead agrees beside a question where the whole is surely meant so.
    fn agrees_and_asks(&self, said: &Said<'_>, acts: &[(Act, f32)]) -> Option<Vec<Command>> {
        let meant = |wanted: &[Act]| acts.iter().filter(|(act, _)| wanted.contains(act)).map(|(_, p)| p).sum::<f32>();
        let agrees = self.phrases.begins(Says::Yes, &said.words)
            && ![Says::No, Says::Only, Says::Keeps].iter().any(|says| self.phrases.says(*says, &said.words))
            && meant(&[Act::Accept, Act::AcceptAsk]) >= YES_ASKING
            && meant(&[Act::AcceptAsk]) >= meant(&[Act::Accept]);
        let behind =
            said.text.split_once(['.', '!', '。', '！', '।', ',', '،', '、']).map_or(said.text, |(_, behind)| behind);
        let ask = Command::Ask { query: behind.trim().to_owned(), confidence: ASKED_AFTER };
        agrees.then(|| vec![Command::Affirm, ask])
    }

    /// "Nein. Kann ich jetzt zahlen?", "nein keinen Umtausch, bitte die Rücksendung": what begins with nothing but a no turns down, whatever follows.
    fn turns_down_first(&self, said: &Said<'_>, context: &UnderstandContext<'_>) -> Option<Vec<Command>> {
        let marked = self.phrases.behind_first(Says::No, &[Says::NoWith], said.text);
        let ahead = || self.phrases.behind_ahead(Says::NoAhead, said.text);
        let behind = marked.or_else(|| self.phrases.behind_twice(Says::No, said.text)).or_else(ahead)?;
        let deny = |text: &str| Command::Deny { text: text.to_owned() };
        let told = words(behind);
        if self.is_cancel(&told) || self.is_no(&told) {
            return Some(vec![deny("")]);
        }
        Some(match self.begins(said, context) {
            Some(start) => vec![deny(""), start],
            None if said.asks => {
                vec![deny(""), Command::Ask { query: behind.to_owned(), confidence: ASKED_AFTER }]
            }
            None => vec![deny(behind)],
        })
    }

    /// "Dann stornier das", "anuluj": an order that begins with the verb of what is proposed, and is surely meant as a yes.
    fn orders_what_is_shown(&self, said: &Said<'_>, context: &UnderstandContext<'_>, acts: &[(Act, f32)]) -> bool {
        // What stands in quotation marks are the customer's own words.
        let unquoted = context.proposal.unwrap_or_default().split(QUOTES).step_by(2);
        let shown: Vec<String> = unquoted.flat_map(words).collect();
        let begins_alike = |word: &String, shown: &String| {
            let alike = word.chars().zip(shown.chars()).take_while(|(a, b)| a == b).count();
            alike >= ORDER_LETTERS_MIN && word.chars().count() - alike <= ORDER_ENDING_MAX
        };
        let rest = self.phrases.behind_all(&[Says::YesWith, Says::Yes], &said.words);
        let orders = rest.first().is_some_and(|word| shown.iter().any(|shown| begins_alike(word, shown)));
        let is_other = |word: &String| word.chars().any(|c| c.is_ascii_digit()) && !shown.contains(word);
        let holds = [Says::No, Says::Hold, Says::All, Says::Only, Says::Without, Says::Keeps];
        let meant = |wanted: &[Act]| acts.iter().filter(|(act, _)| wanted.contains(act)).map(|(_, p)| p).sum::<f32>();
        // "Gerne, umtauschen", where a return is shown that names this way too.
        let is_elsewhere = |(flow, p): (&str, f32)| {
            p >= BEGUN && Some(flow) != context.active_flow
                || p >= CHANGES && context.gives_way_to.iter().any(|other| other == flow)
        };
        orders
            && !said.asks
            && !said.flows().any(is_elsewhere)
            && said.words.len() <= ORDER_WORDS_MAX
            && !said.words.iter().any(is_other)
            && !holds.iter().any(|says| self.phrases.says(*says, &said.words))
            && meant(&[Act::Accept, Act::AcceptAsk]) >= ORDERS
            && meant(&[Act::Change, Act::Decline]) <= CHANGES
    }

    /// "The one at Nova Electronics", where just that is proposed, says neither yes nor no.
    fn only_names_what_is_shown(&self, said: &Said<'_>, context: &UnderstandContext<'_>) -> bool {
        let shown = words(context.proposal.unwrap_or_default());
        let names = |word: &String| word.chars().count() >= SHOWN_LETTERS_MIN && shown.contains(word);
        let means = [Says::Yes, Says::No, Says::Hold, Says::Cancel];
        said.words.len() <= SHORT_WORDS_MAX
            && !said.asks
            && said.words.iter().any(names)
            && !means.iter().any(|says| self.phrases.says(*says, &said.words))
    }

    /// Whether a yes stands in words that neither ask nor name a number that was not shown, and are meant as one: this likely, and likelier if
    /// something holds it up.
    fn is_yes_among_others(
        &self,
        said: &Said<'_>,
        context: &UnderstandContext<'_>,
        (accepts, needed): (f32, f32),
    ) -> bool {
        let shown = context.proposal.unwrap_or_default();
        let is_other = |word: &String| word.chars().any(|c| c.is_ascii_digit()) && !shown.contains(word.as_str());
        if said.asks || said.words.len() > YES_WORDS_MAX || said.words.iter().any(is_other) {
            return false;
        }
        let says = |says: Says| self.phrases.says(says, &said.words);
        let begins = |says: Says| self.phrases.begins(says, &said.words);
        if begins(Says::Cancel) && !begins(Says::Yes) {
            // "Never mind, it came just right": the yes in it agrees to nothing.
            return false;
        }
        if [Says::No, Says::Only, Says::Keeps].into_iter().any(says) {
            // "Yeah right. No thanks", "yes, only the coat" agree to nothing either.
            return false;
        }
        if says(Says::Hold) {
            // "Yes, but all three" wants something else.
            return begins(Says::Yes) && accepts >= YES_HELD && !says(Says::All);
        }
        // "Que sí me han llegado" contradicts: a yes within a sentence is one only where nothing else is meant.
        let is_apart = begins(Says::Yes) || self.phrases.says_apart(Says::Yes, &[Says::YesWith], said.text);
        says(Says::Yes) && accepts >= if is_apart { needed } else { YES_WITHIN }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use ombud_domain::Expectation;

    use super::*;
    use crate::interpret::Interpreters;
    use crate::interpret::fixture::{FIRST, Meant, SECOND, german};

    /// What is read of a German reply to a proposal.
    fn replied(readers: &Interpreters, text: &str) -> Vec<Command> {
        let context = UnderstandContext {
            vectors: Some(&Meant(SECOND)),
            proposal: Some("Soll ich den Fall melden?"),
            ..UnderstandContext::alone(&Expectation::Confirm, Date::constant(2026, 11, 29))
        };
        readers.of("de").unwrap().understand(text, &context).commands
    }

    #[test]
    fn a_yes_of_its_own_agrees_before_a_question_that_holds_nothing_up() {
        let readers = german(&[]);
        let read = |text: &str| replied(&readers, text);
        let asked = Command::Ask { query: "Und muss ich dann zahlen?".to_owned(), confidence: ASKED_AFTER };
        assert_eq!(read("Ja! Und muss ich dann zahlen?"), [Command::Affirm, asked]);
        for text in ["Ja. Aber muss ich dann zahlen?", "ja und muss ich dann zahlen?", "Ja? Muss ich dann zahlen?"] {
            assert!(!read(text).contains(&Command::Affirm), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn a_yes_that_orders_is_not_held_up_by_a_question_behind_a_but() {
        let readers = german(&[]);
        let context = UnderstandContext {
            vectors: Some(&Meant(FIRST)),
            proposal: Some("Soll ich den Fall melden?"),
            ..UnderstandContext::alone(&Expectation::Confirm, Date::constant(2026, 11, 29))
        };
        let agrees =
            |text: &str| readers.of("de").unwrap().understand(text, &context).commands.contains(&Command::Affirm);
        assert!(agrees("Ja mach das. Aber wie lange dauert das?"));
        assert!(!agrees("Ja gerne. Aber was kostet das?"));
        for text in ["Ja. Nur den Mantel", "Ja. Die Hemden behalte ich", "Ja mach das. Am 17. wäre besser"] {
            assert!(!agrees(text), "{text}");
        }
    }

    #[test]
    fn an_order_with_the_verb_of_what_is_shown_is_a_yes_where_it_is_meant_so() {
        let readers = german(&[]);
        let read = |text: &str, meant: [f32; 2]| {
            let context = UnderstandContext {
                vectors: Some(&Meant(meant)),
                proposal: Some("Soll ich die Bestellung 4711 stornieren?"),
                ..UnderstandContext::alone(&Expectation::Confirm, Date::constant(2026, 11, 29))
            };
            readers.of("de").unwrap().understand(text, &context).commands
        };
        for text in ["Stornier das", "gerne, stornieren Sie die 4711"] {
            assert_eq!(read(text, FIRST), [Command::Affirm], "{text}");
            assert_ne!(read(text, SECOND), [Command::Affirm], "{text}");
        }
        for text in [
            "Storniere nicht",
            "Stornieren?",
            "Stornier die 4712",
            "Die Lampe ist kaputt",
            "Stornier aber nur die Lampe",
        ] {
            assert_ne!(read(text, FIRST), [Command::Affirm], "{text}");
        }
    }

    #[test]
    fn a_part_that_ends_it_ends_it_where_little_else_is_said() {
        let readers = german(&[]);
        for text in ["nein, nicht schicken, vergiss es", "vergiss es, danke"] {
            assert_eq!(replied(&readers, text), [Command::Cancel], "{text}");
        }
        for text in [
            "ja, vergiss es nicht",
            "ja. vergiss es",
            "vergiss es, sag mir lieber wie viel ich dafür noch bezahlen muss",
        ] {
            assert_ne!(replied(&readers, text), [Command::Cancel], "{text}");
        }
    }

    #[test]
    fn what_begins_with_nothing_but_a_no_turns_down_whatever_follows() {
        let readers = german(&[]);
        let read = |text: &str| replied(&readers, text);
        let deny = |text: &str| Command::Deny { text: text.to_owned() };
        let asked = Command::Ask { query: "Kann ich jetzt zahlen?".to_owned(), confidence: ASKED_AFTER };
        assert_eq!(read("Nein. Kann ich jetzt zahlen?"), [deny(""), asked]);
        assert_eq!(read("Nein, nur die Lampe"), [deny("nur die Lampe")]);
        assert_eq!(read("nein!! nein"), [deny("")]);
        assert_eq!(read("Nein kein Umtausch"), [deny("kein Umtausch")]);
        assert_eq!(read("nein nein es kam ja an"), [deny("es kam ja an")]);
        for text in ["Nein, ja, machen Sie es", "Nein. Ja"] {
            assert!(!read(text).contains(&Command::Affirm), "{text}: {:?}", read(text));
        }
    }
}
