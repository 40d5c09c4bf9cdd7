import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { canonical, cleanAll, cleanup, crypto, freePort, https, Node, once, Peer, ulid, wallClock } from './support.mjs';

let alice;
let peer;
let stranger;
after(cleanAll);
before(async () => {
  alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  peer = new Peer();
  stranger = new Peer();
  alice.community = await peer.join(alice);
});

const publicKeyOf = (id) => crypto.createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: id.slice(8) } });
const expectError = (answer, status, code) => {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.body.error, code, answer.text);
};

test('it speaks TLS 1.3 alone, with the device\'s own key', async () => {
  const answer = await stranger.call(alice, 'GET', '/health', undefined, { anonymous: true });
  assert.deepEqual(answer.body, { status: 'ok' });
  const spki = publicKeyOf(alice.id).export({ format: 'der', type: 'spki' });
  assert.ok(answer.certificate.raw.includes(spki));
  assert.equal(answer.certificate.subject.CN, `${alice.shortId.slice(8)}.hearthnet.local`);
  await assert.rejects(stranger.call(alice, 'GET', '/health', undefined, { anonymous: true, tls: { maxVersion: 'TLSv1.2' } }));
});

test('the manifest is signed by its node and lives 30 seconds', async () => {
  const { body: manifest } = await stranger.call(alice, 'GET', '/manifest', undefined, { anonymous: true });
  const { signature, ...signed } = manifest;
  assert.ok(crypto.verify(null, Buffer.from(canonical(signed)), publicKeyOf(alice.id), Buffer.from(signature.slice(8), 'base64url')));
  assert.equal(manifest.node_id, alice.id);
  assert.equal(manifest.community_id, alice.community);
  assert.equal(Date.parse(manifest.expires_at) - Date.parse(manifest.issued_at), 30000);
  assert.deepEqual(manifest.endpoints, [{ transport: 'https', host: '127.0.0.1', port: alice.peerPort }]);
});

test('anonymous callers and strangers get no further; nobody gets the owner\'s history', async () => {
  for (const path of ['/community/manifest', '/sync/v1/heads', '/bus/v1/capabilities', '/metrics', '/ready']) {
    expectError(await stranger.call(alice, 'GET', path, undefined, { anonymous: true }), 401, 'unauthorized');
    expectError(await stranger.call(alice, 'GET', path), 401, 'unauthorized');
  }
  expectError(await stranger.call(alice, 'POST', '/sync/v1/events', { community_id: alice.community, events: [] }), 401, 'unauthorized');
  for (const capability of ['chat.history', 'chat.send', 'community.invite']) {
    const input = { params: {}, input: {} };
    expectError(await peer.call(alice, 'POST', '/bus/v1/call', input, { headers: { 'X-HearthNet-Capability': capability } }), 401, 'unauthorized');
    expectError(await peer.call(alice, 'POST', '/bus/v1/call', input, { anonymous: true, headers: peer.signedHeaders(alice, input, { capability }) }), 401, 'unauthorized');
  }
  expectError(await peer.call(alice, 'GET', '/api/v1/chat/history'), 404, 'not_found');
});

test('an invitee may read the community and its log, no more', async () => {
  const invitee = new Peer();
  await alice.post('/api/v1/invites', { invitee_node_id: invitee.id });
  assert.equal((await invitee.call(alice, 'GET', '/sync/v1/heads')).status, 200);
  const { body: manifest } = await invitee.call(alice, 'GET', '/community/manifest');
  assert.equal(manifest.name, 'Street');
  assert.deepEqual(manifest.members.map((member) => member.level).sort(), ['anchor', 'member']);
  const { signature, ...signed } = manifest;
  assert.ok(crypto.verify(null, Buffer.from(canonical(signed)), publicKeyOf(manifest.signed_by), Buffer.from(signature.slice(8), 'base64url')));
  expectError(await invitee.call(alice, 'GET', '/bus/v1/capabilities'), 401, 'unauthorized');
});

