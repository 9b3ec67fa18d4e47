//! What happens between asking for a person and the end of a conversation?

use ombud_domain::{
    ActionOutcome, Author, AwaitingKind, ConversationStatus, CustomerId, IdentityLevel, Principal, Priority, SessionId,
    TenantId,
};
use ombud_ports::{Inbox as _, InboxFilter};
use ombud_testkit::ScriptedBackOffice;
use ombud_turn::{DeskAct, Holder, OpenRequest, Settings};
use serde_json::json;

use super::{TAKE, World, at_the_proposal, cancelled, files, give_back, option_ids, shop, text, train, trained};

/// A proposal is left by asking for a person, and Kim takes the conversation.
async fn with_kim() -> World {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.say("I want to talk to a person first").await;
    world.assistant.desk_act(world.conversation, "Kim", TAKE).await.unwrap();
    world
}

/// Nobody who waits writes into a void: the first message is acknowledged, later ones quietly, and both ways on are offered.
#[tokio::test]
async fn a_message_while_waiting_is_acknowledged_once_in_full_and_then_quietly() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    let handed = world.say("I want a human agent").await;
    assert_eq!(option_ids(&handed), ["assistant", "wait"]);
    let first = world.say("it is about the desk lamp I bought").await;
    let second = world.say("and it is broken, by the way").await;
    assert_eq!(
        (first.messages[0].author, second.messages[0].author, first.messages.len(), second.messages.len()),
        (Author::Assistant, Author::System, 1, 1)
    );
    assert!(text(&first).contains("added that for my colleague"), "{}", text(&first));
    assert_ne!(text(&first), text(&second));
    for reply in [&first, &second] {
        assert_eq!(
            (reply.status, reply.awaiting.kind, option_ids(reply)),
            (ConversationStatus::WaitingForAgent, AwaitingKind::Handoff, vec!["assistant", "wait"])
        );
    }
    let waits = world.say("Keep waiting").await;
    assert!(text(&waits).contains("keep your place"), "{}", text(&waits));
}

#[tokio::test]
async fn whoever_goes_on_without_a_person_is_answered_in_the_same_turn_and_leaves_the_queue() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    let withdrawn = async |words: &str| {
        world.say("I want a human agent").await;
        world.say("what can you do for me?").await;
        let reply = world.say(words).await;
        assert_eq!(reply.status, ConversationStatus::Open, "{words}: {}", text(&reply));
        text(&reply)
    };
    let asked = withdrawn("no person needed, please cancel my order instead").await;
    assert!(asked.contains("AI assistant, again") && asked.contains("e-mail"), "{asked}");
    world.say("forget it").await;
    let pressed = withdrawn("Go on with the assistant").await;
    assert!(pressed.contains("I can help you with"), "the message kept meanwhile is answered: {pressed}");
    let filter =
        InboxFilter { status: Some(ConversationStatus::WaitingForAgent), rows_max: 5, ..InboxFilter::default() };
    assert_eq!(world.ledger.count(&TenantId("default".to_owned()), &filter).await.unwrap(), 0);
    assert!(world.events().await.iter().any(|event| event.kind == "handoff.withdrawn"));
}

/// A question that was left by asking for a person is asked again; nothing is proposed twice after an unknown outcome.
#[tokio::test]
async fn going_on_takes_up_the_question_that_was_open_but_never_an_unknown_outcome() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    let handed = world.say("I want to talk to a person first").await;
    assert_eq!(handed.status, ConversationStatus::WaitingForAgent);
    let view = world.assistant.desk_view(world.conversation).await.unwrap().unwrap();
    assert!(view.handover.unwrap().proposal.unwrap().contains("#W0000001"), "the open proposal is handed over");
    let back = world.say("no need for a colleague, go on with the bot").await;
    assert_eq!((back.status, back.awaiting.kind), (ConversationStatus::Open, AwaitingKind::Confirm), "{}", text(&back));
    let (world, _) = at_the_proposal(ActionOutcome::Unknown, None).await;
    world.say("yes").await;
    let back = world.say("Go on with the assistant").await;
    assert_ne!(back.awaiting.kind, AwaitingKind::Confirm, "{}", text(&back));
}

#[tokio::test]
async fn a_person_who_has_taken_the_conversation_keeps_it_whatever_is_typed() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("I want a human agent").await;
    world.assistant.desk_act(world.conversation, "Kim", TAKE).await.unwrap();
    let reply = world.say("no person needed, go on with the bot").await;
    assert_eq!((reply.status, reply.messages.len()), (ConversationStatus::WithAgent, 0));
    assert!(reply.awaiting.options.is_empty());
}

