// A journey with openapi-fetch and the types that openapi-typescript generates: node journey-openapi-fetch.js URL
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './generated/openapi-typescript';
import { codeFor } from './mail-page';

const baseUrl = process.argv[2] ?? '';
assert(baseUrl, 'usage: node journey-openapi-fetch.js URL');
const anonymous = createClient<paths>({ baseUrl });

function expected<T>(result: { data?: T; error?: unknown }): T {
  assert(result.data !== undefined, JSON.stringify(result.error));
  return result.data;
}

async function person(name: string) {
  const email = `openapi-fetch-${name}@example.com`;
  const flow = expected(await anonymous.POST('/api/v1/auth/email-codes', { body: { email, purpose: 'signup' } }));
  const tokens: components['schemas']['SessionTokens'] = expected(await anonymous.POST('/api/v1/auth/signups', {
    body: {
      email, flow_id: flow.flow_id, code: await codeFor(baseUrl, email), password: 'blue otters paint slowly', nickname: name,
    },
  }));
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  return { tokens, client: createClient<paths>({ baseUrl, headers }) };
}

async function main(): Promise<void> {
  const mina = await person('mina');
  const jun = await person('jun');
  const post = expected(await mina.client.POST('/api/v1/posts', {
    body: { title: '첫 글', content: '안녕하세요!' },
  }));
  const path = { post_id: post.id };
  const liked = expected(await jun.client.PUT('/api/v1/posts/{post_id}/like', { params: { path } }));
  assert.deepEqual(liked, { liked: true, likes_count: 1 });
  expected(await jun.client.POST('/api/v1/posts/{post_id}/comments', {
    params: { path }, body: { content: '반가워요!' },
  }));
  const comments = expected(await anonymous.GET('/api/v1/posts/{post_id}/comments', { params: { path } }));
  assert.deepEqual(comments.items.map((item) => item.content), ['반가워요!']);

  const notifications = expected(await mina.client.GET('/api/v1/notifications', {}));
  assert.deepEqual(notifications.items.map((item) => item.type).sort(), ['post_commented', 'post_liked']);

  // All pages of the list, one item at a time.
  const titles: string[] = [];
  let cursor: string | undefined;
  do {
    const page = expected(await anonymous.GET('/api/v1/posts', { params: { query: { limit: 1, cursor } } }));
    titles.push(...page.items.map((item) => item.title));
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  assert(titles.includes('첫 글'));

  const edited = await mina.client.PATCH('/api/v1/posts/{post_id}', {
    params: { path, header: { 'If-Match': post.version } }, body: { title: '고친 글' },
  });
  assert.equal(expected(edited).title, '고친 글');
  const foreign = await jun.client.DELETE('/api/v1/posts/{post_id}', { params: { path } });
  assert.equal(foreign.error?.code, 'not_author');
  const removed = await mina.client.DELETE('/api/v1/posts/{post_id}', { params: { path } });
  assert.equal(removed.response.status, 204);
  const gone = await anonymous.GET('/api/v1/posts/{post_id}', { params: { path } });
  assert.deepEqual([gone.response.status, gone.error?.code], [404, 'not_found']);
}

void main();
