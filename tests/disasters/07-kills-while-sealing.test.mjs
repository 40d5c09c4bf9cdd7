// §24 e12: a node that is killed, or loses its power, before any write or sync of its log while messages are sealed and opened.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { BINARY, cleanAll, fs, Node, path, temporaryDirectory, ulid } from '../integration/support.mjs';
import { currentOffer, recordsOf, SealingPeer } from '../integration/sealed.mjs';

after(cleanAll);
const shim = path.join(path.dirname(BINARY), 'libpower_cut.so');

const above = async (node) => (await node.get('/api/v1/node')).head + 1;
const files = (node) => fs.readdirSync(path.dirname(node.database())).map((name) => path.join(path.dirname(node.database()), name)).filter((file) => /events\.sqlite/.test(file));

/** Alice's node, started on a disk that forgets what was not synced; `order` is what that disk is told. */
async function onThatDisk(alice) {
  const images = temporaryDirectory();
  const control = path.join(images, 'control');
  fs.writeFileSync(control, '');
  alice.environment = { LD_PRELOAD: shim, POWER_CUT_IMAGES: images, POWER_CUT_CONTROL: control };
  await alice.start();
  return { images, order: (what) => fs.writeFileSync(control, what) };
}

/** The power is back: there is what was synced, and nothing else. */
function forget(alice, images) {
  for (const file of files(alice)) {
    const image = path.join(images, path.basename(file));
    if (fs.existsSync(image)) fs.copyFileSync(image, file);
    else fs.rmSync(file);
  }
}

/** What was acknowledged can be read, and what is said to be delivered. */
async function check(alice, bob, acknowledged) {
  const shown = new Map((await alice.history()).map((message) => [message.event_id, message]));
  for (const [event_id, body] of acknowledged) assert.deepEqual([shown.get(event_id)?.body, shown.get(event_id)?.e2e], [body, 'ok']);
  const events = await bob.pull(alice);
  const said = events.filter(({ author, event_type }) => author === alice.id && event_type === 'chat.message.delivered').map(({ data }) => data.target_event_id);
  for (const event_id of said) assert.equal(shown.get(event_id)?.e2e, 'ok');
  assert.equal(new Set(said).size, said.length);
  const own = events.filter(({ event_type, data }) => event_type === 'chat.message.sent' && data.body.e2e);
  const drawn = own.flatMap((event) => [...recordsOf(event).map(({ enc }) => enc.toString('hex')), event.data.body.header.commit]);
  assert.equal(new Set(drawn).size, drawn.length);
  for (const event of own.filter(({ author }) => author === alice.id)) bob.open(event);
  return events;
}

for (const [what, cuts] of [['kill -9', false], ['a power cut', true]]) {
  test(`${what} between any two steps: what was acknowledged is readable, and nothing is said to be delivered that isn’t`, async () => {
    const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
    const bob = new SealingPeer();
    await bob.join(alice, 'Bob');
    await bob.push(alice, bob.prekeys(await above(alice)));
    await alice.stop();
    const acknowledged = new Map();
    const pushed = [];
    let kills = 0;
    for (let step = 1, survived = false; !survived; step += 1) {
      const { images, order } = await onThatDisk(alice);
      const events = await check(alice, bob, acknowledged);
      const theirs = bob.message(await above(alice), alice.id, { kind: 'text', body: `theirs ${step}` }, { to: currentOffer(events, alice.id, bob.id), reply: bob.offer() });
      pushed.push(theirs);
      order(`kill ${step}`);
      const took = await bob.push(alice, theirs).then(() => true, () => false);
      const client_id = ulid();
      const answer = await alice.send(bob.id, `ours ${step}`, client_id).catch(() => null);
      if (answer) acknowledged.set(answer.event_id, `ours ${step}`);
      survived = took && answer !== null;
      if (!survived) await alice.exited;
      await alice.kill();
      order('');
      if (cuts) forget(alice, images);
      await alice.start();
      await bob.push(alice, theirs);
      const again = await alice.send(bob.id, `ours ${step}`, client_id);
      if (answer) assert.equal(again.event_id, answer.event_id);
      acknowledged.set(again.event_id, `ours ${step}`);
      await alice.stop();
      kills = step;
    }
    alice.environment = {};
    await alice.start();
    await check(alice, bob, acknowledged);
    const shown = new Map((await alice.history()).map((message) => [message.event_id, message.body]));
    for (const [i, { event_id }] of pushed.entries()) assert.equal(shown.get(event_id), `theirs ${i + 1}`);
    assert.ok(kills > 5, `the disk under test killed it ${kills} times`);
    assert.equal((await alice.cli('verify')).code, 0);
  });
}
