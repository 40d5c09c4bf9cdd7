// Each view in each theme and width: axe-core finds nothing, nothing sticks out, and a picture is kept for people to look at
// (build/screenshots). And the whole of it by keyboard alone, in German, for people who listen.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Node, Peer, fs } from '../integration/support.mjs';
import { bubble, composer, mark, neighbours, openTab, row, SCREENSHOTS, useBrowser, write } from './support.mjs';

useBrowser();
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WIDTHS = { desktop: 1100, phone: 360 };

async function examine(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
  const problems = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html.slice(0, 160) + ' ' + failureSummary).join(' | ')))`);
  assert.deepEqual(problems, [], name);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  assert.equal(sideways, false, `${name} sticks out`);
}

/** A street with something to see in it. */
async function street() {
  const alice = await (await Node.create({ name: 'Alice Sommer', community: 'Lindenstraße 4–18' })).start();
  const bob = await (await Node.create({ name: 'Bob Krämer' })).start();
  const carol = await (await Node.create({ name: 'Carol' })).start();
  await alice.admit(bob, { initial_level: 'trusted' });
  await alice.admit(carol);
  const peer = new Peer();
  await peer.join(alice, 'Ein sehr langer Name, wie ihn manche Leute nun einmal haben');
  const { head } = await alice.get('/api/v1/node');
  await peer.push(alice, peer.event(peer.community, head + 1, 'chat.message.sent', { client_id: 'a', recipient: alice.id, body: 'Here is the plan of the garden', attachments: [{ cid: `blake3:${'0'.repeat(64)}`, name: 'garden plan, second version.pdf' }] }));
  for (const [from, to, body] of [[bob, alice, 'Good morning! Is the well working again?'], [alice, bob, 'Since last night. The pump is new.'], [alice, bob, 'Come by, there is cake.\nAnd coffee.'],
    [bob, alice, 'Wonderful 😊 The instructions are at https://example.org/pump'], [bob, alice, 'I will be there at four, and I bring the long ladder, so that we can look at the gutter while the weather holds.']]) {
    await from.send(to.id, body);
    await to.arrived(body);
  }
  await carol.until(async () => (await carol.get('/api/v1/node')).head >= (await alice.get('/api/v1/node')).head); // what she writes comes after all that
  await carol.send(alice.id, 'Who has a spare fuse, 16 A?');
  await alice.arrived('Who has a spare fuse, 16 A?');
  return { alice, bob, carol };
}

test('every view, theme and width', { timeout: 300000 }, async () => {
  const { alice, bob } = await street();
  const fresh = await (await Node.create({ name: 'Dora' })).start();
  for (const [width, pixels] of Object.entries(WIDTHS)) {
    for (const colorScheme of ['light', 'dark']) {
      const options = { colorScheme, viewport: { width: pixels, height: 720 } };
      const named = (view) => `${view}-${width}-${colorScheme}`;
      const welcome = await openTab(fresh, options);
      await welcome.getByText('Welcome').waitFor();
      await welcome.getByText('Rules').click();
      await examine(welcome, named('welcome'));
      await welcome.close();

      const tab = await openTab(alice, options);
      await row(tab, 'Bob').waitFor();
      await examine(tab, named('list'));
      await row(tab, 'Bob').click();
      await bubble(tab, 'long ladder').waitFor();
      await bubble(tab, 'The pump is new').locator('.meta').click();
      await tab.locator('.details').waitFor();
      await examine(tab, named('conversation'));
      await tab.getByRole('button', { name: 'Search in this conversation' }).click();
      await tab.locator('#search').fill('pump');
      await tab.locator('.results mark').first().waitFor();
      await examine(tab, named('search'));
      await tab.locator('#search').fill('');
      await tab.getByRole('button', { name: 'Only with Bob' }).click();
      await row(tab, 'Ein sehr').click();
      await tab.locator('.attachment').waitFor();
      await examine(tab, named('attachment'));
      await tab.goto(`${alice.ui}/#/members`);
      await tab.locator('.member', { hasText: 'Carol' }).waitFor();
      await examine(tab, named('members'));
      await tab.getByLabel('More about Carol').click();
      await tab.getByRole('button', { name: 'Shut out … Carol' }).click();
      await tab.locator('dialog').waitFor();
      await examine(tab, named('revocation'));
      await tab.keyboard.press('Escape');
      await tab.locator('dialog').waitFor({ state: 'detached' });
      await tab.goto(`${alice.ui}/#/`);
      await tab.locator('.side').getByRole('button', { name: 'Invite' }).click();
      await tab.locator('dialog .qr:not(.waiting)').evaluate((image) => image.decode());
      await tab.getByText('Lets one person in').click();
      await tab.getByText('Invite one device by its id').click();
      await examine(tab, named('invite'));
      await tab.getByLabel('Their id').fill(fresh.id);
      await tab.getByRole('button', { name: 'Make the invite' }).click();
      await tab.locator('dialog details .qr').evaluate((image) => image.decode());
      await examine(tab, named('invited'));
      await tab.keyboard.press('Escape');
      await tab.locator('dialog').waitFor({ state: 'detached' });
      await tab.getByRole('button', { name: 'Settings' }).click();
      await tab.locator('dialog').waitFor();
      await examine(tab, named('settings'));
      await tab.getByText('My id', { exact: true }).click();
      await tab.locator('dialog .qr').evaluate((image) => image.decode());
      await examine(tab, named('identity'));
      await tab.close();
    }
  }
  const tab = await openTab(alice, { viewport: { width: 360, height: 720 } });
  await row(tab, 'Bob').click();
  const port = new URL(alice.ui).port;
  await alice.stop();
  await tab.getByText('Your node does not answer').waitFor();
  await write(tab, 'Is anybody there?');
  await mark(tab, 'Is anybody there?', 'failed').waitFor();
  await examine(tab, 'lost-phone-light');
  await alice.start('--ui-port', port);
  await mark(tab, 'Is anybody there?', 'delivered').waitFor();
  await bob.arrived('Is anybody there?');
});

