//! Which names and places do generated customers have?

/// A market with its share of the customers, names and places.
pub struct Region {
    pub market: &'static str,
    /// Customers out of a hundred.
    pub share: u32,
    pub first_names: &'static [&'static str],
    pub last_names: &'static [&'static str],
    /// Street, postal code, city.
    pub places: &'static [(&'static str, &'static str, &'static str)],
    pub bank: &'static str,
}

/// The markets; the shares sum to a hundred.
pub static REGIONS: [Region; 10] = [
    Region {
        market: "SE",
        share: 22,
        first_names: &["Elsa", "Hugo", "Maja", "Liam", "Alva", "Nils", "Ebba", "Oskar", "Saga", "Viktor"],
        last_names: &[
            "Andersson",
            "Johansson",
            "Karlsson",
            "Nilsson",
            "Eriksson",
            "Larsson",
            "Olsson",
            "Persson",
            "Lindgren",
            "Åkesson",
        ],
        places: &[
            ("Storgatan", "41138", "Göteborg"),
            ("Vasagatan", "11120", "Stockholm"),
            ("Kungsgatan", "75321", "Uppsala"),
        ],
        bank: "Norrbank",
    },
    Region {
        market: "DE",
        share: 20,
        first_names: &["Mia", "Ben", "Emma", "Paul", "Hannah", "Jonas", "Lena", "Finn", "Jörg", "Anke"],
        last_names: &[
            "Müller",
            "Schmidt",
            "Schneider",
            "Fischer",
            "Weber",
            "Wagner",
            "Becker",
            "Hoffmann",
            "Schäfer",
            "Koch",
        ],
        places: &[
            ("Hauptstraße", "10827", "Berlin"),
            ("Lindenweg", "50667", "Köln"),
            ("Gartenstraße", "80331", "München"),
        ],
        bank: "Rheinbank",
    },
    Region {
        market: "GB",
        share: 16,
        first_names: &["Olivia", "George", "Amelia", "Harry", "Isla", "Arthur", "Ava", "Noah", "Grace", "Leo"],
        last_names: &["Smith", "Jones", "Taylor", "Brown", "Williams", "Wilson", "Evans", "Patel", "Walker", "Wright"],
        places: &[
            ("High Street", "M1 4BT", "Manchester"),
            ("Church Road", "BS1 5TR", "Bristol"),
            ("Station Road", "LS1 4AP", "Leeds"),
        ],
        bank: "Albion Bank",
    },
    Region {
        market: "NL",
        share: 9,
        first_names: &["Sanne", "Daan", "Julia", "Sem", "Tess", "Bram", "Lotte", "Thijs"],
        last_names: &["de Jong", "Jansen", "de Vries", "Bakker", "Visser", "Smit", "Meijer", "Mulder"],
        places: &[("Dorpsstraat", "1012 AB", "Amsterdam"), ("Kerkstraat", "3511 LX", "Utrecht")],
        bank: "Polderbank",
    },
    Region {
        market: "US",
        share: 12,
        first_names: &["Emma", "Liam", "Sophia", "Mason", "Ava", "Logan", "Mia", "Ethan", "Zoe", "Carlos"],
        last_names: &[
            "Johnson", "Miller", "Davis", "Garcia", "Martinez", "Anderson", "Thomas", "Moore", "Lee", "Clark",
        ],
        places: &[
            ("Maple Avenue", "60614", "Chicago"),
            ("Oak Street", "97205", "Portland"),
            ("Elm Drive", "78701", "Austin"),
        ],
        bank: "Prairie Bank",
    },
    Region {
        market: "FI",
        share: 6,
        first_names: &["Aino", "Eino", "Helmi", "Leo", "Venla", "Onni"],
        last_names: &["Korhonen", "Virtanen", "Mäkinen", "Nieminen", "Hämäläinen", "Laine"],
        places: &[("Mannerheimintie", "00100", "Helsinki"), ("Hämeenkatu", "33100", "Tampere")],
        bank: "Saimaa Bank",
    },
    Region {
        market: "NO",
        share: 6,
        first_names: &["Nora", "Jakob", "Ingrid", "Emil", "Sofie", "Henrik"],
        last_names: &["Hansen", "Olsen", "Larsen", "Berg", "Haugen", "Bakke"],
        places: &[("Karl Johans gate", "0154", "Oslo"), ("Strandgaten", "5013", "Bergen")],
        bank: "Fjordbank",
    },
    Region {
        market: "DK",
        share: 4,
        first_names: &["Freja", "Oscar", "Clara", "Valdemar", "Søren", "Anna"],
        last_names: &["Nielsen", "Jensen", "Pedersen", "Sørensen", "Rasmussen", "Møller"],
        places: &[("Nørregade", "1165", "København"), ("Vestergade", "8000", "Aarhus")],
        bank: "Sundbank",
    },
    Region {
        market: "PL",
        share: 3,
        first_names: &["Zofia", "Jakub", "Maja", "Michał", "Łukasz", "Hanna"],
        last_names: &["Nowak", "Kowalska", "Wiśniewski", "Wójcik", "Kamińska", "Zieliński"],
        places: &[("Marszałkowska", "00-590", "Warszawa"), ("Floriańska", "31-021", "Kraków")],
        bank: "Bank Wisła",
    },
    Region {
        market: "JP",
        share: 2,
        first_names: &["Haruto", "Yui", "Sota", "Hina", "Ren", "Aoi"],
        last_names: &["Sato", "Suzuki", "Takahashi", "Tanaka", "Ito", "Watanabe"],
        places: &[("Meguro-dori 2-4", "152-0003", "Tokyo"), ("Shijo-dori 18", "600-8001", "Kyoto")],
        bank: "Sakura Bank",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_a_hundred() {
        assert_eq!(REGIONS.iter().map(|region| region.share).sum::<u32>(), 100);
    }
}
