//! Does `out` of the actions say what the stand-in really answers? What it says too much would keep whole requests from being served.

use anyhow::{Context as _, anyhow, ensure};
use ombud_connect::{BackOfficeAdmin, BackOfficeSettings, HttpBackOffice};
use ombud_domain::{ActionOutcome, Sensitive};
use ombud_policy::Pack;
use ombud_policy::spec::{ActionSpec, Risk, Source};
use ombud_ports::BackOffice as _;
use serde_json::{Map, Value, json};

use crate::processes::{self, TOKEN};

/// Customers with a story are some fifty; all of them are asked about.
const CUSTOMERS_MAX: usize = 1_000;

/// Arguments of a read for a customer; none where the read is about something else.
fn arguments(spec: &ActionSpec, customer: &Value) -> Option<Map<String, Value>> {
    let value = |name: &str| match name {
        "customer_id" => customer.get("id").cloned(),
        "status" => Some(json!("failed")),
        known => customer.get(known).cloned(),
    };
    spec.arguments.keys().map(|name| Some((name.clone(), value(name)?))).collect()
}

#[tokio::test]
async fn every_read_of_the_pay_later_pack_fits_what_the_stand_in_answers() -> anyhow::Result<()> {
    let Some((_stand_in, base_url)) = processes::stand_in("fixed").await? else { return Ok(()) };
    let token = Some(Sensitive::new(TOKEN.to_owned()));
    let admin = BackOfficeAdmin::new(&base_url, token.as_ref(), None)?;
    let office = HttpBackOffice::new(&BackOfficeSettings { base_url, token, ..BackOfficeSettings::default() })?;
    let pack = Pack::parse("paylater", &ombud_testkit::pack_files()?).map_err(|problems| anyhow!("{problems:?}"))?;
    let customers = admin.customers(CUSTOMERS_MAX).await?;
    let customers = customers.as_array().context("customers")?;
    ensure!(customers.len() > 20, "the stories are there: {}", customers.len());
    let reads = pack.actions.values().filter(|spec| spec.risk == Risk::Read && spec.source == Source::Company);
    let (mut asked, mut empty) = (0, Vec::new());
    for spec in reads {
        ensure!(spec.out.is_some(), "{} says what it is answered", spec.name);
        let mut records = 0;
        for arguments in customers.iter().filter_map(|customer| arguments(spec, customer)) {
            match office.read(&spec.call(&arguments)).await {
                ActionOutcome::Found { body: Value::Array(list) } => records += list.len(),
                ActionOutcome::Found { .. } => records += 1,
                other => ensure!(false, "{} {arguments:?}: {other:?}", spec.name),
            }
            asked += 1;
        }
        if records == 0 {
            empty.push(spec.name.as_str());
        }
    }
    ensure!(asked > 300, "asked: {asked}");
    // Nobody has exchanged anything yet, and goods are no customer's: dialogues of the flow come to both.
    assert_eq!(empty, ["list_exchanges", "list_variants"]);
    Ok(())
}
