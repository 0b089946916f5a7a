use domain::auth::CodePurpose;
use domain::comments::CommentState;
use domain::notifications::{NotificationType, TargetType};
use domain::problem::FieldFault;
use domain::users::{Locale, Role, UserState};
use poem_openapi::Object;

/// Labels of a value, for people.
#[derive(Object)]
#[oai(rename = "EnumLabels")]
pub(crate) struct LabelsBody {
    /// Korean label.
    ko: String,
    /// English label.
    en: String,
}

/// A value of an enumeration.
#[derive(Object)]
#[oai(rename = "EnumValue")]
pub(crate) struct ValueBody {
    /// The value in requests and answers.
    value: String,
    /// Labels of the value.
    labels: LabelsBody,
}

/// An enumeration.
#[derive(Object)]
#[oai(rename = "Enumeration")]
pub(crate) struct EnumerationBody {
    /// Name of the enumeration, in snake case.
    name: String,
    /// Known values. Values may be added.
    values: Vec<ValueBody>,
}

/// The enumerations of the API.
#[derive(Object)]
#[oai(rename = "Enumerations")]
pub(crate) struct EnumerationsBody {
    /// Every enumeration.
    items: Vec<EnumerationBody>,
}

/// A Korean and an English label.
type Labels = (&'static str, &'static str);

impl EnumerationsBody {
    /// Returns every enumeration of the API.
    pub(crate) fn current() -> Self {
        let items = vec![
            named("role", Role::NAMES, |name| Role::from_name(name).map(role)),
            named("user_state", UserState::NAMES, |name| UserState::from_name(name).map(user_state)),
            named("locale", Locale::NAMES, |name| Locale::from_name(name).map(locale)),
            named("comment_state", CommentState::NAMES, |name| {
                CommentState::from_name(name).map(comment_state)
            }),
            named("code_purpose", CodePurpose::NAMES, |name| CodePurpose::from_name(name).map(code_purpose)),
            named("notification_type", NotificationType::NAMES, |name| {
                NotificationType::from_name(name).map(notification_type)
            }),
            named("target_type", TargetType::NAMES, |name| TargetType::from_name(name).map(target_type)),
            enumeration("post_sort", [("latest", ("최신순", "Latest")), ("popular", ("인기순", "Popular"))]),
            enumeration(
                "popular_window",
                [
                    ("all", ("전체", "All time")),
                    ("1d", ("하루", "One day")),
                    ("7d", ("일주일", "One week")),
                    ("30d", ("한 달", "One month")),
                ],
            ),
            enumeration("feed", [("following", ("팔로우하는 사람", "People you follow"))]),
            enumeration("field_fault", FieldFault::ALL.map(|fault| (fault.code(), field_fault(fault)))),
        ];
        Self { items }
    }
}

fn named(name: &str, values: &[&'static str], labels: impl Fn(&str) -> Option<Labels>) -> EnumerationBody {
    enumeration(name, values.iter().filter_map(|value| Some((*value, labels(value)?))))
}

fn enumeration(name: &str, values: impl IntoIterator<Item = (&'static str, Labels)>) -> EnumerationBody {
    let value = |(value, (korean, english)): (&str, Labels)| ValueBody {
        value: value.into(),
        labels: LabelsBody { ko: korean.into(), en: english.into() },
    };
    EnumerationBody { name: name.into(), values: values.into_iter().map(value).collect() }
}

fn role(role: Role) -> Labels {
    match role {
        Role::User => ("회원", "Member"),
        Role::Moderator => ("운영진", "Moderator"),
        Role::Admin => ("관리자", "Administrator"),
    }
}

fn user_state(state: UserState) -> Labels {
    match state {
        UserState::Active => ("활동 중", "Active"),
        UserState::Deleted => ("탈퇴", "Deleted"),
    }
}

fn locale(locale: Locale) -> Labels {
    match locale {
        Locale::Korean => ("한국어", "Korean"),
        Locale::English => ("영어", "English"),
    }
}

fn comment_state(state: CommentState) -> Labels {
    match state {
        CommentState::Active => ("게시됨", "Visible"),
        CommentState::Deleted => ("삭제됨", "Deleted"),
    }
}

fn code_purpose(purpose: CodePurpose) -> Labels {
    match purpose {
        CodePurpose::SignUp => ("가입", "Sign-up"),
        CodePurpose::PasswordReset => ("비밀번호 재설정", "Password reset"),
        CodePurpose::EmailChange => ("이메일 주소 변경", "Address change"),
    }
}

fn notification_type(kind: NotificationType) -> Labels {
    match kind {
        NotificationType::PostCommented => ("내 글의 댓글", "Comment on your post"),
        NotificationType::CommentReplied => ("내 댓글의 답글", "Reply to your comment"),
        NotificationType::CommentLiked => ("내 댓글의 좋아요", "Like of your comment"),
        NotificationType::PostLiked => ("내 글의 좋아요", "Like of your post"),
        NotificationType::Followed => ("새 팔로워", "New follower"),
    }
}

fn target_type(kind: TargetType) -> Labels {
    match kind {
        TargetType::Post => ("글", "Post"),
        TargetType::Comment => ("댓글", "Comment"),
        TargetType::User => ("사람", "Person"),
    }
}

fn field_fault(fault: FieldFault) -> Labels {
    match fault {
        FieldFault::Required => ("필수 항목", "Required"),
        FieldFault::TooShort => ("너무 짧음", "Too short"),
        FieldFault::TooLong => ("너무 김", "Too long"),
        FieldFault::OutOfRange => ("범위를 벗어남", "Out of range"),
        FieldFault::BadFormat => ("형식 오류", "Wrong format"),
        FieldFault::NotAllowed => ("허용되지 않음", "Not allowed"),
        FieldFault::Duplicate => ("중복", "Duplicate"),
        FieldFault::UnknownField => ("알 수 없는 항목", "Unknown field"),
    }
}