test('by keyboard alone, and told to people who listen', async () => {
  const { alice, bob, carol } = await street();
  const tab = await openTab(alice, { reducedMotion: 'reduce' });
  await tab.locator('.conversations li:first-child', { hasText: 'Carol' }).waitFor(); // who wrote last
  const focused = () => tab.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent);
  const order = [];
  for (let i = 0; i < 5; i++) {
    await tab.keyboard.press('Tab');
    order.push(await focused());
  }
  assert.deepEqual(order.slice(0, 4), ['Members', 'Invite', 'Settings', 'Search people and words']);
  assert.match(order[4], /Carol/); // the newest conversation
  await tab.keyboard.press('ArrowDown');
  assert.match(await focused(), /Bob.*online/);
  await tab.keyboard.press('Enter');
  await tab.waitForFunction(() => document.activeElement.id === 'composer');
  await tab.keyboard.type('first line');
  await tab.keyboard.press('Shift+Enter');
  await tab.keyboard.type('second line');
  await tab.keyboard.press('Enter');
  await bob.arrived('first line\nsecond line');
  await mark(tab, 'second line', 'delivered').waitFor();
  await tab.keyboard.press('Shift+ArrowUp');
  assert.match(await focused(), /second line/);
  await tab.keyboard.press('ArrowUp');
  assert.match(await focused(), /long ladder/);
  await tab.keyboard.press('Enter');
  await tab.locator('.details').waitFor();
  await tab.keyboard.press('ArrowDown');
  await tab.keyboard.press('ArrowDown');
  await tab.waitForFunction(() => document.activeElement.id === 'composer');
  await carol.send(alice.id, 'Found one!');
  await tab.locator('#announcer', { hasText: 'Carol: Found one!' }).waitFor({ state: 'attached' });
  assert.ok(await tab.evaluate(() => { // a file that is let go over the page does not replace it
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['x'], 'plan.txt'));
    const drop = new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer });
    document.querySelector('.message').dispatchEvent(drop);
    return drop.defaultPrevented;
  }));
  await tab.locator('#announcer', { hasText: 'Files can’t be sent from here yet.' }).waitFor({ state: 'attached' });
  await tab.keyboard.press('Alt+ArrowUp');
  await tab.getByRole('heading', { name: 'Carol' }).waitFor();
  await tab.keyboard.press('Control+k');
  assert.equal(await focused(), 'Search people and words');
  await tab.keyboard.insertText('pump'); // in one: what is found for the first letters would be replaced under the focus
  await tab.locator('.results mark').first().waitFor();
  await tab.keyboard.press('ArrowDown');
  await tab.keyboard.press('Enter');
  await tab.waitForFunction(() => document.activeElement.matches('.message.target'));
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('Escape');
  await tab.getByText('Choose a neighbour').waitFor();
  assert.match(await focused(), /Bob/); // back where one was
});

