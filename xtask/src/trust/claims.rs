//! What is promised? Each claim with the tests that show it; the figures are lines that these tests print.

/// A claim of `docs/TRUST.md`.
pub(super) struct Claim {
    pub(super) name: &'static str,
    /// In one sentence.
    pub(super) promise: &'static str,
    pub(super) runs: &'static [Run],
    /// The figure in short, with `{names}` of values from the lines below.
    pub(super) figure: &'static str,
    /// Printed lines that are its figures, with `{names}` where values stand; `n` and `seed` get columns of their own.
    pub(super) figures: &'static [&'static str],
    /// What it was measured on.
    pub(super) data: &'static str,
}

/// Tests of one program.
pub(super) struct Run {
    pub(super) package: &'static str,
    /// `test NAME`, `example NAME`, or `lib`.
    pub(super) target: &'static str,
    pub(super) tests: &'static [&'static str],
    pub(super) settings: &'static [Setting],
    /// How a long run is cut up, so that it can be broken off and taken up again.
    pub(super) portion: Option<Portion>,
}

/// A part of a long run.
pub(super) struct Portion {
    /// The setting that says which; the portions count it up from 1.
    pub(super) seed: &'static str,
    /// How much of the first setting is done in each.
    pub(super) each: u64,
    /// What is counted, for people.
    pub(super) noun: &'static str,
}

/// How much of something is done.
pub(super) struct Setting {
    pub(super) name: &'static str,
    short: &'static str,
    long: &'static str,
}

/// How long a report takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// Minutes.
    Short,
    /// Hours.
    Long,
}

impl Length {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Long => "long",
        }
    }

    pub(super) const fn of(self, setting: &Setting) -> &'static str {
        match self {
            Self::Short => setting.short,
            Self::Long => setting.long,
        }
    }
}

