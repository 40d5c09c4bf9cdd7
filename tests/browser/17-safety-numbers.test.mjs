// Safety numbers: compared, scanned, marked at a name; and who can read what one is about to write.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fs, Node } from '../integration/support.mjs';
import { bubble, choosePicture, composer, neighbours, openTab, photograph, row, SCREENSHOTS, useBrowser } from './support.mjs';

useBrowser();
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SAME = 'We compared it: it is the same';
const VERIFIED = 'Verified: you compared the safety number';

const dialogOf = (tab) => tab.locator('dialog');
const digitsIn = async (tab) => (await tab.locator('dialog .safety').textContent()).replaceAll(' ', '');
const numberOf = (node, other) => node.get(`/api/v1/contacts/${other.id}/safety`);
const isVerified = async (node, other) => (await numberOf(node, other)).verified_at !== null;
const open = (tab) => tab.locator('.thread').getByRole('button', { name: 'Safety number' }).click();

async function examine(tab, name) {
  await tab.locator('dialog .qr').evaluate((image) => image.decode());
  await tab.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
  const problems = await tab.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')))`);
  assert.deepEqual(problems, [], name);
  for (const where of ['document.documentElement', 'document.querySelector("dialog")']) assert.equal(await tab.evaluate(`${where}.scrollWidth > ${where}.clientWidth`), false, `${name} sticks out`);
}

test('two people compare it, and a mark stands at the name until it is taken away', async () => {
  const [alice, bob] = await neighbours();
  const [tab, bobs] = [await openTab(alice), await openTab(bob)];
  const other = await openTab(alice, { context: tab.context() });
  await row(other, 'Bob').waitFor();
  await row(tab, 'Bob').click();
  await open(tab);
  await dialogOf(tab).getByText('Compare it with Bob, face to face or by phone. If it is the same, nobody is between you.').waitFor();
  await bobs.getByRole('button', { name: 'Members' }).click(); // who is a plain member finds it there, too
  await bobs.getByLabel('More about Alice').click();
  assert.equal(await bobs.getByRole('button', { name: 'Shut out … Alice' }).count(), 0);
  await bobs.getByRole('button', { name: 'Safety number Alice' }).click();
  await bobs.locator('dialog .qr').waitFor();
  const digits = await digitsIn(tab);
  assert.equal(digits, (await numberOf(bob, alice)).digits);
  assert.equal(await digitsIn(bobs), digits);
  assert.equal(await tab.locator('dialog .safety span').count(), 12);

  await dialogOf(tab).getByRole('button', { name: SAME }).click();
  await dialogOf(tab).getByText('Verified').waitFor();
  assert.equal(await isVerified(alice, bob), true);
  assert.equal(await isVerified(bob, alice), false);
  await tab.keyboard.press('Escape');
  await dialogOf(tab).waitFor({ state: 'detached' });
  await tab.locator('.thread h2').getByRole('img', { name: VERIFIED }).waitFor();
  for (const page of [tab, other]) await page.getByRole('button', { name: `Bob ${VERIFIED}` }).waitFor(); // in the list, and in another tab
  await tab.screenshot({ path: `${SCREENSHOTS}/verified.png` });
  await tab.reload();
  await tab.locator('.thread h2').getByRole('img', { name: VERIFIED }).waitFor();
  await tab.getByRole('button', { name: 'Members' }).click();
  const member = tab.locator('.member', { hasText: 'Bob' });
  await member.getByRole('img', { name: VERIFIED }).waitFor();
  assert.equal(await tab.locator('.member .verified').count(), 1);
  await tab.screenshot({ path: `${SCREENSHOTS}/verified-members.png` });

  await member.getByLabel('More about Bob').click();
  await tab.getByRole('button', { name: 'Safety number Bob' }).click();
  await dialogOf(tab).getByRole('button', { name: 'Take the mark away' }).click();
  await dialogOf(tab).getByRole('button', { name: SAME }).waitFor();
  assert.equal(await isVerified(alice, bob), false);
  await tab.keyboard.press('Escape');
  await tab.locator('.verified').first().waitFor({ state: 'detached' });
  assert.equal(await tab.locator('.verified').count(), 0);
});

