// Unread is what was not on the screen, and nothing else is reported as read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer, Node } from '../integration/support.mjs';
import { bubble, openTab, row, SCREENSHOTS, scroller, useBrowser } from './support.mjs';

useBrowser();

const entryOf = async (node, peer) => (await node.get(`/api/v1/chat/conversations?peer=${peer.id}`)).conversations[0];

/** Alice's node, and a neighbour from whom `count` messages wait. */
async function waiting(count) {
  const alice = await (await Node.create({ name: 'Alice', community: 'Our street' })).start();
  const peer = new Peer();
  await peer.join(alice, 'Bob');
  const { head } = await alice.get('/api/v1/node');
  for (let i = 0; i < count; i += 200) {
    const events = Array.from({ length: Math.min(200, count - i) }, (_, j) => peer.event(peer.community, head + 1 + i + j, 'chat.message.sent', { client_id: `c${i + j}`, recipient: alice.id, body: `message ${i + j}`, attachments: [] }));
    await peer.push(alice, ...events);
  }
  return [alice, peer];
}

for (const count of [250, 5000]) {
  test(`a conversation with ${count} unread messages opens at the first`, { timeout: 240000 }, async () => {
    const [alice, peer] = await waiting(count);
    const tab = await openTab(alice);
    await row(tab, 'Bob').locator('.badge', { hasText: count > 999 ? '999+' : String(count) }).waitFor();
    await row(tab, 'Bob').click();
    await tab.locator('.unread', { hasText: 'New' }).waitFor();
    await tab.waitForFunction(() => {
      const line = document.querySelector('.unread').getBoundingClientRect();
      const frame = document.querySelector('.thread .scroller').getBoundingClientRect();
      return line.top >= frame.top && line.bottom < frame.top + 200;
    });
    await tab.screenshot({ path: `${SCREENSHOTS}/unread-${count}.png` });
    const seen = await tab.evaluate(() => {
      const { bottom } = document.querySelector('.thread .scroller').getBoundingClientRect();
      return [...document.querySelectorAll('.message')].filter((node) => node.getBoundingClientRect().top < bottom).length;
    });
    await alice.until(async () => (await entryOf(alice, peer)).unread === count - seen);
    // Who jumps to the end has not read what lies between.
    await tab.getByRole('button', { name: 'To the newest' }).click();
    await bubble(tab, `message ${count - 1}`).waitFor();
    await alice.send(peer.id, 'written at the end');
    await bubble(tab, 'written at the end').waitFor();
    assert.ok((await entryOf(alice, peer)).unread >= count - seen);
    // Opened again it is at the first unread; all of it is read when its owner says so.
    await tab.keyboard.press('Escape');
    await row(tab, 'Bob').click();
    await tab.getByRole('button', { name: 'Mark all as read' }).click();
    await alice.until(async () => (await entryOf(alice, peer)).unread === 0);
  });
}

test('all is read when its owner says so, however much of their own stands behind it', async () => {
  const [alice, peer] = await waiting(100);
  for (let i = 0; i < 5; i++) await alice.send(peer.id, `own ${i}`);
  const tab = await openTab(alice);
  await tab.route(/limit=1000/, (route) => route.continue({ url: route.request().url().replace('limit=1000', 'limit=2') })); // as if it were a thousand
  await row(tab, 'Bob').click();
  await tab.locator('.unread').waitFor();
  await tab.getByRole('button', { name: 'Mark all as read' }).click();
  await alice.until(async () => (await entryOf(alice, peer)).unread === 0);
});

test('scrolled through, a backlog is read to its end', { timeout: 120000 }, async () => {
  const [alice, peer] = await waiting(120);
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await tab.locator('.unread').waitFor();
  await scroller(tab).focus();
  // As eyes do it: what a press brings is on the screen before the next one.
  const settle = () => tab.evaluate(() => { // [the place where the last press led to]
    const view = document.querySelector('.thread .scroller');
    const before = window.turned;
    window.turned = view.scrollHeight - view.scrollTop - view.clientHeight < 2 ? null : new Promise((resolve) => view.addEventListener('scrollend', resolve, { once: true }));
    return before;
  });
  await alice.until(async () => {
    await settle();
    await tab.keyboard.press('PageDown');
    return (await entryOf(alice, peer)).unread === 0;
  }, 100000);
  await row(tab, 'Bob').locator('.badge').waitFor({ state: 'detached' });
});

test('when a message was read stands apart from when it was written', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Our street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob);
  const { event_id } = await alice.send(bob.id, 'when?');
  await bob.arrived('when?');
  await bob.post('/api/v1/chat/read', { peer: alice.id, event_id });
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await bubble(tab, 'when?').locator('.meta', { hasText: /^Read \d\d:\d\d ·\s*\d\d:\d\d/ }).waitFor();
});
