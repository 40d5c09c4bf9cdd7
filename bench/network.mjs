// Measures what tests/network proves: prints a line a situation, `what  seconds`, with the goal where the issue or the protocol names one.

import process from 'node:process';
import { cleanAll } from '../tests/integration/support.mjs';
import { Lab, writeBacklog } from '../tests/network/support.mjs';

const only = process.argv[2] ?? '';
const PATIENCE_MS = 3600000;
const WIRES = [['10 Mbit/s', { rateKbit: 10000 }], ['1 Mbit/s', { rateKbit: 1000 }], ['512 kbit/s', { rateKbit: 512 }], ['128 kbit/s', { rateKbit: 128 }],
  ['64 kbit/s', { rateKbit: 64 }], ['1 Mbit/s and 600 ms', { rateKbit: 1000, delayMs: 300 }], ['1 Mbit/s and 5% of loss', { rateKbit: 1000, delayMs: 10, loss: 0.05 }]];

/** Runs `measure(lab, say)` on a street of its own. */
async function situation(name, measure) {
  if (!name.includes(only)) return;
  const ends = [];
  const lab = new Lab({ after: (end) => ends.push(end), diagnostic: () => {} });
  const say = (what, since, goal = '') => console.log(`${name.padEnd(40)} ${what.padEnd(36)} ${((Date.now() - since) / 1000).toFixed(1).padStart(8)} s  ${goal}`);
  try {
    await measure(lab, say);
  } finally {
    for (const end of ends) await end();
    await cleanAll();
  }
}

const NAMES = ['Alice', 'Bob', 'Carol', 'Dave', 'Erin'];

await situation('a street starts', async (lab, say) => {
  const nodes = await lab.community(NAMES);
  await Promise.all(nodes.map((node) => node.stop()));
  const since = Date.now();
  await Promise.all(nodes.map((node) => node.start()));
  await lab.everybodyTalks(nodes);
  say('all is there', since, '5 s');
});

for (const net of ['10.9.0', '10.31.5']) {
  await situation(`a street before its network, ${net === '10.9.0' ? 'same' : 'other'} addresses`, async (lab, say) => {
    const nodes = await lab.community(NAMES);
    await Promise.all(nodes.map((node) => node.stop()));
    nodes.forEach((node) => lab.unplug(node));
    await Promise.all(nodes.map((node) => node.start()));
    const since = Date.now();
    for (const node of nodes) lab.plug(node, { addresses: [`${net}.${node.index}/24`] });
    await lab.everybodyTalks(nodes);
    say('all is there', since, '10 s');
  });
}

await situation('a new router', async (lab, say) => {
  const nodes = await lab.community(NAMES);
  const since = Date.now();
  for (const node of nodes) lab.readdress(node, [`10.31.5.${node.index}/24`]);
  await lab.everybodyTalks(nodes);
  say('all is there', since, '10 s');
});

for (const [name, wire] of WIRES) {
  await situation(name, async (lab, say) => {
    const [alice, carol] = await lab.community(['Alice', 'Carol']);
    await writeBacklog(alice, carol, 6000000);
    const bob = await lab.node({ name: 'Bob' });
    bob.patienceSeconds = 600;
    await lab.plugSlowly(bob, { addresses: ['10.9.0.9/24'], ...wire });
    await bob.start();
    const since = Date.now();
    await alice.admit(bob);
    say('joined', since);
    for (let i = 0; i < 5; i++) {
      const written = Date.now();
      const { event_id } = await alice.send(bob.id, `new, ${i}`);
      await lab.within(bob, async () => (await bob.history(`peer=${alice.id}`)).some((message) => message.event_id === event_id), 'the new message is there', PATIENCE_MS);
      say('a new message overtakes the backlog', written, '3 s');
    }
    await lab.converge([alice, bob, carol], PATIENCE_MS);
    say('6 MB are there', since);
  });
}
