// A street of machines: each a network namespace, the street itself one too, so that nothing of the machine outside is touched.

import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { admitInside, requestInside } from '../disasters/support.mjs';
import { BINARY, Node, PATIENCE_MS, temporaryDirectory } from '../integration/support.mjs';

const run = promisify(execFile);
export const PATIENCE_LAB_MS = 60000; // a deadline, generous: how long it took is said as a diagnostic
const FAKETIME = execFileSync('find', ['/usr/lib', '-name', 'libfaketime.so.1']).toString().split('\n')[0];
const HINTS = fileURLToPath(new URL('hints.py', import.meta.url));
const SLOW_WIRE = fileURLToPath(new URL('slow_wire.py', import.meta.url));

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
const nft = (namespace, rules) => execFileSync('ip', ['netns', 'exec', namespace, 'nft', '-f', '-'], { input: rules, stdio: ['pipe', 'pipe', 'pipe'] });

let labs = 0;
const open = new Set();

// Who ends the tests from outside leaves nothing behind either.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, () => { // the runner may say it again
    for (const lab of open) lab.abandon();
    process.exit(1);
  });
}

const SENDER = `
const [ui, recipient, bytes] = process.argv.slice(1);
const text = 'what the street has to say to each other '.repeat(250).slice(0, 10000);
let written = 0;
await Promise.all(Array.from({ length: 16 }, async () => {
  while (written < Number(bytes)) {
    written += text.length;
    const body = JSON.stringify({ recipient, body: written + ' ' + text });
    const answer = await fetch(ui + '/api/v1/chat/send', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
    if (answer.status !== 200) throw new Error(await answer.text());
  }
}));`;

/** That many bytes of messages from one to another, in pieces of 10 kB. */
export async function writeBacklog(from, to, bytes) {
  await run('ip', ['netns', 'exec', from.namespace, process.execPath, '--input-type=module', '-e', SENDER, from.ui, to.id, String(bytes)]);
}

/** Runs hints.py on that machine; resolves to what it printed. */
export async function hints(machine, args, payloads = []) {
  const child = execFile('ip', ['netns', 'exec', machine.namespace, 'python3', HINTS, 'eth0', ...args.map(String)]);
  child.stdin.end(payloads.map((payload) => `${Buffer.from(payload).toString('base64')}\n`).join(''));
  let output = '';
  child.stdout.on('data', (data) => { output += data; });
  child.stderr.on('data', (data) => { output += data; });
  const [code] = await once(child, 'close');
  assert.equal(code, 0, output);
  return output;
}

export class Lab {
  /** All of it is gone when the test `t` ends, however it ends. */
  constructor(t) {
    assert.equal(process.getuid(), 0, 'making network namespaces takes root, or being root of a namespace of one\'s own, as ./test arranges');
    this.t = t;
    this.name = `hl${process.pid % 100000}x${labs++}`;
    this.namespaces = [];
    this.nodes = [];
    this.wires = [];
    this.ports = 0;
    this.street = this.namespace('street');
    this.bridge('street');
    open.add(this);
    t.after(() => this.remove());
  }

  namespace(what) {
    const name = `${this.name}-${what}`;
    this.namespaces.push(name);
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
    return name;
  }

  /** A network of the street: machines that are plugged into different ones don't hear each other. It does not watch multicast, as a hub does not. */
  bridge(name) {
    ip('-n', this.street, 'link', 'add', name, 'type', 'bridge', 'mcast_snooping', '0');
    ip('-n', this.street, 'link', 'set', name, 'up');
  }

