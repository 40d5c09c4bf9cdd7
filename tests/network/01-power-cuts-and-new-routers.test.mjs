import { after, describe, test } from 'node:test';
import { cleanAll } from '../integration/support.mjs';
import { Lab } from './support.mjs';

after(cleanAll);

const at = (node, net = '10.9.0') => `${net}.${node.index}/24`;

/** Two neighbours who have talked and are off, their machines without a network. */
async function afterPowerCut(t) {
  const lab = new Lab(t);
  const nodes = await lab.community(['Alice', 'Bob']);
  await lab.everybodyTalks(nodes, { what: 'the first conversation' });
  await Promise.all(nodes.map((node) => node.stop()));
  nodes.forEach((node) => lab.unplug(node));
  return { lab, nodes };
}

describe('after a power cut', { concurrency: 3 }, () => {
  for (const [what, net] of [['the same addresses', '10.9.0'], ['other addresses', '10.31.5']]) {
    test(`both nodes start before their network, which then has ${what}`, async (t) => {
      const { lab, nodes } = await afterPowerCut(t);
      for (const node of nodes) await node.start();
      await Promise.all(nodes.map((node, i) => node.send(nodes[1 - i].id, 'written in the dark')));
      const since = Date.now();
      for (const node of nodes) lab.plug(node, { addresses: [at(node, net)] });
      await lab.everybodyTalks(nodes, { since });
      await lab.converge(nodes);
    });

    test(`one node starts before its network, the other behind it, with ${what}`, async (t) => {
      const { lab, nodes: [alice, bob] } = await afterPowerCut(t);
      lab.plug(bob, { addresses: [at(bob, net)] });
      await alice.start();
      await bob.start();
      const since = Date.now();
      lab.plug(alice, { addresses: [at(alice, net)] });
      await lab.everybodyTalks([alice, bob], { since });
    });
  }

  test('the cable is there before the addresses are, as with a slow router', async (t) => {
    const { lab, nodes } = await afterPowerCut(t);
    for (const node of nodes) lab.plug(node, { ipv4Only: true });
    for (const node of nodes) await node.start();
    const since = Date.now();
    for (const node of nodes) lab.readdress(node, [at(node, '10.31.6')]);
    await lab.everybodyTalks(nodes, { since });
  });

  test('a whole street starts before its network, and gets other addresses', async (t) => {
    const lab = new Lab(t);
    const nodes = await lab.community(['Alice', 'Bob', 'Carol', 'Dave']);
    await Promise.all(nodes.map((node) => node.stop()));
    nodes.forEach((node) => lab.unplug(node));
    for (const node of nodes) await node.start();
    const since = Date.now();
    for (const node of nodes) lab.plug(node, { addresses: [at(node, '10.31.7')] });
    await lab.everybodyTalks(nodes, { since });
    await lab.converge(nodes);
  });

  test('nodes that never had a network meet as soon as they have one', async (t) => {
    const lab = new Lab(t);
    const alice = await (await lab.node({ name: 'Alice', community: 'Street' })).start();
    const bob = await (await lab.node({ name: 'Bob' })).start();
    const since = Date.now();
    for (const node of [alice, bob]) lab.plug(node, { addresses: [at(node)] });
    await alice.admit(bob);
    await lab.everybodyTalks([alice, bob], { since });
  });
});

describe('a new router', { concurrency: 3 }, () => {
  test('both nodes change their addresses at once', async (t) => {
    const lab = new Lab(t);
    const nodes = await lab.community(['Alice', 'Bob']);
    const since = Date.now();
    for (const node of nodes) lab.readdress(node, [at(node, '10.31.8')]);
    await lab.everybodyTalks(nodes, { since });
  });

  test('both change their addresses while they are apart', async (t) => {
    const lab = new Lab(t);
    const nodes = await lab.community(['Alice', 'Bob']);
    nodes.forEach((node) => lab.cut(node));
    for (const node of nodes) lab.readdress(node, [at(node, '10.31.9')]);
    await Promise.all(nodes.map((node, i) => node.send(nodes[1 - i].id, 'written apart')));
    await Promise.all(nodes.map((node, i) => lab.sees(node, nodes[1 - i], false)));
    const since = Date.now();
    nodes.forEach((node) => lab.heal(node));
    await lab.everybodyTalks(nodes, { since });
    await lab.converge(nodes);
  });

  test('one who is off meanwhile comes back to a street with other addresses', async (t) => {
    const lab = new Lab(t);
    const nodes = await lab.community(['Alice', 'Bob', 'Carol']);
    const [alice, bob, carol] = nodes;
    await carol.stop();
    for (const node of nodes) lab.readdress(node, [at(node, '10.31.10')]);
    await lab.everybodyTalks([alice, bob]);
    const since = Date.now();
    await carol.start();
    await lab.everybodyTalks(nodes, { since });
  });
});
