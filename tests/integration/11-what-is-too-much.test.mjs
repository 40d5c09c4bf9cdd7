import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { after, before, test } from 'node:test';
import { setInterval } from 'node:timers/promises';
import tls from 'node:tls';
import { cleanAll, cleanup, freePort, fs, http, net, Node, once, PATIENCE_MS, Peer, street } from './support.mjs';

let alice;
let member;
let other;
after(cleanAll);
before(async () => {
  [alice, member, other] = await street(2);
  alice.community = member.community;
});

const secured = (who) => tls.connect({ host: '127.0.0.1', port: alice.peerPort, localAddress: who.address, rejectUnauthorized: false, key: who.key, cert: who.cert });

/** Many requests at once on one connection: the answers until it is closed or all are there. */
async function pipeline(who, request, count, socket = secured(who)) {
  const answers = [];
  let text = '';
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  socket.write(request.repeat(count));
  socket.on('data', (data) => {
    text += data;
    for (let head; (head = /^HTTP\/1\.1 (\d+)[^]*?\r\n\r\n/.exec(text));) {
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head[0])[1]);
      if (text.length < head[0].length + length) break;
      answers.push({ status: Number(head[1]), head: head[0], body: JSON.parse(text.slice(head[0].length, head[0].length + length)) });
      text = text.slice(head[0].length + length);
    }
    if (answers.length === count) socket.destroy();
  });
  await new Promise((resolve) => { socket.once('close', resolve); });
  return answers;
}

