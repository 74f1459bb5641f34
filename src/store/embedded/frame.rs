//! One batch in the ledger, as bytes that tell whether they are whole.
//!
//! ```text
//!  0  magic "CGf1"       8  revision     24  CRC32 of the payload     32  chain: blake3 of the previous
//!  4  payload length    16  group        28  CRC32 of this header         chain, bytes 0..28, payload
//! 64  payload: count u64, digest u128, second i64, the batch's bytes
//!     "end\n", zeros up to the next multiple of 64
//! ```
//!
//! # Why (2026-11-23)
//! A frame that is not whole is either *torn*, because the power went before its group was acknowledged, or
//! *damaged*, because it was acknowledged and has changed since; the first is cut, the second must never be. Frames
//! are written over synced zeros, and a disk writes whole sectors: so in a torn frame something is still zeros: its
//! end, or a sector of it. The header never crosses a sector, a payload has no zero sector of its own (it is JSON
//! but for its first 32 bytes), and the end is never zero. A length with one checksum only, the usual form, takes a
//! flipped bit in the last frame for a torn one and drops an acknowledged write.
//!
//! **Invariants.** Reading never panics, whatever the bytes.

use super::tally::Tally;
use crate::domain::record::Revision;

/// Where frames begin: multiples of this, so that a header lies within one sector.
pub(super) const ALIGN: usize = 64;

const HEADER: usize = 64;
const MAGIC: [u8; 4] = *b"CGf1";
const END: [u8; 4] = *b"end\n";
/// The part of the payload before the batch: count, digest, second.
const PREFIX: usize = 32;
/// The least that a disk writes whole.
const SECTOR: usize = 512;

/// The hash over all frames up to one.
pub(super) type ChainHash = [u8; 32];

/// One batch in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// The batch's revision.
    pub(super) revision: Revision,
    /// The first revision of the group it was written in.
    pub(super) group: Revision,
    /// The tally of everything held after it.
    pub(super) tally: Tally,
    /// When it was accepted, in seconds since 1970.
    pub(super) second: i64,
    /// The batch.
    pub(super) batch: &'a [u8],
}

