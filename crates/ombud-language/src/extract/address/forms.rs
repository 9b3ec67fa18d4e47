//! How are the lines of an address written? Streets, units, house names and postal codes of the markets served.

use std::sync::LazyLock;

use regex::Regex;

/// Words that end the name of a street in English.
const ENGLISH: &str = "street|str|st|avenue|ave|road|rd|drive|dr|lane|ln|boulevard|blvd|highway|hwy|way|court|ct|place|pl|square|sq|terrace|parkway|pkwy|circle|cir|trail|trl|close|\
    crescent|cres|gardens|gdns|grove|mews|row|hill|walk|quay|broadway|alley|plaza|loop|view|rise|green|parade|mount|wharf|yard|vale|park|fields?|passage|promenade|esplanade|heights|\
    ridge|path|gate|mead|bank|turnpike|expressway|crossing|run|point|end";

/// "445 Maple Drive", "221B Baker Street", "12-14 Park Row", "12 Rue de la Paix".
pub(super) static NUMBER_FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(&format!(
        r"(?i)\b\d{{1,5}}(?:-\d{{1,4}})?[a-z]?,? (?:(?:[\p{{L}}\d.'’-]+ ){{0,4}}?(?:{ENGLISH})\b\.?(?: (?:{ENGLISH})\b\.?){{0,3}}(?: (?:n|s|e|w|north|south|east|west)\b)?|(?:rue|avenue|boulevard|place|chemin|impasse|quai|allée|cours)\b[^,\n.;?!]{{2,40}})"
    ))
    .ok()
});

/// "Storgatan 12", "Bahnhofstraße 5a", "Am Markt 3", "Keizersgracht 10-2", "Mannerheimintie 12 A", "Calle Mayor 3".
pub(super) static NUMBER_LAST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)\b(?:(?-i:\p{Lu}[\p{L}'’.-]* ){0,3}?(?:[\p{L}-]*(?:gatan?|gata|vägen|väg|gränd|torget|torg|stigen|stig|allén?|backen|backe|plan|kajen|stråket|slingan|leden|strand|",
        r"stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer|markt|graben|wall|chaussee|steig|stieg|kamp|hof|berg|feld|garten|zeile|pfad|tor|höhe|twiete|brücke|",
        r"straat|laan|plein|gracht|kade|dijk|singel|steeg|pad|dreef|baan|plantsoen|burgwal|haven|",
        r"katu|tie|kuja|polku|ranta|aukio|tori|kaari|rinne|raitti|väylä|penger|linja|bulevardi|esplanadi|puistikko|",
        r"vej|gade|torv|vænget|veien|vegen|vei|veg|gate|plass|bakken|svingen|stien|kroken|tunet|brygge|haugen|terrasse)|",
        r"(?:am|an|an der|an den|im|in der|in den|zum|zur|auf der|auf dem|unter den|unter der|hinter dem|hinter der|op de|aan de) (?-i:\p{Lu})[\p{L}'’-]+|",
        r"(?:calle|avenida|plaza|paseo|carrer|via|viale|piazza|corso|rua|travessa|ulica|ul\.|aleja|al\.)(?: [\p{L}'’.-]+){1,4})) \d{1,4}(?: ?[a-z]\b)?(?:[-/](?:\d{1,3}|hs|huis|bg|[iv]{1,3}|h)\b)?",
    ))
    .ok()
});

/// Any capitalised name with a number behind it, "Odenplan 3"; counts only right before a postal code.
pub(super) static ANY_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"\b\p{Lu}[\p{L}'’.-]+(?: \p{Lu}[\p{L}'’.-]+){0,3} \d{1,4}(?: ?[A-Za-z]\b)?,? ?\n?(?:[A-Z]{1,2}-)?(?:\d{3} \d{2}|\d{4,5})\b")
        .ok()
});

/// A number with a name of capitalised words that ends its part of the address, "18 Cotham Brow, Bristol": counts only where no street of a known kind stands. Four digits
/// begin a postal code more often than a street.
pub(super) static NUMBER_AND_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"\b(\d{1,3}[A-Za-z]?,? \p{Lu}[\p{L}'’.-]+(?: \p{Lu}[\p{L}'’.-]+){0,3})\s*(?:[,;!?\n]|$)").ok()
});

/// "The street is Cotham Brow", "street: Cotham Brow".
pub(super) static STREET_IS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(
        r"(?i)\b(?:street|road)(?:'s)?(?: name)?(?: is called|'s called| is|:|,? called) ?(?-i:((?:\p{Lu}[\p{L}'’.-]*\p{L})(?: \p{Lu}[\p{L}'’-]+){0,3}))",
    )
    .ok()
});

/// "Number 18", "house number: 18", "no. 18".
pub(super) static NUMBER_IS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)\b(?:house number|house no\.?|number|no\.|nr\.?)(?: is|:)? ?(\d{1,5}[a-z]?)\b").ok()
});

