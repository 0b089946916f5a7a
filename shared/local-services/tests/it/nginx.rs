use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};

use local_services::{Limits, MailPage, Nginx, NginxOptions, free_port};

use crate::client::{Answer, Upstream, get, send};
use crate::scratch::{Scratch, TOOLS, nginx_configuration};

fn start(scratch: &Scratch, api: SocketAddr, gateway: SocketAddr, limits: Limits) -> Nginx {
    start_with(scratch, &nginx_configuration(), (api, gateway), limits, MailPage::Hidden)
}

fn start_with(
    scratch: &Scratch,
    configuration: &Path,
    (api, gateway): (SocketAddr, SocketAddr),
    limits: Limits,
    mail_page: MailPage,
) -> Nginx {
    let options = NginxOptions {
        directory: &scratch.join("nginx"),
        configuration,
        port: None,
        api: &[api],
        gateways: &[gateway],
        limits,
        mail_page,
    };
    Nginx::start(&TOOLS, &options).unwrap()
}

fn closed_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, free_port().unwrap()).into()
}

fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    for part in [format!("\"status\":{status},"), format!("\"code\":\"{code}\""), "\"detail\":\"".to_owned()]
    {
        assert!(answer.body.contains(&part), "{part} is missing in {answer:?}");
    }
    assert!(answer.body.contains(&format!("\"type\":\"/problems/{code}\"")), "{answer:?}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("server"), Some("nginx"), "the version of nginx is hidden");
    let request_id = answer.header("x-request-id").unwrap();
    assert!(answer.body.contains(request_id), "{answer:?}");
}

#[test]
fn sockets_go_to_the_gateway_and_everything_else_to_the_api() {
    let scratch = Scratch::new();
    let (api, gateway) = (Upstream::start("api"), Upstream::start("gateway"));
    let nginx = start(&scratch, api.address, gateway.address, Limits::Off);
    for path in
        ["/", "/docs", "/openapi.json", "/api/v1/posts?limit=2", "/healthz", "/readyz", "/ws/x", "/wsx"]
    {
        assert_eq!(get(nginx.port(), path).body, "api", "{path}");
        assert!(api.requests.recv().unwrap().first_line.starts_with(&format!("GET {path} HTTP/1.1")));
    }
    assert_eq!(get(nginx.port(), "/ws").body, "gateway");
    assert_eq!(get(nginx.port(), "/ws?x=1").body, "gateway");
}

#[test]
fn a_socket_handshake_reaches_the_gateway_as_one() {
    let scratch = Scratch::new();
    let gateway = Upstream::start("gateway");
    let nginx = start(&scratch, closed_port(), gateway.address, Limits::Off);
    let handshake = "GET /ws HTTP/1.1\r\nHost: orgo.example\r\nOrigin: http://orgo.example\r\nUpgrade: WebSocket\r\n\
                     Connection: Upgrade\r\nSec-WebSocket-Protocol: orgo.v1\r\n\r\n";
    send(nginx.port(), handshake);
    let arrived = gateway.requests.recv().unwrap();
    assert_eq!(arrived.all("upgrade"), ["WebSocket"]);
    assert_eq!(arrived.all("connection"), ["upgrade"]);
    assert_eq!(arrived.all("host"), ["orgo.example"]);
    assert_eq!(arrived.all("origin"), ["http://orgo.example"]);
    assert_eq!(arrived.all("sec-websocket-protocol"), ["orgo.v1"]);

    send(
        nginx.port(),
        "GET /ws HTTP/1.1\r\nHost: orgo.example\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    );
    assert_eq!(gateway.requests.recv().unwrap().all("connection"), ["close"]);
}

#[test]
fn forwarding_headers_of_clients_are_replaced() {
    let scratch = Scratch::new();
    let (api, gateway) = (Upstream::start("api"), Upstream::start("gateway"));
    let nginx = start(&scratch, api.address, gateway.address, Limits::Off);
    for (path, upstream) in [("/", &api), ("/ws", &gateway)] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: orgo.example\r\nX-Real-IP: 6.6.6.6\r\nX-Real-IP: 7.7.7.7\r\n\
             X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Forwarded-Proto: https\r\n\
             X-Forwarded-Host: evil.example\r\nX_Real_IP: 6.6.6.6\r\n\r\n"
        );
        send(nginx.port(), &request);
        let arrived = upstream.requests.recv().unwrap();
        assert_eq!(arrived.all("x-real-ip"), ["127.0.0.1"]);
        assert_eq!(arrived.all("x-forwarded-for"), ["127.0.0.1"]);
        assert_eq!(arrived.all("x-forwarded-proto"), ["http"]);
        for name in ["forwarded", "x-forwarded-host", "x_real_ip"] {
            assert!(arrived.all(name).is_empty(), "{name}");
        }
    }
}

