// Ten thousand messages, thousands of conversations, and what others may write to break the page: nothing does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Node, Peer } from '../integration/support.mjs';
import { bubble, mark, neighbours, openTab, row, scroller, useBrowser, write } from './support.mjs';

useBrowser();

const texts = (tab) => tab.locator('.message .text').allTextContents();
const numbers = (list) => list.map((text) => Number(/\d+/.exec(text)[0]));
const isAscendingByOne = (list) => list.every((number, i) => i === 0 || number === list[i - 1] + 1);

/** So many messages, said by many callers at once; who said what when is decided by the node. */
async function say(node, to, count) {
  let next = 0;
  await Promise.all(Array.from({ length: 50 }, async () => {
    while (next < count) await node.send(to, `message ${next++}`);
  }));
}

test('a conversation of 10,000 messages: the page holds a window, in order, wherever one is', { timeout: 300000 }, async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const peer = new Peer();
  await peer.join(alice);
  await say(alice, peer.id, 10000);
  const order = (await alice.history('before_lamport=9007199254740991')).map(({ body }) => body);
  const tab = await openTab(alice);
  await row(tab, 'Peer').click();
  await bubble(tab, order.at(-1)).waitFor();
  assert.deepEqual(await texts(tab), order.slice(-40));
  let seen = order.slice(-40);
  for (let page = 0; page < 12; page++) {
    const before = await tab.locator('.message').first().textContent();
    await scroller(tab).evaluate((list) => { list.scrollTop = 0; });
    await tab.waitForFunction((text) => document.querySelector('.message').textContent !== text, before);
    const now = await texts(tab);
    assert.ok(now.length <= 300, `${now.length} messages in the page`);
    assert.equal(now.length, new Set(now).size);
    seen = [...now.slice(0, now.indexOf(seen[0])), ...seen];
  }
  assert.deepEqual(seen, order.slice(-seen.length)); // all of them, none twice
  assert.ok(seen.length > 700);
  const newest = (await alice.history('before_lamport=9007199254740991')).at(-1);
  await peer.push(alice, peer.event(peer.community, newest.lamport + 1, 'chat.message.read', { target_event_id: newest.event_id, read_at: '2026-01-02T03:04:05Z' }));
  await tab.waitForFunction(() => [...document.querySelectorAll('[data-mark]')].every(({ dataset }) => dataset.mark === 'read')); // the last was read, and so were these
  const last = (await texts(tab)).at(-1);
  await scroller(tab).evaluate((list) => { list.scrollTop = list.scrollHeight; }); // and down again, page by page
  await tab.waitForFunction((text) => [...document.querySelectorAll('.message .text')].at(-1).textContent !== text, last);
  const now = await texts(tab);
  assert.deepEqual(now, order.slice(order.indexOf(now[0]), order.indexOf(now[0]) + now.length));
  await write(tab, 'the last word');
  await mark(tab, 'the last word', 'queued').waitFor();
  await bubble(tab, order.at(-1)).waitFor(); // the end, which was not in the page
  assert.deepEqual((await texts(tab)).slice(-2), [order.at(-1), 'the last word']);
});

test('paging does not move what one looks at', async () => {
  const [alice, bob] = await neighbours();
  for (let i = 0; i < 200; i++) await bob.send(alice.id, `message ${i}`);
  const { data: { event_id } } = await alice.arrived('message 199');
  await alice.post('/api/v1/chat/read', { peer: bob.id, event_id }); // else all that is unread would be there at once
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await bubble(tab, 'message 199').waitFor();
  const jumps = await scroller(tab).evaluate(async (list) => {
    const found = [];
    for (let i = 0; i < 120; i++) {
      const node = [...list.querySelectorAll('.message')].find((other) => other.getBoundingClientRect().bottom > 200);
      const before = node.getBoundingClientRect().top;
      const from = list.scrollTop;
      list.scrollTop -= 60;
      const wanted = before + Math.min(60, from);
      await new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); });
      if (node.isConnected && Math.abs(node.getBoundingClientRect().top - wanted) > 2) found.push(node.getBoundingClientRect().top - wanted);
    }
    return found;
  });
  assert.deepEqual(jumps, []);
  assert.ok(isAscendingByOne(numbers(await texts(tab))));
});

const MARKUP = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

