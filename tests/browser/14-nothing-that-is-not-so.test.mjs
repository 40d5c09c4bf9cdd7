// Names that deceive, texts that are cut, messages that came while nobody was there, two tabs, a browser without room: what the tab says is so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Node, Peer } from '../integration/support.mjs';
import { browser, bubble, composer, mark, neighbours, openTab, restart, row, useBrowser, write } from './support.mjs';

useBrowser({ windows: true });

/** Two tabs of one browser. */
async function twoTabs(node, context) {
  const tabs = [await openTab(node, { context }), await openTab(node, { context })];
  for (const tab of tabs) await row(tab, 'Bob').click();
  return tabs;
}

const newContext = () => browser.launched.newContext({ viewport: { width: 1100, height: 720 }, locale: 'en-GB' });

test('the name of a file is what it is, wherever it stands', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const peer = new Peer();
  await peer.join(alice);
  const tab = await openTab(alice);
  await tab.live;
  await row(tab, 'Peer').click();
  const { head } = await alice.get('/api/v1/node');
  const names = ['photo_\u202egpj.exe', 'plan \u05d0\u05d1.7z', `\u2066a\u00ad.pdf${' '.repeat(40)}.scr`, '\u200f\u202e', '\u2800\ufe0f', '\u2764\ufe0f'];
  const file = (name, i) => ({ cid: `blake3:${String(i).repeat(64)}`, name });
  await peer.push(alice, peer.event(peer.community, head + 1, 'chat.message.sent', { client_id: 'a', recipient: alice.id, body: '', attachments: names.map(file) }));
  await tab.locator('.attachment').nth(5).waitFor();
  assert.deepEqual(await tab.locator('.attachment > div > bdi').allTextContents(), ['photo_gpj.exe', 'plan \u05d0\u05d1.7z', 'a.pdf .scr', `blake3:${'3'.repeat(64)}`, `blake3:${'4'.repeat(64)}`, '\u2764\ufe0f']);
  const places = await tab.locator('.attachment > div > bdi').evaluateAll((list) => list.slice(0, 3).map((node) => {
    const [name, ending] = [...node.children].map((part) => part.getBoundingClientRect());
    return [node.lastChild.textContent, ending.left >= name.right - 1];
  }));
  assert.deepEqual(places, [['.exe', true], ['.7z', true], ['.scr', true]]); // the ending ends it
  const HIDDEN = /[\u202a-\u202e\u2066-\u2069\u200f\u00ad]/;
  await row(tab, 'Peer').locator('.sub', { hasText: /photo_gpj\.exe, plan/ }).waitFor();
  await tab.locator('#announcer', { hasText: /Peer: photo_gpj\.exe/ }).waitFor({ state: 'attached' }); // aloud, too
  assert.doesNotMatch(await tab.locator('body').textContent(), HIDDEN);
});

/** By how much a pixel differs most, of 255, in two pictures of one size. */
async function differ(...pictures) {
  const page = await browser.launched.newPage();
  const most = await page.evaluate(async (urls) => {
    const [one, other] = await Promise.all(urls.map(async (url) => {
      const picture = await createImageBitmap(await (await fetch(url)).blob());
      const canvas = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
      canvas.drawImage(picture, 0, 0);
      return canvas.getImageData(0, 0, picture.width, picture.height).data;
    }));
    return one.reduce((sum, value, i) => Math.max(sum, Math.abs(value - other[i])), one.length === other.length ? 0 : 255);
  }, pictures.map((picture) => `data:image/png;base64,${picture.toString('base64')}`));
  await page.close();
  return most;
}

test('marks that climb out of their line stay inside their message', async () => {
  const [alice, bob] = await neighbours();
  await bob.send(alice.id, 'a quiet line');
  await bob.send(alice.id, `loud ${'z\u0310\u0352\u0357\u0301\u0300\u0302'.repeat(20)}${`Z${'\u0301\u0310'.repeat(200)}`.repeat(6)}`);
  const tab = await openTab(alice, { reducedMotion: 'reduce' });
  await row(tab, 'Bob').click();
  await bubble(tab, 'loud').waitFor();
  await tab.mouse.move(5, 700);
  let before;
  do before = await bubble(tab, 'a quiet line').screenshot(); while (!before.equals(await bubble(tab, 'a quiet line').screenshot())); // until it stands still
  await bubble(tab, 'loud').locator('.text').evaluate((node) => { node.style.visibility = 'hidden'; });
  assert.ok(await differ(before, await bubble(tab, 'a quiet line').screenshot()) < 16); // an edge that is drawn again may be another shade of itself
});

