//! Authentication. A handler's argument type is the permission that it needs.

use domain::ids::UserId;
use operations::auth::authenticate;
use poem::http::header;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::Service;
use crate::problem::ApiProblem;
use domain::ProblemCode;

/// A caller who is logged in. Without a valid access token the handler is not called.
pub(crate) struct Caller(pub(crate) operations::Caller);

/// A caller who may be anonymous. An invalid access token is refused, not ignored.
pub(crate) struct MaybeCaller(pub(crate) Option<operations::Caller>);

const SCHEME: &str = "access_token";

fn register_scheme(registry: &mut Registry) {
    registry.create_security_scheme(
        SCHEME,
        MetaSecurityScheme {
            ty: "http",
            description: Some(
                "Access token from `logIn`, `signUp` or `refreshTokens`, sent as a bearer token (RFC 6750).",
            ),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: Some("JWT"),
            flows: None,
            openid_connect_url: None,
        },
    );
}

/// The caller whom a middleware has authenticated, so that the handler does not do it again.
#[derive(Clone)]
struct Authenticated(operations::Caller);

/// Authenticates the sender of a request before its handler does. Returns `None` for an anonymous request.
pub(crate) async fn authenticate_early(
    request: &mut Request,
) -> Result<Option<operations::Caller>, ApiProblem> {
    let caller = caller_of(request).await?;
    if let Some(caller) = &caller {
        request.set_data(Authenticated(caller.clone()));
    }
    Ok(caller)
}

async fn caller_of(request: &Request) -> Result<Option<operations::Caller>, ApiProblem> {
    if let Some(Authenticated(caller)) = request.data() {
        return Ok(Some(caller.clone()));
    }
    let Some(token) = bearer_token(request)? else { return Ok(None) };
    let service = request.data::<Service>().ok_or(ProblemCode::Internal)?;
    Ok(Some(authenticate(service.app(), service.credentials(), token).await?))
}

/// Returns the access token of a request. A header that holds none is refused, not ignored.
fn bearer_token(request: &Request) -> Result<Option<&str>, ApiProblem> {
    let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        // A proxy and this service could read different ones.
        return Err(ProblemCode::Unauthenticated.into());
    }
    let token = value.to_str().ok().and_then(|value| value.split_once(' '));
    let token =
        token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    Ok(Some(token.ok_or(ProblemCode::Unauthenticated)?))
}

/// Returns the person whom a valid access token names. Whether the session is live is not looked up.
pub(crate) fn person_of_token(request: &Request, service: &Service) -> Option<UserId> {
    let token = bearer_token(request).ok()??;
    let verified = service.credentials().access_tokens.verify(token, service.app().clock.now());
    Some(verified.ok()?.user)
}

impl<'a> ApiExtractor<'a> for Caller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_scheme(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        match caller_of(request).await? {
            Some(caller) => Ok(Self(caller)),
            None => Err(ApiProblem::from(ProblemCode::Unauthenticated).into()),
        }
    }
}

impl<'a> ApiExtractor<'a> for MaybeCaller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_scheme(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self(caller_of(request).await?))
    }
}
