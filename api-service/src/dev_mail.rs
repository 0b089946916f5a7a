//! The mails that were kept instead of sent, for whoever tries OrGo out. Not there where mails are sent.

use domain::ProblemCode;
use operations::OperationError;
use poem::http::{HeaderMap, header};
use poem::web::{Data, Html, Json};
use poem::{IntoResponse, Response, handler};
use serde_json::json;
use store::captured_mails;

use crate::Service;
use crate::problem::ApiProblem;

/// How many mails are shown.
const SHOWN: u64 = 100;

#[handler]
pub(crate) async fn mail_json(headers: &HeaderMap, Data(service): Data<&Service>) -> poem::Result<Response> {
    check_host(service, headers)?;
    let mails = latest(service).await?;
    let mail = |mail: captured_mails::CapturedMail| json!({ "to": mail.to, "subject": mail.subject, "text": mail.text, "at": mail.at });
    Ok(Json(mails.into_iter().map(mail).collect::<Vec<_>>()).into_response())
}

#[handler]
pub(crate) async fn mail_page(headers: &HeaderMap, Data(service): Data<&Service>) -> poem::Result<Response> {
    check_host(service, headers)?;
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

/// Refuses requests to any other name than our own: a page may point its name at this machine (DNS rebinding) and then
/// counts as ours to a browser.
fn check_host(service: &Service, headers: &HeaderMap) -> Result<(), ApiProblem> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origins = service.browser_origins();
    let mut authorities = origins.iter().filter_map(|origin| Some(origin.split_once("://")?.1));
    if authorities.any(|ours| ours.eq_ignore_ascii_case(host)) {
        Ok(())
    } else {
        Err(ApiProblem::from(ProblemCode::NotFound))
    }
}

async fn latest(service: &Service) -> Result<Vec<captured_mails::CapturedMail>, ApiProblem> {
    let mails = captured_mails::latest(service.app().store.reader(), SHOWN).await;
    Ok(mails.map_err(OperationError::from)?)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
