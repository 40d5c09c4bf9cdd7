// A message that a newer version encrypted stands in its place and says so: in the tab, in the list, on the command line, to scripts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer, Subscriber } from '../integration/support.mjs';
import { browser, bubble, neighbours, openTab, row, useBrowser, writeInClear } from './support.mjs';

useBrowser({ windows: true });
const SEALED = 'Encrypted; a newer hearthchat can read it.';

/** An envelope from that node to another, as its newer version would write it; both have it. */
async function seal(from, to) {
  const peer = Peer.of(from);
  const { community_id, head } = await to.get('/api/v1/node');
  const event = peer.event(peer.community = community_id, head + 1, 'chat.message.sent', { client_id: `sealed ${head}`, recipient: to.id, attachments: [],
    body: { e2e: true, header: { v: 2, keys: 'AAAA' }, ciphertext: Buffer.alloc(256, 7).toString('base64url') } });
  await peer.push(to, event);
  await peer.push(from, event);
  return event;
}

/** What is in the conversation, from top to bottom, without times and marks. */
const texts = (tab) => tab.locator('.messages .message .text').allTextContents();

test('a sealed message is shown in its place, live and after a reload, on both sides', async () => {
  const [alice, bob] = await neighbours();
  const context = await browser.launched.newContext({ locale: 'en-GB', viewport: { width: 1100, height: 720 } });
  await context.grantPermissions(['notifications'], { origin: alice.ui });
  await context.addInitScript(() => {
    localStorage.setItem('settings', JSON.stringify({ notifications: true }));
    window.told = [];
    const Real = Notification;
    window.Notification = class extends Real { constructor(title, options) { super(title, options); window.told.push([title, options.body]); } };
  });
  await bob.send(alice.id, 'before');
  await alice.arrived('before');
  const tab = await openTab(alice, { context });
  await row(tab, 'Bob').locator('.badge', { hasText: '1' }).waitFor();
  const event = await seal(bob, alice);
  await row(tab, 'Bob').locator('.badge', { hasText: '2' }).waitFor();
  assert.equal(await row(tab, 'Bob').locator('.sub').textContent(), SEALED);
  assert.match(await tab.title(), /^\(2\)/);
  await tab.waitForFunction(() => window.told.length > 0);
  assert.deepEqual(await tab.evaluate(() => window.told), [['Bob', SEALED]]);

  await row(tab, 'Bob').click();
  await bubble(tab, SEALED).waitFor();
  const second = await seal(bob, alice); // while somebody looks
  await tab.locator(`[data-event="${second.event_id}"]`, { hasText: SEALED }).waitFor();
  await bob.send(alice.id, 'after');
  await bubble(tab, 'after').waitFor();
  assert.deepEqual(await texts(tab), ['before', SEALED, SEALED, 'after']);
  await tab.locator('.badge').waitFor({ state: 'detached' }); // all of it is read
  await tab.reload();
  await bubble(tab, 'after').waitFor();
  assert.deepEqual(await texts(tab), ['before', SEALED, SEALED, 'after']);

  const other = await openTab(bob);
  await row(other, 'Alice').click();
  await bubble(other, 'after').waitFor();
  assert.deepEqual(await texts(other), ['before', SEALED, SEALED, 'after']);
  await other.locator(`.own[data-event="${event.event_id}"]`).waitFor();
});

test('the list, an announcement and German', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice, { locale: 'de-DE' });
  await row(tab, 'Bob').waitFor();
  await seal(bob, alice);
  await row(tab, 'Bob').locator('.sub', { hasText: 'Verschlüsselt; ein neueres hearthchat kann sie lesen.' }).waitFor();
  await tab.reload(); // the list as the node gives it
  await row(tab, 'Bob').locator('.sub', { hasText: 'Verschlüsselt; ein neueres hearthchat kann sie lesen.' }).waitFor();
  assert.equal(await row(tab, 'Bob').locator('.badge').count(), 1);
});

test('scripts and the command line are told what it is', async () => {
  const [alice, bob] = await neighbours();
  const subscriber = new Subscriber(alice);
  await subscriber.ready();
  await writeInClear(bob, alice, 'in clear');
  const event = await seal(bob, alice);
  const { data } = await subscriber.until(({ data }) => data?.event_id === event.event_id);
  assert.deepEqual(data, event); // as signed
  subscriber.close();

  const shown = (await alice.history()).map(({ body, e2e, attachments }) => ({ body, e2e, attachments }));
  assert.deepEqual(shown, [{ body: 'in clear', e2e: false, attachments: [] }, { body: '', e2e: 'unsupported', attachments: [] }]);
  const [entry] = (await alice.get('/api/v1/chat/conversations')).conversations;
  assert.deepEqual([entry.unread, entry.last_message.body, entry.last_message.e2e], [2, '', 'unsupported']);
  const found = (await alice.get('/api/v1/chat/search?q=clear')).messages;
  assert.deepEqual(found.map(({ body, e2e }) => [body, e2e]), [['in clear', false]]);

  const { code, stdout } = await alice.cli('history', 'Bob');
  assert.equal(code, 0);
  assert.match(stdout, /Bob → Alice: in clear\n.*Bob → Alice: Encrypted; a newer hearthchat can read it\.\n$/);
  const lines = (await alice.cli('history', 'Bob', '--json')).stdout;
  assert.match(lines, /"body":"","created_at":"[^"]*","delivered_at":[^,]*,"e2e":"unsupported"/);
});
