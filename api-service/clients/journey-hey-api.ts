// A journey with the client that @hey-api/openapi-ts generates: node journey-hey-api.js URL
import assert from 'node:assert/strict';
import { createClient } from './generated/hey-api/client';
import {
  createComment, createPost, createRealtimeTicket, follow, getMe, getPost, likePost, listComments, listNotifications,
  listPosts, logOut, readNotifications, refreshTokens, requestEmailCode, signUp, updatePost,
} from './generated/hey-api';
import { codeFor } from './mail-page';

const baseUrl = process.argv[2] ?? '';
assert(baseUrl, 'usage: node journey-hey-api.js URL');
const anonymous = createClient({ baseUrl });

async function person(name: string) {
  const email = `hey-api-${name}@example.com`;
  const flow = await requestEmailCode({
    client: anonymous, body: { email, purpose: 'signup' }, throwOnError: true,
  });
  const body = { email, flow_id: flow.data.flow_id, code: await codeFor(baseUrl, email), password: 'blue otters paint slowly', nickname: name };
  const { data } = await signUp({ client: anonymous, body, throwOnError: true });
  return { tokens: data, client: createClient({ baseUrl, auth: data.access_token }) };
}

async function main(): Promise<void> {
  const mina = await person('mina');
  const jun = await person('jun');

  const created = await createPost({
    client: mina.client, body: { title: '첫 글', content: '안녕하세요!' }, throwOnError: true,
  });
  const post = created.data.id;
  assert.equal(created.response.headers.get('location'), `/api/v1/posts/${post}`);

  const liked = await likePost({ client: jun.client, path: { post_id: post }, throwOnError: true });
  assert.deepEqual(liked.data, { liked: true, likes_count: 1 });
  const comment = await createComment({
    client: jun.client, path: { post_id: post }, body: { content: '반가워요!' }, throwOnError: true,
  });
  await createComment({
    client: mina.client, path: { post_id: post }, body: { content: '고마워요', parent_id: comment.data.id },
    throwOnError: true,
  });
  await follow({ client: jun.client, path: { user_id: mina.tokens.user.id }, throwOnError: true });

  const read = await getPost({ client: jun.client, path: { post_id: post }, throwOnError: true });
  assert.deepEqual([read.data.counts.likes, read.data.counts.comments, read.data.viewer?.liked], [1, 2, true]);
  const comments = await listComments({ client: anonymous, path: { post_id: post }, throwOnError: true });
  assert.deepEqual(comments.data.items.map((item) => item.content), ['반가워요!']);
  const firstPage = await listPosts({ client: anonymous, query: { limit: 1 }, throwOnError: true });
  assert.equal(firstPage.data.items.length, 1);

  const notifications = await listNotifications({ client: mina.client, throwOnError: true });
  const kinds = notifications.data.items.map((item) => item.type).sort();
  assert.deepEqual(kinds, ['followed', 'post_commented', 'post_liked']);
  const counts = await readNotifications({
    client: mina.client, body: { ids: notifications.data.items.map((item) => item.id) }, throwOnError: true,
  });
  assert.equal(counts.data.unread, 0);

  const version = read.data.version;
  const edited = await updatePost({
    client: mina.client, path: { post_id: post }, headers: { 'If-Match': version }, body: { title: '고친 글' },
    throwOnError: true,
  });
  assert.equal(edited.data.title, '고친 글');
  const stale = await updatePost({
    client: mina.client, path: { post_id: post }, headers: { 'If-Match': version }, body: { title: '늦은 글' },
  });
  assert.equal(stale.response?.status, 412);
  assert.equal(stale.error?.code, 'version_mismatch');
  const invalid = await createPost({ client: mina.client, body: { title: '', content: 'x' } });
  assert.equal(invalid.error?.errors?.[0]?.pointer, '/title');

  const ticket = await createRealtimeTicket({ client: mina.client, throwOnError: true });
  assert(ticket.data.url.startsWith('ws://'));
  const refreshed = await refreshTokens({
    client: anonymous, body: { refresh_token: mina.tokens.refresh_token }, throwOnError: true,
  });
  const renewed = createClient({ baseUrl, auth: refreshed.data.access_token });
  assert.equal((await getMe({ client: renewed, throwOnError: true })).data.nickname, 'mina');
  await logOut({ client: renewed, throwOnError: true });
  assert.equal((await getMe({ client: renewed })).error?.code, 'session_revoked');
}

void main();
