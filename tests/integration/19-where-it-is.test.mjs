import assert from 'node:assert/strict';
import https from 'node:https';
import os from 'node:os';
import { after, before, test } from 'node:test';
import { cleanAll, Node } from './support.mjs';

const WITHOUT = ['python3', new URL('without_family.py', import.meta.url).pathname];
const LOOPBACK = /^(127\.|::1$|localhost$)/;
let alice;

after(cleanAll);

/** A node that listens to all of its machine, as it does by default. */
async function everywhere(name, ...wrapper) {
  const node = await Node.create({ name, community: 'Street' });
  node.peerHost = '::';
  node.wrapper = wrapper;
  return node.start('--log-level', 'debug');
}

const ask = (host, port, path = '/health') => new Promise((resolve, reject) => {
  https.get({ host, port, path, rejectUnauthorized: false, agent: false }, (response) => response.resume().on('end', () => resolve(response.statusCode))).on('error', reject);
});

const hosts = async (node) => (await node.get('/api/v1/node')).endpoints.map(({ host }) => host);

before(async () => { alice = await everywhere('Alice'); });

test('one port takes IPv4 and IPv6, and IPv4 stays IPv4 in the log', async () => {
  assert.equal(await ask('127.0.0.1', alice.peerPort), 200);
  if (os.networkInterfaces().lo?.some(({ family }) => family === 'IPv6')) assert.equal(await ask('::1', alice.peerPort), 200);
  assert.equal(await ask('127.0.0.1', alice.peerPort, '/ready'), 401);
  await alice.logged(/"request.refused".*"address":"127\.0\.0\.1"/);
  assert.doesNotMatch(alice.log, /::ffff:/);
});

test('a machine without IPv6 listens on IPv4', async () => {
  const old = await everywhere('Old', ...WITHOUT, 'ipv6');
  assert.equal(await ask('127.0.0.1', old.peerPort), 200);
  for (const host of await hosts(old)) assert.doesNotMatch(host, /:/);
});

test('loopback is no address of ours, nor in an invite', async () => {
  const bob = await Node.create({ name: 'Bob' });
  for (const host of await hosts(alice)) assert.doesNotMatch(host, LOOPBACK);
  const { status, body } = await alice.request('POST', '/api/v1/invites', { invitee_node_id: bob.id });
  if ((await hosts(alice)).length === 0) {
    assert.equal(status, 503);
    assert.match(body.message, /no address in a network yet.*connect it/);
  } else {
    const invite = JSON.parse(Buffer.from(body.output.invite.split('/').at(-1), 'base64url'));
    assert.deepEqual(invite.bootstrap_endpoints.map(({ host }) => host), await hosts(alice));
  }
});

test('where the kernel tells nothing by netlink, the addresses are the same', async () => {
  const mute = await everywhere('Mute', ...WITHOUT, 'netlink');
  assert.deepEqual((await hosts(mute)).sort(), (await hosts(alice)).sort());
});
