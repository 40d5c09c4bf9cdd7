// Codes read from a picture and by the camera; and what reaches somebody who looks elsewhere.
import assert from 'node:assert/strict';
import os from 'node:os';
import { test } from 'node:test';
import { Node, fs, path } from '../integration/support.mjs';
import { browser, bubble, neighbours, choosePicture as choose, openTab, photograph, row, useBrowser } from './support.mjs';

const VIDEO = path.join(os.tmpdir(), `hearthchat-camera-${process.pid}.mjpeg`);
useBrowser({ windows: true, args: ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${VIDEO}`] });

test('an invite is made from a picture of an id, and redeemed from a picture of the invite', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  const { id_text } = await bob.get('/api/v1/node');
  const tab = await openTab(alice);
  await tab.getByRole('button', { name: 'Invite' }).first().click();
  await tab.getByText('Invite one device by its id').click();
  await choose(tab, Buffer.from('no picture'));
  await tab.getByText('This is no picture').waitFor();
  await choose(tab, await photograph(alice, 'https://example.org/'));
  await tab.getByText('That code is something else').waitFor();
  await choose(tab, fs.readFileSync('web/icon-192.png'));
  await tab.getByText('No QR code found').waitFor();
  await choose(tab, await photograph(alice, id_text, { transform: 'perspective(1600px) rotateX(18deg) rotateZ(11deg)' }));
  await tab.waitForFunction((text) => document.querySelector('dialog textarea').value === text, id_text);
  await tab.getByRole('button', { name: 'Make the invite' }).click();
  const invite = await tab.locator('dialog details .code').textContent();
  const other = await openTab(bob);
  await choose(other, await photograph(alice, invite, { transform: 'rotate(184deg)' }));
  await other.getByRole('heading', { name: 'Street' }).waitFor(); // it joins by itself
});

test('the camera reads an invite', { timeout: 120000 }, async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  const { invite } = await alice.post('/api/v1/invites', { invitee_node_id: bob.id });
  fs.writeFileSync(VIDEO, await photograph(alice, invite, { type: 'jpeg', size: 860, transform: 'rotate(-4deg)' }));
  const tab = await openTab(bob);
  await tab.getByRole('button', { name: 'Scan with the camera' }).click();
  await tab.getByRole('heading', { name: 'Street' }).waitFor();
  assert.equal(await tab.locator('dialog').count(), 0);
  fs.rmSync(VIDEO);
});

test('who looks elsewhere is notified, if they want it; the sound is off', async () => {
  const [alice, bob] = await neighbours();
  const context = await browser.launched.newContext({ locale: 'en-GB' });
  await context.grantPermissions(['notifications'], { origin: alice.ui });
  await context.addInitScript(() => {
    window.told = [];
    const Real = Notification;
    window.Notification = class extends Real { constructor(title, options) { super(title, options); window.told.push([title, options.body]); } };
    window.sounds = 0;
    const Audio = AudioContext;
    window.AudioContext = class extends Audio { constructor() { super(); window.sounds++; } };
  });
  const tab = await openTab(alice, { context });
  await bob.send(alice.id, 'before it is switched on');
  await row(tab, 'Bob').locator('.badge').waitFor();
  await tab.getByRole('button', { name: 'Settings' }).click();
  assert.equal(await tab.getByLabel('Sound').isChecked(), false);
  await tab.getByLabel('Notifications').check();
  await tab.waitForFunction(() => JSON.parse(localStorage.settings ?? '{}').notifications); // the browser was asked
  await tab.keyboard.press('Escape');
  await bob.send(alice.id, 'the kettle is on');
  await tab.waitForFunction(() => window.told.length > 0);
  assert.deepEqual(await tab.evaluate(() => [window.told, window.sounds]), [[['Bob', 'the kettle is on']], 0]);
  assert.match(await tab.title(), /^\(2\)/);
  await row(tab, 'Bob').click();
  await tab.locator('.badge').waitFor({ state: 'detached' });
  await bob.send(alice.id, 'seen at once');
  await bubble(tab, 'seen at once').waitFor();
  assert.equal(await tab.evaluate(() => window.told.length), 1);
  await tab.getByRole('button', { name: 'Settings' }).click();
  await tab.getByLabel('Sound').check();
  await tab.waitForFunction(() => window.sounds === 1);
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('Escape');
  await tab.getByText('Choose a neighbour').waitFor();
  await bob.send(alice.id, 'heard');
  await tab.waitForFunction(() => window.sounds === 2 && window.told.length === 2);
});

test('it can be installed: a manifest, and icons that are what it says', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const tab = await openTab(alice);
  const session = await tab.context().newCDPSession(tab);
  const { errors, data } = await session.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  for (const { src, type, sizes } of JSON.parse(data).icons) {
    const answer = await alice.request('GET', `/${src}`);
    assert.equal(answer.headers['content-type'], type);
    const size = await tab.evaluate(async (address) => { const image = new Image(); image.src = address; await image.decode(); return `${image.naturalWidth}x${image.naturalHeight}`; }, src);
    if (sizes !== 'any') assert.equal(size, sizes);
  }
  assert.deepEqual((await session.send('Page.getInstallabilityErrors')).installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'), []);
});

test('the page travels packed, and plainly to who can\'t unpack', async () => {
  const alice = await (await Node.create({ name: 'Alice' })).start();
  const plain = fs.readFileSync('web/main.js', 'utf8');
  for (const [accepted, encoding] of [['gzip, deflate, br', 'gzip'], ['gzip', 'gzip'], ['br, gzip', 'gzip'], ['identity', null], ['gzip;q=0', null], ['xgzip', null]]) {
    const answer = await alice.request('GET', '/main.js', undefined, { 'Accept-Encoding': accepted });
    assert.equal(answer.headers['content-encoding'] ?? null, encoding, accepted);
    assert.equal(answer.headers.vary, 'Accept-Encoding');
    assert.equal(answer.text, plain);
  }
});

test('the page is small: under 260 kB of text, under 80 kB as it travels', async () => {
  const alice = await (await Node.create({ name: 'Alice' })).start();
  const names = fs.readdirSync('web').filter((name) => !/\.(png|md)$|^words_(?!de)/.test(name)); // one language travels, German is the longer
  const texts = names.reduce((sum, name) => sum + fs.statSync(`web/${name}`).size, 0);
  const answers = await Promise.all(names.map((name) => alice.request('GET', `/${name}`, undefined, { 'Accept-Encoding': 'gzip' })));
  const packed = answers.reduce((sum, { headers }) => sum + Number(headers['content-length']), 0);
  assert.ok(texts < 260000, `${texts} bytes of text`);
  assert.ok(packed > 10000 && packed < 80000, `${packed} bytes served`);
});

test('every language says the same things', async () => {
  const [en, de] = await Promise.all(['en', 'de'].map(async (language) => {
    const { default: text } = await import(`../../web/words_${language}.js`);
    return text.trim().split('\n').map((line) => line.split('|'));
  }));
  const blanks = (text) => [...new Set(text.match(/\{\w+\}/g))].sort();
  assert.deepEqual(de.map(([key]) => key), en.map(([key]) => key));
  for (const [at, [key, text]] of en.entries()) {
    assert.equal(de[at].length, 2, key);
    assert.ok(de[at][1], key);
    if (text) assert.deepEqual(blanks(de[at][1]), blanks(text), key);
  }
});
