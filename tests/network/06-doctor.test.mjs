import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { BINARY, cleanAll, temporaryDirectory } from '../integration/support.mjs';
import { Lab } from './support.mjs';

after(cleanAll);

/** What doctor says on that machine, by check. */
async function doctor(node) {
  const { stdout } = await node.cli('doctor', '--json').catch((error) => {
    assert.equal(error.code, 1, error.stderr);
    return error;
  });
  const report = JSON.parse(stdout);
  return { ...report, of: (name) => report.checks.find(({ check }) => check === name) ?? {}, wrong: report.checks.filter(({ state }) => state === 'wrong').map(({ check }) => check) };
}

describe('hearthchat doctor', { concurrency: 4 }, () => {
  test('finds nothing where nothing is wrong, and names the addresses that were tried', async (t) => {
    const lab = new Lab(t);
    const [alice, bob] = await lab.community(['Alice', 'Bob']);
    await lab.sees(alice, bob, true);
    await lab.within(alice, async () => (await doctor(alice)).of('callers').state === 'well', 'Bob has called Alice');
    const report = await doctor(alice);
    assert.deepEqual(report.wrong, []);
    assert.match(report.of('addresses').says, /10\.9\.0\.1 port 7080/);
    assert.match(report.of('neighbour').says, /^Bob is online/);
    const [peer] = report.peers;
    assert.equal(peer.node_id, bob.id);
    const tried = peer.addresses.find(({ host }) => host === '10.9.0.2');
    assert.equal(tried.port, 7080);
    assert.ok(peer.addresses.some(({ result, worked_at }) => result === 'ok' && Date.parse(worked_at) > Date.now() - 600000));
    assert.match((await alice.cli('doctor')).stdout, /\nBob, online\n( +\S+ port 7080, known by .*\n)+/);
  });

  test('says where a neighbour was looked for that can\'t be reached', async (t) => {
    const lab = new Lab(t);
    const [alice, bob] = await lab.community(['Alice', 'Bob']);
    lab.cut(bob);
    await lab.sees(alice, bob, false);
    await lab.within(alice, async () => (await doctor(alice)).wrong.includes('neighbours'), 'nobody can be reached', 90000);
    const report = await doctor(alice);
    assert.match(report.of('neighbour').says, /^Bob is offline/);
    assert.match(report.of('neighbour').remedy, /hearthchat peer HOST:PORT/);
    assert.ok(report.peers[0].addresses.some(({ host, tried_at, result }) => host === '10.9.0.2' && tried_at && result !== 'ok'));
  });

  test('finds a machine without a network, with a node and without', async (t) => {
    const lab = new Lab(t);
    const alice = await lab.node({ name: 'Alice', community: 'Street' });
    assert.deepEqual((await doctor(alice)).wrong, ['addresses']);
    await alice.start();
    assert.deepEqual((await doctor(alice)).wrong, ['addresses']);
    lab.plug(alice, { addresses: ['10.9.0.1/24'] });
    await lab.within(alice, async () => (await doctor(alice)).wrong.length === 0, 'the address is there');
  });

  test('finds a disk that is nearly full', async (t) => {
    const lab = new Lab(t);
    const alice = await lab.node({ name: 'Alice', community: 'Street' });
    const mount = temporaryDirectory();
    const script = `mount -t tmpfs -o size=64m none ${mount} && cp -a ${alice.directory} ${mount}/data && ${BINARY} doctor --json --data ${mount}/data; true`;
    const report = JSON.parse(execFileSync('unshare', ['--mount', 'sh', '-c', script]));
    assert.equal(report.checks.find(({ check }) => check === 'disk').state, 'wrong');
  });
});