/// What is found where a frame may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameRead<'a> {
    /// A whole frame, its chain hash, and where the next one begins.
    Frame(Frame<'a>, ChainHash, usize),
    /// Zeros, and nothing after them.
    Nothing,
    /// A frame whose writing was cut short; why that is clear.
    Torn(&'static str),
    /// A frame that has changed after it was written; why that is clear.
    Damaged(&'static str),
}

/// Appends a frame to `out`, whose length must be a multiple of [`ALIGN`], and gives its chain hash; `None` if
/// the batch is too large for a frame (4 GiB).
pub(super) fn write(out: &mut Vec<u8>, previous: &ChainHash, frame: &Frame<'_>) -> Option<ChainHash> {
    let mut payload = Vec::with_capacity(PREFIX.saturating_add(frame.batch.len()));
    payload.extend(frame.tally.count.to_le_bytes());
    payload.extend(frame.tally.digest.to_le_bytes());
    payload.extend(frame.second.to_le_bytes());
    payload.extend(frame.batch);
    let mut lead = Vec::with_capacity(HEADER);
    lead.extend(MAGIC);
    lead.extend(u32::try_from(payload.len()).ok()?.to_le_bytes());
    lead.extend(frame.revision.0.to_le_bytes());
    lead.extend(frame.group.0.to_le_bytes());
    lead.extend(crc32fast::hash(&payload).to_le_bytes());
    let chain = chain_after(previous, &lead, &payload);
    out.extend(&lead);
    out.extend(header_sum(&lead, &chain).to_le_bytes());
    out.extend(chain);
    out.extend(payload);
    out.extend(END);
    out.resize(out.len().next_multiple_of(ALIGN), 0);
    Some(chain)
}

/// Reads what begins at `at`. `written` is the end of what is not zeros; `previous` the chain hash of the frame
/// before, if it is known.
pub(super) fn read<'a>(bytes: &'a [u8], at: usize, written: usize, previous: Option<&ChainHash>) -> FrameRead<'a> {
    if at >= written {
        return FrameRead::Nothing;
    }
    let Some(header) = at.checked_add(HEADER).and_then(|end| bytes.get(at..end)) else {
        return FrameRead::Torn("the file ends within a frame's header");
    };
    let Some(header) = Header::parse(header) else {
        let sector_end = at.saturating_add(1).next_multiple_of(SECTOR);
        return if written < at.saturating_add(HEADER) {
            FrameRead::Torn("the header of a frame is cut off")
        } else if bytes.get(at..sector_end.min(bytes.len())).is_some_and(is_zero) {
            FrameRead::Torn("the first sector of a frame was not written")
        } else {
            FrameRead::Damaged("the header of a frame has changed")
        };
    };
    let start = at.saturating_add(HEADER);
    let end = start.saturating_add(header.length);
    let (Some(payload), Some(trailer)) = (bytes.get(start..end), bytes.get(end..end.saturating_add(END.len()))) else {
        return FrameRead::Torn("the file ends within a frame");
    };
    let whole = trailer == END && crc32fast::hash(payload) == header.payload_sum;
    if !whole {
        let frame_end = end.saturating_add(END.len());
        return if written < frame_end {
            FrameRead::Torn("a frame is cut off")
        } else if has_zero_sector(bytes, start, frame_end) {
            FrameRead::Torn("a sector of a frame was not written")
        } else {
            FrameRead::Damaged("a frame has changed")
        };
    }
    if previous.is_some_and(|previous| chain_after(previous, header.lead, payload) != header.chain) {
        return FrameRead::Damaged("a frame does not follow the one before it");
    }
    match header.frame(payload) {
        Some(frame) => FrameRead::Frame(frame, header.chain, end.saturating_add(END.len()).next_multiple_of(ALIGN)),
        None => FrameRead::Damaged("a frame is too short"),
    }
}

/// How many bytes a frame takes whose header begins these bytes; `None` if it is no header.
pub(super) fn length(header: &[u8]) -> Option<usize> {
    let length = Header::parse(header.get(..HEADER)?)?.length;
    HEADER.checked_add(length)?.checked_add(END.len())?.checked_next_multiple_of(ALIGN)
}

/// Whether any frame from `at` on belongs to a group that begins after `group`: then what stands before it had
/// been synced, for a group is only begun when the one before it is.
pub(super) fn has_later_group(bytes: &[u8], at: usize, group: Revision) -> bool {
    let headers = bytes.get(at.next_multiple_of(ALIGN)..).unwrap_or_default().chunks_exact(ALIGN);
    headers.filter_map(Header::parse).any(|header| header.group > group)
}

/// The end of what is not zeros.
pub(super) fn written(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1))
}

struct Header<'a> {
    lead: &'a [u8],
    length: usize,
    revision: Revision,
    group: Revision,
    payload_sum: u32,
    chain: ChainHash,
}

impl<'a> Header<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (lead, sum, chain) = (bytes.get(..28)?, number(bytes, 28)?, bytes.get(32..HEADER)?.try_into().ok()?);
        (lead.starts_with(&MAGIC) && header_sum(lead, &chain) == u32::from_le_bytes(sum)).then_some(())?;
        Some(Header {
            lead,
            length: u32::from_le_bytes(number(bytes, 4)?).try_into().ok()?,
            revision: Revision(u64::from_le_bytes(number(bytes, 8)?)),
            group: Revision(u64::from_le_bytes(number(bytes, 16)?)),
            payload_sum: u32::from_le_bytes(number(bytes, 24)?),
            chain,
        })
    }

    fn frame(&self, payload: &'a [u8]) -> Option<Frame<'a>> {
        Some(Frame {
            revision: self.revision,
            group: self.group,
            tally: Tally {
                count: u64::from_le_bytes(number(payload, 0)?),
                digest: u128::from_le_bytes(number(payload, 8)?),
            },
            second: i64::from_le_bytes(number(payload, 24)?),
            batch: payload.get(PREFIX..)?,
        })
    }
}

