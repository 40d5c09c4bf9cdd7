// Drafts, unread counts, search, several tabs, and order: what the tab shows is what is so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanup, cli, freePort, fs, https, Node, path, Peer, temporaryDirectory } from '../integration/support.mjs';
import { browser, bubble, composer, mark, neighbours, openTab, restart, row, scroller, useBrowser, write } from './support.mjs';

useBrowser();

const texts = (tab) => tab.locator('.message .text').allTextContents();

test('drafts are kept for each conversation, over a reload too', async () => {
  const [alice, bob] = await neighbours();
  const carol = await (await Node.create({ name: 'Carol' })).start();
  await alice.admit(carol);
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await composer(tab).fill('half a thought');
  await row(tab, 'Carol').click();
  assert.equal(await composer(tab).inputValue(), '');
  await row(tab, 'Bob').getByText('Draft: half a thought').waitFor();
  await tab.reload();
  await tab.getByRole('heading', { name: 'Carol' }).waitFor(); // the address says which was open
  await row(tab, 'Bob').click();
  assert.equal(await composer(tab).inputValue(), 'half a thought');
  await composer(tab).press('Enter');
  await mark(tab, 'half a thought', 'delivered').waitFor();
  assert.equal(await composer(tab).inputValue(), '');
  await row(tab, 'Carol').click();
  assert.equal(await tab.getByText('Draft:').count(), 0);
  await bob.arrived('half a thought');
});

test('drafts and unsent messages that an earlier version kept are moved over', async () => {
  const [alice, bob] = await neighbours();
  const carol = await (await Node.create({ name: 'Carol' })).start();
  await alice.admit(carol);
  const tab = await openTab(alice);
  await row(tab, 'Carol').waitFor();
  const names = await tab.evaluate(([self, to, other]) => {
    const message = (client_id, body, written) => ({ client_id, from: self, to, body, attachments: [], written, created_at: '2026-01-02T03:04:05Z', delivered_at: null, read_at: null });
    localStorage.setItem(`drafts ${self}`, JSON.stringify({ [other]: 'half a thought', [to]: 'the other half' }));
    localStorage.setItem(`outbox ${self}`, JSON.stringify({ b: message('b', 'second', 2), a: message('a', 'first', 1) }));
    return [`drafts ${self}`, `outbox ${self}`];
  }, [alice.id, bob.id, carol.id]);
  await tab.reload();
  await row(tab, 'Carol').getByText('Draft: half a thought').waitFor();
  await bob.arrived('second');
  assert.deepEqual((await bob.history()).map(({ body }) => body), ['first', 'second']);
  await row(tab, 'Bob').click();
  assert.equal(await composer(tab).inputValue(), 'the other half');
  await composer(tab).fill('');
  await tab.reload();
  await row(tab, 'Carol').getByText('Draft: half a thought').waitFor();
  assert.equal(await tab.getByText('Draft:').count(), 1);
  assert.deepEqual(await tab.evaluate((all) => all.filter((name) => localStorage.getItem(name) !== null), names), []);
});

test('unread counts are the node\'s, the line above what is new stands, and seeing it says read', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  for (let i = 0; i < 5; i++) await bob.send(alice.id, `old ${i}.`);
  await row(tab, 'Bob').locator('.badge', { hasText: /^5 / }).waitFor();
  await row(tab, 'Bob').click();
  await tab.locator('.badge').waitFor({ state: 'detached' });
  await alice.until(async () => (await alice.get('/api/v1/chat/conversations')).conversations[0].unread === 0);
  await tab.keyboard.press('Escape');
  await tab.getByText('Choose a neighbour').waitFor();
  for (let i = 0; i < 40; i++) await bob.send(alice.id, `new ${i}. ${'word '.repeat(60)}`);
  await row(tab, 'Bob').locator('.badge', { hasText: /^40 / }).waitFor();
  await tab.reload();
  await row(tab, 'Bob').locator('.badge', { hasText: /^40 / }).waitFor();
  await row(tab, 'Bob').click();
  await tab.locator('.unread').waitFor();
  assert.equal(await tab.locator('.unread + .message .text').textContent().then((text) => text.slice(0, 6)), 'new 0.');
  await tab.locator('.pill').waitFor(); // what is new begins at the top, and the end is further down
  assert.notEqual((await alice.get('/api/v1/chat/conversations')).conversations[0].unread, 0); // not seen yet
  await tab.locator('.pill').click();
  await bubble(tab, 'new 39.').waitFor();
  await tab.keyboard.press('Escape');
  assert.notEqual((await alice.get('/api/v1/chat/conversations')).conversations[0].unread, 0); // jumped over
  await row(tab, 'Bob').click();
  await tab.getByRole('button', { name: 'Mark all as read' }).click();
  await alice.until(async () => (await alice.get('/api/v1/chat/conversations')).conversations[0].unread === 0);
  await tab.locator('.badge').waitFor({ state: 'detached' });
});