test('a signed request counts like a certificate, while it is fresh, whole and new', async () => {
  const heads = { capability: '/sync/v1/heads' };
  const call = (headers, options = {}) => peer.call(alice, 'GET', '/sync/v1/heads', undefined, { anonymous: true, headers, ...options });
  assert.equal((await call(peer.signedHeaders(alice, {}, heads))).status, 200);
  expectError(await call(peer.signedHeaders(alice, {}, { ...heads, timestamp: wallClock(Date.now() - 400000) })), 410, 'expired');
  expectError(await call({ ...peer.signedHeaders(alice, {}, heads), 'X-HearthNet-Request-Id': ulid() }), 401, 'invalid_signature');
  expectError(await call(peer.signedHeaders(alice, {}, { capability: '/sync/v1/heads?x=1' })), 401, 'invalid_signature');
  expectError(await call({ ...peer.signedHeaders(alice, {}, heads), 'X-HearthNet-From': 'nobody' }), 400, 'bad_request');
  expectError(await call(stranger.signedHeaders(alice, {}, heads)), 401, 'unauthorized');
  expectError(await call(stranger.signedHeaders(alice, {}, heads), { anonymous: false }), 401, 'invalid_signature');
  const { 'X-HearthNet-Timestamp': _gone, ...partial } = peer.signedHeaders(alice, {}, heads);
  expectError(await call(partial), 400, 'bad_request');
  const call_ = { params: {}, input: {} };
  const headers = peer.signedHeaders(alice, call_, { capability: 'community.invite' });
  const bus = () => peer.call(alice, 'POST', '/bus/v1/call', call_, { anonymous: true, headers });
  expectError(await bus(), 401, 'unauthorized');
  expectError(await bus(), 400, 'bad_request'); // the same request_id again
});

test('answers to known callers are signed', async () => {
  for (const [method, path, body] of [['GET', '/sync/v1/heads'], ['POST', '/sync/v1/fetch', { hashes: ['0'.repeat(64)] }]]) {
    const requestId = ulid();
    const answer = await peer.call(alice, method, path, body, { headers: { 'X-HearthNet-Request-Id': requestId } });
    assert.equal(answer.headers['x-hearthnet-request-id'], requestId);
    assert.equal(answer.headers['x-hearthnet-from'], alice.id);
    const signed = { body: answer.body, from: alice.id, request_id: requestId, timestamp: answer.headers['x-hearthnet-timestamp'] };
    assert.ok(crypto.verify(null, Buffer.from(canonical(signed)), publicKeyOf(alice.id), Buffer.from(answer.headers['x-hearthnet-signature'].slice(8), 'base64url')), path);
  }
});

const sync = (body) => peer.call(alice, 'POST', '/sync/v1/events', { community_id: alice.community, ...body });
const message = (lamport, more = {}) => ({ client_id: ulid(), recipient: alice.id, body: 'from another implementation', attachments: [], ...more });
const head = async () => (await peer.call(alice, 'GET', '/sync/v1/heads')).body;

test('events of a peer written by somebody else are taken, shown and answered', async () => {
  const before = await head();
  const event = peer.event(alice.community, before.head + 1, 'chat.message.sent', message());
  const { body } = await sync({ events: [event] });
  assert.deepEqual([body.accepted, body.rejected, body.rejected_reasons], [1, 0, []]);
  assert.ok((await alice.history()).some((entry) => entry.event_id === event.event_id && entry.from === peer.id));
  const pulled = (await sync({ events: [], our_head: before.head })).body.events;
  assert.deepEqual(pulled[0], event); // exactly as signed
  assert.equal(pulled[1].event_type, 'chat.message.delivered');
  assert.equal(pulled[1].data.target_event_id, event.event_id);
  const again = (await sync({ events: [event] })).body;
  assert.deepEqual([again.accepted, again.rejected], [0, 0]);
  const after = await head();
  assert.equal(after.events, before.events + 2);
  assert.notEqual(after.fingerprint, before.fingerprint);
  assert.match(after.fingerprint, /^[0-9a-f]{32}$/);
  assert.ok(after.heads_by_type['chat.message.sent'] >= event.lamport);
});

