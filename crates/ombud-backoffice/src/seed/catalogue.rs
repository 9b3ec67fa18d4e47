//! Which merchants are there, and what do they sell?

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use super::SeedError;
use crate::money::Currency;
use crate::paylater::orders::MerchantTerms;
use crate::paylater::products::{Merchant, Product, Variant};
use crate::storage::record::Written;

struct Shop {
    id: &'static str,
    name: &'static str,
    return_days: i64,
    return_shipping: &'static str,
    exchanges: bool,
    carrier: &'static str,
}

const fn shop(id: &'static str, name: &'static str, terms: (i64, &'static str, bool), carrier: &'static str) -> Shop {
    let (return_days, return_shipping, exchanges) = terms;
    Shop { id, name, return_days, return_shipping, exchanges, carrier }
}

const SHOPS: [Shop; 12] = [
    shop("M-1001", "Fjällsport", (30, "free", true), "PostNord"),
    shop("M-1002", "Nova Electronics", (14, "customer_pays", false), "DHL"),
    shop("M-1003", "Casa Nova", (30, "free", true), "GLS"),
    shop("M-1004", "Nordic Outfit", (60, "free", true), "PostNord"),
    shop("M-1005", "Lumi Beauty", (14, "customer_pays", false), "DHL"),
    shop("M-1006", "Bookhaven", (30, "customer_pays", false), "UPS"),
    shop("M-1007", "Kinderwelt", (30, "free", true), "DHL"),
    shop("M-1008", "Green Garden", (14, "customer_pays", false), "GLS"),
    shop("M-1009", "Velo & Co", (30, "free", true), "DPD"),
    shop("M-1010", "Soundbox", (14, "free", true), "DHL"),
    shop("M-1011", "Pet Palace", (21, "customer_pays", false), "DPD"),
    shop("M-1012", "Gravura Gifts", (14, "customer_pays", false), "UPS"),
];

struct Goods {
    id: &'static str,
    shop: &'static str,
    name: &'static str,
    euro_minor: i64,
    /// The options that differ between variants; the last changes fastest.
    options: &'static [(&'static str, &'static [&'static str])],
    returnable: bool,
    /// Numbers of the variants that are out of stock.
    sold_out: &'static [usize],
}

type Options = &'static [(&'static str, &'static [&'static str])];

const fn goods(id: &'static str, shop: &'static str, name: &'static str, euro_minor: i64, options: Options) -> Goods {
    Goods { id, shop, name, euro_minor, options, returnable: true, sold_out: &[] }
}

impl Goods {
    const fn sold_out(mut self, variants: &'static [usize]) -> Self {
        self.sold_out = variants;
        self
    }

    const fn not_returnable(mut self) -> Self {
        self.returnable = false;
        self
    }
}

const SIZES: &[&str] = &["S", "M", "L", "XL"];
const SHOE_SIZES: &[&str] = &["41", "42", "43", "44", "45"];

