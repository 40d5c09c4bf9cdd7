// Nodes in network namespaces of their own, on bridges that can be cut.

import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BINARY, cleanup, Node, PATIENCE_MS, temporaryDirectory } from '../integration/support.mjs';

const run = promisify(execFile);
const INSIDE = fileURLToPath(new URL('inside.py', import.meta.url));
const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });

let networks = 0;

/** A street of houses: each node on a bridge; houses on different bridges don't hear each other. */
export class Network {
  constructor() {
    assert.equal(process.getuid(), 0, 'making network namespaces takes root, or being root of a namespace of one\'s own, as ./test arranges');
    this.name = `hc${process.pid % 10000}${networks++}`;
    this.bridges = [];
    this.nodes = [];
    cleanup(() => this.remove());
  }

  bridge(index) {
    const name = `${this.name}b${index}`;
    if (!this.bridges.includes(name)) {
      ip('link', 'add', name, 'type', 'bridge');
      ip('link', 'set', name, 'up');
      this.bridges.push(name);
    }
    return name;
  }

  async node(options) {
    const node = await Node.create(options);
    const index = this.nodes.length + 1;
    node.namespace = `${this.name}n${index}`;
    node.link = `${this.name}v${index}`;
    node.address = `10.77.${networks}.${index}`;
    ip('netns', 'add', node.namespace);
    ip('link', 'add', node.link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', node.namespace);
    ip('-n', node.namespace, 'addr', 'add', `${node.address}/24`, 'dev', 'eth0');
    ip('-n', node.namespace, 'link', 'set', 'eth0', 'up');
    ip('-n', node.namespace, 'link', 'set', 'lo', 'up');
    ip('link', 'set', node.link, 'up');
    ip('link', 'set', node.link, 'master', this.bridge(0));
    node.wrapper = ['ip', 'netns', 'exec', node.namespace];
    node.peerHost = '0.0.0.0';
    node.peerPort = 7080;
    node.request = requestInside;
    node.admit = admitInside;
    node.cli = (command, ...args) => run('ip', ['netns', 'exec', node.namespace, BINARY, command, '--data', node.directory, ...args], { timeout: PATIENCE_MS });
    this.nodes.push(node);
    return node;
  }

  /** Every node on the bridge of its group: `cut([a], [b, c])`. */
  cut(...groups) {
    groups.forEach((group, index) => group.forEach((node) => ip('link', 'set', node.link, 'master', this.bridge(index))));
  }

  heal() {
    this.cut(this.nodes);
  }

  remove() {
    for (const node of this.nodes) ip('netns', 'del', node.namespace);
    for (const bridge of this.bridges) ip('link', 'del', bridge);
  }
}

let listening = null; // the path at which inside.py listens, once it does

async function startInside() {
  const socket = path.join(temporaryDirectory(), 'inside');
  const child = spawn('python3', [INSIDE, socket], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  for (const held of [child, child.stdin, child.stdout]) held.unref(); // it ends with us
  return socket;
}

/** As Node.request, from inside the namespace; node.patienceSeconds is for what a thin wire makes long. */
export async function requestInside(method, target, body, headers) {
  const socket = await (listening ??= startInside());
  const createConnection = () => {
    const connection = net.connect(socket);
    connection.write(`${this.namespace} ${new URL(this.ui).port || 80}\n`);
    return connection;
  };
  return Node.prototype.request.call(this, method, target, body, headers, { agent: undefined, createConnection, ...(this.patienceSeconds ? { timeout: 1000 * this.patienceSeconds } : {}) });
}

/** As Node.admit, as soon as both have an address: one that is new is not used before it is known to be nobody else's. */
export async function admitInside(guest, invitation) {
  for (const node of [this, guest]) await node.until(async () => (await node.get('/api/v1/node')).endpoints.length > 0);
  return Node.prototype.admit.call(this, guest, invitation);
}

/** Waits until all of them have the same log, and none found fault with another. */
export async function converge(nodes) {
  await nodes[0].until(async () => {
    const prints = await Promise.all(nodes.map(async (node) => (await node.get('/api/v1/node')).fingerprint));
    return prints.every((print) => print === prints[0]);
  });
  for (const node of nodes) assert.doesNotMatch(node.log, /peer\.misbehaves/);
}
