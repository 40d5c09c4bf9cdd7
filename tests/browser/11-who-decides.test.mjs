// Levels, shutting out and agreeing to it, with buttons alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Node } from '../integration/support.mjs';
import { bubble, mark, openTab, row, SCREENSHOTS, useBrowser, write } from './support.mjs';

useBrowser();

const levelOf = async (node, { id }) => (await node.get('/api/v1/members')).members.find(({ node_id }) => node_id === id)?.level;

/** Alice's community of that policy, and others in it, all running. */
async function community(signatures, names) {
  const nodes = [];
  for (const name of ['Alice', ...names]) {
    const node = await (await Node.create({ name, ...(name === 'Alice' ? { community: 'Our street', signatures } : {}) })).start();
    if (nodes.length) await nodes[0].admit(node);
    nodes.push(node);
  }
  return nodes;
}

async function choose(tab, name, what) {
  await tab.getByRole('button', { name: 'Members' }).click();
  await tab.getByLabel(`More about ${name}`).click();
  await tab.getByRole('button', { name: `${what} ${name}` }).click();
}

test('a member is made trusted, and a member again', async () => {
  const [alice, bob] = await community('1', ['Bob']);
  const tab = await openTab(alice);
  await choose(tab, 'Bob', 'Make trusted');
  await tab.locator('dialog').getByRole('button', { name: 'Make trusted' }).click();
  await tab.locator('.member', { hasText: 'Bob' }).getByText('Trusted').waitFor();
  assert.equal(await levelOf(alice, bob), 'trusted');
  await tab.getByLabel('More about Bob').click();
  await tab.screenshot({ path: `${SCREENSHOTS}/member-menu.png` });
  await tab.keyboard.press('Escape');
  await choose(tab, 'Bob', 'Make member');
  await tab.locator('dialog').getByRole('button', { name: 'Make member' }).click();
  await bob.until(async () => await levelOf(bob, bob) === 'member');
});

test('to be trusted takes one; the founder stays what they are unless as many agree as the policy says', async () => {
  const [alice, bob, carol] = await community('1', ['Bob', 'Carol']);
  await alice.post('/api/v1/levels', { target_node_id: bob.id, new_level: 'trusted' });
  await bob.until(async () => await levelOf(bob, bob) === 'trusted' && await levelOf(bob, carol) === 'member');
  const tab = await openTab(bob);
  const dialog = tab.locator('dialog');
  await choose(tab, 'Alice', 'Make member');
  await dialog.getByText('This takes 3 trusted members, and there is one who could agree').waitFor();
  assert.equal(await dialog.getByRole('button', { name: 'Make member' }).isDisabled(), true);
  await tab.keyboard.press('Escape');
  await choose(tab, 'Carol', 'Make trusted');
  await dialog.getByText('may then invite trusted members').waitFor();
  assert.equal(await dialog.getByText('must agree').count(), 0);
  await dialog.getByRole('button', { name: 'Make trusted' }).click();
  await bob.until(async () => await levelOf(bob, carol) === 'trusted');
});

test('an agreement that was collected stands there, whatever the dialog was left with', async () => {
  const [alice, bob, carol] = await community('1', ['Bob', 'Carol']);
  for (const { id } of [bob, carol]) await alice.post('/api/v1/levels', { target_node_id: id, new_level: 'trusted' });
  await bob.until(async () => await levelOf(bob, bob) === 'trusted' && await levelOf(bob, carol) === 'trusted');
  const tab = await openTab(alice);
  const theirs = tab.locator('dialog').getByLabel('What they answered');
  const { text } = await bob.post('/api/v1/co-signatures', { target_node_id: carol.id, new_level: 'member' });
  for (const entered of ['', 'half of an ans']) {
    await choose(tab, 'Carol', 'Make member');
    await theirs.fill(entered);
    await tab.keyboard.press('Escape');
    await tab.locator('dialog').waitFor({ state: 'detached' });
    await bob.send(alice.id, `hearthchat co-sign ${carol.id} --level member\n${text}`);
    await row(tab, 'Bob').click();
    await tab.getByRole('button', { name: 'Use the agreement' }).last().click();
    assert.equal(await theirs.inputValue(), text);
    await tab.keyboard.press('Escape');
  }
  await tab.getByRole('button', { name: 'Use the agreement' }).last().click();
  await tab.locator('dialog').getByRole('button', { name: 'Make member' }).click();
  await bob.until(async () => await levelOf(bob, carol) === 'member');
});

