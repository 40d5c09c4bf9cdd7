import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Front, inviteText, readInvite } from './front.mjs';
import { cleanAll, fs, Node, path, Peer, ulid, wallClock } from './support.mjs';

after(cleanAll);

const start = async (options) => (await Node.create(options)).start();
const invite = async (node, guest, more = {}) => (await node.post('/api/v1/invites', { invitee_node_id: guest.id, ...more })).invite;
const join = (guest, text) => guest.request('POST', '/api/v1/community/join', { invite: text });
const print = async (node) => (await node.get('/api/v1/node')).fingerprint;
const same = (...nodes) => nodes[0].until(async () => new Set(await Promise.all(nodes.map(print))).size === 1);
const refused = async (answer, status, error, words) => {
  const { body, status: got, text } = await answer;
  assert.equal(got, status, text);
  assert.equal(body.error, error, text);
  assert.match(body.message, words);
};
const nothingHalfDone = async (guest) => {
  assert.equal((await guest.get('/api/v1/node')).community_id, null);
  assert.equal(fs.existsSync(path.join(guest.directory, 'communities', 'joining')), false);
};

/** A log of that many messages, all of one lamport step each. */
async function fill(node, count) {
  const peer = new Peer();
  await peer.join(node);
  let { head } = await node.get('/api/v1/node');
  for (let left = count; left > 0; left -= 1000) {
    await peer.push(node, ...Array.from({ length: Math.min(1000, left) }, (_, i) => peer.event(peer.community, ++head, 'chat.message.sent', { client_id: `${left}/${i}`, recipient: node.id, body: `message ${head}`, attachments: [] })));
  }
  return peer;
}

test('a join takes what says who belongs and no more, and ends while the community writes on', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const bob = await start({ name: 'Bob' });
  await alice.admit(bob);
  await fill(alice, 2500);
  const carol = await start({ name: 'Carol' });
  const text = await invite(alice, carol);
  const events = [];
  const front = await Front.before(alice, carol, { tell: (_path, answer) => {
    const isOver = front.asked.some(({ body }) => body.events?.length > 0); // behind her joining it is the running node that calls
    if (!isOver) events.push(...answer.body.events ?? []);
    return answer;
  } });
  let writing = true;
  const writers = Array.from({ length: 2 }, async (_, writer) => {
    for (let i = 0; writing; i++) await alice.send(bob.id, `meanwhile ${writer}/${i}`);
  });
  const joined = await join(carol, front.redirect(text));
  writing = false;
  assert.equal(joined.status, 200, joined.text);
  assert.equal(joined.body.output.already, false);
  await Promise.all(writers);
  const types = new Set(events.map(({ event_type }) => event_type));
  assert.deepEqual([...types].sort(), ['community.created', 'community.member.invited', 'community.member.joined', 'node.manifest.updated']);
  await same(carol, alice, bob);
  // Manifest, community, pages, joining; behind that it is the running node that calls.
  const calls = front.asked.slice(0, 1 + front.asked.findIndex(({ body }) => body.events?.length > 0));
  assert.ok(calls.length >= 4, `${calls.length} calls`);
  assert.equal(new Set(calls.map(({ connection }) => connection)).size, 1, 'handshakes take their time on a long way');
  // Her joining comes after everything that was there, and what she writes is taken by everybody.
  await carol.send(bob.id, 'here I am');
  await bob.arrived('here I am');
  assert.equal((await bob.history()).at(-1).body, 'here I am');
});

test('a node that knows no such pages gives its whole log, and no more than is needed is taken', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  for (const strict of [false, true]) {
    const carol = await start({ name: 'Carol' });
    const text = await invite(alice, carol);
    await fill(alice, 1200);
    const front = await Front.before(alice, carol, { ask: (request) => {
      if (request.body.membership !== undefined && strict) return { status: 400, body: { error: 'bad_request', message: 'membership?' } };
      delete request.body.membership;
      return null;
    } });
    assert.equal((await join(carol, front.redirect(text))).status, 200);
    const pages = front.asked.filter(({ body }) => body.our_head !== undefined).length;
    assert.ok(pages < (strict ? 6 : 3), `${pages} pages`);
    await same(carol, alice);
  }
});

/** Behind that it is the running node that looks at which of the addresses she is. */
const whileJoining = (paths) => [...paths].filter((target) => target !== '/health');

test('a 429 is waited out', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const carol = await start({ name: 'Carol' });
  const busy = new Set();
  const front = await Front.before(alice, carol, { ask: ({ path: target }) => (busy.has(target) ? null : busy.add(target) && { status: 429, body: { error: 'rate_limited', message: 'slowly', retry_after_ms: 50 } }) });
  assert.equal((await join(carol, front.redirect(await invite(alice, carol)))).status, 200);
  assert.deepEqual(whileJoining(busy), ['/manifest', '/community/manifest', '/sync/v1/events']);
  await same(carol, alice);
});

