// §24 e11 and e13: a device that is set back to an older copy of itself, and secrets whose time is over.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { cleanAll, fs, hashOf, neighbours, Node, path, temporaryDirectory } from './support.mjs';
import { currentOffer, recordsOf, SealingPeer } from './sealed.mjs';

after(cleanAll);

const above = async (node) => (await node.get('/api/v1/node')).head + 1;
const offerOf = async (node, peer) => currentOffer(await peer.pull(node), node.id, peer.id);
const say = async (node, peer, payload, more = {}) => {
  const event = peer.message(await above(node), node.id, typeof payload === 'string' ? { kind: 'text', body: payload } : payload, { to: await offerOf(node, peer), ...more });
  await peer.push(node, event);
  return event;
};
const shown = async (node, { event_id }) => (await node.history()).find((message) => message.event_id === event_id);
const converge = (one, other) => one.until(async () => (await one.get('/api/v1/node')).fingerprint === (await other.get('/api/v1/node')).fingerprint);
const isSealed = ({ event_type, data }) => event_type === 'chat.message.sent' && data.body.e2e;

/** Alice's and Carol's nodes and Bob, who has published a prekey. */
async function street() {
  const [alice, carol] = await neighbours({ bob: { name: 'Carol' } });
  const bob = new SealingPeer();
  await bob.join(alice, 'Bob');
  await bob.push(alice, bob.prekeys(await above(alice)));
  await converge(carol, alice);
  return [alice, carol, bob];
}

test('e11: a device that was set back to a copy begins with new keys, repeats nothing, gets what was on its way, and says so', async () => {
  const [alice, carol, bob] = await street();
  await say(alice, bob, 'before');
  await alice.send(bob.id, 'and back');
  await alice.stop();
  const copy = path.join(temporaryDirectory(), 'copy');
  fs.cpSync(alice.directory, copy, { recursive: true });

  await alice.start();
  await alice.send(bob.id, 'the same words', 'the same');
  const acknowledged = await say(alice, bob, 'acknowledged');
  await alice.delivered(acknowledged.event_id);
  await alice.send(bob.id, 'a turn');
  await converge(carol, alice);
  const key = Buffer.alloc(32, 7);
  const lost = await offerOf(alice, bob);
  await alice.stop();
  const waiting = bob.message(await above(carol), alice.id, { kind: 'text', body: 'while you were away' }, { to: lost, key });
  await bob.push(carol, waiting);
  await carol.stop();

  fs.rmSync(alice.directory, { recursive: true });
  fs.cpSync(copy, alice.directory, { recursive: true });
  await alice.start();
  await alice.send(bob.id, 'the same words', 'the same'); // nobody here knows of the first
  const reset = async () => (await bob.pull(alice)).filter(({ author, event_type, data }) => author === alice.id && event_type === 'e2e.prekeys.published' && data.reset);
  assert.deepEqual(await reset(), []);
  await carol.start();
  await alice.until(async () => (await reset()).length === 1);
  assert.notDeepEqual(await offerOf(alice, bob), lost);

  const broken = async () => (await bob.pull(alice)).filter(({ author, event_type }) => author === alice.id && event_type === 'e2e.session.broken');
  await alice.until(async () => (await broken()).length === 1);
  const asked = (await broken())[0].data;
  assert.deepEqual([asked.peer, asked.events.includes(hashOf(waiting))], [bob.id, true]);
  assert.equal((await shown(alice, waiting)).e2e, 'waiting');
  await say(alice, bob, { kind: 'keys', keys: [{ event: hashOf(waiting), key: key.toString('base64url') }] });
  await alice.delivered(waiting.event_id);
  assert.equal((await shown(alice, waiting)).body, 'while you were away');
  const fresh = await say(alice, bob, 'are you back?');
  await alice.delivered(fresh.event_id);
  assert.equal((await alice.send(bob.id, 'yes')).e2e, true);

  const sealed = (await bob.pull(alice)).filter(isSealed);
  const all = sealed.flatMap((event) => [...recordsOf(event).map(({ enc }) => enc.toString('hex')), event.data.body.header.commit, event.data.body.ciphertext]);
  assert.equal(new Set(all).size, all.length);
  assert.deepEqual(bob.open(sealed.findLast(({ author }) => author === alice.id)), { kind: 'text', body: 'yes' });

  const { other_copy_at: told } = await alice.get('/api/v1/node');
  assert.match(told, /^\d{4}-/);
  assert.equal((await carol.get('/api/v1/node')).other_copy_at, null);
  assert.equal((await reset()).length, 1);
});

test('e13: of a secret that nothing can come for any more, nothing is left in any file of the log; others stay', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const secretOf = (key) => Buffer.from(execFileSync('sqlite3', [alice.database(), `SELECT hex(secret) FROM receiving_keys WHERE public=x'${key.toString('hex')}'`]).toString().trim(), 'hex');
  const files = () => fs.readdirSync(path.dirname(alice.database())).filter((name) => name.startsWith('events.sqlite'));
  const isLeft = (bytes) => files().some((name) => fs.readFileSync(path.join(path.dirname(alice.database()), name)).includes(bytes));

  /** A peer that has used an offer, and then a newer one: the first, and what was sealed to it and is not here yet. */
  async function turn(name) {
    const peer = new SealingPeer();
    await peer.join(alice, name);
    await peer.push(alice, peer.prekeys(await above(alice)));
    await alice.send(peer.id, 'an offer');
    const key = await offerOf(alice, peer);
    const secret = secretOf(key);
    assert.equal(secret.length, 32);
    await say(alice, peer, 'sealed to it');
    await alice.send(peer.id, 'a newer offer');
    const late = peer.message(await above(alice), alice.id, { kind: 'text', body: 'sealed to it, and late' }, { to: key });
    await say(alice, peer, 'sealed to the newer one');
    await say(alice, peer, 'once more');
    return { peer, key, secret, late };
  }
  const bob = await turn('Bob');
  const jana = await turn('Jana');
  assert.ok(isLeft(jana.secret));
  await jana.peer.push(alice, jana.late);
  await alice.until(() => secretOf(jana.key).length === 0 && !isLeft(jana.secret), 60000);
  assert.ok(files().includes('events.sqlite-wal'));
  assert.ok(isLeft(bob.secret));
  assert.deepEqual(secretOf(bob.key), bob.secret);
  await bob.peer.push(alice, bob.late);
  for (const { late } of [bob, jana]) assert.equal((await shown(alice, late)).body, 'sealed to it, and late');
});
