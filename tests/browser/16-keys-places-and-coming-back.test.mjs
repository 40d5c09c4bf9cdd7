// Keys and places: where what is typed goes, how one gets back, what can be done with a message; and the page itself, which is there while the node is not.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Node, fs } from '../integration/support.mjs';
import { browser, bubble, composer, mark, neighbours, openTab, row, scroller, useBrowser, write } from './support.mjs';

useBrowser();

const newContext = (options = {}) => browser.launched.newContext({ viewport: { width: 1100, height: 720 }, locale: 'en-GB', ...options });

async function street() {
  const [alice, bob] = await neighbours();
  const carol = await (await Node.create({ name: 'Carol' })).start();
  await alice.admit(carol);
  return { alice, bob, carol };
}

/** The worker has the page and serves it. */
const kept = (tab) => tab.evaluate(async () => {
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) await new Promise((resolve) => { navigator.serviceWorker.oncontrollerchange = resolve; });
});

test('going back leads to what was there before, and out of all of it to the list', async () => {
  const { alice } = await street();
  const tab = await openTab(alice);
  const heading = (name) => tab.locator('.thread').getByRole('heading', { name }).waitFor();
  await row(tab, 'Bob').click();
  await heading('Bob');
  await row(tab, 'Carol').click();
  await heading('Carol');
  await tab.getByRole('button', { name: 'Members' }).click();
  await tab.locator('.member', { hasText: 'Bob' }).waitFor();
  await tab.goBack();
  await heading('Carol');
  await tab.goBack();
  await heading('Bob');
  await tab.goForward();
  await heading('Carol');
  await tab.keyboard.press('Escape');
  await tab.getByText('Choose a neighbour').waitFor();
  await tab.goForward(); // the list is where it began, not one more step
  await heading('Bob');
});

test('what is typed with the focus elsewhere is written, and pages turn', async () => {
  const { alice, bob } = await street();
  for (let i = 0; i < 60; i++) await bob.send(alice.id, `number ${i}.\nand a second line`);
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await tab.getByRole('button', { name: 'Mark all as read' }).click();
  await tab.locator('.pill').click();
  await tab.locator('.pill').waitFor({ state: 'hidden' });
  await tab.locator('.thread h2').click();
  await tab.evaluate(() => document.activeElement.blur());
  await tab.keyboard.type('Hello');
  assert.equal(await composer(tab).inputValue(), 'Hello');
  await row(tab, 'Bob').focus();
  await tab.keyboard.type(',there');
  assert.equal(await composer(tab).inputValue(), 'Hello,there');
  const top = () => scroller(tab).evaluate((list) => list.scrollTop);
  const end = await top();
  await tab.keyboard.press('PageUp');
  await tab.waitForFunction((from) => document.querySelector('.thread .scroller').scrollTop < from - 200, end);
  await tab.locator('.pill').waitFor();
  await tab.keyboard.press('PageDown');
  await tab.locator('.pill').waitFor({ state: 'hidden' });
  assert.equal(await composer(tab).inputValue(), 'Hello,there');
  await tab.locator('#search').focus();
  await tab.keyboard.type('pump');
  assert.equal(await tab.locator('#search').inputValue(), 'pump');
});

test('a message is copied by its button, by its menu and by the keyboard', async () => {
  const { alice, bob } = await street();
  const context = await newContext();
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: alice.ui });
  await bob.send(alice.id, 'the first `as it is`');
  await bob.send(alice.id, 'the second');
  const tab = await openTab(alice, { context });
  const clipboard = (text) => tab.waitForFunction(async (wanted) => (await navigator.clipboard.readText()) === wanted, text);
  await row(tab, 'Bob').click();
  await bubble(tab, 'the first').hover();
  await bubble(tab, 'the first').getByRole('button', { name: 'Copy' }).click();
  await clipboard('the first `as it is`');
  await bubble(tab, 'the second').hover();
  await bubble(tab, 'the second').getByRole('button', { name: 'More about this message' }).click();
  await tab.locator('.choices').getByRole('button', { name: 'Copy' }).click();
  await clipboard('the second');
  await composer(tab).press('ArrowUp');
  await tab.keyboard.press('ArrowUp');
  await tab.keyboard.press('Control+c');
  await clipboard('the first `as it is`');
  await bubble(tab, 'the second').hover();
  await bubble(tab, 'the second').getByRole('button', { name: 'More about this message' }).click();
  await tab.keyboard.press('Escape'); // closes the menu alone
  await tab.locator('.choices').waitFor({ state: 'hidden' });
  assert.equal(await composer(tab).isVisible(), true);
  await bubble(tab, 'the second').getByRole('button', { name: 'More about this message' }).click();
  await tab.locator('.choices').getByRole('button', { name: 'Details' }).click();
  await bubble(tab, 'the second').locator('.details').waitFor();
  assert.equal(await tab.locator('.tools').count(), 1);
});

test('files that are dropped or pasted are answered where one looks', async () => {
  const { alice } = await street();
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  const give = (type, kind) => composer(tab).evaluate((node, [name, key]) => {
    const data = new DataTransfer();
    data.items.add(new File(['x'], 'plan.txt'));
    const event = key === 'paste' ? new ClipboardEvent(name, { clipboardData: data, bubbles: true, cancelable: true }) : new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true });
    node.dispatchEvent(event);
    return event.defaultPrevented;
  }, [type, kind ?? type]);
  for (const type of ['drop', 'paste']) {
    assert.ok(await give(type));
    await tab.locator('.toast', { hasText: 'Files can’t be sent from here yet.' }).last().waitFor();
    await tab.evaluate(() => document.querySelectorAll('.toast').forEach((node) => node.remove()));
  }
  assert.ok(await give('dragover'));
  assert.equal(await tab.locator('.toast').count(), 0);
});

