//! Finds the end of a chunked body (RFC 9112 section 7.1). The HTTP server decodes the body.

use std::io;

/// Longest line between chunks, in bytes: size, extensions or one trailer field.
const MAX_LINE: usize = 4096;
/// Largest number of bytes after the last chunk.
const MAX_TRAILERS: usize = 16 * 1024;

/// A position in a chunked body.
#[derive(Debug, Default)]
pub(super) struct ChunkedBody {
    part: Part,
    /// The line being read, without its CR.
    line: Vec<u8>,
    after_cr: bool,
    trailers: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Part {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailers,
    Done,
}

impl ChunkedBody {
    /// Returns whether the body has ended.
    pub(super) fn is_done(&self) -> bool {
        self.part == Part::Done
    }

    /// Reads bytes and returns how many of them belong to the body. Fails if the body breaks the grammar.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_done() {
            if let Part::Data(left) = self.part {
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                rest = rest.get(take..).unwrap_or_default();
                let left = left.saturating_sub(u64::try_from(take).unwrap_or(u64::MAX));
                self.part = if left == 0 { Part::DataEnd } else { Part::Data(left) };
            } else if let Some((&byte, after)) = rest.split_first() {
                rest = after;
                self.byte_of_line(byte)?;
            }
        }
        Ok(bytes.len() - rest.len())
    }

    fn byte_of_line(&mut self, byte: u8) -> io::Result<()> {
        match (self.after_cr, byte) {
            (false, b'\r') => self.after_cr = true,
            (true, b'\n') => {
                self.after_cr = false;
                self.end_of_line()?;
                self.line.clear();
            }
            (true, _) | (_, b'\n') => return Err(malformed()),
            // The data of a chunk is longer than its size.
            (false, _) if self.part == Part::DataEnd => return Err(malformed()),
            (false, _) if self.line.len() == MAX_LINE => return Err(malformed()),
            (false, byte) => self.line.push(byte),
        }
        Ok(())
    }

    fn end_of_line(&mut self) -> io::Result<()> {
        self.part = match self.part {
            Part::Size => match size(&self.line).ok_or_else(malformed)? {
                0 => Part::Trailers,
                size => Part::Data(size),
            },
            Part::DataEnd if self.line.is_empty() => Part::Size,
            Part::Trailers if self.line.is_empty() => Part::Done,
            Part::Trailers => {
                self.trailers += self.line.len();
                if self.trailers > MAX_TRAILERS {
                    return Err(malformed());
                }
                Part::Trailers
            }
            _ => return Err(malformed()),
        };
        Ok(())
    }
}

/// Returns the size at the start of a chunk's line, in hexadecimal, before its extensions.
fn size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii_end();
    let is_hex = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().filter(|_| is_hex)
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a chunked body breaks RFC 9112 section 7.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the bytes in pieces of `step`, and returns how many belong to the body.
    fn length(bytes: &[u8], step: usize) -> io::Result<usize> {
        let mut body = ChunkedBody::default();
        let mut length = 0;
        for piece in bytes.chunks(step) {
            length += body.advance(piece)?;
        }
        assert!(body.is_done());
        Ok(length)
    }

    #[test]
    fn a_body_ends_after_its_last_chunk_and_its_trailers() {
        let body = b"4;name=value\r\nWiki\r\n0A \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
        let mut bytes = body.to_vec();
        bytes.extend(b"GET / HTTP/1.1");
        for step in [1, 2, 3, 7, 1000] {
            assert_eq!(length(&bytes, step).unwrap(), body.len());
        }
    }

    #[test]
    fn a_body_that_breaks_the_grammar_fails() {
        let long = format!("4;{}\r\n", "x".repeat(MAX_LINE));
        for bad in
            ["\r\n", "x\r\n", "-1\r\n", "4\nWiki", "4\r\nWikipedia", "4\rx", "10000000000000000\r\n", &long]
        {
            assert!(ChunkedBody::default().advance(bad.as_bytes()).is_err(), "{bad}");
        }
        let trailers = format!("0\r\n{}", "a: b\r\n".repeat(MAX_TRAILERS));
        assert!(ChunkedBody::default().advance(trailers.as_bytes()).is_err());
    }
}
