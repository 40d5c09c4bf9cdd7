import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { BINARY, cleanAll, fs, Node, path, temporaryDirectory } from '../integration/support.mjs';

after(cleanAll);
const shim = path.join(path.dirname(BINARY), 'libpower_cut.so');

async function pair() {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob);
  await bob.stop();
  await alice.stop();
  return [alice, bob];
}

/** The node runs on a disk that forgets what was not synced. */
function onFailingDisk(node) {
  const images = temporaryDirectory();
  const control = path.join(images, 'control');
  fs.writeFileSync(control, '');
  node.environment = { LD_PRELOAD: shim, POWER_CUT_IMAGES: images, POWER_CUT_CONTROL: control };
  return { images, order: (what) => fs.writeFileSync(control, what) };
}

/** 64 writers until `enough` more are acknowledged, then `end`; the acknowledged into the map. */
async function load(node, recipient, label, acknowledged, enough, end) {
  const target = acknowledged.size + enough;
  let ending = null;
  await Promise.all(Array.from({ length: 64 }, async (_, writer) => {
    for (let i = 0; !ending; i++) {
      const body = `${label}/${writer}/${i}`;
      const answer = await node.trySend(recipient.id, body);
      if (answer) acknowledged.set(answer.event_id, body);
      if (acknowledged.size > target) ending ??= end();
    }
  }));
  await ending;
}

async function stored(node) {
  const all = new Map();
  let count = 0;
  for (let since = 0, more = true; more;) {
    const page = await node.get(`/api/v1/chat/history?limit=1000&since_lamport=${since}`);
    for (const message of page.messages) all.set(message.event_id, message.body);
    count += page.messages.length;
    since = page.messages.at(-1)?.lamport ?? 0;
    more = page.more;
  }
  assert.equal(all.size, count);
  assert.equal(new Set(all.values()).size, count); // every client_id once
  return all;
}

async function assertHolds(node, acknowledged) {
  const all = await stored(node);
  for (const [id, body] of acknowledged) assert.equal(all.get(id), body);
}

test('acknowledged sends survive 50 kills under 64-way load', async () => {
  const [alice, bob] = await pair();
  const acknowledged = new Map();
  await alice.start();
  for (let round = 0; round < 50; round++) {
    await load(alice, bob, round, acknowledged, 100, () => alice.kill());
    await alice.start();
    if (round % 10 === 9) await assertHolds(alice, acknowledged);
  }
  assert.equal((await alice.cli('verify')).code, 0);
});

test('acknowledged sends survive 20 power cuts under 64-way load', async () => {
  const [alice, bob] = await pair();
  const acknowledged = new Map();
  let forgotten = 0;
  for (let round = 0; round < 20; round++) {
    const { images } = onFailingDisk(alice);
    await alice.start();
    await assertHolds(alice, acknowledged);
    await load(alice, bob, round, acknowledged, 100, () => alice.kill());
    // The power is back: the disk holds what was synced, and nothing else.
    const directory = path.dirname(alice.database());
    for (const name of fs.readdirSync(directory)) {
      const image = path.join(images, name);
      const kept = fs.existsSync(image) ? fs.readFileSync(image) : null;
      if (kept && !kept.equals(fs.readFileSync(path.join(directory, name)))) forgotten++;
      if (kept) fs.writeFileSync(path.join(directory, name), kept);
      else fs.rmSync(path.join(directory, name));
    }
  }
  assert.ok(forgotten > 0, 'no power cut ever lost anything: the disk under test does not forget');
  await alice.start();
  await assertHolds(alice, acknowledged);
  assert.equal((await alice.cli('verify')).code, 0);
});

for (const [order, what] of [['full', 'a full disk'], ['error', 'a disk that fails to sync']]) {
  test(`${what}: a clear error, no acknowledgement, and on it goes when that is over`, async () => {
    const [alice, bob] = await pair();
    const disk = onFailingDisk(alice);
    await alice.start();
    const first = await alice.send(bob.id, 'before');
    disk.order(order);
    const refused = await alice.request('POST', '/api/v1/chat/send', { recipient: bob.id, body: 'meanwhile', client_id: 'meanwhile' });
    assert.equal(refused.status, 500);
    assert.equal(refused.body.error, 'internal_error');
    assert.match(refused.body.message, /disk|room/i);
    assert.deepEqual((await alice.history()).map(({ event_id }) => event_id), [first.event_id]); // it goes on reading
    disk.order('');
    const again = await alice.send(bob.id, 'meanwhile', 'meanwhile');
    assert.deepEqual((await alice.history()).map(({ event_id }) => event_id), [first.event_id, again.event_id]);
    await alice.kill();
    await alice.start();
    assert.equal((await stored(alice)).size, 2);
    assert.equal((await alice.cli('verify')).code, 0);
    assert.match(alice.log + refused.text, /disk/);
  });
}
