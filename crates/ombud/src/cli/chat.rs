//! A chat in the terminal, through the same public API that pages use.

mod picture;

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use ombud_connect::public_api::{Conversation, Message, Outgoing, Reply, Session};
use ombud_connect::{ApiError, PublicApi};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::{Context, Outcome, Output, demo};
use crate::clock::fresh_secret;
use crate::terminal::{bold, complain, dim, prompt, say, say_json};
use picture::Shown;

const EXAMPLES: &str = "\
Examples:
  ombud chat                                       with the server on http://127.0.0.1:8080
  ombud chat --demo                                with a demo of its own
  ombud chat --customer C-100001                   signed in, in a running demo
  ombud chat --demo --say 'what happens if I pay late?' --json

In the chat: a number picks an option; /code 123456 enters a one-time code, /outbox shows what the demo \"sent\", /stages shows how the last
reply came about, /quit ends.";

/// How often a conversation is looked at while a person answers, milliseconds.
const LOOK_MS: u64 = 1_500;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// The server.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", conflicts_with = "demo")]
    url: String,
    /// Start a demo for this chat.
    #[arg(long)]
    demo: bool,
    /// Pack of the demo.
    #[arg(long, value_name = "PACK", requires = "demo")]
    pack: Option<String>,
    /// Sign in as this customer of the demo; anonymous if left out.
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Language tag.
    #[arg(long)]
    locale: Option<String>,
    /// Market code.
    #[arg(long)]
    market: Option<String>,
    /// Say this and end; may be given more than once.
    #[arg(long, value_name = "TEXT")]
    say: Vec<String>,
    /// Show the stages of every turn.
    #[arg(long)]
    stages: bool,
}

pub(super) async fn run(context: &Context, options: Options) -> anyhow::Result<Outcome> {
    if !options.demo {
        return chat(context, &options, &options.url).await;
    }
    let mut config = context.config()?;
    "warn".clone_into(&mut config.log.filter);
    super::start_log(&config)?;
    let wish =
        demo::Options { listen: "127.0.0.1:0".to_owned(), pack: options.pack.clone(), ..demo::Options::default() };
    let demo = demo::open(config, &wish).await?;
    let url = demo.server.url.clone();
    let (stop, stopped) = oneshot::channel::<()>();
    let tasks = TaskTracker::new();
    let serving = tasks.spawn(demo.run(async move {
        // Dropping the sender stops the demo too.
        let _ = stopped.await;
    }));
    let chatted = chat(context, &options, &url).await;
    drop(stop);
    serving.await.context("the demo broke off")??;
    chatted
}

async fn chat(context: &Context, options: &Options, url: &str) -> anyhow::Result<Outcome> {
    let api = PublicApi::new(url)?;
    let session = match &options.customer {
        Some(id) => api.open_demo_session(id).await?,
        None => api.open_session(options.locale.as_deref(), options.market.as_deref()).await?,
    };
    let conversation = api.open_conversation(&session, options.locale.as_deref(), options.market.as_deref()).await?;
    let mut talk = Talk {
        api,
        session,
        output: context.output,
        customer: options.customer.clone(),
        shows_stages: options.stages,
        seen: 0,
        shown: Shown::default(),
        last: Value::Null,
        conversation,
    };
    talk.open()?;
    if !options.say.is_empty() {
        for text in &options.say {
            talk.say(text).await?;
        }
        return Ok(Outcome::Done);
    }
    let mut input = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = talk.next_line(&mut input).await? {
        match talk.take(line.trim()).await {
            Ok(Going::On) => {}
            Ok(Going::Out) => break,
            Err(error) => complain(format_args!("{error:#}")),
        }
    }
    Ok(Outcome::Done)
}

/// Whether the chat goes on.
enum Going {
    On,
    Out,
}

/// One conversation in the terminal.
struct Talk {
    api: PublicApi,
    session: Session,
    output: Output,
    customer: Option<String>,
    shows_stages: bool,
    /// Highest `seq` printed.
    seen: i64,
    shown: Shown,
    last: Value,
    conversation: Conversation,
}

impl Talk {
    fn open(&mut self) -> anyhow::Result<()> {
        if self.output == Output::Json {
            return say_json(&self.conversation);
        }
        self.print_new();
        Ok(())
    }

