use domain::comments::CommentContent;
use domain::idempotency::{ANSWER_KEPT, IdempotencyKey};
use domain::page::Limit;
use domain::posts::{PostContent, PostTitle};
use domain::text::Text;
use domain::users::{About, EmailAddress, Nickname};
use ephemeral::RateLimit;
use identity::passwords::Password;
use poem_openapi::Object;

use crate::contract::operations;
use crate::rate_budgets::{Budget, RateBudgets};
use crate::request_body::MAX_BODY_BYTES;

/// Bounds of a text in characters (Unicode scalar values after normalisation).
#[derive(Object)]
#[oai(rename = "TextLimit")]
pub(crate) struct TextLimitBody {
    /// Name of the text.
    name: String,
    /// Minimum length.
    min: i32,
    /// Maximum length.
    max: i32,
}

/// Bounds of the page size of every list, in items.
#[derive(Object)]
#[oai(rename = "PageLimit")]
pub(crate) struct PageLimitBody {
    /// Minimum page size.
    min: i32,
    /// Maximum page size.
    max: i32,
    /// Page size without `limit`.
    default: i32,
}

/// A number of requests in a time.
#[derive(Object)]
#[oai(rename = "RateQuota")]
pub(crate) struct RateQuotaBody {
    /// Name, as in `RateLimit` or `x-rate-limits`.
    name: String,
    /// Number of requests at once.
    quota: i64,
    /// Seconds after which the whole quota is available again.
    window_seconds: i64,
    /// Who has this quota: `person` or `network`; `account` for the account or mailbox that a request names.
    counted_by: String,
}

/// The limits of this service.
#[derive(Object)]
#[oai(rename = "ServiceLimits")]
pub(crate) struct ServiceLimitsBody {
    /// Bounds of texts.
    texts: Vec<TextLimitBody>,
    /// Bounds of the page size.
    page: PageLimitBody,
    /// Maximum size of a request body, in bytes.
    body_bytes: i32,
    /// Time for which the answer to an `Idempotency-Key` is kept, in seconds.
    idempotency_seconds: i64,
    /// Rate budgets. Every request is counted against one of them.
    rate_budgets: Vec<RateQuotaBody>,
    /// Narrower limits of single operations, in addition to the budgets.
    rate_limits: Vec<RateQuotaBody>,
}

impl ServiceLimitsBody {
    /// Returns the limits that are checked.
    pub(crate) fn of(budgets: &RateBudgets) -> Self {
        let texts = vec![
            text("nickname", Nickname::MIN, Nickname::MAX),
            text("about", About::MIN, About::MAX),
            text("email", 1, EmailAddress::MAX),
            text("password", Password::MIN, Password::MAX),
            text("post_title", PostTitle::MIN, PostTitle::MAX),
            text("post_content", PostContent::MIN, PostContent::MAX),
            text("comment_content", CommentContent::MIN, CommentContent::MAX),
            text("idempotency_key", 1, IdempotencyKey::MAX),
        ];
        let budget = |budget: Budget| quota(&budgets.limit(budget), budget.counted_by());
        let mut limits: Vec<&RateLimit> = operations().flat_map(|operation| operation.rate_limits).collect();
        limits.sort_by_key(|limit| limit.name);
        limits.dedup_by_key(|limit| limit.name);
        // The name of a limit says what is counted.
        let counted_by = |name: &str| if name.ends_with("_address") { "network" } else { "account" };
        Self {
            texts,
            page: PageLimitBody {
                min: Limit::MIN.into(),
                max: Limit::MAX.into(),
                default: Limit::DEFAULT.into(),
            },
            body_bytes: number(MAX_BODY_BYTES),
            idempotency_seconds: ANSWER_KEPT.as_secs().cast_signed(),
            rate_budgets: Budget::ALL.map(budget).into(),
            rate_limits: limits.into_iter().map(|limit| quota(limit, counted_by(limit.name))).collect(),
        }
    }
}

fn text(name: &str, min: usize, max: usize) -> TextLimitBody {
    TextLimitBody { name: name.into(), min: number(min), max: number(max) }
}

fn number(limit: usize) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}

fn quota(limit: &RateLimit, counted_by: &str) -> RateQuotaBody {
    RateQuotaBody {
        name: limit.name.into(),
        quota: limit.quota.into(),
        window_seconds: limit.per.as_secs().cast_signed(),
        counted_by: counted_by.into(),
    }
}
