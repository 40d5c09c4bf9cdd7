import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cleanAll, Node, Peer, ulid, wallClock } from './support.mjs';

// The table of §9: who, by which proof, gets how far.

let alice;
let elsewhere;
const callers = {};
after(cleanAll);
before(async () => {
  alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  elsewhere = await (await Node.create({ name: 'Eve', community: 'Elsewhere' })).start();
  callers.member = new Peer();
  alice.community = await callers.member.join(alice);
  callers.invitee = new Peer();
  await alice.post('/api/v1/invites', { invitee_node_id: callers.invitee.id });
  callers.stranger = new Peer();
  callers.foreigner = new Peer();
  await callers.foreigner.join(elsewhere);
  callers.revoked = new Peer();
  await callers.revoked.join(alice);
  await alice.post('/api/v1/revocations', { target_node_id: callers.revoked.id, reason: 'compromised' });
});

const OCTETS = { 'Content-Type': 'application/octet-stream' };
/** Every path, and from which level on it answers at all. */
const paths = () => [
  ['GET', '/health', 'anonymous'],
  ['HEAD', '/health', 'anonymous'],
  ['GET', '/manifest', 'anonymous'],
  ['POST', '/manifest', 'anonymous'],
  ['GET', '/community/manifest', 'invitee'],
  ['GET', '/sync/v1/heads', 'invitee'],
  ['DELETE', '/sync/v1/heads', 'invitee'],
  ['POST', '/sync/v1/events', 'invitee', { community_id: alice.community, events: [] }],
  ['POST', '/sync/v1/fetch', 'invitee', { hashes: [] }],
  ['POST', '/sync/v1/reconcile', 'invitee', 'a\0\0\x02\0', OCTETS],
  ['POST', '/sync/v1/leaving', 'member', {}],
  ['POST', '/bus/v1/call', 'member', { params: {}, input: {} }],
  ['GET', '/bus/v1/capabilities', 'member'],
  ['GET', '/pubsub/v1/subscribe?timeout=0', 'member'],
  ['GET', '/ready', 'member'],
  ['GET', '/metrics', 'member'],
  ['GET', '/', 'member'],
  ['GET', '/api/v1/chat/history', 'member'],
  ['POST', '/api/v1/chat/send', 'member', {}],
  ['PUT', '/nothing', 'member'],
  ['OPTIONS', '*', 'member'],
];
const LEVELS = { anonymous: 0, stranger: 0, foreigner: 0, invitee: 1, member: 2 };

/** Refused, and how; undefined: it got to the endpoint. */
function refusal({ status, body }) {
  return [401, 403].includes(status) ? `${status} ${body?.error}` : undefined;
}

test('by certificate, everybody gets as far as the table says and no further', async () => {
  for (const [who, level] of Object.entries({ ...LEVELS, revoked: -1 })) {
    const caller = callers[who] ?? callers.stranger;
    for (const [method, path, least, body, headers = {}] of paths()) {
      const answer = await caller.call(alice, method, path, body, { anonymous: who === 'anonymous', headers });
      const expected = who === 'revoked' ? '403 revoked' : level < LEVELS[least] ? '401 unauthorized' : undefined;
      const told = refusal({ ...answer, body: method === 'HEAD' && expected ? { error: expected.slice(4) } : answer.body });
      assert.equal(told, expected, `${who} ${method} ${path}: ${answer.status} ${answer.text}`);
      if (expected && method !== 'HEAD') assert.deepEqual(Object.keys(answer.body).sort(), ['error', 'message'], `${who} ${method} ${path}`);
      if (expected) assert.equal(answer.headers.allow, undefined);
    }
  }
});

test('by signature, the same', async () => {
  for (const [who, level] of Object.entries({ ...LEVELS, revoked: -1 })) {
    const caller = callers[who];
    for (const [method, path, least, body] of paths()) {
      if (!caller || path === '/sync/v1/reconcile' || (method === 'POST' && path.startsWith('/api'))) continue;
      const capability = path === '/bus/v1/call' ? 'file.read' : path;
      const headers = caller.signedHeaders(alice, body ?? {}, { capability, community: alice.community });
      const answer = await caller.call(alice, method, path, body, { anonymous: true, headers });
      assert.equal(refusal({ ...answer, body: answer.body ?? { error: answer.status === 403 ? 'revoked' : 'unauthorized' } }), who === 'revoked' ? '403 revoked' : level < LEVELS[least] ? '401 unauthorized' : undefined, `${who} ${method} ${path}: ${answer.text}`);
    }
  }
});

