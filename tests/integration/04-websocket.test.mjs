import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cleanAll, http, neighbours, net, Node, once, Peer, Subscriber } from './support.mjs';

let alice;
let bob;
after(cleanAll);
before(async () => { [alice, bob] = await neighbours(); });

const bodyIn = ({ data, opened }) => (opened ?? data?.data)?.body;
const bodies = (subscriber) => subscriber.published().filter(({ data }) => data.event_type === 'chat.message.sent').map(bodyIn);
const hasBody = (body) => (frame) => bodyIn(frame) === body;

test('ready comes first, then what arrives, as signed event envelopes', async () => {
  const { seq: before } = await bob.get('/api/v1/node');
  const subscriber = new Subscriber(bob);
  const ready = await subscriber.ready();
  assert.equal(subscriber.frames[0], ready);
  const { seq: after } = await bob.get('/api/v1/node'); // Alice's key may arrive at any time
  assert.ok(before <= ready.seq && ready.seq <= after, `${before} ${ready.seq} ${after}`);
  const sent = await alice.send(bob.id, 'live');
  const frame = await subscriber.until(hasBody('live'));
  assert.equal(frame.event, 'published');
  assert.equal(frame.topic, `chat.message.${bob.id}`);
  assert.ok(frame.seq > ready.seq);
  assert.equal(frame.data.event_id, sent.event_id);
  assert.equal(frame.data.author, alice.id);
  assert.match(frame.data.signature, /^ed25519:/);
  const receipt = await subscriber.until((other) => other.data?.event_type === 'chat.message.delivered' && other.data.data.target_event_id === sent.event_id);
  assert.ok(receipt.seq > frame.seq);
  subscriber.close();
});

test('a client that comes back with its last seq gets all it missed, once and in order', async () => {
  const first = new Subscriber(bob);
  const { seq } = await first.ready();
  first.close();
  const expected = Array.from({ length: 120 }, (_, i) => `missed ${i}`);
  for (const body of expected) await alice.send(bob.id, body);
  await bob.arrived(expected.at(-1));
  const back = new Subscriber(bob, { since: seq });
  await alice.send(bob.id, 'and live again');
  const newest = (await back.until(hasBody('and live again'))).seq; // receipts may follow it at any time
  assert.deepEqual(bodies(back), [...expected, 'and live again']);
  const seqs = back.published().map((frame) => frame.seq).filter((other) => other <= newest);
  assert.deepEqual(seqs, [...new Set(seqs)].sort((a, b) => a - b));
  const middle = back.published()[50].seq;
  back.close();
  const resumed = new Subscriber(bob, { since: middle });
  await resumed.until(hasBody('and live again'));
  assert.deepEqual(resumed.published().map((frame) => frame.seq).filter((other) => other <= newest), seqs.filter((other) => other > middle));
  resumed.close();
});

test('a client whose seq is above the newest, of before a restored backup, goes on from the newest', async () => {
  const { seq } = await bob.get('/api/v1/node');
  const ahead = new Subscriber(bob, { since: seq + 1000 });
  assert.ok((await ahead.ready()).seq < seq + 1000);
  await alice.send(bob.id, 'behind the backup');
  await ahead.until(hasBody('behind the backup'));
  ahead.close();
});

test('it resumes over a restart of the node', async () => {
  const before = (await bob.get('/api/v1/node')).seq;
  await alice.send(bob.id, 'kept over the restart');
  await bob.arrived('kept over the restart');
  await bob.stop();
  await bob.start();
  const subscriber = new Subscriber(bob, { since: before });
  await subscriber.until(hasBody('kept over the restart'));
  subscriber.close();
});

/** Sends so many messages to the node at once, in a neighbour's name. */
async function write(peer, node, count) {
  const { head } = await node.get('/api/v1/node');
  await peer.push(node, ...Array.from({ length: count }, (_, i) => peer.event(peer.community, head + 1 + i, 'chat.message.sent', { client_id: `${head}/${i}`, recipient: node.id, body: `${i}`, attachments: [] })));
}

/** The arrival numbers of the node's own events above one, as its log has them: page by page, until there is none. */
async function ownSeqs(node, since) {
  const seqs = [];
  for (let last = since;;) {
    const { body } = await node.request('GET', `/pubsub/v1/subscribe?topic=chat.message.${node.id}&last_seq=${last}&timeout=0`);
    if (body.timeout) return seqs;
    seqs.push(...body.messages.map(({ seq }) => seq));
    assert.equal(body.last_seq, seqs.at(-1)); // not where the log stands: the rest comes with the next page
    last = body.last_seq;
  }
}

const seqsOf = (subscriber) => subscriber.published().map(({ seq }) => seq);

