import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { cleanAll } from '../integration/support.mjs';
import { Lab } from './support.mjs';

after(cleanAll);

/** Alice and Bob on machines that `plug` plugged in; Bob joins, then they talk, also after both were off. */
async function meet(t, plug) {
  const lab = new Lab(t);
  const alice = await lab.node({ name: 'Alice', community: 'Street' });
  const bob = await lab.node({ name: 'Bob' });
  for (const node of [alice, bob]) await plug(lab, node);
  const since = Date.now();
  for (const node of [alice, bob]) await node.start();
  await alice.admit(bob);
  await lab.everybodyTalks([alice, bob], { since, what: 'joined, and all was there' });
  for (const node of [alice, bob]) await node.stop();
  for (const node of [alice, bob]) await node.start();
  const again = Date.now();
  await lab.everybodyTalks([alice, bob], { since: again, what: 'started again, all was there' });
  return { lab, alice, bob };
}

const endpoints = async (node) => (await node.get('/api/v1/node')).endpoints.map(({ host }) => host);

describe('neighbours meet', { concurrency: 3 }, () => {
  test('with IPv6 and its prefix alone', async (t) => {
    const { alice } = await meet(t, (lab, node) => lab.plug(node, { addresses: [`2001:db8:9::${node.index}/64`] }));
    assert.ok((await endpoints(alice)).includes('2001:db8:9::1'));
  });

  test('with IPv6 link-local addresses alone', async (t) => {
    const { alice } = await meet(t, (lab, node) => lab.plug(node));
    for (const host of await endpoints(alice)) assert.match(host, /^fe80::[0-9a-f:]+$/);
  });

  test('with 169.254 addresses alone', async (t) => {
    const { alice } = await meet(t, (lab, node) => lab.plug(node, { addresses: [`169.254.8.${node.index}/16`], ipv4Only: true }));
    assert.deepEqual(await endpoints(alice), ['169.254.8.1']);
  });

  test('behind nine bridges of containers, all older than the cable', async (t) => {
    const { alice } = await meet(t, (lab, node) => {
      lab.addBridges(node, 9);
      lab.plug(node, { addresses: [`10.9.0.${node.index}/24`], defaultRoute: '10.9.0.254' });
    });
    const hosts = await endpoints(alice);
    assert.equal(hosts[0], '10.9.0.1');
    assert.ok(hosts.length <= 8);
  });

  test('where both have two interfaces and share the second one alone', async (t) => {
    const { lab, alice, bob } = await meet(t, (lab, node) => {
      lab.bridge(`own${node.index}`);
      lab.plug(node, { link: 'eth0', bridge: `own${node.index}`, addresses: [`10.50.${node.index}.2/24`], defaultRoute: `10.50.${node.index}.1` });
      lab.plug(node, { link: 'eth1', addresses: [`10.9.0.${node.index}/24`] });
    });
    // The other cable is what they have in common from now on.
    const since = Date.now();
    for (const node of [alice, bob]) {
      lab.unplug(node, 'eth1');
      lab.unplug(node, 'eth0');
      lab.plug(node, { link: 'eth0', addresses: [`10.60.0.${node.index}/24`] });
    }
    await lab.everybodyTalks([alice, bob], { since, what: 'by the other cable, all was there' });
  });

  test('on a street that carries no multicast, also after one moved', async (t) => {
    const { lab, alice, bob } = await meet(t, (lab, node) => {
      if (node.index === 1) lab.dropMulticast();
      lab.plug(node, { addresses: [`10.9.0.${node.index}/24`], ipv4Only: true });
    });
    const since = Date.now();
    lab.readdress(bob, ['10.9.0.77/24']);
    await lab.everybodyTalks([alice, bob], { since, what: 'one moved, all was there' });
  });

  test('one of them behind a router that lets nobody in', async (t) => {
    const lab = new Lab(t);
    const alice = await lab.node({ name: 'Alice', community: 'Street' });
    const bob = await lab.node({ name: 'Bob' });
    lab.router();
    lab.plug(alice, { addresses: ['10.9.0.1/24'], ipv4Only: true });
    lab.plug(bob, { bridge: 'house', addresses: ['192.168.7.2/24'], defaultRoute: '192.168.7.1', ipv4Only: true });
    for (const node of [alice, bob]) await node.start();
    const since = Date.now();
    await alice.admit(bob);
    await lab.everybodyTalks([alice, bob], { since, what: 'joined, and all was there' });
    const again = Date.now();
    await bob.stop();
    await alice.send(bob.id, 'while you were off');
    await bob.start();
    await lab.everybodyTalks([alice, bob], { since: again, what: 'started again, all was there' });
    await lab.converge([alice, bob]);
  });

  test('where names are looked up in vain', async (t) => {
    const lab = new Lab(t);
    const resolver = { namespace: lab.namespace('resolver'), index: 'd' };
    lab.plug(resolver, { addresses: ['10.9.0.53/24'] });
    execFileSync('ip', ['netns', 'exec', resolver.namespace, 'nft', '-f', '-'], { stdio: ['pipe', 'pipe', 'pipe'],
      input: 'table inet silence {\n chain in {\n type filter hook input priority 0\n udp dport 53 counter drop\n }\n}\n' });
    const asked = () => Number(/packets (\d+)/.exec(execFileSync('ip', ['netns', 'exec', resolver.namespace, 'nft', 'list', 'ruleset']))[1]);
    const names = Array.from({ length: 8 }, (_, i) => `house-${i}.example:7080`).join(', ');
    const nodes = [];
    for (const [name, config] of [['Alice', `[discovery]\npeers = ${names}\n`], ['Bob', ''], ['Carol', '[transport]\nadvertise = carol.example:7080\n']]) {
      const node = await lab.node({ name, config, ...(nodes.length === 0 ? { community: 'Street' } : {}) });
      const file = path.join(path.dirname(node.directory), 'resolv.conf');
      fs.writeFileSync(file, 'nameserver 10.9.0.53\noptions timeout:30 attempts:5\n');
      node.wrapper.push('unshare', '--mount', 'sh', '-c', `mount --bind ${file} /etc/resolv.conf && exec "$@"`, 'sh');
      lab.plug(node, { addresses: [`10.9.0.${node.index}/24`] });
      await node.start();
      if (nodes.length > 0) await nodes[0].admit(node);
      nodes.push(node);
    }
    const [alice, bob, carol] = nodes;
    await lab.converge(nodes);
    await carol.stop();
    const before = asked();
    await lab.sees(alice, bob, true);
    for (let i = 0; i < 20; i++) {
      await alice.send(carol.id, `are you there? ${i}`);
      assert.equal((await alice.send(bob.id, `to and fro ${i}`)).delivered, 'direct');
      assert.equal((await bob.send(alice.id, `fro and to ${i}`)).delivered, 'direct');
    }
    await lab.within(alice, () => asked() > before, 'a name was looked up');
    await lab.everybodyTalks([alice, bob], { what: 'beside names that hang, all was there' });
  });
});

test('a tab on the web\'s own port, which nobody names', async (t) => {
  const lab = new Lab(t);
  const alice = await lab.node({ name: 'Alice', community: 'Street' });
  await alice.start('--ui-port', '80');
  const status = await alice.cli('status'); // as everybody, it calls http://127.0.0.1:80 with "Host: 127.0.0.1"
  assert.match(status.stdout, /Street/);
  assert.equal((await alice.request('GET', '/api/v1/node', undefined, { Origin: 'http://127.0.0.1' })).status, 200);
  assert.equal((await alice.request('GET', '/api/v1/node', undefined, { Origin: 'http://127.0.0.1:8080' })).status, 401);
  assert.equal((await alice.request('GET', '/api/v1/node', undefined, { Host: 'street.example' })).status, 401);
});
