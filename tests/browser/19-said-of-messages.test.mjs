// Answers, edits, reactions and deletions, between two nodes; what the tab says of messages is true at every moment.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { currentOffer, keyText, publicOf, SealingPeer } from '../integration/sealed.mjs';
import { crypto, fs, hashOf, Node, wallClock } from '../integration/support.mjs';
import { bubble, composer, mark, neighbours, openTab, restart, row, SCREENSHOTS, useBrowser, write } from './support.mjs';

useBrowser();
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const MORE = 'More about this message';
const entryOf = async (node, other) => (await node.get(`/api/v1/chat/conversations?peer=${other.id}`)).conversations[0];
const messageOf = async (node, event_id) => (await node.history()).find((message) => message.event_id === event_id);

/** Alice and Bob, each of whom can write to the other so that nobody else reads it. */
async function couple() {
  const [alice, bob] = await neighbours();
  await alice.until(async () => (await entryOf(alice, bob)).e2e);
  await bob.until(async () => (await entryOf(bob, alice)).e2e);
  return [alice, bob];
}

async function examine(tab, name) {
  await tab.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
  const problems = await tab.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')))`);
  assert.deepEqual(problems, [], name);
  assert.equal(await tab.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'), false, `${name} sticks out`);
}

async function menu(tab, text) {
  await bubble(tab, text).last().hover();
  await bubble(tab, text).last().getByRole('button', { name: MORE }).click();
  return tab.locator('.choices');
}
const choose = async (tab, text, name) => (await menu(tab, text)).getByRole('button', { name, exact: true }).click();
const texts = (tab) => tab.locator('.message .text').allTextContents();
const outboxIsEmpty = (tab) => tab.waitForFunction(() => !Object.keys(localStorage).some((name) => name.startsWith('outbox'))); // by the answer, which may come after the frame

test('an answer shows what it answers, and leads there', async () => {
  const [alice, bob] = await couple();
  await bob.send(alice.id, 'Who has the key of the cellar?');
  for (let i = 0; i < 45; i++) await bob.send(alice.id, `between ${i}`);
  await alice.arrived('between 44');
  const tab = await openTab(alice);
  const bobs = await openTab(bob);
  await row(bobs, 'Alice').click();
  await row(tab, 'Bob').click();
  await choose(tab, 'between 44', 'Reply');
  await tab.locator('.saying', { hasText: 'Reply to Bob' }).filter({ hasText: 'between 44' }).waitFor();
  assert.ok(await composer(tab).evaluate((node) => node === document.activeElement));
  await tab.keyboard.press('Escape'); // out of the answer alone
  await tab.locator('.saying').waitFor({ state: 'hidden' });
  assert.ok(await composer(tab).isVisible());

  await tab.locator('.thread .scroller').evaluate((node) => { node.scrollTop = 0; });
  await bubble(tab, 'Who has the key').waitFor();
  await choose(tab, 'Who has the key', 'Reply');
  await composer(tab).fill('I have');
  await tab.reload(); // it is a draft like others
  await tab.locator('.saying', { hasText: 'Who has the key of the cellar?' }).waitFor();
  assert.equal(await composer(tab).inputValue(), 'I have');
  await composer(tab).press('Enter');
  await tab.locator('.saying').waitFor({ state: 'hidden' });
  await bubble(tab, 'I have').locator('.quote', { hasText: 'Who has the key' }).waitFor();
  await bubble(bobs, 'I have').locator('.quote', { hasText: 'You' }).filter({ hasText: 'Who has the key' }).waitFor(); // by its frame and what is read then
  await tab.reload();
  const quote = bubble(tab, 'I have').locator('.quote');
  await quote.filter({ hasText: 'Who has the key' }).waitFor(); // which is not among what was loaded
  await quote.scrollIntoViewIfNeeded();
  await examine(tab, 'said-answer');
  await quote.click();
  await tab.locator('.message.target', { hasText: 'Who has the key' }).waitFor();
});

test('an own message is edited by the keyboard, everywhere at once; what stood there before is in the details', async () => {
  const [alice, bob] = await couple();
  const tab = await openTab(alice);
  const other = await openTab(alice, { context: tab.context() });
  const bobs = await openTab(bob);
  await row(tab, 'Bob').click();
  await row(other, 'Bob').click();
  await row(bobs, 'Alice').click();
  await write(tab, 'The plumer comes at nine');
  await bubble(bobs, 'plumer').waitFor();
  await mark(tab, 'plumer', 'read').or(mark(tab, 'plumer', 'delivered')).waitFor();
  await composer(tab).press('ArrowUp');
  await tab.locator('.saying', { hasText: 'Edit your message' }).waitFor();
  assert.equal(await composer(tab).inputValue(), 'The plumer comes at nine');
  await composer(tab).fill('The plumber comes at ten');
  await other.locator('.saying', { hasText: 'Edit your message' }).waitFor();
  await tab.reload();
  await tab.locator('.saying', { hasText: 'Edit your message' }).waitFor();
  assert.equal(await composer(tab).inputValue(), 'The plumber comes at ten');
  await composer(tab).press('Enter');
  for (const page of [tab, other, bobs]) {
    await bubble(page, 'The plumber comes at ten').getByText('edited').waitFor();
    assert.equal((await texts(page)).length, 1);
    await row(page, page === bobs ? 'Alice' : 'Bob').filter({ hasText: 'The plumber comes at ten' }).waitFor(); // in the list
  }
  assert.equal(await composer(tab).inputValue(), '');
  await composer(tab).press('ArrowUp');
  await composer(tab).fill('The plumber comes at eleven');
  await composer(tab).press('Enter');
  await bubble(bobs, 'at eleven').locator('.meta').click();
  const details = bubble(bobs, 'at eleven').locator('.details');
  await details.getByText('The plumer comes at nine').waitFor();
  await details.getByText('The plumber comes at ten').waitFor();
  await examine(bobs, 'said-edited');
  await tab.locator('#search').fill('eleven');
  await tab.locator('.results .snippet', { hasText: 'at eleven' }).waitFor();
  await tab.locator('#search').fill('nine');
  await tab.getByText('Nothing found').waitFor();
});

test('one reaction a person, by the menu, by the keyboard, and any emoji', async () => {
  const [alice, bob] = await couple();
  await bob.send(alice.id, 'The lift works again');
  await alice.arrived('The lift works again');
  const tab = await openTab(alice);
  const bobs = await openTab(bob);
  await row(tab, 'Bob').click();
  await row(bobs, 'Alice').click();
  await (await menu(tab, 'The lift')).getByRole('button', { name: '👍' }).click();
  await bubble(bobs, 'The lift').getByRole('button', { name: '👍 Alice' }).click();
  await bubble(tab, 'The lift').getByRole('button', { name: '👍 You, Bob' }).waitFor();
  await examine(tab, 'said-reactions');
  await bubble(bobs, 'The lift').getByRole('button', { name: '👍 You, Alice' }).or(bubble(bobs, 'The lift').getByRole('button', { name: '👍 Alice, You' })).waitFor();

  await bubble(tab, 'The lift').focus();
  await bubble(tab, 'The lift').getByRole('button', { name: MORE }).focus();
  await tab.keyboard.press('Enter');
  await tab.locator('.choices').getByRole('button', { name: 'Reply' }).waitFor();
  await examine(tab, 'said-menu');
  await tab.keyboard.press('ArrowUp');
  await tab.keyboard.press('Enter');
  const dialog = tab.locator('dialog');
  await dialog.getByLabel('Emoji').fill('no');
  await dialog.getByRole('button', { name: 'React' }).click();
  await dialog.getByRole('alert').getByText('That is not one emoji').waitFor();
  await dialog.getByLabel('Emoji').fill('🛗');
  await tab.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await bubble(bobs, 'The lift').getByRole('button', { name: '🛗 Alice' }).waitFor();
  await bubble(bobs, 'The lift').getByRole('button', { name: '👍 You', exact: true }).click(); // takes it back
  await bubble(tab, 'The lift').locator('.reaction', { hasText: '👍' }).waitFor({ state: 'detached' });
  assert.deepEqual((await bob.history())[0].reactions, [{ emoji: '🛗', from: [alice.id] }]);
  assert.deepEqual((await tab.locator('#announcer div').allTextContents()).filter((text) => text.endsWith('reacted: ')), []);
});

test('deleted for both is said of the other device when it has signed for it; of what is deleted nothing stays', async () => {
  const [alice, bob] = await couple();
  const { event_id } = await alice.send(bob.id, 'the code is 4711');
  await bob.arrived('the code is 4711');
  await alice.delivered(event_id);
  const tab = await openTab(alice);
  const bobs = await openTab(bob);
  await row(tab, 'Bob').click();
  await row(bobs, 'Alice').click();
  await bobs.locator('#search').fill('4711');
  await bobs.locator('.results .snippet', { hasText: '4711' }).waitFor();
  await menu(bobs, '4711'); // open while it goes
  await bob.kill();
  await choose(tab, '4711', 'Delete …');
  await tab.locator('dialog').getByText('from Bob’s when it hears of it').waitFor();
  await examine(tab, 'said-delete');
  await tab.locator('dialog').getByRole('button', { name: 'Delete for both' }).click();
  await tab.getByText('Deleted here; being deleted at Bob’s.').first().waitFor();
  await tab.reload();
  await bubble(tab, 'being deleted at Bob’s').waitFor();
  await restart(bob, 'kill');
  await bubble(tab, 'Deleted, on Bob’s device too.').waitFor();
  await bubble(tab, 'Deleted, on Bob’s device too.').locator('.meta').click();
  await tab.locator('.details').getByText('which signed for it').waitFor();
  const gone = new Date(Date.now() + 37 * 86400000); // with the prekey of today
  await bubble(bobs, `Deleted by Alice. Gone for good by ${new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(gone)}.`).waitFor();
  await bobs.getByText('Nothing found').waitFor();
  assert.equal(await bobs.getByText('4711').count(), 0);
  assert.equal(await tab.getByText('4711').count(), 0);
  await examine(bobs, 'said-deleted');

  const second = await bob.send(alice.id, 'for now');
  await bubble(tab, 'for now').waitFor();
  await choose(tab, 'for now', 'Delete …');
  assert.equal(await tab.locator('dialog').getByRole('button', { name: 'Delete for both' }).count(), 0);
  await tab.locator('dialog').getByRole('button', { name: 'Delete here only' }).click();
  await bubble(tab, 'Deleted on this device.').waitFor();
  assert.equal((await messageOf(bob, second.event_id)).body, 'for now');
});

test('what is said while the node is away is stored when it is back, in the order in which it was said', async () => {
  const [alice, bob] = await couple();
  const own = await alice.send(bob.id, 'See you at five');
  const theirs = await bob.send(alice.id, 'I bring the cake');
  const going = await alice.send(bob.id, 'not so');
  await alice.arrived('I bring the cake');
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await bubble(tab, 'not so').waitFor();
  await restart(alice, 'kill', async () => {
    await tab.locator('.notice', { hasText: 'Your node does not answer' }).waitFor();
    await choose(tab, 'not so', 'Delete …');
    await tab.locator('dialog').getByRole('button', { name: 'Delete for both' }).click();
    await bubble(tab, 'Is being deleted.').getByText('It is tried again').waitFor(); // nothing else is said of it
    await (await menu(tab, 'I bring the cake')).getByRole('button', { name: '👍' }).click();
    await bubble(tab, 'I bring the cake').locator('.reaction', { hasText: '👍' }).waitFor();
    for (const words of ['See you at six', 'See you at seven']) {
      await composer(tab).press('ArrowUp');
      await composer(tab).fill(words);
      await composer(tab).press('Enter');
      await bubble(tab, words).getByText('Your node does not answer.').first().waitFor();
    }
    await examine(tab, 'said-away');
  });
  await tab.locator('.failure').first().waitFor({ state: 'detached' });
  await bob.until(async () => (await messageOf(bob, own.event_id)).body === 'See you at seven' && (await messageOf(bob, going.event_id)).e2e === 'deleted' && (await messageOf(bob, theirs.event_id)).reactions?.length === 1);
  assert.equal((await messageOf(alice, own.event_id)).body, 'See you at seven');
  await outboxIsEmpty(tab);
});

test('what is deleted here alone goes out of every window at once: the words, their quotes, what was found', async () => {
  const [alice, bob] = await couple();
  const first = await alice.send(bob.id, 'the code is 4711');
  for (let i = 0; i < 45; i++) await alice.send(bob.id, `between ${i}`);
  await alice.post('/api/v1/chat/send', { recipient: bob.id, body: 'forget it', reply_to: first.event_id });
  const tab = await openTab(alice);
  const other = await openTab(alice);
  await Promise.all([tab.live, other.live]);
  await row(tab, 'Bob').click();
  await row(other, 'Bob').click();
  await bubble(other, 'forget it').locator('.quote', { hasText: '4711' }).waitFor();
  await bubble(tab, 'between 44').waitFor();
  await tab.locator('.thread .scroller').evaluate((node) => { node.scrollTop = 0; });
  await bubble(tab, 'the code is').first().waitFor();
  await other.locator('#search').fill('4711');
  await other.locator('.results .snippet', { hasText: '4711' }).waitFor();
  const { code, stderr } = await alice.cli('delete', first.event_id, '--here');
  assert.equal(code, 0, stderr);
  await bubble(tab, 'Deleted on this device.').first().waitFor();
  await other.getByText('Nothing found').waitFor();
  await bubble(other, 'forget it').locator('.quote', { hasText: 'Deleted on this device.' }).waitFor();
  for (const page of [tab, other]) assert.equal(await page.getByText('4711').count(), 0);
});

test('what an edit displaces comes back, and what was typed in one is not lost', async () => {
  const [alice, bob] = await couple();
  const own = await alice.send(bob.id, 'at four');
  const second = await alice.send(bob.id, 'at the gate');
  await bob.send(alice.id, 'Where?');
  await alice.arrived('Where?');
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await choose(tab, 'Where?', 'Reply');
  await composer(tab).fill('behind the');
  await choose(tab, 'at four', 'Edit');
  await tab.locator('.saying', { hasText: 'Edit your message' }).waitFor();
  await composer(tab).press('Escape');
  await tab.locator('.saying', { hasText: 'Reply to Bob' }).waitFor();
  assert.equal(await composer(tab).inputValue(), 'behind the');

  await choose(tab, 'at four', 'Edit');
  await composer(tab).fill('at five');
  await choose(tab, 'at the gate', 'Edit');
  await tab.locator('.saying', { hasText: 'at the gate' }).waitFor();
  await composer(tab).fill('at the door');
  await alice.post('/api/v1/chat/delete', { event_id: second.event_id, for: 'both' }); // elsewhere
  await tab.locator('.saying', { hasText: 'Reply to Bob' }).waitFor();
  assert.equal(await composer(tab).inputValue(), 'behind the\n\nat five\n\nat the door');
  assert.equal((await messageOf(alice, own.event_id)).body, 'at four');
});

test('who goes elsewhere takes no dialog along; what is said of a message goes to its conversation', async () => {
  const [alice, bob] = await couple();
  await alice.send(bob.id, 'for Bob alone');
  const carol = await (await Node.create({ name: 'Carol' })).start();
  await alice.admit(carol);
  await alice.until(async () => (await entryOf(alice, carol))?.e2e);
  const tab = await openTab(alice);
  await row(tab, 'Carol').click();
  await row(tab, 'Bob').click();
  await choose(tab, 'for Bob alone', 'Delete …');
  const remove = tab.locator('dialog').getByRole('button', { name: 'Delete for both' });
  await remove.waitFor();
  const pressed = remove.evaluateHandle((node) => node);
  await tab.goBack();
  await tab.locator('.thread h2', { hasText: 'Carol' }).waitFor();
  await tab.locator('dialog').waitFor({ state: 'detached' });
  await (await pressed).evaluate((node) => node.click()); // as if it had been pressed just before
  await row(tab, 'Bob').filter({ hasText: 'being deleted at Bob’s' }).or(row(tab, 'Bob').filter({ hasText: 'Deleted, on Bob’s device too' })).waitFor();
});

test('a word whose answer was lost does not come after a later one', async () => {
  const [alice, bob] = await couple();
  const { event_id } = await alice.send(bob.id, 'at four');
  const tab = await openTab(alice);
  let lost = 0;
  await tab.route(/chat\/edit/, (route) => (lost++ === 0 ? route.abort() : route.continue()));
  await row(tab, 'Bob').click();
  await bubble(tab, 'at four').waitFor();
  for (const words of ['at five', 'at six']) {
    await composer(tab).press('ArrowUp');
    await composer(tab).fill(words);
    await composer(tab).press('Enter');
    if (words === 'at five') await bubble(tab, words).getByText('Your node does not answer.').waitFor();
  }
  await tab.locator('.failure').waitFor({ state: 'detached' });
  await bubble(tab, 'at six').getByText('edited').waitFor();
  await outboxIsEmpty(tab);
  assert.equal((await messageOf(alice, event_id)).body, 'at six');
});

test('a word that is stored is not called lost in any tab, whatever became of its answer', async () => {
  const [alice, bob] = await couple();
  await alice.send(bob.id, 'at four');
  const tab = await openTab(alice);
  await tab.route(/chat\/edit/, (route) => route.abort());
  await row(tab, 'Bob').click();
  await bubble(tab, 'at four').waitFor();
  await composer(tab).press('ArrowUp');
  await composer(tab).fill('at five');
  await composer(tab).press('Enter');
  await bubble(tab, 'at five').getByText('Your node does not answer.').waitFor();
  const other = await openTab(alice, { context: tab.context() }); // has it, too, and sends it
  await row(other, 'Bob').click();
  for (const page of [other, tab]) await bubble(page, 'at five').getByText('edited').waitFor();
  await tab.locator('.failure').waitFor({ state: 'detached' });
});

test('a refused word whose message is not in the window is shown where one types', async () => {
  const [alice, bob] = await couple();
  await alice.send(bob.id, 'the first');
  for (let i = 0; i < 45; i++) await alice.send(bob.id, `between ${i}`);
  const tab = await openTab(alice);
  await tab.route(/chat\/edit/, (route) => route.fulfill({ status: 410, json: { error: 'expired', message: '' } }));
  await row(tab, 'Bob').click();
  await bubble(tab, 'between 44').waitFor();
  await tab.locator('.thread .scroller').evaluate((node) => { node.scrollTop = 0; });
  await choose(tab, 'the first', 'Edit');
  await composer(tab).fill('the very first');
  await composer(tab).press('Enter');
  await bubble(tab, 'the first').locator('.lost-words', { hasText: 'the very first' }).waitFor();
  assert.equal(await tab.locator('.composer .failure').count(), 0);
  await tab.reload();
  const failure = tab.locator('.composer .failure', { hasText: 'the very first' });
  await failure.waitFor();
  await examine(tab, 'said-refused-elsewhere');
  await failure.getByRole('button', { name: 'Discard' }).click();
  await failure.waitFor({ state: 'detached' });
});

test('an edit that comes while history is read is not overwritten by what was read', async () => {
  const [alice, bob] = await couple();
  const { event_id } = await bob.send(alice.id, 'first words');
  await alice.arrived('first words');
  const tab = await openTab(alice);
  await tab.live;
  const frames = (kind) => tab.heard.filter((text) => text.includes(`"kind":"${kind}"`)).length;
  let release = null;
  await tab.route(/chat\/history/, async (route) => {
    const response = await route.fetch();
    if (!release) await new Promise((resolve) => { release = resolve; });
    await route.fulfill({ response });
  });
  await row(tab, 'Bob').click();
  await alice.until(() => release !== null); // it has read the first words
  await bob.post('/api/v1/chat/edit', { event_id, body: 'last words' });
  await alice.until(() => frames('edit') === 1);
  release();
  await bubble(tab, 'last words').waitFor();
  assert.deepEqual(await texts(tab), ['last words']);
});

const above = async (node) => (await node.get('/api/v1/node')).head + 1;

/** Alice's node and Bob, whom the test is. */
async function withPeer(prekeys = true) {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = new SealingPeer();
  await bob.join(alice, 'Bob');
  if (prekeys) await bob.push(alice, bob.prekeys(await above(alice)));
  const tell = async (type, data) => bob.push(alice, bob.event(bob.community, await above(alice), type, data));
  const seal = async (payload, more = {}) => {
    const event = bob.message(await above(alice), alice.id, payload, { to: currentOffer(await bob.pull(alice), alice.id, bob.id), ...more });
    await bob.push(alice, event);
    return event;
  };
  return { alice, bob, tell, seal };
}

test('a mark alone does not make a message read that was never delivered', async () => {
  const { alice, bob, tell } = await withPeer();
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await write(tab, 'one');
  await mark(tab, 'one', 'queued').waitFor();
  const { event_id } = (await alice.history())[0];
  const heard = (type) => alice.until(() => tab.heard.some((text) => text.includes(type)));
  await tell('chat.message.read', { target_event_id: event_id, read_at: wallClock() });
  await heard('chat.message.read');
  await write(tab, 'two');
  await mark(tab, 'two', 'queued').waitFor(); // drawn after the mark came
  assert.equal(await mark(tab, 'one', 'queued').count(), 1);
  await tell('chat.message.delivered', { target_event_id: event_id, delivered_at: wallClock() });
  await mark(tab, 'one', 'read').waitFor();
  assert.equal(await mark(tab, 'two', 'queued').count(), 1);
});

test('what waits for its key says so at once and is no news; if it is no message, it goes', async () => {
  const { alice, bob, seal } = await withPeer();
  const tab = await openTab(alice);
  await tab.live;
  await tab.evaluate(() => {
    window.said = [];
    new MutationObserver(() => window.said.push(document.body.textContent)).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  await row(tab, 'Bob').click();
  const text = await seal({ kind: 'text', body: 'The cat is back' });
  await bubble(tab, 'The cat is back').waitFor();
  const keys = [crypto.randomBytes(32), crypto.randomBytes(32)];
  const lost = (payload, key) => seal(payload, { to: publicOf(crypto.randomBytes(32)), key });
  const sealed = [await lost({ kind: 'edit', of: hashOf(text), body: 'The cat is here' }, keys[0]), await lost({ kind: 'text', body: 'and the dog' }, keys[1])];
  const waiting = bubble(tab, 'Waiting for the key');
  await waiting.nth(1).waitFor();
  assert.equal((await tab.evaluate(() => window.said)).filter((body) => body.includes('newer hearthchat')).length, 0);
  assert.deepEqual(await tab.locator('#announcer div').allTextContents(), ['Bob: The cat is back']);
  await seal({ kind: 'keys', keys: sealed.map((event, index) => ({ event: hashOf(event), key: keys[index].toString('base64url') })) });
  await bubble(tab, 'and the dog').waitFor();
  await bubble(tab, 'The cat is here').getByText('edited').waitFor();
  assert.deepEqual(await texts(tab), ['The cat is here', 'and the dog']);
  await tab.locator('#announcer', { hasText: 'Bob: and the dog' }).waitFor({ state: 'attached' });
  await seal({ kind: 'poll' });
  await bubble(tab, 'a newer hearthchat can read it').waitFor();
});

test('many that wait for their keys at once are all shown', async () => {
  const { alice, bob } = await withPeer();
  const tab = await openTab(alice);
  await tab.live;
  await row(tab, 'Bob').click();
  await tab.getByText('No messages yet').or(tab.locator('.thread .empty')).first().waitFor();
  const frames = () => tab.heard.filter((text) => text.includes('chat.message.sent')).length;
  let heard = null;
  await tab.route(/chat\/history/, async (route) => { // the read that the first of them begins is answered when all are there
    await (heard ??= alice.until(() => frames() === 150));
    await route.continue();
  });
  const first = await above(alice);
  await bob.push(alice, ...Array.from({ length: 150 }, (_, i) => bob.message(first + i, alice.id, { kind: 'text', body: 'hm' }, { to: publicOf(crypto.randomBytes(32)) })));
  await tab.waitForFunction(() => document.querySelectorAll('.message').length === 150);
});

test('what the other device lost is sent again when its owner\'s friend says so', async () => {
  const { alice, bob, tell, seal } = await withPeer();
  const tab = await openTab(alice);
  await tab.live;
  await row(tab, 'Bob').click();
  await write(tab, 'keep this');
  await mark(tab, 'keep this', 'queued').waitFor();
  const { event_id } = (await alice.history())[0];
  const sent = (await bob.pull(alice)).find((event) => event.event_id === event_id);
  await tell('chat.message.delivered', { target_event_id: event_id, delivered_at: wallClock() });
  const his = await seal({ kind: 'text', body: 'his own' });
  await tell('e2e.session.broken', { peer: alice.id, events: [hashOf(sent)], reply: keyText(bob.offer()) });
  const line = tab.locator('.thread .notice', { hasText: 'Bob’s device has lost one message of yours.' });
  await line.waitFor();
  await examine(tab, 'said-lost-there');
  await line.getByRole('button', { name: 'Not now' }).click();
  await line.waitFor({ state: 'hidden' });
  await tab.reload();
  await line.getByRole('checkbox', { name: 'Also all that Bob wrote in this conversation' }).check();
  await line.getByRole('button', { name: 'Send it again' }).click();
  await tab.locator('.toast', { hasText: 'The keys of 2 messages are on their way' }).waitFor();
  await line.waitFor({ state: 'hidden' });
  const opened = (await bob.pull(alice)).filter(({ event_type, author, data }) => event_type === 'chat.message.sent' && author === alice.id && data.body.e2e).map((event) => bob.open(event));
  assert.deepEqual(opened.map(({ kind }) => kind), ['text', 'keys', 'keys']);
  assert.deepEqual(opened.slice(1).map(({ keys: [{ event }] }) => event), [hashOf(sent), hashOf(his)]);
});

test('what was to be encrypted is not sent in clear but by its owner\'s word; in clear nothing is offered that can\'t be done', async () => {
  const { alice, bob } = await withPeer(false);
  const tab = await openTab(alice);
  let e2e = true;
  await tab.route(/chat\/conversations/, async (route) => { // as if the lock had been closed before
    const response = await route.fetch();
    const json = await response.json();
    for (const entry of json.output.conversations) entry.e2e &&= e2e;
    for (const entry of json.output.conversations) if (e2e) entry.e2e = true;
    await route.fulfill({ response, json });
  });
  await tab.reload();
  await row(tab, 'Bob').click();
  await tab.locator('.lock:not(.unlocked)').waitFor();
  await write(tab, 'for you alone');
  await bubble(tab, 'for you alone').getByText('can’t receive encrypted messages').waitFor();
  assert.equal((await alice.history()).length, 0);
  await examine(tab, 'said-not-sealed');
  await tab.reload();
  await bubble(tab, 'for you alone').getByText('can’t receive encrypted messages').waitFor();
  const bare = bubble(tab, 'for you alone').getByRole('button', { name: 'Send it for all to read' });
  let refused = 0;
  await tab.route(/chat\/send/, (route) => route.fulfill({ status: 409, json: { error: 'e2e_session_missing', message: ++refused } })); // as with [e2e] require = true
  await bare.click();
  await alice.until(() => refused === 1);
  await bare.waitFor(); // what was refused is what it was
  await tab.waitForFunction(() => Object.keys(localStorage).filter((name) => name.startsWith('outbox')).map((name) => JSON.parse(localStorage.getItem(name))).every(({ required, bare }) => required && !bare));
  await tab.unroute(/chat\/send/);
  e2e = false;
  await bare.click();
  await mark(tab, 'for you alone', 'queued').waitFor();
  assert.equal((await alice.history())[0].e2e, false);
  await tab.reload();
  await tab.locator('.lock.unlocked').waitFor();
  const choices = await menu(tab, 'for you alone');
  await choices.getByText('need encryption, which Bob’s device can’t do yet').waitFor();
  assert.deepEqual(await choices.getByRole('button').allTextContents(), ['Copy', 'Details']);
  await examine(tab, 'said-in-clear');
});

test('it looks good in each theme and width, and in German', { timeout: 180000 }, async () => {
  const [alice, bob] = await couple();
  const first = await bob.send(alice.id, 'Shall we meet at the pump house on Saturday? I would bring the long ladder, and somebody should have the key of the gate.');
  await alice.arrived('Shall we meet at the pump house on Saturday? I would bring the long ladder, and somebody should have the key of the gate.');
  const own = await alice.post('/api/v1/chat/send', { recipient: bob.id, body: 'I hav it', reply_to: first.event_id });
  await alice.post('/api/v1/chat/edit', { event_id: own.event_id, body: 'I have it' });
  await alice.post('/api/v1/chat/react', { event_id: first.event_id, emoji: '❤️' });
  await bob.until(async () => (await messageOf(bob, own.event_id))?.body === 'I have it');
  await bob.post('/api/v1/chat/react', { event_id: own.event_id, emoji: '😂' });
  const gone = await bob.send(alice.id, 'x');
  await alice.arrived('x');
  await bob.post('/api/v1/chat/delete', { event_id: gone.event_id, for: 'both' });
  await alice.until(async () => (await messageOf(alice, gone.event_id)).e2e === 'deleted' && (await messageOf(alice, own.event_id)).reactions);
  for (const [width, pixels] of [['desktop', 1100], ['phone', 360]]) {
    for (const colorScheme of ['light', 'dark']) {
      const tab = await openTab(alice, { colorScheme, viewport: { width: pixels, height: 720 } });
      await row(tab, 'Bob').click();
      await bubble(tab, 'Deleted by Bob.').waitFor();
      await bubble(tab, 'Shall we meet').first().hover();
      await bubble(tab, 'Shall we meet').first().getByRole('button', { name: 'Reply' }).click();
      await examine(tab, `said-${width}-${colorScheme}`);
      await menu(tab, 'I have it');
      await examine(tab, `said-menu-${width}-${colorScheme}`);
      await tab.locator('.choices').getByRole('button', { name: 'Delete …' }).click();
      await examine(tab, `said-delete-${width}-${colorScheme}`);
      await tab.close();
    }
  }
  const tab = await openTab(alice, { locale: 'de-DE', viewport: { width: 360, height: 720 } });
  await row(tab, 'Bob').click();
  await bubble(tab, 'Von Bob gelöscht.').waitFor();
  await bubble(tab, 'I have it').locator('.meta').click();
  await bubble(tab, 'I have it').locator('.details').getByText('I hav it').waitFor();
  await bubble(tab, 'I have it').hover();
  await bubble(tab, 'I have it').getByRole('button', { name: 'Mehr zu dieser Nachricht' }).click();
  await examine(tab, 'said-german');
});