/// `N` bytes at an offset.
pub(super) fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn header_sum(lead: &[u8], chain: &ChainHash) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(lead);
    hasher.update(chain);
    hasher.finalize()
}

fn chain_after(previous: &ChainHash, lead: &[u8], payload: &[u8]) -> ChainHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(previous);
    hasher.update(lead);
    hasher.update(payload);
    *hasher.finalize().as_bytes()
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Whether any sector has nothing but zeros in its part of `start..end`.
fn has_zero_sector(bytes: &[u8], start: usize, end: usize) -> bool {
    let mut at = start;
    while at < end {
        let next = at.saturating_add(1).next_multiple_of(SECTOR).min(end);
        if bytes.get(at..next).is_some_and(is_zero) {
            return true;
        }
        at = next;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREVIOUS: ChainHash = [7; 32];

    fn frame(batch: &[u8]) -> Frame<'_> {
        let tally = Tally { count: 3, digest: 1 << 100 };
        Frame { revision: Revision(5), group: Revision(4), tally, second: 1_700_000_000, batch }
    }

    /// A frame of 1500 bytes from the 64th byte on, in a file of zeros.
    fn file() -> (Vec<u8>, usize) {
        let mut bytes = vec![0; ALIGN];
        write(&mut bytes, &PREVIOUS, &frame(&[b'x'; 1500])).unwrap();
        let end = bytes.len();
        bytes.resize(4096, 0);
        (bytes, end)
    }

    fn found(bytes: &[u8]) -> FrameRead<'_> {
        read(bytes, ALIGN, written(bytes), Some(&PREVIOUS))
    }

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let (bytes, end) = file();
        let FrameRead::Frame(read, _, next) = found(&bytes) else { panic!("{:?}", found(&bytes)) };
        assert_eq!((read, next), (frame(&[b'x'; 1500]), end));
        assert_eq!(length(&bytes[ALIGN..]), Some(end - ALIGN));
        assert_eq!(super::read(&bytes, end, written(&bytes), None), FrameRead::Nothing);
    }

    #[test]
    fn a_frame_cut_off_anywhere_is_torn_whether_the_file_ends_there_or_goes_on_in_zeros() {
        let (bytes, _) = file();
        for cut in ALIGN + 1..written(&bytes) {
            let short = &bytes[..cut];
            assert!(matches!(found(short), FrameRead::Torn(_)), "ends at {cut}: {:?}", found(short));
            let mut zeros = bytes.clone();
            zeros[cut..].fill(0);
            assert!(matches!(found(&zeros), FrameRead::Torn(_)), "zeros from {cut}: {:?}", found(&zeros));
        }
    }

    #[test]
    fn a_frame_without_one_of_its_sectors_is_torn() {
        let (bytes, _) = file();
        for sector in 0..written(&bytes).div_ceil(SECTOR) {
            let mut lost = bytes.clone();
            lost[sector * SECTOR..(sector + 1) * SECTOR].fill(0);
            assert!(matches!(found(&lost), FrameRead::Torn(_)), "sector {sector}: {:?}", found(&lost));
        }
    }

    #[test]
    fn a_frame_with_any_bit_flipped_is_damaged_and_not_torn() {
        let (bytes, _) = file();
        for at in ALIGN..written(&bytes) {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(matches!(found(&flipped), FrameRead::Damaged(_)), "byte {at}: {:?}", found(&flipped));
            }
        }
    }

    #[test]
    fn a_whole_frame_in_the_wrong_place_is_damage() {
        let (bytes, _) = file();
        let found = read(&bytes, ALIGN, written(&bytes), Some(&[8; 32]));
        assert_eq!(found, FrameRead::Damaged("a frame does not follow the one before it"));
    }
}
