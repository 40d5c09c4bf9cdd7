import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { after, before, test } from 'node:test';
import { cleanAll, cleanup, fs, http, net, Node, once, PATIENCE_MS, spawn } from './support.mjs';

let alice;
let port;
let Host;
after(cleanAll);
before(async () => {
  alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  ({ port } = new URL(alice.ui));
  Host = `127.0.0.1:${port}`;
});

/** Requests one after the other on one connection, as bytes; the status and body of each answer. */
async function ask(requests, { version = '1.1', apart = false, ...options } = {}) {
  if (apart) return (await Promise.all(requests.map((request) => ask([request], { version, ...options })))).flat();
  const socket = net.connect({ port: Number(port), host: '127.0.0.1', ...options });
  const answers = [];
  let text = '';
  AbortSignal.timeout(PATIENCE_MS).addEventListener('abort', () => socket.destroy()); // what isn't answered is missing in the answers
  const got = (async () => {
    for await (const data of socket) {
      text += data;
      for (;;) {
        const head = /^HTTP\/1\.[01] (\d+)[^]*?\r\n\r\n/.exec(text);
        const length = head && Number(/\r\ncontent-length: (\d+)/i.exec(head[0])?.[1] ?? 0);
        const bodyless = head && requests[answers.length].method === 'HEAD';
        if (!head || text.length < head[0].length + (bodyless ? 0 : length)) break;
        answers.push({ status: Number(head[1]), head: head[0], body: bodyless ? null : text.slice(head[0].length, head[0].length + length) });
        text = text.slice(head[0].length + (bodyless ? 0 : length));
      }
      if (answers.length === requests.length) socket.end();
    }
  })();
  for (const { method, path, headers } of requests) {
    socket.write(`${method} ${path} HTTP/${version}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  }
  await got.catch(() => {});
  return answers;
}

const REFUSAL = '{"error":"unauthorized","message":"This address answers only this machine\'s owner: open it directly, by its own name."}';
const PATHS = ['/', '/main.js', '/openapi.yaml', '/api/v1/chat/send', '/api/v1/chat/history', '/api/v1/chat/conversations', '/api/v1/chat/read', '/api/v1/chat/search?q=x', '/api/v1/node', '/api/v1/members', '/api/v1/community',
  '/api/v1/community/join', '/api/v1/invites', '/api/v1/revocations', '/api/v1/levels', '/api/v1/qr.svg?text=x', '/api/v1/qr/read', '/bus/v1/call', '/bus/v1/capabilities', '/pubsub/v1/subscribe', '/health', '/ready', '/metrics', '/nothing', '*'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'NONSENSE'];
const UPGRADE = [['Connection', 'Upgrade'], ['Upgrade', 'websocket'], ['Sec-WebSocket-Version', '13'], ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA==']];

/** What must be refused on every path, by every method and as an upgrade: headers, and how the connection is made. */
const refusals = () => ({
  'no Host': [[], { version: '1.0', apart: true }],
  'an empty Host': [[['Host', '']]],
  'the Host without our port': [[['Host', '127.0.0.1']]],
  'the Host with another port': [[['Host', `127.0.0.1:${Number(port) + 1}`]]],
  'another Host': [[['Host', `evil.example:${port}`]]],
  'a Host that begins like ours': [[['Host', `127.0.0.1.evil.example:${port}`]]],
  'a Host that ends like ours': [[['Host', `evil.127.0.0.1:${port}`]]],
  'a Host with more behind it': [[['Host', `${Host}.evil.example`]]],
  'another loopback address': [[['Host', `127.0.0.2:${port}`]]],
  'two Hosts': [[['Host', Host], ['Host', 'evil.example']]],
  'the Origin of another site': [[['Host', Host], ['Origin', 'http://evil.example']]],
  'no particular Origin': [[['Host', Host], ['Origin', 'null']]],
  'an empty Origin': [[['Host', Host], ['Origin', '']]],
  'our Origin by HTTPS': [[['Host', Host], ['Origin', `https://${Host}`]]],
  'our Origin without its port': [[['Host', Host], ['Origin', 'http://127.0.0.1']]],
  'an Origin that begins like ours': [[['Host', Host], ['Origin', `http://${Host}.evil.example`]]],
  'our Origin with a path': [[['Host', Host], ['Origin', `http://${Host}/`]]],
  'two Origins': [[['Host', Host], ['Origin', `http://${Host}`], ['Origin', 'http://evil.example']]],
  'an image or script in another site\'s page': [[['Host', Host], ['Sec-Fetch-Site', 'cross-site'], ['Sec-Fetch-Mode', 'no-cors']]],
  'a program on another port of localhost': [[['Host', Host], ['Sec-Fetch-Site', 'same-site'], ['Sec-Fetch-Mode', 'cors']]],
  'Forwarded': [[['Host', Host], ['Forwarded', 'for=127.0.0.1']]],
  'X-Forwarded-For': [[['Host', Host], ['x-forwarded-for', '127.0.0.1']]],
  'X-Real-IP': [[['Host', Host], ['X-Real-IP', '127.0.0.1']]],
  'Via': [[['Host', Host], ['Via', '1.1 proxy']]],
  'another machine\'s address': [[['Host', Host]], { localAddress: foreignAddress() }],
});

/** An address of this machine that is not loopback: what a packet from elsewhere would show. */
function foreignAddress() {
  const found = Object.values(os.networkInterfaces()).flat().find(({ family, internal }) => family === 'IPv4' && !internal);
  if (found) return found.address;
  execFileSync('ip', ['address', 'add', '192.0.2.77/32', 'dev', 'lo']);
  cleanup(() => execFileSync('ip', ['address', 'del', '192.0.2.77/32', 'dev', 'lo']));
  return '192.0.2.77';
}

test('every refusal holds on every path, by every method, and for upgrades; and says the same, whatever there is', async () => {
  for (const [reason, [headers, options]] of Object.entries(refusals())) {
    const requests = PATHS.flatMap((path) => METHODS.map((method) => ({ method, path, headers: method === 'POST' ? [...headers, ['Content-Length', '0']] : headers })));
    requests.push({ method: 'GET', path: `/pubsub/v1/subscribe?topic=chat.message.${alice.id}`, headers: [...headers, ...UPGRADE] });
    requests.push({ method: 'GET', path: '/', headers: [...headers, ...UPGRADE] });
    const answers = await ask(requests, options);
    assert.equal(answers.length, requests.length, reason);
    for (const [i, { status, head, body }] of answers.entries()) {
      const what = `${reason}: ${requests[i].method} ${requests[i].path}`;
      assert.equal(status, 401, what);
      assert.ok(body === null || body === REFUSAL, what);
      assert.doesNotMatch(head, /allow:|set-cookie|access-control|server:/i, what);
    }
  }
});

test('each of them is logged: who and why, and once however often', async () => {
  await alice.logged(/it passed a proxy/);
  const lines = alice.log.split('\n').filter((line) => line.includes('"request.refused"')).map((line) => JSON.parse(line));
  const reasons = lines.map(({ reason }) => reason);
  for (const reason of ['it comes from another machine', 'its Host is another name than ours', 'another site\'s page asks', 'it passed a proxy']) assert.equal(reasons.filter((one) => one === reason).length, 1, reason);
  assert.equal(new Set(lines.map(({ address }) => address)).size, 2);
  for (const line of lines) assert.deepEqual([line.listener, line.code], ['local', 'unauthorized']);
});

test('the owner gets in by each of our names, with our Origin or none', async () => {
  const get = async (...headers) => (await ask([{ method: 'GET', path: '/api/v1/node', headers }]))[0].status;
  for (const name of ['127.0.0.1', 'localhost', '[::1]', 'LOCALHOST']) assert.equal(await get(['Host', `${name}:${port}`]), 200, name);
  for (const name of ['127.0.0.1', 'localhost', '[::1]']) assert.equal(await get(['Host', Host], ['Origin', `http://${name}:${port}`]), 200, name);
  assert.equal(await get(['Host', Host], ['Sec-Fetch-Site', 'same-origin'], ['Sec-Fetch-Mode', 'cors']), 200);
  assert.equal(await get(['Host', Host], ['Sec-Fetch-Site', 'cross-site'], ['Sec-Fetch-Mode', 'navigate']), 200); // a link that is followed
});

test('another user of this machine is not the owner, unless the owner says so', async () => {
  const as = async (uid, node, ...more) => {
    const curl = spawn('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...more, `${node.ui}/api/v1/node`], { uid });
    const [data] = await once(curl.stdout, 'data');
    return Number(data);
  };
  const own = process.getuid();
  const nobody = own === 0 ? 65534 : own; // only root can be somebody else
  const expected = own === 0 ? 401 : 200;
  assert.equal(await as(own, alice), 200);
  for (const method of METHODS.filter((one) => one !== 'HEAD')) assert.equal(await as(nobody, alice, '-X', method, '-d', ''), own === 0 ? 401 : { GET: 200, POST: 415 }[method] ?? 405, method);
  assert.equal(await as(nobody, alice, ...UPGRADE.flatMap((header) => ['-H', header.join(': ')])), expected);
  if (own === 0) await alice.logged(/another user of this machine asks: 65534/);
  const open = await (await Node.create({ name: 'Open', config: '[ui]\nsame_user_only = false\n' })).start();
  assert.equal(await as(nobody, open), 200);
});

/** Asks on one connection that is kept; and has the node open no descriptor meanwhile, so that it can't ask the kernel either. */
function keptConnection() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  cleanup(() => agent.destroy());
  const limit = (soft) => execFileSync('prlimit', ['--pid', String(alice.process.pid), `--nofile=${soft}:`]);
  const before = /Max open files\s+(\d+)/.exec(fs.readFileSync(`/proc/${alice.process.pid}/limits`))[1];
  return {
    ask: (headers = {}) => new Promise((resolve, reject) => {
      http.get(`${alice.ui}/api/v1/node`, { agent, headers }, async (response) => resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(await response.toArray())) })).on('error', reject);
    }),
    async blind(action) {
      limit(3);
      try {
        return await action();
      } finally {
        limit(before);
      }
    },
  };
}