test('a picture of the same number marks, of another one it warns', async () => {
  const [alice, bob] = await neighbours();
  const carol = await (await Node.create({ name: 'Carol' })).start();
  await alice.admit(carol);
  await bob.until(async () => (await bob.get('/api/v1/members')).members.length === 3);
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await open(tab);
  await dialogOf(tab).getByRole('button', { name: SAME }).waitFor();
  await choosePicture(tab, await photograph(bob, (await numberOf(bob, carol)).qr_text, { transform: 'rotate(7deg)' }));
  const warning = dialogOf(tab).getByRole('alert').getByText('Not the same.');
  await warning.waitFor();
  await examine(tab, 'safety-number-differs');
  assert.equal(await isVerified(alice, bob), false);
  await choosePicture(tab, await photograph(bob, bob.id));
  await dialogOf(tab).getByText('That code is something else').waitFor();
  await choosePicture(tab, await photograph(bob, (await numberOf(bob, alice)).qr_text, { transform: 'perspective(1600px) rotateX(14deg) rotateZ(9deg)' }));
  await dialogOf(tab).getByText('Verified').waitFor();
  assert.equal(await warning.count(), 0);
  assert.equal(await isVerified(alice, bob), true);
});

test('it looks good in each theme and width, and in German', { timeout: 120000 }, async () => {
  const [alice, bob] = await neighbours();
  for (const [width, pixels] of [['desktop', 1100], ['phone', 360]]) {
    for (const colorScheme of ['light', 'dark']) {
      const tab = await openTab(alice, { colorScheme, viewport: { width: pixels, height: 800 } });
      await row(tab, 'Bob').click();
      await open(tab);
      await examine(tab, `safety-number-${width}-${colorScheme}`);
      await dialogOf(tab).getByRole('button', { name: SAME }).click();
      await dialogOf(tab).getByText('Verified').waitFor();
      await examine(tab, `safety-number-verified-${width}-${colorScheme}`);
      await dialogOf(tab).getByRole('button', { name: 'Take the mark away' }).click();
      await dialogOf(tab).getByRole('button', { name: SAME }).waitFor();
      await tab.close();
    }
  }
  const tab = await openTab(bob, { locale: 'de-DE', viewport: { width: 360, height: 800 } });
  await row(tab, 'Alice').click();
  await tab.getByRole('button', { name: 'Sicherheitsnummer' }).click();
  await tab.getByText('Vergleiche sie mit Alice, von Angesicht zu Angesicht oder am Telefon.').waitFor();
  await examine(tab, 'safety-number-german');
});

test('by keyboard alone; what went wrong is said', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  const opener = tab.locator('.thread').getByRole('button', { name: 'Safety number' });
  await opener.focus();
  await tab.keyboard.press('Enter');
  const same = dialogOf(tab).getByRole('button', { name: SAME });
  await same.waitFor();
  for (let i = 0; i < 5 && !await same.evaluate((node) => node === document.activeElement); i++) await tab.keyboard.press('Tab');
  await tab.keyboard.press('Enter');
  await dialogOf(tab).locator('.standing.verified').waitFor();
  await tab.waitForFunction(() => document.activeElement.matches('dialog .standing')); // and is read out
  await tab.keyboard.press('Tab');
  await tab.keyboard.press('Enter');
  await same.waitFor();
  await tab.keyboard.press('Escape');
  await dialogOf(tab).waitFor({ state: 'detached' });
  assert.ok(await opener.evaluate((node) => node === document.activeElement));

  await tab.keyboard.press('Enter');
  await same.waitFor();
  await alice.post('/api/v1/revocations', { target_node_id: bob.id, reason: 'other' });
  await same.click();
  await dialogOf(tab).getByRole('alert').getByText('They are no member any more.').waitFor();
  await tab.keyboard.press('Escape');
  await opener.waitFor({ state: 'hidden' }); // there is nobody to compare with
});