test('each event of a batch is judged on its own', async () => {
  const { head: lamport } = await head();
  const good = peer.event(alice.community, lamport + 1, 'chat.message.sent', message());
  const extra = peer.event(alice.community, lamport + 1, 'chat.message.sent', message(0, { more: 1 }));
  const unknown = peer.event(alice.community, lamport + 1, 'chat.message.unsent', {});
  const elsewhere = peer.event(stranger.id, lamport + 1, 'chat.message.sent', message());
  const spoiled = { ...peer.event(alice.community, lamport + 1, 'chat.message.sent', message()), signature: good.signature };
  const malformed = { ...peer.event(alice.community, lamport + 1, 'chat.message.sent', message()), signature: 'ed25519:x' };
  const far = peer.event(alice.community, lamport + 5000000, 'chat.message.sent', message());
  const foreign = stranger.event(alice.community, lamport + 1, 'chat.message.sent', message());
  const selfChat = peer.event(alice.community, lamport + 1, 'chat.message.sent', message(0, { recipient: peer.id }));
  const { body } = await sync({ events: [good, extra, unknown, elsewhere, spoiled, malformed, far, foreign, selfChat, 7] });
  assert.deepEqual([body.accepted, body.rejected], [1, 9]);
  const reason = (event) => body.rejected_reasons.find((entry) => entry.event_id === event.event_id)?.reason;
  assert.equal(reason(extra), 'bad_event');
  assert.equal(reason(unknown), 'schema_unknown');
  assert.equal(reason(elsewhere), 'wrong_community');
  assert.equal(reason(spoiled), 'invalid_signature');
  assert.equal(reason(malformed), 'invalid_signature');
  assert.equal(reason(far), 'lamport_too_far');
  assert.equal(reason(foreign), 'unknown_author');
  assert.equal(reason(selfChat), 'bad_event');
  // What was spoiled on the way is taken when it comes as it was signed.
  const { signature: _spoiled, ...unsigned } = spoiled;
  assert.equal((await sync({ events: [peer.signed(unsigned)] })).body.accepted, 1);
});

test('a batch that cannot be read or is too large is refused whole', async () => {
  expectError(await peer.call(alice, 'POST', '/sync/v1/events', '{"events":[', {}), 400, 'bad_request');
  expectError(await sync({ events: 'all' }), 400, 'bad_request');
  expectError(await sync({ events: [], our_head: -1 }), 400, 'bad_request');
  expectError(await sync({ events: [], community_id: stranger.id }), 400, 'wrong_community');
  expectError(await sync({ events: Array(1001).fill({}) }), 413, 'bad_request');
});

test('other services\' events are kept and passed on untouched', async () => {
  const before = await head();
  const event = peer.event(alice.community, before.head + 1, 'market.post.created', { anything: { nested: [1, 2.5, null] }, ü: '€' });
  assert.equal((await sync({ events: [event] })).body.accepted, 1);
  assert.deepEqual((await sync({ events: [], our_head: before.head })).body.events, [event]);
});

test('pulling by lamport pages through everything', async () => {
  const { head: start } = await head();
  const events = Array.from({ length: 1000 }, (_, i) => peer.event(alice.community, start + 1 + i, 'market.post.updated', { i }));
  assert.equal((await sync({ events })).body.accepted, 1000);
  const more = peer.event(alice.community, start + 1001, 'market.post.updated', {});
  assert.equal((await sync({ events: [more] })).body.accepted, 1);
  const first = (await sync({ events: [], our_head: start })).body;
  assert.equal(first.events.length, 1000);
  assert.equal(first.more, true);
  const rest = (await sync({ events: [], our_head: first.events.at(-1).lamport })).body;
  assert.deepEqual(rest.events, [more]);
  assert.equal(rest.more, undefined);
});