test('when it can\'t be found out just now who asks, nobody is told to be somebody else, and it is found out later', async () => {
  const { ask, blind } = keptConnection();
  assert.equal((await ask({ Via: '1.1 proxy' })).status, 401); // the connection is there
  const { status, body } = await blind(() => ask());
  assert.deepEqual([status, body.error], [503, 'partition']);
  assert.match(body.message, /which user of this machine asks: try again/);
  await alice.logged(/"code":"partition".*"nobody knows which user asks"/);
  assert.equal((await ask()).status, 200);
});

test('who asks is found out once a connection, and the rest of the gate with each request', async () => {
  const { ask, blind } = keptConnection();
  assert.equal((await ask()).status, 200);
  assert.deepEqual(await blind(async () => [(await ask()).status, (await ask({ Via: '1.1 proxy' })).status, (await ask()).status]), [200, 401, 200]);
});

test('where the kernel does not tell whose a connection is, start-up says so', async () => {
  // A filter that refuses the question, as some containers have it.
  const mute = await Node.create({ name: 'Mute' });
  mute.wrapper = ['python3', new URL('without_family.py', import.meta.url).pathname, 'netlink'];
  await mute.start();
  await mute.logged(/"gate.same_user_unavailable","meaning":"this system does not tell who owns a connection: every user of this machine can open the tab"/);
  assert.equal((await mute.request('GET', '/api/v1/node')).status, 200);
});

