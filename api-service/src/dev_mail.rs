//! The mails that were kept instead of sent, for whoever tries OrGo out. Not there where mails are sent.

use operations::OperationError;
use poem::web::{Data, Html, Json};
use poem::{IntoResponse, Response, handler};
use serde_json::json;
use store::captured_mails;

use crate::Service;
use crate::problem::ApiProblem;

/// How many mails are shown.
const SHOWN: u64 = 100;

#[handler]
pub(crate) async fn mail_json(Data(service): Data<&Service>) -> poem::Result<Response> {
    let mails = latest(service).await?;
    let mail = |mail: captured_mails::CapturedMail| {
        json!({ "to": mail.to, "subject": mail.subject, "text": mail.text, "at": mail.at })
    };
    Ok(Json(mails.into_iter().map(mail).collect::<Vec<_>>()).into_response())
}

#[handler]
pub(crate) async fn mail_page(Data(service): Data<&Service>) -> poem::Result<Response> {
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

async fn latest(service: &Service) -> Result<Vec<captured_mails::CapturedMail>, ApiProblem> {
    let mails = captured_mails::latest(service.app().store.reader(), SHOWN).await;
    Ok(mails.map_err(OperationError::from)?)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