test('a click on a row counts, whatever comes between the button\'s going down and up', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  await row(tab, 'Bob').locator('.name').hover();
  await tab.mouse.down();
  await bob.send(alice.id, 'drawn anew');
  await row(tab, 'Bob').getByText('drawn anew').waitFor();
  await tab.mouse.up();
  await bubble(tab, 'drawn anew').waitFor();
});

test('whoever reads further up stays there, and is told what came', async () => {
  const [alice, bob] = await neighbours();
  for (let i = 0; i < 60; i++) await bob.send(alice.id, `number ${i}.\nand a second line`);
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await bubble(tab, 'number 59.').waitFor();
  await scroller(tab).evaluate((list) => { list.scrollTop = list.scrollHeight - 2 * list.clientHeight; });
  await tab.locator('.pill', { hasText: 'To the newest' }).waitFor();
  const top = () => scroller(tab).evaluate((list) => list.scrollTop);
  const before = await top();
  await bob.send(alice.id, 'one more');
  await tab.locator('.pill', { hasText: 'One new message' }).waitFor();
  await bob.send(alice.id, 'and more');
  await tab.locator('.pill', { hasText: '2 new messages' }).waitFor();
  assert.equal(await top(), before);
  await tab.locator('.pill').click();
  await bubble(tab, 'and more').waitFor();
  await tab.locator('.pill').waitFor({ state: 'hidden' });
  await bob.send(alice.id, 'followed');
  await bubble(tab, 'followed').waitFor();
  assert.ok(await scroller(tab).evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight < 2));
});

test('the server is killed and started again: the tab says so, and resumes without a gap, a repeat or another order', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  const expected = [];
  const say = async (body) => { expected.push(body); await bob.send(alice.id, body); };
  for (let i = 0; i < 5; i++) await say(`before ${i}`);
  await bubble(tab, 'before 4').waitFor();
  await tab.locator('.online').first().waitFor();
  await restart(alice, 'kill', async () => {
    await tab.getByText('Your node does not answer').waitFor();
    await tab.waitForFunction(() => !document.querySelector('.online')); // nobody knows who is
    for (let i = 0; i < 5; i++) await say(`meanwhile ${i}`);
  });
  await tab.getByText('Connected again. Nothing was missed.').waitFor();
  await bubble(tab, 'meanwhile 4').waitFor();
  await say('after');
  await bubble(tab, 'after').waitFor();
  await tab.locator('.online').first().waitFor();
  assert.deepEqual(await texts(tab), expected);
  await tab.getByText('Connected again').waitFor({ state: 'hidden' });
});

test('however often it connects, the tab looks after the node once at a time', async () => {
  const [alice] = await neighbours();
  const context = await browser.launched.newContext({ locale: 'en-GB' });
  await context.clock.install();
  const tab = await openTab(alice, { context, at: '/icon.svg' });
  let asked;
  const held = new Promise((resolve) => { asked = resolve; });
  let calls = 0;
  await tab.route('**/api/v1/node', (route) => (++calls === 3 ? asked(route) : route.continue())); // the third is the first look
  await tab.goto(alice.ui);
  const route = await held;
  const answer = await route.fetch();
  const again = tab.waitForResponse((response) => response.url().endsWith('/api/v1/node') && response.request() !== route.request());
  await restart(alice, 'stop', () => tab.getByText('Your node does not answer').waitFor());
  await tab.getByText('Connected again').waitFor();
  await (await again).finished();
  /** Time passes in the tab: how often it looked then. */
  const looksIn = async (ms) => {
    await tab.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); })); // what came is read
    const before = calls;
    await context.clock.fastForward(ms);
    await tab.evaluate(() => fetch('/health')); // behind all that went out
    return calls - before;
  };
  assert.equal(await looksIn(10000), 0);
  const late = tab.waitForResponse((response) => response.request() === route.request());
  await route.fulfill({ response: answer });
  await (await late).finished();
  assert.deepEqual([await looksIn(21000), await looksIn(9000), await looksIn(30000), await looksIn(30000)], [0, 1, 1, 1]);
});