test('forms cannot post', async () => {
  for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain', 'application/jsonp', '']) {
    assert.equal((await alice.request('POST', '/api/v1/community', '{}', { 'Content-Type': type })).status, 415, type);
  }
});

test('a body has one length', async () => {
  const post = async (...headers) => (await ask([{ method: 'POST', path: '/api/v1/chat/send', headers: [['Host', Host], ['Content-Type', 'application/json'], ...headers] }]))[0];
  for (const both of [[['Content-Length', '2'], ['Transfer-Encoding', 'chunked']], [['Content-Length', '0'], ['Content-Length', '2']]]) {
    const { status, body } = await post(...both);
    assert.deepEqual([status, JSON.parse(body).message], [400, 'Say the body\'s length once: by Content-Length or by chunks.']);
  }
  assert.equal((await post(['Content-Length', '16777217'])).status, 413);
  assert.equal((await post(['Content-Length', '99999999999999999999999'])).status, 413);
});

test('the page has a strict policy and everything it needs; nothing else is ever a page', async () => {
  const files = ['/', '/main.js', '/style.css', '/icon.svg', '/openapi.yaml'];
  const data = ['/api/v1/node', '/api/v1/qr.svg?text=%3Cscript%3E', '/health', '/metrics', '/bus/v1/capabilities'];
  for (const path of [...files, ...data]) {
    const answer = await alice.request('GET', path);
    assert.equal(answer.status, 200, path);
    const policy = answer.headers['content-security-policy'];
    assert.match(policy, /^default-src 'none';/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.match(policy, /base-uri 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|http/);
    assert.equal(/; sandbox$/.test(policy), data.includes(path), path);
    assert.equal(answer.headers['cache-control'], data.includes(path) ? 'no-store' : 'no-cache', path); // an invite's code may stand in an address
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    assert.equal(answer.headers['referrer-policy'], 'no-referrer');
    assert.equal(answer.headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(answer.headers['cross-origin-embedder-policy'], 'require-corp');
    assert.equal(answer.headers['cross-origin-resource-policy'], 'same-origin');
  }
  assert.equal((await alice.request('GET', '/../CMakeLists.txt')).status, 404);
});
