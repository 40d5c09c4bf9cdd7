// What one keeps of somebody for oneself: a nickname, pinned, muted, blocked; and a conversation deleted here.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fs, Node } from '../integration/support.mjs';
import { bubble, composer, neighbours, openTab, row, SCREENSHOTS, useBrowser, write } from './support.mjs';

useBrowser();
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const dialogOf = (tab) => tab.locator('dialog');
const open = (tab) => tab.locator('.thread').getByRole('button', { name: 'Contact' }).click();
const close = async (tab) => {
  await tab.keyboard.press('Escape');
  await dialogOf(tab).waitFor({ state: 'detached' });
};
const kept = (node, other) => node.get(`/api/v1/contacts/${other.id}`);
const names = (tab) => tab.locator('.conversations .row .name').allTextContents();

/** Alice's street with Bob and Carol, each of whom has written to her. */
async function street() {
  const [alice, bob] = await neighbours();
  const carol = await (await Node.create({ name: 'Carol' })).start();
  await alice.admit(carol);
  for (const node of [bob, carol]) await node.until(async () => (await node.get('/api/v1/members')).members.length === 3);
  await bob.send(alice.id, 'hello from Bob');
  await alice.arrived('hello from Bob');
  await carol.send(alice.id, 'hello from Carol');
  await alice.arrived('hello from Carol');
  return [alice, bob, carol];
}

async function examine(tab, name) {
  await tab.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
  const problems = await tab.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')))`);
  assert.deepEqual(problems, [], name);
  for (const where of ['document.documentElement', 'document.querySelector("dialog") ?? document.body']) assert.equal(await tab.evaluate(`(${where}).scrollWidth > (${where}).clientWidth`), false, `${name} sticks out`);
}

test('a nickname stands wherever the name did, in every tab, and is found; the signed name stays to be seen', async () => {
  const [alice, bob, carol] = await street();
  const tab = await openTab(alice);
  const other = await openTab(alice, { context: tab.context() });
  await row(other, 'Bob').waitFor();
  await row(tab, 'Bob').click();
  await open(tab);
  await dialogOf(tab).getByLabel('Nickname').fill('Uncle Rob');
  await tab.keyboard.press('Enter');
  await tab.locator('.thread h2', { hasText: 'Uncle Rob' }).waitFor();
  await dialogOf(tab).getByText('They call themselves').getByText('Bob').waitFor();
  await dialogOf(tab).getByLabel('Nickname').fill('n'.repeat(40) + 'é'.repeat(24));
  await tab.keyboard.press('Enter');
  await dialogOf(tab).getByText('This can’t be a nickname').waitFor();
  await close(tab);
  await row(other, 'Uncle Rob').waitFor();
  assert.equal((await kept(alice, bob)).nickname, 'Uncle Rob');
  for (const words of ['uncle', 'Bob']) {
    await tab.locator('#search').fill(words);
    await tab.locator('.results .row', { hasText: 'Uncle Rob' }).first().waitFor();
  }
  await tab.locator('#search').fill('');
  await carol.post('/api/v1/node', { display_name: 'Uncle Rob' }); // who takes it is told apart
  await tab.reload();
  await tab.waitForFunction(() => [...document.querySelectorAll('.conversations .name')].some(({ textContent }) => /^Uncle Rob \([A-Z2-7-]{19}\)/.test(textContent)));
  assert.equal((await names(tab)).filter((name) => name.trim() === 'Uncle Rob').length, 1);
  await tab.getByRole('button', { name: 'Members' }).click();
  await tab.locator('.member', { hasText: 'They call themselves Bob' }).waitFor();
  await examine(tab, 'contacts-members');
});

test('who is pinned comes first, who is muted is counted and says nothing', async () => {
  const [alice, bob, carol] = await street();
  const tab = await openTab(alice);
  await row(tab, 'Carol').waitFor();
  assert.match((await names(tab))[0], /Carol/);
  await row(tab, 'Bob').click();
  await open(tab);
  await dialogOf(tab).getByRole('checkbox', { name: 'Pin' }).check();
  await dialogOf(tab).getByRole('checkbox', { name: 'Mute' }).check();
  await close(tab);
  await tab.waitForFunction(() => /Bob/.test(document.querySelector('.conversations .name').textContent));
  await row(tab, 'Bob').getByRole('img', { name: 'Pinned' }).waitFor();
  await row(tab, 'Bob').getByRole('img', { name: 'Muted' }).waitFor();
  await carol.send(alice.id, 'newest of all');
  await row(tab, 'newest of all').waitFor();
  assert.match((await names(tab))[0], /Bob/);
  await row(tab, 'Carol').click();
  await bob.send(alice.id, 'psst');
  await row(tab, 'psst').getByText('1 unread').waitFor();
  await carol.send(alice.id, 'aloud');
  await bubble(tab, 'aloud').waitFor();
  await tab.locator('#announcer', { hasText: 'aloud' }).waitFor({ state: 'attached' });
  assert.doesNotMatch(await tab.locator('#announcer').textContent(), /psst/);
  await tab.reload();
  await row(tab, 'Bob').getByRole('img', { name: 'Pinned' }).waitFor();
});

