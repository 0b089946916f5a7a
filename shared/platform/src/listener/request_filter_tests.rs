use super::*;

const GET: &str = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

/// Feeds the text in pieces of `step` bytes, and returns the bytes that the server reads.
fn passed(text: &str, step: usize) -> String {
    let mut filter = RequestFilter::default();
    let mut passed = Vec::new();
    for piece in text.as_bytes().chunks(step) {
        filter.push(piece).unwrap();
        passed.extend_from_slice(filter.ready());
        filter.take(filter.ready().len());
    }
    String::from_utf8(passed).unwrap()
}

fn refused(refusal: Refusal) -> String {
    format!("GET / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\nx-orgo-refused: {refusal}\r\n\r\n")
}

#[test]
fn requests_and_their_bodies_pass_unchanged_however_they_are_cut() {
    let text = format!(
        "{GET}POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nG\nT\n{GET}\
         POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\n\n\n\r\n0\r\n\r\n{GET}"
    );
    for step in [1, 2, 3, 17, 10_000] {
        assert_eq!(passed(&text, step), text);
    }
    assert_eq!(passed(&format!("\r\n\r\n{GET}"), 1), GET);
}

#[test]
fn a_refused_request_becomes_the_last_one() {
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nx: {}\r\n\r\n", "x".repeat(MAX_HEAD));
    let endless = "G".repeat(MAX_HEAD + 1);
    for (bad, refusal) in [
        ("GET / HTTP/1.1\nHost: a\n\n", Refusal::BareLineFeed),
        ("GET / HTTP/1.1\r\nHost: a\nx: 1\r\n\r\n", Refusal::BareLineFeed),
        ("\nGET / HTTP/1.1\r\n", Refusal::BareLineFeed),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Refusal::Version),
        ("\u{16}\u{3}\u{1}", Refusal::RequestLine),
        (&long, Refusal::HeadersTooLarge),
        (&endless, Refusal::HeadersTooLarge),
    ] {
        for step in [1, 1000] {
            assert_eq!(passed(&format!("{GET}{bad}{GET}"), step), format!("{GET}{}", refused(refusal)));
        }
    }
}

#[test]
fn after_an_upgrade_everything_passes() {
    let mut filter = RequestFilter::default();
    filter.push(b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n").unwrap();
    filter.take(filter.ready().len());
    filter.answered(b"HTTP/1.1 101 Switching Protocols\r\n");
    assert!(filter.is_pass_through());
    filter.push(b"\x81\x80\n\n").unwrap();
    assert_eq!(filter.ready(), b"\x81\x80\n\n");
}

#[test]
fn only_a_request_that_asks_for_it_is_upgraded() {
    let mut filter = RequestFilter::default();
    filter.push(GET.as_bytes()).unwrap();
    filter.answered(b"HTTP/1.1 101 Switching Protocols\r\n");
    assert!(!filter.is_pass_through());
}

#[test]
fn a_body_that_breaks_the_grammar_is_an_error_of_reading() {
    let mut filter = RequestFilter::default();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert!(filter.push(format!("{head}4\nWiki").as_bytes()).is_err());
}
