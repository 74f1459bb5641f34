//! Locations that are not words: coordinates, postcodes and hectometre marks.
//!
//! The directory has no geometry, so it recognises them only to say so: an answer to "52.7, 5.75" that took it for a
//! misspelt name would mislead. Beside a town, postcodes and hectometre marks are left out.

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

/// What is typed beside postcodes and hectometre marks, if there are any: a town with them is still a town.
pub(super) fn without_details(typed: &str) -> Option<String> {
    let written: Vec<&str> = typed
        .split(|c: char| c.is_whitespace() || ";()".contains(c))
        .map(|part| part.trim_matches([',', ':', '.']))
        .filter(|part| !part.is_empty())
        .collect();
    let lower: Vec<String> = written.iter().map(|part| part.to_lowercase()).collect();
    let parts: Vec<&str> = lower.iter().map(String::as_str).collect();
    let has_road = parts
        .windows(2)
        .any(|pair| matches!(pair, [letter, number] if matches!(*letter, "a" | "n") && is_road_number(number)))
        || parts.iter().any(|part| is_road(part));
    let mut is_detail: Vec<bool> = vec![false; parts.len()];
    let mut mark = |index: usize| is_detail.get_mut(index).into_iter().for_each(|slot| *slot = true);
    let at = |index: Option<usize>| index.and_then(|index| parts.get(index)).copied().unwrap_or_default();
    for (index, part) in parts.iter().enumerate() {
        let (before, after) = (at(index.checked_sub(1)), at(index.checked_add(1)));
        let beside = |words: &[&str]| words.contains(&before) || words.contains(&after);
        let glued = DISTANCES.iter().any(|word| part.strip_prefix(word).is_some_and(is_mark));
        let is_road_part = is_road_number(part) && matches!(before, "a" | "n");
        let along = has_road && is_mark(part) && !is_road_part && (part.contains(['.', ',']) || beside(SIDES));
        if glued || along || (is_mark(part) && !is_road_part && beside(DISTANCES)) {
            mark(index);
            for (other, word) in [(index.checked_sub(1), before), (index.checked_add(1), after)] {
                if let Some(other) = other.filter(|_| DISTANCES.contains(&word) || SIDES.contains(&word)) {
                    mark(other);
                    // "A6 Re hm 34,2": the side stands before the word for the distance.
                    let beyond = other.checked_sub(1).filter(|beyond| SIDES.contains(&at(Some(*beyond))));
                    beyond.into_iter().for_each(&mut mark);
                }
            }
        }
        let is_code = !before.is_empty() && before.len() <= 2 && before.bytes().all(|b| b.is_ascii_alphabetic());
        if is_postcode_digits(part) && !is_code {
            mark(index);
            if is_postcode_letters(after) && !PREPOSITIONS.contains(&after) {
                mark(index.saturating_add(1));
            }
        } else if part
            .split_at_checked(4)
            .is_some_and(|(head, tail)| is_postcode_digits(head) && is_postcode_letters(tail))
        {
            mark(index);
        }
    }
    if !is_detail.contains(&true) {
        return None;
    }
    let rest = written.iter().zip(&is_detail).filter(|(_, is_detail)| !**is_detail).map(|(part, _)| *part);
    let rest = rest.collect::<Vec<_>>().join(" ");
    (!rest.is_empty()).then_some(rest)
}

/// A number along a road: `34,2`, `34.2`, `34`.
fn is_mark(text: &str) -> bool {
    is_number(&text.replace(',', "."))
}

fn is_road(part: &str) -> bool {
    part.split_at_checked(1).is_some_and(|(letter, number)| matches!(letter, "a" | "n") && is_road_number(number))
}

fn is_postcode_digits(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0')
}

fn is_postcode_letters(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic())
}

/// `8302 AB`, `8302ab`, `8302`, also before a house number or town. The letters SA, SD and SS do not occur, but whoever
/// types them still means a postcode.
fn is_postcode(parts: &[&str]) -> bool {
    let (digits, letters) = (is_postcode_digits, is_postcode_letters);
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
        [road, rest @ ..] if is_road(road) => rest,
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
