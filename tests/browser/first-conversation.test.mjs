import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { cleanAll, cleanup, fs, Node, path } from '../integration/support.mjs';

const SCREENSHOTS = path.resolve(process.cwd(), 'build/screenshots');
let browser;
after(async () => {
  await browser?.close();
  await cleanAll();
});
before(async () => {
  fs.mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
});

/** A tab of the node; anything the page complains about fails the test. */
async function openTab(node, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 720 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => { if (message.type() === 'error' && !/Failed to load resource|WebSocket/.test(message.text())) complaints.push(message.text()); });
  page.on('request', (request) => { if (!request.url().startsWith(node.ui) && !request.url().startsWith(node.ui.replace('http', 'ws'))) complaints.push(`foreign request ${request.url()}`); });
  cleanup(() => assert.deepEqual(complaints, []));
  await page.goto(`${node.ui}/`);
  return page;
}

const write = async (page, text) => {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.keyboard.press('Enter');
};
const bubble = (page, text) => page.locator('.message', { hasText: text });

test('two people found a community, join it, and talk', async () => {
  const alice = await (await Node.create({ name: 'Alice' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  const aliceTab = await openTab(alice);
  const bobTab = await openTab(bob);

  await aliceTab.screenshot({ path: `${SCREENSHOTS}/welcome.png` });
  await aliceTab.getByLabel('Its name').fill('Our street');
  await aliceTab.getByRole('button', { name: 'Create' }).click();
  await aliceTab.getByRole('heading', { name: 'Our street' }).waitFor();

  const bobsId = await bobTab.locator('.code').textContent();
  await aliceTab.getByRole('button', { name: 'Invite' }).first().click();
  await aliceTab.getByLabel('Their id').fill('nonsense');
  await aliceTab.getByRole('button', { name: 'Make the invite' }).click();
  await aliceTab.getByText('That is no device’s id').waitFor();
  await aliceTab.getByLabel('Their id').fill(bobsId);
  await aliceTab.getByRole('button', { name: 'Make the invite' }).click();
  const invite = await aliceTab.locator('dialog .code').textContent();
  await aliceTab.screenshot({ path: `${SCREENSHOTS}/invite.png` });
  await aliceTab.keyboard.press('Escape');

  await bobTab.getByLabel('Invite').fill(invite);
  await bobTab.getByRole('button', { name: 'Join', exact: true }).click();
  await bobTab.getByRole('heading', { name: 'Our street' }).waitFor();

  assert.equal(await aliceTab.getByLabel('Message', { exact: true }).isVisible(), false); // nobody is chosen yet
  await aliceTab.locator('.conversations button', { hasText: 'Bob' }).click();
  await write(aliceTab, 'Hallo Bob! <b>kein HTML</b>');
  await bobTab.locator('.badge').waitFor(); // it arrives without a reload
  await bobTab.locator('.conversations button', { hasText: 'Alice' }).click();
  await bubble(bobTab, 'Hallo Bob! <b>kein HTML</b>').waitFor();
  await bubble(aliceTab, 'Hallo Bob').locator('[data-mark="read"]').waitFor();
  assert.equal(await bobTab.locator('.badge').count(), 0);

  await write(bobTab, 'Hallo Alice!');
  await bubble(aliceTab, 'Hallo Alice!').waitFor();
  await aliceTab.screenshot({ path: `${SCREENSHOTS}/chat.png` });
});

test('a message goes from queued to delivered when the neighbour is back, and the tab says when its node is gone', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob);
  const tab = await openTab(alice, { viewport: { width: 380, height: 720 }, colorScheme: 'dark' });
  await tab.locator('.conversations button', { hasText: 'Bob' }).click();
  await write(tab, 'while you are here');
  await bubble(tab, 'while you are here').locator('[data-mark="delivered"]').waitFor();
  await bob.stop();
  await write(tab, 'while you are away');
  await bubble(tab, 'while you are away').locator('[data-mark="queued"]').waitFor();
  await tab.screenshot({ path: `${SCREENSHOTS}/phone-dark.png` });
  await bob.start();
  await bubble(tab, 'while you are away').locator('[data-mark="delivered"]').waitFor();

  const ui = new URL(alice.ui).port;
  await alice.stop();
  await tab.getByText('Your node does not answer. Trying again').waitFor();
  await write(tab, 'into the dark');
  await bubble(tab, 'into the dark').locator('[data-mark="failed"]').waitFor();
  await alice.start('--ui-port', ui);
  await tab.getByText('Connected again').waitFor();
  await bubble(tab, 'into the dark').locator('[data-mark="delivered"]').waitFor();
  assert.equal(await bubble(tab, 'into the dark').count(), 1);
});

test('old messages come when one scrolls back, without jumping', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob);
  for (let i = 0; i < 250; i++) await alice.send(bob.id, `number ${i}.`);
  const tab = await openTab(alice);
  await tab.locator('.conversations button', { hasText: 'Bob' }).click();
  await bubble(tab, 'number 249.').waitFor();
  assert.equal(await bubble(tab, 'number 1.').count(), 0);
  for (const number of [209, 149, 89, 29]) { // the newest of each page that comes
    await tab.locator('.thread .scroller').evaluate((list) => { list.scrollTop = 0; });
    await bubble(tab, `number ${number}.`).waitFor();
  }
  const bodies = await tab.locator('.text').allTextContents();
  assert.deepEqual(bodies, Array.from({ length: bodies.length }, (_, i) => `number ${250 - bodies.length + i}.`));
});