test('an answer that is lost on the way is asked for once more: what was stored by then is not written twice', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const carol = await start({ name: 'Carol' });
  const text = await invite(alice, carol);
  const lost = new Set();
  const losesFirst = (key, answer) => { // the node has done what it was asked for
    if (lost.has(key)) return answer;
    lost.add(key);
    throw new Error('the wire breaks here');
  };
  const front = await Front.before(alice, carol, { tell: (target, answer) => losesFirst(answer.body.new_head === undefined || answer.body.events ? target : 'push', answer) });
  assert.equal((await join(carol, front.redirect(text))).status, 200);
  assert.deepEqual(whileJoining(lost), ['/manifest', '/community/manifest', '/sync/v1/events', 'push']);
  const pushed = front.asked.filter(({ body }) => body.events?.length).map(({ body }) => body.events);
  assert.equal(pushed.length, 2);
  assert.deepEqual(pushed[1], pushed[0]);
  await same(carol, alice);
  assert.equal((await alice.get('/api/v1/members')).members.length, 2);
  assert.equal((await alice.get('/api/v1/node')).events, (await carol.get('/api/v1/node')).events);
  // Twice is enough: then somebody is to look at the wire.
  const dora = await start({ name: 'Dora' });
  const dead = await Front.before(alice, dora, { tell: () => { throw new Error('the wire breaks here'); } });
  await refused(join(dora, dead.redirect(await invite(alice, dora))), 503, 'bootstrap_unreachable', /can't be reached/);
  assert.deepEqual(dead.asked.map(({ path: target }) => target), ['/manifest', '/manifest']);
  await nothingHalfDone(dora);
});

test('who has not heard of the joining yet hears of it soon, and the guest waits for that', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const bob = await start({ name: 'Bob' });
  await alice.admit(bob);
  await same(alice, bob);
  await bob.stop();
  const carol = await start({ name: 'Carol' });
  await alice.admit(carol);
  await alice.stop(); // nobody is left who could tell Bob
  await bob.start();
  await carol.until(() => /"request.refused".*"peer".*Only members/.test(bob.log)); // he takes her for a stranger
  await alice.start();
  await same(carol, bob, alice);
});

test('an inviter that lies gets nobody in: clear error, nothing half-done, and the true invite still works', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const mallory = await start({ name: 'Mallory', community: 'Trap' });
  const carol = await start({ name: 'Carol' });
  const text = await invite(alice, carol);
  const attempt = async (tell, words, error = 'invite_invalid', status = 400) => {
    const front = await Front.before(alice, carol, { tell });
    await refused(join(carol, front.redirect(text)), status, error, words);
    await nothingHalfDone(carol);
    front.close();
  };
  const manifest = (changes) => (target, answer, front) => (target === '/community/manifest' ? { ...answer, body: front.resign(answer.body, changes) } : answer);
  await attempt(manifest({ community_id: mallory.id }), /another community/);
  await attempt(manifest({ root_key: mallory.id }), /another community/);
  await attempt((target, answer) => (target === '/community/manifest' ? { ...answer, body: { ...answer.body, name: 'Forged' } } : answer), /not signed/);
  await attempt((target, answer) => (target === '/manifest' ? { ...answer, body: { ...answer.body, issued_at: '1970-01-01T00:00:00Z' } } : answer), /no manifest/);
  // It calls her a member and can't prove it.
  await attempt(manifest({ members: [{ node_id: carol.id, level: 'member', added_at: wallClock(), added_by: alice.id }] }), /no proof of it/);
  // A community of its own with the true one's id.
  const forged = Peer.of(mallory).event(alice.id, 1, 'community.created', { name: 'Street', founder_node_id: alice.id, policy: {} }, { author: alice.id });
  await attempt((target, answer) => (answer.body.events ? { ...answer, body: { ...answer.body, events: [forged] } } : answer), /no proof/);
  await attempt((target, answer) => (answer.body.events ? { ...answer, body: { ...answer.body, events: answer.body.events.filter(({ event_type }) => event_type !== 'community.member.invited') } } : answer), /does not hold this invitation/);
  assert.equal((await join(carol, text)).status, 200);
});

test('an invite for another, an open one, and one of a node that is gone', async () => {
  const alice = await start({ name: 'Alice', community: 'Street' });
  const carol = await start({ name: 'Carol' });
  const dora = await Node.create({ name: 'Dora' });
  await refused(join(carol, await invite(alice, dora)), 403, 'invitee_mismatch', /another device/);
  const unsigned = async (guest) => {
    const { signature: _old, ...rest } = readInvite(await invite(alice, guest));
    return rest;
  };
  const open = Peer.of(alice).signed({ ...await unsigned(carol), invitee_node_id: null, invite_event_id: null, token: Buffer.alloc(16).toString('base64url') });
  await refused(join(carol, inviteText(open)), 400, 'invite_invalid', /knows it no more/); // nobody promised anything by that token
  const gone = Peer.of(dora).signed({ schema_version: 1, community_id: dora.id, community_name: 'Gone', inviter_node_id: dora.id, invitee_node_id: carol.id, initial_level: 'member', bootstrap_endpoints: [{ transport: 'https', host: '127.0.0.1', port: 1 }], expires_at: wallClock(Date.now() + 60000), invite_event_id: ulid() });
  await refused(join(carol, inviteText(gone)), 503, 'bootstrap_unreachable', /can't be reached/);
  const eve = await start({ name: 'Eve' });
  const unknown = Peer.of(alice).signed({ ...await unsigned(carol), invitee_node_id: eve.id });
  await refused(join(eve, inviteText(unknown)), 400, 'invite_invalid', /neither as invited nor as a member/);
  await nothingHalfDone(eve);
});