test('who is made trusted may look at requests at once, and who is no more, no more', async () => {
  const [alice, bob, carol] = await community('1', ['Bob', 'Carol']);
  const tab = await openTab(bob);
  const agree = tab.getByRole('button', { name: 'Agree to a request' });
  await carol.until(async () => await levelOf(carol, bob) === 'member');
  await carol.send(bob.id, `hearthchat co-sign ${alice.id} --reason other`);
  await row(tab, 'Carol').click();
  await bubble(tab, 'co-sign').waitFor();
  assert.equal(await tab.getByRole('button', { name: 'Look at the request' }).count(), 0);
  await alice.post('/api/v1/levels', { target_node_id: bob.id, new_level: 'trusted' });
  await tab.getByRole('button', { name: 'Look at the request' }).waitFor();
  await tab.getByRole('button', { name: 'Members' }).click();
  await agree.waitFor();
  await alice.post('/api/v1/levels', { target_node_id: bob.id, new_level: 'member' });
  await agree.waitFor({ state: 'hidden' });
  await alice.post('/api/v1/levels', { target_node_id: bob.id, new_level: 'trusted' });
  await agree.waitFor();
});

test('a menu is left by a press elsewhere or by Tab, and its items work where a press gives no focus', async () => {
  const [alice] = await community('1', ['Bob']);
  const tab = await openTab(alice);
  await tab.evaluate(() => document.addEventListener('mousedown', (event) => { // as Safari does
    if (!event.target.closest('button')) return;
    event.preventDefault();
    document.activeElement.blur();
  }));
  await tab.getByRole('button', { name: 'Members' }).click();
  const trust = tab.getByRole('button', { name: 'Make trusted Bob' });
  const more = tab.getByLabel('More about Bob');
  await more.click();
  await trust.focus();
  await trust.click();
  await tab.locator('dialog').getByRole('button', { name: 'Close' }).click();
  await tab.locator('dialog').waitFor({ state: 'detached' });
  await more.click();
  await trust.waitFor();
  await tab.getByText('2 members', { exact: true }).click();
  await trust.waitFor({ state: 'hidden' });
  await more.press('Enter');
  await trust.waitFor();
  await more.press('Shift+Tab');
  await trust.waitFor({ state: 'hidden' });

  await row(tab, 'Bob').click();
  await write(tab, 'with a menu');
  const item = tab.locator('.choices').getByRole('button', { name: 'Details' });
  for (const leave of [() => item.click(), () => tab.locator('.thread h2').click()]) {
    await bubble(tab, 'with a menu').hover();
    await bubble(tab, 'with a menu').getByRole('button', { name: 'More' }).click();
    await item.waitFor();
    await leave();
    await item.waitFor({ state: 'hidden' });
  }
  await bubble(tab, 'with a menu').locator('.details').waitFor();
});

test('what is pointed at, and what is open, stays so while the message is stored', async () => {
  const [alice] = await community('1', ['Bob']);
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  /** Writes `text`, points at it before its node has it, does `more`; then its node gets it. */
  const storedAfter = async (text, more) => {
    let send = null;
    const asked = new Promise((resolve) => { send = resolve; });
    await tab.route('**/api/v1/chat/send', (route) => send(route));
    await write(tab, text);
    const route = await asked;
    await bubble(tab, text).hover();
    await more(bubble(tab, text).getByRole('button', { name: 'More' }));
    const heard = tab.heard.length;
    await route.continue();
    await alice.until(() => tab.heard.slice(heard).some((frame) => frame.includes(text)));
    await tab.unroute('**/api/v1/chat/send');
  };
  const item = tab.locator('.choices').getByRole('button', { name: 'Details' });
  await storedAfter('pointed at', (more) => more.waitFor());
  await mark(tab, 'pointed at', 'sending').waitFor({ state: 'detached' }); // drawn anew, and the pointer has not moved
  assert.equal(await bubble(tab, 'pointed at').locator('.tools').count(), 1);

  await storedAfter('pressed', async (more) => { await more.hover(); await tab.mouse.down(); });
  await tab.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await tab.mouse.up();
  await item.waitFor();
  await tab.keyboard.press('Escape');

  await storedAfter('with a menu', (more) => more.click());
  await tab.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))); // it would be drawn anew by now
  assert.ok(await item.isVisible());
  await item.click();
  await bubble(tab, 'with a menu').locator('.details', { hasText: 'Event' }).waitFor();
  await mark(tab, 'with a menu', 'sending').waitFor({ state: 'detached' });
});

