import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { cleanAll, cleanup, fs, net, neighbours, once } from './support.mjs';

const SCRIPTS = 400;
let alice;
let bob;
let tab; // what a browser says of itself on our page
after(cleanAll);
before(async () => {
  [alice, bob] = await neighbours();
  await bob.stop();
  tab = { Origin: alice.ui, 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors' };
});

const memoryMiB = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${alice.process.pid}/status`, 'utf8'))[1]) / 1024;

const head = (length) => `POST /api/v1/chat/send HTTP/1.1\r\nHost: ${new URL(alice.ui).host}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
const message = (length = 0) => JSON.stringify({ recipient: bob.id, body: 'from a script' }).padEnd(length);

/** Scripts on a thread of their own, each of which asks again as soon as it is answered, with another's patience for none; the counts of what they were answered. */
async function flood(request) {
  const counts = new Int32Array(new SharedArrayBuffer(4 * 3));
  const worker = new Worker(`
    const { workerData: { port, request, scripts, counts }, parentPort } = require('node:worker_threads');
    const net = require('node:net');
    let going = true, open = scripts, refusal;
    parentPort.once('message', () => { going = false; });
    for (let i = 0; i < scripts; i++) {
      const socket = net.connect(port, '127.0.0.1', () => socket.write(request));
      let text = '';
      socket.on('data', (data) => {
        text += data;
        const head = /^HTTP\\/1\\.1 (\\d+)[^]*?\\r\\ncontent-length: (\\d+)[^]*?\\r\\n\\r\\n/i.exec(text);
        if (!head || text.length < head[0].length + Number(head[2])) return;
        Atomics.add(counts, { 200: 0, 429: 1 }[head[1]] ?? 2, 1);
        if (head[1] === '429') refusal ??= text;
        text = '';
        if (going) socket.write(request); else socket.end();
      }).on('error', () => Atomics.add(counts, 2, 1)).on('close', () => { if (--open === 0) { parentPort.postMessage(refusal); } });
    }`, { eval: true, workerData: { port: Number(new URL(alice.ui).port), request, scripts: SCRIPTS, counts } });
  cleanup(() => worker.terminate());
  return {
    answered: () => Atomics.load(counts, 0) + Atomics.load(counts, 1),
    refused: () => Atomics.load(counts, 1),
    failed: () => Atomics.load(counts, 2),
    async stop() {
      worker.postMessage('stop');
      const [refusal] = await once(worker, 'message');
      return refusal;
    },
  };
}

const middle = (numbers) => numbers.sort((one, other) => one - other)[numbers.length >> 1];

test('beyond its capacity it says so and when to come again, and the tab goes first', async () => {
  const before = memoryMiB();
  const scripts = await flood(head(message().length) + message());
  await alice.until(() => scripts.refused() > 0);
  let most = 0;
  for (let i = 0; i < 30; i++) {
    const { status, text } = await alice.request('POST', '/api/v1/chat/send', { recipient: bob.id, body: `typed ${i}` }, tab);
    assert.equal(status, 200, text);
    most = Math.max(most, memoryMiB());
  }
  const refusal = await scripts.stop();
  const { error, retry_after_ms } = JSON.parse(refusal.slice(refusal.indexOf('\r\n\r\n')));
  assert.equal(error, 'capacity_exceeded');
  assert.ok(retry_after_ms > 0);
  assert.match(refusal, /\r\nRetry-After: \d+\r\n/i);
  assert.equal(scripts.failed(), 0);
  assert.ok(most < before + 64, `${before} MiB before, ${most} in the middle of it`);
  for (const { status } of await Promise.all(Array.from({ length: 64 }, () => alice.request('POST', '/api/v1/chat/send', message())))) assert.equal(status, 200);
});

test('what the tab reads does not wait for what scripts read', async () => {
  const scripts = await flood(`GET /api/v1/chat/search?q=script&limit=50 HTTP/1.1\r\nHost: ${new URL(alice.ui).host}\r\n\r\n`);
  await alice.until(() => scripts.answered() > SCRIPTS);
  const passed = [];
  for (let i = 0; i < 30; i++) {
    const answered = scripts.answered();
    assert.equal((await alice.request('GET', '/api/v1/chat/conversations', undefined, tab)).status, 200);
    passed.push(scripts.answered() - answered);
  }
  await scripts.stop();
  assert.equal(scripts.failed(), 0);
  assert.ok(middle(passed) < SCRIPTS / 8, `${passed} scripts were answered before the tab`);
});

test('bodies of scripts take a bounded memory, and leave the tab its own', async () => {
  const mebibyte = 1024 * 1024;
  const before = memoryMiB();
  const sockets = await Promise.all(Array.from({ length: SCRIPTS }, async () => {
    const socket = net.connect(Number(new URL(alice.ui).port), '127.0.0.1');
    cleanup(() => socket.destroy());
    await once(socket, 'connect');
    await new Promise((resolve) => { socket.write(head(mebibyte) + message(mebibyte - 1), resolve); }); // all but a byte
    return socket;
  }));
  const { status, text } = await alice.request('POST', '/api/v1/chat/send', { recipient: bob.id, body: 'x'.repeat(60000) }, tab);
  assert.equal(status, 200, text);
  const most = memoryMiB();
  assert.ok(most < before + 128, `${before} MiB before, ${most} with bodies of ${SCRIPTS}`);
  const answers = await Promise.all(sockets.map(async (socket) => {
    let answer = '';
    const done = new Promise((resolve, reject) => { socket.on('data', (data) => { answer += data; if (answer.includes('}')) resolve(); }).on('error', reject); });
    socket.write(' ');
    await done;
    socket.destroy();
    return answer;
  }));
  const refused = answers.filter((answer) => /^HTTP\/1\.1 429 [^]*"capacity_exceeded"/.test(answer)).length;
  const accepted = answers.filter((answer) => /^HTTP\/1\.1 200 /.test(answer)).length;
  assert.equal(refused + accepted, SCRIPTS);
  assert.ok(accepted > 0 && accepted < 40, `${accepted}`);
  for (let i = 0; i < 64; i++) assert.equal((await alice.request('POST', '/api/v1/chat/send', message(mebibyte))).status, 200);
});

test('a tab gets a connection where scripts have all of them, and keeps it', async () => {
  const { port } = new URL(alice.ui);
  const open = async () => {
    const socket = net.connect(Number(port), '127.0.0.1');
    cleanup(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  const ask = async (socket, headers = {}) => {
    socket.write(`GET /api/v1/node HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    const [data] = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => ['closed'])]);
    return data.toString().slice(0, 12);
  };
  const first = await open();
  assert.equal(await ask(first, tab), 'HTTP/1.1 200');
  for (let i = 0; i < 600; i++) assert.equal(await ask(await open()), 'HTTP/1.1 200'); // each is kept
  assert.equal(await ask(first, tab), 'HTTP/1.1 200'); // the oldest of all
  assert.equal(await ask(await open(), tab), 'HTTP/1.1 200');
});
