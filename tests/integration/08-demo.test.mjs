import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { BINARY, cleanAll, fs, once, spawn } from './support.mjs';

after(cleanAll);

test('the demo starts three neighbours and leaves nothing behind', async () => {
  const demo = spawn(BINARY, ['demo'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(demo, 'exit');
  let text = '';
  for await (const chunk of demo.stdout) {
    text += chunk;
    if (text.includes('Ctrl-C')) break;
  }
  const addresses = [...text.matchAll(/(Alice|Bob|Jana) +(http:\S+)\//g)].map(([, name, ui]) => ({ name, ui }));
  assert.equal(addresses.length, 3);
  const members = await (await fetch(`${addresses[0].ui}/api/v1/members`)).json();
  assert.deepEqual(members.output.members.map((member) => member.display_name).sort(), ['Alice', 'Bob', 'Jana']);
  const [child] = fs.readFileSync(`/proc/${demo.pid}/task/${demo.pid}/children`, 'utf8').split(' ');
  const [place] = /\/tmp\/hearthchat-demo-\w+/.exec(fs.readFileSync(`/proc/${child}/cmdline`, 'utf8'));
  assert.ok(fs.existsSync(place));
  demo.kill('SIGINT');
  const [code] = await exited;
  assert.equal(code, 0);
  assert.ok(!fs.existsSync(place), `${place} is left`);
});
