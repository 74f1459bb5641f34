//! Locations that are not words: coordinates, postcodes and hectometre marks.
//!
//! The directory has no geometry, so it recognises them only to say so: an answer to "52.7, 5.75" that took it for a
//! misspelt name would mislead.

/// Whether what someone typed is a location in numbers. A road alone (`A6`) or a calamity code is not.
pub(super) fn is_location(typed: &str) -> bool {
    let lower = typed.to_lowercase();
    let has_degrees = lower.contains('°');
    let parts: Vec<&str> = lower
        .split(|c: char| c.is_whitespace() || ",;:=()/°'\"′″’”".contains(c))
        .filter(|part| !part.is_empty())
        .collect();
    is_postcode(&parts) || is_hectometre_mark(&parts) || is_coordinates(&parts, has_degrees)
}

/// `8302 AB`, `8302ab`, `8302`, also before a house number or town. The letters SA, SD and SS do not occur, but whoever
/// types them still means a postcode.
fn is_postcode(parts: &[&str]) -> bool {
    let digits = |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    let letters = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
    match parts {
        [] => false,
        [only] => digits(only) || only.split_at_checked(4).is_some_and(|(head, tail)| digits(head) && letters(tail)),
        [first, second, ..] => {
            let apart = digits(first) && letters(second) && !PREPOSITIONS.contains(second);
            apart || first.split_at_checked(4).is_some_and(|(head, tail)| digits(head) && letters(tail))
        }
    }
}

/// Two letters that follow a number in "1234 in Urk" and are no postcode.
const PREPOSITIONS: &[&str] = &["in", "te", "op"];

/// Words for a distance along a road or railway, and for its sides.
const DISTANCES: &[&str] = &["hm", "hmp", "km", "hectometer", "hectometerpaal", "hectometre"];
const SIDES: &[&str] = &["re", "li", "r", "l", "rechts", "links", "right", "left", "hrr", "hrl"];

/// `A6 hm 80.3`, `A6 80,3 Re`, `hmp 80.3`, `Hanzelijn km 12`.
fn is_hectometre_mark(parts: &[&str]) -> bool {
    let is_distance = |part: &str| DISTANCES.contains(&part);
    let glued = |part: &str| DISTANCES.iter().any(|word| part.strip_prefix(word).is_some_and(is_number));
    let beside = parts.windows(2).any(|pair| match pair {
        [a, b] => (is_distance(a) && is_number(b)) || (is_number(a) && is_distance(b)),
        _ => false,
    });
    let along = match parts {
        [letter, number, rest @ ..] if matches!(*letter, "a" | "n") && is_road_number(number) => rest,
        [road, rest @ ..]
            if road.split_at_checked(1).is_some_and(|(l, n)| matches!(l, "a" | "n") && is_road_number(n)) =>
        {
            rest
        }
        _ => &[],
    };
    let marked = along.iter().any(|part| is_number(part))
        && along.iter().all(|part| is_number(part) || is_distance(part) || SIDES.contains(part));
    beside || marked || parts.iter().any(|part| glued(part))
}

fn is_road_number(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Words that stand beside the numbers of coordinates: points of the compass in Dutch and English, systems, axes.
const AXES: &[&str] = &[
    "n",
    "e",
    "s",
    "w",
    "o",
    "z",
    "nb",
    "ol",
    "rd",
    "x",
    "y",
    "lat",
    "lon",
    "lng",
    "latitude",
    "longitude",
    "wgs84",
    "geo",
    "noord",
    "oost",
    "north",
    "east",
];

/// `52.7, 5.75`, `52,7 5,75`, `N52.7 E5.75`, `52° 42' N 5° 45' E`, `RD 179000 525000`.
fn is_coordinates(parts: &[&str], has_degrees: bool) -> bool {
    let is_ordinate = |part: &str| {
        let bare = part.trim_start_matches(['n', 'e', 'o']).trim_end_matches(['n', 'e', 'o']);
        // "N50" is a road.
        is_number(part) || (is_number(bare) && (has_degrees || bare.contains('.')))
    };
    parts.iter().filter(|part| is_ordinate(part)).count() >= 2
        && parts.iter().all(|part| is_ordinate(part) || AXES.contains(part))
}

fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
}

#[cfg(test)]
mod tests {
    use crate::domain::spoilt::spoilt_text;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn coordinates_postcodes_and_hectometre_marks_are_locations() {
        for typed in [
            "52.7, 5.75",
            "52.7 5.75",
            "52,7;5,75",
            "N52.7 E5.75",
            "52.71N 5.75E",
            "52° 42' N 5° 45' E",
            "geo:52.7,5.75",
            "RD 179000 525000",
            "x=179000 y=525000",
            "8302 AB",
            "8302ab",
            "8302 AB 12",
            "8302AB Emmeloord",
            "1234",
            "A6 hm 80.3",
            "A6 80,3 Re",
            "a6 80.3",
            "A 6 hmp 80,3 li",
            "N50 hm12.4",
            "hm 80.3",
            "Hanzelijn km 12",
        ] {
            assert!(is_location(typed), "{typed}");
        }
    }

    #[test]
    fn names_roads_and_codes_are_not_locations() {
        for typed in [
            "",
            "A6",
            "A 6",
            "N50",
            "N50 N307",
            "Urk",
            "1.1.30",
            "GM0171",
            "gm 0171",
            "0171",
            "A6 Lelystad",
            "Laren NH",
            "'s-Graveland",
            "1234 in Urk",
            "12",
            "VR25",
            "Emmeloord 12",
        ] {
            assert!(!is_location(typed), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn no_input_makes_a_location_panic(typed in "\\PC{0,40}", spoilt in spoilt_text(&["A6 hm 80.3 Re", "8302 AB", "RD 179000 525000"])) {
            let _ = (is_location(&typed), is_location(&spoilt));
        }
    }
}