#[tokio::test]
async fn anger_while_waiting_raises_the_case_and_keeps_the_last_words() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("I want a human agent").await;
    world.say("this is outrageous, I am so angry with you people").await;
    let handover = world.assistant.desk_view(world.conversation).await.unwrap().unwrap().handover.unwrap();
    assert_eq!((handover.priority, handover.sentiment.as_str()), (Priority::High, "angry"));
    assert!(handover.last_words.starts_with("this is outrageous"), "{}", handover.last_words);
}

/// What a colleague promised is quoted as his word, not answered from an article or asked as an old question.
#[tokio::test]
async fn after_a_return_the_colleagues_word_is_quoted_and_the_way_back_is_offered() {
    let world = with_kim().await;
    let id = world.conversation;
    let view = world
        .assistant
        .desk_act(id, "Kim", give_back(Some("I have stopped the parcel for you."), OpenRequest::Closed))
        .await
        .unwrap();
    let said: Vec<Author> = view.conversation.messages.iter().rev().take(2).map(|message| message.author).collect();
    assert_eq!(said, [Author::System, Author::Agent]);
    assert_eq!(view.conversation.awaiting.options[0].label, "Back to Kim");
    let notes: Vec<(&str, Option<&str>)> = view.notes.iter().map(|note| (note.act, note.note.as_deref())).collect();
    assert_eq!(notes, [("requested", None), ("taken", None), ("returned", Some("for colleagues"))]);
    let reply = world.say("so is it stopped now?").await;
    assert!(text(&reply).contains("I have stopped the parcel for you."), "{}", text(&reply));
    assert!(!text(&reply).contains("for colleagues") && world.performed() == 0, "{}", text(&reply));
    assert_eq!(world.say("yes").await.status, ConversationStatus::WaitingForAgent);
}

/// However news is asked for, the colleague's word comes first, with who and when; the company's systems are not asked.
#[tokio::test]
async fn who_asks_for_news_after_a_return_hears_what_the_colleague_wrote_and_when() {
    for asked in [
        "any news?",
        "hi, is there any update on my case yet",
        "where do we stand?",
        "What's happening now with this?",
        "what did kim say about my parcel",
        "Did your colleague decide anything?",
        "have you heard anything back?",
    ] {
        let world = with_kim().await;
        let id = world.conversation;
        let word = give_back(Some("I have stopped the parcel for you."), OpenRequest::Closed);
        world.assistant.desk_act(id, "Kim", word).await.unwrap();
        let calls = world.office.calls().len();
        let reply = text(&world.say(asked).await);
        assert!(reply.starts_with("Kim wrote to you today at "), "{asked}: {reply}");
        assert!(reply.contains("\"I have stopped the parcel for you.\""), "{asked}: {reply}");
        assert_eq!(world.office.calls().len(), calls, "{asked}: {reply}");
    }
}

/// Thanks for what is quoted take up no offer that comes with it.
#[tokio::test]
async fn thanks_for_the_colleagues_word_call_no_person() {
    let world = with_kim().await;
    let id = world.conversation;
    world.assistant.desk_act(id, "Kim", give_back(Some("I have stopped it."), OpenRequest::Closed)).await.unwrap();
    world.say("any news?").await;
    for thanks in ["thanks", "Thank you!", "ok thanks"] {
        assert_eq!(world.say(thanks).await.status, ConversationStatus::Open, "{thanks}");
    }
    world.say("what did Kim say?").await;
    assert_eq!(world.say("yes please").await.status, ConversationStatus::WaitingForAgent);
}

/// The end of a conversation is no end of what was promised in it.
#[tokio::test]
async fn the_colleagues_word_is_quoted_after_the_end_too_and_beside_another_request() {
    let world = with_kim().await;
    let id = world.conversation;
    world.assistant.desk_act(id, "Kim", DeskAct::Reply { text: "It is on its way.".to_owned() }).await.unwrap();
    world.assistant.desk_act(id, "Kim", DeskAct::Resolve { note: None }).await.unwrap();
    let reply = world.say("Any news? And please cancel my order.").await;
    let both = text(&reply);
    assert!(both.starts_with("Kim wrote to you") && both.contains("#W0000001"), "{both} {:#?}", reply.stages);
    assert_eq!(world.say("I want to talk to Kim again").await.status, ConversationStatus::WaitingForAgent);
}

