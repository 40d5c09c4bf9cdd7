import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cleanAll } from '../integration/support.mjs';
import { converge, Network } from './support.mjs';

after(cleanAll);

test('three pieces write apart from each other, and become one when they meet', async () => {
  const network = new Network();
  const nodes = [await (await network.node({ name: 'N0', community: 'Street' })).start()];
  for (let i = 1; i < 5; i++) {
    const node = await (await network.node({ name: `N${i}` })).start();
    await nodes[0].admit(node);
    nodes.push(node);
  }
  await converge(nodes);
  network.cut([nodes[0], nodes[1]], [nodes[2], nodes[3]], [nodes[4]]);
  const sent = [];
  for (let round = 0; round < 4; round++) {
    for (const [i, from] of nodes.entries()) {
      const to = (i + 1 + round) % 5 === i ? (i + 1) % 5 : (i + 1 + round) % 5;
      const { event_id } = await from.send(nodes[to].id, `${i} to ${to}, ${round}`);
      sent.push({ from: i, to, event_id });
    }
  }
  const apart = new Set(await Promise.all(nodes.map(async (node) => (await node.get('/api/v1/node')).fingerprint)));
  assert.ok(apart.size >= 3, 'they were not apart');
  network.heal();
  for (const { from, to, event_id } of sent) {
    for (const [holder, peer] of [[from, to], [to, from]]) {
      await nodes[holder].until(async () => (await nodes[holder].history(`peer=${nodes[peer].id}`)).some((message) => message.event_id === event_id && message.delivered_at));
    }
  }
  await converge(nodes);
  for (const node of nodes) assert.equal((await node.cli('verify', '--json')).stdout.includes('"whole":true'), true);
});

test('a neighbour carries a message between two who are never on at the same time', async () => {
  const network = new Network();
  const alice = await (await network.node({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await network.node({ name: 'Bob' })).start();
  const carol = await (await network.node({ name: 'Carol' })).start();
  await alice.admit(bob);
  await alice.admit(carol);
  await converge([alice, bob, carol]);
  await bob.stop();
  assert.equal((await alice.send(bob.id, 'carry me')).delivered, 'queued');
  await converge([alice, carol]);
  await alice.stop();
  await bob.start();
  await bob.until(async () => (await bob.history()).some(({ body }) => body === 'carry me'));
  await converge([bob, carol]);
  await bob.stop();
  await alice.start();
  await alice.until(async () => (await alice.history()).every((message) => message.delivered_at)); // the receipt was carried back
});

test('a member that nobody can reach is told at once by its own long-poll', async () => {
  const network = new Network();
  const alice = await (await network.node({ name: 'Alice', community: 'Street' })).start();
  // What it advertises leads nowhere, neither the address nor the port, as behind a router without a port forwarded.
  const bob = await (await network.node({ name: 'Bob', config: '[transport]\nadvertise = 10.77.250.250:9\n[discovery]\nudp_enabled = false\n' })).start('--log-level', 'debug');
  await alice.admit(bob);
  await bob.until(() => /"peer\.polled".*"events":"0"/.test(bob.log), 120000);
  const { event_id } = await alice.send(bob.id, 'through the door that you hold open');
  await bob.until(() => /"peer\.polled".*"events":"1"/.test(bob.log));
  await bob.until(async () => (await bob.history()).some((message) => message.event_id === event_id));
  await alice.until(async () => (await alice.history()).every((message) => message.delivered_at));
});