  /** A machine with a node on it that is not started; nothing is plugged in. */
  async node({ index = this.nodes.length + 1, faketime, ...options } = {}) {
    const node = await Node.create(options);
    node.index = index;
    node.namespace = this.namespace(`n${index}`);
    node.wrapper = ['ip', 'netns', 'exec', node.namespace];
    node.peerHost = null;
    node.peerPort = 7080;
    node.request = requestInside;
    node.admit = admitInside;
    node.cli = (command, ...args) => run('ip', ['netns', 'exec', node.namespace, BINARY, command, '--data', node.directory, ...args], { timeout: PATIENCE_MS });
    if (faketime) {
      node.clock = path.join(temporaryDirectory(), 'offset');
      fs.writeFileSync(node.clock, '+0\n');
      node.environment = { LD_PRELOAD: FAKETIME, FAKETIME_TIMESTAMP_FILE: node.clock, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    }
    this.nodes.push(node);
    return node;
  }

  /** As many nodes as there are names, one community, each a member that the others know; on the street at 10.9.0.<index>; `wide`: all of 10.9 is the street. */
  async community(names, { wide = false, ...options } = {}) {
    const nodes = [];
    for (const name of names) {
      const node = await this.node({ name, ...(nodes.length === 0 ? { community: 'Street' } : {}), ...options });
      this.plug(node, { addresses: [`10.9.0.${node.index}/${wide ? 16 : 24}`] });
      await node.start();
      if (nodes.length) await nodes[0].admit(node);
      nodes.push(node);
    }
    if (nodes.length > 1) await this.converge(nodes);
    return nodes;
  }

  /** A cable from the machine to a network. `addresses` are IPv4 or IPv6 with their prefix; IPv6 link-local comes by itself unless `ipv4Only`. */
  plug(node, { link = 'eth0', bridge = 'street', addresses = [], defaultRoute, ipv4Only = false } = {}) {
    const port = `p${node.index ?? ''}${link}`;
    ip('-n', this.street, 'link', 'add', port, 'type', 'veth', 'peer', 'name', link, 'netns', node.namespace);
    ip('-n', this.street, 'link', 'set', port, 'master', bridge);
    if (ipv4Only) ip('-n', node.namespace, 'link', 'set', link, 'addrgenmode', 'none');
    ip('-n', node.namespace, 'link', 'set', link, 'up');
    this.address(node, link, addresses);
    ip('-n', this.street, 'link', 'set', port, 'up');
    if (defaultRoute) ip('-n', node.namespace, 'route', 'add', 'default', 'via', defaultRoute);
    return port;
  }

  address(node, link, addresses) {
    for (const address of addresses) ip('-n', node.namespace, 'addr', 'add', address, 'dev', link, ...(address.includes(':') ? ['nodad'] : []));
  }

  unplug(node, link = 'eth0') {
    ip('-n', node.namespace, 'link', 'del', link);
  }

  /** Other addresses, the cable stays: what a new router brings. */
  readdress(node, addresses, link = 'eth0') {
    for (const family of ['-4', '-6']) ip('-n', node.namespace, family, 'addr', 'flush', 'dev', link, 'scope', 'global');
    this.address(node, link, addresses);
  }

  /** Container bridges, made before any cable so that their index is lower. */
  addBridges(node, count) {
    for (let i = 0; i < count; i++) {
      const name = i === 0 ? 'docker0' : `br-${String(i).repeat(12)}`.slice(0, 15);
      ip('-n', node.namespace, 'link', 'add', name, 'type', 'bridge');
      ip('-n', node.namespace, 'addr', 'add', `172.${17 + i}.0.1/16`, 'dev', name);
      ip('-n', node.namespace, 'link', 'set', name, 'up');
    }
  }

  /** What the machine sends and is sent is lost on the way: no reset, no end, nothing. Undone by heal(). */
  cut(node, link = 'eth0') {
    const port = `p${node.index}${link}`;
    nft(this.street, `add table bridge cut${node.index}\nadd chain bridge cut${node.index} f { type filter hook forward priority 0; }\n`
      + `add rule bridge cut${node.index} f iifname "${port}" drop\nadd rule bridge cut${node.index} f oifname "${port}" drop\n`);
  }

  heal(node) {
    nft(this.street, `delete table bridge cut${node.index}\n`);
  }

  /** From now on the street carries no multicast of IPv4's and of discovery's IPv6 group; neighbour discovery, which IPv6 is nothing without, stays. */
  dropMulticast() {
    nft(this.street, 'add table bridge deaf\nadd chain bridge deaf f { type filter hook forward priority 0; }\n'
      + 'add rule bridge deaf f ip daddr 224.0.0.0/4 counter drop\nadd rule bridge deaf f ip6 daddr ff02::4242 counter drop\n');
  }

  /** A router that hides what is behind it: the network `bridge` inside, the street outside. Who is plugged into it calls out and can't be called. */
  router({ bridge = 'house', inside = '192.168.7.1/24', outside = '10.9.0.254/24' } = {}) {
    const router = { namespace: this.namespace('router'), index: 'r' };
    this.bridge(bridge);
    this.plug(router, { link: 'wan', addresses: [outside], ipv4Only: true });
    this.plug(router, { link: 'lan', bridge, addresses: [inside], ipv4Only: true });
    execFileSync('ip', ['netns', 'exec', router.namespace, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    nft(router.namespace, 'table ip hide {\n chain out {\n type nat hook postrouting priority 100\n oifname "wan" masquerade\n }\n'
      + ' chain through {\n type filter hook forward priority 0\n iifname "wan" ct state new drop\n }\n}\n');
    return router;
  }

  /** As plug(), by a thin wire: `rateKbit` each way, `delayMs` each way, `loss` of a frame from 0 to 1. */
  async plugSlowly(node, { addresses, rateKbit = 0, delayMs = 0, loss = 0, link = 'eth0', bridge = 'street' }) {
    const wire = this.namespace(`w${node.index}`);
    const port = `p${node.index}${link}`;
    ip('-n', wire, 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', link, 'netns', node.namespace);
    ip('-n', wire, 'link', 'add', 'far', 'type', 'veth', 'peer', 'name', port, 'netns', this.street);
    for (const end of ['near', 'far']) ip('-n', wire, 'link', 'set', end, 'addrgenmode', 'none', 'up');
    ip('-n', this.street, 'link', 'set', port, 'master', bridge, 'up');
    ip('-n', node.namespace, 'link', 'set', link, 'up');
    const relay = spawn('ip', ['netns', 'exec', wire, 'python3', SLOW_WIRE, 'near', 'far', String(rateKbit), String(delayMs), String(loss)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.wires.push(relay);
    await once(relay.stdout, 'data'); // it says that it listens
    for (const [namespace, end] of [[node.namespace, link], [this.street, port]]) {
      execFileSync('ip', ['netns', 'exec', namespace, 'python3', SLOW_WIRE, '--plain', end]);
    }
    this.address(node, link, addresses);
  }

  /** Other properties of a node's thin wire, while it is in use. */
  setWire(index, { rateKbit = 0, delayMs = 0, loss = 0 }) {
    this.wires[index].stdin.write(`${rateKbit} ${delayMs} ${loss}\n`);
  }

  /** How many bytes came to the machine by that cable. */
  received(node, link = 'eth0') {
    return JSON.parse(ip('-n', node.namespace, '-s', '-j', 'link', 'show', link))[0].stats64.rx.bytes;
  }

  /** The machine sleeps: it does nothing and answers nothing. */
  suspend(node) {
    this.cut(node);
    node.process.kill('SIGSTOP');
  }

  /** It wakes up, its clock `seconds` further than when it was suspended. */
  wake(node, seconds) {
    fs.writeFileSync(node.clock, `+${seconds}\n`);
    this.heal(node);
    node.process.kill('SIGCONT');
  }

  /** Everybody writes to everybody, and has every message and every receipt; says how long that took. */
  async everybodyTalks(nodes, { since = Date.now(), what = 'all was there' } = {}) {
    const round = String(this.rounds = (this.rounds ?? 0) + 1);
    const pairs = nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to, body: `${round}: ${from.index} to ${to.index}` })));
    await Promise.all(pairs.map(async (pair) => { pair.event_id = (await pair.from.send(pair.to.id, pair.body)).event_id; }));
    const has = async (node, peer, eventId) => (await node.history(`peer=${peer.id}`)).some((message) => message.event_id === eventId && message.delivered_at);
    await Promise.all(pairs.flatMap(({ from, to, body, event_id }) => [[from, to], [to, from]].map(([holder, peer]) => (
      this.within(holder, () => has(holder, peer, event_id), `"${body}" is at ${holder.index} with its receipt`)))));
    this.t.diagnostic(`${what} after ${((Date.now() - since) / 1000).toFixed(1)} s`);
  }

  /** node.until(), with what was waited for in the failure. */
  async within(node, condition, what, patience = PATIENCE_LAB_MS) {
    try {
      await node.until(condition, patience);
    } catch (error) {
      if (!(error instanceof assert.AssertionError)) throw error;
      assert.fail(`not within ${patience / 1000} s: ${what}\n${this.describe()}`);
    }
  }

  converge(nodes, patience = PATIENCE_LAB_MS) {
    return this.within(nodes[0], async () => {
      const prints = await Promise.all(nodes.map(async (node) => (await node.get('/api/v1/node')).fingerprint));
      return prints.every((print) => print === prints[0]);
    }, 'all have the same log', patience);
  }

  /** That `node` shows `peer` as online, or not. */
  sees(node, peer, online, patience = PATIENCE_LAB_MS) {
    return this.within(node, async () => (await node.get('/api/v1/members')).members.find(({ node_id }) => node_id === peer.id)?.online === online,
      `${node.index} shows ${peer.index} as ${online ? 'online' : 'offline'}`, patience);
  }

  /** For the log of a failure: the addresses of each machine, and the last that its node said. */
  describe() {
    return this.nodes.map((node) => `--- ${node.namespace}\n${ip('-br', '-n', node.namespace, 'addr')}${(node.log ?? '').split('\n').slice(-8).join('\n')}`).join('\n');
  }

  abandon() {
    for (const { process: child } of this.nodes) child?.kill('SIGKILL');
    for (const relay of this.wires) relay.kill('SIGKILL');
    for (const namespace of this.namespaces) {
      try {
        ip('netns', 'del', namespace);
      } catch {} // it had not come to be
    }
  }

  async remove() {
    for (const node of this.nodes) {
      if (node.process?.exitCode === null) node.process.kill('SIGCONT');
    }
    const ends = await Promise.allSettled(this.nodes.map((node) => node.stop()));
    await Promise.all(this.wires.map((relay) => {
      relay.stdin.end();
      return relay.exitCode === null && relay.signalCode === null ? once(relay, 'exit') : null;
    }));
    for (const namespace of this.namespaces) ip('netns', 'del', namespace);
    open.delete(this);
    for (const end of ends) assert.equal(end.status, 'fulfilled', String(end.reason));
    for (const { process: child, log, index } of this.nodes) {
      assert.ok(!child?.exitCode && !['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGSYS'].includes(child?.signalCode), `node ${index} crashed: ${child?.signalCode ?? child?.exitCode}\n${log}`);
    }
  }
}
