import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cleanAll, Node, rawStatus, spawn } from './support.mjs';

let alice;
let port;
after(cleanAll);
before(async () => {
  alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  ({ port } = new URL(alice.ui));
});

const get = (headers, path = '/api/v1/node') => rawStatus(alice, `GET ${path} HTTP/1.1\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);

test('only our own names with our port are answered', async () => {
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`]) assert.equal(await get({ Host: host }), 200, host);
  for (const host of ['127.0.0.1', `127.0.0.1:${Number(port) + 1}`, `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, `127.0.0.1:${port}.evil.example`, '']) {
    for (const path of ['/', '/api/v1/node', '/health', '/main.js', '/nothing']) assert.equal(await get({ Host: host }, path), 401, `${host} ${path}`);
  }
});

test('only our own pages may call', async () => {
  const Host = `127.0.0.1:${port}`;
  for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://[::1]:${port}`]) assert.equal(await get({ Host, Origin: origin }), 200);
  for (const origin of ['null', 'http://evil.example', `https://127.0.0.1:${port}`, 'http://127.0.0.1', `http://127.0.0.1:${port}.evil.example`, `http://127.0.0.1:${port}/`]) {
    assert.equal(await get({ Host, Origin: origin }), 401, origin);
    assert.equal(await rawStatus(alice, `POST /api/v1/chat/send HTTP/1.1\r\nHost: ${Host}\r\nOrigin: ${origin}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`), 401);
  }
});

test('what passed a proxy is not the owner', async () => {
  for (const name of ['Forwarded', 'X-Forwarded-For', 'X-Real-IP', 'Via', 'x-forwarded-for']) assert.equal(await get({ Host: `127.0.0.1:${port}`, [name]: '127.0.0.1' }), 401, name);
});

test('another user of this machine is not the owner, unless the owner says so', async () => {
  const as = (uid, node) => new Promise((resolve) => {
    const curl = spawn('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', `${node.ui}/api/v1/node`], { uid });
    curl.stdout.once('data', (data) => resolve(Number(data)));
  });
  const own = process.getuid();
  const nobody = own === 0 ? 65534 : own; // only root can be somebody else
  assert.equal(await as(own, alice), 200);
  assert.equal(await as(nobody, alice), own === 0 ? 401 : 200);
  const open = await (await Node.create({ name: 'Open', config: '[ui]\nsame_user_only = false\n' })).start();
  assert.equal(await as(nobody, open), 200);
});

test('forms cannot post', async () => {
  for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain', 'application/jsonp', '']) {
    assert.equal((await alice.request('POST', '/api/v1/community', '{}', { 'Content-Type': type })).status, 415, type);
  }
});

test('the page has a strict policy and everything it needs', async () => {
  for (const path of ['/', '/main.js', '/style.css', '/icon.svg', '/openapi.yaml']) {
    const answer = await alice.request('GET', path);
    assert.equal(answer.status, 200, path);
    const policy = answer.headers.get('content-security-policy');
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*/);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
  }
  assert.equal((await alice.request('GET', '/../CMakeLists.txt')).status, 404);
});
