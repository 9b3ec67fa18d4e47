//! Which kinds are found where, with the words of the base pack?

use super::*;

/// A reader with the words of the base pack.
pub(super) fn reader() -> PiiReader {
    let file = serde_saphyr::from_str(include_str!("../../../../packs/base/lexicon/pii.yaml")).unwrap();
    PiiReader::new(file, []).unwrap()
}

fn found(text: &str) -> Vec<(&'static str, &str)> {
    reader().find(text).into_iter().map(|span| (span.kind.as_str(), text.get(span.start..span.end).unwrap())).collect()
}

#[test]
fn what_has_a_shape_of_its_own_is_found_wherever_it_stands() {
    for (text, kind, value) in [
        ("to DE89 3704 0044 0532 0130 00 please", "iban", "DE89 3704 0044 0532 0130 00"),
        ("write to Ada.Lovelace+x@mail.example.co.uk.", "email", "Ada.Lovelace+x@mail.example.co.uk"),
        ("see https://ada:hunter2@files.example/x now", "url_with_secret", "https://ada:hunter2@files.example/x"),
        (
            "https://shop.example/reset?user=1&token=a1b2c3 expired",
            "url_with_secret",
            "https://shop.example/reset?user=1&token=a1b2c3",
        ),
        ("from 192.168.17.4 again", "ip_address", "192.168.17.4"),
        ("from 2001:db8::8a2e:370:7334 again", "ip_address", "2001:db8::8a2e:370:7334"),
        ("device 00:1A:2b:3C:4d:5E", "mac_address", "00:1A:2b:3C:4d:5E"),
        (
            "sent to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            "crypto_address",
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        ),
        (
            "sent to 0x52908400098527886E0F7030069857D2E4169EE7",
            "crypto_address",
            "0x52908400098527886E0F7030069857D2E4169EE7",
        ),
        ("sent to 1P2c1W3x1TCUFvyDmVyVmUxrRqFtuF2w6", "crypto_address", "1P2c1W3x1TCUFvyDmVyVmUxrRqFtuF2w6"),
        ("invoice to ATU12345678", "vat_number", "ATU12345678"),
        ("ring +46 70-123 45 67 tonight", "phone", "+46 70-123 45 67"),
        ("ring 0046701234567 tonight", "phone", "0046701234567"),
        ("ring 020 7946 0958 tonight", "phone", "020 7946 0958"),
        ("ring (555) 123-4567 tonight", "phone", "(555) 123-4567"),
        ("it goes to SW1A 1AA now", "postal_code", "SW1A 1AA"),
        (
            "it went to 12 Main Street, Apt 4, Austin, TX 73301.",
            "postal_address",
            "12 Main Street, Apt 4, Austin, TX 73301",
        ),
        ("ich wohne Musterstraße 12a, 10115 Berlin!", "postal_address", "Musterstraße 12a, 10115 Berlin"),
        ("till Storgatan 5, 111 22 Stockholm tack", "postal_address", "Storgatan 5, 111 22 Stockholm"),
        ("au 12 rue de Rivoli, 75001 Paris svp", "postal_address", "12 rue de Rivoli, 75001 Paris"),
        ("in Via Roma 7, 00184 Roma", "postal_address", "Via Roma 7, 00184 Roma"),
        ("hello, my name is Ada Lovelace and", "person_name", "Ada Lovelace"),
        ("tell Mrs. van der Berg", "person_name", "Berg"),
        ("pay me back\n\nKind regards,\nJosé da Silva", "person_name", "José da Silva"),
    ] {
        assert!(found(text).iter().any(|(k, v)| *k == kind && v.ends_with(value)), "{text}: {:?}", found(text));
    }
}

#[test]
fn what_looks_like_other_things_counts_where_it_is_named() {
    for (text, kind, value) in [
        ("my BSN: 111222333", "nl_bsn", "111222333"),
        ("meine Steuer-ID ist 36 574 261 809", "de_steuer_id", "36 574 261 809"),
        ("the BIC is DEUTDEFF", "bic", "DEUTDEFF"),
        ("my passport number is AB1234567", "passport", "AB1234567"),
        ("born on 12 May 1984 in Lund", "date_of_birth", "12 May 1984"),
        ("Geburtsdatum 12.05.1984", "date_of_birth", "12.05.1984"),
        ("account number 12345678, please", "bank_account", "12345678"),
        ("my driving licence is MORGA657054SM9IJ", "driving_licence", "MORGA657054SM9IJ"),
        ("call me on 555123456", "phone", "555123456"),
        ("postcode 73301", "postal_code", "73301"),
        ("SSN 536904399", "us_ssn", "536904399"),
        ("my number plate is ABC 123", "licence_plate", "ABC 123"),
    ] {
        assert!(found(text).contains(&(kind, value)), "{text}: {:?}", found(text));
    }
    for text in [
        "parcel 111222333",
        "order 36574261809",
        "DELIVERY is late",
        "on 12 May 1984 we met",
        "it cost 73301 kr",
        "order 536904399",
        "item ABC 123",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn orders_parcels_dates_and_amounts_are_no_personal_data_by_their_shape() {
    for text in [
        "order #W2378156 and ORD-100101",
        "parcel 1Z999AA10123456784",
        "tracking RR123456785SE",
        "I paid 1,150.00 on 12/05/2026 at 10:15",
        "the item 4107812777 came on 2026-12-01",
        "version 1.2.3 of the app, 20 % off",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn a_kind_that_may_be_shown_is_left() {
    let file = serde_saphyr::from_str(include_str!("../../../../packs/base/lexicon/pii.yaml")).unwrap();
    let reader = PiiReader::new(file, PiiKind::named("ip_address")).unwrap();
    assert_eq!(reader.find("from 192.168.17.4").len(), 0);
    assert_eq!(reader.find("from a@b.example").len(), 1);
}

#[test]
fn there_are_more_than_thirty_kinds_and_every_word_of_the_base_is_for_one() {
    assert!(PiiKind::all().count() > 60);
    for kind in PiiKind::all() {
        assert_eq!(PiiKind::named(kind.as_str()), Some(kind));
    }
    assert_eq!(PiiKind::named("visage"), None);
    let wrong: Result<PiiFile, _> = serde_saphyr::from_str("words: {visage: [face]}");
    assert!(wrong.is_err());
}