test('what is pressed stays where it is while messages arrive', async () => {
  const [alice, bob] = await community('1', ['Bob']);
  await bob.send(alice.id, 'a line\n'.repeat(60));
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await write(tab, 'the last one'); // at the end, which is followed
  await mark(tab, 'the last one', 'sending').waitFor({ state: 'detached' });
  const last = bubble(tab, 'the last one');
  await last.hover();
  await last.getByRole('button', { name: 'More' }).hover();
  const before = await last.boundingBox();
  await tab.mouse.down();
  const heard = tab.heard.length;
  await bob.send(alice.id, 'meanwhile');
  await alice.until(() => tab.heard.slice(heard).some((frame) => frame.includes('meanwhile')));
  await tab.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.deepEqual(await last.boundingBox(), before);
  await tab.mouse.up();
  await tab.locator('.choices').getByRole('button', { name: 'Details' }).waitFor();
  await bubble(tab, 'meanwhile').waitFor();
});

test('an open menu stays open while what was written before is drawn anew', async () => {
  const [alice, bob] = await community('1', ['Bob']);
  await bob.stop();
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  for (const text of ['the first', 'the second']) await write(tab, text);
  await mark(tab, 'the second', 'queued').waitFor();
  await bubble(tab, 'the second').hover();
  await bubble(tab, 'the second').getByRole('button', { name: 'More' }).click();
  await bob.start();
  await mark(tab, 'the first', 'delivered').waitFor();
  assert.ok(await tab.locator('.choices').getByRole('button', { name: 'Details' }).isVisible());
});

test('an open menu stays open while members come and go', async () => {
  const [alice, bob, carol] = await community('1', ['Bob', 'Carol']);
  const tab = await openTab(alice);
  const place = (node) => tab.locator(`[data-member="${node.id}"] .about`);
  await tab.getByRole('button', { name: 'Members' }).click();
  for (const node of [bob, carol]) await place(node).getByText('Online').waitFor();
  await tab.getByLabel('More about Bob').click();
  const shutOut = tab.getByRole('button', { name: 'Shut out … Bob' });
  await shutOut.focus();
  for (const node of [carol, bob]) {
    await node.stop();
    await place(node).getByText('Online').waitFor({ state: 'detached' });
    assert.ok(await shutOut.evaluate((item) => item === document.activeElement));
  }
  await bob.start();
  await place(bob).getByText('Online').waitFor();
  await bob.post('/api/v1/node', { display_name: 'Robert' });
  await tab.getByLabel('More about Robert').waitFor(); // what it does is another thing now
  assert.equal(await shutOut.count(), 0);
});

test('who is asked agrees by a button, and the one who asked carries it out', async () => {
  const [alice, bob, carol] = await community('2', ['Bob', 'Carol']);
  await alice.post('/api/v1/levels', { target_node_id: bob.id, new_level: 'trusted' });
  await bob.until(async () => await levelOf(bob, bob) === 'trusted' && await levelOf(bob, carol) === 'member');
  const [tab, bobs] = [await openTab(alice), await openTab(bob)];
  await choose(tab, 'Carol', 'Shut out …');
  await tab.locator('dialog').getByLabel('Reason').selectOption('It is not used any more');
  await tab.locator('dialog').getByRole('button', { name: 'Ask Bob' }).click();
  await tab.getByText('Bob is asked').waitFor();
  await tab.screenshot({ path: `${SCREENSHOTS}/shutting-out-asks.png` });
  await tab.keyboard.press('Escape');

  await row(bobs, 'Alice').click();
  await bubble(bobs, 'Do you agree that Carol is shut out?').getByRole('button', { name: 'Look at the request' }).click();
  const dialog = bobs.locator('dialog');
  await dialog.getByText('Carol is shut out for good. Reason: It is not used any more.').waitFor();
  await dialog.getByText(carol.shortId.replace('ed25519:', '')).waitFor();
  await bobs.screenshot({ path: `${SCREENSHOTS}/agreeing.png` });
  await dialog.getByRole('button', { name: 'I agree: tell Alice' }).click();
  await dialog.waitFor({ state: 'detached' });

  await row(tab, 'Bob').click();
  await tab.getByRole('button', { name: 'Use the agreement' }).click();
  await tab.locator('dialog').getByLabel('To go on, type the short id').fill(carol.shortId);
  await tab.locator('dialog').getByRole('button', { name: 'Shut Carol out for good' }).click();
  await tab.locator('dialog').waitFor({ state: 'detached' });
  await bob.until(async () => await levelOf(bob, carol) === undefined);
});