/// Words that name no street before its kind: "18, the street".
pub(super) static NO_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(
        r"(?i)^\d+[a-z]?,? (?:(?:the|my|our|a|this|that|same|new|old|and|is|on|in) )*(?:street|road|way|place)\b",
    )
    .ok()
});

/// The flat behind a Finnish stair: "12 A 5".
pub(super) static FLAT_OF_STAIR: LazyLock<Option<Regex>> =
    LazyLock::new(|| crate::lean::regex(r"(?i)^ ?(?:as\.? ?)?(\d{1,3})(?:\s*[,\n]|\s+\d{5}\b|\s*$)").ok());

/// A house of which the name is the number: "Rose Cottage, Mill Lane".
pub(super) static NAMED_HOUSE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(&format!(
        r"\b(?:The )?(?:[A-Z][\p{{L}}'’]+ ){{1,2}}(?:Cottage|House|Farm|Lodge|Manor|Barn|Mill|Rectory|Vicarage|Villa|Hall|Bungalow|Farmhouse|Croft|Court|Tower|Apartments|Mansions)(?:, (?:[A-Z][\p{{L}}'’]+ ){{1,3}}(?i:{ENGLISH})\b)?"
    ))
    .ok()
});

/// A building in front of the street, at the end of what stands there.
pub(super) static BUILDING_BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"\b(?:The )?(?:[A-Z][\p{L}'’]+ ){1,3}(?:Cottage|House|Court|Lodge|Villas?|Mansions?|Towers?|Building|Apartments|Gardens|Manor|Farm|Hall|Barn|Mill|Heights|Point|Wharf|Place|Mews|Quay|Residence)$").ok()
});

const UNIT: &str = concat!(
    r"(?:(?:suite|ste|apt|apartment|unit|flat|floor|fl|room|rm|building|bldg|block|blk|lgh|lägenhet|leil|leilighet|leilighetsnr|asunto|wohnung|whg|wg|app|appartement|etage|etg|stock|",
    r"door|stair|staircase|entrance|porras|uppgång|oppgang|aufgang|house|hus|haus|stuga)\b\.? ?(?:no\.? ?|nr\.? ?|number )?#?(?:[a-z]?-?\d[\w/-]{0,5}|[a-hj-z])\b|as\.? ?\d{1,3}\b|#\s?\w{1,6}\b|",
    r"\d{1,2}(?:st|nd|rd|th) floor\b|(?:ground|first|second|third|fourth|fifth|top|upper|lower|basement|garden)[ -](?:floor|flat)\b(?: (?:flat|left|right|front|rear)\b)?|",
    r"\d{1,2}\. ?(?:og|stock|etage|etg|etasje|sal|kerros|krs|obergeschoss|verdieping|våning|tr)\b\.?(?: (?:links?|rechts?|mitte|li|re|left|right|venstre|høyre|th|tv|mf|vasen|oikea)\b\.?)?|",
    r"(?:(?:erdgeschoss|dachgeschoss|hochparterre|parterre|hinterhaus|vorderhaus|seitenflügel|gartenhaus|rückgebäude|eg|dg|hh|vh)\b(?: (?:links?|rechts?|mitte|og)\b)?)|",
    r"\d{1,2} ?(?:trappor|trp|tr)\b\.?(?: (?:upp|ned|ög|nb|vänster|höger)\b)?|[hukl]\d{4}\b|\d{1,2} ?(?:st|th|tv|mf)\b|",
    r"(?:c/o|care of)\.? [\p{L}.'’ -]{2,40})",
);

/// A unit at the beginning of a part.
pub(super) static UNIT_FIRST: LazyLock<Option<Regex>> =
    LazyLock::new(|| crate::lean::regex(&format!(r"(?i)^{UNIT}")).ok());
/// A unit at the end of what stands before a street.
pub(super) static UNIT_LAST: LazyLock<Option<Regex>> =
    LazyLock::new(|| crate::lean::regex(&format!(r"(?i)(?:^|[\s,(:])({UNIT})$")).ok());
/// A unit anywhere.
pub(super) static UNIT_WITHIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| crate::lean::regex(&format!(r"(?i)(?:^|[\s,(:])({UNIT})")).ok());
/// What makes the number behind it the number of a flat: "Flat |4, Willow Court".
pub(super) static UNIT_WORD_BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)\b(?:suite|ste|apt|apartment|unit|flat|room|rm|block|lgh|no|nr)\.? ?#?$").ok()
});

/// Boxes of the post office; nobody lives there.
pub(super) static POST_BOX: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)\b(?:p\.? ?o\.? ?box|post ?box|post office box|postbox|postboks|postbus|postfach|postilokero|\bpl|box) ?#?:? ?\d{1,6}\b").ok()
});

/// Postal codes; the code is the first group, without the letters of a country before it.
pub(super) static ZIP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)\b(?:(?:se|s|no|n|fi|d|de|nl|dk|at|us|gb)[- ])?([A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{5}(?:-\d{4})?|\d{3} \d{2}|\d{2}-\d{3}|\d{4} ?[A-Z]{2}|\d{4}-\d{3}|\d{4,6})\b").ok()
});