test('a long-poll with more than fits goes on where it ended', async () => {
  const { seq: start } = await alice.get('/api/v1/node');
  const { head: lamport } = await head();
  const messages = Array.from({ length: 450 }, (_, i) => peer.event(alice.community, lamport + 1 + 2 * i, 'chat.message.sent', message()));
  const others = messages.map((_, i) => peer.event(alice.community, lamport + 2 + 2 * i, 'market.post.updated', { i }));
  assert.equal((await sync({ events: [...messages, ...others] })).body.accepted, 900);
  const polls = {
    owner: (query) => alice.request('GET', `/pubsub/v1/subscribe?topic=chat.message.${alice.id}&${query}`),
    peer: (query) => peer.call(alice, 'GET', `/pubsub/v1/subscribe?topic=chat.message.${peer.id}&${query}`),
  };
  for (const [who, poll] of Object.entries(polls)) {
    const got = [];
    let pages = 0;
    for (let last = start, over = false; !over; pages++) {
      const { body } = await poll(`last_seq=${last}&timeout=0`);
      over = body.timeout === true;
      if (!over) got.push(...body.messages);
      if (!over) assert.equal(body.last_seq, got.at(-1).seq, who);
      last = body.last_seq;
    }
    assert.ok(pages > 2, 'all of it fitted');
    const seqs = got.map(({ seq }) => seq);
    assert.deepEqual(seqs, [...new Set(seqs)].sort((a, b) => a - b), who);
    const sent = got.filter(({ data }) => data.event_type === 'chat.message.sent').map(({ data }) => data.event_id);
    assert.deepEqual(sent.sort(), messages.map(({ event_id }) => event_id).sort(), who);
    assert.equal(got.length, 900, who); // and their receipts
  }
});

test('a request for events is answered up to 4 MiB, and the rest is named', async () => {
  const { head: lamport } = await head();
  const events = Array.from({ length: 30 }, (_, i) => peer.event(alice.community, lamport + 1 + i, 'market.post.created', { picture: 'x'.repeat(200000) }));
  assert.equal((await sync({ events })).body.accepted, 30);
  const hashOf = ({ signature, ...signed }) => execFileSync('b3sum', ['--no-names'], { input: canonical(signed) }).toString().trim();
  const hashes = events.map(hashOf);
  const fetched = [];
  for (let want = hashes; want.length > 0;) {
    const answer = await peer.call(alice, 'POST', '/sync/v1/fetch', { hashes: want });
    assert.ok(Buffer.byteLength(answer.text) <= 4 * 1024 * 1024, `${Buffer.byteLength(answer.text)} bytes`);
    assert.ok(answer.body.events.length > 0);
    assert.deepEqual([...answer.body.events.map(hashOf), ...answer.body.missing].sort(), [...want].sort());
    fetched.push(...answer.body.events);
    want = answer.body.missing;
  }
  assert.deepEqual(fetched, events);
  // No more bytes than the caller's link takes, and one event in any case.
  for (const [most, count] of [[1, 1], [450000, 2], [1e9, 3]]) {
    const { body } = await peer.call(alice, 'POST', '/sync/v1/fetch', { hashes: hashes.slice(0, 3), most_bytes: most });
    assert.deepEqual(body, { events: events.slice(0, count), missing: hashes.slice(count, 3) });
  }
  for (const most of [0, -1, 1.5, '9', null]) expectError(await peer.call(alice, 'POST', '/sync/v1/fetch', { hashes, most_bytes: most }), 400, 'bad_request');
  const nobodys = Array.from({ length: 1000 }, (_, i) => i.toString(16).padStart(64, '0'));
  assert.deepEqual((await peer.call(alice, 'POST', '/sync/v1/fetch', { hashes: nobodys })).body, { events: [], missing: nobodys });
  expectError(await peer.call(alice, 'POST', '/sync/v1/fetch', { hashes: [...nobodys, 'f'.repeat(64)] }), 413, 'bad_request');
});

