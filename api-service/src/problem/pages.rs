use domain::ProblemCode;
use edge::{details, status_of};
use poem::web::{Html, Path};
use poem::{IntoResponse, Response, handler};

use super::guide;

/// Lists every problem. The `type` of a problem body links to its description.
#[handler]
pub(crate) fn problem_index() -> Response {
    let row = |code: &ProblemCode| {
        let (name, status) = (code.as_str(), status_of(code.kind()).as_u16());
        format!("<li><a href=\"/problems/{name}\">{name}</a> ({status}): {}</li>", code.title())
    };
    let rows: String = ProblemCode::ALL.iter().map(row).collect();
    page("Problems", &format!("<ul>{rows}</ul>"))
}

/// Describes one problem.
#[handler]
pub(crate) fn problem_page(Path(name): Path<String>) -> poem::Result<Response> {
    let code = ProblemCode::ALL.iter().find(|code| code.as_str() == name);
    let code = *code.ok_or(poem::error::NotFoundError)?;
    let (detail, advice) = (details::of_code(code), guide::advice(code));
    let texts =
        [("en", detail.english), ("en", advice.english), ("ko", detail.korean), ("ko", advice.korean)];
    let paragraph = |(language, text): &(&str, &str)| format!("<p lang=\"{language}\">{text}</p>");
    let paragraphs: String = texts.iter().map(paragraph).collect();
    let row = |parameter: &guide::Parameter| {
        let guide::Parameter { name, meaning } = parameter;
        let guide::Text { english, korean } = meaning;
        format!("<dt><code>{name}</code></dt><dd lang=\"en\">{english}</dd><dd lang=\"ko\">{korean}</dd>")
    };
    let rows: String = guide::parameters(code).iter().map(row).collect();
    let parameters =
        if rows.is_empty() { "<p>No params.</p>".to_owned() } else { format!("<dl>{rows}</dl>") };
    let body = format!(
        "<p>Status {}</p>{paragraphs}<h2>params</h2>{parameters}<p><a href=\"/problems\">All problems</a></p>",
        status_of(code.kind()).as_u16(),
    );
    Ok(page(code.title(), &body))
}

/// Renders a page. Title and body are constants of this program, so nothing is escaped.
fn page(title: &str, body: &str) -> Response {
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1>{body}</html>"
    ))
    .into_response()
}
