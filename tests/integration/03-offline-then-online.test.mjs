import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cleanAll, neighbours, Node } from './support.mjs';

after(cleanAll);

test('a recipient that was off sees the messages when it is back, and the sender learns of it', async () => {
  const [alice, bob] = await neighbours();
  await alice.send(bob.id, 'before');
  await bob.arrived('before');
  await bob.stop();
  const sent = [];
  for (let i = 0; i < 5; i++) sent.push(await alice.send(bob.id, `while you were away ${i}`));
  assert.ok(sent.every((answer) => answer.delivered === 'queued'));
  assert.ok((await alice.history()).filter((message) => message.body.startsWith('while')).every((message) => message.delivered_at === null));
  await bob.start();
  for (let i = 0; i < 5; i++) await bob.arrived(`while you were away ${i}`);
  assert.deepEqual((await bob.history()).map((message) => message.body), ['before', ...sent.map((_, i) => `while you were away ${i}`)]);
  for (const { event_id } of sent) await alice.delivered(event_id);
  assert.ok((await alice.history()).every((message) => message.delivered_at));
  const repeated = await alice.send(bob.id, 'once more', 'c');
  await alice.delivered(repeated.event_id);
  assert.equal((await alice.send(bob.id, 'once more', 'c')).delivered, 'direct');
});

test('both were off in turns: nothing is missed on either side', async () => {
  const [alice, bob] = await neighbours();
  await bob.stop();
  await alice.send(bob.id, 'from alice alone');
  await alice.stop();
  await bob.start();
  await bob.send(alice.id, 'from bob alone');
  await alice.start();
  await bob.arrived('from alice alone');
  await alice.arrived('from bob alone');
  const bodies = async (node) => (await node.history()).map((message) => message.body);
  assert.deepEqual(await bodies(alice), await bodies(bob));
});

test('a third neighbour carries a message between two that never meet', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  const jana = await (await Node.create({ name: 'Jana' })).start();
  await alice.admit(bob);
  await alice.admit(jana);
  await jana.send(bob.id, 'do you know me');
  await bob.arrived('do you know me'); // by now Bob's node knows Jana and hers knows Bob, or one would refuse the other
  await bob.stop();
  const { event_id } = await alice.send(bob.id, 'carried');
  await alice.post('/api/v1/chat/send', { recipient: jana.id, body: 'marker' });
  await jana.arrived('marker'); // pushed behind the other, so Jana's node holds both
  await alice.stop();
  await bob.start();
  await bob.arrived('carried');
  await jana.stop();
  await alice.start();
  await alice.delivered(event_id);
});

test('a node knows where the others are from the log alone, after they moved', async () => {
  const [alice, bob] = await neighbours();
  const old = bob.peerPort;
  await bob.stop();
  bob.peerPort = 0;
  await bob.start();
  const moved = await bob.send(alice.id, 'I have moved');
  await alice.arrived('I have moved');
  const member = (await alice.get('/api/v1/members')).members.find((entry) => entry.node_id === bob.id);
  assert.notEqual(member.endpoints[0].port, old);
  await bob.delivered(moved.event_id);
  const back = await alice.send(bob.id, 'found you');
  await bob.arrived('found you');
  await alice.delivered(back.event_id);
});