#[test]
fn a_harmless_request_id_passes_and_any_other_is_replaced() {
    let scratch = Scratch::new();
    let api = Upstream::start("api");
    let nginx = start(&scratch, api.address, closed_port(), Limits::Off);
    for (sent, passes) in
        [("client-request-1", true), ("x", false), ("a b c d e f g h", false), ("\"},{\"1234", false)]
    {
        send(nginx.port(), &format!("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: {sent}\r\n\r\n"));
        let arrived = api.requests.recv().unwrap();
        let ids = arrived.all("x-request-id");
        assert_eq!(ids.len(), 1);
        assert_eq!(ids[0] == sent, passes, "{ids:?}");
    }
}

#[test]
fn internal_paths_are_answered_with_404() {
    let scratch = Scratch::new();
    let api = Upstream::start("api");
    let nginx = start(&scratch, api.address, closed_port(), Limits::Off);
    for path in ["/internal", "/internal/sessions", "/metrics", "//metrics", "/api/../metrics", "/%6detrics"]
    {
        assert_problem(&get(nginx.port(), path), 404, "not_found");
    }
    assert!(api.requests.try_recv().is_err());
}

/// Rule AP6.
#[test]
fn every_error_of_nginx_is_a_problem_and_no_request_makes_a_5xx() {
    let scratch = Scratch::new();
    let api = Upstream::start("api");
    let nginx = start(&scratch, api.address, closed_port(), Limits::Off);
    let host = "Host: orgo.example\r\n";
    let long = "a".repeat(40_000);
    let requests = [
        (format!("POST / HTTP/1.1\r\n{host}Content-Length: 1048577\r\n\r\n"), 413, "payload_too_large"),
        (format!("GET /{long} HTTP/1.1\r\n{host}\r\n"), 414, "malformed_request"),
        (format!("GET / HTTP/1.1\r\n{host}X-Long: {long}\r\n\r\n"), 400, "malformed_request"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400, "malformed_request"),
        (format!("GET / HTTP/1.1\r\n{host}{host}\r\n"), 400, "malformed_request"),
        (format!("GET / HTTP/9.9\r\n{host}\r\n"), 400, "malformed_request"),
        (format!("get / HTTP/1.1\r\n{host}\r\n"), 400, "malformed_request"),
        (format!("TRACE / HTTP/1.1\r\n{host}\r\n"), 405, "method_not_allowed"),
        (format!("POST / HTTP/1.1\r\n{host}Transfer-Encoding: gzip\r\n\r\n"), 400, "malformed_request"),
        (
            format!("POST / HTTP/1.1\r\n{host}Content-Length: 4\r\nContent-Length: 5\r\n\r\n"),
            400,
            "malformed_request",
        ),
        (format!("POST / HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n"), 400, "malformed_request"),
        (
            format!(
                "POST / HTTP/1.1\r\n{host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            400,
            "malformed_request",
        ),
        (format!("GET /nginx-problem HTTP/1.1\r\n{host}\r\n"), 404, "not_found"),
    ];
    for (request, status, code) in requests {
        assert_problem(&send(nginx.port(), &request), status, code);
    }
    assert!(api.requests.try_recv().is_err(), "none of them reached the API");
}

#[test]
fn a_missing_upstream_is_answered_with_503_and_retry_after() {
    let scratch = Scratch::new();
    let nginx = start(&scratch, closed_port(), closed_port(), Limits::Off);
    for path in ["/api/v1/posts", "/ws"] {
        let answer = get(nginx.port(), path);
        assert_problem(&answer, 502, "unavailable");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
}

#[test]
fn the_limits_of_production_answer_with_a_problem() {
    let scratch = Scratch::new();
    let api = Upstream::start("api");
    let nginx = start(&scratch, api.address, closed_port(), Limits::AsCommitted);
    let log_in = "POST /api/v1/auth/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    for _ in 0..7 {
        assert_eq!(send(nginx.port(), log_in).status, 200, "one, and six more at once");
    }
    // One more is let through every ten seconds: most of these are refused however slow this machine is.
    let refused = (0..50).map(|_| send(nginx.port(), log_in)).find(|answer| answer.status != 200).unwrap();
    assert_problem(&refused, 429, "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("10"));
    assert_eq!(get(nginx.port(), "/api/v1/posts").status, 200, "the rest goes on");
}

/// Copies the committed configuration, and makes nginx take the client's address from a header.
fn with_pretended_addresses(scratch: &Scratch) -> PathBuf {
    let (from, to) = (nginx_configuration(), scratch.join("configuration"));
    fs::create_dir_all(to.join("conf.d")).unwrap();
    fs::copy(from.join("nginx.conf"), to.join("nginx.conf")).unwrap();
    for entry in fs::read_dir(from.join("conf.d")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join("conf.d").join(entry.file_name())).unwrap();
    }
    let limits = to.join("conf.d/limits.conf");
    let pretend = "\nset_real_ip_from 127.0.0.1;\nreal_ip_header X-Pretend;\n";
    fs::write(&limits, fs::read_to_string(&limits).unwrap() + pretend).unwrap();
    to
}

fn log_in_from(nginx: &Nginx, address: &str) -> u16 {
    let request = format!(
        "POST /api/v1/auth/sessions HTTP/1.1\r\nHost: a\r\nX-Pretend: {address}\r\nContent-Length: 0\r\n\r\n"
    );
    send(nginx.port(), &request).status
}

#[test]
fn addresses_of_one_ipv6_network_share_their_limits_and_others_do_not() {
    let scratch = Scratch::new();
    let api = Upstream::start("api");
    let configuration = with_pretended_addresses(&scratch);
    let upstreams = (api.address, closed_port());
    let nginx = start_with(&scratch, &configuration, upstreams, Limits::AsCommitted, MailPage::Hidden);
    // 0a is a line feed, which a careless pattern takes for the end of the address.
    let refused = |network: &str| {
        let statuses = (0..50).map(|host| log_in_from(&nginx, &format!("{network}{host:x}")));
        statuses.filter(|status| *status == 429).count()
    };
    assert!(refused("2001:db8:0:1::") > 20);
    assert!(refused("2001:db8:a0a:a0a:a0a:a0a:a0a:") > 20);
    assert_eq!(log_in_from(&nginx, "2001:db8:0:2::1"), 200, "another network");
    assert_eq!(log_in_from(&nginx, "2001:db8:0:1:ffff::1"), 429, "the same network");
    assert!((0..50).all(|host| log_in_from(&nginx, &format!("192.0.2.{host}")) == 200), "IPv4 by address");
}

#[test]
fn it_listens_on_ipv6() {
    if std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        let committed = fs::read_to_string(nginx_configuration().join("conf.d/listen.conf")).unwrap();
        assert!(committed.contains("listen [::]:8088;"), "{committed}");
        return;
    }
    let scratch = Scratch::new();
    let api = Upstream::start("api");
    let nginx = start(&scratch, api.address, closed_port(), Limits::Off);
    let mut stream = TcpStream::connect((Ipv6Addr::LOCALHOST, nginx.port())).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("api"), "{answer}");
    assert_eq!(api.requests.recv().unwrap().all("x-real-ip"), ["::1"]);
}