test('a client that catches up goes live without a repeat and without a gap', async () => {
  const node = await (await Node.create({ name: 'Nora', community: 'Elsewhere' })).start();
  const peer = new Peer();
  await peer.join(node);
  await write(peer, node, 100);
  await node.stop();
  await node.start(); // what was before is in the log alone, what comes now is held for live subscribers, too
  const { seq: stood } = await node.get('/api/v1/node');
  await node.send(peer.id, 'the first that is held');
  await write(peer, node, 100);
  for (const since of [0, stood - 5, stood - 1, stood, stood + 1, stood + 20]) {
    const subscriber = new Subscriber(node, { since });
    const expected = await ownSeqs(node, since);
    await subscriber.until(({ seq }) => seq === expected.at(-1));
    await write(peer, node, 1);
    const live = await ownSeqs(node, expected.at(-1));
    await subscriber.until(({ event, seq }) => event === 'published' && seq === live.at(-1));
    assert.deepEqual(seqsOf(subscriber), [...expected, ...live], `since ${since} of ${stood}`);
    subscriber.close();
  }
});

test('what arrives while a client catches up comes once, and in its place', async () => {
  const node = await (await Node.create({ name: 'Nora', community: 'Elsewhere' })).start();
  const peer = new Peer();
  await peer.join(node);
  await write(peer, node, 60);
  await node.stop();
  await node.start();
  const subscriber = new Subscriber(node, { since: 0 });
  await once(subscriber.socket, 'open');
  const acknowledge = () => subscriber.socket.send(JSON.stringify({ type: 'ack', upto: seqsOf(subscriber).at(-1) ?? 0 })); // from now on it goes on only as we do
  acknowledge();
  for (let written = 0, seen = 0; ; written += 10) {
    if (written < 200) await write(peer, node, 10);
    const newest = (await ownSeqs(node, 0)).at(-1);
    if (seqsOf(subscriber).at(-1) === newest) break;
    await subscriber.until(() => subscriber.published().length > seen);
    seen = subscriber.published().length;
    acknowledge();
  }
  assert.deepEqual(seqsOf(subscriber), await ownSeqs(node, 0));
  subscriber.close();
});

test('after its first acknowledgement a client has at most 16 frames unacknowledged', async () => {
  const subscriber = new Subscriber(bob);
  const roundTrip = async () => { // what was sent before is through when the pong is back
    subscriber.socket.ping();
    await once(subscriber.socket, 'pong');
  };
  await subscriber.ready();
  for (const nonsense of ['{"type":"nonsense"}', 'not even JSON', '{"type":"ack","upto":0}']) subscriber.socket.send(nonsense);
  await roundTrip();
  for (let i = 0; i < 40; i++) await alice.send(bob.id, `paced ${i}`);
  await bob.arrived('paced 39');
  await subscriber.until(() => subscriber.published().length === 16);
  await roundTrip();
  assert.equal(subscriber.published().length, 16);
  subscriber.socket.send(JSON.stringify({ type: 'ack', upto: subscriber.published()[9].seq }));
  await subscriber.until(() => subscriber.published().length === 26);
  await roundTrip();
  assert.equal(subscriber.published().length, 26);
  while (!subscriber.published().some(hasBody('paced 39'))) {
    const seen = subscriber.published().length;
    subscriber.socket.send(JSON.stringify({ type: 'ack', upto: subscriber.published().at(-1).seq }));
    await subscriber.until(() => subscriber.published().length > seen);
  }
  subscriber.close();
});

test('the sub-protocol is chosen if it is offered', async () => {
  for (const [offered, chosen] of [[['hearthnet-bus.v2'], 'hearthnet-bus.v2'], [['other', 'hearthnet-bus.v2'], 'hearthnet-bus.v2'], [[], '']]) {
    const subscriber = new Subscriber(alice, { protocols: offered });
    await subscriber.ready();
    assert.equal(subscriber.socket.protocol, chosen);
    subscriber.close();
  }
});

test('topics that are not the owner\'s, and other sites, are turned away', async () => {
  assert.equal(await new Subscriber(alice, { topics: [`chat.message.${bob.id}`] }).refused, 401);
  assert.equal(await new Subscriber(alice, { topics: ['weather'] }).refused, 401);
  assert.equal(await new Subscriber(alice, { topics: [] }).refused, 400);
  assert.equal(await new Subscriber(alice, { since: 'x' }).refused, 400);
  assert.equal(await new Subscriber(alice, { options: { origin: 'http://evil.example' } }).refused, 401);
  const own = new Subscriber(alice, { topics: [`chat.message.${alice.shortId}`, 'member.changed', 'peer.changed'], options: { origin: alice.ui } });
  await own.ready();
  own.close();
});

