// A node that lost its log: what its first page says, and what is said once it is back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fs, Node, path } from '../integration/support.mjs';
import { bubble, neighbours, openTab, restart, row, SCREENSHOTS, useBrowser, write, writeInClear } from './support.mjs';

useBrowser();

const invite = async (node, guest) => (await node.post('/api/v1/invites', { invitee_node_id: guest.id })).invite;
const loseLog = (node) => restart(node, 'stop', () => {
  for (const name of fs.readdirSync(path.dirname(node.database()))) fs.rmSync(path.join(path.dirname(node.database()), name));
});
const join = async (tab, text, [label, action]) => {
  await tab.getByLabel(label, { exact: true }).fill(text);
  await tab.getByRole('button', { name: action, exact: true }).click();
};

const shoot = (tab, name) => tab.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });

for (const [locale, lost, back, close, form] of [
  ['en-GB', 'messages are lost', 'Back in Our street. What was written there comes from your neighbours.', 'Close', ['Invite', 'Join']],
  ['de-DE', 'Nachrichten dieses Geräts sind verloren', 'Zurück in Our street. Was dort geschrieben wurde, kommt von den Nachbarn.', 'Schließen', ['Einladung', 'Beitreten']],
]) {
  test(`who lost the log is told so, and what to do; and that it is back (${locale})`, async () => {
    const [alice, bob] = await neighbours({ community: 'Our street' });
    await writeInClear(alice, bob, 'still known');
    const text = await invite(alice, bob);
    await loseLog(bob);
    const tab = await openTab(bob, { locale });
    await tab.getByText(lost).waitFor();
    await shoot(tab, `lost ${locale}`);
    await join(tab, text, form);
    const told = tab.locator('.notice.told', { hasText: back });
    await told.waitFor();
    await row(tab, 'Alice').click();
    await bubble(tab, 'still known').waitFor();
    await write(tab, 'here again');
    await alice.arrived('here again');
    await shoot(tab, `back ${locale}`);
    await told.getByRole('button', { name: close }).click();
    await told.waitFor({ state: 'detached' });
    await tab.reload();
    await bubble(tab, 'here again').waitFor();
    assert.equal(await told.count(), 0); // said once
  });
}

test('who comes back in another way is told so in a tab that waits; who was in already, that; who joins first, nothing', async () => {
  const [alice, bob] = await neighbours({ community: 'Our street' });
  await loseLog(bob);
  const waiting = await openTab(bob);
  await waiting.getByText('messages are lost').waitFor();
  assert.equal((await bob.cli('join', await invite(alice, bob))).code, 0);
  await waiting.getByText('Back in Our street.').waitFor();
  const carol = await (await Node.create({ name: 'Carol' })).start();
  const text = await invite(alice, carol);
  const tab = await openTab(carol);
  await tab.getByText('Start a community').waitFor();
  await tab.route('**/api/v1/node', (route) => route.abort()); // it does not hear of what the command line does
  assert.equal((await carol.cli('join', text)).code, 0);
  const asked = tab.waitForResponse('**/api/v1/community/join');
  await tab.getByLabel('Invite', { exact: true }).fill(text);
  await tab.getByRole('button', { name: 'Join', exact: true }).click();
  assert.equal((await (await asked).json()).output.already, true);
  await tab.unroute('**/api/v1/node');
  await tab.getByText('You are in Our street already.').waitFor();
  const dora = await (await Node.create({ name: 'Dora' })).start();
  const first = await openTab(dora);
  await join(first, await invite(alice, dora), ['Invite', 'Join']);
  await row(first, 'Alice').waitFor();
  assert.equal(await first.locator('.notice.told:visible').count(), 0);
});