const get = (path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const call = (capability) => `POST /bus/v1/call HTTP/1.1\r\nHost: x\r\nX-HearthNet-Capability: ${capability}\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n{"params":{},"input":{}}`;

function checkLimited(answers) {
  const limited = answers.filter(({ status }) => status === 429);
  assert.ok(limited.length > 0);
  for (const { head, body } of limited) {
    assert.equal(body.error, 'rate_limited');
    assert.ok(body.retry_after_ms > 0 && body.retry_after_ms <= 1000);
    assert.match(head, /\r\nRetry-After: 1\r\n/i);
  }
}

test('a hundred calls a second are answered, more are told when to come again, and nobody else suffers', async () => {
  const answers = await pipeline(member, get('/sync/v1/heads'), 500);
  assert.equal(answers.length, 500); // refused, not hung up on
  assert.deepEqual(answers.slice(0, 90).map(({ status }) => status), Array(90).fill(200)); // joining counted, too
  checkLimited(answers);
  assert.equal((await other.call(alice, 'GET', '/sync/v1/heads')).status, 200);
});

test('strangers share what their address may, whatever keys they show', async () => {
  const house = new Peer();
  const second = new Peer();
  second.address = house.address;
  checkLimited(await pipeline(house, get('/health'), 500));
  let flooding = true; // or the second's handshake may outlast the second that is counted
  const flood = (async () => { while (flooding) await pipeline(house, get('/health'), 500); })();
  const hungUp = () => ({ status: 429 }); // a fast node has had more than tenfold of that address
  try {
    await alice.until(async () => (await second.call(alice, 'GET', '/health').catch(hungUp)).status === 429);
  } finally {
    flooding = false;
    await flood;
  }
  assert.equal((await other.call(alice, 'GET', '/health')).status, 200);
});

test('a signed call counts as its signer\'s, not as its address\'s', async () => {
  const third = new Peer();
  await third.join(alice);
  const house = new Peer(); // nobody, at the address from which a member's script calls
  const signed = Array.from({ length: 90 }, () => Object.entries(third.signedHeaders(alice, {}, { capability: '/sync/v1/heads' })).map(([name, value]) => `${name}: ${value}\r\n`).join(''));
  const requests = signed.map((headers) => `GET /sync/v1/heads HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
  const anonymous = tls.connect({ host: '127.0.0.1', port: alice.peerPort, localAddress: house.address, rejectUnauthorized: false });
  const answers = await pipeline(house, { repeat: () => requests.join('') }, requests.length, anonymous);
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  const strangers = await pipeline(house, get('/health'), 90);
  assert.deepEqual(new Set(strangers.map(({ status }) => status)), new Set([200]));
});

test('a capability is called ten times a second', async () => {
  const answers = await pipeline(other, call('chat.send'), 60);
  assert.deepEqual(answers.slice(0, 10).map(({ status }) => status), Array(10).fill(401)); // understood, and not for members
  checkLimited(answers);
});

test('news is taken at once however often it comes, and what is no news counts', async () => {
  const { head } = (await other.call(alice, 'GET', '/sync/v1/heads')).body;
  const push = (events, more = {}) => {
    const body = JSON.stringify({ community_id: alice.community, events, ...more });
    return `POST /sync/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  };
  const written = Array.from({ length: 300 }, (_, i) => other.event(alice.community, head + 1 + i, 'market.post.updated', { i }));
  const sendAll = async (pushes) => (await Promise.all([0, 1, 2].map((third) => {
    const own = pushes.slice(third * 100, third * 100 + 100);
    return pipeline(other, { repeat: () => own.join('') }, own.length);
  }))).flat();
  const isUncounted = ({ head: text }) => /\r\nX-HearthNet-Uncounted: 1\r\n/.test(text);
  const news = await sendAll(written.map((event) => push([event])));
  assert.deepEqual(new Set(news.map(({ status, body }) => `${status} ${body.accepted}`)), new Set(['200 1']));
  assert.ok(news.every(isUncounted));
  const spoiled = { ...other.event(alice.community, head + 301, 'market.post.updated', {}), signature: written[0].signature };
  const asking = other.event(alice.community, head + 303, 'market.post.updated', {}); // for what we have, too
  const old = [push([]), push([written[0]]), push([spoiled]), push([other.event(alice.community, head + 302, 'market.post.updated', {}), spoiled]), push([asking], { our_head: head + 302 })];
  const answers = await pipeline(other, { repeat: () => old.join('') }, old.length);
  assert.deepEqual(answers.map(({ status, body }) => [status, body.accepted]), [[200, 0], [200, 0], [200, 0], [200, 1], [200, 1]]);
  assert.ok(!answers.some(isUncounted));
  checkLimited(await pipeline(other, push([]), 500));
});

test('who goes on tenfold is hung up on', async () => {
  const answers = await pipeline(member, get('/health'), 20000);
  assert.ok(answers.length < 20000);
  await alice.until(() => alice.log.includes('a flood of calls; the connection is closed'));
});

/** Until a caller who called too often is heard again. */
const calm = (who) => alice.until(async () => (await who.call(alice, 'GET', '/health').catch(() => ({}))).status === 200);

/** Nothing of that connection is in the kernel's queues. */
function areEmpty(socket) {
  const port = `:${socket.localPort.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['tcp', 'tcp6'].every((table) => fs.readFileSync(`/proc/self/net/${table}`, 'utf8').split('\n').map((line) => line.trim().split(/\s+/))
    .every(([, local, remote, , queues]) => !(local?.endsWith(port) || remote?.endsWith(port)) || queues === '00000000:00000000'));
}

test('what one caller has sent and not finished is bounded', async () => {
  const mebibytes = 8 * 1024 * 1024;
  await calm(member);
  const head = `POST /sync/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${mebibytes}\r\n\r\n`;
  const begin = async (who, length) => {
    const socket = secured(who);
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    await new Promise((resolve) => { socket.write(head + ' '.repeat(length), resolve); });
    return socket;
  };
  const first = await begin(member, mebibytes - 1);
  const second = await begin(member, mebibytes - 1);
  await alice.until(() => areEmpty(first) && areEmpty(second)); // the node has all of it
  const statusOf = async (socket) => Number(/ (\d+)/.exec((await once(socket, 'data'))[0])[1]);
  const third = await begin(member, mebibytes);
  assert.equal(await statusOf(third), 429);
  const neighbour = await begin(other, mebibytes);
  assert.equal(await statusOf(neighbour), 400); // taken in, and no JSON
  for (const socket of [first, second, third, neighbour]) socket.destroy();
});

test('headers and bodies over their bounds are refused', async () => {
  const big = (bytes) => new Promise((resolve) => {
    const socket = secured(other);
    let text = '';
    socket.on('data', (data) => { text += data; });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\nX: ');
    const send = () => {
      while (bytes > 0 && !socket.destroyed) {
        bytes -= 65536;
        if (!socket.write('a'.repeat(65536))) { socket.once('drain', send); return; }
      }
      socket.end('\r\n\r\n');
    };
    send();
  });
  assert.match(await big(10 * 1024 * 1024), /^(HTTP\/1\.1 431 |$)/); // or gone before it could be read
  const lying = await other.call(alice, 'POST', '/sync/v1/events', '{}', { headers: { 'Content-Length': String(129 * 1024 * 1024) } });
  assert.equal(lying.status, 413);
  const heavy = await other.call(alice, 'POST', '/sync/v1/events', `[${'{},'.repeat(500000)}{}]`);
  assert.deepEqual([heavy.status, heavy.body.error], [413, 'bad_request']);
});

test('a request that is odd is answered, and answered by us', async () => {
  const { port } = new URL(alice.ui);
  const answer = async (line, headers, body = '') => {
    const socket = net.connect(Number(port), '127.0.0.1');
    socket.write([`${line} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...headers, '', body].join('\r\n'));
    const [data] = await once(socket, 'data');
    socket.destroy();
    return data.toString();
  };
  for (const parameters of [65, 250, 1000, 3000]) {
    const query = Array.from({ length: parameters }, (_, i) => `a${i}=1`).join('&');
    assert.match(await answer(`GET /api/v1/node?${query}`, []), /^HTTP\/1\.1 400 [^]*"message":"No path has so many query parameters\."/, parameters);
  }
  for (const coding of ['gzip', 'gzip, chunked', 'identity']) {
    assert.match(await answer('POST /api/v1/node', [`Transfer-Encoding: ${coding}`, 'Content-Type: application/json'], '2\r\n{}\r\n0\r\n\r\n'),
      /^HTTP\/1\.1 501 [^]*"bad_request"[^]*no other Transfer-Encoding is known/, coding);
  }
  assert.match(await answer('POST /api/v1/node', ['Transfer-Encoding: Chunked', 'Content-Type: application/json'], '2\r\n{}\r\n0\r\n\r\n'), /^HTTP\/1\.1 400 [^]*display_name/);
});