test('in German, wherever the browser is German, and as somebody chooses', async () => {
  const { alice } = await street();
  const fresh = await (await Node.create({ name: 'Dora' })).start();
  const welcome = await openTab(fresh, { locale: 'de-DE' });
  await welcome.getByText('Willkommen am Herd').waitFor();
  await examine(welcome, 'welcome-german');
  await welcome.getByLabel('Einladung').fill('hearthnet://v1/x');
  await welcome.getByRole('button', { name: 'Beitreten' }).click();
  await welcome.getByText('Das ist keine ganze Einladung').waitFor();
  const tab = await openTab(alice, { locale: 'de-AT' });
  await row(tab, 'Bob').click();
  await tab.getByRole('heading', { name: 'Heute' }).waitFor();
  assert.equal(await tab.evaluate(() => document.documentElement.lang), 'de');
  await composer(tab).fill('bleibt stehen');
  await examine(tab, 'conversation-german');
  await tab.getByRole('button', { name: 'Einstellungen' }).click();
  await tab.getByLabel('Farben').selectOption('Dunkel');
  assert.equal(await tab.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(26, 24, 22)');
  await tab.getByLabel('Sprache').selectOption('English');
  await tab.getByRole('heading', { name: 'Today' }).waitFor();
  assert.equal(await composer(tab).inputValue(), 'bleibt stehen');
  assert.equal(await tab.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(26, 24, 22)');
});

test('on a phone, going back goes back', async () => {
  const { alice } = await street();
  const tab = await openTab(alice, { viewport: { width: 360, height: 720 } });
  await row(tab, 'Bob').click();
  await bubble(tab, 'long ladder').waitFor();
  assert.equal(await row(tab, 'Bob').isVisible(), false);
  await tab.goBack();
  await row(tab, 'Bob').waitFor();
  await row(tab, 'Carol').click();
  await tab.getByRole('button', { name: 'Back to the list' }).click();
  await row(tab, 'Bob').waitFor();
  await tab.getByRole('button', { name: 'Members' }).click();
  await tab.getByRole('button', { name: 'Write to Bob' }).click();
  await bubble(tab, 'long ladder').waitFor();
  await tab.goBack();
  await tab.locator('.member', { hasText: 'Bob' }).waitFor();
  await tab.goBack();
  await row(tab, 'Bob').waitFor();
});

test('an address leads to its conversation, and a broken one to the list', async () => {
  const [alice, bob] = await neighbours();
  await bob.send(alice.id, 'good morning');
  const tab = await openTab(alice, { at: `/#/c/${bob.id}` });
  await bubble(tab, 'good morning').waitFor();
  for (const at of ['/#/c/%E0%A4%A', '/#/c/', '/#/c/ed25519:nobody', '/#/nowhere']) {
    const other = await openTab(alice, { at });
    await row(other, 'Bob').waitFor();
    await other.getByText('Choose a neighbour').waitFor();
    await bob.send(alice.id, `live at ${at}.`);
    await row(other, 'Bob').getByText(`live at ${at}.`).waitFor();
    await other.close();
  }
});
