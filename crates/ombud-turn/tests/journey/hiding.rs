//! What does a language model see of a customer? Every request to it is kept, and held against what was written and what records hold.

use std::sync::Mutex;

use async_trait::async_trait;
use ombud_ports::ModelRequest;

use super::*;

/// A model that repeats what it was given behind a kind word, and keeps what it was asked.
#[derive(Default)]
struct Echo {
    asked: Mutex<Vec<String>>,
    /// Put behind the answer.
    adds: &'static str,
}

const KIND: &str = "Of course!";

impl Echo {
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl LanguageModel for Echo {
    async fn complete(&self, request: &ModelRequest) -> Result<String, ModelError> {
        self.asked.lock().unwrap().push(request.input.clone());
        let (_, rest) = request.input.split_once("<reply ").unwrap();
        let (marker, rest) = rest.split_once(">\n").unwrap();
        let (reply, _) = rest.split_once(&format!("\n</reply {marker}>")).unwrap();
        Ok(format!("{KIND}{} {reply}", self.adds))
    }

    fn name(&self) -> &str {
        "echo"
    }
}

async fn world(office: ScriptedBackOffice, model: &Arc<Echo>) -> World {
    let mut world = World::new(office, None).await;
    beside(&mut world, model);
    world
}

/// The same ledger and company with this model, and nothing in memory.
fn beside(world: &mut World, model: &Arc<Echo>) {
    let ports = Ports { model: Some(Arc::clone(model) as Arc<dyn LanguageModel>), ..world.ports(world.ledger.clone()) };
    world.assistant = trained().beside(ports, Settings::default());
}

/// One of each kind that has a shape or is named; card data and secrets are gone before, by stage 2.
const PLANTED: &[(&str, &str)] = &[
    ("my e-mail is {}", "grace.hopper@example.org"),
    ("call me on {}", "+46 70 123 45 67"),
    ("my phone is {}", "555123456"),
    ("pay it to {}", "DE89370400440532013000"),
    ("the BIC is {}", "DEUTDEFF"),
    ("my account number is {}", "12345678"),
    ("I moved to {}", "12 Harbour Street, Springfield, IL 62704"),
    ("my postcode is {}", "SW1A 1AA"),
    ("I was born on {}", "12 May 1984"),
    ("my passport number is {}", "AB1234567"),
    ("my driving licence is {}", "MORGA657054SM9IJ"),
    ("my number plate is {}", "ABC 123"),
    ("the IMEI is {}", "490154203237518"),
    ("it came from {}", "203.0.113.77"),
    ("it came from {}", "2001:db8::8a2e:370:7334"),
    ("the device is {}", "00:1A:2B:3C:4D:5E"),
    ("I opened {}", "https://grace:hopper99@files.example.org/x"),
    ("I paid with {}", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
    ("our VAT number is {}", "ATU12345678"),
    ("my name is {}", "Grace Hopper"),
    ("my SSN is {}", "536-90-4399"),
    ("my NI number is {}", "AB 12 34 56 C"),
    ("personnummer {}", "880320-0016"),
    ("my tax id is {}", "36574261809"),
    ("mi DNI es {}", "54362315K"),
    ("mi NIE es {}", "X2482300W"),
    ("codice fiscale {}", "RCCMNL83S18D969H"),
    ("PESEL {}", "44051401359"),
    ("BSN {}", "111222333"),
    ("henkilötunnus {}", "131052-308T"),
    ("CPR {}", "211062-5629"),
    ("fødselsnummer {}", "15108695088"),
    ("sécurité sociale {}", "295109912611193"),
    ("rijksregisternummer {}", "85.07.30-033.28"),
    ("contribuinte {}", "501964843"),
    ("TFN {}", "123456782"),
    ("Aadhaar {}", "2341 2341 2346"),
    ("CPF {}", "390.533.447-05"),
    ("SIN {}", "123-456-782"),
    ("AHV {}", "756.9217.0769.85"),
    ("CNP {}", "1630615123457"),
    ("OIB {}", "33392005961"),
    ("CURP {}", "BOXW310820HNERXN09"),
    ("order {}", "#W7654321"),
];

/// R37: 0 raw values of the pattern types.
#[tokio::test]
async fn a_model_is_shown_no_personal_data_that_was_written() {
    let model = Arc::new(Echo::default());
    let (mut shown, mut asked) = (Vec::new(), 0);
    for (sentence, value) in PLANTED {
        let world = world(ScriptedBackOffice::new(), &model).await;
        world.say(&sentence.replace("{}", value)).await;
        let prompts = model.asked();
        assert!(prompts.len() > asked, "nothing was asked at {value}");
        asked = prompts.len();
        shown.extend(prompts.iter().filter(|prompt| prompt.contains(value)).map(|_| *value));
    }
    let figures = format!("planted: {} values of personal data, {} shown to the model\n", PLANTED.len(), shown.len());
    std::io::Write::write_all(&mut std::io::stdout(), figures.as_bytes()).unwrap();
    assert_eq!(shown, Vec::<&str>::new());
}

/// R37: 0 raw values of the customer's own records; and the customer reads them all the same.
#[tokio::test]
async fn a_model_is_shown_tokens_for_records_and_the_customer_reads_values() {
    let model = Arc::new(Echo::default());
    let world = world(shop(cancelled()), &model).await;
    world.say("where is my order?").await;
    let reply = world.say("it is Ada Byron, ada@example.com").await;
    let told = text(&reply);
    let prompts = model.asked().join("\n");
    for value in [
        "Ada",
        "Byron",
        "ada@example.com",
        "Desk Lamp",
        "20.5",
        "W0000001",
        "1 Engine Road",
        "Austin",
        "73301",
        "ada_byron_1815",
    ] {
        assert!(!prompts.to_lowercase().contains(&value.to_lowercase()), "{value}: {prompts}");
    }
    assert!(prompts.contains("[EMAIL_1]"), "{prompts}");
    assert!(told.contains(KIND) && told.contains("#W0000001") && !told.contains("_1]"), "{told}\n{prompts}");
}

/// The same value has the same token in every turn of a conversation, over a restart, and never that of another value.
#[tokio::test]
async fn a_value_keeps_its_token_over_turns_and_restarts() {
    let model = Arc::new(Echo::default());
    let mut world = world(ScriptedBackOffice::new(), &model).await;
    world.say("what can you do for grace@example.org?").await;
    world.say("what can you do for alan@example.org?").await;
    beside(&mut world, &model);
    world.say("what can you do for grace@example.org?").await;
    let asked = model.asked();
    let holds: Vec<_> =
        asked.iter().map(|prompt| (prompt.contains("[EMAIL_1]"), prompt.contains("[EMAIL_2]"))).collect();
    assert_eq!(holds, [(true, false), (false, true), (true, false)], "{asked:#?}");
    let given = world.events().await.into_iter().filter(|event| event.kind == "model.tokens").count();
    assert_eq!(given, 2, "what is known is not written again");
}

/// A model that names a token it was not shown gets nothing for it.
#[tokio::test]
async fn a_token_that_was_not_shown_is_not_taken_back() {
    let model = Arc::new(Echo::default());
    let mut world = world(ScriptedBackOffice::new(), &model).await;
    world.say("what can you do for grace@example.org?").await;
    let greedy = Arc::new(Echo { adds: " [EMAIL_1]", ..Echo::default() });
    beside(&mut world, &greedy);
    let reply = world.say("what can you do for me?").await;
    assert_eq!(greedy.asked().len(), 1);
    assert!(!text(&reply).contains(KIND) && !text(&reply).contains("grace"), "{}", text(&reply));
    let detail = &reply.stages.iter().find(|stage| stage.stage == ombud_domain::Stage::Answer).unwrap().summary;
    assert!(detail.contains("[EMAIL_1], which it was not shown"), "{detail}");
}

/// A token typed by a customer is only what he typed.
#[tokio::test]
async fn a_token_that_a_customer_types_stands_for_itself() {
    let model = Arc::new(Echo::default());
    let world = world(ScriptedBackOffice::new(), &model).await;
    world.say("what can you do for grace@example.org?").await;
    world.say("and what is [EMAIL_1]?").await;
    let asked = model.asked();
    assert!(asked[1].contains("[LITERAL_1]") && !asked[1].contains("[EMAIL_1]"), "{}", asked[1]);
}