test('a request is also entered, and what it gives is copied', async () => {
  const [alice, bob, carol] = await community('2', ['Bob', 'Carol']);
  await alice.post('/api/v1/levels', { target_node_id: bob.id, new_level: 'trusted' });
  await bob.until(async () => await levelOf(bob, bob) === 'trusted' && await levelOf(bob, carol) === 'member');
  const tab = await openTab(bob);
  await tab.getByRole('button', { name: 'Members' }).click();
  await tab.getByRole('button', { name: 'Agree to a request' }).click();
  const dialog = tab.locator('dialog');
  await dialog.getByLabel('The request').fill('please!');
  await dialog.getByRole('button', { name: 'Look at it' }).click();
  await dialog.getByText('That is no request.').waitFor();
  await dialog.getByLabel('The request').fill(`Hi Bob,\n> hearthchat co-sign ${carol.id} --reason other\nThanks`);
  await dialog.getByRole('button', { name: 'Look at it' }).click();
  await dialog.getByRole('button', { name: 'I agree' }).click();
  const [node_id, signature] = (await dialog.locator('code').textContent()).split(',');
  await alice.post('/api/v1/revocations', { target_node_id: carol.id, reason: 'other', co_signers: [{ node_id, signature }] });
});

test('what only looks like a request, or is one for a thing that there is not, has no button', async () => {
  const [alice, bob, carol] = await community('1', ['Bob', 'Carol']);
  await bob.until(async () => await levelOf(bob, carol) === 'member');
  const bodies = [`hearthchat co-sign ${carol.id} --reason spite`, `hearthchat co-sign ${carol.id} --level king`, `hearthchat co-sign ${carol.shortId} --reason other`, 'hearthchat co-sign __proto__ --reason constructor', `hearthchat co-sign ${carol.id} --reason otherwise`];
  for (const body of bodies) await bob.send(alice.id, body);
  await bob.send(alice.id, `hearthchat co-sign ${carol.id} --level anchor`);
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await bubble(tab, '--level anchor').getByRole('button', { name: 'Look at the request' }).click();
  await tab.locator('dialog').getByText('Carol becomes an anchor of the community.').waitFor();
  await tab.keyboard.press('Escape');
  assert.equal(await tab.locator('.message').count(), bodies.length + 1);
  assert.equal(await tab.getByRole('button', { name: 'Look at the request' }).count(), 1);
});

test('an agreement is to one thing alone', async () => {
  const [alice, bob, carol] = await community('2', ['Bob', 'Carol']);
  const refused = async (body) => assert.equal((await bob.request('POST', '/api/v1/co-signatures', body)).status, 400, JSON.stringify(body));
  await bob.until(async () => await levelOf(bob, carol) === 'member');
  for (const body of [{}, { target_node_id: carol.id }, { target_node_id: carol.id, reason: 'spite' }, { target_node_id: carol.id, reason: 'other', new_level: 'member' }, { target_node_id: carol.id, new_level: 'king' }]) await refused(body);
  const { node_id, signature, text } = await bob.post('/api/v1/co-signatures', { target_node_id: carol.shortId, reason: 'inactive' });
  assert.equal(text, `${node_id},${signature}`);
  await alice.post('/api/v1/levels', { target_node_id: bob.id, new_level: 'trusted' });
  const other = await alice.request('POST', '/api/v1/revocations', { target_node_id: carol.id, reason: 'other', co_signers: [{ node_id, signature }] });
  assert.notEqual(other.status, 200);
  await alice.post('/api/v1/revocations', { target_node_id: carol.id, reason: 'inactive', co_signers: [{ node_id, signature }] });
});
