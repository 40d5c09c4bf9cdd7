import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cleanAll, fs, Node, Subscriber } from '../integration/support.mjs';

after(cleanAll);

test('a confined node does all that a node does', async () => {
  const config = '[process]\nconfine = true\n';
  const alice = await (await Node.create({ name: 'Alice', community: 'Street', config })).start();
  const bob = await (await Node.create({ name: 'Bob', config })).start();
  for (const node of [alice, bob]) {
    const status = fs.readFileSync(`/proc/${node.process.pid}/status`, 'utf8');
    assert.match(status, /^Seccomp:\s*2$/m); // a filter
    assert.match(status, /^NoNewPrivs:\s*1$/m);
  }
  const tab = new Subscriber(bob);
  await tab.ready();
  await alice.admit(bob);
  const { event_id } = await alice.send(bob.id, 'through the wall');
  await tab.until((frame) => frame.event === 'published' && frame.data.event_id === event_id);
  await alice.delivered(event_id);
  assert.equal((await bob.cli('history', alice.id)).code, 0);
  assert.equal((await alice.cli('backup', `${alice.directory}.tar`)).code, 0);
  assert.equal((await alice.request('GET', '/api/v1/qr.svg?text=x')).status, 200);
  tab.close();
  await bob.kill();
  await bob.start();
  const again = await alice.send(bob.id, 'and again');
  await alice.delivered(again.event_id);
  for (const node of [alice, bob]) assert.doesNotMatch(node.log, /can't|not permitted|error/i);
});