/** What the API will say of a conversation and its messages: as `said` has it, which may change. */
async function says(tab, said) {
  await tab.route(/\/api\/v1\/chat\/(conversations|history)/, async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    for (const entry of json.output.conversations ?? []) entry.e2e = said.e2e;
    for (const message of json.output.messages ?? []) {
      const e2e = said.messages[message.body];
      if (e2e !== undefined) Object.assign(message, { e2e }, e2e && e2e !== 'ok' && { body: '' });
    }
    await route.fulfill({ response, json });
  });
}

test('no name has a mark', async () => {
  const { nameOf } = await import('../../web/text.js');
  const shown = (display_name) => nameOf({ display_name, short_id: 'ed25519:ABCD', namesake: null });
  for (const mark of ['\u2713', '\u2714\ufe0f', '\u2705', '\u2611\ufe0f', '\u{1f6e1}\ufe0f', '\u{1f512}', '\u{1f513}']) assert.deepEqual([shown(`Bob ${mark}`), shown(mark)], ['Bob (ABCD)', 'ABCD']);
  assert.equal(shown('Bob \u2764\ufe0f'), 'Bob \u2764\ufe0f');
});

test('a lock says who reads what one writes; what can\'t be read says why', async () => {
  const [alice, bob] = await neighbours();
  for (const body of ['in clear', 'a', 'b', 'c', 'd', 'sealed']) {
    await bob.send(alice.id, body);
    await alice.arrived(body);
  }
  const tab = await openTab(alice);
  const said = { e2e: undefined, messages: {} };
  await says(tab, said);
  await tab.reload();
  await row(tab, 'Bob').click();
  await bubble(tab, 'in clear').waitFor();
  assert.equal(await tab.locator('.lock:visible, .unlocked').count(), 0); // a node that says nothing of it

  Object.assign(said, { e2e: true, messages: { 'in clear': false, a: 'waiting', b: 'unreadable', c: 'expired', d: 'one of the future', sealed: 'ok' } });
  await tab.reload();
  await bubble(tab, 'sealed').waitFor();
  assert.deepEqual(await tab.locator('.message .text').allTextContents(), ['in clear', 'Lost on this device. Ask Bob to send it again.', // it was delivered
    'Encrypted, and can’t be opened: it is damaged, or not for this device.', 'Deleted: its time was over.', 'Encrypted; a newer hearthchat can read it.', 'sealed']);
  assert.equal(await composer(tab).getAttribute('placeholder'), 'Write, encrypted');
  assert.equal(await tab.locator('.warned').isVisible(), false);
  await tab.getByRole('button', { name: 'Encrypted: only you and Bob can read it.' }).click();
  await tab.locator('.toast').waitFor();
  await tab.locator('.toast').waitFor({ state: 'detached' });
  await bubble(tab, 'in clear').getByRole('img', { name: 'Not encrypted: every member of the community can read it.' }).waitFor();
  assert.equal(await tab.locator('.message .unlocked').count(), 1);
  await bubble(tab, 'sealed').locator('.meta').click();
  await bubble(tab, 'sealed').locator('.details').getByText('Encrypted: only you and Bob can read it.').waitFor();
  await bubble(tab, 'in clear').locator('.meta').click();
  await bubble(tab, 'in clear').locator('.details').getByText('Not encrypted: every member').waitFor();
  await tab.screenshot({ path: `${SCREENSHOTS}/locks.png` });

  Object.assign(said, { e2e: false, messages: {} });
  await tab.reload();
  await tab.getByRole('button', { name: 'Not encrypted yet: every member of the community can read what you write here.' }).waitFor();
  assert.equal(await tab.locator('.message .unlocked').count(), 0);
  assert.equal(await composer(tab).getAttribute('placeholder'), 'Write a message');
  assert.equal(await tab.locator('.warned:visible').textContent(), 'Not encrypted yet: every member of the community can read what you write here.');
  await composer(tab).fill('typed');
  await tab.screenshot({ path: `${SCREENSHOTS}/lock-open.png` });

  // Of what the other device can do no event tells: it is looked at as one opens the conversation, and while one is there.
  const closed = tab.getByRole('button', { name: 'Encrypted: only you and Bob can read it.' });
  await tab.clock.install();
  for (const look of [() => row(tab, 'Bob').click(), () => tab.clock.fastForward(40000)]) {
    const heard = tab.heard.length;
    said.e2e = false;
    await tab.reload();
    await tab.locator('.lock.unlocked').waitFor();
    await alice.until(() => tab.heard.length > heard);
    await tab.clock.fastForward(1000); // what was begun with the page is over
    await tab.evaluate(() => fetch('/api/v1/chat/conversations'));
    said.e2e = true;
    await look();
    await closed.waitFor({ timeout: 15000 });
  }
});