test('a node that was set back to a backup: the tab shows what it has now, and not what it had', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await bob.send(alice.id, 'in the backup');
  await bubble(tab, 'in the backup').waitFor();
  await restart(alice, 'stop', () => fs.cpSync(alice.directory, `${alice.directory}-backup`, { recursive: true }));
  await tab.getByText('Connected again').waitFor();
  for (let i = 0; i < 5; i++) await bob.send(alice.id, `after it ${i}`);
  await bubble(tab, 'after it 4').waitFor();
  await bob.stop();
  await restart(alice, 'stop', () => {
    fs.rmSync(alice.directory, { recursive: true });
    fs.renameSync(`${alice.directory}-backup`, alice.directory);
  });
  await bubble(tab, 'after it 4').waitFor({ state: 'detached' });
  assert.deepEqual(await texts(tab), ['in the backup']);
  await bob.start();
  for (let i = 0; i < 5; i++) await bubble(tab, `after it ${i}`).waitFor();
  assert.deepEqual(await texts(tab), ['in the backup', ...Array.from({ length: 5 }, (_, i) => `after it ${i}`)]);
});

test('a backup that was written on in, beyond where the tab was: the tab begins anew, and resumes in that log from then on', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await write(tab, 'in the backup');
  await mark(tab, 'in the backup', 'delivered').waitFor();
  const backup = path.join(temporaryDirectory(), 'alice.tar');
  assert.equal((await alice.cli('backup', backup)).code, 0);
  await write(tab, 'after it');
  await mark(tab, 'after it', 'delivered').waitFor();
  await bob.stop();
  const again = Array.from({ length: 10 }, (_, i) => `again ${i}`);
  await restart(alice, 'stop', async () => {
    fs.rmSync(alice.directory, { recursive: true });
    assert.equal((await cli('restore', backup, '--data', alice.directory)).code, 0);
    await alice.start(); // elsewhere: the tab knows nothing of it
    for (const body of again) await alice.send(bob.id, body);
    await alice.stop();
  });
  await bubble(tab, 'again 9').waitFor();
  assert.deepEqual(await texts(tab), ['in the backup', ...again]);
  const resumed = tab.waitForEvent('websocket', (socket) => socket.url().includes('&log='));
  await restart(alice, 'kill', () => tab.getByText('Your node does not answer').waitFor());
  await resumed;
  await alice.send(bob.id, 'in the same log');
  await bubble(tab, 'in the same log').waitFor();
  assert.deepEqual(await texts(tab), ['in the backup', ...again, 'in the same log']);
});

test('a mark says what is known and no more: received, delivered and read by the recipient\'s word alone', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const [bob, carol] = [new Peer(), new Peer()];
  bob.port = await freePort();
  const server = https.createServer({ key: bob.key, cert: bob.cert, minVersion: 'TLSv1.3' }, ({ url }, response) => { // takes what it gets and says no more
    if (url === '/sync/v1/reconcile') response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end('a'); // nothing is missing
    else response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"accepted":1,"new_head":1,"rejected":0,"rejected_reasons":[]}');
  }).listen(bob.port, '127.0.0.1');
  cleanup(() => { server.closeAllConnections(); server.close(); });
  await bob.join(alice, 'Bob');
  await carol.join(alice, 'Carol');
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await write(tab, 'are you there?');
  await mark(tab, 'are you there?', 'direct').waitFor();
  const { event_id } = (await alice.history())[0];
  const { head } = await alice.get('/api/v1/node');
  const receipt = (author, lamport, kind) => author.event(author.community, lamport, `chat.message.${kind}`, { target_event_id: event_id, [`${kind}_at`]: '2026-01-02T03:04:05Z' });
  await carol.push(alice, receipt(carol, head + 1, 'delivered'), receipt(carol, head + 2, 'read'));
  await write(tab, 'and you?');
  await mark(tab, 'and you?', 'direct').waitFor(); // what came before it has been told
  assert.equal(await mark(tab, 'are you there?', 'direct').count(), 1);
  await bob.push(alice, receipt(bob, head + 3, 'delivered'));
  await mark(tab, 'are you there?', 'delivered').waitFor();
  assert.match(await mark(tab, 'are you there?', 'delivered').getAttribute('title'), /^Delivered 2 Jan 2026/);
  await bob.push(alice, receipt(bob, head + 4, 'read'));
  await mark(tab, 'are you there?', 'read').waitFor();
  assert.equal(await mark(tab, 'and you?', 'direct').count(), 1);
});