test('an upgrade on a connection that was used before works', async () => {
  const { hostname, port } = new URL(alice.ui);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const [response] = await once(http.get({ hostname, port, path: '/health', agent }), 'response');
  response.resume();
  await once(response, 'end');
  const request = http.get({ hostname, port, agent, path: `/pubsub/v1/subscribe?topic=chat.message.${alice.id}`,
    headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' } });
  const [upgraded, socket, head] = await once(request, 'upgrade');
  assert.equal(request.reusedSocket, true);
  assert.equal(upgraded.statusCode, 101);
  assert.equal(upgraded.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  const [frame] = head.length ? [head] : await once(socket, 'data');
  assert.match(frame.toString(), /"event":"ready"/);
  socket.destroy();
  agent.destroy();
});

/** The first of what comes back for a request of these lines. */
async function firstOf(lines) {
  const { port } = new URL(alice.ui);
  const socket = net.connect(Number(port), '127.0.0.1');
  socket.write(['GET /pubsub/v1/subscribe?topic=chat.message.' + alice.id + ' HTTP/1.1', `Host: 127.0.0.1:${port}`, ...lines, '', ''].join('\r\n'));
  const [data] = await once(socket, 'data');
  socket.destroy();
  return data.toString();
}

test('what is no handshake gets an answer, not a hang-up', async () => {
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
  for (const lines of [
    ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 8', key],
    ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: abc'],
    ['Connection: keep-alive', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', key],
    ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', key],
    ...['dGhlIHNhbXBsZSBub25jZXh4', 'dGhlIHNhbXBsZSBub25jZXg=', 'dGhlIHNhbXBsZSBub25j!Q==', 'dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=='].map((other) => ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${other}`]),
    ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', key, key],
  ]) {
    const answer = await firstOf(lines);
    assert.match(answer, /^HTTP\/1\.1 400 [^]*\{"error":"bad_request","message":"This is no WebSocket handshake/, lines.join());
    assert.match(answer, /\r\nSec-WebSocket-Version: 13\r\n/);
  }
});

test('a handshake is one in any case, among other words, and with whatever other programs leave in the browser', async () => {
  const rest = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
  for (const lines of [
    ['Connection: upgrade', 'Upgrade: WebSocket'], ['Connection: Upgrade', 'Upgrade: WEBSOCKET'], ['Connection: keep-alive, Upgrade', 'Upgrade: h2c, websocket'],
    ['Connection: keep-alive', 'Upgrade: h2c', 'Connection: Upgrade', 'Upgrade: websocket'],
    ...[4000, 8000, 15500].map((bytes) => ['Connection: Upgrade', 'Upgrade: websocket', `Cookie: a=${'x'.repeat(bytes)}`]),
    ['Connection: Upgrade', 'Upgrade: websocket', `Cookie: ${Array.from({ length: 300 }, (_, i) => `name_${i}=value`).join('; ')}`],
  ]) assert.match(await firstOf([...lines, ...rest]), /^HTTP\/1\.1 101 [^]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/, lines.join().slice(0, 80));
});

test('members and peers are announced', async () => {
  const carol = await (await Node.create({ name: 'Carol' })).start();
  const subscriber = new Subscriber(alice, { topics: ['member.changed', 'peer.changed'] });
  await subscriber.ready();
  await alice.admit(carol);
  await subscriber.until((frame) => frame.topic === 'member.changed' && frame.data.event_type === 'community.member.joined' && frame.data.node_id === carol.id);
  await subscriber.until((frame) => frame.topic === 'peer.changed' && frame.data.node_id === carol.id && frame.data.online === true);
  subscriber.close();
});

test('the long-poll answers at once when there is something, and in time when not', async () => {
  const { seq } = await bob.get('/api/v1/node');
  const poll = (lastSeq, timeout) => bob.request('GET', `/pubsub/v1/subscribe?topic=chat.message.${bob.id}&last_seq=${lastSeq}&timeout=${timeout}`);
  const waiting = poll(seq, 30);
  const { event_id } = await alice.send(bob.id, 'polled');
  const answer = (await waiting).body;
  assert.equal(answer.messages[0].data.event_id, event_id);
  assert.ok(answer.last_seq > seq);
  const { seq: newest } = await bob.get('/api/v1/node'); // a number that the log has not reached: where it stands
  assert.deepEqual((await poll(9007199254740991, 0)).body, { timeout: true, last_seq: newest, log: answer.log });
  assert.equal((await poll(0, 61)).status, 400);
});

test('a long-poll without last_seq is live: it tells nothing of before', async () => {
  await alice.send(bob.id, 'before');
  const { event_id } = await alice.send(bob.id, 'before that, too');
  await bob.delivered(event_id);
  const poll = async (query) => (await bob.request('GET', `/pubsub/v1/subscribe?topic=chat.message.${bob.id}&${query}`)).body;
  const now = await poll('timeout=0');
  assert.equal(now.timeout, true);
  assert.equal(now.last_seq, (await bob.get('/api/v1/node')).seq);
  const waiting = poll('timeout=30');
  let answered = false;
  waiting.finally(() => { answered = true; });
  let sent = 0;
  await bob.until(async () => { // it may begin to wait after any of them
    if (!answered) await alice.send(bob.id, `live ${sent++}`);
    return answered;
  });
  const { messages, last_seq } = await waiting;
  assert.match(bodyIn(messages[0]) ?? 'live', /^live/);
  assert.ok(messages[0].seq > now.last_seq);
  assert.equal(last_seq, messages.at(-1).seq);
  const carol = await (await Node.create({ name: 'Carol' })).start(); // in no community, there is no number yet
  assert.deepEqual((await carol.request('GET', `/pubsub/v1/subscribe?topic=chat.message.${carol.id}&timeout=0`)).body, { timeout: true, last_seq: 0 });
});

test('who comes anew is told nothing of before, of members neither; who comes back, nothing twice and all in order', async () => {
  const topics = [`chat.message.${alice.id}`, 'member.changed', 'peer.changed'];
  const first = new Subscriber(alice, { topics });
  const { seq: start } = await first.ready();
  const dora = await (await Node.create({ name: 'Dora' })).start();
  await alice.admit(dora);
  const joined = await first.until((frame) => frame.topic === 'member.changed' && frame.data.event_type === 'community.member.joined' && frame.data.node_id === dora.id);
  await first.until((frame) => frame.topic === 'peer.changed' && frame.data.node_id === dora.id && frame.data.online);
  for (let i = 0; i < 40; i++) await alice.send(dora.id, `to Dora ${i}`);
  await first.until(hasBody('to Dora 39'));
  const anew = new Subscriber(alice, { topics });
  const ready = await anew.ready();
  const back = new Subscriber(alice, { topics, since: start });
  const later = new Subscriber(alice, { topics, since: joined.seq });
  await alice.send(dora.id, 'the end');
  for (const subscriber of [anew, back, later]) await subscriber.until(hasBody('the end'));
  assert.deepEqual(anew.published().filter(({ seq }) => seq < ready.seq), []);
  assert.equal(anew.published().some(({ data }) => data.node_id === dora.id), false); // nor that she came online
  for (const [subscriber, from] of [[back, start], [later, joined.seq]]) {
    const seqs = subscriber.published().map(({ seq }) => seq);
    assert.deepEqual(seqs, seqs.toSorted((a, b) => a - b));
    const events = subscriber.published().filter(({ topic }) => topic !== 'peer.changed');
    assert.ok(events.every(({ seq }) => seq > from));
    assert.equal(new Set(events.map(({ seq }) => seq)).size, events.length);
    assert.equal(events.some(({ seq }) => seq === joined.seq), subscriber === back);
  }
  await dora.stop();
  await first.until((frame) => frame.topic === 'peer.changed' && frame.data.node_id === dora.id && !frame.data.online);
  const last = new Subscriber(alice, { topics }); // nothing was stored since
  await last.ready();
  await alice.send(dora.id, 'into the void');
  await last.until(hasBody('into the void'));
  assert.equal(last.published().some(({ data }) => data.node_id === dora.id), false);
  for (const subscriber of [first, anew, back, later, last]) subscriber.close();
});

test('who comes back over a restart of the node gets news of members in their place among the messages', async () => {
  const node = await (await Node.create({ name: 'Nora', community: 'Elsewhere' })).start();
  const peer = new Peer();
  await peer.join(node);
  const { seq: start } = await node.get('/api/v1/node');
  await write(peer, node, 5);
  await node.stop();
  await node.start();
  const other = new Peer();
  await other.join(node);
  await write(peer, node, 5);
  const back = new Subscriber(node, { since: start, topics: [`chat.message.${node.id}`, 'member.changed'] });
  await node.send(peer.id, 'the end');
  await back.until(hasBody('the end'));
  const seqs = back.published().map(({ seq }) => seq);
  assert.deepEqual(seqs, [...new Set(seqs)].sort((a, b) => a - b));
  assert.ok(back.published().some(({ data }) => data.event_type === 'community.member.joined' && data.node_id === other.id));
  back.close();
});

test('who listens is told that the node stops', async () => {
  const carol = await Node.create({ name: 'Carol', community: 'Lane' });
  await carol.start();
  const subscriber = new Subscriber(carol);
  await subscriber.ready();
  await carol.stop();
  assert.equal(await subscriber.closed, 1001);
});