/// What was done since is newer than the colleague's word; only who asks for that word by name hears it.
#[tokio::test]
async fn a_colleagues_word_is_no_news_once_something_was_done_after_it() {
    let world = with_kim().await;
    let id = world.conversation;
    let word = give_back(Some("You can cancel it in the chat."), OpenRequest::Resumed);
    world.assistant.desk_act(id, "Kim", word).await.unwrap();
    world.say("yes").await;
    assert_eq!(world.performed(), 1);
    let news = text(&world.say("any news?").await);
    assert!(!news.contains("Kim wrote"), "{news}");
    let named = text(&world.say("what did Kim say?").await);
    assert!(named.contains("You can cancel it in the chat."), "{named}");
}

#[tokio::test]
async fn an_agent_can_have_the_assistant_go_on_where_it_was() {
    let world = with_kim().await;
    let view =
        world.assistant.desk_act(world.conversation, "Kim", give_back(None, OpenRequest::Resumed)).await.unwrap();
    assert_eq!(view.conversation.awaiting.kind, AwaitingKind::Confirm);
    world.say("yes").await;
    assert_eq!(world.performed(), 1);
}

/// Who takes the next hand-over knows what the colleague before promised and noted; the customer hears the promise alone.
#[tokio::test]
async fn the_next_hand_over_tells_what_the_colleague_before_wrote_and_noted() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("I want a human agent").await;
    let id = world.conversation;
    world.assistant.desk_act(id, "Kim", TAKE).await.unwrap();
    let reply = DeskAct::Reply { text: "You get the fee back on Friday.".to_owned() };
    world.assistant.desk_act(id, "Kim", reply).await.unwrap();
    let noted = DeskAct::Note { text: "asked finance, ticket 12".to_owned() };
    let view = world.assistant.desk_act(id, "Kim", noted).await.unwrap();
    assert_eq!(
        view.notes.last().map(|note| (note.act, note.note.as_deref())),
        Some(("noted", Some("asked finance, ticket 12")))
    );
    world.assistant.desk_act(id, "Kim", DeskAct::Resolve { note: None }).await.unwrap();
    let handed = world.restarted().say("I want to talk to a person").await;
    assert_eq!(handed.status, ConversationStatus::WaitingForAgent);
    let summary = world.restarted().assistant.desk_view(id).await.unwrap().unwrap().handover.unwrap().summary;
    assert!(summary.contains("You get the fee back on Friday.") && summary.contains("ticket 12"), "{summary}");
    assert!(!text(&handed).contains("ticket 12"), "{}", text(&handed));
}

/// A colleague who ends a conversation without a word takes nothing away from what another one promised.
#[tokio::test]
async fn a_colleague_who_writes_nothing_leaves_the_word_of_the_one_before() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("I want a human agent").await;
    let id = world.conversation;
    world.assistant.desk_act(id, "Kim", TAKE).await.unwrap();
    let word = give_back(Some("You get the fee back on Friday."), OpenRequest::Closed);
    world.assistant.desk_act(id, "Kim", word).await.unwrap();
    world.say("I want to talk to a person").await;
    world.assistant.desk_act(id, "Bo", TAKE).await.unwrap();
    world.assistant.desk_act(id, "Bo", DeskAct::Resolve { note: None }).await.unwrap();
    let reply = text(&world.say("any news?").await);
    assert!(reply.starts_with("Kim wrote to you today") && reply.contains("on Friday"), "{reply}");
}

/// What the desk shows is read anew each time, with the customer's own rights, and names what cannot be read.
#[tokio::test]
async fn the_desk_reads_the_customers_records_anew_whenever_somebody_looks() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    let before = world.office.calls().len();
    let read = world.assistant.desk_records(world.conversation).await.unwrap().unwrap();
    assert_eq!(read.level, IdentityLevel::Identified);
    assert_eq!(read.customer["email"], json!("ada@example.com"));
    let [orders] = read.lists.as_slice() else { panic!("{:?}", read.lists) };
    assert_eq!((orders.title.as_str(), orders.total), ("Orders", Some(orders.records.len())));
    assert!(orders.records.iter().any(|(line, _)| line.contains("#W0000001")), "{:?}", orders.records);
    world.assistant.desk_records(world.conversation).await.unwrap().unwrap();
    assert_eq!(world.office.calls().len(), before + 4, "two looks, two reads each");
    assert_eq!(world.performed(), 0);
}

