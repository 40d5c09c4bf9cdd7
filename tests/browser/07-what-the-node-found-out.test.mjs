// What a node finds out while nobody asks, and the tab says: a clock that is wrong, a backlog on its way, a log that is lost, another node with its key.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { cli, freePort, fs, Node, path, temporaryDirectory } from '../integration/support.mjs';
import { neighbours, openTab, restart, row, useBrowser } from './support.mjs';

useBrowser();

const faketime = execFileSync('find', ['/usr/lib', '-name', 'libfaketime.so.1']).toString().split('\n')[0];

test('a clock that is wrong is told once, and again when it is wrong in another way', async () => {
  const [alice, bob] = await neighbours();
  const set = (shift) => restart(bob, 'stop', () => { bob.environment = { LD_PRELOAD: faketime, FAKETIME: shift, FAKETIME_DONT_FAKE_MONOTONIC: '1' }; });
  const clock = (tab) => tab.locator('.notice.clock');
  await set('+2d');
  await bob.until(async () => (await bob.get('/api/v1/node')).clock_skew_seconds > 86400);
  let tab = await openTab(bob);
  await clock(tab).getByText('2 days ahead of your neighbours').waitFor();
  assert.match((await bob.cli('doctor')).stdout, /^WRONG +clock +This machine's clock is \d+ \w+ ahead of those of its neighbours\.$/m);
  await clock(tab).getByRole('button', { name: 'Close' }).click();
  await clock(tab).waitFor({ state: 'hidden' });
  const looked = () => tab.waitForFunction(() => performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/api/v1/node')).length > 2); // at the start, and again
  await tab.route('**/api/v1/node', async (route) => { // as long as it has heard nobody
    const response = await route.fetch();
    const json = await response.json();
    json.output.clock_skew_seconds = null;
    await route.fulfill({ response, json });
  });
  await tab.reload();
  await looked();
  await tab.unroute('**/api/v1/node');
  await tab.reload();
  await row(tab, 'Alice').waitFor();
  await looked();
  assert.equal(await clock(tab).isVisible(), false);
  const context = tab.context();
  await set('-20d');
  await bob.until(async () => (await bob.get('/api/v1/node')).clock_skew_seconds < -86400);
  tab = await openTab(bob, { context });
  await clock(tab).getByText('20 days behind your neighbours').waitFor();
  await alice.send(bob.id, 'nothing is lost');
  await bob.arrived('nothing is lost');
});

test('a backlog on its way is shown with what is left of it, and gone when it is there', async () => {
  const [alice, bob] = await neighbours();
  let catching_up = { peer: alice.id, received: 1240, total: 6000, seconds_left: 190 };
  const tab = await openTab(bob);
  await tab.route('**/api/v1/node', async (route) => { // what a thin wire makes of it, tests/network/04 looks at
    const response = await route.fetch();
    const json = await response.json();
    json.output.catching_up = catching_up;
    await route.fulfill({ response, json });
  });
  await tab.reload();
  await tab.getByText('Catching up with Alice: 1,240 of 6,000 messages. About 3 minutes left.').waitFor();
  catching_up = { ...catching_up, received: 5990, seconds_left: null };
  await tab.getByText('Catching up with Alice: 5,990 of 6,000 messages.', { exact: true }).waitFor();
  catching_up = null;
  await tab.getByText('Catching up').waitFor({ state: 'detached' });
});

test('a node that lost its log says so, and comes back by an invite that is pasted', async () => {
  const [alice, bob] = await neighbours();
  await alice.until(async () => (await alice.get(`/api/v1/chat/conversations?peer=${bob.id}`)).conversations[0].e2e);
  await alice.delivered((await alice.send(bob.id, 'before')).event_id);
  const { invite } = await alice.post('/api/v1/invites', { invitee_node_id: bob.id });
  await restart(bob, 'stop', () => fs.rmSync(bob.database()));
  const tab = await openTab(bob);
  await tab.getByText('This device’s messages are lost.').waitFor();
  await tab.getByLabel('Invite', { exact: true }).fill(invite);
  await tab.getByRole('button', { name: 'Join' }).click();
  await row(tab, 'Alice').getByText('Lost on this device. Ask Alice to send it again.').waitFor();
  await alice.until(async () => (await alice.get(`/api/v1/chat/conversations?peer=${bob.id}`)).conversations[0].lost_there === 1);
  await alice.post('/api/v1/chat/restore', { peer: bob.id });
  await row(tab, 'Alice').getByText('before').waitFor();
});

test('a device that went on from a backup says so, until that is read', async () => {
  const [alice, bob] = await neighbours();
  const backup = path.join(temporaryDirectory(), 'bob.tar');
  assert.equal((await bob.cli('backup', backup)).code, 0);
  await alice.delivered((await alice.send(bob.id, 'since then')).event_id);
  await bob.stop();
  bob.directory = path.join(temporaryDirectory(), 'restored');
  assert.equal((await cli('restore', backup, '--data', bob.directory)).code, 0);
  await bob.start();
  await bob.until(async () => (await bob.get('/api/v1/node')).set_back_at);
  const tab = await openTab(bob);
  const notice = tab.getByText('This device went on from an older state');
  await notice.waitFor();
  await notice.getByRole('button', { name: 'Close' }).click();
  await notice.waitFor({ state: 'hidden' });
  await tab.reload();
  await row(tab, 'Alice').waitFor();
  assert.equal(await notice.isVisible(), false);
});

test('another node with this one\'s key is told, with what to do', async () => {
  const [alice, bob] = await neighbours();
  const backup = path.join(temporaryDirectory(), 'bob.tar');
  assert.equal((await bob.cli('backup', backup)).code, 0);
  const copy = new Node(path.join(temporaryDirectory(), 'copy'), await freePort());
  copy.id = bob.id;
  assert.equal((await cli('restore', backup, '--data', copy.directory)).code, 0);
  const tab = await openTab(bob);
  await row(tab, 'Alice').waitFor();
  assert.equal(await tab.getByText('Another node writes with this device’s key').count(), 0);
  await copy.start();
  for (let said = 0; !(await bob.get('/api/v1/node')).other_copy_at; said += 1) {
    const { event_id } = await copy.send(alice.id, `said ${said}`);
    await bob.event((event) => event.event_id === event_id);
  }
  await tab.reload();
  await tab.getByText('Stop one of them for good.').waitFor();
});