/** A server with that key; the paths that it is asked for. */
async function listen(port, { key, cert }) {
  const asked = [];
  const server = https.createServer({ key, cert, minVersion: 'TLSv1.3' }, (request, response) => {
    asked.push(request.url);
    server.emit('asked');
    response.writeHead(503).end();
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = () => { server.closeAllConnections(); server.close(); };
  cleanup(close);
  return { asked, server, close };
}

test('not one byte of a request goes to who has another key than expected', async () => {
  const friend = new Peer();
  const impostor = new Peer();
  friend.port = await freePort();
  const street = await (await Node.create({ name: 'Carol', community: 'Street' })).start();
  let there = await listen(friend.port, impostor);
  await friend.join(street);
  assert.equal((await street.send(friend.id, 'for your eyes only')).delivered, 'queued');
  await street.until(() => street.log.includes('another node\'s key'));
  assert.deepEqual(there.asked, []);
  // Nor does who joins say who it is.
  const guest = await (await Node.create({ name: 'Guest' })).start();
  const invitation = friend.signed({ schema_version: 1, community_id: friend.community, community_name: 'Street', inviter_node_id: friend.id, invitee_node_id: guest.id, initial_level: 'member',
    bootstrap_endpoints: [{ transport: 'https', host: '127.0.0.1', port: friend.port }], expires_at: wallClock(Date.now() + 60000), invite_event_id: ulid() });
  const join = () => guest.request('POST', '/api/v1/community/join', { invite: `hearthnet://v1/${Buffer.from(canonical(invitation)).toString('base64url')}` });
  expectError(await join(), 503, 'bootstrap_unreachable');
  assert.deepEqual(there.asked, []);
  // With the key that is expected, both ask there.
  there.close();
  there = await listen(friend.port, friend);
  await join();
  assert.ok(there.asked.length > 0);
  there.asked.length = 0;
  await friend.call(street, 'GET', '/sync/v1/heads');
  await street.until(() => there.asked.some((path) => path.startsWith('/sync/')));
});

test('a node talks to nobody who has another key than the invite names', async () => {
  const bob = await (await Node.create({ name: 'Bob' })).start();
  const impostor = new Peer(); // its invite leads to Alice's address, but the key there is not its own
  const invitation = impostor.signed({ schema_version: 1, community_id: impostor.id, community_name: 'Trap', inviter_node_id: impostor.id, invitee_node_id: bob.id, initial_level: 'member',
    bootstrap_endpoints: [{ transport: 'https', host: '127.0.0.1', port: alice.peerPort }], expires_at: wallClock(Date.now() + 60000), invite_event_id: ulid() });
  const invite = `hearthnet://v1/${Buffer.from(canonical(invitation)).toString('base64url')}`;
  expectError(await bob.request('POST', '/api/v1/community/join', { invite }), 503, 'bootstrap_unreachable');
  const { signature: _old, ...unsigned } = invitation;
  const expired = impostor.signed({ ...unsigned, expires_at: wallClock(Date.now() - 1000) });
  const late = `hearthnet://v1/${Buffer.from(canonical(expired)).toString('base64url')}`;
  expectError(await bob.request('POST', '/api/v1/community/join', { invite: late }), 410, 'invite_expired');
});

test('a revoked member gets nothing, from the moment the log says so', async () => {
  const gone = new Peer();
  await gone.join(alice);
  assert.equal((await gone.call(alice, 'GET', '/health')).status, 200);
  const founder = Peer.of(alice);
  const { head: lamport } = await head();
  const statement = { client_id: 'r-1', reason: 'compromised', target_node_id: gone.id };
  const revocation = founder.event(alice.community, lamport + 1, 'community.member.revoked', { ...statement, co_signers: [{ node_id: founder.id, signature: founder.sign(statement) }] });
  assert.equal((await sync({ events: [revocation] })).body.accepted, 1);
  for (const target of ['/health', '/manifest', '/sync/v1/heads', '/nothing']) expectError(await gone.call(alice, 'GET', target), 403, 'revoked');
  const late = gone.event(alice.community, lamport + 2, 'chat.message.sent', message());
  expectError(await gone.call(alice, 'POST', '/sync/v1/events', { community_id: alice.community, events: [late] }), 403, 'revoked');
  assert.equal((await sync({ events: [late] })).body.rejected_reasons[0].reason, 'revoked_author'); // by a third hand, too
  expectError(await alice.request('POST', '/api/v1/chat/send', { recipient: gone.id, body: 'x' }), 404, 'not_found');
  const again = await alice.request('POST', '/api/v1/invites', { invitee_node_id: gone.id });
  expectError(again, 401, 'unauthorized');
});

test('a member waits by long-poll for what concerns it, and for nothing else', async () => {
  const topic = `topic=chat.message.${peer.id}`;
  const poll = async (query) => (await peer.call(alice, 'GET', `/pubsub/v1/subscribe?${topic}&${query}`)).body;
  const { last_seq: now } = await poll('last_seq=9007199254740991&timeout=0');
  const waiting = poll(`last_seq=${now}&timeout=30`);
  await alice.post('/api/v1/chat/send', { recipient: peer.id, body: 'for the poll' });
  const { messages, last_seq } = await waiting;
  assert.equal(messages.length, 1);
  assert.equal(messages[0].data.data.body, 'for the poll');
  assert.ok(last_seq > now);
  // Another member's conversation with the node does not concern it; its own receipt does.
  const other = new Peer();
  await other.join(alice);
  await alice.post('/api/v1/chat/send', { recipient: other.id, body: 'not for the poll' });
  const message = messages[0].data;
  const receipt = peer.event(peer.community, message.lamport + 50, 'chat.message.delivered', { target_event_id: message.event_id, delivered_at: wallClock() });
  const foreign = other.event(peer.community, message.lamport + 51, 'chat.message.delivered', { target_event_id: message.event_id, delivered_at: wallClock() });
  await peer.call(alice, 'POST', '/sync/v1/events', { community_id: peer.community, events: [receipt, foreign] });
  const second = await poll(`last_seq=${last_seq}&timeout=0`);
  assert.deepEqual(second.messages.map(({ data }) => data.event_id), [receipt.event_id]);
  assert.equal((await poll(`last_seq=${second.last_seq}&timeout=0`)).timeout, true);
  expectError(await other.call(alice, 'GET', `/pubsub/v1/subscribe?${topic}`), 401, 'unauthorized');
  expectError(await peer.call(alice, 'GET', `/pubsub/v1/subscribe?${topic}&topic=member.changed`), 401, 'unauthorized');
  expectError(await stranger.call(alice, 'GET', `/pubsub/v1/subscribe?${topic}`), 401, 'unauthorized');
  const polls = [1, 2, 3].map(() => peer.call(alice, 'GET', `/pubsub/v1/subscribe?${topic}&last_seq=9007199254740991&timeout=2`));
  assert.deepEqual((await Promise.all(polls)).map((answer) => answer.status).sort(), [200, 200, 429]);
});

test('reconciliation and fetch answer members, by certificate, within their bounds', async () => {
  const bytes = { headers: { 'Content-Type': 'application/octet-stream' } };
  const post = (caller, path, body, options) => caller.call(alice, 'POST', path, body, options);
  const raw = (hex) => Buffer.from(hex, 'hex').toString('latin1');
  const answer = await post(peer, '/sync/v1/reconcile', raw('6100000200'), bytes);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/octet-stream');
  assert.equal(answer.text.charCodeAt(0), 0x61);
  expectError(await post(peer, '/sync/v1/reconcile', 'pure nonsense', bytes), 400, 'bad_request');
  expectError(await post(peer, '/sync/v1/reconcile', '{}'), 415, 'bad_request');
  expectError(await post(peer, '/sync/v1/reconcile', 'a'.repeat(262145), bytes), 413, 'bad_request');
  expectError(await post(stranger, '/sync/v1/reconcile', raw('6100000200'), bytes), 401, 'unauthorized');
  expectError(await post(peer, '/sync/v1/reconcile', raw('6100000200'), { anonymous: true, headers: { ...bytes.headers, ...peer.signedHeaders(alice, {}, { capability: '/sync/v1/reconcile' }) } }), 401, 'unauthorized');
  const absent = '00'.repeat(32);
  assert.deepEqual((await post(peer, '/sync/v1/fetch', { hashes: [absent] })).body, { events: [], missing: [absent] });
  expectError(await post(peer, '/sync/v1/fetch', { hashes: [absent.toUpperCase().replaceAll('0', 'A')] }), 400, 'bad_request');
  expectError(await post(peer, '/sync/v1/fetch', { hashes: Array(1001).fill(absent) }), 413, 'bad_request');
  expectError(await post(stranger, '/sync/v1/fetch', { hashes: [] }), 401, 'unauthorized');
  assert.deepEqual((await peer.call(alice, 'GET', '/sync/v1/heads')).body.reconcile, ['negentropy/1']);
});
