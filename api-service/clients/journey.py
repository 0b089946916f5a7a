"""A journey with the client that openapi-python-client generates: python journey.py URL"""

import re
import sys
import time

import httpx
from orgo_client import AuthenticatedClient, Client
from orgo_client.api.auth import log_out, refresh_tokens, request_email_code, sign_up
from orgo_client.api.comments import create_comment, list_comments
from orgo_client.api.notifications import list_notifications, read_notifications
from orgo_client.api.posts import create_post, get_post, like_post, list_posts, update_post
from orgo_client.api.users import follow, get_me
from orgo_client.models import (
    CreateComment, CreatePost, MarkNotifications, Problem, RefreshTokens, RequestEmailCode, SignUp, UpdatePost,
)
from orgo_client.models.code_purpose import CodePurpose

URL = sys.argv[1]
ANONYMOUS = Client(base_url=URL)


def code_for(email):
    """Reads the code from the page with the mails that the embedded mode would have sent."""
    for _ in range(100):
        for mail in httpx.get(f"{URL}/dev/mail.json").json():
            if mail["to"] == email:
                return re.search(r"\d{6}", mail["text"]).group()
        time.sleep(0.1)
    raise AssertionError(f"no mail to {email}")


def person(name):
    email = f"python-{name}@example.com"
    body = RequestEmailCode(email=email, purpose=CodePurpose.SIGNUP)
    flow = request_email_code.sync(client=ANONYMOUS, body=body)
    body = SignUp(email=email, flow_id=flow.flow_id, code=code_for(email), password="blue otters paint slowly", nickname=name)
    tokens = sign_up.sync(client=ANONYMOUS, body=body)
    return tokens, AuthenticatedClient(base_url=URL, token=tokens.access_token)


def problem(answer, code):
    assert isinstance(answer, Problem) and answer.code == code, answer


mina_tokens, mina = person("mina")
jun_tokens, jun = person("jun")

post = create_post.sync(client=mina, body=CreatePost(title="첫 글", content="안녕하세요!"))
liked = like_post.sync(post.id, client=jun)
assert (liked.liked, liked.likes_count) == (True, 1)
comment = create_comment.sync(post.id, client=jun, body=CreateComment(content="반가워요!"))
reply = CreateComment(content="고마워요", parent_id=comment.id)
assert create_comment.sync(post.id, client=mina, body=reply).parent_id == comment.id
follow.sync(mina_tokens.user.id, client=jun)

read = get_post.sync(post.id, client=jun)
assert (read.counts.likes, read.counts.comments, read.viewer.liked) == (1, 2, True)
assert [item.content for item in list_comments.sync(post.id, client=ANONYMOUS).items] == ["반가워요!"]
assert any(item.id == post.id for item in list_posts.sync(client=ANONYMOUS, limit=100).items)

notifications = list_notifications.sync(client=mina).items
assert sorted(item.type_ for item in notifications) == ["followed", "post_commented", "post_liked"]
marked = read_notifications.sync(client=mina, body=MarkNotifications(ids=[item.id for item in notifications]))
assert marked.unread == 0

edited = update_post.sync(post.id, client=mina, if_match=read.version, body=UpdatePost(title="고친 글"))
assert edited.title == "고친 글"
problem(update_post.sync(post.id, client=mina, if_match=read.version, body=UpdatePost(title="늦은 글")), "version_mismatch")
refused = create_post.sync(client=mina, body=CreatePost(title="", content="x"))
problem(refused, "validation_failed")
assert refused.errors[0].pointer == "/title"

renewed = refresh_tokens.sync(client=ANONYMOUS, body=RefreshTokens(refresh_token=mina_tokens.refresh_token))
mina = AuthenticatedClient(base_url=URL, token=renewed.access_token)
assert get_me.sync(client=mina).nickname == "mina"
log_out.sync_detailed(client=mina)
problem(get_me.sync(client=mina), "session_revoked")