test('what no path knows is not there for members alone; others are not told', async () => {
  const signed = callers.member.signedHeaders(alice, {}, { capability: '/nothing' });
  assert.equal((await callers.member.call(alice, 'GET', '/nothing')).status, 404);
  assert.equal((await callers.member.call(alice, 'GET', '/nothing', undefined, { anonymous: true, headers: signed })).status, 404);
  assert.equal((await callers.stranger.call(alice, 'GET', '/nothing')).status, 401);
});

test('a signature counts when it is fresh, whole, new, and of who calls', async () => {
  const { member, stranger, foreigner } = callers;
  const heads = { capability: '/sync/v1/heads' };
  const body = { community_id: alice.community, events: [] };
  const get = (headers, options = {}) => member.call(alice, 'GET', '/sync/v1/heads', undefined, { anonymous: true, headers, ...options });
  const post = (headers, sent = body) => member.call(alice, 'POST', '/sync/v1/events', sent, { anonymous: true, headers });
  const posting = member.signedHeaders(alice, body, { capability: '/sync/v1/events' });
  const without = (name) => Object.fromEntries(Object.entries(member.signedHeaders(alice, {}, heads)).filter(([key]) => key !== name));
  const at = (seconds) => member.signedHeaders(alice, {}, { ...heads, timestamp: wallClock(Date.now() + seconds * 1000) });
  const table = [
    ['fresh', await get(member.signedHeaders(alice, {}, heads)), 200],
    ['fresh, with a body', await post(posting), 200],
    ['280 s old', await get(at(-280)), 200],
    ['320 s old', await get(at(-320)), 410, 'expired'],
    ['320 s ahead', await get(at(320)), 410, 'expired'],
    ['of another body', await post(posting, { ...body, our_head: 0 }), 401, 'invalid_signature'],
    ['of another path', await get(member.signedHeaders(alice, {}, { capability: '/sync/v1/heads?x' })), 401, 'invalid_signature'],
    ['of another id', await get({ ...member.signedHeaders(alice, {}, heads), 'X-HearthNet-Request-Id': ulid() }), 401, 'invalid_signature'],
    ['of another time', await get({ ...at(-10), 'X-HearthNet-Timestamp': wallClock() }), 401, 'invalid_signature'],
    ['of another version', await get({ ...member.signedHeaders(alice, {}, heads), 'X-HearthNet-Capability-Version': '1.1' }), 401, 'invalid_signature'],
    ['in another\'s name', await get({ ...stranger.signedHeaders(alice, {}, heads), 'X-HearthNet-From': member.id }), 401, 'invalid_signature'],
    ['by another than the certificate\'s', await get(member.signedHeaders(alice, {}, heads), { anonymous: false, key: stranger.key, tls: { key: stranger.key, cert: stranger.cert } }), 401, 'invalid_signature'],
    ['by a stranger beside a member\'s certificate', await get(stranger.signedHeaders(alice, {}, heads), { anonymous: false }), 401, 'invalid_signature'],
    ['by a stranger beside a member\'s certificate, over a body', await member.call(alice, 'POST', '/sync/v1/events', body, { headers: stranger.signedHeaders(alice, body, { capability: '/sync/v1/events' }) }), 401, 'invalid_signature'],
    ['by a member beside a stranger\'s certificate, over a body', await stranger.call(alice, 'POST', '/sync/v1/events', body, { headers: posting }), 401, 'invalid_signature'],
    ['beside a revoked certificate', await callers.revoked.call(alice, 'GET', '/sync/v1/heads', undefined, { headers: { 'X-HearthNet-Signature': 'x' } }), 403, 'revoked'],
    ['for another community', await foreigner.call(alice, 'GET', '/sync/v1/heads', undefined, { anonymous: true, headers: foreigner.signedHeaders(elsewhere, {}, heads) }), 400, 'wrong_community'],
    ['without its time', await get(without('X-HearthNet-Timestamp')), 400, 'bad_request'],
    ['without its id', await get(without('X-HearthNet-Request-Id')), 400, 'bad_request'],
    ['without its sender', await get(without('X-HearthNet-From')), 400, 'bad_request'],
    ['that is none', await get({ ...member.signedHeaders(alice, {}, heads), 'X-HearthNet-Signature': 'ed25519:AAAA' }), 401, 'invalid_signature'],
    ['of nobody', await get({ ...member.signedHeaders(alice, {}, heads), 'X-HearthNet-From': 'ed25519:AAAA' }), 400, 'bad_request'],
  ];
  for (const [what, answer, status, code] of table) {
    assert.equal(answer.status, status, `a signature ${what}: ${answer.text}`);
    if (code) assert.equal(answer.body.error, code, `a signature ${what}: ${answer.text}`);
  }
});

