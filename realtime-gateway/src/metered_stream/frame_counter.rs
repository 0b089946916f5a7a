/// Longest header of a frame: 2 bytes, 8 of an extended length, 4 of a mask (RFC 6455 section 5.2).
const LONGEST_HEADER: usize = 14;

/// Counts WebSocket frames in a stream of bytes that may be split at any byte.
///
/// It reads lengths only; the layer above checks whether the frames are valid.
#[derive(Default)]
pub(super) struct FrameCounter {
    header: [u8; LONGEST_HEADER],
    /// Number of bytes of the current header that have arrived.
    held: usize,
    /// Number of bytes of the current frame's payload that have not arrived yet.
    payload: u64,
}

impl FrameCounter {
    /// Returns the number of frame headers that `bytes`, which follow those of the previous call, complete.
    pub(super) fn count(&mut self, mut bytes: &[u8]) -> u32 {
        let mut frames: u32 = 0;
        loop {
            // Payloads are skipped, whatever their length; headers are read byte by byte.
            let skipped = usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len());
            self.payload -= u64::try_from(skipped).unwrap_or(self.payload);
            let Some((&byte, rest)) = bytes.get(skipped..).unwrap_or_default().split_first() else {
                return frames;
            };
            bytes = rest;
            if let Some(free) = self.header.get_mut(self.held) {
                *free = byte;
                self.held += 1;
            }
            if let Some(payload) = self.payload_length() {
                self.payload = payload;
                self.held = 0;
                frames = frames.saturating_add(1);
            }
        }
    }

    /// Returns the length of the payload, once the header is complete.
    fn payload_length(&self) -> Option<u64> {
        let (&[_opcode, length], rest) = self.header.get(..self.held)?.split_first_chunk()?;
        let mask = if length & 0x80 == 0 { 0 } else { 4 };
        let (length, extension) = match length & 0x7f {
            126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 2),
            127 => (u64::from_be_bytes(*rest.first_chunk()?), 8),
            short => (u64::from(short), 0),
        };
        (rest.len() >= extension + mask).then_some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a masked frame, as clients send them.
    fn frame(first: u8, payload: usize) -> Vec<u8> {
        let mut bytes = vec![first];
        match payload {
            0..126 => bytes.push(0x80 | u8::try_from(payload).unwrap()),
            126..65_536 => {
                bytes.push(0x80 | 0x7e);
                bytes.extend(u16::try_from(payload).unwrap().to_be_bytes());
            }
            _ => {
                bytes.push(0x80 | 0x7f);
                bytes.extend(u64::try_from(payload).unwrap().to_be_bytes());
            }
        }
        bytes.extend([1, 2, 3, 4]);
        // Payload bytes that look like headers.
        bytes.extend(std::iter::repeat_n(0x80, payload));
        bytes
    }

    /// A text in parts with a ping between them, of every form of length.
    fn stream() -> (Vec<u8>, u32) {
        let frames =
            [(0x01, 0), (0x00, 0), (0x89, 125), (0x00, 126), (0x00, 65_535), (0x80, 65_536), (0x8a, 1)];
        (frames.iter().flat_map(|(first, payload)| frame(*first, *payload)).collect(), 7)
    }

    #[test]
    fn frames_are_counted_wherever_the_stream_is_cut() {
        let (bytes, frames) = stream();
        assert_eq!(FrameCounter::default().count(&bytes), frames);
        for size in [1, 2, 3, 5, 7, 13, 1_000, 65_537] {
            let mut counter = FrameCounter::default();
            let found: u32 = bytes.chunks(size).map(|chunk| counter.count(chunk)).sum();
            assert_eq!(found, frames, "chunks of {size} bytes");
        }
    }

    #[test]
    fn an_empty_continuation_frame_counts_when_its_header_is_complete() {
        let mut counter = FrameCounter::default();
        for _ in 0..1_000 {
            assert_eq!(counter.count(&[0x00, 0x80, 1, 2, 3]), 0);
            assert_eq!(counter.count(&[4]), 1);
        }
    }

    #[test]
    fn a_frame_without_a_mask_counts_too() {
        assert_eq!(FrameCounter::default().count(&[0x00, 0x00, 0x00, 0x00, 0x81, 0x01, b'x']), 3);
    }

    #[test]
    fn the_largest_length_skips_everything_that_follows() {
        let mut counter = FrameCounter::default();
        let mut header = vec![0x82, 0xff];
        header.extend(u64::MAX.to_be_bytes());
        header.extend([0; 4]);
        assert_eq!(counter.count(&header), 1);
        assert_eq!(counter.count(&vec![0x00; 100_000]), 0);
    }
}
