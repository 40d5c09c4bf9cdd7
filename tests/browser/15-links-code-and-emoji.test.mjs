// What becomes of a message's text: links, by rules that hold for whatever people write around them; code; emoji; the empty lines at its end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bubble, neighbours, openTab, row, useBrowser, write } from './support.mjs';

useBrowser();

const MOST = 65536;
const DEADLINE_MS = 8000; // each is done in a tenth of a second; what goes through a text again for each sign takes a minute

// The text, and the links in it as they stand there.
const LINKS = [
  ['see http://example.org and https://example.org/a, or HTTP://EXAMPLE.ORG.', 'http://example.org', 'https://example.org/a', 'HTTP://EXAMPLE.ORG'],
  ['http://example.org:8080?a=b http://example.org#a=b http://u:p@example.org', 'http://example.org:8080?a=b', 'http://example.org#a=b', 'http://u:p@example.org'],
  ['http://localhost:8000? http://box http://192.168.1.1/x https://[::1]:1/x', 'http://localhost:8000', 'http://box', 'http://192.168.1.1/x', 'https://[::1]:1/x'],
  ['>>http://example.org text:http://example.org/ a.b@http://example.org', 'http://example.org', 'http://example.org/', 'http://example.org'],
  ['(so http://example.org/a_b) [http://example.org/a_b.jpg)] {http://example.org/a}', 'http://example.org/a_b', 'http://example.org/a_b.jpg', 'http://example.org/a'],
  ['http://example.org/a_(b) http://example.org/a_[b] http://example.org/(a) (b)', 'http://example.org/a_(b)', 'http://example.org/a_[b]', 'http://example.org/(a)'],
  ['http://example.org/a-(with-(two)-of-them). http://example.org/s(d(a.n),%221%22)&t=N', 'http://example.org/a-(with-(two)-of-them)', 'http://example.org/s(d(a.n),%221%22)&t=N'],
  ['http://a/(http://b/(http://c (http://d)http://e)', 'http://a/', 'http://b/', 'http://c', 'http://d', 'http://e'],
  ["http://example.org/I'm_king http://example.org/10'-x-30 http://example.org/'both'", "http://example.org/I'm_king", "http://example.org/10'-x-30", "http://example.org/'both'"],
  ["'so http://example.org/a' \"so http://example.org/b\" http://example.org/\"c\"", 'http://example.org/a', 'http://example.org/b', 'http://example.org/"c"'],
  ['http://example.org/a... http://example.org/b/. http://example.org/c! http://example.org/d? http://example.org/e-', 'http://example.org/a', 'http://example.org/b/', 'http://example.org/c', 'http://example.org/d', 'http://example.org/e-'],
  ['http://example.org/v/#../0529/s.pdf http://example.org/0,,90-24,00.html http://example.org/@59.9,30.3,15z', 'http://example.org/v/#../0529/s.pdf', 'http://example.org/0,,90-24,00.html', 'http://example.org/@59.9,30.3,15z'],
  ['<http://example.org/a>. **http://example.org/b** “http://example.org/c” «http://example.org/d»', 'http://example.org/a', 'http://example.org/b', 'http://example.org/c', 'http://example.org/d'],
  ['見て http://例え.jp/道、それから「http://example.org/a」。｜http://example.org｜b （http://example.org/b）', 'http://例え.jp/道', 'http://example.org/a', 'http://example.org', 'http://example.org/b'],
  ['http://bücher.example/ü http://✪df.example/1', 'http://bücher.example/ü', 'http://✪df.example/1'],
  ['http:// http://. http://.. http://# http://? http://-a.example http://.a.example hppt://a.example _http://a.example javascript:alert(1) file:///etc data:text/html,x'],
  ['www.example.org, www.example.org/a_(b). www.a www.example.o www', 'www.example.org', 'www.example.org/a_(b)'],
  ['name@example.org <a.b+c@mail.example.co.uk>. (MAILTO:A@EXAMPLE.ORG) 1.2.3.4@example.org', 'name@example.org', 'a.b+c@mail.example.co.uk', 'MAILTO:A@EXAMPLE.ORG', '1.2.3.4@example.org'],
  ['a@b a@b.c@d.org @example.org a@-b.org a@example.o'],
  ['+49 30 1234567, +49 (0)30 123456 or +4930123456; +43 1 58858-0.', '+49 30 1234567', '+49 (0)30 123456', '+4930123456', '+43 1 58858-0'],
  ['030/1234567, (030) 12 34 56, 0171-1234567', '030/1234567', '(030) 12 34 56', '0171-1234567'],
  ['020 7946 0018 or 01 23 45 67 89 or 0800 123456.', '020 7946 0018', '01 23 45 67 89', '0800 123456'],
  ['01.02.2026 01-02-2026 01/02/2026 2026-01-02 12:30 0-1 100 000 000 0.5 +5 000 1.2.3.4 DE12345678901234567890 0123456789'],
];

