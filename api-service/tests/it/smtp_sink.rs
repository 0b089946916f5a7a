use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A mail that a mail server received (RFC 5321).
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// The sender in the envelope.
    pub(crate) from: String,
    /// The recipients in the envelope.
    pub(crate) to: Vec<String>,
    /// The headers and the body, as received.
    pub(crate) message: String,
}

impl Received {
    /// Returns a header, unfolded and decoded (RFC 2047).
    pub(crate) fn header(&self, name: &str) -> String {
        header(self.message.split_once("\n\n").unwrap().0, name)
    }

    /// Returns the part of that media type, decoded as its headers specify (RFC 2045, RFC 2046).
    pub(crate) fn part(&self, media_type: &str) -> String {
        let content_type = self.header("Content-Type");
        let boundary = format!("--{}", content_type.split('"').nth(1).unwrap());
        let (_, body) = self.message.split_once("\n\n").unwrap();
        let mut parts = body.split(&boundary).filter_map(|part| part.trim_start().split_once("\n\n"));
        let (head, body) = parts
            .find(|(head, _)| header(head, "Content-Type") == format!("{media_type}; charset=utf-8"))
            .unwrap_or_else(|| panic!("no {media_type} in {}", self.message));
        match header(head, "Content-Transfer-Encoding").as_str() {
            "base64" => {
                let packed: String = body.split_whitespace().collect();
                String::from_utf8(STANDARD.decode(packed).unwrap()).unwrap()
            }
            "7bit" => body.to_owned(),
            other => panic!("encoded as {other}"),
        }
    }
}

fn header(head: &str, name: &str) -> String {
    let unfolded = head.replace("\n ", " ");
    let value = unfolded.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let value = value.unwrap_or_else(|| panic!("no {name} in {head}"));
    // The space between two encoded words is not part of the text.
    let value = value.replace("?= =?", "?==?");
    let mut parts = value.split("=?utf-8?b?");
    let mut text = parts.next().unwrap().to_owned();
    for (encoded, plain) in parts.map(|part| part.split_once("?=").unwrap()) {
        text.push_str(std::str::from_utf8(&STANDARD.decode(encoded).unwrap()).unwrap());
        text.push_str(plain);
    }
    text
}

/// Starts a mail server that accepts every mail. Returns its URL and the received mails.
pub(crate) async fn start() -> (String, mpsc::UnboundedReceiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            serve(connection, &sender).await;
        }
    });
    (url, receiver)
}

async fn serve(connection: TcpStream, received: &mpsc::UnboundedSender<Received>) {
    let (reader, mut writer) = connection.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut mail = Received::default();
    writer.write_all(b"220 sink\r\n").await.unwrap();
    while let Some(line) = lines.next_line().await.unwrap() {
        let address = |line: &str| line.split(['<', '>']).nth(1).unwrap().to_owned();
        let reply: &[u8] = match line.to_ascii_uppercase() {
            command if command.starts_with("EHLO") => b"250-sink\r\n250 8BITMIME\r\n",
            command if command.starts_with("MAIL FROM:") => {
                mail.from = address(&line);
                b"250 ok\r\n"
            }
            command if command.starts_with("RCPT TO:") => {
                mail.to.push(address(&line));
                b"250 ok\r\n"
            }
            command if command == "DATA" => {
                writer.write_all(b"354 go on\r\n").await.unwrap();
                while let Some(line) = lines.next_line().await.unwrap().filter(|line| line != ".") {
                    mail.message.push_str(line.strip_prefix('.').unwrap_or(&line));
                    mail.message.push('\n');
                }
                received.send(std::mem::take(&mut mail)).unwrap();
                b"250 taken\r\n"
            }
            command if command == "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        writer.write_all(reply).await.unwrap();
    }
}