/** What either listener says to such bytes, '' when it hangs up: {local, peer}. */
async function sayToBoth(text) {
  const { hostname, port } = new URL(alice.ui);
  const say = async (socket, bytes) => {
    let answer = '';
    cleanup(() => socket.destroy());
    socket.on('error', () => {}).on('data', (data) => { answer += data; if (/<\/html>|\}$/.test(answer)) socket.destroy(); });
    socket.write(bytes);
    await once(socket, 'close');
    return answer;
  };
  return {
    local: await say(net.connect(Number(port), hostname), text.replaceAll('Host: x', `Host: ${hostname}:${port}`)),
    peer: await say(secured(other), text.replaceAll('/api/v1/node', '/sync/v1/heads').replaceAll('/api/v1/community', '/sync/v1/events')),
  };
}

test('headers of 16 KiB are taken, longer ones refused by us, and cookies are nobody\'s business', async () => {
  await calm(other);
  const check = async (bytes, target, headers, pattern) => {
    const answers = await sayToBoth(`GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
    assert.match(answers.local, pattern, `${headers.slice(0, 20)} ${bytes}`);
    if (bytes <= 30000) assert.match(answers.peer, pattern, `${headers.slice(0, 20)} ${bytes}`);
  };
  await check(0, '/api/v1/node', `X: ${'a'.repeat(16000)}\r\n`, /^HTTP\/1\.1 200 /);
  await check(0, '/api/v1/node', 'a: b\r\n'.repeat(400), /^HTTP\/1\.1 200 /);
  await check(0, `/api/v1/node?a=${'a'.repeat(10200)}`, '', /^HTTP\/1\.1 400 [^]*no query parameter/);
  await check(0, `/api/v1/node?a=${'a'.repeat(10300)}`, '', /^HTTP\/1\.1 414 /);
  for (const bytes of [16400, 30000, 60000]) {
    await check(bytes, '/api/v1/node', `Cookie: a=${'x'.repeat(bytes)}\r\n`, /^HTTP\/1\.1 200 /);
    await check(bytes, '/api/v1/node', `Cookie: ${'a=b; '.repeat(bytes / 5)}\r\n`, /^HTTP\/1\.1 200 /);
    await check(bytes, '/api/v1/node', `X: ${'a'.repeat(bytes)}\r\n`, /^HTTP\/1\.1 431 [^]*"bad_request","message":"The headers are too long/);
    await check(bytes, `/api/v1/node?a=${'a'.repeat(bytes)}`, '', /^HTTP\/1\.1 414 [^]*"bad_request","message":"The address is too long/);
  }
});

test('what libmicrohttpd answers by itself is what docs/protocol-notes.md says', async () => {
  await calm(other);
  const get = (line, ...headers) => `${line}\r\n${['Host: x', ...headers].map((header) => `${header}\r\n`).join('')}\r\n`;
  const post = (length, body) => get('POST /api/v1/community HTTP/1.1', 'Content-Type: application/json', length) + body;
  const chunked = (body) => post('Transfer-Encoding: chunked', body);
  const html = {
    400: [get('GET /health'), get('GET'.concat(' ')), get('GET /health HTTP/x'), get('GET /health http/1.1'), get('GET /health HTTP/1.1', 'x'), get('GET /health HTTP/1.1', 'a\0: b'),
      chunked('zz\r\n{}\r\n0\r\n\r\n'), chunked('2\r\n{}xx0\r\n\r\n'), chunked('2\r\n{}\r\n0\r\nx\r\n\r\n')],
    505: [get('GET /health HTTP/0.9'), get('GET /health HTTP/2.0')],
    413: [chunked(`${'f'.repeat(17)}\r\n{}`)],
    414: [get(`GET /${'a'.repeat(70000)} HTTP/1.1`)],
    431: [get('GET /health HTTP/1.1', `X: ${'a'.repeat(70000)}`), get('GET /health HTTP/1.1', ...Array(2000).fill('a:')), chunked(`2\r\n{}\r\n0\r\nx: ${'a'.repeat(70000)}\r\n\r\n`)],
    500: [chunked(`2;${'a'.repeat(70000)}\r\n{}\r\n0\r\n\r\n`)],
  };
  const twice = { 400: [post('Content-Length: x', '{}'), post('Content-Length: -1', '{}'), post('Content-Length: ', '{}'), post('Content-Length: 2, 2', '{}'), post('Content-Length: 2 ', '{}')], 413: [post(`Content-Length: ${'9'.repeat(30)}`, '{}')] };
  const check = async (texts, pattern) => {
    for (const text of texts) {
      for (const [listener, answer] of Object.entries(await sayToBoth(text))) assert.match(answer, pattern, `${listener}: ${JSON.stringify(text.slice(0, 120))}`);
    }
  };
  for (const [status, texts] of Object.entries(html)) await check(texts, new RegExp(`^HTTP/1\\.1 ${status} [^]*?\r\n\r\n<html>`));
  for (const [status, texts] of Object.entries(twice)) await check(texts, new RegExp(`^HTTP/1\\.1 ${status} [^]*?\r\n\r\nHTTP/1\\.1 ${status} `));
  await check(['x\r\n\r\n', ' /health HTTP/1.1\r\n\r\n'], /^$/);
});

test('who is slow, or silent, is let go of; all at once, while the owner writes', async () => {
  const { hostname, port } = new URL(alice.ui);
  const plain = (text, portOf = Number(port)) => {
    const socket = net.connect(portOf, portOf === Number(port) ? hostname : '127.0.0.1');
    socket.write(text);
    return socket;
  };
  const kept = secured(new Peer());
  kept.write(get('/health'));
  await once(kept, 'data');
  const half = 'POST /api/v1/chat/send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{';
  const slow = {
    'a silent connection': plain('', alice.peerPort),
    'half a TLS handshake': plain('\x16\x03\x01\x02\x00\x01', alice.peerPort),
    'a request line by the byte': Object.assign(secured(new Peer()), { drip: 'GET /health-and-so-on-and-so-forth HTTP' }),
    'headers by the byte': Object.assign(secured(new Peer()), { drip: 'X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', first: 'GET /health HTTP/1.1\r\n' }),
    'a body by the byte': Object.assign(secured(member), { drip: ' '.repeat(60), first: half.replace('/api/v1/chat/send', '/sync/v1/events') }),
    'a length that never comes': Object.assign(secured(member), { first: half.replace('/api/v1/chat/send', '/sync/v1/events') }),
    'the second request by the byte': Object.assign(kept, { drip: 'GET /health-and-so-on-and-so-forth HTTP' }),
    'a silent one on loopback': plain(''),
    'a body on loopback': Object.assign(plain(half.replace('Host: x', `Host: ${hostname}:${port}`)), { drip: ' '.repeat(60) }),
  };
  const closed = Object.entries(slow).map(async ([what, socket]) => {
    cleanup(() => socket.destroy());
    socket.on('error', () => {});
    socket.resume();
    if (socket.first) socket.write(socket.first);
    await Promise.race([new Promise((resolve) => { socket.once('close', resolve); }), once(AbortSignal.timeout(PATIENCE_MS * 1.5), 'abort').then(() => assert.fail(`${what} was not closed`))]);
  });
  let at = 0;
  const all = Promise.all(closed).then(() => true);
  for await (const _second of setInterval(1000)) {
    for (const socket of Object.values(slow)) if (socket.drip && !socket.destroyed && socket.writable) socket.write(socket.drip[at % socket.drip.length]);
    at += 1;
    assert.ok((await alice.send(member.id, `meanwhile ${at}`)).event_id);
    if (await Promise.race([all, Promise.resolve(false)])) break;
  }
  for (const reason of ['no request in time', 'a request that does not end']) await alice.logged(new RegExp(`"connection.closed","address":"127\\..*"reason":"${reason}"`));
});

/** The first words of a TLS client. */
async function clientHello() {
  const wire = new Duplex({ read() {}, write(bytes, _encoding, done) { this.emit('said', bytes); done(); } });
  const said = once(wire, 'said');
  tls.connect({ socket: wire, rejectUnauthorized: false }).on('error', () => {});
  const [bytes] = await said;
  wire.destroy();
  return bytes;
}

/** Seconds of a core that a node has used. */
const cpuSeconds = (node) => {
  const [user, system] = fs.readFileSync(`/proc/${node.process.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ').slice(11, 13);
  return (Number(user) + Number(system)) / 100;
};

/** A wire that takes a byte at a time of what the client says first, over `ms` in all. */
function thinWire(who, ms) {
  const socket = net.connect({ host: '127.0.0.1', port: alice.peerPort, localAddress: who.address, noDelay: true });
  let thin = true;
  const wire = new Duplex({
    read() {},
    async write(bytes, _encoding, done) {
      if (!thin) { socket.write(bytes, done); return; }
      thin = false;
      const begun = Date.now();
      let sent = 0;
      for await (const _ of setInterval(ms / bytes.length)) { // its pace, by the clock: a busy machine's timers are late
        for (; sent < bytes.length && begun + sent * ms / bytes.length <= Date.now(); sent++) socket.write(bytes.subarray(sent, sent + 1));
        if (socket.destroyed || sent === bytes.length) break;
      }
      done();
    },
  });
  socket.on('data', (bytes) => wire.push(bytes)).on('close', () => wire.push(null)).on('error', () => {});
  cleanup(() => socket.destroy());
  return tls.connect({ socket: wire, rejectUnauthorized: false, key: who.key, cert: who.cert });
}

test('a connection that waits for its other end takes no time of a core, and a thin wire gets in', async () => {
  const { hostname, port } = new URL(alice.ui);
  const stranger = new Peer();
  const hello = await clientHello();
  const held = [];
  const hold = (socket, text) => {
    held.push(socket);
    cleanup(() => socket.destroy());
    socket.on('error', () => {}).resume();
    if (text.length > 0) socket.write(text);
    return socket;
  };
  const outside = (text) => hold(net.connect({ host: '127.0.0.1', port: alice.peerPort, localAddress: stranger.address }), text);
  const inside = (text) => hold(secured(member), text);
  const local = (text) => hold(net.connect(Number(port), hostname), text);
  const heads = ['', 'GET ', 'GET /health HTTP/1.1\r\n', 'GET /health HTTP/1.1\r\nHost: x\r\nX: ', 'POST /sync/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{'];
  for (let i = 0; i < 4; i++) {
    for (const text of ['', hello.subarray(0, 3), hello.subarray(0, hello.length / 2), hello]) outside(text);
    for (const text of heads) { inside(text); local(text.replace('Host: x', `Host: ${hostname}:${port}`).replace('/sync/v1/events', '/api/v1/chat/send')); }
  }
  await calm(other);
  const thin = thinWire(new Peer(), 10000);
  const [usedBefore, before] = [cpuSeconds(alice), Date.now()];
  let answered = 0;
  const done = once(thin, 'secureConnect', { signal: AbortSignal.timeout(PATIENCE_MS) }).then(() => true);
  for await (const _half of setInterval(500)) {
    assert.equal((await other.call(alice, 'GET', '/health')).status, 200);
    answered += 1;
    if (await Promise.race([done, Promise.resolve(false)])) break;
  }
  const [used, elapsed] = [cpuSeconds(alice) - usedBefore, (Date.now() - before) / 1000];
  assert.ok(elapsed >= 5 && answered > 0);
  assert.ok(used < elapsed * 0.2, `${used} s of a core in ${elapsed} s, for ${held.length} that wait and ${answered} calls`);
  thin.write(get('/health'));
  assert.match((await once(thin, 'data')).toString(), /^HTTP\/1\.1 200 /);
  thin.destroy();
});

test('a node stops while handshakes wait', async () => {
  const street = await (await Node.create({ name: 'Carol' })).start();
  const hello = await clientHello();
  const sockets = Array.from({ length: 4 }, () => net.connect(street.peerPort, '127.0.0.1'));
  for (const socket of sockets) {
    cleanup(() => socket.destroy());
    socket.on('error', () => {}).write(hello);
    await once(socket, 'data'); // the server's half
  }
  assert.equal((await other.call(street, 'GET', '/health')).status, 200);
  await street.stop();
});

test('two thousand connections that do nothing keep nobody out', async () => {
  const idle = [];
  const { port } = new URL(alice.ui);
  let open = 0;
  const connect = (options) => new Promise((resolve) => {
    const socket = net.connect(options);
    idle.push(socket);
    socket.resume();
    socket.on('error', () => {});
    socket.once('connect', () => { open += 1; resolve(); });
    socket.once('close', () => { open -= 1; resolve(); });
  });
  cleanup(() => idle.forEach((socket) => socket.destroy()));
  const friend = secured(member); // was here before, and is known
  friend.write(get('/health'));
  await once(friend, 'data');
  // Members in the middle of something: one has sent half of a request, one waits for its answer.
  const rounds = 20;
  const piece = 5000; // a body that moves: 4 KiB in 15 s
  const body = JSON.stringify({ community_id: alice.community, events: [] }).padEnd((rounds + 1) * piece);
  const busy = { half: secured(other), waiting: secured(other) };
  for (const socket of Object.values(busy)) {
    socket.on('error', () => {});
    cleanup(() => socket.destroy());
    socket.write(get('/health'));
    await once(socket, 'data');
  }
  busy.half.write(`POST /sync/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`);
  busy.waiting.write(get(`/pubsub/v1/subscribe?topic=chat.message.${other.id}&last_seq=9007199254740991&timeout=60`));
  for (let i = 0; i < rounds; i++) {
    await Promise.all(Array.from({ length: 100 }, () => connect({ host: '127.0.0.1', port: alice.peerPort, localAddress: `127.7.7.${i + 1}` })));
    busy.half.write(body.slice(10 + i * piece, 10 + (i + 1) * piece)); // however slow all this is
    await Promise.all(Array.from({ length: 40 }, () => connect({ host: '127.0.0.1', port: Number(port) })));
  }
  await alice.until(() => open <= 1024 + 512);
  assert.ok((await alice.send(member.id, 'through the crowd')).event_id);
  assert.equal((await other.call(alice, 'GET', '/sync/v1/heads')).status, 200);
  const statusOf = async (socket) => {
    const hungUp = () => assert.fail('a member was hung up on');
    if (socket.destroyed) hungUp();
    const [data] = await Promise.race([once(socket, 'data'), once(socket, 'close').then(hungUp)]);
    return Number(/ (\d+)/.exec(data)[1]);
  };
  friend.write(get('/health'));
  assert.equal(await statusOf(friend), 200); // nobody pushed it out
  friend.destroy();
  busy.half.write(body.slice(10 + rounds * piece));
  assert.equal(await statusOf(busy.half), 200);
  const answered = statusOf(busy.waiting);
  await alice.send(other.id, 'you waited for this');
  assert.equal(await answered, 200);
  for (const socket of Object.values(busy)) socket.destroy();
});

test('one address holds but its share of the connections', async () => {
  const street = await (await Node.create({ name: 'Bob' })).start();
  const sockets = Array.from({ length: 580 }, () => {
    const socket = net.connect({ host: '127.0.0.1', port: street.peerPort, localAddress: '127.6.6.6' });
    socket.resume();
    socket.on('error', () => {});
    return socket;
  });
  cleanup(() => sockets.forEach((socket) => socket.destroy()));
  await street.until(() => street.log.includes('"address":"127.6.6.6","reason":"too many connections"'));
});

test('with few descriptors, all of them wanted by others, the owner is served', async () => {
  const node = await Node.create({ name: 'Carol', community: 'Lane' });
  node.wrapper = ['sh', '-c', 'ulimit -n 128; exec "$0" "$@"'];
  await node.start();
  const sockets = new Set();
  const silent = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).resume();
  }).listen(await freePort(), '127.0.0.1');
  cleanup(() => { silent.close(); sockets.forEach((socket) => socket.destroy()); });
  const friend = new Peer();
  await friend.join(node);
  for (let i = 0; i < 40; i++) { // members whom the node calls, and who say nothing
    const peer = new Peer();
    peer.port = silent.address().port;
    await peer.join(node);
  }
  const { port } = new URL(node.ui);
  let taken = 0;
  const hold = (options) => {
    const socket = net.connect(options);
    sockets.add(socket);
    socket.on('error', () => {}).once('connect', () => { taken++; }).resume();
  };
  const tabs = [];
  const upgrade = async ({ ui }) => {
    const request = http.get(`${ui}/pubsub/v1/subscribe?topic=member.changed`, { headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' } });
    const [response, socket] = await Promise.race([once(request, 'upgrade'), once(request, 'response')]);
    sockets.add(response.resume().socket);
    if (socket) socket.on('error', () => {});
    return response.statusCode;
  };
  const descriptors = () => fs.readdirSync(`/proc/${node.process.pid}/fd`).length;
  let most = 0;
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 20; i++) hold({ host: '127.0.0.1', port: node.peerPort, localAddress: `127.8.${round}.${i + 1}` });
    for (let i = 0; i < 5; i++) hold({ host: '127.0.0.1', port: Number(port) });
    for (let i = 0; i < 3; i++) tabs.push(await upgrade(node));
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (const answer of [await node.request('POST', '/api/v1/chat/send', { recipient: friend.id, body: `round ${round}` }), await node.request('GET', '/api/v1/members'), await node.request('GET', '/api/v1/chat/search?q=round')]) assert.equal(answer.status, 200, answer.text);
    }));
    most = Math.max(most, descriptors());
  }
  assert.ok(tabs.includes(101) && tabs.includes(429), `${tabs}`);
  assert.ok(taken > 128, `${taken} connections were tried`);
  assert.ok(most < 120, `${most} descriptors`);
  assert.equal((await friend.call(node, 'GET', '/sync/v1/heads')).status, 200);
});
