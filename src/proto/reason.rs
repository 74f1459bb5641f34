//! Reasons on the wire: `enum ErrorReason` and the `reason` of a `google.rpc.ErrorInfo` are the words of [`Reason`].

use crate::domain::error::Reason;

use super::v1::ErrorReason;

/// The `domain` of every `google.rpc.ErrorInfo` of this contract.
pub const DOMAIN: &str = "crisisgids";

/// A reason as a value of the contract.
pub fn to_proto(reason: Reason) -> ErrorReason {
    // A reason that the contract lacks is shown as unknown; a test holds the two equal.
    ErrorReason::from_str_name(&format!("ERROR_REASON_{}", reason.word())).unwrap_or(ErrorReason::Unspecified)
}

/// The reason of a `google.rpc.ErrorInfo`; `None` if it is of another domain or a later version of the contract.
pub fn from_error_info(domain: &str, reason: &str) -> Option<Reason> {
    Reason::from_word(reason).filter(|_| domain == DOMAIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto;

    #[test]
    fn the_reasons_of_the_domain_are_those_of_the_contract() {
        let contract = proto::pool().get_enum_by_name("crisisgids.v1.ErrorReason").unwrap();
        let words: Vec<String> = contract.values().skip(1).map(|value| value.name().to_owned()).collect();
        let reasons: Vec<String> = Reason::ALL.iter().map(|reason| format!("ERROR_REASON_{}", reason.word())).collect();
        assert_eq!(words, reasons);
        for &reason in Reason::ALL {
            assert_ne!(to_proto(reason), ErrorReason::Unspecified);
            assert_eq!(from_error_info(DOMAIN, reason.word()), Some(reason));
        }
        assert_eq!(from_error_info("elsewhere", "NOT_FOUND"), None);
    }
}