test('what is shortened ends between two characters as people see them', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  await tab.live;
  const family = '👩‍👩‍👧‍👦';
  await bob.send(alice.id, family.repeat(500));
  const whole = new RegExp(`^(${family})+…$`);
  await row(tab, 'Bob').locator('.sub', { hasText: '…' }).waitFor();
  assert.match(await row(tab, 'Bob').locator('.sub bdi').textContent(), whole);
  assert.match((await tab.locator('#announcer div').last().textContent()).replace('Bob: ', ''), whole);
  await row(tab, 'Bob').click();
  await bubble(tab, family).waitFor();
  assert.match(`${await tab.locator('.message .text').textContent()}…`, whole);
  await composer(tab).fill(`${'e\u0301'.repeat(59)}x${'e\u0301'.repeat(10)}`);
  await tab.keyboard.press('Escape');
  const draft = row(tab, 'Bob').locator('.sub bdi', { hasText: 'e\u0301x' });
  await draft.waitFor();
  assert.equal(await draft.textContent(), `${'e\u0301'.repeat(59)}x…`); // not a letter without its accent
});

/** Counts what is told, and lets the test cut off the stream of events. */
async function listening(alice, context) {
  await context.grantPermissions(['notifications'], { origin: alice.ui });
  await context.addInitScript(() => {
    window.told = [];
    const Real = Notification;
    window.Notification = class extends Real { constructor(title, options) { super(title, options); window.told.push(`${title}: ${options.body}`); } };
    window.sounds = 0;
    const Audio = AudioContext;
    window.AudioContext = class extends Audio { constructor() { super(); window.sounds++; } };
    localStorage.settings = JSON.stringify({ notifications: true, sound: true });
  });
}

test('of 150 messages that came while nobody was there, there is one sound and one notice', async () => {
  const [alice, bob] = await neighbours();
  const context = await newContext();
  await listening(alice, context);
  const stream = { away: false, open: [] };
  await context.routeWebSocket(/subscribe/, (socket) => {
    if (stream.away) return void socket.close();
    socket.connectToServer();
    stream.open.push(socket);
  });
  const tab = await openTab(alice, { context });
  await row(tab, 'Bob').waitFor();
  stream.away = true;
  for (const socket of stream.open) await socket.close();
  await tab.getByText('Your node does not answer').waitFor();
  for (let i = 0; i < 150; i++) await bob.send(alice.id, `missed ${i}`);
  await alice.arrived('missed 149');
  stream.away = false;
  await tab.waitForFunction(() => window.told.length > 0);
  await row(tab, 'Bob').getByText('missed 149').waitFor();
  await bob.send(alice.id, 'and one more');
  await tab.waitForFunction(() => window.told.at(-1) === 'Bob: and one more');
  assert.deepEqual(await tab.evaluate(() => [window.told, window.sounds]), [['Bob: 150 new messages', 'Bob: and one more'], 2]);
});

test('of two tabs one tells, and neither when one of them is looked at', async () => {
  const [alice, bob] = await neighbours();
  const context = await newContext();
  await listening(alice, context);
  const tabs = [await openTab(alice, { context }), await openTab(alice, { context })];
  const told = async () => (await Promise.all(tabs.map((tab) => tab.evaluate(() => window.told)))).flat();
  for (const tab of tabs) await row(tab, 'Bob').waitFor();
  await bob.send(alice.id, 'heard once');
  const oneTells = (text) => Promise.any(tabs.map((tab) => tab.waitForFunction((what) => window.told.includes(what), text)));
  await oneTells('Bob: heard once');
  await row(tabs[0], 'Bob').click(); // the first one leads: it is the other that is looked at next
  await row(tabs[1], 'Bob').click();
  await tabs[0].keyboard.press('Escape');
  await tabs[0].getByText('Choose a neighbour').waitFor();
  await bob.send(alice.id, 'seen in the other');
  await bubble(tabs[1], 'seen in the other').waitFor();
  await tabs[1].keyboard.press('Escape');
  await tabs[1].getByText('Choose a neighbour').waitFor();
  await bob.send(alice.id, 'heard again');
  await oneTells('Bob: heard again');
  assert.deepEqual(await told(), ['Bob: heard once', 'Bob: heard again']);
  await tabs[0].close(); // who leads is gone: the other does
  await tabs.shift();
  await bob.send(alice.id, 'heard still');
  await tabs[0].waitForFunction(() => window.told.at(-1) === 'Bob: heard still');
});