test('one column in a wide window, and one frame around what has the focus', async () => {
  const { alice, bob } = await street();
  await bob.send(alice.id, 'a word that is looked for');
  const tab = await openTab(alice, { viewport: { width: 1800, height: 900 } });
  await row(tab, 'Bob').click();
  await write(tab, 'mine');
  await mark(tab, 'mine', 'delivered').waitFor();
  const [thread, theirs, mine, line] = await Promise.all([tab.locator('.thread'), bubble(tab, 'a word').locator('.bubble'), bubble(tab, 'mine').locator('.bubble'), tab.locator('.composer .line')].map((place) => place.boundingBox()));
  assert.ok(Math.abs(theirs.x - line.x) < 2 && Math.abs(mine.x + mine.width - line.x - line.width) < 2);
  assert.ok(line.width < 950 && Math.abs(line.x + line.width / 2 - thread.x - thread.width / 2) < 2);
  const outline = (place) => place.evaluate((node) => { const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(node); return outlineStyle === 'none' ? '' : `${outlineWidth} ${outlineOffset}`; });
  await composer(tab).focus();
  assert.equal(await outline(composer(tab)), '2px -1px'); // on its border, which is not a second one
  await composer(tab).press('Shift+ArrowUp');
  assert.deepEqual([await outline(bubble(tab, 'mine')), await outline(bubble(tab, 'mine').locator('.bubble'))], ['', '2px 1px']);
});

test('one\'s own id stands there without what all ids have', async () => {
  const { alice } = await street();
  const tab = await openTab(alice);
  await tab.getByRole('button', { name: 'Settings' }).click();
  await tab.getByText('My id', { exact: true }).click();
  await tab.getByText(`In short, to compare by voice: ${alice.shortId.replace('ed25519:', '')}`).waitFor();
});

test('a reload while the node is down: the page is there, says so, and comes back by itself', { timeout: 120000 }, async () => {
  const { alice, bob } = await street();
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await write(tab, 'before');
  await mark(tab, 'before', 'delivered').waitFor();
  await kept(tab);
  await tab.reload(); // through the worker
  await bubble(tab, 'before').waitFor();
  const port = new URL(alice.ui).port;
  await alice.stop();
  await tab.reload();
  await tab.getByText('Your node does not answer. Is it running?').waitFor();
  assert.equal(await tab.getByText('before').count(), 0); // no message is kept
  await bob.send(alice.id, 'meanwhile');
  await alice.start('--ui-port', port);
  await bubble(tab, 'meanwhile').waitFor();
  await tab.getByRole('heading', { name: 'Bob' }).waitFor(); // where it was
  const names = await tab.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)))).flat());
  const files = fs.readdirSync('web').filter((name) => !/\.md$|^worker\.js$/.test(name));
  assert.deepEqual(names.sort(), files.map((name) => `/${name}`).sort()); // the page's files, once, and nothing else
});

test('the worker goes with the program: its version is that of all its files', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const { text } = await alice.request('GET', '/worker.js');
  const names = /FILES = '([^']*)'/.exec(text)[1].split(' ');
  const at = names.findLastIndex((name) => name.endsWith('.js')) + 1; // in the order in which the program has them
  const hash = createHash('sha256');
  for (const name of names.toSpliced(at, 0, 'worker.js')) hash.update(fs.readFileSync(`web/${name}`));
  assert.equal(/PAGE = 'page (\w+)'/.exec(text)[1], hash.digest('hex').slice(0, 16));
});

test('what another program kept is gone, what is kept is not used beside the node, and nothing but the worker can be one', async () => {
  const { alice } = await street();
  const context = await newContext();
  const page = await context.newPage();
  await page.goto(`${alice.ui}/icon.svg`);
  await page.evaluate(async () => (await caches.open('page of before')).put('/main.js', new Response('old')));
  const tab = await openTab(alice, { context });
  await row(tab, 'Bob').waitFor();
  await kept(tab);
  const names = await tab.evaluate(() => caches.keys());
  assert.equal(names.length, 1);
  assert.match(names[0], /^page \w{16}$/);
  await tab.evaluate(async ([name]) => (await caches.open(name)).put('/words_en.js', new Response('old')), names);
  await tab.reload();
  await row(tab, 'Bob').waitFor();
  await page.goto(`${alice.ui}/`);
  await row(page, 'Bob').waitFor();
  await kept(page);
  const refused = (what) => page.evaluate(async (key) => {
    try {
      await (key === 'script' ? navigator.serviceWorker.register('main.js') : trustedTypes.createPolicy(key, { createHTML: (text) => text }));
      return 'taken';
    } catch (error) {
      return error.name;
    }
  }, what);
  assert.deepEqual([await refused('script'), await refused('worker'), await refused('other')], ['TypeError', 'TypeError', 'TypeError']);
});

test('a click is not lost when its message changes between press and release', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  await bob.stop();
  await row(tab, 'Bob').click();
  await write(tab, 'pressed');
  await mark(tab, 'pressed', 'queued').waitFor();
  await bubble(tab, 'pressed').locator('.meta').hover();
  await tab.mouse.down();
  await bob.start();
  await alice.until(() => tab.heard.some((frame) => frame.includes('chat.message.delivered')));
  await tab.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); })); // it was drawn
  await tab.mouse.up();
  await bubble(tab, 'pressed').locator('.details').waitFor();
  await mark(tab, 'pressed', 'delivered').waitFor();
});