static GOODS: [Goods; 32] = [
    goods("P-1001", "M-1001", "Rain jacket", 6_990, &[("color", &["blue", "black"]), ("size", SIZES)]).sold_out(&[8]),
    goods(
        "P-1002",
        "M-1001",
        "Hiking backpack",
        8_990,
        &[("color", &["green", "grey"]), ("volume", &["25 l", "40 l"])],
    ),
    goods("P-1003", "M-1001", "Running shoes", 10_990, &[("color", &["grey", "red"]), ("size", SHOE_SIZES)])
        .sold_out(&[5]),
    goods("P-1004", "M-1001", "Sleeping bag", 12_990, &[("season", &["summer", "three-season", "winter"])]),
    goods(
        "P-1005",
        "M-1002",
        "Smartphone Nova 8",
        49_900,
        &[("color", &["black", "silver"]), ("storage", &["128 GB", "256 GB"])],
    ),
    goods(
        "P-1006",
        "M-1002",
        "Laptop 14",
        89_900,
        &[("memory", &["16 GB", "32 GB"]), ("keyboard", &["Nordic", "UK", "German"])],
    ),
    goods("P-1007", "M-1002", "Phone case", 1_990, &[("color", &["black", "clear", "red"])]),
    goods("P-1008", "M-1002", "Robot vacuum cleaner", 32_900, &[("color", &["white", "black"])]),
    goods("P-1009", "M-1003", "Floor lamp", 7_990, &[("color", &["brass", "black"])]),
    goods(
        "P-1010",
        "M-1003",
        "Duvet set",
        5_990,
        &[("color", &["white", "sand", "blue"]), ("size", &["single", "double"])],
    ),
    goods("P-1011", "M-1003", "Armchair", 24_900, &[("fabric", &["wool", "velvet"]), ("color", &["green", "grey"])]),
    goods("P-1012", "M-1003", "Coffee table", 14_900, &[("wood", &["oak", "walnut"])]),
    goods("P-1013", "M-1004", "Wool coat", 15_990, &[("color", &["camel", "black"]), ("size", SIZES)]).sold_out(&[3]),
    goods("P-1014", "M-1004", "Knitted sweater", 5_990, &[("color", &["cream", "navy", "red"]), ("size", SIZES)]),
    goods(
        "P-1015",
        "M-1004",
        "Slim jeans",
        6_990,
        &[("color", &["blue", "black"]), ("size", &["30", "32", "34", "36"])],
    ),
    goods("P-1016", "M-1004", "Cotton T-shirt", 1_990, &[("color", &["white", "black", "green"]), ("size", SIZES)]),
    goods("P-1017", "M-1005", "Face cream", 3_490, &[("volume", &["50 ml", "100 ml"])]).not_returnable(),
    goods("P-1018", "M-1005", "Hair dryer", 7_990, &[("color", &["pink", "black"])]),
    goods("P-1019", "M-1006", "Cookbook", 2_990, &[("language", &["English", "Swedish", "German"])]),
    goods("P-1020", "M-1006", "Fantasy box set", 5_490, &[("cover", &["paperback", "hardcover"])]),
    goods("P-1021", "M-1007", "Wooden train set", 6_490, &[("pieces", &["40", "80"])]),
    goods(
        "P-1022",
        "M-1007",
        "Child car seat",
        18_900,
        &[("color", &["grey", "blue"]), ("group", &["0-18 kg", "9-36 kg"])],
    ),
    goods("P-1023", "M-1008", "Garden hose", 3_990, &[("length", &["15 m", "30 m"])]),
    goods("P-1024", "M-1008", "Lawn mower", 27_900, &[("power", &["electric", "battery"])]),
    goods("P-1025", "M-1009", "City bike", 59_900, &[("color", &["black", "mint"]), ("frame", &["S", "M", "L"])])
        .sold_out(&[6]),
    goods("P-1026", "M-1009", "Bike helmet", 6_990, &[("color", &["white", "black"]), ("size", &["S", "M", "L"])]),
    goods("P-1027", "M-1010", "Wireless headphones", 14_990, &[("color", &["black", "white", "blue"])]).sold_out(&[3]),
    goods("P-1028", "M-1010", "Bluetooth speaker", 8_990, &[("color", &["black", "red"])]),
    goods("P-1029", "M-1011", "Dog bed", 5_490, &[("size", &["small", "medium", "large"])]),
    goods("P-1030", "M-1011", "Cat tree", 8_490, &[("color", &["beige", "grey"])]),
    goods("P-1031", "M-1012", "Engraved watch", 19_900, &[("strap", &["leather", "steel"])]).not_returnable(),
    goods("P-1032", "M-1012", "Photo book", 3_990, &[("pages", &["24", "48"])]).not_returnable(),
];

/// A variant with all that an order line needs to know.
#[derive(Debug, Clone)]
pub struct OnSale {
    pub variant: Variant,
    pub product_id: String,
    pub product_name: String,
    pub returnable: bool,
    pub shop: usize,
}

/// All that is sold, by variant id and in order.
pub struct Catalogue {
    merchants: Vec<Merchant>,
    products: Vec<Product>,
    on_sale: Vec<OnSale>,
    by_id: HashMap<String, usize>,
}

impl Catalogue {
    /// The catalogue, made once.
    pub fn get() -> &'static Self {
        static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
        CATALOGUE.get_or_init(Self::make)
    }

    fn make() -> Self {
        let merchants: Vec<Merchant> = SHOPS.iter().map(merchant).collect();
        let products: Vec<Product> = GOODS.iter().map(product).collect();
        let mut on_sale = Vec::new();
        for product in &products {
            let shop = merchants.iter().position(|merchant| merchant.id == product.merchant_id).unwrap_or_default();
            on_sale.extend(product.variants.iter().map(|variant| OnSale {
                variant: variant.clone(),
                product_id: product.id.clone(),
                product_name: product.name.clone(),
                returnable: product.returnable,
                shop,
            }));
        }
        let by_id = on_sale.iter().enumerate().map(|(position, sold)| (sold.variant.id.clone(), position)).collect();
        Self { merchants, products, on_sale, by_id }
    }

    /// A variant by id.
    pub fn variant(&self, id: &str) -> Option<&OnSale> {
        self.by_id.get(id).and_then(|position| self.on_sale.get(*position))
    }

    /// All variants.
    pub fn on_sale(&self) -> &[OnSale] {
        &self.on_sale
    }

    /// The merchant who sells something.
    pub fn merchant(&self, sold: &OnSale) -> Option<&Merchant> {
        self.merchants.get(sold.shop)
    }
}

fn merchant(shop: &Shop) -> Merchant {
    let host: String = shop.name.to_lowercase().replace('ä', "a").chars().filter(char::is_ascii_alphanumeric).collect();
    Merchant {
        id: shop.id.to_owned(),
        name: shop.name.to_owned(),
        return_days: shop.return_days,
        return_shipping: shop.return_shipping.to_owned(),
        exchanges: shop.exchanges,
        support_email: format!("help@{host}.example"),
        carrier: shop.carrier.to_owned(),
    }
}

