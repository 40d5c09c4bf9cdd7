import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setInterval } from 'node:timers/promises';
import tls from 'node:tls';
import { cleanAll, cleanup, freePort, fs, net, Node, once, PATIENCE_MS, Peer } from './support.mjs';

let alice;
let member;
let other;
after(cleanAll);
before(async () => {
  alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  member = new Peer();
  other = new Peer();
  alice.community = await member.join(alice);
  await other.join(alice);
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
  await alice.until(async () => (await second.call(alice, 'GET', '/health')).status === 429);
  flooding = false;
  await flood;
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

test('who goes on tenfold is hung up on', async () => {
  const answers = await pipeline(member, get('/health'), 20000);
  assert.ok(answers.length < 20000);
  await alice.until(() => alice.log.includes('a flood of calls; the connection is closed'));
});

/** Until a caller who called too often is heard again. */
const calm = (who) => alice.until(async () => (await who.call(alice, 'GET', '/health').catch(() => ({}))).status === 200);

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
  const fits = await other.call(alice, 'GET', '/health', undefined, { headers: { X: 'a'.repeat(15000) } });
  assert.equal(fits.status, 200);
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
  for (const bytes of [4000, 8000, 15500]) assert.match(await answer('GET /api/v1/node', [`Cookie: a=${'x'.repeat(bytes)}`]), /^HTTP\/1\.1 200 /, 'other programs\' cookies');
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
  const descriptors = () => fs.readdirSync(`/proc/${node.process.pid}/fd`).length;
  let most = 0;
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 20; i++) hold({ host: '127.0.0.1', port: node.peerPort, localAddress: `127.8.${round}.${i + 1}` });
    for (let i = 0; i < 5; i++) hold({ host: '127.0.0.1', port: Number(port) });
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (const answer of [await node.request('POST', '/api/v1/chat/send', { recipient: friend.id, body: `round ${round}` }), await node.request('GET', '/api/v1/members'), await node.request('GET', '/api/v1/chat/search?q=round')]) assert.equal(answer.status, 200, answer.text);
    }));
    most = Math.max(most, descriptors());
  }
  assert.ok(taken > 128, `${taken} connections were tried`);
  assert.ok(most < 120, `${most} descriptors`);
  assert.equal((await friend.call(node, 'GET', '/sync/v1/heads')).status, 200);
});