#[tokio::test]
async fn the_button_back_to_the_colleague_asks_for_a_person() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("I want a human agent").await;
    world.assistant.desk_act(world.conversation, "Kim", TAKE).await.unwrap();
    world.assistant.desk_act(world.conversation, "Kim", give_back(None, OpenRequest::Closed)).await.unwrap();
    assert_eq!(world.say("Back to Kim").await.status, ConversationStatus::WaitingForAgent);
}

#[tokio::test]
async fn a_colleague_can_take_a_conversation_over_and_reopen_a_resolved_one() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say("I want a human agent").await;
    let id = world.conversation;
    world.assistant.desk_act(id, "Kim", TAKE).await.unwrap();
    let moved = world.assistant.desk_act(id, "Bo", DeskAct::Take { from: Holder::Colleague }).await.unwrap();
    assert_eq!(moved.assignee.as_deref(), Some("Bo"));
    let resolved = world.assistant.desk_act(id, "Bo", DeskAct::Resolve { note: None }).await.unwrap();
    assert_eq!(resolved.conversation.status, ConversationStatus::Resolved);
    let reopened = world.assistant.desk_act(id, "Bo", TAKE).await.unwrap();
    assert_eq!(reopened.conversation.status, ConversationStatus::WithAgent);
    let acts: Vec<&str> = reopened.notes.iter().map(|note| note.act).collect();
    assert_eq!(acts, ["requested", "taken", "taken_from_colleague", "resolved", "reopened"]);
}

/// A session that vouches for the customer is enough for the desk to see who writes, and what was before.
#[tokio::test]
async fn a_signed_in_customer_is_known_to_the_desk_without_any_flow() {
    let ((ledger, office, clock), ports) = World::parts(shop(cancelled()), None);
    let assistant = trained().beside(ports, Settings::default());
    let principal = Principal {
        session_id: SessionId(uuid::Uuid::from_u128(7)),
        customer_id: Some(CustomerId("ada_byron_1815".to_owned())),
        level: IdentityLevel::Identified,
    };
    assistant.open(&principal, None, None).await.unwrap();
    let conversation = assistant.open(&principal, None, None).await.unwrap().id;
    let world = World { assistant, ledger, office, clock, principal, conversation };
    world.say("I want a human agent").await;
    let view = world.assistant.desk_view(conversation).await.unwrap().unwrap();
    assert_eq!(view.handover.unwrap().customer["email"], json!("ada@example.com"));
    assert_eq!(view.previous.len(), 1);
    assert_eq!(view.previous[0].customer_name.as_deref(), Some("Ada Byron"));
}

/// Writing after the end goes on in the same thread, below a line, and answers no old question.
#[tokio::test]
async fn a_resolved_conversation_begins_again_below_a_line() {
    let world = with_kim().await;
    let id = world.conversation;
    world.assistant.desk_act(id, "Kim", DeskAct::Resolve { note: None }).await.unwrap();
    let reply = world.say("yes").await;
    assert_eq!((reply.status, world.performed()), (ConversationStatus::Open, 0), "{}", text(&reply));
    let messages = world.assistant.view(&world.principal, id).await.unwrap().unwrap().messages;
    let line = messages.iter().find(|message| message.text == "A new conversation").unwrap();
    let after = messages.iter().find(|message| message.seq == line.seq + 1).unwrap();
    assert_eq!((line.author, after.author, after.text.as_str()), (Author::System, Author::Customer, "yes"));
    let open = InboxFilter { status: Some(ConversationStatus::Open), rows_max: 5, ..InboxFilter::default() };
    assert_eq!(world.ledger.count(&TenantId("default".to_owned()), &open).await.unwrap(), 1, "the desk sees it open");
}

/// While a person is awaited and nobody has taken the conversation, what can be answered is, and the person is still awaited.
#[tokio::test]
async fn a_question_that_can_be_answered_is_answered_while_a_person_is_awaited() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.say("I want to talk to a person first").await;
    let told = world.say("it is about the desk lamp I bought").await;
    assert!(text(&told).contains("added that for my colleague"), "what is told is for the person: {}", text(&told));
    let answered = world.say("where is my order #W0000001?").await;
    assert!(
        text(&answered).contains("#W0000001") && text(&answered).contains("still get back to you"),
        "{}",
        text(&answered)
    );
    let told = world.say("the lamp was a present, by the way").await;
    assert!(text(&told).contains("added that for my colleague"), "{}", text(&told));
    for reply in [&answered, &told] {
        assert_eq!(
            (reply.status, reply.awaiting.kind, option_ids(reply)),
            (ConversationStatus::WaitingForAgent, AwaitingKind::Handoff, vec!["assistant", "wait"])
        );
    }
    assert_eq!(world.performed(), 0);
    let handover = world.assistant.desk_view(world.conversation).await.unwrap().unwrap().handover.unwrap();
    assert!(handover.proposal.unwrap().contains("#W0000001"), "the open proposal is still the colleague's");
    assert!(handover.last_words.starts_with("the lamp was a present"), "{}", handover.last_words);
    let back = world.say("Go on with the assistant").await;
    assert_eq!((back.status, back.awaiting.kind), (ConversationStatus::Open, AwaitingKind::Confirm), "{}", text(&back));
}

