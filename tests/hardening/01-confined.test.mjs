import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { BINARY, cleanAll, fs, Node, once, path, PATIENCE_MS, Subscriber } from '../integration/support.mjs';
import { Terminal } from '../integration/terminal.mjs';

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

test('a confined node knows its terminal, says where it runs, and ends with its terminal', async () => {
  const node = await Node.create({ name: 'Ann', community: 'X', config: '[process]\nconfine = true\n' });
  const args = ['serve', '--data', node.directory, '--ui-port', '0', '--peer-port', '0', '--peer-host', '127.0.0.1', '--or-show'];
  const terminal = new Terminal(BINARY, ...args);
  await terminal.shows(/^\d\d:\d\d:\d\d  node started  node: /m);
  const [, ui] = await terminal.shows(/Your chat: (http:\S+)\/\s/);
  assert.equal((await node.cli(...args.filter((arg) => arg !== '--data' && arg !== node.directory))).stdout, `Your chat runs already: ${ui}/\n`);
  const file = path.join(node.directory, 'run.json');
  const watch = fs.watch(node.directory);
  await terminal.close();
  while (fs.existsSync(file)) await once(watch, 'change', { signal: AbortSignal.timeout(PATIENCE_MS) });
  watch.close();
});

test('a confined node hears of its network and of its neighbours', async () => {
  const config = '[process]\nconfine = true\n';
  const free = await Node.create({ name: 'Free', community: 'Street' });
  const confined = await Node.create({ name: 'Confined', community: 'Street', config });
  for (const node of [free, confined]) {
    node.peerHost = '::';
    await node.start('--log-level', 'debug');
  }
  const [one, other] = await Promise.all([free, confined].map(async (node) => (await node.get('/api/v1/node')).endpoints.map(({ host }) => host)));
  assert.deepEqual(other, one);
  assert.doesNotMatch(confined.log, /can't|not permitted|discovery\.deaf/i);
});