test('no string of others is ever more than text', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: `Street ${MARKUP}`.slice(0, 64) })).start();
  const peer = new Peer();
  await peer.join(alice, `"><svg onload=alert(3)>${'\u202e'}gpj.exe`);
  const tab = await openTab(alice);
  await row(tab, 'svg onload').click();
  await tab.getByText('Say hello').waitFor();
  const { head } = await alice.get('/api/v1/node');
  const bodies = [MARKUP, 'javascript:alert(4) javascript://example.org/%0aalert(4) data://text/html,<script>alert(5)</script>', 'https://example.org/?q="onmouseover="alert(6) and http://a.example/<b>', '{{constructor.constructor("alert(7)")()}}',
    '&lt;b&gt; &amp; ]]> --> */', '\u202eright to left override\u202c', 'a\u0000b\u0007c\u001b[31md', `link https://[::1]:1/x, http://ex${'\u202e'}ample.org`, 'x'.repeat(5000), '👩‍👩‍👧‍👦'.repeat(50), '\u0301'.repeat(2000), 'عربى '.repeat(40), '\n'.repeat(500) + 'end'];
  const events = bodies.map((body, i) => peer.event(peer.community, head + 1 + i, 'chat.message.sent', { client_id: `c${i}`, recipient: alice.id, body: body.replaceAll('\0', ''), attachments: [] }));
  events.push(peer.event(peer.community, head + 100, 'chat.message.sent', { client_id: 'file', recipient: alice.id, body: '', attachments: [{ cid: `blake3:${'0'.repeat(64)}`, name: '<img src=x onerror="alert(8)">\u202egpj.exe' }] }));
  await peer.push(alice, ...events);
  await tab.locator('.attachment', { hasText: 'onerror' }).waitFor();
  await tab.locator('.row .sub bdi', { hasText: 'onerror' }).waitFor(); // the list hears of it by itself
  await bubble(tab, 'ab␇c␛[31md').waitFor(); // controls are signs
  assert.equal(await tab.locator('.thread img, .thread script, .side script, .thread svg[onload], .messages b').count(), 0);
  const links = await tab.locator('.messages a').evaluateAll((list) => list.map(({ href, rel, target }) => [href, rel, target]));
  assert.ok(links.length >= 3);
  for (const [href, rel, target] of links) {
    assert.match(href, /^https?:\/\/[^"<>\u202e]*$/);
    assert.deepEqual([rel, target], ['noopener noreferrer', '_blank']);
  }
  const apart = await tab.evaluate(() => [...document.querySelectorAll('.row .name, .row .sub bdi, .thread h2 bdi, .attachment bdi')].map((node) => getComputedStyle(node).unicodeBidi));
  assert.ok(apart.length >= 4);
  assert.deepEqual([...new Set(apart)], ['isolate']); // whatever direction it is written in, its surroundings keep theirs
  await tab.locator('#search').fill('onerror');
  await tab.locator('.results .row').first().waitFor();
  await tab.getByRole('button', { name: 'Members' }).click();
  await tab.locator('.member', { hasText: 'svg onload' }).waitFor();
  assert.equal((await tab.locator('.member .name').allTextContents()).join('').includes('\u202e'), false);
  await tab.getByLabel(/^More about/).click();
  await tab.getByRole('button', { name: /^Shut/ }).click();
  await tab.locator('dialog h2', { hasText: 'svg onload' }).waitFor();
  await tab.keyboard.press('Escape');
  await tab.locator('dialog').waitFor({ state: 'detached' });
  await tab.locator('#search').fill('');
  await tab.locator('.results').waitFor({ state: 'hidden' });
  for (const width of [360, 1100]) {
    await tab.setViewportSize({ width, height: 720 });
    await tab.waitForFunction((pixels) => innerWidth === pixels, width);
    assert.deepEqual(await tab.evaluate(() => [...document.querySelectorAll('body, .side, .thread, .page, .messages')].filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.className)), []);
  }
});

test('64 KiB are sent, shown in part, and all of it when asked; a byte more is refused before it is sent', { timeout: 120000 }, async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  const body = 'ü'.repeat(32768);
  await tab.locator('#composer').fill(`${body}u`);
  await tab.getByText('One byte too long').waitFor();
  assert.equal(await tab.getByRole('button', { name: 'Send' }).isDisabled(), true);
  await write(tab, body);
  await tab.locator('[data-mark="delivered"]').waitFor();
  assert.ok((await tab.locator('.message .text').textContent()).length < 5000);
  await tab.getByRole('button', { name: 'Show all of it' }).click();
  await tab.waitForFunction(() => document.querySelector('.message .text').textContent.length === 32768);
  assert.equal((await bob.history())[0].body, body);
});

test('thousands of conversations: the list draws what is seen, and finds the rest', { timeout: 300000 }, async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Town' })).start();
  const { execFileSync } = await import('node:child_process');
  await alice.stop();
  // Correspondents of the past need no membership: written straight into the views, as three thousand events would.
  execFileSync('sqlite3', [alice.database(), `CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3000)
      SELECT i, 1000+i AS id, randomblob(32) AS key FROM n;
    INSERT INTO nodes(id,key) SELECT id,key FROM n;
    INSERT INTO conversations(id,key,unread,last_seq) SELECT id,key,1,1000000+i FROM n;
    INSERT INTO messages(seq,event_id,lamport,conversation,author,recipient,client_id,input,sealed,body,attachments,created_at,names,hash)
      SELECT 1000000+i, printf('01HXR%021d', i), 1000+i, id, id, 1, 'c'||i, x'', 0, 'hello '||i, '[]', 1767225600, '', randomblob(32) FROM n`]);
  await alice.start();
  const tab = await openTab(alice);
  await tab.locator('.conversations .row').first().getByText('hello 3000').waitFor();
  assert.ok(await tab.locator('.conversations .row').count() <= 120);
  await tab.locator('.conversations').first().evaluate((list) => { list.scrollTop = list.scrollHeight; });
  await tab.locator('.conversations .row', { hasText: 'hello 2940' }).waitFor();
  assert.match(await tab.title(), /^\(3000\)/);
});
