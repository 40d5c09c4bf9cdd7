// node bench/tab.mjs UI_OF_MANY UI_OF_FEW PEER: what people wait for, in milliseconds; the median and the worst of several tries.
import { createRequire } from 'node:module';
import fs from 'node:fs';


const { chromium } = createRequire(new URL('../tests/package.json', import.meta.url))('playwright-core');
const [many, few, peer] = process.argv.slice(2);
const TRIES = 9;

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'] });

async function open(ui) {
  const page = await (await browser.newContext({ viewport: { width: 1100, height: 720 } })).newPage();
  await page.goto(`${ui}/`);
  await page.locator('.conversations .row').first().waitFor();
  return page;
}

/** When the browser first painted, after navigation began. */
async function firstPaint(ui) {
  const page = await open(ui);
  const at = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
  await page.context().close();
  return at;
}

/** From the press on the conversation until its messages are on the screen. */
async function opening(ui) {
  const page = await open(ui);
  const took = await page.evaluate(() => new Promise((resolve) => {
    const begin = performance.now();
    const look = () => (document.querySelector('.message') ? setTimeout(() => resolve(performance.now() - begin)) : requestAnimationFrame(look));
    document.querySelector('.conversations .row').click();
    requestAnimationFrame(look);
  }));
  await page.context().close();
  return took;
}

/** Scrolls back for a while like a wheel: the longest frame, the most messages in the page, how many were passed. */
async function scrolling(ui) {
  const page = await open(ui);
  await page.locator('.conversations .row').first().click();
  await page.locator('.message').first().waitFor();
  const result = await page.evaluate(() => new Promise((resolve) => {
    const list = document.querySelector('.thread .scroller');
    const passed = new Set();
    let [frames, longest, most, last] = [0, 0, 0, performance.now()];
    const step = (now) => {
      if (frames > 2) longest = Math.max(longest, now - last);
      last = now;
      for (const node of list.querySelectorAll('.message')) passed.add(node.dataset.event);
      most = Math.max(most, list.querySelectorAll('.message').length);
      if (++frames === 400) resolve({ longest, most, passed: passed.size });
      else {
        list.scrollTop -= 120;
        requestAnimationFrame(step);
      }
    };
    requestAnimationFrame(step);
  }));
  await page.context().close();
  return result;
}

/** From the WebSocket's frame until the message is painted. */
async function arrival(ui) {
  const page = await (await browser.newContext({ viewport: { width: 1100, height: 720 } })).newPage();
  await page.addInitScript(() => {
    const { addEventListener } = WebSocket.prototype;
    WebSocket.prototype.addEventListener = function add(name, listener) {
      return addEventListener.call(this, name, name !== 'message' ? listener : (event) => {
        const begin = performance.now();
        listener(event);
        const text = /bench arrival \d+/.exec(event.data)?.[0];
        const look = () => ([...document.querySelectorAll('.message .text')].some((node) => node.textContent === text)
          ? setTimeout(() => { (window.arrivals ??= []).push(performance.now() - begin); }) : requestAnimationFrame(look));
        if (text) requestAnimationFrame(look);
      });
    };
  });
  await page.goto(`${ui}/`);
  await page.locator('.conversations .row').first().click();
  await page.locator('.message').first().waitFor();
  for (let i = 0; i < 20; i++) {
    await fetch(`${ui}/api/v1/chat/send`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ recipient: peer, body: `bench arrival ${i}` }) });
    await page.waitForFunction((count) => window.arrivals?.length >= count, i + 1);
  }
  const arrivals = await page.evaluate(() => window.arrivals);
  await page.context().close();
  return arrivals;
}

/** A search for a word that is in every message. */
async function searching(ui) {
  const begin = performance.now();
  const { output } = await (await fetch(`${ui}/api/v1/chat/search?q=neighbour`)).json();
  if (output.messages.length === 0) throw new Error('nothing found');
  return performance.now() - begin;
}

const several = async (measure) => { const list = []; for (let i = 0; i < TRIES; i++) list.push(await measure()); return list; };
const summary = (list) => { const sorted = [...list].sort((a, b) => a - b); return `${sorted[sorted.length >> 1].toFixed(1).padStart(8)} ${sorted.at(-1).toFixed(1).padStart(8)}`; };

await firstPaint(few); // the browser's own first time
console.log(`${'ms'.padEnd(44)} ${'median'.padStart(8)} ${'worst'.padStart(8)}`);
for (const [name, measure] of [['first paint', firstPaint], ['opening a conversation', opening], ['search of a word in all of them', searching]]) {
  console.log(`${`${name}, ten messages`.padEnd(44)} ${summary(await several(() => measure(few)))}`);
  console.log(`${`${name}, 100,000 messages`.padEnd(44)} ${summary(await several(() => measure(many)))}`);
}
console.log(`${'arrival to pixels'.padEnd(44)} ${summary(await arrival(many))}`);
const back = [await scrolling(many), await scrolling(many), await scrolling(many)];
console.log(`${'longest frame while scrolling back'.padEnd(44)} ${summary(back.map(({ longest }) => longest))}`);
console.log(`passed ${Math.max(...back.map(({ passed }) => passed))} messages, at most ${Math.max(...back.map(({ most }) => most))} of them in the page`);
await browser.close();

const names = fs.readdirSync('web').filter((name) => !/\.(png|md)$/.test(name));
const served = await Promise.all(names.map((name) => fetch(`${few}/${name}`, { headers: { 'Accept-Encoding': 'gzip' } })));
const sum = (list) => list.reduce((total, size) => total + Number(size), 0);
console.log(`web/: ${sum(names.map((name) => fs.statSync(`web/${name}`).size))} bytes of text, ${sum(served.map(({ headers }) => headers.get('content-length')))} as served, file by file`);