test('what the node opened comes with its event, and what it opens later is shown in its place', async () => {
  const { messageOf, Timeline } = await import('../../web/timeline.js');
  const event = (n, more) => ({ event_id: `0${n}`, event_type: 'chat.message.sent', lamport: n, author: 'bob', wall_clock: '2026-01-01T00:00:00Z', data: { recipient: 'alice', client_id: `${n}`, body: { e2e: true }, attachments: [] }, ...more });
  const attachments = [{ cid: 'c', name: 'n' }];
  assert.deepEqual([messageOf(event(1)).unsure, messageOf(event(1)).body], [true, '']);
  const { body, e2e } = messageOf(event(1, { opened: { kind: 'text', body: 'hello', attachments } }));
  assert.deepEqual([body, e2e], ['hello', 'ok']);
  assert.deepEqual(messageOf(event(1, { opened: { kind: 'text', body: '', attachments } })).attachments, attachments);

  const timeline = new Timeline('alice', 'bob');
  timeline.reset([], { older: false, newer: false });
  timeline.take(event(1, { opened: { kind: 'text', body: 'hello' } }));
  assert.equal(timeline.stale, false);
  timeline.take(event(2));
  assert.equal(timeline.stale, true); // what it is, the history says
  assert.equal(timeline.messages.length, 1);
  const read = (...messages) => {
    timeline.begin();
    timeline.stale = false;
    timeline.take(event(2)); // comes once more meanwhile
    timeline.refresh(messages, false);
  };
  const stored = (n, e2e, text = '') => ({ ...messageOf(event(n)), e2e, body: text, unsure: undefined });
  read(stored(1, 'ok', 'hello'), stored(2, 'waiting'));
  assert.deepEqual(timeline.messages.map((message) => message.e2e), ['ok', 'waiting']);
  assert.equal(timeline.stale, false);
  timeline.take({ event_type: 'chat.message.delivered', author: 'alice', data: { target_event_id: '02', delivered_at: '2026-01-01T00:01:00Z' } });
  assert.equal(timeline.stale, true); // it has opened it
  read(stored(1, 'ok', 'hello'), stored(2, 'ok', 'at last'));
  timeline.take(event(2)); // the stream began again
  assert.deepEqual(timeline.messages.map(({ body: text }) => text), ['hello', 'at last']);
  assert.equal(timeline.stale, false);
  read(stored(1, 'ok', 'other words'));
  assert.deepEqual(timeline.messages.map(({ body: text }) => text), ['other words']); // what it was is said of the first
  timeline.take(event(1, { opened: { kind: 'text', body: 'hello' } }));
  assert.equal(timeline.messages[0].body, 'other words'); // the event knows how it was at first
});