#[test]
fn the_mail_page_is_hidden_except_from_loopback_clients_of_a_development_machine() {
    let api = Upstream::start("api");
    let pages = ["/dev", "/dev/mail", "/dev/mail.json", "//dev/mail", "/%64ev/mail", "/x/../dev/mail"];
    let scratch = Scratch::new();
    let nginx = start(&scratch, api.address, closed_port(), Limits::Off);
    for page in pages {
        assert_problem(&get(nginx.port(), page), 404, "not_found");
    }
    nginx.stop().unwrap();

    let scratch = Scratch::new();
    let configuration = with_pretended_addresses(&scratch);
    let upstreams = (api.address, closed_port());
    let nginx = start_with(&scratch, &configuration, upstreams, Limits::AsCommitted, MailPage::ForLoopback);
    for page in pages {
        let ask = |address: &str| {
            let request = format!("GET {page} HTTP/1.1\r\nHost: a\r\nX-Pretend: {address}\r\n\r\n");
            send(nginx.port(), &request)
        };
        for elsewhere in ["192.0.2.1", "10.0.0.1", "2001:db8::1"] {
            assert_problem(&ask(elsewhere), 404, "not_found");
        }
        for here in ["127.0.0.1", "::1"] {
            assert_eq!(ask(here).body, "api", "{page} from {here}");
        }
    }
}

#[test]
fn the_access_log_contains_no_query_strings() {
    let scratch = Scratch::new();
    let api = Upstream::start("api");
    let nginx = start(&scratch, api.address, closed_port(), Limits::Off);
    get(nginx.port(), "/api/v1/posts?secret=canary");
    let log = nginx.access_log();
    nginx.stop().unwrap();
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("\"path\":\"/api/v1/posts\""), "{log}");
    assert!(!log.contains("canary"), "{log}");
}