test('a signed call that is not idempotent counts once', async () => {
  const { member } = callers;
  const body = { params: {}, input: {} };
  const headers = member.signedHeaders(alice, body, { capability: 'community.invite' });
  const call = (with_ = headers) => member.call(alice, 'POST', '/bus/v1/call', body, { anonymous: true, headers: with_ });
  assert.equal((await call()).status, 401); // understood, and not for members
  const again = await call();
  assert.deepEqual([again.status, again.body.error], [400, 'bad_request']);
  assert.match(again.body.message, /request_id was used/);
  const other = callers.invitee.signedHeaders(alice, body, { capability: 'community.invite', request_id: headers['X-HearthNet-Request-Id'] });
  assert.doesNotMatch((await call(other)).body.message, /request_id/); // ids are each caller's own
  assert.equal((await call(member.signedHeaders(alice, body, { capability: 'community.invite' }))).status, 401);
});

test('chat.send, chat.history and the owner\'s other business are nobody else\'s, however they are asked for', async () => {
  for (const capability of ['chat.send', 'chat.history', 'community.invite', 'community.revoke']) {
    for (const who of ['member', 'invitee', 'stranger', 'foreigner']) {
      const input = capability === 'chat.send' ? { recipient: alice.id, body: 'as if I were you' } : {};
      const body = { params: {}, input };
      const inside = { capability, version: '1.0', ...body };
      for (const [sent, options] of [[body, { headers: { 'X-HearthNet-Capability': capability } }], [inside, {}], [body, { anonymous: true, headers: callers[who].signedHeaders(alice, body, { capability }) }]]) {
        if (who === 'foreigner' && options.anonymous) continue; // wrong_community, as above
        const answer = await callers[who].call(alice, 'POST', '/bus/v1/call', sent, options);
        assert.deepEqual([answer.status, answer.body.error], [401, 'unauthorized'], `${who} ${capability}`);
      }
    }
  }
  assert.deepEqual(await alice.history(), []);
});

test('a member that is revoked while it waits hears nothing more', async () => {
  const gone = new Peer();
  await gone.join(alice);
  const topic = `topic=chat.message.${gone.id}`;
  const { last_seq } = (await gone.call(alice, 'GET', `/pubsub/v1/subscribe?${topic}&last_seq=9007199254740991&timeout=0`)).body;
  const poll = (timeout) => gone.call(alice, 'GET', `/pubsub/v1/subscribe?${topic}&last_seq=${last_seq}&timeout=${timeout}`);
  const wait = async () => { // a third one may have its place for a moment
    for (;;) {
      const answer = await poll(30);
      if (answer.status !== 429) return answer;
    }
  };
  const waiting = [wait(), wait()];
  await alice.until(async () => (await poll(0)).status === 429); // a third one: both are waiting
  await alice.post('/api/v1/revocations', { target_node_id: gone.id, reason: 'other' });
  for (const answer of await Promise.all(waiting)) assert.deepEqual([answer.status, answer.body.error], [403, 'revoked']);
});

test('the log says who was refused and why, and neither a key nor what anybody wrote', async () => {
  const secret = 'what only two of us know 8c1f';
  await alice.send(callers.member.id, secret);
  await alice.until(async () => (await alice.history()).length > 0);
  const lines = alice.log.split('\n').filter((line) => line.includes('request.refused')).map((line) => JSON.parse(line));
  for (const code of ['unauthorized', 'revoked', 'invalid_signature', 'expired', 'bad_request', 'wrong_community']) assert.ok(lines.some((line) => line.code === code), code);
  for (const line of lines) assert.ok(/^127\./.test(line.address) && line.reason && line.listener === 'peer', JSON.stringify(line));
  assert.ok(lines.some(({ code, peer }) => code === 'revoked' && peer?.startsWith('ed25519:')));
  const kinds = lines.map(({ peer, code, reason }) => `${code === 'revoked' ? peer : ''} ${reason}`);
  assert.ok(kinds.length < 60, `${kinds.length} lines`); // hundreds of refusals were answered
  const seed = (await import('node:fs')).readFileSync(`${alice.directory}/keys/device.ed25519`);
  for (const form of [secret, seed.toString('hex'), seed.toString('base64'), seed.toString('base64url'), 'PRIVATE']) assert.ok(!alice.log.includes(form));
});