    /// The next line typed; while a person answers, his messages are shown meanwhile.
    async fn next_line(&mut self, input: &mut Lines<BufReader<Stdin>>) -> anyhow::Result<Option<String>> {
        if self.output == Output::Text {
            prompt(&format!("{} ", bold("you>")));
        }
        loop {
            let is_with_people = matches!(self.conversation.status.as_str(), "waiting_for_agent" | "with_agent");
            let looking = async {
                if is_with_people {
                    tokio::time::sleep(Duration::from_millis(LOOK_MS)).await
                } else {
                    std::future::pending().await
                }
            };
            tokio::select! {
                line = input.next_line() => return line.context("cannot read what is typed"),
                () = looking => self.look().await,
            }
        }
    }

    /// Reads the conversation again and shows what is new.
    async fn look(&mut self) {
        match self.api.conversation(&self.session, &self.conversation.id).await {
            Ok(conversation) => {
                self.conversation = conversation;
                // The options are not said again where nothing else is.
                if newest(&self.conversation.messages, self.seen) > self.seen {
                    self.print_new();
                }
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the conversation cannot be read at the moment"
            ),
        }
    }

    async fn take(&mut self, line: &str) -> anyhow::Result<Going> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("", _) => {}
            ("/quit" | "/exit", _) => return Ok(Going::Out),
            ("/code", code) => self.enter(code.trim()).await?,
            ("/outbox", _) => self.outbox().await?,
            ("/stages", _) => picture::print_stages(&self.last),
            (command, _) if command.starts_with('/') => {
                bail!("there is no `{command}`; there are /code, /outbox, /stages and /quit")
            }
            _ => {
                let text = self.shown.option(line).unwrap_or_else(|| line.to_owned());
                self.say(&text).await?;
            }
        }
        Ok(Going::On)
    }

    /// Says something; after a lost answer it is sent once more with the same key.
    async fn say(&mut self, text: &str) -> anyhow::Result<()> {
        let key = fresh_secret();
        let message = Outgoing { text, idempotency_key: Some(&key), seen_seq: Some(self.seen) };
        let sent = self.api.send_message(&self.session, &self.conversation.id, &message).await;
        let reply = match sent {
            Err(ApiError::Unreachable { .. }) => {
                self.api.send_message(&self.session, &self.conversation.id, &message).await?
            }
            other => other?,
        };
        self.show(reply)
    }

    async fn enter(&mut self, code: &str) -> anyhow::Result<()> {
        let reply = self.api.step_up(&self.session, &self.conversation.id, code).await?;
        self.show(reply)
    }

    fn show(&mut self, reply: Reply) -> anyhow::Result<()> {
        if self.output == Output::Json {
            // What is printed has been seen: a yes to it counts.
            self.seen = newest(&reply.messages, self.seen);
            return say_json(&reply);
        }
        self.last = json!(reply.stages);
        self.conversation.status.clone_from(&reply.status);
        self.conversation.awaiting = reply.awaiting;
        self.conversation.messages = reply.messages;
        self.print_new();
        if self.shows_stages {
            picture::print_stages(&self.last);
        }
        Ok(())
    }

    fn print_new(&mut self) {
        for message in
            self.conversation.messages.iter().filter(|message| message.seq > self.seen && message.author != "customer")
        {
            picture::print_message(message);
        }
        self.seen = newest(&self.conversation.messages, self.seen);
        self.shown = picture::print_awaiting(&self.conversation.awaiting);
    }

    async fn outbox(&self) -> anyhow::Result<()> {
        let Some(customer) = &self.customer else { bail!("sign in with `--customer` to see what was sent") };
        let messages = self.api.demo_outbox(customer).await?;
        if messages.is_empty() {
            say(format_args!("{}", dim("nothing was sent")));
        }
        for message in messages {
            say(format_args!("{} {} to {}: {}", dim(&message.at), message.channel, message.to, message.text));
        }
        Ok(())
    }
}

/// The number of the newest message.
fn newest(messages: &[Message], seen: i64) -> i64 {
    messages.iter().map(|message| message.seq).fold(seen, i64::max)
}