const fn tests(package: &'static str, target: &'static str, tests: &'static [&'static str]) -> Run {
    Run { package, target, tests, settings: &[], portion: None }
}

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        name: "hijacked-model",
        promise: "A language model that is wholly hijacked has no effect that nobody agreed to, and every decision of these sessions comes out the same when it is made again",
        runs: &[Run {
            package: "ombud",
            target: "test evil",
            tests: &["a_hijacked_model_has_no_effect"],
            settings: &[Setting { name: "OMBUD_EVIL_SESSIONS", short: "60", long: "10000" }],
            portion: Some(Portion { seed: "OMBUD_EVIL_SEED", each: 200, noun: "hostile sessions" }),
        }],
        figure: "{effects} unauthorized effects in {n} sessions; of {turns} turns {otherwise} come out otherwise",
        figures: &[
            "hijacked model: {n} sessions (seed {seed}), {rest}",
            "unauthorized effects: {effects} (95 % {rest}",
            "replayed: {turns} turns come out the same, {otherwise} do not, {rest}",
        ],
        data: "own adversary of 20 kinds, `packs/paylater`, generated company",
    },
    Claim {
        name: "injected-goals",
        promise: "No goal that an attacker puts into third-party text is reached",
        runs: &[tests("ombud", "test evil", &["no_injected_goal_of_the_benchmark_is_reached"])],
        figure: "{reached} of {n} goals reached",
        figures: &[
            "AgentDojo bank: {honest} effects; {n} attacks with a hijacked model: {reached} goals reached, {rest}",
        ],
        data: "AgentDojo banking suite, ported",
    },
    Claim {
        name: "kills",
        promise: "Wherever the process is killed on the way of a refund, it is paid once, or a person is told that nobody knows; what was decided before comes out the same",
        runs: &[Run {
            package: "ombud",
            target: "test crash",
            tests: &["a_refund_is_paid_once_wherever_ombud_is_killed"],
            settings: &[Setting { name: "OMBUD_CRASH_KILLS", short: "60", long: "2000" }],
            portion: Some(Portion { seed: "OMBUD_CRASH_SEED", each: 60, noun: "kills" }),
        }],
        figure: "of {refunds} refunds {double} paid twice, {lost} lost, {stuck} stuck; {booked} stand in the books; {turns} turns replayed",
        figures: &[
            "kill -9 during refunds: {n} kills asked for, seed {seed}, {rest}",
            "all lanes: {kills} kills, {refunds} refunds, {double} paid twice, {lost} lost, {stuck} stuck, {turns} turns replayed",
            "of the company's refunds {booked} stand in the books, as its statement shows",
            "lane  {columns}",
            "SQLite, {row}",
            "PostgreSQL, {row}",
        ],
        data: "17 crash points, 3 kinds of company systems",
    },
    Claim {
        name: "sagas",
        promise: "Of several actions that are one to the customer all are done or none stands, whichever fails in whatever way and wherever the process dies; else a person is told what was done",
        runs: &[
            tests("ombud-policy", "lib", &["every_step_that_fails_ends_in_a_named_state"]),
            tests(
                "ombud-turn",
                "test journey",
                &[
                    "a_saga_does_what_was_shown_or_nothing",
                    "whichever_step_is_refused_or_fails_what_was_done_is_taken_back",
                    "an_answer_that_is_lost_is_found_out_before_the_saga_goes_on",
                    "what_nobody_can_find_out_goes_to_a_person",
                    "a_compensation_that_fails_is_tried_again_found_out_or_left_to_a_person",
                    "a_process_that_dies_in_a_saga_leaves_it_to_the_next_one",
                ],
            ),
            tests("ombud", "test crash", &["a_dearer_exchange_is_whole_or_undone_wherever_it_fails"]),
        ],
        figure: "{whole} whole, {undone} undone, {left} left to a person, {half} half done of {n} exchanges",
        figures: &[
            "sagas: {n} exchanges with a fault or a kill on {databases}: {whole} whole, {undone} undone, {left} left to a person, {half} half done",
        ],
        data: "refusals, failures, lost answers and kills at each step; the stand-in's plans and exchanges as the judge",
    },
    Claim {
        name: "storage",
        promise: "When the disk is full, fails to write or to flush, tears a page or turns read-only, nothing that was answered is lost and nothing is paid twice; what is damaged is found at the start",
        runs: &[
            Run {
                package: "ombud",
                target: "test crash",
                tests: &["no_fault_of_the_disk_loses_what_was_answered_or_pays_twice"],
                settings: &[Setting { name: "OMBUD_STORAGE_FAULTS", short: "40", long: "400" }],
                portion: None,
            },
            tests(
                "ombud-store",
                "test contract",
                &["a_full_disk_stops_the_ledger_and_reads_go_on", "a_damaged_page_or_row_is_found_at_the_start"],
            ),
        ],
        figure: "of {n} faults {double} paid twice, {lost} lost, {forgotten} answers forgotten",
        figures: &[
            "storage faults: {n} injected ({kinds}); {ended} processes ended, {stopped} stopped writing and read on, {on} went on",
            "after them: {refunds} refunds, {double} paid twice, {lost} lost, {stuck} stuck, {forgotten} answers forgotten, {turns} turns replayed",
        ],
        data: "a library before the C library that lets the n-th write or flush of SQLite fail, five kinds",
    },
    Claim {
        name: "limits-and-switches",
        promise: "Of effects that begin at once no more are done than allowed, and none begins that was switched off",
        runs: &[tests(
            "ombud",
            "test controls",
            &["of_64_wishes_at_once_no_more_are_done_than_allowed", "no_effect_begins_after_a_switch_is_in_the_ledger"],
        )],
        figure: "{done} of {n} at once done, {allowed} allowed; the last effect {late} ms after the switch",
        figures: &[
            "of {n} at once {done} were done and {over} handed over, {allowed} are allowed",
            "{some} done, {refused} refused; the last effect began {late} ms after the switch",
        ],
        data: "assistants of two processes on one ledger",
    },
    Claim {
        name: "books",
        promise: "Every posting gives what it takes, no more goes back than was taken, many at once come out as in a reference of plain sums, and a changed posting or a payment that the provider tells otherwise is found",
        runs: &[
            Run {
                package: "ombud-testkit",
                target: "lib",
                tests: &["many_random_operations_come_out_as_in_the_reference"],
                settings: &[Setting { name: "OMBUD_MONEY_OPERATIONS", short: "20000", long: "1000000" }],
                portion: None,
            },
            Run {
                package: "ombud-store",
                target: "test contract",
                tests: &[
                    "random_operations_come_out_as_in_the_reference",
                    "of_refunds_at_once_only_what_was_taken_goes_back",
                ],
                settings: &[Setting { name: "OMBUD_MONEY_OPERATIONS", short: "20000", long: "400000" }],
                portion: None,
            },
            tests(
                "ombud-domain",
                "lib",
                &["twenty_seeded_discrepancies_are_found_and_no_false_one", "a_changed_posting_is_found"],
            ),
            tests("ombud-turn", "test journey", &["the_books_say_what_came_of_an_action"]),
        ],
        figure: "{otherwise} of {n} operations in memory come out otherwise; {found} of {seeded} discrepancies found, {false} false",
        figures: &[
            "in memory, random operations: {n} (seed {seed}), {postings} postings, {otherwise} otherwise: {counts}",
            "by the contract, random operations: {each} (seed {seed}), {postings} postings, {others} otherwise: {counts}",
            "reconciliation: {found} of {seeded} seeded discrepancies found, {false} false ones in {payments} payments",
        ],
        data: "refunds, payments, outcomes and repetitions by 32 writers at once; statement of 400 payments",
    },
    Claim {
        name: "tampering",
        promise: "A changed, deleted, inserted, moved or cut off event of the ledger is found, and so is a fork",
        runs: &[tests(
            "ombud-store",
            "test contract",
            &[
                "a_flipped_bit_in_any_column_of_an_event_is_found",
                "a_flipped_bit_in_the_logs_own_tables_is_found",
                "deleted_inserted_reordered_and_truncated_events_are_found",
                "a_payload_passed_off_as_shredded_is_found",
                "an_edited_checkpoint_and_a_swapped_key_are_found",
                "a_fork_signed_with_the_true_key_is_found_beside_an_older_checkpoint",
            ],
        )],
        figure: "all of {n} flipped bits found, and each deletion, insertion, move, cut and fork",
        figures: &["seed {seed}", "{n} flips, all found {rest}"],
        data: "a log of 330 events with shreddings",
    },
    Claim {
        name: "card-numbers",
        promise: "Card numbers are taken out of a message before anything else sees it, and no part of one is left when it was split, as often as stands here",
        runs: &[
            tests("ombud-language", "example redact_eval", &[]),
            tests(
                "ombud-turn",
                "test journey",
                &[
                    "card_data_is_in_no_event",
                    "what_was_written_of_a_card_number_goes_when_it_is_whole",
                    "an_answer_with_a_card_number_is_not_kept",
                ],
            ),
        ],
        figure: "recall {standard} %, obfuscated {obfuscated} %, split over messages {split} %",
        figures: &[
            "standard: recall {standard} % (n={n}, seed={seed}), {rest}",
            "obfuscated: recall {obfuscated} % (n={n}, seed={seed}), {rest}",
            "split over 2 to 4 messages: recall {split} % (n={n}, seed={seed}); {rest}",
            "false alarms on ids: {rest}",
        ],
        data: "public test numbers and generated ones of 30 prefixes, 13 writings, 5 languages",
    },
    Claim {
        name: "personal-data",
        promise: "A language model is shown neither personal data that a customer wrote nor a value of his records that the company's system told, and he reads his values all the same",
        runs: &[
            tests(
                "ombud-turn",
                "test journey",
                &[
                    "a_model_is_shown_no_personal_data_that_was_written",
                    "a_model_is_shown_tokens_for_records_and_the_customer_reads_values",
                    "a_token_that_was_not_shown_is_not_taken_back",
                ],
            ),
            tests("ombud", "test evil", &["a_model_is_shown_no_value_of_a_customers_records"]),
        ],
        figure: "{shown} of {planted} planted values and {raw} of {n} values of records shown, in {prompts} prompts",
        figures: &[
            "planted: {planted} values of personal data, {shown} shown to the model",
            "recorded: {prompts} prompts of {sessions} sessions (seed {seed}), {n} values of records looked for, {raw} seen",
        ],
        data: "44 planted values, records of a generated company, prompts as they come over the wire",
    },
    Claim {
        name: "erasure",
        promise: "What a customer told stands in no file of the database, and after his erasure nowhere; the log still verifies",
        runs: &[tests(
            "ombud-store",
            "test contract",
            &[
                "no_planted_fact_stands_in_the_files_of_the_database",
                "what_is_erased_is_gone_from_every_file_and_still_proved",
                "keys_that_were_put_back_are_thrown_away_again",
                "nobody_writes_on_in_what_was_erased",
            ],
        )],
        figure: "{found} of {n} facts found",
        figures: &["{n} facts planted, {found} found in the files {rest}"],
        data: "planted facts in events, state, hand-over, inbox and stored answers",
    },
    Claim {
        name: "canaries",
        promise: "Cards and secrets that come in by any channel stand in nothing that is kept, logged or given out",
        runs: &[tests("ombud", "test company", &["no_canary_stands_in_anything_that_is_kept_or_given_out"])],
        figure: "{found} of {n} found in {files} files",
        figures: &["canaries: {n} cards and secrets by nine channels, {found} found in {files} files of {bytes} bytes"],
        data: "test numbers of card networks, a code, a PIN and a password: by chat, in two messages, as a key, an address and a language, at the code entry, by an agent's reply and note, and in a document",
    },
    Claim {
        name: "knowledge",
        promise: "What an article may not tell this customer is never found, however well it fits",
        runs: &[tests("ombud-store", "lib", &["what_may_not_be_shown_is_never_found_though_it_fits_best"])],
        figure: "nothing found",
        figures: &[],
        data: "canary articles of another market, language, audience and time",
    },
    Claim {
        name: "poisoned-knowledge",
        promise: "A document that would make the company say something false is noticed before anybody lets it in, and answers stay as they are until then",
        runs: &[
            tests("ombud-ingest", "test poison", &["poisoned_documents_are_found_and_honest_ones_left_alone"]),
            tests("ombud", "test knowledge", &["answers_stay_as_they_are_until_a_draft_is_approved"]),
        ],
        figure: "{found} of {n} flagged, {numbers} of {swaps} swapped numbers; {false} of {honest} honest documents flagged",
        figures: &[
            "poisoned documents: {found} of {n} flagged (seed {seed}), {numbers} of {swaps} swapped numbers; false flags: {false} of {honest} honest documents",
        ],
        data: "articles of `packs/paylater` with a number swapped or poisoned by hand in 12 ways; honest edits and new articles without other figures",
    },
    Claim {
        name: "identity",
        promise: "Until a one-time code is entered nobody learns whether there is an account, and guesses count over conversations",
        runs: &[tests(
            "ombud-turn",
            "test identity",
            &[
                "nobody_learns_whether_an_account_exists",
                "a_claim_for_nobody_has_as_many_tries_as_one_for_a_customer",
                "a_new_conversation_is_no_new_chance_to_guess",
            ],
        )],
        figure: "nothing learnt",
        figures: &[],
        data: "whole turns over `packs/paylater`",
    },
    Claim {
        name: "replay",
        promise: "Every decision comes out the same when it is made again from what is stored, also what earlier releases recorded; one changed input or policy is named",
        runs: &[
            tests(
                "ombud-turn",
                "test journey",
                &[
                    "every_turn_of_a_conversation_comes_out_the_same",
                    "a_tampered_input_is_seen",
                    "a_tampered_record_is_seen",
                    "another_policy_is_named_with_what_it_changes",
                    "what_every_release_has_recorded_comes_out_the_same",
                ],
            ),
            tests("ombud", "test simulate", &["every_golden_turn_comes_out_the_same"]),
        ],
        figure: "0 of {n} turns of releases and {golden} of dialogues come out otherwise",
        figures: &[
            "release {release}: {n} turns come out the same",
            "golden dialogues: {golden} turns come out the same",
        ],
        data: "`crates/ombud-turn/tests/records/`, dialogues of `packs/paylater`",
    },
];