/// A side request goes on over several messages; the person who takes the conversation ends it.
#[tokio::test]
async fn a_side_request_goes_on_until_the_person_takes_the_conversation() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.say("I want to talk to a person first").await;
    let asked = world.say("can you change my address please?").await;
    assert_eq!(
        (asked.status, asked.awaiting.kind),
        (ConversationStatus::WaitingForAgent, AwaitingKind::Slot),
        "{}",
        text(&asked)
    );
    let dropped = world.say("never mind").await;
    assert_eq!(
        (dropped.status, dropped.awaiting.kind),
        (ConversationStatus::WaitingForAgent, AwaitingKind::Handoff),
        "{}",
        text(&dropped)
    );
    world.say("can you change my address please?").await;
    world.assistant.desk_act(world.conversation, "Kim", TAKE).await.unwrap();
    assert!(world.say("where is my order #W0000001?").await.messages.is_empty());
}

/// A person and an answer, both in one turn.
#[tokio::test]
async fn what_is_asked_until_the_person_comes_is_answered_with_the_hand_over() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.say("no, leave it").await;
    let reply = world.say("A person please. But meanwhile, where is my order #W0000001?").await;
    assert_eq!(reply.status, ConversationStatus::WaitingForAgent, "{}", text(&reply));
    assert!(text(&reply).contains("#W0000001") && text(&reply).contains("passing you"), "{}", text(&reply));
    assert!(!text(&reply).contains("anything else"), "{}", text(&reply));
    let off = world.say("is that cancelled now? I don't need them any more").await;
    assert_eq!(off.status, ConversationStatus::Open, "{}", text(&off));
    assert!(text(&off).contains("don't need one any more"), "{}", text(&off));
}

/// Without "meanwhile" the person comes at once, whatever else the message asks (R47).
#[tokio::test]
async fn a_wish_for_a_person_beside_a_request_is_the_only_thing_done() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.say("no, leave it").await;
    let reply = world.say("where is my order #W0000001? I want to talk to a human").await;
    assert_eq!(reply.status, ConversationStatus::WaitingForAgent, "{}", text(&reply));
    assert!(!text(&reply).contains("#W0000001"), "{}", text(&reply));
}

const STOLEN: &str = "flow: stolen\nsteps:\n  - ask: what\n    value: text\n  - handoff: fraud_suspected\n    text: to_the_team\n    priority: high\n";
const STOLEN_TEXTS: &str = "title: a stolen account\nexamples: [this is fraud, somebody stole my account, my account was hacked, fraudsters use my account]\nask_what: What did they do?\nto_the_team: The team looks at it.\n";

/// Who asks for a person because of something that people see to before others does not wait behind everybody else, whether he asks at once or
/// in the middle of it; of anything else he does.
#[tokio::test]
async fn a_wish_for_a_person_is_as_urgent_as_what_it_comes_with() {
    let mut files = files();
    files.insert("retail/flows/stolen/flow.yaml".to_owned(), STOLEN.to_owned());
    files.insert("retail/flows/stolen/texts/en.yaml".to_owned(), STOLEN_TEXTS.to_owned());
    let trained = train(&files);
    let urgent = ("fraud_suspected", Priority::High);
    for (said, expected) in [
        (["this is fraud, get me a person"].as_slice(), urgent),
        (&["my account was hacked", "get me a person"], urgent),
        (&["get me a person"], ("customer_request", Priority::Normal)),
        (&["I want to cancel my order, get me a person"], ("customer_request", Priority::Normal)),
    ] {
        let world = World::of(&trained, shop(cancelled()), None).await;
        for words in said {
            world.say(words).await;
        }
        let view = world.assistant.desk_view(world.conversation).await.unwrap().unwrap();
        let handover = view.handover.unwrap();
        assert_eq!((handover.reason_code.as_str(), handover.priority), expected, "{said:?}");
    }
}
