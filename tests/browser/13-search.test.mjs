// What was looked for is marked: in the list of what was found, and in the message that one is led to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bubble, neighbours, openTab, row, scroller, useBrowser } from './support.mjs';

useBrowser();

const marks = (tab) => tab.locator('.thread .text mark').allTextContents();

async function look(tab, query, found) {
  await tab.locator('#search').fill(query);
  await tab.locator('.results mark', { hasText: found }).first().waitFor();
  await tab.locator('.results .row').first().click();
  await tab.locator('.thread .text mark').first().waitFor();
}

test('the found word is marked where it stands, as it was written, and only in the message that was looked for', async () => {
  const [alice, bob] = await neighbours();
  await bob.send(alice.id, 'Die Straße ist zu, die Wasserpumpe auch; pumpe nicht, sag 👍🏽 (https://example.org/pumpe?a=1) und \u202edie Pum\u00adpe\u202c');
  await bob.send(alice.id, 'eine andere Pumpe <b>hier</b>');
  await bob.send(alice.id, '```abc\na cab\n``` und `b abc`\n```\nabc```');
  await bob.send(alice.id, '明日の会議室');
  await alice.arrived('明日の会議室');
  const tab = await openTab(alice);
  await row(tab, 'Bob').waitFor();
  await look(tab, 'PUMPE strasse', 'Straße');
  assert.deepEqual(await marks(tab), ['Straße', 'pumpe', 'pumpe', 'pumpe', 'Pum\u00adpe']);
  assert.equal(await tab.locator('.thread .text a mark').textContent(), 'pumpe');
  assert.equal(await tab.locator('.thread .text a').getAttribute('href'), 'https://example.org/pumpe?a=1');
  await look(tab, '会議', '会議');
  assert.deepEqual(await marks(tab), ['会議']);
  await look(tab, '👍', '👍🏽');
  assert.deepEqual(await marks(tab), ['👍🏽']);
  await look(tab, 'abc', 'abc');
  const inCode = tab.locator('.thread .text', { hasText: 'cab' }).locator('mark');
  await inCode.nth(1).waitFor();
  assert.deepEqual(await inCode.evaluateAll((all) => all.map((mark) => [mark.parentNode.tagName, mark.parentNode.textContent, mark.textContent])),
    [['CODE', 'b abc', 'abc'], ['PRE', 'abc', 'abc']]);
  await look(tab, 'HIER</b>', 'hier</b>');
  assert.deepEqual(await marks(tab), ['hier</b>']);
  await tab.locator('#search').fill('');
  await tab.locator('.results').waitFor({ state: 'hidden' });
  await tab.locator('.conversations:not(.results) .row').click();
  await tab.waitForFunction(() => document.querySelector('.thread .text mark') === null);
});

test('what was found is led to while a page is being read', async () => {
  const [alice, bob] = await neighbours();
  await bob.send(alice.id, 'the needle');
  for (let i = 0; i < 150; i++) await bob.send(alice.id, `filler ${i}`);
  await bob.send(alice.id, 'the thimble');
  const { event_id } = (await alice.arrived('the thimble')).data;
  await alice.post('/api/v1/chat/read', { peer: bob.id, event_id });
  const tab = await openTab(alice);
  const hold = async () => {
    let asked;
    const held = new Promise((resolve) => { asked = resolve; });
    await tab.route(/before_lamport/, (route) => asked(route), { times: 1 });
    return () => held;
  };
  const lookFor = async (word) => {
    await tab.locator('#search').fill(word);
    await tab.locator('.results mark', { hasText: word }).waitFor();
    await tab.locator('.results .row').first().click();
  };
  const isThere = async (word) => {
    await tab.locator('.thread .text mark', { hasText: word }).waitFor();
    await tab.waitForFunction((text) => document.activeElement.closest('.message')?.textContent.includes(text), word);
  };
  const older = await hold();
  await row(tab, 'Bob').click();
  await bubble(tab, 'the thimble').waitFor();
  await scroller(tab).focus();
  await tab.keyboard.press('Home');
  let route = await older();
  await lookFor('needle');
  await route.continue();
  await isThere('needle');
  // And one that stands there already, but will not when another place is there.
  const other = await hold();
  await lookFor('thimble');
  route = await other();
  await lookFor('needle');
  const answered = tab.waitForResponse((response) => response.request() === route.request());
  await route.continue();
  await (await answered).finished();
  await tab.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
  await isThere('needle');
});

test('what stands far down in a long message is shown, and marked there', async () => {
  const [alice, bob] = await neighbours();
  const body = `${'a line of many\n'.repeat(400)}the needlework\n${'and more\n'.repeat(400)}`;
  await bob.send(alice.id, body);
  await alice.arrived(body);
  const tab = await openTab(alice);
  await row(tab, 'Bob').waitFor();
  await look(tab, 'edlewo', 'edlewo');
  assert.deepEqual(await marks(tab), ['edlewo']);
  await tab.waitForFunction(() => {
    const [outer, inner] = ['.thread .scroller', '.thread .text mark'].map((selector) => document.querySelector(selector).getBoundingClientRect());
    return inner.top >= outer.top && inner.bottom <= outer.bottom;
  });
  assert.ok(await bubble(tab, 'needlework').isVisible());
});