test('who is blocked is out of sight until the settings let them back', async () => {
  const [alice, bob] = await street();
  const tab = await openTab(alice);
  const other = await openTab(alice, { context: tab.context() });
  await row(tab, 'Bob').click();
  await bubble(tab, 'hello from Bob').waitFor();
  await open(tab);
  await dialogOf(tab).getByRole('checkbox', { name: 'Block' }).check();
  await close(tab);
  await tab.getByText('You have blocked Bob.').waitFor();
  assert.equal(await composer(tab).isVisible(), false);
  for (const page of [tab, other]) await row(page, 'Bob').waitFor({ state: 'detached' });
  await bob.send(alice.id, 'let me in');
  await alice.until(async () => (await alice.get('/api/v1/node')).fingerprint === (await bob.get('/api/v1/node')).fingerprint);
  await examine(tab, 'contacts-blocked');
  await tab.getByRole('button', { name: 'Settings' }).click();
  await dialogOf(tab).getByText('Blocked', { exact: true }).click();
  await examine(tab, 'contacts-settings');
  await dialogOf(tab).getByRole('button', { name: 'Unblock Bob' }).press('Enter');
  await dialogOf(tab).getByText('Nobody is blocked.').waitFor();
  await close(tab);
  for (const page of [tab, other]) await row(page, 'Bob').waitFor();
  assert.equal(await bubble(tab, 'let me in').count(), 0);
  await write(tab, 'hello again');
  await bob.arrived('hello again');
});

test('a conversation is deleted here, in every tab, after saying so', async () => {
  const [alice, bob] = await street();
  const tab = await openTab(alice);
  const other = await openTab(alice); // of another browser: the node tells it
  await Promise.all([tab.live, other.live]);
  for (const page of [tab, other]) await row(page, 'Bob').click();
  for (const page of [tab, other]) await bubble(page, 'hello from Bob').waitFor();
  await open(tab);
  await dialogOf(tab).getByText('Delete the conversation …').click();
  await examine(tab, 'contacts-clear');
  await dialogOf(tab).getByRole('button', { name: 'Delete here' }).click();
  await tab.getByText('One message was deleted on this device.').first().waitFor();
  for (const page of [tab, other]) await bubble(page, 'hello from Bob').waitFor({ state: 'detached' });
  await row(tab, 'hello from Bob').waitFor({ state: 'detached' });
  await bob.send(alice.id, 'what now');
  for (const page of [tab, other]) await bubble(page, 'what now').waitFor();
  await tab.reload();
  await bubble(tab, 'what now').waitFor();
  assert.equal(await tab.locator('.message').count(), 1);
  await alice.post(`/api/v1/contacts/${bob.id}`, { nickname: 'Robert' });
  await row(tab, 'Robert').waitFor();
  await alice.post('/api/v1/chat/clear', { peer: bob.id }); // by a command
  for (const page of [tab, other]) await bubble(page, 'what now').waitFor({ state: 'detached' });
  await bob.send(alice.id, 'and now');
  for (const page of [tab, other]) await bubble(page, 'and now').waitFor();
});

test('it looks good in each theme and width, in German, and by keyboard alone', { timeout: 120000 }, async () => {
  const [alice, bob] = await street();
  await alice.post(`/api/v1/contacts/${bob.id}`, { pinned: true, muted: true });
  for (const [width, pixels] of [['desktop', 1100], ['phone', 360]]) {
    for (const colorScheme of ['light', 'dark']) {
      const tab = await openTab(alice, { colorScheme, viewport: { width: pixels, height: 900 } });
      await row(tab, 'Bob').waitFor();
      await examine(tab, `contacts-list-${width}-${colorScheme}`);
      await row(tab, 'Bob').click();
      await open(tab);
      await examine(tab, `contacts-${width}-${colorScheme}`);
      await tab.close();
    }
  }
  const tab = await openTab(alice, { locale: 'de-DE', viewport: { width: 360, height: 900 } });
  await row(tab, 'Bob').click();
  const opening = tab.locator('.thread').getByRole('button', { name: 'Kontakt' });
  await opening.press('Enter');
  const mute = dialogOf(tab).getByRole('checkbox', { name: 'Stumm schalten' });
  await mute.press(' ');
  await alice.until(async () => (await kept(alice, bob)).muted === false);
  await dialogOf(tab).getByText('Unterhaltung löschen …').click();
  await examine(tab, 'contacts-german');
  await close(tab);
  assert.ok(await opening.evaluate((node) => node === document.activeElement));
});
