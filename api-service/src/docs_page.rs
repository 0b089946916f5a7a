//! The documentation page: poem-openapi's Swagger UI with OrGo's document and settings.

/// Link above the operations.
const ASYNCAPI_LINK: &str = "<p><a href=\"/asyncapi.json\">WebSocket protocol (AsyncAPI)</a></p>";
/// Settings of Swagger UI: operation ids beside the summaries, as generated clients name them, and an access token that
/// survives a reload.
const SETTINGS: &str = "deepLinking: true, displayOperationId: true, persistAuthorization: true,";
/// Language, title and icon. Without an icon of its own a browser asks for `/favicon.ico`.
const HEAD: &str = "<html lang=\"en\">\n<head>\n    <link rel=\"icon\" href=\"data:image/svg+xml,\
     %3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='3' fill='none' \
     stroke='%23267' stroke-width='2'/%3E%3C/svg%3E\">";

/// Returns the page. `template` is the page that poem-openapi makes for `embedded`, its own, incomplete document.
pub(crate) fn page(template: &str, embedded: &str, document: &str) -> String {
    // `</script>` inside of a text would end the script that contains the document.
    let document = document.replace("</", "<\\/");
    let pieces = [
        ("<html charset=\"UTF-8\">\n<head>", HEAD.to_owned()),
        ("<title>Swagger UI</title>", "<title>OrGo API</title>".to_owned()),
        ("<div id=\"ui\">", format!("{ASYNCAPI_LINK}<div id=\"ui\">")),
        ("deepLinking: true,", SETTINGS.to_owned()),
    ];
    let page = pieces
        .iter()
        .fold(format!("<!doctype html>{template}"), |page, (from, to)| page.replacen(from, to, 1));
    page.replacen(embedded, &document, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A later version of poem-openapi may make another page, which the replacements would leave as it is.
    #[test]
    fn every_replacement_finds_its_place_in_the_page_of_poem_openapi() {
        struct Api;
        #[poem_openapi::OpenApi]
        impl Api {}
        let service = poem_openapi::OpenApiService::new(Api, "title", "1");
        let page = page(&service.swagger_ui_html(), &service.spec(), r#"{"info":"</script>"}"#);
        for part in [ASYNCAPI_LINK, SETTINGS, HEAD, "<title>OrGo API</title>", r#"{"info":"<\/script>"}"#] {
            assert_eq!(page.matches(part).count(), 1, "{part}");
        }
    }
}