const hrefs = (tab, text) => tab.evaluate(async (body) => (await import('/links.js')).splitLinks(body), text);

test('what is a link, and where it ends', async () => {
  const [alice] = await neighbours();
  const tab = await openTab(alice);
  for (const [text, ...links] of LINKS) {
    const pieces = await hrefs(tab, text);
    assert.deepEqual(pieces.filter(({ href }) => href).map((piece) => piece.text), links, text);
    assert.equal(pieces.map((piece) => piece.text).join(''), text); // nothing is lost
    for (const { href } of pieces) assert.match(href ?? 'http://', /^(https?:\/\/|mailto:|tel:)/);
  }
  const addresses = (await hrefs(tab, 'www.example.org a+b@example.org +49 (0)30 12345-6, 030/1234567')).flatMap(({ href }) => href ?? []);
  assert.deepEqual(addresses, ['http://www.example.org/', 'mailto:a%2Bb@example.org', 'tel:+4930123456', 'tel:0301234567']);
});

const AGAIN = [')', '(', '(]', '([)]', '"', "'", 'http://', 'http://a/(', 'http://a/)', '(http://a/', 'http://a"', "http://a/'", 'http://[', 'http://a/!', 'www.', 'www.a.', 'a@', 'a@a.', 'a@a.a', 'a@a.aa', 'a.', 'a-', '@a.bc', 'mailto:', 'mailto:a', '+1 ', '+1', '+1 (1) ',
  '0123 ', '0123 45 ', '0', '`', '```', '```a', '`a\n', '`a ', '😀', ' ', '\n', 'ab '];

test('64 KiB of anything are gone through once', { timeout: 300000 }, async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  const texts = [...AGAIN.map((text) => text.repeat(Math.ceil(MOST / text.length)).slice(0, MOST)), ...[')', '(', '!', "'", 'a.', '('].map((sign) => `http://a/${sign.repeat(65000)}`),
    `a@${'a.'.repeat(32000)}`, `a@${'a-'.repeat(32000)}`, `+${'1'.repeat(65000)}`];
  for (const text of texts) {
    const took = await tab.evaluate(async (body) => {
      const { isEmoji, splitCode, splitLinks } = await import('/links.js');
      const begin = performance.now();
      splitLinks(body);
      splitCode(body, false);
      splitCode(body, true);
      isEmoji(body);
      return performance.now() - begin;
    }, text);
    assert.ok(took < DEADLINE_MS, `${text.slice(0, 20)}… took ${took} ms`);
  }
  await bob.send(alice.id, `http://a/${')'.repeat(65000)}`);
  await row(tab, 'Bob').click();
  await tab.getByRole('button', { name: 'Show all of it' }).click();
  await tab.waitForFunction(() => document.querySelector('.message .text').textContent.length === 65009);
  assert.deepEqual(await tab.locator('.message a').allTextContents(), ['http://a/']);
});

test('code is code and nothing else is marked up; a few emoji are large; empty lines at the end are not shown', async () => {
  const [alice, bob] = await neighbours();
  const tab = await openTab(alice);
  await row(tab, 'Bob').click();
  await bob.send(alice.id, 'run `make http://x.example` or\n```sh\nmake all\n  # two\n```\n**not bold** it`s 5` _no_ # no\n\n \n');
  const code = bubble(tab, 'not bold');
  await code.waitFor();
  assert.deepEqual(await code.locator('code, pre').evaluateAll((list) => list.map(({ localName, textContent }) => [localName, textContent])),
    [['code', 'make http://x.example'], ['pre', 'make all\n  # two']]);
  assert.match(await code.locator('pre').evaluate((node) => getComputedStyle(node).fontFamily), /mono/i);
  assert.equal(await code.locator('a').count(), 0);
  assert.ok((await code.locator('.text').textContent()).endsWith('**not bold** it`s 5` _no_ # no'));
  await bob.send(alice.id, `\`\`\`\n${'line\n'.repeat(200)}\`\`\``); // cut short: it is code all the same
  await bubble(tab, 'line').locator('pre').waitFor();
  const size = (text) => bubble(tab, text).locator('.text').evaluate((node) => parseFloat(getComputedStyle(node).fontSize));
  for (const text of ['🎉', '👩‍👩‍👧‍👦 🇩🇪 #️⃣', '12', '🎉 hurrah', '😀'.repeat(9)]) {
    await bob.send(alice.id, text);
    await tab.locator('.message .text').getByText(text, { exact: true }).waitFor();
  }
  const sizes = await tab.locator('.message .text').evaluateAll((list) => list.slice(-5).map((node) => parseFloat(getComputedStyle(node).fontSize) > 30));
  assert.deepEqual(sizes, [true, true, false, false, false]);
  assert.ok(await size('not bold') < 20);
  await write(tab, 'mine\n\n\n');
  await bob.arrived('mine');
});
