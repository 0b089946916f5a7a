//! The page of captured mails, for people who try OrGo out. It is mounted only if mails are captured, and shown only to
//! clients on this machine, because the mails contain codes.

use domain::ProblemCode;
use edge::RequestContext;
use operations::OperationError;
use poem::http::header;
use poem::web::{Data, Html, Json};
use poem::{IntoResponse, Request, Response, handler};
use serde_json::json;
use store::captured_mails;

use crate::Service;
use crate::problem::ApiProblem;

/// Largest number of mails on the page.
const SHOWN: u64 = 100;

#[handler]
pub(crate) async fn mail_json(request: &Request, Data(service): Data<&Service>) -> poem::Result<Response> {
    check_client(request)?;
    let mails = latest(service).await?;
    let mail = |mail: captured_mails::CapturedMail| json!({ "to": mail.to, "subject": mail.subject, "text": mail.text, "at": mail.at });
    Ok(Json(mails.into_iter().map(mail).collect::<Vec<_>>()).into_response())
}

#[handler]
pub(crate) async fn mail_page(request: &Request, Data(service): Data<&Service>) -> poem::Result<Response> {
    check_client(request)?;
    let mail = |mail: captured_mails::CapturedMail| {
        format!(
            "<article><h2>{}</h2><p>{} · {}</p><pre>{}</pre></article>",
            escape(&mail.subject),
            escape(&mail.to),
            mail.at,
            escape(&mail.text)
        )
    };
    let mails: String = latest(service).await?.into_iter().map(mail).collect();
    let mails = if mails.is_empty() { "<p>No mail yet.</p>".to_owned() } else { mails };
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"5\">\
         <title>OrGo mail</title><h1>Mail</h1>\
         <p>Nothing is sent from here: what people would be mailed is kept on this page.</p>{mails}</html>"
    );
    Ok(Html(page).into_response())
}

/// Refuses clients on other machines, and requests whose `Host` is not the service itself: a page can point its own
/// name at this machine (DNS rebinding), and browsers would then treat the service as part of that page.
fn check_client(request: &Request) -> poem::Result<()> {
    let edge = RequestContext::of(request)?.edge();
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if edge.client_of(request).is_loopback() && edge.origins().is_own_host(host) {
        Ok(())
    } else {
        Err(ApiProblem::from(ProblemCode::NotFound).into())
    }
}

async fn latest(service: &Service) -> Result<Vec<captured_mails::CapturedMail>, ApiProblem> {
    let mails = captured_mails::latest(service.app().store.reader(), SHOWN).await;
    Ok(mails.map_err(OperationError::from)?)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