test('two tabs have one draft, and what is thrown away in one is not sent by the other', async () => {
  const [alice, bob] = await neighbours();
  const context = await newContext();
  const [first, second] = await twoTabs(alice, context);
  await composer(first).fill('half a thought');
  await second.waitForFunction(() => document.querySelector('#composer').value === 'half a thought');
  await composer(second).press('End');
  await composer(second).pressSequentially(', and the rest');
  await first.waitForFunction(() => document.querySelector('#composer').value === 'half a thought, and the rest');
  await composer(first).press('Enter');
  await second.waitForFunction(() => document.querySelector('#composer').value === '');
  await mark(second, 'half a thought, and the rest', 'delivered').waitFor();
  await restart(alice, 'stop', async () => {
    await first.getByText('Your node does not answer').waitFor();
    await write(first, 'better not');
    await mark(first, 'better not', 'failed').waitFor();
    await second.reload({ waitUntil: 'commit' }).catch(() => {}); // it would find the message in what the browser keeps
    await bubble(first, 'better not').getByRole('button', { name: 'Discard' }).click();
  });
  await second.goto(`${alice.ui}/#/c/${bob.id}`);
  await write(second, 'this one');
  await bob.arrived('this one');
  assert.deepEqual((await alice.history()).map(({ body }) => body), ['half a thought, and the rest', 'this one']);
});

test('read in one tab is read in the other, when no receipt says so, too', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street', config: '[chat]\nread_receipts_enabled = false\n' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob);
  const context = await newContext();
  const first = await openTab(alice, { context });
  const second = await openTab(alice, { context });
  await bob.send(alice.id, 'good morning');
  for (const tab of [first, second]) await row(tab, 'Bob').locator('.badge').waitFor();
  await row(first, 'Bob').click();
  await row(second, 'Bob').locator('.badge').waitFor({ state: 'detached' });
  assert.doesNotMatch(await second.title(), /^\(/);
});

test('Enter that ends the composition of a word sends nothing', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await composer(tab).fill('こんにちは');
  const press = (how) => composer(tab).evaluate((node, options) => node.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...options })), how);
  await press({ isComposing: true });
  await press({ keyCode: 229 });
  assert.equal(await composer(tab).inputValue(), 'こんにちは');
  await composer(tab).evaluate((node) => node.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', keyCode: 229, bubbles: true })));
  assert.equal(await composer(tab).isVisible(), true); // nor does Escape lead away
  await press({ keyCode: 13 });
  await bob.arrived('こんにちは');
  assert.equal((await bob.history()).length, 1);
});

test('a browser without room: it says so, and nothing is shown as kept that is not', async () => {
  const [alice, bob] = await neighbours();
  const carol = await (await Node.create({ name: 'Carol' })).start();
  await alice.admit(carol);
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await tab.evaluate(() => {
    for (let size = 1 << 23; size > 0; size >>= 1) {
      try {
        localStorage.setItem(`filler ${size}`, 'x'.repeat(size));
      } catch {
        // So much does not fit.
      }
    }
  });
  const notice = tab.getByText('This browser has no room left');
  await composer(tab).fill('not kept');
  await notice.waitFor();
  await row(tab, 'Carol').click();
  await row(tab, 'Bob').getByText('Draft: not kept').waitFor(); // as long as the page is there
  await restart(alice, 'stop', async () => {
    await tab.getByText('Your node does not answer').first().waitFor(); // the tab, or what it had just asked for
    assert.equal(await tab.getByText('What you write is kept').count(), 0);
  });
  await tab.getByText('Connected again').waitFor();
  await tab.reload();
  await row(tab, 'Bob').waitFor();
  assert.equal(await tab.getByText('Draft:').count(), 0);
  assert.equal(await notice.count(), 0);
  await row(tab, 'Bob').click();
  await composer(tab).fill('again');
  await notice.waitFor();
  await tab.evaluate(() => { for (const name of Object.keys(localStorage)) if (name.startsWith('filler')) localStorage.removeItem(name); });
  await composer(tab).fill('kept now');
  await notice.waitFor({ state: 'detached' }).catch(() => notice.waitFor({ state: 'hidden' }));
  await tab.reload();
  await tab.waitForFunction(() => document.querySelector('#composer')?.value === 'kept now');
  await bob.stop();
});

test('a megabyte that is pasted is refused at once, and what stood there stays', async () => {
  const [alice] = await neighbours();
  const context = await newContext();
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: alice.ui });
  const tab = await openTab(alice, { context });
  await row(tab, 'Bob').click();
  await composer(tab).fill('before');
  await tab.evaluate(() => navigator.clipboard.writeText('x'.repeat(1 << 20)));
  await composer(tab).press('Control+v');
  await tab.getByText('Too long: 64 KiB at most').waitFor();
  assert.equal(await composer(tab).inputValue(), 'before');
  await composer(tab).pressSequentially('!');
  await tab.getByText('Too long').waitFor({ state: 'hidden' });
  await tab.evaluate(() => navigator.clipboard.writeText('y'.repeat(65536)));
  await composer(tab).press('Control+v'); // a little too much is shown, to be made shorter
  await tab.getByText('7 bytes too long').waitFor();
});
