// What browser tests share: a Chromium, tabs whose every complaint fails the test, and the gestures of people.
import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { chromium } from 'playwright-core';
import { cleanAll, cleanup, fs, path, Peer } from '../integration/support.mjs';

export { neighbours } from '../integration/support.mjs';

export const SCREENSHOTS = path.resolve(process.cwd(), 'build/screenshots');
export const browser = { launched: null };

const WINDOWED = '/usr/bin/chromium';
const WINDOWLESS = '/usr/bin/chromium-headless-shell'; // with windows every tab draws tool bars too, for three times the work

/** Starts a Chromium for the tests of a file, with windows where they need a camera, notices or who is looked at; `args`: more of its options. Tabs and nodes end with their test. */
export function useBrowser({ windows = false, args = [] } = {}) {
  before(async () => {
    fs.mkdirSync(SCREENSHOTS, { recursive: true });
    browser.launched = await chromium.launch({ executablePath: windows || !fs.existsSync(WINDOWLESS) ? WINDOWED : WINDOWLESS, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', ...args] });
  });
  afterEach(async () => {
    await Promise.all(browser.launched.contexts().map((context) => context.close()));
    await cleanAll();
  });
  after(() => browser.launched?.close());
}

/** A tab of the node; anything the page complains about, and any request to elsewhere, fails the test. */
export async function openTab(node, { context, at = '/', ...options } = {}) {
  const own = context ?? await browser.launched.newContext({ viewport: { width: 1100, height: 720 }, locale: 'en-GB', ...options });
  const page = await own.newPage();
  const complaints = [];
  page.heard = []; // the frames of its stream
  page.live = new Promise((resolve) => { // since "ready" it hears of what comes
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => { page.heard.push(payload); resolve(); }));
  });
  page.on('pageerror', (error) => complaints.push(error.stack));
  page.on('dialog', (dialog) => { complaints.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  page.on('console', (message) => { if (message.type() === 'error' && !/Failed to load resource|WebSocket|when fetching the script/.test(message.text())) complaints.push(message.text()); });
  const isOwn = (url) => [node.ui, page.url()].some((own) => new URL(url).host === new URL(own).host); // the node may be at another port by now
  page.on('request', (request) => { if (!/^blob:|^data:/.test(request.url()) && !isOwn(request.url())) complaints.push(`foreign request ${request.url()}`); });
  cleanup(() => assert.deepEqual(complaints, []));
  await page.goto(node.ui + at);
  return page;
}

/** Not sealed, whatever each knows of the other by now; both have it. */
export async function writeInClear(from, to, body) {
  const peer = Peer.of(from);
  const { community_id, head } = await to.get('/api/v1/node');
  const event = peer.event(peer.community = community_id, head + 1, 'chat.message.sent', { client_id: body, recipient: to.id, body, attachments: [] });
  for (const node of [from, to]) await peer.push(node, event);
}

export const composer = (page) => page.locator('#composer');
export const write = async (page, text) => {
  await composer(page).fill(text);
  await composer(page).press('Enter');
};
export const bubble = (page, text) => page.locator('.message', { hasText: text });
export const row = (page, name) => page.locator('.conversations .row', { hasText: name });
export const mark = (page, text, name) => bubble(page, text).locator(`[data-mark="${name}"]`);
export const scroller = (page) => page.locator('.thread .scroller');

/** Stops a node and starts it again at the same address. */
export async function restart(node, how = 'stop', between = async () => {}) {
  const port = new URL(node.ui).port;
  await node[how]();
  await between();
  await node.start('--ui-port', port);
}

/** A photograph of a code: a picture of it that lies askew on a table. */
export async function photograph(node, text, { transform = 'none', type = 'png', size = 720 } = {}) {
  const page = await browser.launched.newPage({ viewport: { width: 960, height: 960 } });
  await page.goto(`${node.ui}/icon.svg`);
  const svg = await (await fetch(`${node.ui}/api/v1/qr.svg?text=${encodeURIComponent(text)}`)).text();
  await page.goto(`data:text/html,${encodeURIComponent(`<body style="margin:0;height:960px;display:grid;place-items:center;background:linear-gradient(120deg,#a98,#654)">
    <div style="width:${size}px;height:${size}px;transform:${transform}">${svg}</div>`)}`);
  const picture = await page.screenshot({ type });
  await page.close();
  return picture;
}

/** Has a tab choose that picture in a dialog. */
export const choosePicture = (page, buffer) => page.locator('input[type="file"]').setInputFiles({ name: 'photo.png', mimeType: 'image/png', buffer });
