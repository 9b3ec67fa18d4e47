//! Addresses of the markets served, as customers write them.

use ombud_language::{Awaiting, ExtractContext, Patterns, extract};
use serde_json::Value;

/// One address, or nothing.
fn address(text: &str, awaiting: Awaiting) -> Option<Value> {
    let patterns = Patterns::default();
    let today = jiff::civil::Date::constant(2026, 11, 21);
    let context = ExtractContext { today, patterns: &patterns, awaiting };
    extract(text, &context).into_iter().find(|entity| entity.kind == "address").map(|entity| entity.value)
}

fn part(address: &Option<Value>, name: &str) -> Option<String> {
    address.as_ref()?.get(name)?.as_str().map(str::to_owned)
}

/// Text, street, what is beside it, postal code, town.
type Case = (&'static str, &'static str, Option<&'static str>, &'static str, &'static str);

const WHOLE: &[Case] = &[
    (
        "Flat 4, Willow Court, 17 Park Row, Bristol BS1 5LJ",
        "17 Park Row",
        Some("Flat 4, Willow Court"),
        "BS1 5LJ",
        "Bristol",
    ),
    (
        "my new address is Flat 2b, 9 Station Road, York YO1 6HH please",
        "9 Station Road",
        Some("Flat 2b"),
        "YO1 6HH",
        "York",
    ),
    ("9 Station Road, Flat 2b, York YO1 6HH", "9 Station Road", Some("Flat 2b"), "YO1 6HH", "York"),
    ("I moved to 12 High Street, Clifton, Bristol BS8 2AA", "12 High Street", Some("Clifton"), "BS8 2AA", "Bristol"),
    (
        "Apartment 31, The Old Mill, 5 Canal Wharf, Leeds, LS11 5PS",
        "5 Canal Wharf",
        Some("Apartment 31, The Old Mill"),
        "LS11 5PS",
        "Leeds",
    ),
    ("Rose Cottage, Mill Lane, Hereford HR1 2AB", "Rose Cottage, Mill Lane", None, "HR1 2AB", "Hereford"),
    ("The Old Rectory, Church Lane, Wells BA5 2PP", "The Old Rectory, Church Lane", None, "BA5 2PP", "Wells"),
    ("c/o Jane Miller, 8 Rose Lane, Bath BA1 2AB", "8 Rose Lane", Some("c/o Jane Miller"), "BA1 2AB", "Bath"),
    ("Unit 3, 44 Queens Road, London SE15 2EZ", "44 Queens Road", Some("Unit 3"), "SE15 2EZ", "London"),
    ("10 Downing Street, London SW1A 2AA", "10 Downing Street", None, "SW1A 2AA", "London"),
    (
        "Ground floor flat, 6 Elm Grove, Brighton BN2 3DD",
        "6 Elm Grove",
        Some("Ground floor flat"),
        "BN2 3DD",
        "Brighton",
    ),
    ("5 Green Park Road, Reading RG1 1AA", "5 Green Park Road", None, "RG1 1AA", "Reading"),
    ("Flat 4, Willow Court, Bristol BS1 5LJ", "Willow Court", Some("Flat 4"), "BS1 5LJ", "Bristol"),
    ("22 Maple Rise, Oxford, OX1 1AB, UK", "22 Maple Rise", None, "OX1 1AB", "Oxford"),
    ("Storgatan 12, lgh 1101, 111 22 Stockholm, Sweden", "Storgatan 12", Some("lgh 1101"), "111 22", "Stockholm"),
    ("Kungsgatan 5 B, 114 38 Stockholm", "Kungsgatan 5 B", None, "114 38", "Stockholm"),
    ("Storgatan 12 lgh 1201 114 38 Stockholm", "Storgatan 12", Some("lgh 1201"), "114 38", "Stockholm"),
    ("c/o Berg, Sveavägen 44, 111 34 Stockholm", "Sveavägen 44", Some("c/o Berg"), "111 34", "Stockholm"),
    ("Norra Vallgatan 90, 211 22 Malmö", "Norra Vallgatan 90", None, "211 22", "Malmö"),
    ("Odenplan 3, 113 22 Stockholm", "Odenplan 3", None, "113 22", "Stockholm"),
    ("storgatan 3, 114 38 stockholm", "storgatan 3", None, "114 38", "stockholm"),
    ("Skolgatan 2, 3 tr, 903 26 Umeå", "Skolgatan 2", Some("3 tr"), "903 26", "Umeå"),
    ("I live at Byvägen 2, SE-742 31 Östhammar now", "Byvägen 2", None, "742 31", "Östhammar"),
    ("Torggata 5, H0201, 0181 Oslo", "Torggata 5", Some("H0201"), "0181", "Oslo"),
    ("Karl Johans gate 14, 0154 Oslo, Norway", "Karl Johans gate 14", None, "0154", "Oslo"),
    ("Strandveien 7B, 9006 Tromsø", "Strandveien 7B", None, "9006", "Tromsø"),
    ("Bergensgata 3, N-5003 Bergen", "Bergensgata 3", None, "5003", "Bergen"),
    ("Storgata 12, leilighet 4, 7030 Trondheim", "Storgata 12", Some("leilighet 4"), "7030", "Trondheim"),
    ("Mannerheimintie 12 A 5, 00100 Helsinki", "Mannerheimintie 12 A 5", None, "00100", "Helsinki"),
    ("Hämeenkatu 7 B 12, 33100 Tampere, Finland", "Hämeenkatu 7 B 12", None, "33100", "Tampere"),
    ("Aleksanterinkatu 21, FI-15110 Lahti", "Aleksanterinkatu 21", None, "15110", "Lahti"),
    ("Koivukuja 3 as 2, 90100 Oulu", "Koivukuja 3", Some("as 2"), "90100", "Oulu"),
    ("Bahnhofstraße 5, 10115 Berlin", "Bahnhofstraße 5", None, "10115", "Berlin"),
    ("Hauptstr. 5a, 50668 Köln", "Hauptstr. 5a", None, "50668", "Köln"),
    ("Lindenweg 4, Hinterhaus, 50668 Köln", "Lindenweg 4", Some("Hinterhaus"), "50668", "Köln"),
    (
        "Schönhauser Allee 180, 3. OG links, 10119 Berlin",
        "Schönhauser Allee 180",
        Some("3. OG links"),
        "10119",
        "Berlin",
    ),
    ("Am Markt 3, 28195 Bremen", "Am Markt 3", None, "28195", "Bremen"),
    ("An der Alster 12, 20099 Hamburg", "An der Alster 12", None, "20099", "Hamburg"),
    ("Torstr. 99, c/o Schulz, D-10119 Berlin", "Torstr. 99", Some("c/o Schulz"), "10119", "Berlin"),
    (
        "Unter den Linden 77, Wohnung 12, 10117 Berlin, Germany",
        "Unter den Linden 77",
        Some("Wohnung 12"),
        "10117",
        "Berlin",
    ),
    ("Keizersgracht 10, 1015 AA Amsterdam", "Keizersgracht 10", None, "1015 AA", "Amsterdam"),
    ("Oudegracht 12, 3511 AS Utrecht", "Oudegracht 12", None, "3511 AS", "Utrecht"),
    ("Prinsengracht 263-2, 1016GV Amsterdam", "Prinsengracht 263-2", None, "1016GV", "Amsterdam"),
    ("Lange Voorhout 74, 2514 EH Den Haag", "Lange Voorhout 74", None, "2514 EH", "Den Haag"),
    ("Coolsingel 40 A, 3011 AD Rotterdam, the Netherlands", "Coolsingel 40 A", None, "3011 AD", "Rotterdam"),
    (
        "445 Maple Drive, Suite 394, Fort Worth, Texas, 76165",
        "445 Maple Drive",
        Some("Suite 394"),
        "76165",
        "Fort Worth",
    ),
    ("350 Fifth Ave Apt 4B, New York, NY 10118", "350 Fifth Ave", Some("Apt 4B"), "10118", "New York"),
    ("123 N Main St #5, Austin TX 78701", "123 N Main St", Some("#5"), "78701", "Austin"),
    ("Apt 12, 900 Ocean Blvd, Santa Monica, CA 90401", "900 Ocean Blvd", Some("Apt 12"), "90401", "Santa Monica"),
    ("1600 Amphitheatre Pkwy, Mountain View, CA 94043, USA", "1600 Amphitheatre Pkwy", None, "94043", "Mountain View"),
    ("77 Sunset Blvd, Unit C, Los Angeles, CA 90028", "77 Sunset Blvd", Some("Unit C"), "90028", "Los Angeles"),
    (
        "c/o Kim Lee, 12 Elm Street, 2nd floor, Boston, MA 02108",
        "12 Elm Street",
        Some("c/o Kim Lee, 2nd floor"),
        "02108",
        "Boston",
    ),
];

#[test]
fn flats_houses_and_floors_of_all_markets_stay_in_the_address() {
    let wrong: Vec<String> = WHOLE
        .iter()
        .filter_map(|(text, street, beside, zip, city)| {
            let found = address(text, Awaiting::Nothing);
            let read = ["address1", "address2", "zip", "city"].map(|name| part(&found, name));
            let wanted = [Some(*street), *beside, Some(*zip), Some(*city)].map(|value| value.map(str::to_owned));
            (read != wanted).then(|| format!("{text}: {read:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} read otherwise:\n{}", wrong.len(), WHOLE.len(), wrong.join("\n"));
}

/// Text and the parts it holds, as `name=value`.
const PIECES: &[(&str, &[&str])] = &[
    ("17 Park Row", &["address1=17 Park Row"]),
    ("BS1 5LJ", &["zip=BS1 5LJ"]),
    ("Bristol", &["city=Bristol"]),
    ("BS1 5LJ Bristol", &["city=Bristol", "zip=BS1 5LJ"]),
    ("Bristol, BS1 5LJ", &["city=Bristol", "zip=BS1 5LJ"]),
    ("you left out Flat 4 Willow Court", &["address2=Flat 4, Willow Court"]),
    ("yes but it is Flat 4, not 17 only", &["address2=Flat 4"]),
    ("it's Flat 4, 17 Park Row", &["address1=17 Park Row", "address2=Flat 4"]),
    ("114 38 Stockholm", &["city=Stockholm", "zip=114 38"]),
    ("Storgatan 12", &["address1=Storgatan 12"]),
    ("lgh 1201", &["address2=lgh 1201"]),
    ("the postcode is 0181 and the town is Oslo", &["city=Oslo", "zip=0181"]),
    ("10115 berlin", &["city=berlin", "zip=10115"]),
    ("3511 AS", &["zip=3511 AS"]),
    ("Hauptstr. 5a, 3. OG links", &["address1=Hauptstr. 5a", "address2=3. OG links"]),
    ("Mannerheimintie 12 A 5", &["address1=Mannerheimintie 12 A 5"]),
    ("350 Fifth Ave, Apt 4B", &["address1=350 Fifth Ave", "address2=Apt 4B"]),
    ("76165", &["zip=76165"]),
];

#[test]
fn single_parts_count_where_an_address_is_awaited() {
    let wrong: Vec<String> = PIECES
        .iter()
        .filter_map(|(text, wanted)| {
            let found = address(text, Awaiting::Address);
            let read: Vec<String> = ["address1", "address2", "city", "zip"]
                .into_iter()
                .filter_map(|name| Some(format!("{name}={}", part(&found, name)?)))
                .collect();
            (read != *wanted).then(|| format!("{text}: {read:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} read otherwise:\n{}", wrong.len(), PIECES.len(), wrong.join("\n"));
}

#[test]
fn answers_without_a_place_and_post_boxes_are_no_address() {
    for text in [
        "No idea",
        "why do you need that",
        "yes",
        "What?",
        "PO Box 123, London SW1A 1AA",
        "Postfach 1234, 10115 Berlin",
        "I don't know yet",
        "can I talk to someone",
        "thanks",
    ] {
        assert_eq!(address(text, Awaiting::Address), None, "{text}");
    }
    assert_eq!(address("17 Park Row", Awaiting::Nothing), None, "a part alone counts only where it is awaited");
    assert_eq!(address("I returned 2 lamps, one black, last week", Awaiting::Nothing), None);
}
