// Opens the documentation page in Chromium: node swagger-ui.mjs URL CHROMIUM
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const [url, executablePath] = process.argv.slice(2);
const OFFLINE = [
  '--disable-background-networking', '--disable-component-update', '--disable-gpu', '--disable-quic', '--disable-sync',
  '--no-first-run',
];
// Chromium's own sandbox needs rights that root does not have in a container.
const browser = await chromium.launch({ executablePath, args: OFFLINE, chromiumSandbox: process.getuid() !== 0 });
try {
  const page = await browser.newPage();
  const faults = [];
  const foreign = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) foreign.push(request.url());
  });

  await page.goto(`${url}/docs`);
  const ids = page.locator('.opblock-summary-operation-id');
  await ids.first().waitFor();
  const shown = await ids.allTextContents();
  const document = await (await fetch(`${url}/openapi.json`)).json();
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  for (const { operationId } of operations) assert(shown.includes(operationId), `${operationId} is not shown`);

  // The token survives a reload and is sent by "Try it out".
  await page.locator('.btn.authorize').first().click();
  await page.locator('.modal-ux input[type=text]').first().fill('a.token.of-nobody');
  await page.locator('.modal-ux .btn.authorize').first().click();
  await page.locator('.modal-ux .btn-done').first().click();
  await page.reload();
  await ids.first().waitFor();
  const block = page.locator('#operations-Users-getMe');
  await block.locator('.opblock-summary').click();
  await block.locator('.try-out__btn').click();
  const sent = page.waitForRequest(`${url}/api/v1/users/me`);
  const answered = page.waitForResponse(`${url}/api/v1/users/me`);
  await block.locator('.execute').click();
  assert.equal((await sent).headers().authorization, 'Bearer a.token.of-nobody');
  assert.equal((await answered).status(), 401);

  assert.deepEqual(foreign, [], 'the page loads files of other hosts');
  // Chromium logs the 401 that was asked for.
  assert.deepEqual(faults.filter((fault) => !fault.includes('401 (Unauthorized)')), []);
} finally {
  await browser.close();
}
