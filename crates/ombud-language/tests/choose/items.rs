//! Which things of one order are meant?

use ombud_domain::choice::Count;

use crate::shop::{Case, basket, twins};

#[test]
fn items_are_known_by_name_part_of_name_plural_and_slip() {
    Case { candidates: &basket(), current: None, count: Count::Many }.check(&[
        ("the tent", "tent"),
        ("the camping tent and the rug", "tent,rug"),
        ("my travle mug pls", "mug"),
        ("rugs", "rug"),
        ("the cover, and the mug as well", "sofa,mug"),
        ("mug + tent", "mug,tent"),
        ("the tent is too small after all", "tent"),
        ("I don't like the rug at all, first of all", "rug"),
        ("I want to send back the woolen rug.", "rug"),
        ("RUG AND MUG!!", "rug,mug"),
        ("it's about my order from last week", "-"),
        ("Both: rug, tent", "rug,tent"),
        ("none of them", "-"),
        ("my camping tent only", "tent"),
        ("the rug, the tent - not the mug", "rug,tent"),
        ("the rug and tent, just those two", "rug,tent"),
        ("can you take back the sofa cover and also the tent", "sofa,tent"),
        ("the rug has to go back. what would each of those save me?", "rug"),
        ("Could the tent be changed? And correct the address on all my orders, please.", "tent"),
        ("all my orders back", "rug,tent,mug,sofa"),
        ("All my orders should have that address, and the tent should be bigger.", "tent"),
        ("the whole order that has the tent", "rug,tent,mug,sofa"),
        ("the mug. I was tempted by the rug as well, but it's not included", "mug"),
        ("theres a mug that was w a rug, it goes back", "mug"),
    ]);
}

#[test]
fn items_are_known_by_their_options() {
    Case { candidates: &basket(), current: None, count: Count::Many }.check(&[
        ("the red one", "rug"),
        ("the green thing", "mug"),
        ("the waterproof one", "tent"),
        ("the gray one and the green one", "sofa,mug"),
        ("the 350 ml one", "mug"),
    ]);
}

#[test]
fn what_stays_is_not_picked() {
    Case { candidates: &basket(), current: None, count: Count::Many }.check(&[
        ("The tent. I'm keeping the rug.", "tent"),
        ("tent and mug, the rug stays", "tent,mug"),
        ("everything except the rug", "tent,mug,sofa"),
        ("all but the mug and the rug", "tent,sofa"),
        ("everything, but not the tent", "rug,mug,sofa"),
        ("not the tent, just the mug", "mug"),
        ("only the rug, leave the tent", "rug"),
        ("The rug. Everything else stays.", "rug"),
        ("the mug, nothing else", "mug"),
        ("all of them apart from the sofa cover", "rug,tent,mug"),
        ("the rug and the mug but not the tent", "rug,mug"),
        ("Keep the rug and the mug, the rest goes back.", "tent,sofa"),
    ]);
}

#[test]
fn all_and_both_pick_several() {
    Case { candidates: &basket(), current: None, count: Count::Many }.check(&[
        ("all of it", "rug,tent,mug,sofa"),
        ("everything please", "rug,tent,mug,sofa"),
        ("all four", "rug,tent,mug,sofa"),
        ("the whole order", "rug,tent,mug,sofa"),
        ("every single item", "rug,tent,mug,sofa"),
        ("I want to send everything back", "rug,tent,mug,sofa"),
        ("the entire thing", "rug,tent,mug,sofa"),
        ("anything but the rug", "tent,mug,sofa"),
        ("everything in the order but the tent", "rug,mug,sofa"),
        ("everything on the order w the tent, to my gift card", "rug,tent,mug,sofa"),
        ("everything aside from the rug and the tent", "mug,sofa"),
        ("both the rug and the tent", "rug,tent"),
        ("the rug and the tent, both of them", "rug,tent"),
        ("the rug should go back together with the tent", "rug,tent"),
        ("the tent that came together with the rug", "tent"),
        ("Keep the rug out of it and exchange the tent alone", "tent"),
        ("leave the sofa and return the mug", "mug"),
        ("with the exception of the mug I return all of it", "rug,tent,sofa"),
    ]);
    Case { candidates: &twins(), current: None, count: Count::Many }.check(&[
        ("both lamps", "m1,m2"),
        ("both kettles", "k,k"),
        ("one of the two kettles", "k"),
        ("the kettle", "k"),
        ("the lamps", "m1,m2"),
        ("all my lamps", "m1,m2"),
    ]);
}

#[test]
fn two_of_a_kind_are_told_apart_or_asked_about() {
    Case { candidates: &twins(), current: None, count: Count::Many }.check(&[
        ("the lamp", "? m1,m2"),
        ("the blue lamp", "? m1,m2"),
        ("the 50 cm lamp", "m2"),
        ("the dimmable lamp", "m1"),
        ("the lamp that is not dimmable", "m2"),
        ("the more expensive lamp", "m2"),
        ("the cheaper of the two lamps", "m1"),
        ("the lamp, the 30cm one", "m1"),
        ("the lamp, but not the 30 cm one", "m2"),
        ("the second lamp", "m2"),
    ]);
}

#[test]
fn one_of_several_is_picked_by_its_place() {
    Case { candidates: &basket(), current: None, count: Count::One }.check(&[
        ("the second one", "tent"),
        ("the first", "rug"),
        ("the last one please", "sofa"),
        ("no, not that, the first one", "rug"),
        ("not that one, the second", "tent"),
        ("not the first, the second one", "tent"),
        ("number 3", "mug"),
    ]);
}
