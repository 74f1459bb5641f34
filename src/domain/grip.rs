//! GRIP: the escalation levels of regional crisis response.
//!
//! Not laid down in law but in each region's crisis plan; GRIP 5 and GRIP Rijk exist since 2013. The national
//! chain acts by sector law at *any* level, so it is a kind of actor and not a level.

use super::field::words;

words! {
    /// The escalation level, in ascending order.
    pub enum Grip {
        /// No level declared.
        None = "GRIP_UNSPECIFIED",
        /// The incident at the scene.
        One = "GRIP_1",
        /// Effects beyond the scene.
        Two = "GRIP_2",
        /// Threat to the population of one municipality.
        Three = "GRIP_3",
        /// More than one municipality, or scarcity.
        Four = "GRIP_4",
        /// More than one region.
        Five = "GRIP_5",
        /// National direction.
        Rijk = "GRIP_RIJK",
    } default None
}