/// The merchant's terms as they are written on an order.
pub fn terms(merchant: &Merchant) -> MerchantTerms {
    MerchantTerms {
        id: merchant.id.clone(),
        name: merchant.name.clone(),
        return_days: merchant.return_days,
        return_shipping: merchant.return_shipping.clone(),
        exchanges: merchant.exchanges,
    }
}

fn product(goods: &Goods) -> Product {
    let digits = goods.id.replace("P-", "");
    let initials: String = SHOPS
        .iter()
        .filter(|shop| shop.id == goods.shop)
        .flat_map(|shop| shop.name.chars().filter(char::is_ascii_alphabetic).take(2))
        .flat_map(char::to_uppercase)
        .collect();
    let mut combinations: Vec<BTreeMap<String, String>> = vec![BTreeMap::new()];
    for (name, values) in goods.options {
        combinations =
            combinations.iter().flat_map(|so_far| values.iter().map(move |value| with(so_far, name, value))).collect();
    }
    let variants = combinations.into_iter().zip(1_usize..).map(|(options, number)| Variant {
        id: format!("V-{digits}-{number:02}"),
        sku: format!("{initials}-{digits}-{number:02}"),
        available: !goods.sold_out.contains(&number),
        price_euro_minor: price(goods, &options),
        options,
    });
    Product {
        id: goods.id.to_owned(),
        merchant_id: goods.shop.to_owned(),
        name: goods.name.to_owned(),
        returnable: goods.returnable,
        variants: variants.collect(),
    }
}

fn with(so_far: &BTreeMap<String, String>, name: &str, value: &str) -> BTreeMap<String, String> {
    let mut options = so_far.clone();
    options.insert(name.to_owned(), value.to_owned());
    options
}

/// More of something costs more: storage, memory, volume, pieces, pages, length. Colours and sizes do not.
fn price(goods: &Goods, options: &BTreeMap<String, String>) -> i64 {
    const DEARER: [&str; 8] = ["storage", "memory", "volume", "pieces", "pages", "length", "power", "cover"];
    let steps = goods.options.iter().filter(|(name, _)| DEARER.contains(name)).map(|(name, values)| {
        let chosen = options.get(*name);
        values.iter().position(|value| chosen.is_some_and(|chosen| chosen == value)).unwrap_or_default()
    });
    let steps = i64::try_from(steps.sum::<usize>()).unwrap_or_default();
    goods.euro_minor.saturating_add(goods.euro_minor / 5 * steps)
}

/// Writes the catalogue down.
pub fn records(into: &mut Vec<Written>) -> Result<(), SeedError> {
    let catalogue = Catalogue::get();
    for merchant in &catalogue.merchants {
        into.push(Written::of(merchant)?);
    }
    for product in &catalogue.products {
        into.push(Written::of(product)?);
    }
    Ok(())
}

/// The currency, locale and top-level domain of a market.
pub fn market(code: &str) -> (Currency, &'static str, &'static str) {
    match code {
        "SE" => (Currency::Sek, "sv-SE", "se"),
        "DE" => (Currency::Eur, "de-DE", "de"),
        "GB" => (Currency::Gbp, "en-GB", "uk"),
        "NL" => (Currency::Eur, "nl-NL", "nl"),
        "FI" => (Currency::Eur, "fi-FI", "fi"),
        "NO" => (Currency::Nok, "nb-NO", "no"),
        "DK" => (Currency::Dkk, "da-DK", "dk"),
        "PL" => (Currency::Pln, "pl-PL", "pl"),
        "JP" => (Currency::Jpy, "ja-JP", "jp"),
        _ => (Currency::Usd, "en-US", "com"),
    }
}

/// The sentence of a reason code of the spending limit.
pub fn limit_reason(code: &str) -> &'static str {
    match code {
        "good_history" => "Payments have been on time for 12 months.",
        "new_customer" => "The account is new; the limit grows as payments arrive on time.",
        "high_utilisation" => "Most of the limit is in use by open plans.",
        "overdue_installments" => "One or more instalments are overdue.",
        "failed_payments" => "Payments have failed in the last 30 days.",
        "recent_address_change" => "The address changed in the last 30 days.",
        "income_not_confirmed" => "Income has not been confirmed this year.",
        "account_blocked" => "The account is blocked for new purchases.",
        _ => "The limit was set at the last review.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_numbered_with_the_last_option_fastest() {
        let jacket = &Catalogue::get().variant("V-1001-02").unwrap().variant;
        assert_eq!(jacket.options.get("color").map(String::as_str), Some("blue"));
        assert_eq!(jacket.options.get("size").map(String::as_str), Some("M"));
        assert_eq!(jacket.sku, "FJ-1001-02");
    }

    #[test]
    fn every_product_has_a_merchant_and_something_in_stock() {
        let catalogue = Catalogue::get();
        assert_eq!(catalogue.products.len(), GOODS.len());
        for product in &catalogue.products {
            assert!(catalogue.merchants.iter().any(|merchant| merchant.id == product.merchant_id), "{}", product.id);
            assert!(product.variants.iter().any(|variant| variant.available), "{}", product.id);
        }
    }
}