test('two tabs of one node show the same', async () => {
  const [alice, bob] = await neighbours();
  const context = await browser.launched.newContext({ locale: 'en-GB' });
  const one = await openTab(alice, { context });
  const two = await openTab(alice, { context });
  await row(one, 'Bob').click();
  await row(two, 'Bob').click();
  for (let i = 0; i < 10; i++) {
    await write(i % 2 ? one : two, `from tab ${i}`);
    await bubble(i % 2 ? two : one, `from tab ${i}`).waitFor();
  }
  await mark(one, 'from tab 9', 'delivered').waitFor();
  await mark(two, 'from tab 9', 'delivered').waitFor();
  assert.deepEqual(await texts(one), Array.from({ length: 10 }, (_, i) => `from tab ${i}`));
  assert.deepEqual(await texts(two), await texts(one));
  assert.equal((await bob.history()).length, 10);
});

test('lamport and event id decide the order, whatever a peer\'s clock says', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const peer = new Peer();
  await peer.join(alice);
  const tab = await openTab(alice);
  await row(tab, 'Peer').click();
  const { head } = await alice.get('/api/v1/node');
  const message = (lamport, body, wall_clock) => peer.event(peer.community, lamport, 'chat.message.sent', { client_id: body, recipient: alice.id, body, attachments: [] }, wall_clock ? { wall_clock } : {});
  await peer.push(alice, message(head + 3, 'third', '1970-01-01T00:00:00Z'));
  await bubble(tab, 'third').waitFor();
  await peer.push(alice, message(head + 1, 'first', '2199-12-31T23:59:59Z'));
  await bubble(tab, 'first').waitFor();
  await peer.push(alice, message(head + 2, 'second'));
  await bubble(tab, 'second').waitFor();
  assert.deepEqual(await texts(tab), ['first', 'second', 'third']);
  await write(tab, 'fourth');
  await mark(tab, 'fourth', 'queued').waitFor();
  assert.deepEqual(await texts(tab), ['first', 'second', 'third', 'fourth']);
  assert.match(await tab.locator('.day').last().textContent(), /Today/);
  await tab.reload();
  await bubble(tab, 'fourth').waitFor();
  assert.deepEqual(await texts(tab), ['first', 'second', 'third', 'fourth']);
});

test('search finds people and words, and leads to the message, however long ago', async () => {
  const [alice, bob] = await neighbours();
  await bob.send(alice.id, 'the Käsekuchen recipe is with grandmother');
  for (let i = 0; i < 400; i++) await bob.send(alice.id, `filler ${i}`);
  await alice.arrived('filler 399');
  const tab = await openTab(alice);
  await row(tab, 'Bob').waitFor();
  await tab.keyboard.press('/');
  await tab.keyboard.insertText('kasekuch'); // in one: what is found for the first letters would be replaced under the click
  await tab.locator('.results mark', { hasText: /^Käsekuch$/ }).waitFor();
  await tab.getByText('one found').waitFor();
  await tab.locator('.results .row').click();
  await bubble(tab, 'Käsekuchen').waitFor();
  await tab.waitForFunction(() => document.activeElement.textContent.includes('Käsekuchen')); // and stands there
  assert.ok(await tab.locator('.message').count() < 300);
  await tab.locator('.pill').click();
  await bubble(tab, 'filler 399').waitFor();
  await tab.keyboard.press('Escape');
  assert.equal(await tab.locator('.results').isVisible(), false);
  await tab.locator('#search').fill('BOB');
  await tab.getByRole('heading', { name: 'People' }).waitFor();
  let asked;
  const held = new Promise((resolve) => { asked = resolve; });
  await tab.route(/q=slow/, (route) => asked(route)); // a question whose answer comes after that of the next one
  await tab.locator('#search').fill('slow');
  const route = await held;
  await tab.locator('#search').fill('grandmother');
  await tab.locator('.results mark', { hasText: 'grandmother' }).waitFor();
  const late = tab.waitForResponse(/q=slow/);
  await route.continue();
  await (await late).finished();
  await tab.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
  assert.equal(await tab.locator('.results mark').textContent(), 'grandmother');
  await tab.locator('#search').fill('nothing like that');
  await tab.getByText('Nothing found').waitFor();
  await tab.locator('#search').fill('');
  await row(tab, 'Bob').click();
  await tab.getByRole('button', { name: 'Search in this conversation' }).click();
  await tab.getByRole('button', { name: 'Only with Bob' }).waitFor();
  await tab.locator('#search').fill('filler 12');
  await tab.locator('.results mark').first().waitFor();
});
